"""What one more judged response of each target policy would cost, from the lengths of the rows there are."""

from collections.abc import Mapping
from dataclasses import replace

from cje_audit.domain.experiment import Experiment, Price
from cje_audit.domain.policy import Policy
from cje_audit.report.facts import UnitCost
from cje_audit.stages.asking.cost import (
    BYTES_PER_TOKEN,
    JUDGE_TOKENS_IN,
    JUDGE_TOKENS_OUT,
    Tokens,
    price_of,
    price_table,
    rough_tokens,
)
from cje_audit.stages.base import StageContext
from cje_audit.store.tables import RunTables

LENGTHS = "select avg(strlen(prompt)) as prompt, avg(strlen(response)) as response from sample"


def unit_costs(context: StageContext) -> dict[str, UnitCost]:
    """Return the cost per policy, as it was when the estimates were made; a later price table changes no report."""
    done = context.tables.done().get("estimation")
    if done is not None and "unit_costs" in done.facts:
        return {name: UnitCost(*found) for name, found in done.facts["unit_costs"].items()}
    if not isinstance(context.spec, Experiment):
        return {}
    prices = price_table(context.spec.execution, context.folder.parent.parent)
    return unit_costs_of(context.spec, context.tables, prices)


def unit_costs_of(spec: Experiment, tables: RunTables, prices: Mapping[str, Price]) -> dict[str, UnitCost]:
    """Return the cost per policy of writing and judging one response of average length."""
    row = tables.read(LENGTHS).row(0, named=True)
    if row["prompt"] is None:
        return {}
    asked = 1 + int(row["prompt"]) // BYTES_PER_TOKEN
    written = None if row["response"] is None else 1 + int(row["response"]) // BYTES_PER_TOKEN
    written_by = unit_cost(spec, spec.logging_policy, prices, asked, written)
    found = {p.name: unit_cost(spec, p, prices, asked, written) for p in spec.target_policies}
    return {
        p.name: replace(found[p.name], row=row_cost(spec, p, prices, written_by, asked, written))
        for p in spec.target_policies
    }


def row_cost(
    spec: Experiment, policy: Policy, prices: Mapping[str, Price], written_by: UnitCost, asked: int, written: int | None
) -> float | None:
    """Return what one more logged row costs: written and judged, then scored under both policies; None if unpriced."""
    scorers = [price_of(prices, p.model) for p in (spec.logging_policy, policy)]
    if written_by.cost is None or any(price is None for price in scorers):
        return None
    length = asked + (spec.logging_policy.max_tokens if written is None else written)
    return written_by.cost + sum(Tokens(length, 1).cost(price) for price in scorers if price is not None)


def unit_cost(
    spec: Experiment, policy: Policy, prices: Mapping[str, Price], asked: int, written: int | None
) -> UnitCost:
    """Return what one response of `asked` prompt tokens and `written` tokens costs, judging and labels included.

    Examples
    --------
    >>> from cje_audit.domain.experiment import DataSource
    >>> p = Policy(name="a", model="m")
    >>> spec = Experiment(name="e", data=DataSource(path="-"), logging_policy=p, target_policies=(p.model_copy(
    ...     update={"name": "b"}),))
    >>> unit_cost(spec, p, {"m": Price(input=1e6, output=0)}, 2, 5).cost
    2.0
    >>> unit_cost(spec, p, {}, 2, 5).why_not
    'no price is known for m'
    """
    judge, second = spec.judge, spec.oracle.judge
    models = (policy.model, judge.model, None if second is None else second.model)
    unpriced = [m for m in models if m is not None and price_of(prices, m) is None]
    if unpriced:
        return UnitCost(None, f"no price is known for {' and '.join(dict.fromkeys(unpriced))}")
    length = policy.max_tokens if written is None else min(written, policy.max_tokens)
    prompt = asked + (rough_tokens(policy.system_prompt) if policy.system_prompt else 0)
    cost = Tokens(prompt, length).cost(prices[policy.model])
    if judge.model is not None:
        judged = Tokens(JUDGE_TOKENS_IN + asked + length, JUDGE_TOKENS_OUT)
        cost += judge.draws * judged.cost(prices[judge.model])
        if second is not None and second.model is not None:
            cost += spec.oracle.slice * second.draws * judged.cost(prices[second.model])
    return UnitCost(cost, None)
