"""The measured cells as tables, for a terminal and for docs/coverage.md."""

from collections.abc import Sequence
from typing import Any

from worlds.cells import CELLS

BY_NAME = {c.name: c for c in CELLS}
HEAD = ("cell", "label", "n", "reported", "rank only", "refused", "coverage", "width", "bias", "error", "kept")
INTRO = """# Coverage: what the engine says where the truth is known

Written by `python benchmarks/coverage.py --write docs/coverage.md`. Each world (benchmarks/worlds/cells.py) was
labelled before it was measured: *good* (a number is due), *between* (either answer can be defended), *hopeless* (no
honest number exists), *broken* (the columns are wrong). In every repetition all checks see a new draw, and what is
counted is the report's own verdict and headline. The truth is known by quadrature, to the error given last.

Demands. Good: reported in 99 %, the 95 % interval covers in 93–97 % (heavy weights: at least 93 %), width at most 1.25
times that of a normal interval with the true spread, bias at most .25 of it, mean standard error within 7 % of it.
Hopeless and broken: refused in 99 %. Rows missing not at random: the interval widened by the missing bounds covers in
95 %. Never a headline: IPS, clipped, smoothed and projected weights.

**coverage**: of the repetitions with a headline. **width**: mean width ÷ 2·1.96·spread of the headline. **bias** and
**error** (mean standard error) in units of that spread.

What speaks against the engine: `own-bias-unseen` is reported every time and covered in a fifth, because nothing in its
rows shows that the judge misjudges the target; only labelled answers of the target's own do. `probes-lean` has them,
and its bias of .035 lies within the margin of .05 at which a calibration counts as holding: it is reported in three of
five repetitions, and covered in a fifth of these. Whoever needs less than .05 of the scale must take the labels.
"""
BETWEEN = """
## Cells between

A refusal counts as neither. *widened*: the interval with the missing bounds added.

| cell | covered | missed | no number | widened covers | most frequent reasons |
|---|---|---|---|---|---|
"""
OTHERS = """
## Every estimator

Over all repetitions, whatever the verdict: none of these carries a headline but SNIPS. A coverage far below 95 % beside
a small error is an estimator that is sure of a wrong answer.

| cell | estimator, reward | coverage | bias ÷ spread | error ÷ spread |
|---|---|---|---|---|
"""


def share(value: float | None) -> str:
    """Write a share as a percentage."""
    return "–" if value is None else f"{100 * value:.1f} %"


def ratio(value: float | None) -> str:
    """Write a ratio."""
    return "–" if value is None else f"{value:.2f}"


def row(found: dict[str, Any]) -> tuple[str, ...]:
    """Return a cell's line."""
    cell, headline = BY_NAME[found["cell"]], found["headline"]
    numbers = (ratio(headline.get(k)) for k in ("width_ratio", "bias_in_errors", "error_ratio"))
    kept = "; ".join(found["broken_promises"]) or ("–" if cell.label == "between" and not cell.widened else "yes")
    return (
        cell.name, cell.label, f"{cell.world.n:,}", share(found["reported"]), share(found["rank_only"]),
        share(found["refused"]), share(headline["coverage"]), *numbers, kept,
    )  # fmt: skip


def text(found: Sequence[dict[str, Any]]) -> str:
    """Return a table for a terminal."""
    rows = [HEAD, *(row(f) for f in found)]
    widths = [max(len(line[k]) for line in rows) for k in range(len(HEAD))]
    lines = ["  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip() for line in rows]
    return "\n".join(lines)


def markdown(found: Sequence[dict[str, Any]]) -> str:
    """Return the whole page."""
    least, most = (end(f["repetitions"] for f in found) for end in (min, max))
    times = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    error = max(f["truth_error"] / abs(f["truth"]) for f in found)
    head = f"\n{times} repetitions per cell; relative error of a truth at most {error:.0e}.\n\n"
    table = [_line(HEAD), _line(["---"] * len(HEAD)), *(_line(row(f)) for f in found)]
    between = [_between(f) for f in found if f["label"] == "between"]
    reasons = "\n## The cells\n\n" + "\n".join(f"- `{c.name}` ({c.label}): {c.reason}." for c in CELLS) + "\n"
    others = [line for f in found for line in _others(f)]
    return INTRO + head + "".join(table) + BETWEEN + "".join(between) + OTHERS + "".join(others) + reasons


def _line(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |\n"


def _between(found: dict[str, Any]) -> str:
    why = ", ".join(f"`{name}` {n / found['repetitions']:.0%}" for name, n in list(found["reasons"].items())[:3]) or "–"
    widened = found["headline"]["widened_coverage"] if BY_NAME[found["cell"]].widened else None
    return _line(
        [found["cell"], share(found["covered_of_all"]), share(found["missed_of_all"]), share(found["refused"]),
         share(widened), why]
    )  # fmt: skip


def _others(found: dict[str, Any]) -> list[str]:
    return [
        _line([found["cell"], name, share(got["coverage"]), ratio(got.get("bias_in_errors")),
               ratio(got.get("error_ratio"))])
        for name, got in found["estimators"].items()
    ]  # fmt: skip
