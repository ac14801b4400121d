"""How often the audit finds what was damaged, and how often it speaks on clean data.

    python benchmarks/audit_power.py [--quick] [--json] [--arena FOLDER] [--seeds N] [--workers N] [--write FILE]

A catalogue of corruptions is applied to three clean datasets over seeds: the bundled experiment, synthetic log-normal
runs, and the arena rows where their folder is given. Damage to single rows is done at several rates, to two rows at
least; damage to a whole column at several sizes. It counts as detected when one of the checks named for it speaks of
the policy it was done to, and more gravely than of the same rows before (a dash: they spoke as gravely before). False
alarms are clean draws on which a check fails that is not about overlap: bootstrap draws of the real datasets with
prompt ids of their own, and new synthetic runs.
"""

import argparse
import json
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from damage.catalogue import CATALOGUE
from damage.fresh_holdout import FRESH
from damage.holdout import HOLDOUT
from damage.kinds import Corruption, Outcome, outcome
from damage.raw import Audit, Raw
from damage.sources import arena, sample_experiment, synthetic
from damage.speed import speed

OVERLAP = ("estimation.", "target_policy.mean_weight", "target_policy.clone_noise", "dataset.manifest",
           "dataset.truncation", "judge.calibration")  # fmt: skip
ENOUGH = 0.99
ARENA = Path(__file__).resolve().parents[2] / "shared" / "data" / "arena"
Power = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class Source:
    """A clean dataset: its name, its largest size, and how to draw n clean rows of it with a seed."""

    name: str
    size: int
    draw: Callable[[int, int], Raw]
    clean: Callable[[int], Raw]


@dataclass(frozen=True)
class Plan:
    """How much to measure: rates of damage to rows, sizes of damaged columns, seeds per cell, clean draws."""

    row_sizes: tuple[int, ...]
    rates: tuple[float, ...]
    sizes: tuple[int, ...]
    seeds: int
    clean_draws: int


QUICK = Plan((400,), (0.05,), (400,), 2, 20)
FULL = Plan((200, 500, 2000), (0.0015, 0.01, 0.05, 0.2), (50, 100, 200, 400), 100, 1000)


def sources(folder: Path | None) -> list[Source]:
    """Return the datasets at hand."""
    sizes = (200, 500, 2000)
    found = [Source("synthetic", 2000, synthetic, lambda seed: synthetic(sizes[seed % 3], 50_000 + seed))]
    loaded = {"sample": sample_experiment(), "arena": None if folder is None else arena(folder)}
    return found + [_real(name, raw) for name, raw in loaded.items() if raw is not None]


def _real(name: str, raw: Raw) -> Source:
    return Source(name, raw.n, lambda n, seed: raw.sample(min(n, raw.n), seed), raw.bootstrap)


def cells(corruption: Corruption, source: Source, plan: Plan) -> Iterator[tuple[int, float]]:
    """Yield the sizes and rates at which a corruption is measured."""
    if not corruption.by_row:
        yield from ((n, 1.0) for n in plan.sizes if n <= source.size)
        return
    sizes = plan.row_sizes if source.name == "synthetic" else (source.size,)
    yield from ((n, rate) for n in sizes for rate in plan.rates)


Spread = Callable[[Callable[[int], Any], Sequence[int]], Sequence[Any]]


def in_turn(work: Callable[[int], Any], tasks: Sequence[int]) -> list[Any]:
    """Do one task after the other."""
    return [work(task) for task in tasks]


_WORK: list[Callable[[int], Any]] = []


def _do(task: int) -> Any:
    return _WORK[-1](task)


def side_by_side(workers: int) -> Spread:
    """Return what does tasks in several processes, which inherit what they need."""
    if workers < 2:
        return in_turn

    def spread(work: Callable[[int], Any], tasks: Sequence[int]) -> list[Any]:
        _WORK.append(work)
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            return pool.map(_do, tasks, chunksize=1)

    return spread


