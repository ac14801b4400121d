from pathlib import Path

import pytest

from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import DataSource, Execution, Experiment, FreshDraws, Judge, Price
from cje_audit.domain.policy import Policy
from cje_audit.providers.base import Exchange
from cje_audit.stages.asking.cost import Spend, Tokens, estimate_cost, price_table, tokens_of

PRICES = {"m": Price(input=1.0, output=2.0), "j": Price(input=10.0, output=10.0)}


def test_tokens_come_from_the_servers_own_count() -> None:
    body = b'{"choices": [], "usage": {"input_tokens": 7, "output_tokens": 3}}'
    assert tokens_of(Exchange(b"x" * 400, body, 200)) == Tokens(7, 3)
    assert tokens_of(Exchange(b"x" * 400, b"{}", 200)) == Tokens(101, 1)
    assert tokens_of(Exchange(b"x" * 400, None, None)) is None


def test_a_model_without_a_price_makes_the_spend_unknown() -> None:
    spend = Spend(cap=1.0)
    spend.add(Tokens(500_000, 200_000), PRICES["m"])
    assert (spend.spent, spend.known, spend.is_used_up) == (0.9, True, False)
    spend.add(Tokens(100_000, 0), PRICES["m"])
    assert spend.is_used_up
    spend.add(Tokens(1, 1), None)
    assert not spend.known


def test_the_workspaces_table_is_read_and_the_experiment_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("m: {input: 5, output: 5}\nk: {input: 1, output: 1}\n")
    table = price_table(Execution(prices={"m": PRICES["m"]}), tmp_path)
    assert (table["m"].input, table["k"].input) == (1.0, 1.0)
    (tmp_path / "prices.yaml").write_text("m: cheap\n")
    with pytest.raises(ConfigError, match="price table"):
        price_table(Execution(), tmp_path)


def test_the_estimate_counts_every_request() -> None:
    base = Policy(name="base", model="m", max_tokens=10)
    experiment = Experiment(
        name="e", data=DataSource(path="-"), logging_policy=base,
        target_policies=(base.model_copy(update={"name": "a"}), base.model_copy(update={"name": "b"})),
        judge=Judge(kind="score", provider="scripted", model="j", draws=2), fresh_draws=FreshDraws(per_prompt=1),
    )  # fmt: skip
    rows: list[tuple[str, str | None]] = [("a prompt", None), ("another", "with an answer")]
    found = estimate_cost(experiment, rows, PRICES)
    assert found.n_requests == 1 + 2 * (3 + 2 + 2 * 3)
    assert found.cost is not None and found.cost > 0
    assert estimate_cost(experiment, rows, {"m": PRICES["m"]}).unpriced == ("j",)


def test_a_model_of_this_machine_costs_nothing_unless_it_is_asked_elsewhere_too() -> None:
    base = Policy(name="base", provider="embedded", model="own")
    served = base.model_copy(update={"name": "a", "provider": "openai_compatible", "base_url": "http://127.0.0.1:1/v1"})
    rows: list[tuple[str, str | None]] = [("a prompt", "an answer")]

    def asking(target: Policy) -> Experiment:
        return Experiment(name="e", data=DataSource(path="-"), logging_policy=base, target_policies=(target,))

    own = estimate_cost(asking(base.model_copy(update={"name": "a"})), rows, {})
    assert (own.cost, own.unpriced) == (0.0, ())
    assert estimate_cost(asking(served), rows, {}).unpriced == ("own",)
    assert estimate_cost(asking(served), rows, {"own": PRICES["m"]}).cost is not None
