import numpy as np
import pytest

from cje_audit.checks.estimation import check_estimation
from cje_audit.domain.checks import Check
from cje_audit.report.facts import RunFacts
from tests.checks.builders import column, found, log_normal_run, speaking


def run(facts: RunFacts) -> list[Check]:
    return check_estimation(facts.rows, facts.logging_column, facts.target_columns, facts.targets, facts.judge)


def test_good_overlap_is_quiet() -> None:
    assert speaking(run(log_normal_run(n=1000, sd=0.6))) == set()


def test_hopeless_overlap_fails_everywhere() -> None:
    facts = log_normal_run()
    far = column(facts.rows, facts.target_columns["near"].values - np.random.default_rng(0).gamma(4, 15, 400))
    failed = {
        c.id for c in run(log_normal_run(target_columns={**facts.target_columns, "near": far})) if c.status == "fail"
    }
    assert {"estimation.ess", "estimation.overlap", "estimation.near_zero_weights"} <= failed


@pytest.mark.parametrize(("sd", "status"), [(0.5, "pass"), (1.7, "warn"), (3.5, "fail")])
def test_effective_sample_size_decides_by_rows_and_share(sd: float, status: str) -> None:
    check = found(run(log_normal_run(n=800, sd=sd, seed=3)), "estimation.ess", "near")
    assert check.status == status
    assert "ESS fraction" in check.sentence
    assert len(check.example_ids) == (0 if status == "pass" else 5)


def test_one_heavy_row_is_named() -> None:
    facts = log_normal_run(n=200, sd=0.2)
    values = facts.target_columns["near"].values.copy()
    assert facts.logging_column is not None
    row = int(np.argmin(facts.logging_column.values))
    values[row] = facts.logging_column.values[row] + 5
    check = found(
        run(log_normal_run(n=200, sd=0.2, target_columns={"near": column(facts.rows, values), "clone": facts.logging_column})),
        "estimation.max_weight_share", "near",
    )  # fmt: skip
    assert check.status == "fail"
    assert check.example_ids[0] == f"r{row}"


def test_few_equal_rows_are_no_heavy_rows() -> None:
    check = found(run(log_normal_run(n=3)), "estimation.max_weight_share", "clone")
    assert check.status == "pass"


def test_required_stages_block_or_warn() -> None:
    none = found(run(log_normal_run(judge=None)), "estimation.required_stages")
    assert (none.status, "without values: judge" in none.sentence) == ("fail", True)
    facts = log_normal_run()
    some = run(log_normal_run(target_columns={"near": facts.target_columns["near"]}))
    assert found(some, "estimation.required_stages").status == "warn"
    assert found(some, "estimation.ess", "clone").status == "not_evaluated"
    assert found(run(log_normal_run(target_columns={})), "estimation.required_stages").status == "fail"
    assert found(run(log_normal_run(logging_column=None)), "estimation.required_stages").status == "fail"
