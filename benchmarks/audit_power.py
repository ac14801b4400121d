"""How often the audit finds what was damaged, and how often it speaks on clean data.

A catalogue of corruptions is applied to clean synthetic runs at several rates and sizes, over seeds. A corruption
counts as detected when one of the checks named for it warns or fails, for the policy it was done to.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cje_audit.checks.dataset import DatasetFacts
from cje_audit.checks.faults import audit_column
from cje_audit.checks.frame import Column, Floats, PolicyFacts, Rows
from cje_audit.checks.judge import audit_scores
from cje_audit.checks.judge_atoms import Evidence
from cje_audit.checks.text_marks import TextMarks
from cje_audit.report.assemble import run_checks
from cje_audit.report.facts import RunFacts

POLICY = "near"
OVERLAP = (
    "estimation.",
    "target_policy.mean_weight",
    "target_policy.clone_noise",
    "dataset.manifest",
    "dataset.truncation",
    "judge.calibration",
    "judge.transport",
)
Generator = np.random.Generator


@dataclass
class Raw:
    """One dataset as plain arrays, before any check; corruptions change it in place. All shape (n,)."""

    chars: Any
    base: Floats
    near: Floats
    clone: Floats
    other: Floats
    judge: Floats
    label: Floats
    control: Any
    role: Any
    turn: Any
    loop: Any
    finish: Any
    text_key: Any

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.base)


def clean(n: int, seed: int) -> Raw:
    """Log-normal lengths and weights with E[w] = 1; scores follow the log ratio, labels follow the scores."""
    rng = np.random.default_rng(seed)
    chars = np.maximum(8, rng.lognormal(np.log(400), 0.7, n)).astype(np.int64)
    base = np.round(-chars * 0.06 * rng.lognormal(0, 0.3, n) - 0.2, 6)
    shift = rng.normal(-(0.6**2) / 2, 0.6, n)
    judge = np.round(1 / (1 + np.exp(-rng.normal(0.6 + 0.6 * shift, 1.0))), 6)
    label = np.where(rng.random(n) < 0.5, (rng.random(n) < judge).astype(float), np.nan)
    nobody = np.zeros(n, dtype=bool)
    other = np.minimum(base + rng.normal(-(0.4**2) / 2, 0.4, n), -1e-3)
    return Raw(
        chars, base, np.round(np.minimum(base + shift, -1e-3), 6), base.copy(), np.round(other, 6), judge, label,
        np.full(n, None, dtype=object), nobody.copy(), nobody.copy(), nobody.copy(), np.full(n, "stop", dtype=object),
        np.arange(n, dtype=np.int64),
    )  # fmt: skip


def facts_of(raw: Raw) -> RunFacts:
    """Return the run that an import of these arrays would be."""
    n = raw.n
    rows = Rows(
        np.array([f"r{i}" for i in range(n)], dtype=object), np.arange(n), raw.text_key, raw.chars, np.full(n, np.nan),
        np.ones(n, dtype=bool), np.zeros(n, dtype=bool), raw.finish,
    )  # fmt: skip
    none = np.full(n, None, dtype=object)
    columns = {name: audit_column(rows, getattr(raw, name).copy(), none.copy()) for name in ("clone", "near", "other")}
    logging = audit_column(rows, raw.base.copy(), none.copy())
    evidence = Evidence((raw.label, logging.values / raw.chars, raw.chars.astype(np.float64)))
    oracle = Column(raw.label, np.where(np.isnan(raw.label), "no_score", None), raw.label)
    return RunFacts(
        rows=rows, logging=PolicyFacts("base", "logging"), logging_column=logging,
        targets={name: PolicyFacts(name, "clone" if name == "clone" else "target") for name in columns},
        target_columns=columns, judge=audit_scores(rows, raw.judge.copy(), none.copy(), (0.0, 1.0), evidence),
        oracle=oracle, scale=(0.0, 1.0),
        dataset=DatasetFacts(n, marks=TextMarks(raw.control, raw.role, raw.turn, raw.loop)), stages=(),
    )  # fmt: skip


Damage = Callable[[Raw, Any, Generator], None]


@dataclass(frozen=True)
class Corruption:
    """One kind of damage, the checks that should see it, and whether it is done to single rows."""

    name: str
    checks: tuple[str, ...]
    damage: Damage
    by_row: bool = True


def put(field: str, value: float) -> Damage:
    """Write one value into a column."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        getattr(raw, field)[where] = value

    return damage


def change(field: str, how: Callable[[Floats, Generator], Floats]) -> Damage:
    """Change the chosen cells of a column."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        column = getattr(raw, field)
        column[where] = how(column[where], rng)

    return damage


def clip(low: float, high: float) -> Damage:
    """Clip the log ratios of a policy."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        raw.near[where] = raw.base[where] + np.clip(raw.near[where] - raw.base[where], low, high)

    return damage