def power(
    catalogue: Sequence[Corruption], found: Sequence[Source], plan: Plan, spread: Spread = in_turn
) -> tuple[Power, Power]:
    """Return by source, size and rate the share of seeds on which each corruption is detected, and excluded exactly."""
    seen: Power = {corruption.name: {} for corruption in catalogue}
    exact: Power = {corruption.name: {} for corruption in catalogue if corruption.exact}
    for source in found:
        every = spread(lambda seed, source=source: outcomes(catalogue, source, plan, seed), range(plan.seeds))
        for name, where in every[0]:
            seen[name][where] = share(own[name, where].detected for own in every)
            if name in exact:
                exact[name][where] = share(own[name, where].exact for own in every)
    return seen, exact


def share(answers: Iterable[bool | None]) -> float | None:
    """Return the share of yes among the answers; None where there is none."""
    given = [answer for answer in answers if answer is not None]
    return sum(given) / len(given) if given else None


def outcomes(catalogue: Sequence[Corruption], source: Source, plan: Plan, seed: int) -> dict[tuple[str, str], Outcome]:
    """Return what the audit made of every corruption with one seed."""
    clean = cache(lambda n: Audit(source.draw(n, seed)))
    return {
        (c.name, f"{source.name} n={n} rate={rate:g}"): outcome(c, clean(n), rate, np.random.default_rng(seed))
        for c in catalogue
        for n, rate in cells(c, source, plan)
    }


def alarms(source: Source, draws: int, spread: Spread = in_turn) -> dict[str, Any]:
    """Return the share of clean draws with a failing check that is not about overlap, with a warning, and which."""
    every = spread(lambda seed: speaking_checks(source.clean(seed)), range(draws))
    failed = [{name for name, status in own if status == "fail"} for own in every]
    return {
        "draws": draws, "failing": sum(map(bool, failed)) / draws,
        "warning": sum(any(status == "warn" for _, status in own) for own in every) / draws,
        "checks": sorted(set().union(*failed)),
    }  # fmt: skip


def speaking_checks(raw: Raw) -> list[tuple[str, str]]:
    """Return the checks that warn or fail, those about overlap left out."""
    return [
        (c.id, c.status.value)
        for c in Audit(raw).checks()
        if c.status in ("warn", "fail") and not c.id.startswith(OVERLAP)
    ]


def threshold(own: Mapping[str, float | None], source: str, by_row: bool) -> str:
    """Return from which rate (of the largest size) or from which size on the power is 99 %."""
    given = ((k, v) for k, v in own.items() if k.startswith(f"{source} ") and v is not None)
    hits = [(k.split(" n=")[1].split(" rate="), v) for k, v in given]
    if by_row and hits:
        largest = max(int(n) for (n, _), _ in hits)
        hits = [h for h in hits if int(h[0][0]) == largest]
    from_here: str | None = None
    for (n, rate), power in reversed(hits):
        if power < ENOUGH:
            break
        from_here = _rate(float(rate), int(n)) if by_row else f"n = {n}"
    return from_here or ("not reached" if hits else "")


def _rate(rate: float, n: int) -> str:
    return f"{max(2, round(rate * n))} rows of {n}"


