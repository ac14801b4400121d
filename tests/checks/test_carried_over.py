import numpy as np
import pytest

from cje_audit.checks.carried_over import carried_over
from cje_audit.checks.faults import audit_column
from tests.checks.builders import no_codes, text_logprobs


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("decimals", [4, 12])
def test_rows_with_the_value_of_the_row_before_are_found_exactly(share: float, decimals: int) -> None:
    rows, values = text_logprobs(1000, 3)
    values = np.round(values, decimals)
    late = np.sort(np.random.default_rng(0).choice(np.arange(1, 1000, 2), round(share * 1000), replace=False))
    late = late[np.diff(rows.response_chars)[late - 1] != 0]
    given = values.copy()
    given[late] = values[late - 1]
    assert np.flatnonzero(carried_over(given, rows.text_key, rows.response_chars)).tolist() == late.tolist()
    assert not audit_column(rows, given, no_codes(1000)).ok[late].any()


@pytest.mark.parametrize("decimals", [0, 1, 2, 3, 6, 15])
@pytest.mark.parametrize("order", ["file", "sorted", "by length"])
def test_neighbours_may_tie_by_chance(decimals: int, order: str) -> None:
    for seed in range(20):
        rows, values = text_logprobs(2000, seed)
        values = np.round(values, decimals)
        index = {
            "file": np.arange(2000), "sorted": np.argsort(values, kind="stable"),
            "by length": np.argsort(rows.response_chars, kind="stable"),
        }[order]  # fmt: skip
        assert not carried_over(values[index], rows.text_key[index], rows.response_chars[index]).any()


def test_one_text_in_several_rows_may_repeat_its_value() -> None:
    rows, values = text_logprobs(400, 1)
    rows.text_key[1::2], rows.response_chars[1::2], values[1::2] = (
        rows.text_key[::2],
        rows.response_chars[::2],
        values[::2],
    )
    assert not carried_over(values, rows.text_key, rows.response_chars).any()


def test_no_row_and_one_row() -> None:
    for n in (0, 1):
        assert carried_over(np.full(n, -3.0), np.arange(n), np.full(n, 9)).tolist() == [False] * n