def fill_from_base(raw: Raw, where: Any, rng: Generator) -> None:
    raw.near[where] = raw.base[where]


def swap_policies(raw: Raw, where: Any, rng: Generator) -> None:
    raw.base, raw.near = raw.near * 1.15, raw.base.copy()


def same_columns(raw: Raw, where: Any, rng: Generator) -> None:
    raw.other = raw.near.copy()


def not_at_random(raw: Raw, where: Any, rng: Generator) -> None:
    worst = np.argsort(raw.judge + rng.normal(0, 0.1, raw.n))[: len(where)]
    raw.near[worst] = np.nan


def long_are_missing(raw: Raw, where: Any, rng: Generator) -> None:
    raw.near[np.argsort(-raw.chars)[: len(where)]] = np.nan


def copy_labels(raw: Raw, where: Any, rng: Generator) -> None:
    raw.label[where] = raw.judge[where]


def mark(field: str, value: Any = True) -> Damage:
    """Set a text mark, as the text search would."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        getattr(raw, field)[where] = value

    return damage


def two_versions(raw: Raw, where: Any, rng: Generator) -> None:
    half = raw.n // 2
    raw.text_key[half : 2 * half] = raw.text_key[:half]
    raw.chars[half : 2 * half] = raw.chars[:half]
    raw.base[half : 2 * half] = raw.base[:half] - rng.normal(2, 1, half)
    raw.near[half : 2 * half] = raw.near[:half]


SENTINEL, TARGET = "sentinel_values", "target_policy."
MEANS = ("target_policy.logprob_density", "target_policy.log_ratio_sign")
UNIT = ("target_policy.mean_weight", "target_policy.log_ratio_sign", "estimation.ess", "estimation.overlap")
ALIGNED, CLIPPED, ATOM = ("target_policy.row_alignment",), ("target_policy.preclipped",), ("judge.sentinel_scores",)


def by_row() -> Iterator[Corruption]:
    """Return the damage done to single rows, at a rate."""
    for field, stage in (("base", "logging_policy."), ("near", TARGET)):
        for value in (-100.0, -50.0, -10.0, -999.0, -9999.0, -37.5, -123.456):
            yield Corruption(f"{field} = {value:g}", (stage + SENTINEL,), put(field, value))
        yield Corruption(f"{field} = 0", (stage + "zero_logprobs", stage + SENTINEL), put(field, 0.0))
        yield Corruption(f"{field} = -1e-8", (stage + SENTINEL,), put(field, -1e-8))
        yield Corruption(f"{field} > 0", (stage + "logprob_range",), change(field, lambda v, r: -v))
        yield Corruption(f"{field} = inf", (stage + "logprob_range",), put(field, -np.inf))
    yield Corruption("near missing", ("target_policy.coverage",), put("near", np.nan))
    yield Corruption("near = base", (*CLIPPED, "target_policy.uniform_weights"), fill_from_base)
    for value in (0.0, 0.5, 1.0, 0.7):
        yield Corruption(f"judge = {value:g}", ATOM, put("judge", value))
    yield Corruption("judge = -1", ("judge.range",), put("judge", -1.0))
    yield Corruption("judge missing", ("judge.scored",), put("judge", np.nan))
    yield Corruption("judge × 10", ("judge.single_judge", "judge.range"), change("judge", lambda v, r: v * 10))
    yield Corruption("judge × 100", ("judge.single_judge", "judge.range"), change("judge", lambda v, r: v * 100))
    yield Corruption("label = score", ("judge.oracle_leak",), copy_labels)
    yield Corruption("control token", ("dataset.template_contamination",), mark("control", "<|im_end|>"))
    yield Corruption("role marker", ("dataset.template_contamination",), mark("role"))
    yield Corruption("invented turn", ("dataset.runaway",), mark("turn"))
    yield Corruption("loop", ("dataset.runaway",), mark("loop"))
    yield Corruption("cut response", ("dataset.truncation",), mark("finish", "length"))
    yield Corruption("lowest scores lost", ("target_policy.missingness",), not_at_random)
    yield Corruption("longest rows lost", ("target_policy.missingness",), long_are_missing)


def by_column() -> Iterator[Corruption]:
    """Return the damage done to a whole column."""
    orders = {
        "shifted by 1": lambda v, r: np.roll(v, 1), "shifted by -2": lambda v, r: np.roll(v, -2),
        "shuffled": lambda v, r: r.permutation(v), "reversed": lambda v, r: v[::-1].copy(),
        "slips halfway": lambda v, r: np.r_[v[: len(v) // 2], np.roll(v[len(v) // 2 :], 1)],
    }  # fmt: skip
    for name, how in orders.items():
        yield Corruption(f"near {name}", ALIGNED, change("near", how), by_row=False)
    yield Corruption("base shuffled", ALIGNED, change("base", orders["shuffled"]), by_row=False)
    whole: tuple[tuple[str, tuple[str, ...], Damage], ...] = (
        ("near mean per character", MEANS, lambda raw, w, r: setattr(raw, "near", raw.near / raw.chars)),
        ("near ÷ 1000", MEANS, change("near", lambda v, r: v / 1000)),
        ("near × 2.303", UNIT, change("near", lambda v, r: v * 2.303)),
        ("near halved", MEANS, change("near", lambda v, r: v * 0.5)),
        ("base and near swapped", MEANS, swap_policies),
        ("near all 0", (f"{TARGET}zero_logprobs", f"{TARGET}uniform_weights"), change("near", lambda v, r: v * 0.0)),
        ("near = base everywhere", (f"{TARGET}uniform_weights",), fill_from_base),
        ("clipped at 1", CLIPPED, clip(-1.0, 1.0)),
        ("clipped above 0.8", CLIPPED, clip(-1e9, 0.8)),
        ("two policies, one column", (f"{TARGET}identical_policies",), same_columns),
        ("two model versions", ("logging_policy.single_policy",), two_versions),
        ("judge constant", ("judge.constant",), change("judge", lambda v, r: v * 0 + 0.5)),
        ("labels are scores", ("judge.oracle_leak",), copy_labels),
    )
    for name, checks, damage in whole:
        yield Corruption(name, checks, damage, by_row=False)


CATALOGUE = (*by_row(), *by_column())


def detected(corruption: Corruption, raw: Raw, rate: float, rng: Generator) -> bool:
    """Damage a copy of a clean dataset and say whether a named check speaks."""
    damaged = replace(raw, **{k: np.copy(v) for k, v in vars(raw).items()})
    k = max(2, round(rate * raw.n)) if corruption.by_row else raw.n
    where = rng.choice(raw.n, k, replace=False) if corruption.by_row else np.arange(raw.n)
    corruption.damage(damaged, where, rng)
    checks = run_checks(facts_of(damaged))
    return any(
        c.id in corruption.checks and c.status in ("warn", "fail") and c.policy in (None, POLICY) for c in checks
    )


def false_alarm(raw: Raw) -> list[str]:
    """Return the checks that fail on clean data and are not about overlap."""
    return [c.id for c in run_checks(facts_of(raw)) if c.status == "fail" and not c.id.startswith(OVERLAP)]


def measure(sizes: tuple[int, ...], rates: tuple[float, ...], seeds: int, clean_draws: int) -> dict[str, Any]:
    """Return detection by corruption, size and rate, and the share of clean draws with a false alarm."""
    power: dict[str, dict[str, float]] = {}
    for corruption in CATALOGUE:
        own = power.setdefault(corruption.name, {})
        for n in sizes:
            for rate in rates if corruption.by_row else (1.0,):
                hits = [detected(corruption, clean(n, s), rate, np.random.default_rng(1000 + s)) for s in range(seeds)]
                own[f"n={n} rate={rate:g}"] = float(np.mean(hits))
    alarms = [false_alarm(clean(sizes[s % len(sizes)], 5000 + s)) for s in range(clean_draws)]
    share = float(np.mean([bool(a) for a in alarms]))
    return {"power": power, "false_alarms": share, "alarms": sorted({i for a in alarms for i in a})}


def table(power: dict[str, dict[str, float]]) -> str:
    """Return the detection table as Markdown."""
    columns = list(dict.fromkeys(c for own in power.values() for c in own))
    lines = ["| corruption | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, own in power.items():
        lines.append(f"| {name} | " + " | ".join(f"{own[c]:.2f}" if c in own else "" for c in columns) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ends within 50 s on 2 cores")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", type=Path, help="write the table as Markdown")
    given = parser.parse_args()
    started = time.perf_counter()
    full = ((200, 500, 2000), (0.0015, 0.01, 0.05, 0.2), 10, 1000)
    found = measure((400,), (0.02,), 1, 20) if given.quick else measure(*full)
    cells = [v for own in found["power"].values() for v in own.values()]
    document = {
        "name": "audit_power", "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "figures": {"corruptions": len(CATALOGUE), "seconds": round(time.perf_counter() - started, 1), **found},
        "ratios": {"detected": float(np.mean(cells)), "false_alarms": found["false_alarms"]},
    }  # fmt: skip
    quiet = f"Clean draws with a failing check that is not about overlap: {found['false_alarms']:.2%} {found['alarms']}"
    text = f"{table(found['power'])}\n\n{quiet}"
    if given.write:
        given.write.write_text(text + "\n", encoding="utf-8")
    print(json.dumps(document) if given.json else text)


if __name__ == "__main__":
    main()
