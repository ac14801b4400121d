"""The headline on the rows that were answered at the first try, beside the one on all rows."""

from dataclasses import replace

import numpy as np

from cje_audit.checks.frame import Bools
from cje_audit.checks.words import count, number, span
from cje_audit.domain.outcome import FirstTry
from cje_audit.domain.report import Estimate
from cje_audit.numerics.bounds import Missing
from cje_audit.numerics.calibration import Placed
from cje_audit.numerics.compare import difference, two_sided_p
from cje_audit.numerics.prompts import by_prompt
from cje_audit.report.facts import RunFacts
from cje_audit.report.gaps import Headline
from cje_audit.report.samples import Sample, kept, sample_of, snips_point

UNLIKELY = 0.01


def first_try(facts: RunFacts, policy: str, headline: Estimate | None) -> FirstTry | None:
    """Return the headline without the rows that were asked again; None where there is none, or nothing was.

    A row counts as asked again when the logging policy's log-prob, this policy's, or the judgement needed more than one
    attempt.
    """
    asked_again = facts.asked_again.get(policy)
    whole = None if headline is None else sample_of(facts, policy, headline.reward)
    if headline is None or whole is None or asked_again is None or not asked_again[whole.used].any():
        return None
    n_again = int(np.count_nonzero(asked_again[whole.used]))
    if n_again == whole.n:
        return FirstTry(
            n_asked_again=n_again, n_used=0, value=None, interval=None, p_value=None,
            sentence=f"All {whole.n:,} rows were asked again, so there is none to hold the estimate against.",
        )  # fmt: skip
    return _beside(whole, part_of(whole, ~asked_again[whole.used]), n_again, facts.rows.n)


def part_of(sample: Sample, rows: Bools) -> Sample:
    """Return a sample on some of its rows; `rows` is bool (m,), and nothing counts as missing but what did before."""
    used = sample.used.copy()
    used[np.flatnonzero(sample.used)] = rows
    placed, line = sample.placed, sample.on_a_line
    return replace(
        sample,
        used=used,
        log_ratio=sample.log_ratio[rows],
        reward=sample.reward[rows],
        cluster=sample.cluster[rows],
        prompts=by_prompt(sample.cluster[rows]),
        missing=Missing(np.zeros(0), 0),
        placed=None if placed is None else Placed(kept(placed.left, rows), kept(placed.part, rows)),
        on_a_line=None if line is None else line[rows],
        paired=None,
    )


def _beside(whole: Sample, part: Sample, n_again: int, n_total: int) -> FirstTry:
    point, all_rows = snips_point(part), snips_point(whole)
    if point.value is None or all_rows.value is None or point.influence is None or all_rows.influence is None:
        raise ValueError("SNIPS always has a value.")
    ends = Headline(part, point).interval.ends
    shares = np.zeros(whole.n)
    shares[part.used[whole.used]] = point.influence / part.n
    replicates = None
    if point.replicates is not None and all_rows.replicates is not None:
        replicates = all_rows.replicates - point.replicates
    apart = difference(
        all_rows.value - point.value, all_rows.influence / whole.n, shares, whole.prompts, replicates=replicates
    )
    p_value = two_sided_p(apart)
    told = (
        f"{count(part.n, n_total)} rows were answered at the first try: on these, {number(point.value)} ({span(ends)})"
    )
    odd = p_value is not None and p_value < UNLIKELY
    verdict = f"which differs beyond chance from {number(all_rows.value)} on all rows" if odd else (
        f"which the {n_again:,} rows asked again do not change beyond chance ({number(all_rows.value)} on all)"
    )  # fmt: skip
    return FirstTry(
        n_asked_again=n_again, n_used=part.n, value=point.value, interval=ends, p_value=p_value,
        sentence=f"{told}, {verdict}.",
    )  # fmt: skip
