"""Two runs held against each other: each pair of policies, paired by prompt; refused numbers are never compared."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cje_audit.checks.frame import Codes, Floats, Ints
from cje_audit.checks.words import number, span
from cje_audit.domain.checks import Verdict
from cje_audit.domain.comparison import ComparedPair, ComparedRun, RunComparison
from cje_audit.domain.report import PolicyReport, Report
from cje_audit.numerics.compare import (
    benjamini_hochberg,
    difference,
    holm,
    shared_clusters,
    spread_influence,
)
from cje_audit.numerics.point import Point
from cje_audit.numerics.prompts import by_prompt
from cje_audit.numerics.ranking import joint_covariance
from cje_audit.report.comparisons import RANKABLE, SIGNIFICANT, headline_reward
from cje_audit.report.facts import RunFacts
from cje_audit.report.gaps import Gap, Headline, correlation_of, gap_of
from cje_audit.report.samples import Sample, sample_of, snips_point
from cje_audit.report.setting import Setting, data_differ, judge_differs, settings_differ, template_differs
from cje_audit.report.skipping import without_skipped


@dataclass(frozen=True, eq=False)
class Side:
    """One run: its report, its rows with the prompt id of each, str objects (n,), and how it was asked."""

    label: str
    report: Report
    facts: RunFacts
    prompt_ids: Codes
    setting: Setting

    @property
    def kept(self) -> RunFacts:
        """The facts its estimates rest on."""
        return without_skipped(self.facts)

    @property
    def shown(self) -> ComparedRun:
        """The run as the comparison names it."""
        run = self.report.run
        return ComparedRun(label=self.label, id=run.id, name=run.name, created_at=run.created_at)


def compare_runs(a: Side, b: Side) -> RunComparison:
    """Compare two runs. Where data, judge or the logging policy's template differ, nothing is compared."""
    differs = apart(a, b)
    pairs = [_pair(a, b, *names, blocked=bool(differs)) for names in pairs_of(a.report, b.report)]
    made = _adjusted(pairs)
    comparable = [p for p in made if p.comparable]
    return RunComparison(
        a=a.shown, b=b.shown, comparable=bool(comparable), differs=differs, comparisons=made,
        sentence=_summary(differs, made, comparable),
    )  # fmt: skip


def apart(a: Side, b: Side) -> tuple[str, ...]:
    """Say in words why two runs are not comparable; nothing where they are."""
    template = template_differs(a.setting, b.setting, a.facts.logging.name, b.facts.logging.name)
    told = data_differ(a.facts, b.facts, (a.report.run.data_hash, b.report.run.data_hash))
    told += judge_differs(a.setting, b.setting)
    return (*told, *([] if template is None else [f"Of the logging policy {template}."]))


def pairs_of(a: Report, b: Report) -> Iterator[tuple[str, str]]:
    """Give the pairs to compare: policies of one name, then each other policy of A with each other of B."""
    names_a, names_b = [p.name for p in a.policies], [p.name for p in b.policies]
    yield from ((n, n) for n in names_a if n in names_b)
    others = [n for n in names_b if n not in names_a]
    yield from ((n, other) for n in names_a if n not in names_b for other in others)


def _pair(a: Side, b: Side, name_a: str, name_b: str, *, blocked: bool) -> ComparedPair:
    first, second = a.report.policy(name_a), b.report.policy(name_b)
    if first is None or second is None:
        raise ValueError("Pairs are made of the reports' own policies.")
    why = "the runs are not comparable" if blocked else _incomparable(a, b, first, second)
    reward = headline_reward(first)
    if why is not None or reward is None:
        sentence = f"{name_a} (A) and {name_b} (B) are not compared: {why}."
        return ComparedPair(a=name_a, b=name_b, comparable=False, sentence=sentence)
    one, two = sample_of(a.kept, name_a, reward), sample_of(b.kept, name_b, reward)
    if one is None or two is None:
        raise ValueError("A policy with a headline has rows.")
    found = _measured(a, b, (name_a, one), (name_b, two))
    return found.model_copy(update={"value_a": _level(first, one), "value_b": _level(second, two)})


def _level(policy: PolicyReport, sample: Sample) -> float | None:
    """Return the value itself where the level may stand, not the order alone."""
    return snips_point(sample).value if policy.verdict is Verdict.REPORT else None


def _incomparable(a: Side, b: Side, first: PolicyReport, second: PolicyReport) -> str | None:
    unfit = [f"{p.name} ({label})" for p, label in ((first, "A"), (second, "B")) if p.verdict not in RANKABLE]
    if unfit:
        return f"{' and '.join(unfit)} may not be given a number"
    if headline_reward(first) != headline_reward(second):
        return f"A measures by {headline_reward(first)}, B by {headline_reward(second)}"
    return template_differs(a.setting, b.setting, first.name, second.name)


