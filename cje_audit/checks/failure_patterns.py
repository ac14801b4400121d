"""What failed attempts have in common: length, time or policy; found by cuts that part failures from successes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.views import FailurePattern, FailureRate

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

Said = tuple[float, str, str] | None  # how far the failure rates lie apart, a sentence, and what to do
By = Literal["policy", "length", "time"]
FEWEST = 5  # failures of one code before a pattern is looked for, and attempts on the other side of a cut
CAUGHT, FAILING, SPARED = 0.95, 0.8, 0.05  # share of failures beyond a cut; failing there; failing elsewhere
LONGER = 1.5  # times the usual length
PARTS = 10


@dataclass(frozen=True)
class Attempts:
    """Every ended attempt of a run, one entry per attempt.

    Attributes
    ----------
    codes
        Failure code, or None for a success.
    stages, endpoints, policies
        In which stage and where it was asked (empty: not known), and for whom (None: the judge).
    lengths
        Length of the text that was sent, in characters; NaN where it is not known.
    at
        When it ended, in seconds since 1970.
    chars_per_token
        Characters of a token, over all responses of the run that have log-probs; None where none has.
    """

    codes: Names
    stages: Names
    endpoints: Names
    policies: Names
    lengths: Floats
    at: Floats
    chars_per_token: float | None = None

    def only(self, rows: Flags) -> "Attempts":
        """Return some of the attempts."""
        names = (self.codes[rows], self.stages[rows], self.endpoints[rows], self.policies[rows])
        return Attempts(*names, self.lengths[rows], self.at[rows], self.chars_per_token)

    def failed_with(self, code: str) -> Flags:
        """Return which attempts failed with a code."""
        return np.array([c == code for c in self.codes], dtype=bool)


def failure_patterns(attempts: Attempts) -> tuple[FailurePattern, ...]:
    """Return the patterns of each stage and code, the largest group first; none where failures look like chance."""
    found: list[FailurePattern] = []
    for stage in sorted(set(attempts.stages)):
        here = attempts.only(attempts.stages == stage)
        for code in sorted({str(c) for c in here.codes if c is not None}):
            failed = here.failed_with(code)
            if failed.sum() >= FEWEST:
                found += _patterns(here, stage, code, failed)
    return tuple(sorted(found, key=lambda pattern: -pattern.n_failed))


def _patterns(here: Attempts, stage: str, code: str, failed: Flags) -> Iterator[FailurePattern]:
    others = np.array([c is None for c in here.codes], dtype=bool)
    fair = failed | others  # attempts that failed otherwise say nothing about this code
    looked: tuple[tuple[By, Said], ...] = (
        ("policy", _by_policy(here.policies[fair], failed[fair])),
        ("length", _by_length(here.lengths[fair], failed[fair], here.chars_per_token)),
        ("time", _by_time(here.at[fair], failed[fair])),
    )
    found = [(said[0], by, said[1], said[2]) for by, said in looked if said is not None]
    if found:  # policies are asked one after the other, so what parts best is said, and nothing besides
        _, by, sentence, advice = max(found, key=lambda one: one[0])
        what = f"{advice} {CODES[FailureCode(code)].what_to_do}"
        n = int(failed.sum())
        yield FailurePattern(stage=stage, code=code, by=by, n_failed=n, sentence=f"{code}: {sentence}", what_to_do=what)


def _by_policy(policies: Names, failed: Flags) -> Said:
    """Say that one policy alone fails."""
    names = sorted({str(p) for p in policies})
    for name in names if len(names) > 1 else ():
        here = np.array([str(p) == name for p in policies], dtype=bool)
        if _parts(here, failed, FAILING / 4):
            n_others = int((failed & ~here).sum())
            told = f"all but {n_others:,} of {_n(failed)}" if n_others else f"all {_n(failed)}"
            sentence = f"{told} failures are of {name}; {_rates(here, failed)}."
            return _contrast(here, failed), sentence, f"Check model, address and key of {name}."
    return None


def _by_length(lengths: Floats, failed: Flags, chars_per_token: float | None) -> Said:
    """Say that long texts fail: beyond a cut, or on the whole."""
    known = ~np.isnan(lengths)
    lengths, failed = lengths[known], failed[known]
    cut = best_cut(lengths, failed)
    if cut is not None:
        size = _size(cut, chars_per_token)
        sentence = f"texts longer than {size} fail; {_rates(lengths > cut, failed)}."
        advice = f"Raise the server's context limit, or shorten texts above {size}."
        return _contrast(lengths > cut, failed), sentence, advice
    if min(failed.sum(), (~failed).sum()) < FEWEST:
        return None
    long, usual = float(np.median(lengths[failed])), float(np.median(lengths[~failed]))
    if long < LONGER * usual or not _is_shifted(lengths, failed):
        return None
    sentence = (
        f"longer texts fail more often: {long:,.0f} characters in the middle, against {usual:,.0f} of the others."
    )
    return 0.0, sentence, "Missing rows are not like the others: read the bounds before the estimate."


def _size(chars: float, chars_per_token: float | None) -> str:
    """Return a length in characters, and in tokens where the run's own responses tell how long a token is.

    Examples
    --------
    >>> _size(14000.0, 4.0), _size(14000.0, None)
    ('14,000 characters (about 3,500 tokens)', '14,000 characters')
    """
    about = "" if chars_per_token is None else f" (about {float(f'{chars / chars_per_token:.2g}'):,.0f} tokens)"
    return f"{chars:,.0f} characters{about}"


def _by_time(at: Floats, failed: Flags) -> Said:
    """Say that failures begin at a moment, or fall into one stretch of time."""
    cut = best_cut(at, failed)
    if cut is not None:
        begin = float(at[failed & (at > cut)].min())
        sentence = f"everything fails from {_clock(begin)} on; {_rates(at > cut, failed)}."
        return _contrast(at > cut, failed), sentence, "See what changed then, and retry."
    begin, end = (float(v) for v in np.quantile(at[failed], [0.02, 0.98], method="nearest"))
    inside = (at >= begin) & (at <= end)
    if inside.all() or not _parts(inside, failed, FAILING):
        return None
    sentence = f"failures fall between {_clock(begin)} and {_clock(end)}; {_rates(inside, failed)}."
    return _contrast(inside, failed), sentence, "It is over: retry."


def best_cut(values: Floats, failed: Flags) -> float | None:
    """Return the value above which nearly all attempts fail, and below which nearly none does; None without such.

    Examples
    --------
    >>> lengths = np.arange(100.0)
    >>> best_cut(lengths, lengths > 89)
    89.0
    >>> best_cut(lengths, lengths % 2 == 0) is None
    True
    """
    order = np.argsort(values, kind="stable")
    sorted_values, ends = values[order], np.flatnonzero(np.diff(values[order]) > 0)
    below = np.cumsum(failed[order])[ends]
    n_below, n = ends + 1, len(values)
    total = int(failed.sum())
    above, n_above = total - below, n - n_below
    spared = n_below >= FEWEST  # one text that did not fail says nothing about the others
    good = (
        spared
        & (above >= np.maximum(CAUGHT * total, FEWEST))
        & (above >= FAILING * n_above)
        & (below <= SPARED * n_below)
    )
    if not good.any():
        return None
    contrast = above / n_above - below / n_below
    best = int(np.argmax(np.where(good, contrast, -np.inf)))
    return float(sorted_values[ends[best]])


def _parts(inside: Flags, failed: Flags, failing: float) -> bool:
    """Whether a part of the attempts holds nearly all failures, fails often, and the rest does not."""
    if (~inside).sum() < FEWEST or not inside.any():
        return False
    caught = failed[inside].sum() >= CAUGHT * failed.sum()
    return bool(caught and failed[inside].mean() >= failing and failed[~inside].mean() <= SPARED)


def _contrast(inside: Flags, failed: Flags) -> float:
    return float(failed[inside].mean() - failed[~inside].mean())


def _is_shifted(values: Floats, failed: Flags) -> bool:
    """Whether failures have larger values beyond chance: the rank sum's z exceeds 3.3 (one in two thousand)."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    k, n = int(failed.sum()), len(values)
    mean, variance = k * (n + 1) / 2, k * (n - k) * (n + 1) / 12
    return bool((ranks[failed].sum() - mean) / np.sqrt(variance) > 3.3)


