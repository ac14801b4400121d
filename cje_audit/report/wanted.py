"""From a wanted half-width to fresh responses, logged rows and labels, with their price."""

from cje_audit.checks.words import number
from cje_audit.domain.checks import Verdict
from cje_audit.domain.errors import InputError
from cje_audit.domain.outcome import PlanBasis
from cje_audit.domain.report import PolicyReport
from cje_audit.domain.wanted import WantedLine, WantedPlan, Way
from cje_audit.numerics.planning import MOST, draws_for, labels_for, rows_for

NOT_ASKED = "no price of a label was given"


def plan_for(policy: PolicyReport, half_width: float, *, label_price: float | None = None) -> WantedPlan:
    """Return what an interval of ± `half_width` takes, from what the report knows of the policy.

    Raises
    ------
    InputError
        When nothing can be planned for the policy, or the half-width is not between 0 and half of the scale.
    """
    basis = policy.basis
    if basis is None:
        raise InputError(
            f"There is no plan for {policy.name}.", got=policy.role,
            what_to_do="Plan for a target policy of a run that was estimated with this version.",
        )  # fmt: skip
    if not 0 < half_width <= basis.scale_width / 2:
        raise InputError(
            "A half-width lies above 0 and within half of the scale.", expected=f"0 to {basis.scale_width / 2:g}",
            got=f"{half_width:g}", what_to_do="Name another half-width.",
        )  # fmt: skip
    if label_price is not None and label_price < 0:
        raise InputError("A price is not negative.", got=f"{label_price:g}", what_to_do="Name another price.")
    lines = [_draws(policy.name, basis, half_width), *_from_the_logs(policy, basis, half_width, label_price)]
    return WantedPlan(
        policy=policy.name, half_width=half_width, sentence=_sentence(policy, half_width), lines=tuple(lines)
    )


def _sentence(policy: PolicyReport, half_width: float) -> str:
    said = f"An interval of ± {number(half_width)} (95 %) for {policy.name}, by any one of these ways."
    if policy.verdict is Verdict.REPORT:
        return said
    return f"{said} Its weights cannot carry a number, so only its own responses lead there."


def _draws(name: str, basis: PlanBasis, half_width: float) -> WantedLine:
    """Plan fresh responses; where nothing is known of their spread, half of the scale is assumed."""
    spread = basis.scale_width / 2 if basis.spread is None else basis.spread
    more = max(draws_for(spread, half_width) - basis.n_draws, 0)
    what = f"fresh responses of {name}, judged (its average judge score, without weights)"
    return _line("fresh responses", what, basis.n_draws, more, basis.draw_cost, basis.no_cost)


def _from_the_logs(
    policy: PolicyReport, basis: PlanBasis, half_width: float, label_price: float | None
) -> list[WantedLine]:
    """Plan logged rows and labels, for a policy whose number stands; a refused one gets no way that leads nowhere."""
    if policy.verdict is not Verdict.REPORT or basis.standard_error is None:
        return []
    share = basis.label_share
    rows = rows_for(basis.n_rows, basis.standard_error, half_width, label_share=share)
    more = None if rows is None else max(rows - basis.n_rows, 0)
    found = [_line("logged rows", "logged rows like these", basis.n_rows, more, basis.row_cost, basis.no_cost)]
    if share is None:
        return found
    labels = labels_for(basis.n_labels, basis.standard_error, share, half_width)
    needed = None if labels is None else max(labels - basis.n_labels, 0)
    why = None if label_price is not None else NOT_ASKED
    return [*found, _line("labels", "labels on logged rows", basis.n_labels, needed, label_price, why)]


def _line(way: Way, what: str, present: int, more: int | None, price: float | None, why: str | None) -> WantedLine:
    if more is None or more >= MOST:
        sentence = f"No number of {what} gets there: {_other(way)}."
        return WantedLine(
            way=way, n_present=present, n_more=None, cost=None, no_cost="no number suffices", sentence=sentence
        )
    if not more:
        sentence = f"Nothing more is needed: the {present:,} {what} that are here suffice."
        return WantedLine(way=way, n_present=present, n_more=0, cost=0.0, no_cost=None, sentence=sentence)
    cost = None if price is None else price * more
    paid = f", no price: {why}" if cost is None else f", about {cost:,.2f} in the price table's currency"
    sentence = f"{more:,} {'more ' if present else ''}{what}{paid}."
    return WantedLine(way=way, n_present=present, n_more=more, cost=cost, no_cost=why, sentence=sentence)


def _other(way: Way) -> str:
    return {
        "logged rows": "the labels alone leave a wider interval",
        "labels": "the logged rows alone leave a wider interval",
    }.get(way, "the wanted interval is too narrow")
