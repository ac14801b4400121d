"""One policy's part of the report: verdict, sentence, denominators, weights, estimates, truths."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from cje_audit.checks.estimation import typicality_of
from cje_audit.checks.frame import Bools, Column
from cje_audit.checks.identity import twin_names
from cje_audit.checks.verdicts import Case, decide, judge_failed, set_aside
from cje_audit.domain.checks import Check, Verdict
from cje_audit.domain.policy import Role
from cje_audit.domain.report import Estimate, Histogram, LogRatioSummary, PolicyReport, WeightReport
from cje_audit.numerics.weights import WeightSummary
from cje_audit.report.estimates import estimates_of, primary_reward
from cje_audit.report.facts import RunFacts
from cje_audit.report.plan_basis import basis_of
from cje_audit.report.planning import next_step, plan_of
from cje_audit.report.reasons import headline_reason
from cje_audit.report.retried import first_try
from cje_audit.report.sentences import policy_sentence, untested
from cje_audit.report.transformed import n_clipped
from cje_audit.report.truths import truths_of

ROLES: Mapping[str, Role] = {"logging": "logging", "target": "target", "clone": "clone"}


def policy_reports(facts: RunFacts, checks: Sequence[Check]) -> tuple[PolicyReport, ...]:
    """Return the logging policy's part, then every declared target's, in order."""
    twins = twin_names(facts.target_columns, facts.targets)
    names = (facts.logging.name, *facts.targets)
    return tuple(policy_report(facts, checks, name, has_twin=name in twins) for name in names)


def policy_report(facts: RunFacts, checks: Sequence[Check], name: str, *, has_twin: bool) -> PolicyReport:
    """Report on one policy."""
    is_logging = name == facts.logging.name
    role: Role = "logging" if is_logging else ROLES[facts.targets[name].role]
    ill = judge_failed(checks)
    reward = primary_reward(facts, name, judge_failed=ill)
    used = used_rows(facts, name)
    case = Case(name, role, int(used.sum()), reward != "oracle", has_twin)
    decision = decide(case, checks)
    computed = decision.verdict is not Verdict.NOT_EVALUATED
    headline = reward if decision.verdict in (Verdict.REPORT, Verdict.RANK_ONLY) else None
    estimates = estimates_of(facts, name, headline=headline) if computed else ()
    estimates = with_reason(estimates, headline_reason(facts, name, reward, judge_failed=ill))
    summary, heavy = _weights(facts, name) if computed and not is_logging else (None, None)
    primary = next((e for e in estimates if e.primary), None)
    plan = plan_of(facts, name, decision)
    without = 0 if is_logging else int(np.count_nonzero(~facts.has_weight(name)))
    return PolicyReport(
        name=name,
        role=role,
        verdict=decision.verdict,
        sentence=policy_sentence(name, decision, primary, facts.rows.n, without, heavy)
        + _open(facts, checks, name, primary),
        reasons=decision.reasons,
        n_total=facts.rows.n,
        n_used=int(used.sum()),
        n_missing=int(np.count_nonzero(~used)),
        missing_by_code=missing_by_code(facts, name, ~used),
        weights=None if summary is None else weight_report(summary, _typicality(facts, name), n_clipped(facts, name)),
        estimates=estimates,
        truths=truths_of(facts.fresh_draws.get(name), estimates),
        next_step=next_step(decision, plan),
        plan=plan,
        first_try=first_try(facts, name, primary if decision.verdict is Verdict.REPORT else None),
        basis=basis_of(facts, name, primary if decision.verdict is Verdict.REPORT else None),
        overrides=tuple(c.override for c in set_aside(case, checks) if c.override is not None),
    )


def _open(facts: RunFacts, checks: Sequence[Check], name: str, primary: Estimate | None) -> str:
    """Return what the headline takes for granted: that the calibration holds for the policy, where nothing tells."""
    if primary is None or primary.reward != "calibrated" or name == facts.logging.name:
        return ""
    draws = facts.fresh_draws.get(name)
    return untested(checks, name, 0 if draws is None else int(np.count_nonzero(draws.both)))


def with_reason(estimates: tuple[Estimate, ...], reason: str) -> tuple[Estimate, ...]:
    """Write why it carries the headline into the primary estimate."""
    return tuple(e.model_copy(update={"reason": reason}) if e.primary else e for e in estimates)


def _weights(facts: RunFacts, name: str) -> tuple[WeightSummary | None, int | None]:
    """Return the summary of the raw weights and how many rows carry half of them."""
    summary = facts.pairings[name].summary if name in facts.pairings else None
    return summary, None if summary is None else summary.half_rows


def _needed(facts: RunFacts, name: str) -> tuple[Column | None, ...]:
    if name == facts.logging.name:
        return (facts.judge,)
    return (facts.logging_column, facts.target_columns.get(name), facts.judge)


def _typicality(facts: RunFacts, name: str) -> float | None:
    """Return the share of logged responses that are typical of the policy; None without token counts."""
    paired = facts.pairings.get(name)
    return None if paired is None else typicality_of(paired, facts.tokens(name))


def used_rows(facts: RunFacts, name: str) -> Bools:
    """Mark the rows a policy's estimates rest on, before any estimator's own selection, bool (n,)."""
    used = np.ones(facts.rows.n, dtype=bool)
    for column in _needed(facts, name):
        used &= np.zeros_like(used) if column is None else column.ok
    return used


def missing_by_code(facts: RunFacts, name: str, missing: Bools) -> dict[str, int]:
    """Count unused rows by the code of the first thing they lack: logging log-prob, target log-prob, score."""
    counts: Counter[str] = Counter()
    left = missing.copy()
    for column in _needed(facts, name):
        lacking = left.copy() if column is None else left & ~column.ok
        codes = ["no_score"] * int(lacking.sum()) if column is None else column.codes[lacking].tolist()
        counts.update(str(code) for code in codes)
        left &= ~lacking
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def weight_report(summary: WeightSummary, typicality: float | None, n_clipped: int) -> WeightReport:
    """Write the weight summary as its part of the report; `n_clipped` rows change in the clipped estimates alone."""
    ratio, bars = summary.log_ratio, summary.histogram
    return WeightReport(
        mean=summary.mean.value,
        mean_ci=summary.mean.interval(),
        ess=summary.ess,
        ess_fraction=summary.ess_fraction,
        max_share=summary.max_share,
        top5_share=summary.top5_share,
        hill_alpha=summary.tail.hill_alpha,
        pareto_khat=summary.tail.pareto_khat,
        sqrt_overlap=summary.sqrt_overlap,
        typicality=typicality,
        n_clipped=n_clipped,
        log_ratio=LogRatioSummary(
            min=ratio.min, p05=ratio.p05, p50=ratio.p50, p95=ratio.p95, max=ratio.max, mean=ratio.mean, sd=ratio.sd
        ),
        histogram=Histogram(edges=bars.edges, counts=bars.counts),
    )