def _measured(a: Side, b: Side, first: tuple[str, Sample], second: tuple[str, Sample]) -> ComparedPair:
    (name_a, one), (name_b, two) = first, second
    prompts = joint_clusters(a.prompt_ids, b.prompt_ids)
    gap = joint_gap((Headline(one, snips_point(one)), Headline(two, snips_point(two))), prompts)
    how = "" if gap.note is None else f"; {gap.note}"
    return ComparedPair(
        a=name_a,
        b=name_b,
        comparable=True,
        reward=one.name,
        difference=gap.value,
        interval=gap.interval,
        p_value=gap.p_value,
        n_pairs=shared_clusters(prompts[0][one.used], prompts[1][two.used]),
        differs=settings_differ(a.setting, b.setting, name_a, name_b),
        interval_reason=gap.note,
        sentence=f"{name_a} (A) − {name_b} (B): {number(gap.value)} (95 % interval {span(gap.interval)}{how}",
    )


def joint_clusters(a: Codes, b: Codes) -> tuple[Ints, Ints]:
    """Return numbers for the prompts of two runs; a prompt has one number in both.

    Examples
    --------
    >>> joint_clusters(np.array(["p", "q"], dtype=object), np.array(["q"], dtype=object))
    (array([0, 1]), array([1]))
    """
    _, numbers = np.unique(np.concatenate([a, b]).astype(str), return_inverse=True)
    return numbers[: len(a)].astype(np.int64), numbers[len(a) :].astype(np.int64)


def joint_gap(headlines: tuple[Headline, Headline], prompts: tuple[Ints, Ints]) -> Gap:
    """Return the difference of two runs' headlines with its interval; prompts that both use are paired."""
    (one, sample_a), (two, sample_b) = ((h.point, h.sample) for h in headlines)
    if one.value is None or one.influence is None or two.value is None or two.influence is None:
        raise ValueError("SNIPS always has a value.")
    n_a, n_b = len(prompts[0]), len(prompts[1])
    shares_a: Floats = np.concatenate([spread_influence(one.influence, sample_a.used), np.zeros(n_b)])
    shares_b: Floats = np.concatenate([np.zeros(n_a), spread_influence(two.influence, sample_b.used)])
    both = by_prompt(np.concatenate(prompts))
    got = difference(one.value - two.value, shares_a, shares_b, both, replicates=_replicates(one, two))
    correlation = correlation_of(joint_covariance((shares_a, shares_b), both, _shared_labels(one, two)))
    return gap_of(got, headlines, correlation)


def _shared_labels(one: Point, two: Point) -> tuple[Floats, Floats] | None:
    """Return both estimates without each fold of labels where they rest on the same labels."""
    if one.replicates is None or two.replicates is None or len(one.replicates) != len(two.replicates):
        return None
    return one.replicates, two.replicates


def _replicates(one: Point, two: Point) -> Floats | None:
    """Return the difference without each fold of labels; runs with the same labels share their folds."""
    if one.replicates is None or two.replicates is None or one.value is None or two.value is None:
        return None
    if len(one.replicates) == len(two.replicates):
        return one.replicates - two.replicates
    return _as_independent(one.replicates, two.replicates, one.value - two.value)


def _as_independent(one: Floats, two: Floats, value: float) -> Floats:
    """Return replicates whose jackknife variance is the sum of both: the labels of the two runs are not the same."""
    j = len(one) + len(two)
    parts = [(r - r.mean()) * math.sqrt((len(r) - 1) / len(r) * j / (j - 1)) for r in (one, two)]
    replicates: Floats = value + np.concatenate(parts)
    return replicates


def _adjusted(pairs: Sequence[ComparedPair]) -> tuple[ComparedPair, ...]:
    """Add p-values adjusted over all pairs, and end the sentences."""
    tested = [p.p_value for p in pairs if p.p_value is not None]
    adjusted = iter(zip(holm(tested), benjamini_hochberg(tested), strict=True))
    return tuple(_told(p, next(adjusted) if p.p_value is not None else None) for p in pairs)


def _told(pair: ComparedPair, adjusted: tuple[float, float] | None) -> ComparedPair:
    if not pair.comparable:
        return pair
    more = f" Their settings differ: {'; '.join(pair.differs)}." if pair.differs else ""
    shown = f"{pair.sentence}, {pair.n_pairs:,} prompts in common)"
    if adjusted is None:
        return pair.model_copy(update={"sentence": f"{shown}.{more}"})
    verdict = "a difference beyond chance" if adjusted[0] < SIGNIFICANT else "no difference beyond chance"
    sentence = f"{shown}, adjusted p = {number(adjusted[0])}: {verdict}.{more}"
    return pair.model_copy(
        update={
            "p_adjusted": adjusted[0],
            "p_adjusted_bh": adjusted[1],
            "adjustment": "holm",
            "sentence": sentence,
        }
    )


def _summary(differs: Sequence[str], made: Sequence[ComparedPair], comparable: Sequence[ComparedPair]) -> str:
    if differs:
        return f"These runs are not comparable. {' '.join(differs)}"
    if not comparable:
        return "No pair of policies of these runs may be compared."
    clear = sum(p.p_adjusted is not None and p.p_adjusted < SIGNIFICANT for p in comparable)
    return (
        f"{len(comparable)} of {len(made)} pairs may be compared; {clear} of them differ beyond chance "
        f"(Holm over all pairs)."
    )
