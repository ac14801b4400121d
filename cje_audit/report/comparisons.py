"""Differences between policies, paired by prompt, adjusted for how many are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from cje_audit.checks.words import number, span
from cje_audit.domain.checks import Verdict
from cje_audit.domain.report import Comparison, PolicyReport
from cje_audit.numerics.compare import benjamini_hochberg, difference, holm
from cje_audit.numerics.inference import LEVEL
from cje_audit.numerics.ranking import joint_covariance
from cje_audit.report.facts import RunFacts
from cje_audit.report.gaps import Gap, correlation_of, gap_of
from cje_audit.report.standing import Standing, prompts_in_common, standings

RANKABLE = (Verdict.REPORT, Verdict.RANK_ONLY)
SIGNIFICANT = 0.05
UNTESTED = (None, None)


@dataclass(frozen=True, eq=False)
class Paired:
    """A computed difference a − b, before adjustment."""

    a: str
    b: str
    gap: Gap
    n_pairs: int

    @property
    def p_value(self) -> float | None:
        """Its p-value before adjustment."""
        return self.gap.p_value


def headline_reward(policy: PolicyReport) -> str | None:
    """Return the reward of a policy's primary estimate."""
    return next((e.reward for e in policy.estimates if e.primary), None)


def compare_policies(facts: RunFacts, policies: Sequence[PolicyReport]) -> tuple[Comparison, ...]:
    """Compare every pair; pairs with a refused policy, or with different rewards, are not comparable."""
    rewards = {p.name: headline_reward(p) for p in policies if p.verdict in RANKABLE}
    known = standings(facts, {name: reward for name, reward in rewards.items() if reward is not None})
    made: list[Paired | Comparison] = []
    for a, b in combinations(policies, 2):
        reason = _incomparable(a, b, rewards)
        made.append(_refused(a, b, reason) if reason else pair_of(facts, (a.name, b.name), known))
    tested = [m.p_value for m in made if isinstance(m, Paired) and m.p_value is not None]
    adjusted = iter(zip(holm(tested), benjamini_hochberg(tested), strict=True))
    return tuple(
        m if isinstance(m, Comparison) else _told(m, UNTESTED if m.p_value is None else next(adjusted)) for m in made
    )


def _incomparable(a: PolicyReport, b: PolicyReport, rewards: dict[str, str | None]) -> str | None:
    unfit = [p.name for p in (a, b) if p.name not in rewards]
    if unfit:
        return f"{' and '.join(unfit)} may not be given a number"
    if rewards[a.name] is None or rewards[a.name] != rewards[b.name]:
        return f"{a.name} is measured by {rewards[a.name]}, {b.name} by {rewards[b.name]}"
    return None


def _refused(a: PolicyReport, b: PolicyReport, reason: str | None) -> Comparison:
    return Comparison(
        a=a.name, b=b.name, difference=None, interval=None, p_value=None, p_adjusted=None, adjustment=None, n_pairs=0,
        comparable=False, sentence=f"{a.name} and {b.name} cannot be compared: {reason}.",
    )  # fmt: skip


def pair_of(facts: RunFacts, names: tuple[str, str], known: Mapping[str, Standing], *, level: float = LEVEL) -> Paired:
    """Return the difference a − b of two policies whose standing on one reward is known."""
    one, two = known[names[0]], known[names[1]]
    labels = None if one.replicates is None or two.replicates is None else (one.replicates, two.replicates)
    alone = facts.rows.prompts.alone()
    got = difference(
        one.value - two.value, one.shares, two.shares, alone,
        replicates=None if labels is None else labels[0] - labels[1],
    )  # fmt: skip
    correlation = correlation_of(joint_covariance((one.shares, two.shares), alone, labels))
    gap = gap_of(got, (one.headline, two.headline), correlation, level=level)
    return Paired(*names, gap, prompts_in_common(one, two))


def _told(paired: Paired, adjusted: tuple[float | None, float | None]) -> Comparison:
    p_adjusted, p_adjusted_bh = adjusted
    return Comparison(
        a=paired.a,
        b=paired.b,
        difference=paired.gap.value,
        interval=paired.gap.interval,
        p_value=paired.p_value,
        p_adjusted=p_adjusted,
        adjustment=None if p_adjusted is None else "holm",
        n_pairs=paired.n_pairs,
        comparable=True,
        sentence=_sentence(paired, p_adjusted),
        p_adjusted_bh=p_adjusted_bh,
        interval_reason=paired.gap.note,
    )


def _sentence(paired: Paired, p_adjusted: float | None) -> str:
    shown = (
        f"{paired.a} − {paired.b}: {number(paired.gap.value)} "
        f"(95 % interval {span(paired.gap.interval)}, {paired.n_pairs:,} prompts in common)"
    )
    if paired.gap.note is not None:
        shown = f"{shown[:-1]}; {paired.gap.note})"
    if p_adjusted is None:
        return f"{shown}."
    verdict = "a difference beyond chance" if p_adjusted < SIGNIFICANT else "no difference beyond chance"
    return f"{shown}, adjusted p = {number(p_adjusted)}: {verdict}."


def best_policy(policies: Sequence[PolicyReport], comparisons: Sequence[Comparison]) -> str | None:
    """Return the policy that is ahead of every other rankable one beyond chance, or None. Clones do not compete."""
    names = [p.name for p in policies if p.verdict in RANKABLE and p.role != "clone"]
    ahead = {
        (c.a, c.b) if c.difference > 0 else (c.b, c.a) for c in comparisons if _clear(c) and c.difference is not None
    }
    winners = [n for n in names if len(names) > 1 and all((n, other) in ahead for other in names if other != n)]
    return winners[0] if winners else None


def _clear(comparison: Comparison) -> bool:
    return comparison.p_adjusted is not None and comparison.p_adjusted < SIGNIFICANT
