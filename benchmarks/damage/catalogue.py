"""The catalogue of corruptions, which thresholds were looked at with; `holdout` has those they were not."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from damage.kinds import Corruption, Damage, Generator, blocks, change, clip, clip_share, lose, on_long_text, put, slips
from damage.raw import Raw

LOGGING, TARGET = "logging_policy.", "target_policy."
STAGES = (("base", LOGGING), ("near", TARGET))
MEANS = (f"{TARGET}logprob_density", f"{TARGET}log_ratio_sign", f"{TARGET}mean_weight")
FEW = ("estimation.ess", "estimation.overlap", "estimation.tail_index", "estimation.near_zero_weights")
UNIT = (*MEANS, *FEW, f"{TARGET}row_alignment")
ALIGNED, CLIPPED, ATOM = (f"{TARGET}row_alignment",), (f"{TARGET}preclipped",), ("judge.sentinel_scores",)
SCALED, LEAK = ("judge.single_judge", "judge.range"), ("judge.oracle_leak",)
LOST = (f"{TARGET}missingness",)
CONTAMINATED, RUNAWAY = ("dataset.template_contamination",), ("dataset.runaway",)


def constants(values: tuple[float, ...]) -> Iterator[Corruption]:
    """Return fallback constants in either column."""
    for field, stage in STAGES:
        for value in values:
            checks = (f"{stage}sentinel_values", f"{stage}zero_logprobs")
            damage = on_long_text(field, value) if value > -0.1 else put(field, value)
            yield Corruption(f"{field} = {value:.10g}", checks, damage, exact=True, field=field)


def signed() -> Iterator[Corruption]:
    """Return zeros, positive and non-finite values."""
    for field, stage in STAGES:
        zero = (f"{stage}zero_logprobs",)
        yield Corruption(f"{field} = 0 on text", zero, on_long_text(field, 0.0), exact=True, field=field)
        for name, how in (("> 0", lambda v, r: -v), ("slightly > 0", lambda v, r: np.full_like(v, 1e-7))):
            yield Corruption(f"{field} {name}", (f"{stage}logprob_range",), change(field, how), exact=True, field=field)
        for name, value in (("−inf", -np.inf), ("inf", np.inf)):
            yield Corruption(
                f"{field} = {name}", (f"{stage}logprob_range",), put(field, value), exact=True, field=field
            )


def copy_labels(raw: Raw, where: Any, rng: Generator) -> None:
    raw.label[where] = raw.judge[where]


def copy_some_labels(share: float) -> Damage:
    """Copy scores into a share of the labels that are there."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        labelled = np.flatnonzero(~np.isnan(raw.label))
        chosen = rng.choice(labelled, max(2, round(share * len(labelled))), replace=False)
        raw.label[chosen] = raw.judge[chosen]

    return damage


def fill_from_base(raw: Raw, where: Any, rng: Generator) -> None:
    raw.near[where] = raw.base[where]


def by_row() -> Iterator[Corruption]:
    """Return the damage done to single rows, at a rate."""
    yield from constants((-100.0, -50.0, -10.0, -999.0, -9999.0, -37.5, -123.456, -1e-8))
    yield from signed()
    yield Corruption("near missing", (f"{TARGET}coverage",), put("near", np.nan))
    yield Corruption("near = base", (*CLIPPED, f"{TARGET}uniform_weights"), fill_from_base)
    for value in (0.0, 0.5, 1.0, 0.7):
        yield Corruption(f"judge = {value:g}", ATOM, put("judge", value), field="judge")
    yield Corruption("judge = -1", ("judge.range",), put("judge", -1.0), field="judge")
    yield Corruption("judge missing", ("judge.scored",), put("judge", np.nan), field="judge")
    yield Corruption("judge × 10", SCALED, change("judge", lambda v, r: v * 10), field="judge")
    yield Corruption("judge × 100", SCALED, change("judge", lambda v, r: v * 100), field="judge")
    yield Corruption("label = score", LEAK, copy_labels, field="label")
    yield Corruption("control token", CONTAMINATED, put("control", "<|im_end|>"))
    yield Corruption("role marker", CONTAMINATED, put("role", True))
    yield Corruption("invented turn", RUNAWAY, put("turn", True))
    yield Corruption("loop", RUNAWAY, put("loop", True))
    yield Corruption("cut response", ("dataset.truncation",), put("finish", "length"))
    yield Corruption("lowest scores lost", LOST, lose("near", lambda raw, r: -raw.judge + r.normal(0, 0.1, raw.n)))
    yield Corruption("longest rows lost", LOST, lose("near", lambda raw, r: raw.chars + r.random(raw.n)))


