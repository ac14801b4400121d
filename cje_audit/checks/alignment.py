"""Whether log-probs belong to the rows they stand in: shifted, swapped, reversed or shuffled columns."""

import math
from dataclasses import dataclass

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, not_evaluated
from cje_audit.checks.frame import Bools, Column, Floats, Ints, Rows
from cje_audit.checks.words import count, number
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.numerics.association import best_order, dot, standard_ranks, upper_limit

CHECK = "target_policy.row_alignment"


@dataclass(frozen=True)
class Misfit:
    """What is wrong with the order of the rows, in words, and the two rank correlations behind it."""

    sentence: str
    rho: float
    limit: float


@dataclass(frozen=True, eq=False)
class Trio:
    """The usable part of target and logging log-probs and response lengths, in file order, each shape (m,)."""

    target: Floats
    logging: Floats
    chars: Floats

    def part(self, where: Ints) -> "Trio":
        """Return some of the rows."""
        return Trio(self.target[where], self.logging[where], self.chars[where])


def row_alignment(rows: Rows, policy: str, logging: Column, target: Column) -> Check:
    """Ask whether the log-probs of a target policy and of the logging policy belong to the same rows."""
    usable = logging.ok & target.ok & rows.has_response
    n = int(np.count_nonzero(usable))
    if n < thresholds.ALIGNMENT_ROWS:
        return not_evaluated(CHECK, f"only {count(n, rows.n)} rows have both log-probs", policy)
    trio = Trio(target.values[usable], logging.values[usable], rows.response_chars[usable].astype(np.float64))
    rho = dot(standard_ranks(trio.target), standard_ranks(trio.logging))
    misfit, part = find_misfit(trio, policy)
    affected: Bools = np.zeros(rows.n, dtype=bool)
    if misfit is not None:
        affected[np.flatnonzero(usable)[part]] = True
    return Check(
        id=CHECK,
        policy=policy,
        status=CheckStatus.FAIL if misfit else CheckStatus.PASS,
        value=misfit.rho if misfit else rho,
        threshold=misfit.limit if misfit else thresholds.ALIGNMENT_LOW,
        n_affected=int(affected.sum()),
        sentence=misfit.sentence
        if misfit
        else f"The log-probs of {policy} stand in the rows they belong to "
        f"(rank correlation {number(rho)} with the logging policy's).",
        what_to_do="Join the log-probs to the rows by id, not by position, and import again." if misfit else None,
        example_ids=examples(rows, affected) if misfit else (),
    )


def find_misfit(trio: Trio, policy: str) -> tuple[Misfit | None, Ints]:
    """Look at the whole file first, then at its halves, quarters and eighths; return the misfit and its rows."""
    n = len(trio.target)
    whole = np.arange(n, dtype=np.int64)
    levels = [[whole], *_stretches(whole)]
    n_looks = sum(map(len, levels))
    for level in levels:
        looked = [(_misfit(trio.part(rows), policy, n_looks), rows) for rows in level]
        wrong = [(misfit, rows) for misfit, rows in looked if misfit is not None]
        if wrong:
            return wrong[0][0], np.concatenate([rows for _, rows in wrong])
    return None, whole


def _stretches(whole: Ints) -> list[list[Ints]]:
    """Return the rows in two, four and eight stretches, each of which can tell one order from another."""
    parts = [2**k for k in range(1, 1 + int(math.log2(thresholds.ALIGNMENT_PARTS)))]
    return [np.array_split(whole, p) for p in parts if len(whole) >= p * thresholds.ALIGNMENT_ROWS]


def _misfit(trio: Trio, policy: str, n_looks: int) -> Misfit | None:
    """Look once at these rows; `n_looks` is how often one looks in all."""
    ranks = Trio(*(standard_ranks(v) for v in (trio.target, trio.logging, trio.chars)))
    return _reordered(ranks, policy, n_looks) or _unrelated(trio, ranks, policy, n_looks)


def _reordered(ranks: Trio, policy: str, n_looks: int) -> Misfit | None:
    """Say whether another order of the rows fits far better than the one given."""
    limit = thresholds.ALIGNMENT_Z + math.sqrt(2 * math.log(n_looks))
    pairs = (
        (f"the log-probs of {policy} fit the logging policy's", ranks.target, ranks.logging),
        (f"the log-probs of {policy} fit the length of the responses", ranks.target, ranks.chars),
        ("the logging log-probs fit the length of the responses", ranks.logging, ranks.chars),
    )
    for what, moved, fixed in pairs:
        best = best_order(moved, fixed)
        if best.z > limit and abs(best.rho_best) - abs(best.rho_given) > thresholds.ALIGNMENT_GAIN:
            sentence = (
                f"On {len(moved):,} rows {what} when {best.name} (rank correlation {number(best.rho_best)}), "
                f"but hardly as they stand ({number(best.rho_given)})."
            )
            return Misfit(sentence, best.rho_given, best.rho_best)
    return None


def _unrelated(trio: Trio, ranks: Trio, policy: str, n_looks: int) -> Misfit | None:
    """Say whether the two columns have as little to do with each other as shuffled ones.

    Where length drives one of them, it must drive the other half as much, whoever wrote the text. Where it drives
    neither, two columns of like spread cannot be unrelated unless they belong to different rows.
    """
    level = 1 - (1 - thresholds.ALIGNMENT_LEVEL) / n_looks
    n = len(trio.target)
    together = dot(ranks.target, ranks.logging)
    less, more = sorted((-dot(ranks.target, ranks.chars), -dot(ranks.logging, ranks.chars)))
    limit = max(thresholds.ALIGNMENT_LOW, more / 2)
    driven = more >= thresholds.ALIGNMENT_LENGTH
    related = upper_limit(together, n, level) >= limit
    explained = upper_limit(less, n, level) >= limit if driven else not _like_spread(trio)
    if related or explained:
        return None
    sentence = (
        f"On {n:,} rows the log-probs of {policy} and of the logging policy have nothing to do with each other "
        f"(rank correlation {number(together)}): one of them belongs to other rows."
    )
    return Misfit(sentence, together, limit)


def _like_spread(trio: Trio) -> bool:
    """Say whether the two columns vary about equally, as one text under two policies does."""
    spread = [float(np.subtract(*np.quantile(v, (0.75, 0.25)))) for v in (trio.target, trio.logging)]
    return min(spread) > 0 and max(spread) <= thresholds.ALIGNMENT_SPREAD * min(spread)
