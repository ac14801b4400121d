"""What later planning starts from, gathered while the rows are at hand."""

from cje_audit.domain.outcome import PlanBasis
from cje_audit.domain.report import Estimate
from cje_audit.numerics.point import infer
from cje_audit.report.facts import RunFacts
from cje_audit.report.planning import UNKNOWN, judged_draws, spread_of
from cje_audit.report.samples import sample_of, snips_point


def basis_of(facts: RunFacts, policy: str, headline: Estimate | None) -> PlanBasis | None:
    """Return what a plan for a target policy starts from; None for the logging policy."""
    if policy == facts.logging.name:
        return None
    present = judged_draws(facts, policy)
    price = facts.unit_costs.get(policy, UNKNOWN)
    sample = None if headline is None else sample_of(facts, policy, headline.reward)
    got = None if sample is None else infer(snips_point(sample), sample.prompts)
    calibration = None if facts.calibrated is None else facts.calibrated.calibration
    return PlanBasis(
        reward=None if headline is None else headline.reward,
        scale_width=facts.scale[1] - facts.scale[0],
        spread=spread_of(present, facts),
        n_draws=len(present),
        n_rows=0 if sample is None else sample.n,
        standard_error=None if got is None else got.standard_error,
        label_share=None if got is None else got.label_share,
        n_labels=0 if calibration is None else calibration.n,
        draw_cost=price.cost,
        row_cost=price.row,
        no_cost=price.why_not,
    )
