"""Kinds of damage written down before any of them was run; nothing was changed by looking at them.

Each is done the way it happens: to a block of rows that one worker or one batch wrote, to rows a reader misread, or to
a whole column. Named is every check that could be expected to speak; that one of them does is not promised.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from damage.catalogue import ALIGNED, CLIPPED, FEW, LEAK, LOST, SCALED, TARGET, UNIT
from damage.kinds import Change, Corruption, Damage, Generator, change, lose
from damage.raw import Raw

VALUES = (f"{TARGET}sentinel_values", f"{TARGET}logprob_range")
ANY = (*UNIT, *VALUES)
TIED = (*CLIPPED, f"{TARGET}uniform_weights", *VALUES)
SCORES = ("judge.sentinel_scores", *SCALED, "judge.calibration")
LABELS = ("judge.calibration", *LEAK)


def block(raw: Raw, where: Any, rng: Generator) -> Any:
    """Return as many rows as were chosen, in one piece: what one batch or one worker wrote."""
    begin = int(rng.integers(0, raw.n - len(where) + 1))
    return np.arange(begin, begin + len(where))


def in_block(field: str, how: Change) -> Damage:
    """Change a block of a column."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        column, chosen = getattr(raw, field), block(raw, where, rng)
        column[chosen] = how(column[chosen], rng)

    return damage


def tokens(raw: Raw) -> Any:
    """Return the tokens of each response, of four characters where nobody counted them."""
    return np.where(np.isnan(raw.tokens), np.maximum(raw.chars / 4, 1), raw.tokens)


def two_digits(v: Any, rng: Generator) -> Any:
    unit = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(v), 1e-9))) - 1)
    return np.round(v / unit) * unit


def exponent_lost(v: Any, rng: Generator) -> Any:
    return np.round(v / 10.0 ** np.floor(np.log10(np.maximum(np.abs(v), 1e-9))), 6)


