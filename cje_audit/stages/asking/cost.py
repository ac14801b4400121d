"""What asking costs: the tokens an answer names, a price table a person edits, a cap, and an estimate beforehand."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Execution, Experiment, Price
from cje_audit.domain.import_spec import asked_of
from cje_audit.domain.policy import Policy
from cje_audit.domain.views import CostEstimate
from cje_audit.providers.base import Exchange

BYTES_PER_TOKEN = 4  # a rule of thumb for English text; used only where a server names no count
MILLION = 1_000_000
PRICES = "prices.yaml"
USAGE_CHARS = 600
TOKENS_IN = re.compile(rb'"(?:prompt_tokens|input_tokens)"\s*:\s*(\d+)')
TOKENS_OUT = re.compile(rb'"(?:completion_tokens|output_tokens)"\s*:\s*(\d+)')
TABLE = TypeAdapter(dict[str, Price])
IN_PROCESS = ("embedded", "huggingface")  # providers that run on this machine, where nobody is paid for a token
NOTHING = Price(input=0.0, output=0.0)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens in and out of one or many requests."""

    put_in: int
    got_out: int

    def cost(self, price: Price) -> float:
        """Return the cost in the price table's currency."""
        return (self.put_in * price.input + self.got_out * price.output) / MILLION


def tokens_of(exchange: Exchange) -> Tokens | None:
    """Return the tokens of one exchange: as the server counts them, else from sizes; None where nothing came back.

    Examples
    --------
    >>> tokens_of(Exchange(b"{}", b'{"usage": {"prompt_tokens": 12, "completion_tokens": 1}}', 200))
    Tokens(put_in=12, got_out=1)
    """
    body = exchange.response
    if exchange.http_status is None or body is None:
        return None
    at = body.rfind(b'"usage"')
    usage = body[at : at + USAGE_CHARS] if at >= 0 else b""
    put_in, got_out = TOKENS_IN.search(usage), TOKENS_OUT.search(usage)
    if put_in is not None and got_out is not None:
        return Tokens(int(put_in[1]), int(got_out[1]))
    return Tokens(rough_tokens(exchange.request), 1)


def rough_tokens(text: bytes | str | None) -> int:
    """Return about how many tokens a text has, from its size."""
    size = len(text.encode() if isinstance(text, str) else text) if text else None
    return 1 if size is None else 1 + size // BYTES_PER_TOKEN


def price_table(execution: Execution, workspace: Path) -> dict[str, Price]:
    """Return the price per model: the workspace's `prices.yaml`, and what the experiment says instead.

    Raises
    ------
    ConfigError
        When the file is not a table of prices.
    """
    path = workspace / PRICES
    if not path.is_file():
        return dict(execution.prices)
    try:
        kept = TABLE.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The price table {path} cannot be read.",
            expected="model: {input: 0.5, output: 1.5}, per million tokens",
            what_to_do="Correct the file.",
        ) from error
    return {**kept, **execution.prices}


@dataclass(slots=True)
class Spend:
    """What a run has spent, and its cap; `known` is False where a model has no price. In the table's currency."""

    cap: float | None
    spent: float = 0.0
    known: bool = True

    def add(self, tokens: Tokens | None, price: Price | None) -> None:
        """Count one attempt, defective ones included."""
        if tokens is not None and price is None:
            self.known = False
        if tokens is not None and price is not None:
            self.spent += tokens.cost(price)

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more may be asked."""
        return self.cap is not None and self.spent >= self.cap


def price_of(prices: Mapping[str, Price], model: str | None) -> Price | None:
    """Return a model's price, or None where the table has none."""
    return None if model is None else prices.get(model)


JUDGE_TOKENS_IN, JUDGE_TOKENS_OUT = 200, 60  # around what is judged, and what a judge writes about it


