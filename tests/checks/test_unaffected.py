"""What is done to one policy leaves every other policy's verdict, reasons and numbers as they were."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from cje_audit.domain.report import Report
from tests.damage import CATALOGUE, HOLDOUT, Corruption, Raw, facts_of, sample_experiment, synthetic
from tests.report.helpers import policy, report_of

OTHERS = ("base", "clone", "other")
FIELDS = ("base", "clone", "other", "judge", "label", "text_key", "chars", "finish", "control", "role", "turn", "loop")
SOURCES = {"sample": lambda: sample_experiment().sample(300, 5), "synthetic": lambda: synthetic(300, 5)}


@cache
def clean(source: str) -> tuple[Raw, Report]:
    raw = SOURCES[source]()
    return raw, report_of(facts_of(raw))


def only_near(corruptions: Sequence[Corruption]) -> list[Corruption]:
    """Return the damage that changes nothing but the column `near`, and makes it nobody's twin."""
    raw, chosen = clean("synthetic")[0], []
    for corruption in corruptions:
        damaged, _ = corruption.applied(raw, 0.1, np.random.default_rng(0))
        kept = all(_same(getattr(damaged, name), getattr(raw, name)) for name in FIELDS)
        if kept and not _same(damaged.near, raw.near):
            chosen.append(corruption)
    return chosen


def _same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f"))


def about(report: Report, name: str) -> tuple[Any, ...]:
    """Return what a report says of a policy by itself."""
    found = policy(report, name)
    numbers = {(e.estimator, e.reward): (e.value, e.standard_error, e.interval, e.n_used) for e in found.estimates}
    return found.verdict, found.reasons, found.n_used, found.n_missing, numbers


DAMAGE = only_near((*CATALOGUE, *HOLDOUT))


def test_there_is_much_damage_to_one_policy() -> None:
    assert len(DAMAGE) >= 50


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("corruption", DAMAGE, ids=lambda c: c.name)
def test_the_other_policies_stay_as_they_were(source: str, corruption: Corruption) -> None:
    raw, before = clean(source)
    damaged, _ = corruption.applied(raw, 0.1, np.random.default_rng(1))
    after = report_of(facts_of(damaged))
    for name in OTHERS:
        assert about(after, name) == about(before, name)


def test_a_twin_is_affected_too_and_says_so() -> None:
    raw, before = clean("synthetic")
    damaged = raw.copy()
    damaged.near = raw.other.copy()
    after = report_of(facts_of(damaged))
    assert policy(before, "other").verdict == "report"
    assert policy(after, "other").verdict == "refuse"
    assert "target_policy.identical_policies" in policy(after, "other").reasons