def table(every: Power, exact: Power, catalogue: Sequence[Corruption], names: Sequence[str]) -> str:
    """Return detection as two Markdown tables: damage to rows, and damage to columns."""
    parts = []
    for by_row, title in ((True, "Damage to single rows"), (False, "Damage to a whole column")):
        chosen = [c for c in catalogue if c.by_row == by_row]
        columns = list(dict.fromkeys(k for c in chosen for k in every[c.name]))
        groups = list(dict.fromkeys(c.rsplit(" rate=", 1)[0] if by_row else c.split(" n=")[0] for c in columns))
        head = [*groups, *(f"≥ 99 % from, {name}" for name in names), *(["excluded exactly"] if by_row else [])]
        lines = [f"### {title}", "", "| corruption | " + " | ".join(head) + " |", "|---" * (len(head) + 1) + "|"]
        for c in chosen:
            own = every[c.name]
            shown = [cell([v for k, v in own.items() if k.startswith(f"{g} ")]) for g in groups]
            shown += [threshold(own, name, by_row) for name in names]
            shown += [cell([least(exact[c.name])]) if c.name in exact else "–"] if by_row else []
            lines.append(f"| {c.name} | " + " | ".join(shown) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def least(own: Mapping[str, float | None]) -> float | None:
    """Return the lowest share."""
    return min((v for v in own.values() if v is not None), default=None)


def cell(shares: Sequence[float | None]) -> str:
    """Return the powers of one cell; one number where all are equal, none rounded up to 1.

    Examples
    --------
    >>> cell([1.0, 1.0]), cell([0.5, 0.999])
    ('1.00', '0.50 0.99')
    """
    written = ["–" if v is None else f"{np.floor(100 * v + 1e-9) / 100:.2f}" for v in shares]
    return written[0] if len(set(written)) == 1 else " ".join(written)


def alarm_table(every: Mapping[str, Mapping[str, Any]]) -> str:
    """Return false alarms as a Markdown table."""
    lines = ["| clean draws of | draws | a check fails | a check warns | which fail |", "|---|---|---|---|---|"]
    for name, own in every.items():
        which = ", ".join(own["checks"]) or "–"
        lines.append(f"| {name} | {own['draws']:,} | {own['failing']:.2%} | {own['warning']:.2%} | {which} |")
    return "\n".join(lines)


def measure(
    plan: Plan, folder: Path | None = None, catalogue: Sequence[Corruption] = CATALOGUE, spread: Spread = in_turn
) -> dict[str, Any]:
    """Return detection by corruption and the false alarms by dataset."""
    found = sources(folder)
    seen, exact = power(catalogue, found, plan, spread)
    return {
        "sources": [s.name for s in found],
        "power": seen,
        "exact": exact,
        "alarms": {s.name: alarms(s, plan.clean_draws, spread) for s in found},
    }


Outside = Sequence[tuple[str, Sequence[Corruption], str]]
OUTSIDE: Outside = (
    ("Kinds outside the catalogue", HOLDOUT, "No threshold was fixed or changed by looking at these."),
    (
        "A fresh holdout",
        FRESH,
        "Written down before any of them was run; nothing was changed by looking at them.",
    ),
)


def text_of(found: Mapping[str, Any], plan: Plan, outside: Sequence[tuple[Power, Power]]) -> str:
    """Return everything as Markdown."""
    rates = ", ".join(f"{100 * r:g} %" for r in plan.rates)
    parts = [
        "## False alarms\n\n" + alarm_table(found["alarms"]),
        f"## Detection\n\nCells hold the power at {rates} of the rows (two at least), or at the sizes "
        f"{', '.join(str(n) for n in plan.sizes)}; one number where all are equal; {plan.seeds} seeds each.\n\n"
        + table(found["power"], found["exact"], CATALOGUE, found["sources"]),
    ]
    for (title, kinds, said), measured in zip(OUTSIDE, outside, strict=False):
        tables = table(*measured, kinds, found["sources"]).replace("### ", f"### {title}: ")
        parts.append(f"## {title}\n\n{said}\n\n{tables}")
    return "\n\n".join(parts)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="How often damage is found, and how often clean data is blamed.")
    parser.add_argument("--quick", action="store_true", help="ends within 50 s on 2 cores")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--arena", type=Path, default=ARENA, help="folder of the arena rows; skipped where absent")
    parser.add_argument("--seeds", type=int, help="seeds per cell")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--write", type=Path, help="write the tables as Markdown")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    started, plan, spread = time.perf_counter(), QUICK if given.quick else FULL, side_by_side(given.workers)
    plan = replace(plan, seeds=given.seeds or plan.seeds)
    found = measure(plan, given.arena, spread=spread)
    outside = [] if given.quick else [power(kinds, sources(given.arena), plan, spread) for _, kinds, _ in OUTSIDE]
    every = [v for own in found["power"].values() for v in own.values() if v is not None]
    alarm = max(own["failing"] for own in found["alarms"].values())
    took = speed(10_000 if given.quick else 100_000)
    document = {
        "name": "audit_power", "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "figures": {
            "corruptions": len(CATALOGUE), "seeds": plan.seeds, "seconds": round(time.perf_counter() - started, 1),
            "speed": took, **found,
            "outside": [dict(zip(("power", "exact"), own, strict=True)) for own in outside],
        },
        "ratios": {"detected": float(np.mean(every)), "false_alarms": alarm},
    }  # fmt: skip
    text = text_of(found, plan, outside)
    if given.write:
        given.write.write_text(text + "\n", encoding="utf-8")
    print(json.dumps(document) if given.json else f"{text}\n\n{json.dumps(took)}")


if __name__ == "__main__":
    main()