def swap_policies(raw: Raw, where: Any, rng: Generator) -> None:
    raw.base, raw.near = raw.near, raw.base.copy()


def same_columns(raw: Raw, where: Any, rng: Generator) -> None:
    raw.other = raw.near.copy()


def per_token(field: str) -> Damage:
    """Report means per token as if they were sums."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        tokens = np.where(np.isnan(raw.tokens), np.maximum(raw.chars / 4, 1), raw.tokens)
        setattr(raw, field, getattr(raw, field) / tokens)

    return damage


def two_versions(raw: Raw, where: Any, rng: Generator) -> None:
    """Score every text of the first half twice, by two versions of the logging model."""
    half = raw.n // 2
    for field in ("text_key", "chars", "tokens", "near", "clone", "other"):
        column = getattr(raw, field)
        column[half : 2 * half] = column[:half]
    raw.base[half : 2 * half] = raw.base[:half] * np.exp(rng.normal(0.05, 0.1, half))


def other_text(raw: Raw, where: Any, rng: Generator) -> None:
    """Give every row the response of the next one: what was scored is not what stands there."""
    for field in ("chars", "text_key", "open_end", "tokens"):
        setattr(raw, field, np.roll(getattr(raw, field), 1))


ORDERS = {
    "shifted by 1": lambda v, r: np.roll(v, 1),
    "shifted by -2": lambda v, r: np.roll(v, -2),
    "shuffled": lambda v, r: r.permutation(v),
    "reversed": lambda v, r: v[::-1].copy(),
    "slips halfway": lambda v, r: slips(v, 0.5),
}
UNITS = {
    "near mean per token": per_token("near"),
    "near in bits": change("near", lambda v, r: v / np.log(2)),
    "near in log10": change("near", lambda v, r: v / np.log(10)),
    "near × 2.303": change("near", lambda v, r: v * np.log(10)),
    "near ÷ 1000": change("near", lambda v, r: v / 1000),
    "near halved": change("near", lambda v, r: v * 0.5),
    "base and near swapped": swap_policies,
}
WHOLE: tuple[tuple[str, tuple[str, ...], Damage], ...] = (
    ("base mean per token", (f"{LOGGING}logprob_density", *UNIT), per_token("base")),
    ("near all 0", (f"{TARGET}zero_logprobs", f"{TARGET}uniform_weights"), change("near", lambda v, r: v * 0.0)),
    ("near = base everywhere", (f"{TARGET}uniform_weights",), fill_from_base),
    ("clipped to ± 1", CLIPPED, clip(-1.0, 1.0)),
    ("clipped above 0.8", CLIPPED, clip(-1e9, 0.8)),
    ("clipped at 5 % and 95 %", CLIPPED, clip_share(0.05)),
    ("two policies, one column", (f"{TARGET}identical_policies",), same_columns),
    ("two model versions", ("logging_policy.single_policy",), two_versions),
    ("responses of other rows", ALIGNED, other_text),
    ("judge constant", ("judge.constant",), change("judge", lambda v, r: v * 0 + 0.5)),
    ("labels are scores", LEAK, copy_labels),
    ("a fifth of the labels are scores", LEAK, copy_some_labels(0.2)),
)


def by_column() -> Iterator[Corruption]:
    """Return the damage done to a whole column."""
    for name, how in ORDERS.items():
        yield Corruption(f"near {name}", ALIGNED, change("near", how), by_row=False)
    yield Corruption("base shuffled", ALIGNED, change("base", ORDERS["shuffled"]), by_row=False)
    for name, damage in UNITS.items():
        yield Corruption(name, UNIT, damage, by_row=False)
    for name, checks, damage in WHOLE:
        yield Corruption(name, checks, damage, by_row=False)


def from_the_row_before(raw: Raw, where: Any, rng: Generator) -> None:
    """Answer from the cache of the request before."""
    raw.near[where] = raw.near[where - 1]


def two_constants(raw: Raw, where: Any, rng: Generator) -> None:
    half = len(where) // 2
    raw.near[where[:half]], raw.near[where[half:]] = -77.7, -1e4


def repeat_in_blocks(raw: Raw, where: Any, rng: Generator) -> None:
    """Repeat the value of every tenth row in the nine after it, as a cache bug does."""
    raw.near = raw.near[np.arange(raw.n) // 10 * 10]


def near_at_temperature(t: float) -> Damage:
    """Score under another temperature: per token, p^(1/t) normalised, roughly."""

    def damage(raw: Raw, where: Any, rng: Generator) -> None:
        tokens = np.where(np.isnan(raw.tokens), np.maximum(raw.chars / 4, 1), raw.tokens)
        surprise = -raw.near / tokens
        raw.near = -tokens * (surprise / t + (1 - 1 / t) * np.log1p(surprise) * np.sign(t - 1))

    return damage


def others() -> Iterator[Corruption]:
    """Return more of both: odd constants, odd orders, odd scales."""
    odd = (-42.0, -1e-3, float(np.log(1e-10)), -69.0776, float(np.finfo(np.float32).min), -88.0, -1e4 / 3, -5e-7)
    yield from constants(odd)
    yield Corruption("near: −77.7 and −10000", (f"{TARGET}sentinel_values",), two_constants)
    yield Corruption("near of the row before", (f"{TARGET}sentinel_values",), from_the_row_before)
    for value in (0.3, 0.25, 0.85):
        yield Corruption(f"judge = {value:g}", ATOM, put("judge", value), field="judge")
    yield Corruption("judge × 5", SCALED, change("judge", lambda v, r: v * 5), field="judge")
    yield Corruption("judge ÷ 10", SCALED, change("judge", lambda v, r: v / 10), field="judge")
    yield Corruption("highest scores lost", LOST, lose("near", lambda raw, r: raw.judge + r.normal(0, 0.2, raw.n)))
    yield Corruption("unlikely rows lost", LOST, lose("near", lambda raw, r: -raw.near))
    whole: tuple[tuple[str, tuple[str, ...], Damage], ...] = (
        ("near repeated in blocks of 10", (*ALIGNED, f"{TARGET}sentinel_values"), repeat_in_blocks),
        ("near shifted by 17", ALIGNED, change("near", lambda v, r: np.roll(v, 17))),
        ("near: blocks of 25 swapped", ALIGNED, change("near", lambda v, r: blocks(v, 25))),
        ("near slips after two thirds", ALIGNED, change("near", lambda v, r: slips(v, 2 / 3, -3))),
        ("near sorted", ALIGNED, change("near", lambda v, r: np.sort(v))),
        ("near scored at T = 0.5", UNIT, near_at_temperature(0.5)),
        ("near scored at T = 2", UNIT, near_at_temperature(2.0)),
        ("near × −1 + const", (f"{TARGET}logprob_range",), change("near", lambda v, r: -v - 1)),
        ("near + 5", UNIT, change("near", lambda v, r: np.minimum(v + 5, -1e-3 * r.random(len(v))))),
        ("clipped at 1 % and 99 %", CLIPPED, clip_share(0.01)),
        ("5 % of the labels are scores", LEAK, copy_some_labels(0.05)),
    )
    for name, checks, damage in whole:
        yield Corruption(name, checks, damage, by_row=False)


CATALOGUE = (*by_row(), *by_column(), *others())