def pasted_twice(raw: Raw, where: Any, rng: Generator) -> None:
    """Write a block over the one after it."""
    k = min(len(where), raw.n // 2)
    begin = int(rng.integers(0, raw.n - 2 * k + 1))
    raw.near[begin + k : begin + 2 * k] = raw.near[begin : begin + k]


def interpolated(raw: Raw, where: Any, rng: Generator) -> None:
    """Fill lost cells with the mean of the rows above and below, as data frames do."""
    inner = where[(where > 0) & (where < raw.n - 1)]
    raw.near[inner] = np.round((raw.near[inner - 1] + raw.near[inner + 1]) / 2, 6)


def wrong_model(raw: Raw, where: Any, rng: Generator) -> None:
    """Score a block with the logging model, on another card."""
    chosen = block(raw, where, rng)
    noisy = raw.base[chosen] + rng.normal(0, 1e-4, len(chosen))
    raw.near[chosen] = np.round(np.minimum(noisy, -1e-6), 6)


def columns_exchanged(raw: Raw, where: Any, rng: Generator) -> None:
    chosen = block(raw, where, rng)
    raw.base[chosen], raw.near[chosen] = raw.near[chosen], raw.base[chosen].copy()


def long_rows_as_means(raw: Raw, where: Any, rng: Generator) -> None:
    """Report means per token where a response is longer than usual."""
    long = raw.chars > np.median(raw.chars)
    raw.near[long] = np.round(raw.near[long] / tokens(raw)[long], 6)


def window(raw: Raw, where: Any, rng: Generator) -> None:
    """Sum over the first 128 tokens, where the context of the scorer ends."""
    raw.near = np.round(raw.near * np.minimum(1, 128 / tokens(raw)), 6)


def first_token_left_out(raw: Raw, where: Any, rng: Generator) -> None:
    """Leave the first token out, which costs more than others."""
    raw.near = np.round(np.minimum(raw.near + rng.gamma(2, 1.5, raw.n), raw.near * 0.2), 6)


def padding_scored(raw: Raw, where: Any, rng: Generator) -> None:
    """Add half a nat for every token that pads the batch of eight to its longest response."""
    size, batch = tokens(raw), np.arange(raw.n) // 8
    longest = np.zeros(batch[-1] + 1)
    np.maximum.at(longest, batch, size)
    raw.near = np.round(raw.near - 0.5 * (longest[batch] - size), 6)


def ratio_turned(raw: Raw, where: Any, rng: Generator) -> None:
    """Take logging − target for target − logging."""
    raw.near = np.round(np.minimum(2 * raw.base - raw.near, -1e-6), 6)


def quantised(raw: Raw, where: Any, rng: Generator) -> None:
    """Score with an eight-bit copy of the model, whose log-probs scatter by a fiftieth of a nat per token."""
    noise = rng.normal(0, 0.15, raw.n) * np.sqrt(tokens(raw) / 10)
    raw.near = np.round(np.minimum(raw.near + noise, -1e-6), 6)


def ratio_in_place(raw: Raw, where: Any, rng: Generator) -> None:
    raw.near = np.round(raw.near - raw.base, 6)


def unlabelled_as_0(raw: Raw, where: Any, rng: Generator) -> None:
    """Export labels nobody gave as 0."""
    empty = np.flatnonzero(np.isnan(raw.label))
    raw.label[empty[: len(where)]] = 0.0


def of_rows() -> Iterator[Corruption]:
    """Return damage to single rows or to a block of them, at a rate."""
    every: tuple[tuple[str, tuple[str, ...], Damage], ...] = (
        ("near: decimal comma lost", ANY, change("near", lambda v, r: np.round(v * 1e6))),
        ("near: exponent lost", ANY, change("near", exponent_lost)),
        ("near: filled from above and below", (*ANY, *ALIGNED), interpolated),
        ("near: block in bits", ANY, in_block("near", lambda v, r: np.round(v / np.log(2), 6))),
        ("near: block in two digits", ANY, in_block("near", two_digits)),
        ("near: block in half precision", ANY, in_block("near", lambda v, r: v.astype(np.float16).astype(float))),
        ("near: block reversed", (*ANY, *ALIGNED), in_block("near", lambda v, r: v[::-1].copy())),
        ("near: block pasted over the next", (*ANY, *ALIGNED), pasted_twice),
        ("near: block scored by the logging model", TIED, wrong_model),
        ("base and near exchanged in a block", ANY, columns_exchanged),
        ("near lost where the policy likes the text", LOST, lose("near", lambda raw, r: raw.near - raw.base)),
        ("judge: block upside down", SCORES, in_block("judge", lambda v, r: np.round(1 - v, 6))),
        ("judge: block in halves", SCORES, in_block("judge", lambda v, r: np.round(2 * v) / 2)),
        ("judge: block of stars ÷ 5", SCORES, in_block("judge", lambda v, r: np.round(1 + 4 * v) / 5)),
        ("judge: block ÷ 4", SCORES, in_block("judge", lambda v, r: np.round(v / 4, 6))),
        ("labels nobody gave are 0", LABELS, unlabelled_as_0),
        ("labels: block from 1 to 5", LABELS, in_block("label", lambda v, r: np.round(1 + 4 * v))),
    )  # fmt: skip
    for name, checks, damage in every:
        yield Corruption(name, checks, damage)


def of_columns() -> Iterator[Corruption]:
    """Return damage to a whole column."""
    every: tuple[tuple[str, tuple[str, ...], Damage], ...] = (
        ("near: means per token for long rows", ANY, long_rows_as_means),
        ("near: sums stop at token 128", ANY, window),
        ("near: first token left out", UNIT, first_token_left_out),
        ("near: padding scored too", ANY, padding_scored),
        ("near: log ratio turned round", UNIT, ratio_turned),
        ("near: eight-bit copy of the model", UNIT, quantised),
        ("near: log ratio in place of the log-prob", ANY, ratio_in_place),
        ("near: one row in three out of place", ALIGNED, change("near", thirds_out_of_place)),
        ("judge lags by three rows", ("judge.calibration",), change("judge", lambda v, r: np.roll(v, 3))),
        ("labels upside down", ("judge.calibration",), change("label", lambda v, r: 1 - v)),
        ("near: weight of 1 where it was above 2", (*TIED, *FEW), heavy_as_1),
    )  # fmt: skip
    for name, checks, damage in every:
        yield Corruption(name, checks, damage, by_row=False)


def thirds_out_of_place(v: Any, rng: Generator) -> Any:
    """Let a third of the rows change places among themselves, as answers do that come back late."""
    late = rng.choice(len(v), len(v) // 3, replace=False)
    v = v.copy()
    v[np.sort(late)] = v[late]
    return v


def heavy_as_1(raw: Raw, where: Any, rng: Generator) -> None:
    """Put a weight of 1 where it came out above 2, as a guard against overflow does."""
    heavy = raw.near - raw.base > np.log(2)
    raw.near[heavy] = raw.base[heavy]


FRESH = (*of_rows(), *of_columns())
