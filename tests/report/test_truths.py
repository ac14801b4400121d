"""Truths: each reward against its own estimate."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cje_audit.report.facts import FreshDraws
from tests.checks.builders import arena_run, floats, log_normal_run
from tests.report.helpers import policy, report_of


def test_arena_truths_are_held_against_their_own_reward(arena: Path) -> None:
    report = report_of(arena_run(arena))
    clone = policy(report, "clone")
    (truth,) = clone.truths
    assert (truth.reward, truth.n, truth.agrees) == ("judge", 503, True)
    assert truth.value == pytest.approx(0.8479125248508945, abs=1e-12)
    (missed,) = policy(report, "unhelpful").truths
    assert missed.agrees is False
    assert truth.sentence is not None
    assert missed.sentence is not None
    assert "(standard error 0.00539, 503 fresh draws)" in truth.sentence
    assert truth.sentence.endswith("; it agrees (up to 3 is chance).")
    assert missed.sentence.endswith("; it misses (up to 3 is chance).")


def test_truths_of_labels_and_of_the_logging_policy() -> None:
    facts = log_normal_run()
    draws = FreshDraws(floats([0.5] * 50), floats([1.0, 0.0] * 10 + [None] * 30), np.arange(50))
    report = report_of(replace(facts, fresh_draws={"near": draws, "base": draws}))
    judged, labelled = policy(report, "near").truths
    assert (judged.value, judged.n, labelled.value, labelled.n) == (0.5, 50, 0.5, 20)
    assert labelled.difference is None
    assert judged.agrees is not None
    assert len(policy(report, "base").truths) == 2