def failure_rates(attempts: Attempts) -> tuple[FailureRate, ...]:
    """Return how often attempts fail, by code, provider, policy, and at most ten equal parts of time and length."""
    found = [_rate("code", code, attempts.failed_with(code), None) for code in _codes(attempts)]
    failed = np.array([c is not None for c in attempts.codes], dtype=bool)
    names = np.array([p if p is not None else "judge" for p in attempts.policies], dtype=object)
    found += [
        _rate("provider", name, failed, attempts.endpoints == name) for name in sorted({*attempts.endpoints} - {""})
    ]
    found += [_rate("policy", name, failed, names == name) for name in sorted(set(names))]
    found += [_rate("time", label, failed, rows) for label, rows in _ranges(attempts.at, _clock)]
    found += [_rate("length", label, failed, rows) for label, rows in _ranges(attempts.lengths, lambda v: f"{v:,.0f}")]
    return tuple(found)


def _codes(attempts: Attempts) -> Sequence[str]:
    return sorted({str(c) for c in attempts.codes if c is not None})


def _rate(
    by: Literal["code", "provider", "policy", "time", "length"], group: str, failed: Flags, rows: Flags | None
) -> FailureRate:
    here = failed if rows is None else failed[rows]
    return FailureRate(by=by, group=group, n=len(here), n_failed=int(here.sum()))


def _ranges(values: Floats, shown: Callable[[float], str]) -> Iterator[tuple[str, Flags]]:
    known = values[~np.isnan(values)]
    if not len(known) or known.min() == known.max():
        return
    edges = np.unique(np.quantile(known, np.linspace(0, 1, PARTS + 1), method="nearest"))
    for number, (low, high) in enumerate(pairwise(edges)):
        rows = (values > low) & (values <= high) if number else (values >= low) & (values <= high)
        yield f"{shown(float(low))} to {shown(float(high))}", rows


def _rates(inside: Flags, failed: Flags) -> str:
    return f"{_n(failed & inside)} of {_n(inside)} failed there, {_n(failed & ~inside)} of {_n(~inside)} elsewhere"


def _n(rows: Flags) -> str:
    return f"{int(rows.sum()):,}"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).strftime("%H:%M:%S UTC")
