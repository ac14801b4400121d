"""What named peers answer on the arena rows: equal where the formula is the same; where it is not, docs/peers.md says so."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cje_audit.numerics.ips import ips
from cje_audit.numerics.snips import snips
from cje_audit.numerics.weights import mean_weight
from cje_audit.report.estimates import estimates_of
from cje_audit.report.facts import RunFacts
from tests.checks.builders import arena_run
from tests.conftest import ROOT
from tests.report.helpers import report_of

POLICIES = ("clone", "parallel_universe_prompt", "unhelpful")


@pytest.fixture(scope="module")
def facts(arena: Path) -> RunFacts:
    return arena_run(arena)


@pytest.fixture(scope="module")
def reference(arena: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((arena / "reference.json").read_text(encoding="utf-8"))
    return found


def one_curve(facts: RunFacts) -> np.ndarray:
    """The reward by a single isotonic curve of all labels, as cje-eval takes it: not cross-fitted."""
    assert facts.calibrated is not None
    curve, placed = facts.calibrated.calibration.whole, facts.calibrated.placed
    low, high = curve[placed.left], curve[placed.left + 1]
    return low + placed.part * (high - low)


@pytest.mark.parametrize("policy", POLICIES)
def test_clipped_ips_and_snips_equal_obp(facts: RunFacts, reference: dict[str, Any], policy: str) -> None:
    assert facts.judge is not None
    ratio, reward, want = facts.log_ratio(policy), facts.judge.values, reference["policies"][policy]["obp"]
    got = ips(ratio, reward).value, snips(ratio, reward).value, ips(np.minimum(ratio, np.log(10)), reward).value
    assert got == pytest.approx((want["ipw"], want["snipw"], want["ipw_clip10"]), abs=1e-9, rel=1e-12)


@pytest.mark.parametrize("policy", POLICIES)
def test_calibrated_snips_equals_cje_evals_with_its_single_curve(
    facts: RunFacts, reference: dict[str, Any], policy: str
) -> None:
    """Also with its clip: weights of mean 1, at most 100."""
    want = reference["policies"][policy]["cje_eval_0_3_0"]
    ratio, reward = facts.log_ratio(policy), one_curve(facts)
    assert snips(ratio, reward).value == pytest.approx(want["raw-ips-noclip"]["estimate"], abs=1e-9)
    centred = ratio - mean_weight(ratio, facts.rows.cluster).log_value
    clipped = snips(np.minimum(centred, np.log(100)), reward).value
    assert clipped == pytest.approx(want["raw-ips"]["estimate"], abs=1e-9)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_single_curve_or_a_cross_fitted_one_is_the_same_within_a_standard_error(facts: RunFacts, policy: str) -> None:
    (ours,) = [
        e for e in estimates_of(facts, policy, headline=None) if (e.estimator, e.reward) == ("snips", "calibrated")
    ]
    single = snips(facts.log_ratio(policy), one_curve(facts)).value
    assert ours.value is not None
    assert ours.standard_error is not None
    assert single is not None
    assert abs(ours.value - single) < ours.standard_error


def test_no_reported_estimate_is_further_from_the_probe_truth_than_its_error(
    facts: RunFacts, reference: dict[str, Any]
) -> None:
    report = report_of(facts)
    for name, truth in reference["truth"].items():
        policy = report.policy(name)
        assert policy is not None
        for estimate in policy.estimates:
            if not (estimate.primary and estimate.reward in ("calibrated", "oracle")):
                continue
            assert estimate.interval is not None
            low, high = estimate.interval
            room = 2 * truth["oracle_se"]
            assert low - room <= truth["oracle_mean"] <= high + room, (name, estimate)
    unhelpful = report.policy("unhelpful")
    assert unhelpful is not None
    assert unhelpful.verdict == "refuse"
    assert not any(e.primary for e in unhelpful.estimates)


@pytest.mark.parametrize("name", ["calibrated_fresh_draw_mean", "doubly_robust"])
def test_with_fresh_draws_unhelpful_is_within_the_error_of_the_truth(
    facts: RunFacts, reference: dict[str, Any], name: str
) -> None:
    truth = reference["truth"]["unhelpful"]
    (got,) = [e for e in estimates_of(facts, "unhelpful", headline=None) if e.estimator == name]
    assert got.value is not None
    assert got.standard_error is not None
    assert abs(got.value - truth["oracle_mean"]) < 2 * np.hypot(got.standard_error, truth["oracle_se"])


def test_the_page_about_peers_states_our_numbers(facts: RunFacts) -> None:
    text = (ROOT / "docs" / "peers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` (\w+) \| ([\d.]+) \|", text, flags=re.M)
    assert len(rows) >= 9
    for policy, estimator, reward, shown in rows:
        (got,) = [
            e for e in estimates_of(facts, policy, headline=None) if (e.estimator, e.reward) == (estimator, reward)
        ]
        assert got.value == pytest.approx(float(shown), abs=6e-4), (policy, estimator, reward)
