"""Which sentences a report says, in the order they are read. Dashboard, command line and HTML print exactly these."""

from collections.abc import Collection, Sequence

from cje_audit.domain.checks import Verdict
from cje_audit.domain.repair import EstimateChange, Repair
from cje_audit.domain.report import PolicyReport, Report, Truth


def of_run(report: Report) -> tuple[str, ...]:
    """Return what is said of the run as a whole: the answer, what it hangs on, the decision."""
    return _said(report.summary.sentence, *report.summary.warnings, *of_decision(report))


def of_decision(report: Report) -> tuple[str, ...]:
    """Return what the rule that was fixed before the run says: the decision, then each policy it looked at."""
    if report.decision is None:
        return ()
    first, looked_at = report.decision.sentence, report.decision.candidates
    return _said(first, *(c.sentence for c in looked_at if c.sentence not in first))


def of_numbers(report: Report) -> tuple[str, ...]:
    """Return what is said of the numbers together: who may be quoted, how scores became labels, who is ahead."""
    summary, curve = report.summary, report.calibration
    told = None if curve is None else curve.sentence
    return _said(summary.numbers, told, summary.pairs, summary.ranking, *(c.sentence for c in report.comparisons))


def of_policy(policy: PolicyReport) -> tuple[str, ...]:
    """Return what is said of one policy: the verdict, what it hangs on, the truth, what next, and why this estimate."""
    known = headline_truth(policy)
    return _said(
        policy.sentence,
        *(override.sentence for override in policy.overrides),
        None if known is None else known.sentence,
        None if policy.first_try is None else policy.first_try.sentence,
        next_step(policy),
        *why(policy),
    )


def of_repair(report: Report, repair: Repair, revealed: Collection[str] = ()) -> tuple[str, ...]:
    """Return what is said of one repair, who was asked, then every estimate before and after that may be shown."""
    shown = changes(report, repair, revealed)
    moved = tuple(change.sentence for change in shown if change.moved)
    return (repair.sentence, *repair.notes, *moved, *_said(unmoved(shown)))


def unmoved(shown: Sequence[EstimateChange]) -> str | None:
    """Return how many estimates a repair left as they were; None where it moved them all."""
    n = sum(not change.moved for change in shown)
    if not n:
        return None
    return "One estimate stayed as it was." if n == 1 else f"{n:,} of {len(shown):,} estimates stayed as they were."


def changes(report: Report, repair: Repair, revealed: Collection[str] = ()) -> tuple[EstimateChange, ...]:
    """Return the estimates of a repair that may be shown: those of reported policies, and of revealed refused ones."""
    shown = {p.name for p in report.policies if p.verdict is Verdict.REPORT}
    shown |= {p.name for p in report.policies if p.verdict is not Verdict.RANK_ONLY and p.name in revealed}
    return tuple(change for change in repair.estimates if change.policy in shown)


def headline_truth(policy: PolicyReport) -> Truth | None:
    """Return what is known of the value that the headline states; None where there is none, or its level is refused."""
    if policy.verdict is not Verdict.REPORT:
        return None
    rewards = [e.reward for e in policy.estimates if e.primary]
    return next((t for t in policy.truths if t.reward in rewards), None)


def next_step(policy: PolicyReport) -> str | None:
    """Return what to do next, where the verdict's own sentence does not say it."""
    return None if policy.next_step is None or policy.next_step in policy.sentence else policy.next_step


def why(policy: PolicyReport) -> tuple[str, ...]:
    """Return why a policy's headline is this estimate, and why it has this interval."""
    primary = next((e for e in policy.estimates if e.primary), None)
    return () if primary is None else _said(primary.reason, primary.interval_reason)


def _said(*sentences: str | None) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)
