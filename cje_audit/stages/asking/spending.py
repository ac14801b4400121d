"""What a run has spent before a stage begins: every attempt at the price of the model that was asked, backups too."""

from collections.abc import Iterator, Mapping

from cje_audit.domain.experiment import ORACLE_JUDGE, Judge, Price
from cje_audit.domain.import_spec import RunSpec, asked_of
from cje_audit.domain.policy import Policy, endpoint_name
from cje_audit.stages.asking.cost import Spend, Tokens, price_of
from cje_audit.store.answers import AnswerStore


def spent_before(
    answers: AnswerStore, run: str, spec: RunSpec, prices: Mapping[str, Price], cap: float | None
) -> Spend:
    """Return what a run's attempts cost so far, in the price table's currency."""
    spend, asked = Spend(cap), dict(asked_of(spec))
    first = {who: one.model for who, one in asked.items()}
    at = {endpoint_name(e.provider, e.base_url, e.model): e.model for one in asked.values() for e in _both(one)}
    for (policy, kind, endpoint), (put_in, got_out) in answers.tokens(run).items():
        who = None if kind == "judge" and policy != ORACLE_JUDGE else policy
        model = at[endpoint] if endpoint in at else first.get(who)  # attempts of older workspaces name no endpoint
        spend.add(Tokens(put_in, got_out), price_of(prices, model))
    return spend


def _both(asked: Policy | Judge) -> Iterator[Policy | Judge]:
    """Give a policy or judge as the first endpoint serves it, and as its backup does where there is one."""
    other = asked.at_backup()
    yield asked
    if other is not None:
        yield other
