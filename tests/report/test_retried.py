"""Rows that were asked again: the headline without them, and whether they differ."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.numerics.snips import snips
from tests.checks.builders import log_normal_run, scores
from tests.report.helpers import policy, report_of


def test_nothing_is_said_where_nothing_was_asked_again() -> None:
    facts = log_normal_run()
    assert policy(report_of(facts), "near").first_try is None
    none = replace(facts, asked_again={"near": np.zeros(400, dtype=bool)})
    assert policy(report_of(none), "near").first_try is None


def test_the_estimate_on_the_first_tries_is_that_of_those_rows_alone() -> None:
    facts = log_normal_run()
    assert facts.judge is not None
    again = np.arange(400) % 10 == 0
    near = policy(report_of(replace(facts, asked_again={"near": again})), "near")
    found = near.first_try
    want = snips(facts.log_ratio("near")[~again], facts.judge.values[~again])
    assert (found.n_asked_again, found.n_used) == (40, 360)
    assert found.value == pytest.approx(want.value, abs=1e-12)
    assert found.interval[0] < found.value < found.interval[1]
    assert found.p_value > 0.01
    assert "360 of 400 rows were answered at the first try" in found.sentence
    assert near.estimates == policy(report_of(facts), "near").estimates


def test_rows_that_answer_differently_the_second_time_are_told() -> None:
    facts = log_normal_run()
    assert facts.judge is not None
    again = np.arange(400) % 5 == 0
    moved = np.where(again, facts.judge.values * 0.2, facts.judge.values)
    changed = replace(facts, judge=scores(facts.rows, moved), asked_again={"near": again})
    found = policy(report_of(changed), "near").first_try
    assert found.p_value < 0.01
    assert "differs beyond chance" in found.sentence


def test_a_calibrated_headline_is_compared_with_its_labels() -> None:
    facts = log_normal_run()
    assert facts.judge is not None
    noise = np.random.default_rng(0).normal(0, 0.1, 400)
    labels = np.where(np.arange(400) < 200, np.clip(facts.judge.values + noise, 0, 1), np.nan)
    again = np.arange(400) % 10 == 0
    labelled = replace(facts, oracle=scores(facts.rows, labels), asked_again={"near": again})
    found = policy(report_of(labelled), "near").first_try
    assert found.n_used == 360
    assert found.p_value is not None


def test_all_rows_asked_again_leave_nothing_to_compare() -> None:
    facts = log_normal_run()
    found = policy(report_of(replace(facts, asked_again={"near": np.ones(400, dtype=bool)})), "near").first_try
    assert (found.n_used, found.value) == (0, None)


def test_an_order_without_a_level_shows_no_level_here_either() -> None:
    facts = log_normal_run(sd=2.5, asked_again={"near": np.arange(400) % 10 == 0})
    near = policy(report_of(facts), "near")
    assert near.verdict != "report"
    assert near.first_try is None
