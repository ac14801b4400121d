import numpy as np
import pytest

from cje_audit.checks.frame import Floats, Rows
from cje_audit.checks.units import grows_with_length, logprob_density
from cje_audit.domain.checks import Check
from tests.checks.builders import column, make_rows, text_logprobs


def density(rows: Rows, values: Floats, logging: Floats | None = None) -> Check:
    other = None if logging is None else column(rows, logging)
    return logprob_density("target_policy", rows, column(rows, values), "b", other)


def test_sums_in_nats_pass() -> None:
    rows, values = text_logprobs(300, 0)
    assert density(rows, 1.2 * values, values).status == "pass"


def test_means_reported_as_sums_fail() -> None:
    rows, values = text_logprobs(300, 0)
    means = values / rows.response_chars * np.random.default_rng(0).lognormal(0, 0.2, 300) * 4
    check = density(rows, means)
    assert check.status == "fail"
    assert "means, not sums" in check.sentence


@pytest.mark.parametrize(("factor", "said"), [(1000.0, "in another unit"), (50.0, "different units")])
def test_other_units_fail(factor: float, said: str) -> None:
    rows, values = text_logprobs(300, 0)
    check = density(rows, values * factor, values)
    assert check.status == "fail"
    assert said in check.sentence


def test_few_rows_have_no_density() -> None:
    assert density(make_rows(np.full(5, 100)), np.array([-5.0, -6, -7, -8, -9])).status == "not_evaluated"


def test_equal_lengths_tell_nothing_about_growth() -> None:
    assert grows_with_length(np.random.default_rng(0).random(50), np.full(50, 40.0))
