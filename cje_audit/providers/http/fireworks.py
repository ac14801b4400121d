"""Fireworks: echo with log-probs. A text that is too long is an error there only when that is asked for."""

from typing import Any

from cje_audit.providers.base import Capabilities
from cje_audit.providers.http.chat import chat
from cje_audit.providers.http.completions import completions, echo
from cje_audit.providers.http.dialect import Dialect
from cje_audit.providers.http.key import Key

WHOLE: dict[str, Any] = {"context_length_exceeded_behavior": "error"}

DIALECT = Dialect(
    name="fireworks",
    capabilities=Capabilities(generate=True, logprobs=True, judge=True),
    chat=chat(**WHOLE),
    text=completions(**WHOLE),
    scoring=(echo(**WHOLE),),
    default_url="https://api.fireworks.ai/inference/v1",
    key=Key("FIREWORKS_API_KEY"),
)
