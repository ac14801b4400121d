"""What asking costs: the tokens an answer names, a price table a person edits, a cap, and an estimate beforehand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Execution, Price
from cje_audit.providers.base import Exchange

BYTES_PER_TOKEN = 4  # a rule of thumb for English text; used only where a server names no count
MILLION = 1_000_000
PRICES = "prices.yaml"
USAGE_CHARS = 600
TOKENS_IN = re.compile(rb'"(?:prompt_tokens|input_tokens)"\s*:\s*(\d+)')
TOKENS_OUT = re.compile(rb'"(?:completion_tokens|output_tokens)"\s*:\s*(\d+)')
TABLE = TypeAdapter(dict[str, Price])


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
