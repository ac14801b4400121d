"""What follows from a report: the decision rule's outcome, and what it would take to report a policy."""

from typing import Literal

from pydantic import Field

from cje_audit.domain.part import Pair, Part
from cje_audit.domain.policy import Strict

Outcome = Literal["ship", "no_ship", "undecided", "unhealthy"]


class DecisionRule(Strict):
    """When a target policy ships, fixed before the run.

    Ship if the difference to `baseline` (None: the logging policy) exceeds `margin` (on the reward's scale): the whole
    interval at `confidence` lies above it. `policy` names the only candidate; None takes every target but clones.
    """

    rule: Literal["ship_if_difference_above"] = "ship_if_difference_above"
    baseline: str | None = None
    policy: str | None = None
    margin: float = Field(default=0.0, allow_inf_nan=False)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)


class CandidateOutcome(Part):
    """What the rule says of one candidate; no numbers where it is unhealthy."""

    policy: str
    outcome: Outcome
    difference: float | None
    interval: Pair | None
    level: float | None
    sentence: str


class DecisionReport(Part):
    """The decision rule as it was fixed, and what it says. `sentence` is printed byte for byte everywhere."""

    rule: str
    baseline: str
    margin: float
    confidence: float
    outcome: Outcome
    sentence: str
    candidates: tuple[CandidateOutcome, ...] = ()


class Plan(Part):
    """The fresh-draw way out of a refusal, with its size and price.

    `n` more responses of the policy itself, judged, give its mean ± `half_width` (95 %); `n_present` are there already.
    `cost` is in the price table's currency; where it is None, `no_cost` says why.
    """

    n: int
    n_present: int
    half_width: float
    cost: float | None
    no_cost: str | None
    sentence: str


class FirstTry(Part):
    """The headline on the rows that needed no second try, beside the one on all rows.

    `p_value` tests that the two are equal, paired by prompt; None where nothing can be tested.
    """

    n_asked_again: int
    n_used: int
    value: float | None
    interval: Pair | None
    p_value: float | None
    sentence: str


class PlanBasis(Part):
    """What a policy's numbers say about the cost of precision; nothing in it is an estimate of its value.

    `spread` is the standard deviation of one judged response of the policy (of the logged ones where it has too few).
    `standard_error` and `label_share` (the part of its variance that the labels add) are the headline's, None where
    there is none. Prices are in the price table's currency: of a fresh response of the policy, judged, and of a logged
    row, written, scored under both policies and judged; where one is None, its reason stands beside it.
    """

    reward: str | None
    scale_width: float = Field(gt=0)
    spread: float | None
    n_draws: int
    n_rows: int
    standard_error: float | None
    label_share: float | None
    n_labels: int
    draw_cost: float | None
    row_cost: float | None
    no_cost: str | None
