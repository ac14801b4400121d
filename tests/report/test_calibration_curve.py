"""The curve in the report: it is the fitted one, its bins hold every label once, and it says who rests on it."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.domain import spoken
from tests.checks.builders import log_normal_run, scores
from tests.report.helpers import report_of
from tests.report.test_calibrated import labelled


def test_the_curve_is_the_one_that_predicts() -> None:
    facts = labelled(300)
    found = report_of(facts).calibration
    assert found is not None
    assert facts.calibrated is not None
    fitted = facts.calibrated.calibration
    at = np.array([score for score, _ in found.curve])
    assert [label for _, label in found.curve] == pytest.approx(np.interp(at, fitted.nodes, fitted.whole))
    assert (found.curve[0][0], found.curve[-1][0]) == (fitted.nodes[0], fitted.nodes[-1])
    assert found.line == fitted.line
    assert (found.n, found.n_total, len(found.curve)) == (300, facts.rows.n, 200)


def test_the_bins_hold_every_label_once_and_average_to_their_mean() -> None:
    facts = labelled(300)
    found = report_of(facts).calibration
    assert found is not None
    assert facts.oracle is not None
    assert sum(b.n for b in found.bins) == 300
    assert len(found.bins) == 10
    mean = sum(b.label * b.n for b in found.bins) / 300
    assert mean == pytest.approx(float(np.nanmean(facts.oracle.values)))
    assert all(b.interval is not None and b.interval[0] <= b.label <= b.interval[1] for b in found.bins)
    assert [b.score for b in found.bins] == sorted(b.score for b in found.bins)


def test_it_says_who_rests_on_it_and_everyone_prints_that() -> None:
    report = report_of(labelled(300))
    assert report.calibration is not None
    assert report.calibration.used_by == ("base", "clone", "near")
    assert report.calibration.sentence in spoken.of_numbers(report)
    few = report_of(labelled(60)).calibration
    assert few is not None
    assert few.sentence.endswith("No headline rests on it.")


def test_a_coarse_judge_has_a_bin_per_score() -> None:
    facts = log_normal_run(n=400)
    coarse = np.arange(400) % 3 / 2
    found = report_of(
        replace(facts, judge=scores(facts.rows, coarse), oracle=scores(facts.rows, coarse * 0.8 + 0.1))
    ).calibration
    assert found is not None
    assert [(b.score, round(b.label, 9)) for b in found.bins] == [(0.0, 0.1), (0.5, 0.5), (1.0, 0.9)]


def test_without_labels_there_is_none() -> None:
    assert report_of(log_normal_run()).calibration is None
