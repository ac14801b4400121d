from dataclasses import replace

import numpy as np
import pytest

from cje_audit.checks.alignment import row_alignment
from cje_audit.checks.frame import Column, Ints
from cje_audit.checks.preclipped import preclipped
from cje_audit.domain.checks import Check
from cje_audit.report.facts import RunFacts
from tests.checks.builders import column, log_normal_run, make_rows


def aligned(run: RunFacts, order: Ints | None = None, policy: str = "near") -> Check:
    found = run.target_columns[policy]
    if order is not None:
        found = Column(found.values[order], found.codes[order], found.reported[order])
    assert run.logging_column is not None
    return row_alignment(run.rows, policy, run.logging_column, found)


def clipped(run: RunFacts, low: float, high: float) -> Check:
    assert run.logging_column is not None
    base = run.logging_column.values
    values = base + np.clip(run.target_columns["near"].values - base, low, high)
    return preclipped(run.rows, run.targets["near"], run.logging_column, column(run.rows, values))


@pytest.mark.parametrize("sd", [0.3, 1.5, 4.0])
def test_clean_columns_pass(sd: float) -> None:
    for seed in range(3):
        run = log_normal_run(seed=seed, sd=sd)
        assert {aligned(run).status, aligned(run, policy="clone").status, clipped(run, -1e9, 1e9).status} == {"pass"}


@pytest.mark.parametrize("name", ["shift", "back", "far", "shuffle", "reverse", "swap"])
def test_a_misaligned_column_fails(name: str) -> None:
    run, n = log_normal_run(seed=1), 400
    index = np.arange(n)
    order = {"shift": np.roll(index, 1), "back": np.roll(index, -2), "far": np.roll(index, 171), "shuffle": np.random.default_rng(0).permutation(n),
             "reverse": index[::-1], "swap": index ^ 1}[name]  # fmt: skip
    check = aligned(run, order)
    assert check.status == "fail"
    assert check.n_affected == n


def test_a_file_that_slips_by_one_line_fails_from_there() -> None:
    run, n = log_normal_run(800, seed=2), 800
    check = aligned(run, np.r_[np.arange(600), np.roll(np.arange(600, n), 1)])
    assert check.status == "fail"
    assert check.n_affected == 200


def test_responses_that_are_not_the_text_that_was_scored_fail() -> None:
    run = log_normal_run(seed=4)
    assert run.logging_column is not None
    moved = replace(run.rows, response_chars=np.roll(run.rows.response_chars, 1))
    check = row_alignment(moved, "near", run.logging_column, run.target_columns["near"])
    assert check.status == "fail"
    assert "length of the responses" in check.sentence
    assert row_alignment(run.rows, "near", run.logging_column, run.target_columns["near"]).status == "pass"


def test_unrelated_columns_of_unlike_spread_say_nothing() -> None:
    rng = np.random.default_rng(0)
    rows = make_rows(np.full(400, 80))
    base = -50 + rng.normal(0, 0.1, 400)
    assert row_alignment(rows, "near", column(rows, base), column(rows, base + rng.normal(-2, 2, 400))).status == "pass"
    assert (
        row_alignment(
            make_rows(np.full(9, 80)),
            "near",
            column(make_rows(np.full(9, 80)), base[:9]),
            column(make_rows(np.full(9, 80)), base[:9]),
        ).status
        == "not_evaluated"
    )


@pytest.mark.parametrize(("low", "high"), [(-0.5, 0.5), (-1e9, 0.9), (-0.8, 1e9)])
def test_clipped_log_ratios_fail_and_the_rows_are_exactly_those(low: float, high: float) -> None:
    run = log_normal_run(seed=3)
    assert run.logging_column is not None
    ratio = run.target_columns["near"].values - run.logging_column.values
    check = clipped(run, low, high)
    assert check.status == "fail"
    assert check.n_affected == np.count_nonzero((ratio <= low) | (ratio >= high))


def test_missing_targets_filled_with_the_logging_value_are_seen() -> None:
    run = log_normal_run(seed=4)
    assert run.logging_column is not None
    values = run.target_columns["near"].values.copy()
    values[:10] = run.logging_column.values[:10]
    check = preclipped(run.rows, run.targets["near"], run.logging_column, column(run.rows, values))
    assert (check.status, check.n_affected) == ("fail", 10)


def test_coarse_columns_may_tie() -> None:
    run = log_normal_run(seed=5)
    assert run.logging_column is not None
    base, target = (np.round(c.values, 1) for c in (run.logging_column, run.target_columns["near"]))
    assert preclipped(run.rows, run.targets["near"], column(run.rows, base), column(run.rows, target)).status == "pass"
