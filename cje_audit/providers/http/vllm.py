"""vLLM: echo with log-probs, or its own `prompt_logprobs`. Special tokens come from the template, never twice.

Minus infinity arrives as -9999.0, and a token with part of a character as U+FFFD.
"""

import re
from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.base import Capabilities
from cje_audit.providers.http.alignment import Echo
from cje_audit.providers.http.chat import chat
from cje_audit.providers.http.completions import PATH, completions, echo
from cje_audit.providers.http.dialect import Body, Dialect, Scoring
from cje_audit.providers.http.document import Document, dig
from cje_audit.providers.http.fault import Fault, NoPromptLogprobs

ONE_TOKEN = re.compile(r"\s*\S{0,32}|\S{0,32}\s*")  # more than that is a text cut at its beginning
AS_WRITTEN = {"add_special_tokens": False}


def prompt_logprobs(**extra: Any) -> Scoring:
    """Score a text by `prompt_logprobs`: per token a mapping from token id to log-prob, rank and text."""

    def body(model: str, text: str) -> Body:
        return {"model": model, "prompt": text, "max_tokens": 1, "temperature": 1.0, "prompt_logprobs": 0, **extra}

    return Scoring("prompt-logprobs", PATH, body, read_prompt_logprobs)


def read_prompt_logprobs(document: Document, text: str) -> Echo:
    """Read `choices[0].prompt_logprobs`; the first token is null there, so its text is what the others leave over."""
    entries = dig(document, "choices", 0, "prompt_logprobs")
    if not isinstance(entries, list) or len(entries) < 2 or entries[0] is not None:
        raise NoPromptLogprobs("choices[0].prompt_logprobs is missing, or does not begin with null")
    scored = [_entry(entry) for entry in entries[1:]]
    rest = "".join(token for token, _ in scored)
    first = text.removesuffix(rest)
    if not text.endswith(rest) or not ONE_TOKEN.fullmatch(first):
        raise Fault(FailureCode.ECHO_MISMATCH, "the tokens of prompt_logprobs are not those of the text sent")
    tokens = [first, *(token for token, _ in scored)]
    return Echo(tokens, [None, *(value for _, value in scored)], None, 0)


def _entry(entry: Any) -> tuple[str, Any]:
    if not isinstance(entry, dict) or len(entry) != 1:
        raise Fault(FailureCode.BAD_RESPONSE, "an entry of prompt_logprobs does not hold exactly one token")
    (facts,) = entry.values()
    token = dig(facts, "decoded_token")
    if not isinstance(token, str):
        raise Fault(FailureCode.BAD_RESPONSE, "an entry of prompt_logprobs has no decoded_token")
    return token, dig(facts, "logprob")


DIALECT = Dialect(
    name="vllm",
    capabilities=Capabilities(generate=True, logprobs=True, judge=True),
    chat=chat(),
    text=completions(**AS_WRITTEN),
    scoring=(echo(**AS_WRITTEN), prompt_logprobs(**AS_WRITTEN)),
)
