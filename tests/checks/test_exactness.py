"""Excluded rows are exactly the damaged ones, and the estimates are those of the untouched remainder."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cje_audit.checks.faults import audit_column
from cje_audit.domain.report import Report
from tests.checks.builders import NAN, make_rows, no_codes, text_logprobs
from tests.damage import Audit, Raw, arena, facts_of, sample_experiment, synthetic
from tests.report.helpers import policy, report_of

CONSTANTS = (-100.0, -50.0, -10.0, -999.0, -9999.0, -20.0, -37.5, -123.456, -7.25, -88.7, -3.14159, -1.0, -0.5, -1e9,
             float(np.log(1e-10)))  # fmt: skip
ON_LONG_TEXT = (0.0, -1e-8, -1e-4, -5e-7)  # short, certain answers may have these rightly
NOT_LOG_PROBS = (np.inf, -np.inf, 1.5, 1e-7)
KINDS = {f"{v:g}": v for v in (*CONSTANTS, *ON_LONG_TEXT, *NOT_LOG_PROBS)} | {"other sign": None}
RATES = (0.0015, 0.02, 0.25)
SEEDS = 2
Source = Callable[[int], Raw]


@pytest.fixture(scope="module", params=["sample", "arena", "synthetic"])
def source(request: pytest.FixtureRequest) -> Source:
    """Return the dataset of a seed: new rows where they are synthetic, the real ones otherwise."""
    if request.param == "synthetic":
        return lambda seed: synthetic((300, 1000, 2000)[seed % 3], seed)
    raw = sample_experiment() if request.param == "sample" else arena(Path(request.getfixturevalue("arena")))
    assert raw is not None
    return lambda seed: raw


def damage(raw: Raw, field: str, value: float | None, rate: float, seed: int) -> tuple[Raw, Any]:
    """Damage two rows at least; return the copy and a mask of what was changed."""
    damaged, rng = raw.copy(), np.random.default_rng(seed)
    tokens = np.where(np.isnan(raw.tokens), raw.chars / 5, raw.tokens)
    column = getattr(damaged, field)
    fit = tokens >= 8 if value in ON_LONG_TEXT else column != 0
    chosen = rng.choice(np.flatnonzero(fit), min(max(2, round(rate * raw.n)), int(fit.sum())), replace=False)
    column[chosen] = -column[chosen] if value is None else value
    changed = np.zeros(raw.n, dtype=bool)
    changed[chosen] = True
    return damaged, changed


@pytest.mark.parametrize("field", ["base", "near"])
@pytest.mark.parametrize("kind", KINDS)
def test_excluded_rows_are_exactly_the_damaged_ones(source: Source, field: str, kind: str) -> None:
    wrong = []
    for rate in RATES:
        for seed in range(SEEDS):
            raw = source(seed)
            damaged, changed = damage(raw, field, KINDS[kind], rate, seed)
            lost = ~audit_column(raw.rows(), getattr(damaged, field), no_codes(raw.n)).ok
            if not np.array_equal(lost, changed):
                wrong.append((rate, seed, int((changed & ~lost).sum()), int((lost & ~changed).sum())))
    assert wrong == [], "(rate, seed, damaged but kept, lost though clean)"


def test_clean_columns_lose_nothing(source: Source) -> None:
    for seed in range(5):
        audit = Audit(source(seed))
        assert [audit.column(name).n_ok for name in ("base", "clone", "near", "other")] == [audit.raw.n] * 4


def closed_form(raw: Raw, rows: Any, reward: str) -> tuple[float, float]:
    """IPS and SNIPS on some rows, straight from their definitions."""
    values = getattr(raw, {"judge": "judge", "oracle": "label"}[reward])
    rows = rows & ~np.isnan(values)
    weights = np.exp(raw.near[rows] - raw.base[rows])
    return float(np.mean(weights * values[rows])), float(np.sum(weights * values[rows]) / np.sum(weights))


def estimates(report: Report, name: str) -> dict[tuple[str, str], Any]:
    return {(e.estimator, e.reward): e for e in policy(report, name).estimates}


@pytest.mark.parametrize("field", ["base", "near"])
@pytest.mark.parametrize("kind", ["-100", "-7.25", "0", "inf"])
def test_estimates_are_those_of_the_untouched_remainder(source: Source, field: str, kind: str) -> None:
    raw = source(1)
    damaged, changed = damage(raw, field, KINDS[kind], 0.03, 7)
    never_there = replace(raw.copy(), **{field: np.where(changed, NAN, getattr(raw, field))})
    given, wanted = report_of(facts_of(damaged)), report_of(facts_of(never_there))
    for name in ("clone", "near", "other"):
        mine, theirs = estimates(given, name), estimates(wanted, name)
        assert mine.keys() == theirs.keys()
        for key, estimate in mine.items():
            assert estimate.value == pytest.approx(theirs[key].value, rel=1e-12, abs=1e-12)
            assert estimate.standard_error == pytest.approx(theirs[key].standard_error, rel=1e-12, abs=1e-12)
            assert estimate.n_used == theirs[key].n_used
    for reward in ("judge", "oracle"):
        ips, snips = closed_form(raw, ~changed, reward)
        assert estimates(given, "near")["ips", reward].value == pytest.approx(ips, rel=1e-12)
        assert estimates(given, "near")["snips", reward].value == pytest.approx(snips, rel=1e-12)
    assert policy(given, "near").n_missing == int(changed.sum())


def test_forced_words_keep_their_zero_beside_zeros_on_text() -> None:
    rows, values = text_logprobs(400, 3)
    rows.response_chars[:30] = 3
    values[:30] = 0.0  # thirty times "Yes": the only answer allowed, to thirty prompts
    assert audit_column(rows, values, no_codes(400)).ok.all()
    long = 30 + np.flatnonzero(rows.response_chars[30:] >= 40)[:20]
    values[long] = 0.0
    assert np.flatnonzero(~audit_column(rows, values, no_codes(400)).ok).tolist() == long.tolist()


def test_zeros_on_short_answers_of_which_others_have_none_are_a_fault() -> None:
    rng = np.random.default_rng(0)
    rows, values = make_rows(rng.integers(2, 9, 200)), -rng.gamma(3, 1, 200) - 0.2
    values[:12] = 0.0
    assert np.flatnonzero(~audit_column(rows, values, no_codes(200)).ok).tolist() == list(range(12))
