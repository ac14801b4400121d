"""How often the audit finds what was damaged, and how often it speaks on clean data.

    python benchmarks/audit_power.py [--quick] [--json] [--arena FOLDER] [--write FILE]

A catalogue of corruptions is applied to three clean datasets over seeds: the bundled experiment, synthetic log-normal
runs, and the arena rows where their folder is given. Damage to single rows is done at several rates, to two rows at
least; damage to a whole column at several sizes. It counts as detected when one of the checks named for it warns or
fails, for the policy it was done to. False alarms are clean draws on which a check fails that is not about overlap:
bootstrap draws of the real datasets with prompt ids of their own, and new synthetic runs.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from damage.catalogue import CATALOGUE, UNSEEN
from damage.kinds import Corruption, detected
from damage.raw import Audit, Raw
from damage.sources import arena, sample_experiment, synthetic
from damage.speed import speed

OVERLAP = ("estimation.", "target_policy.mean_weight", "target_policy.clone_noise", "dataset.manifest",
           "dataset.truncation", "judge.calibration", "judge.transport")  # fmt: skip
ENOUGH = 0.99
ARENA = Path(__file__).resolve().parents[2] / "shared" / "data" / "arena"
Power = dict[str, dict[str, float]]


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


def power(catalogue: Sequence[Corruption], found: Sequence[Source], plan: Plan) -> Power:
    """Return the share of seeds on which each corruption is detected, by source, size and rate."""
    every: Power = {corruption.name: {} for corruption in catalogue}
    for source in found:
        clean = cache(lambda n, seed, source=source: Audit(source.draw(n, seed)))
        for corruption in catalogue:
            for n, rate in cells(corruption, source, plan):
                rngs = [np.random.default_rng(seed) for seed in range(plan.seeds)]
                hits = [detected(corruption, clean(n, seed), rate, rng) for seed, rng in enumerate(rngs)]
                every[corruption.name][f"{source.name} n={n} rate={rate:g}"] = float(np.mean(hits))
    return every


def alarms(source: Source, draws: int) -> dict[str, Any]:
    """Return the share of clean draws with a failing check that is not about overlap, with a warning, and which."""
    failing, warning, which = 0, 0, set()
    for seed in range(draws):
        checks = [c for c in Audit(source.clean(seed)).checks() if not c.id.startswith(OVERLAP)]
        failed = {c.id for c in checks if c.status == "fail"}
        failing, which = failing + bool(failed), which | failed
        warning += any(c.status == "warn" for c in checks)
    return {"draws": draws, "failing": failing / draws, "warning": warning / draws, "checks": sorted(which)}


def threshold(own: Mapping[str, float], source: str, by_row: bool) -> str:
    """Return from which rate (of the largest size) or from which size on the power is 99 %."""
    hits = [(k.split(" n=")[1].split(" rate="), v) for k, v in own.items() if k.startswith(f"{source} ")]
    if by_row and hits:
        largest = max(int(n) for (n, _), _ in hits)
        hits = [h for h in hits if int(h[0][0]) == largest]
    from_here: str | None = None
    for (n, rate), share in reversed(hits):
        if share < ENOUGH:
            break
        from_here = _rate(float(rate), int(n)) if by_row else f"n = {n}"
    return from_here or ("not reached" if hits else "")


def _rate(rate: float, n: int) -> str:
    return f"{max(2, round(rate * n))} rows of {n}"


def table(every: Power, catalogue: Sequence[Corruption], names: Sequence[str]) -> str:
    """Return detection as two Markdown tables: damage to rows, and damage to columns."""
    parts = []
    for by_row, title in ((True, "Damage to single rows"), (False, "Damage to a whole column")):
        chosen = [c for c in catalogue if c.by_row == by_row]
        columns = list(dict.fromkeys(k for c in chosen for k in every[c.name]))
        groups = list(dict.fromkeys(c.rsplit(" rate=", 1)[0] if by_row else c.split(" n=")[0] for c in columns))
        head = [*groups, *(f"≥ 99 % from, {name}" for name in names)]
        lines = [f"### {title}", "", "| corruption | " + " | ".join(head) + " |", "|---" * (len(head) + 1) + "|"]
        for c in chosen:
            own = every[c.name]
            shown = [" ".join(f"{v:.2f}" for k, v in own.items() if k.startswith(f"{g} ")) for g in groups]
            shown += [threshold(own, name, by_row) for name in names]
            lines.append(f"| {c.name} | " + " | ".join(shown) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def alarm_table(every: Mapping[str, Mapping[str, Any]]) -> str:
    """Return false alarms as a Markdown table."""
    lines = ["| clean draws of | draws | a check fails | a check warns | which fail |", "|---|---|---|---|---|"]
    for name, own in every.items():
        which = ", ".join(own["checks"]) or "–"
        lines.append(f"| {name} | {own['draws']:,} | {own['failing']:.2%} | {own['warning']:.2%} | {which} |")
    return "\n".join(lines)


def measure(plan: Plan, folder: Path | None = None, catalogue: Sequence[Corruption] = CATALOGUE) -> dict[str, Any]:
    """Return detection by corruption and the false alarms by dataset."""
    found = sources(folder)
    return {
        "sources": [s.name for s in found],
        "power": power(catalogue, found, plan),
        "alarms": {s.name: alarms(s, plan.clean_draws) for s in found},
    }


def text_of(found: Mapping[str, Any], plan: Plan, unseen: Power | None) -> str:
    """Return everything as Markdown."""
    rates = ", ".join(f"{100 * r:g} %" for r in plan.rates)
    parts = [
        "## False alarms\n\n" + alarm_table(found["alarms"]),
        f"## Detection\n\nCells hold the power at {rates} of the rows (two at least), or at the sizes "
        f"{', '.join(str(n) for n in plan.sizes)}; {plan.seeds} seeds each.\n\n"
        + table(found["power"], CATALOGUE, found["sources"]),
    ]
    if unseen is not None:
        parts.append(
            "## Kinds outside the catalogue\n\nNo threshold was looked at with these.\n\n"
            + table(unseen, UNSEEN, found["sources"]).replace("### ", "### Outside the catalogue: ")
        )
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description="How often damage is found, and how often clean data is blamed.")
    parser.add_argument("--quick", action="store_true", help="ends within 50 s on 2 cores")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--arena", type=Path, default=ARENA, help="folder of the arena rows; skipped where absent")
    parser.add_argument("--write", type=Path, help="write the tables as Markdown")
    given = parser.parse_args()
    started, plan = time.perf_counter(), QUICK if given.quick else FULL
    found = measure(plan, given.arena)
    unseen = None if given.quick else power(UNSEEN, sources(given.arena), plan)
    every = [v for own in found["power"].values() for v in own.values()]
    alarm = max(own["failing"] for own in found["alarms"].values())
    document = {
        "name": "audit_power", "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "figures": {
            "corruptions": len(CATALOGUE), "seeds": plan.seeds, "seconds": round(time.perf_counter() - started, 1),
            "speed": speed(10_000 if given.quick else 100_000), **found,
        },
        "ratios": {"detected": float(np.mean(every)), "false_alarms": alarm},
    }  # fmt: skip
    text = text_of(found, plan, unseen)
    if given.write:
        given.write.write_text(text + "\n", encoding="utf-8")
    print(json.dumps(document) if given.json else f"{text}\n\n{json.dumps(document['figures']['speed'])}")  # type: ignore[index]


if __name__ == "__main__":
    main()
