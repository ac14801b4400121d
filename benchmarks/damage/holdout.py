"""Kinds of damage that no threshold was fixed or changed by looking at."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from damage.catalogue import ALIGNED, ATOM, CLIPPED, LEAK, LOGGING, LOST, SCALED, TARGET, UNIT
from damage.kinds import Corruption, Damage, Generator, change, lose, put
from damage.raw import Raw

SENTINEL = (f"{TARGET}sentinel_values",)
RANGE = (f"{TARGET}logprob_range",)


def average(field: str) -> Damage:
    """Fill cells with the average of their column."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        column = getattr(raw, field)
        column[where] = np.round(np.nanmean(column), 6)

    return damage


def floor_at(share: float) -> Damage:
    """Raise the lowest log-probs to one value."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        raw.near = np.maximum(raw.near, np.quantile(raw.near, share))

    return damage


def interleaved(v: Any, rng: Generator) -> Any:
    """Deal the two halves of a column in turn."""
    half = (len(v) + 1) // 2
    dealt = np.empty_like(v)
    dealt[::2], dealt[1::2] = v[:half], v[half:]
    return dealt


def with_the_prompt(raw: Raw, where: Any, rng: Generator) -> None:
    """Add the log-prob of a prompt to that of the response."""
    raw.near = raw.near - rng.gamma(4, 5, raw.n)


def part_of_the_text(raw: Raw, where: Any, rng: Generator) -> None:
    """Score the first half of every response."""
    raw.near = raw.near * rng.uniform(0.4, 0.6, raw.n)


def half_of_another_policy(raw: Raw, where: Any, rng: Generator) -> None:
    half = raw.n // 2
    raw.near[:half] = raw.other[:half]


def capped(raw: Raw, where: Any, rng: Generator) -> None:
    """Let no weight exceed 2."""
    raw.near = np.minimum(raw.near, raw.base + np.log(2))


def labels_moved(raw: Raw, where: Any, rng: Generator) -> None:
    """Give the labels to other labelled rows."""
    labelled = np.flatnonzero(~np.isnan(raw.label))
    raw.label[labelled] = raw.label[rng.permutation(labelled)]


def some_above_the_middle(raw: Raw, rng: Generator) -> Any:
    return (raw.judge > np.nanmedian(raw.judge)) + rng.random(raw.n)


def of_rows() -> Iterator[Corruption]:
    """Return damage to single rows, at a rate."""
    for field, stage in (("base", LOGGING), ("near", TARGET)):
        yield Corruption(
            f"{field} = its average", (f"{stage}sentinel_values",), average(field), exact=True, field=field
        )
    yield Corruption("near = -65504", SENTINEL, put("near", -65504.0), exact=True)
    yield Corruption("near = -100 with noise", SENTINEL, change("near", lambda v, r: -100 + r.normal(0, 1e-3, len(v))))
    yield Corruption("near as a probability", RANGE, change("near", lambda v, r: np.exp(v)), exact=True)
    yield Corruption("near doubled", UNIT, change("near", lambda v, r: 2 * v))
    yield Corruption("judge = its average", ATOM, average("judge"), field="judge")
    yield Corruption("judge = 1/3", ATOM, put("judge", 0.333333), field="judge")
    yield Corruption("judge in whole per cent", SCALED, change("judge", lambda v, r: np.round(100 * v)), field="judge")
    yield Corruption("judge from 1 to 5", SCALED, change("judge", lambda v, r: 1 + 4 * v), field="judge")
    yield Corruption("some scores above the middle lost", LOST, lose("near", some_above_the_middle))


def of_columns() -> Iterator[Corruption]:
    """Return damage to a whole column."""
    every: tuple[tuple[str, tuple[str, ...], Damage], ...] = (
        ("near: halves exchanged", ALIGNED, change("near", lambda v, r: np.roll(v, len(v) // 2))),
        ("near: halves interleaved", ALIGNED, change("near", interleaved)),
        ("near: lowest 3 % raised to one value", SENTINEL, floor_at(0.03)),
        ("near of prompt and response", UNIT, with_the_prompt),
        ("near of half the text", UNIT, part_of_the_text),
        ("near − 3", UNIT, change("near", lambda v, r: v - 3)),
        ("near as perplexity", RANGE, lambda raw, where, r: setattr(raw, "near", np.exp(-raw.near / raw.chars))),
        ("near of another policy, half", (f"{TARGET}identical_policies",), half_of_another_policy),
        ("weights capped at 2", CLIPPED, capped),
        ("labels of other rows", ("judge.calibration",), labels_moved),
        ("labels are rounded scores", LEAK, lambda raw, where, r: setattr(raw, "label", np.round(raw.judge, 2))),
    )  # fmt: skip
    for name, checks, damage in every:
        yield Corruption(name, checks, damage, by_row=False)


HOLDOUT = (*of_rows(), *of_columns())