def estimate_cost(
    experiment: Experiment, rows: Sequence[tuple[str, str | None]], prices: Mapping[str, Price]
) -> CostEstimate:
    """Return what an experiment will ask about these (prompt, response) rows; retries and reuse are left out.

    A response that is still to be written is taken to be as long as `max_tokens` allows. A model that runs in this
    process costs nothing unless the table says otherwise.

    Examples
    --------
    >>> from cje_audit.domain.experiment import DataSource
    >>> policy = Policy(name="a", model="m")
    >>> other = policy.model_copy(update={"name": "b"})
    >>> experiment = Experiment(name="e", data=DataSource(path="-"), logging_policy=policy, target_policies=(other,))
    >>> estimate_cost(experiment, [("four", "four")], {"m": Price(input=1_000_000, output=0)})
    CostEstimate(n_requests=2, tokens_in=8, tokens_out=2, cost=8.0, unpriced=(), sentence=None)
    """
    asked = [call for prompt, response in rows for call in _calls(experiment, prompt, response)]
    asked += _labels(experiment, rows)
    by_model: dict[str, Tokens] = {}
    for model, tokens in asked:
        so_far = by_model.get(model, Tokens(0, 0))
        by_model[model] = Tokens(so_far.put_in + tokens.put_in, so_far.got_out + tokens.got_out)
    known = {**_free(experiment), **prices}
    unpriced = tuple(sorted(set(by_model) - set(known)))
    return CostEstimate(
        n_requests=len(asked),
        tokens_in=sum(t.put_in for t in by_model.values()),
        tokens_out=sum(t.got_out for t in by_model.values()),
        cost=None if unpriced else sum(t.cost(known[model]) for model, t in by_model.items()),
        unpriced=unpriced,
    )


def _free(experiment: Experiment) -> dict[str, Price]:
    """Return the price of the models that are asked in this process alone."""
    everyone = [(one.provider, one.model) for _, one in asked_of(experiment)]
    paid = {model for provider, model in everyone if provider not in IN_PROCESS}
    return {model: NOTHING for _, model in everyone if model is not None and model not in paid}


def _labels(experiment: Experiment, rows: Sequence[tuple[str, str | None]]) -> list[tuple[str, Tokens]]:
    """Give the model and tokens of every request for a label: the slice's share of all responses, evenly spread."""
    judge, share = experiment.oracle.judge, experiment.oracle.slice
    if judge is None or judge.model is None:
        return []
    n_each = judge.draws * (1 + experiment.fresh_draws.per_prompt * len(experiment.target_policies))
    chosen = [row for i, row in enumerate(rows) if int((i + 1) * share) > int(i * share)]
    longest = experiment.logging_policy.max_tokens
    lengths = [rough_tokens(p) + (longest if r is None else rough_tokens(r)) for p, r in chosen]
    return [(judge.model, Tokens(JUDGE_TOKENS_IN + n, JUDGE_TOKENS_OUT)) for n in lengths for _ in range(n_each)]


def _calls(experiment: Experiment, prompt: str, response: str | None) -> Iterator[tuple[str, Tokens]]:
    """Give the model and tokens of every request one row leads to."""
    logging, judge, draws = experiment.logging_policy, experiment.judge, experiment.fresh_draws.per_prompt
    asked = rough_tokens(prompt)
    written = logging.max_tokens if response is None else rough_tokens(response)
    if response is None:
        yield logging.model, Tokens(_prompt_tokens(logging, asked), written)
    for policy in (logging, *experiment.target_policies):
        yield policy.model, Tokens(_prompt_tokens(policy, asked) + written, 1)
    for policy in experiment.target_policies:
        for _ in range(draws):
            yield policy.model, Tokens(_prompt_tokens(policy, asked), policy.max_tokens)
    if judge.kind == "pairwise":
        yield logging.model, Tokens(_prompt_tokens(logging, asked), logging.max_tokens)
    if judge.model is not None:
        n_judged = 1 + draws * len(experiment.target_policies)
        for _ in range(judge.draws * n_judged):
            yield judge.model, Tokens(JUDGE_TOKENS_IN + asked + written, JUDGE_TOKENS_OUT)


def _prompt_tokens(policy: Policy, asked: int) -> int:
    return asked + (rough_tokens(policy.system_prompt) if policy.system_prompt else 0)
