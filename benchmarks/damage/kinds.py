"""What one kind of damage is, and the small pieces that damage is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cje_audit.checks.catalogue import CATALOGUE
from damage.raw import GRAVE, Audit, Raw

GRAVEST = {entry.id: GRAVE[entry.worst] for entry in CATALOGUE}
Generator = np.random.Generator
Damage = Callable[[Raw, Any, Generator], None]
Change = Callable[[Any, Generator], Any]


@dataclass(frozen=True)
class Corruption:
    """One kind of damage, and the checks that should see it.

    `by_row` is done to single rows, at a rate; otherwise to the whole column. `exact` says that the damaged cells must
    go missing, and no others; `field` is the column they stand in.
    """

    name: str
    checks: tuple[str, ...]
    damage: Damage
    by_row: bool = True
    exact: bool = False
    field: str = "near"

    def applied(self, raw: Raw, rate: float, rng: Generator) -> tuple[Raw, Any]:
        """Return a damaged copy, and the rows that were chosen."""
        damaged = raw.copy()
        k = min(max(2, round(rate * raw.n)), raw.n) if self.by_row else raw.n
        where = rng.choice(raw.n, k, replace=False) if self.by_row else np.arange(raw.n)
        self.damage(damaged, where, rng)
        return damaged, where


@dataclass(frozen=True)
class Outcome:
    """What the audit made of one damaged dataset.

    `detected` says whether a named check spoke more gravely than of the same rows before; None where each of them
    already spoke as gravely as it can. `exact` says whether just the damaged cells went missing; None where that is no
    question.
    """

    detected: bool | None
    exact: bool | None = None


def outcome(corruption: Corruption, clean: Audit, rate: float, rng: Generator) -> Outcome:
    """Damage a copy of a clean dataset and say what the audit made of it."""
    damaged, _ = corruption.applied(clean.raw, rate, rng)
    audit = Audit(damaged, clean)
    exact = excluded(corruption.field, clean, audit) if corruption.exact else None
    before = clean.said(corruption.checks)
    if before and all(grave >= GRAVEST[check] for (check, _), grave in before.items()):
        return Outcome(None, exact)
    now = audit.said(corruption.checks)
    return Outcome(any(grave > before.get(check, 0) for check, grave in now.items()), exact)


def excluded(field: str, clean: Audit, audit: Audit) -> bool:
    """Say whether the cells that were changed, and no others, went missing."""
    changed = getattr(audit.raw, field) != getattr(clean.raw, field)
    return bool(np.array_equal(~audit.column(field).ok, changed))


def put(field: str, value: Any) -> Damage:
    """Write one value into a column."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        getattr(raw, field)[where] = value

    return damage


def change(field: str, how: Change) -> Damage:
    """Change the chosen cells of a column."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        column = getattr(raw, field)
        column[where] = how(column[where], rng)

    return damage


def on_long_text(field: str, value: float) -> Damage:
    """Write one value into rows of eight tokens and more: short, certain answers may have it rightly."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        tokens = np.where(np.isnan(raw.tokens), raw.chars / 5, raw.tokens)
        long = np.flatnonzero(tokens >= 8)
        getattr(raw, field)[rng.choice(long, min(len(where), len(long)), replace=False)] = value

    return damage


def clip(low: float, high: float) -> Damage:
    """Clip the log ratios of a policy."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        raw.near[where] = raw.base[where] + np.clip(raw.near[where] - raw.base[where], low, high)

    return damage


def clip_share(share: float) -> Damage:
    """Clip the log ratios of a policy at its own quantiles, on both sides."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        ratio = raw.near - raw.base
        low, high = np.quantile(ratio, (share, 1 - share))
        raw.near = raw.base + np.clip(ratio, low, high)

    return damage


def lose(field: str, by: Callable[[Raw, Generator], Any]) -> Damage:
    """Lose the rows with the largest of some numbers."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        getattr(raw, field)[np.argsort(-by(raw, rng))[: len(where)]] = np.nan

    return damage


def slips(v: Any, at: float, by: int = 1) -> Any:
    """Shift a column from a place on."""
    begin = int(at * len(v))
    return np.r_[v[:begin], np.roll(v[begin:], by)]


def blocks(v: Any, size: int) -> Any:
    """Swap neighbouring blocks of rows."""
    index = np.arange(len(v))
    whole = len(v) // (2 * size) * 2 * size
    index[:whole] = index[:whole].reshape(-1, 2, size)[:, ::-1].ravel()
    return v[index]
