"""The text-completion form of OpenAI's API: writing after a text, and echo with log-probs of a given one."""

from dataclasses import replace
from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.http.alignment import Echo
from cje_audit.providers.http.dialect import Body, Scoring, Wish, Writing, Written
from cje_audit.providers.http.document import Document, dig
from cje_audit.providers.http.fault import Fault, NoPromptLogprobs

PATH = "/completions"


def completions(**extra: Any) -> Writing:
    """Write after a text; `extra` fields are the server's own."""

    def body(wish: Wish) -> Body:
        document: Body = {
            "model": wish.model,
            "prompt": wish.text,
            "max_tokens": wish.max_tokens,
            "temperature": wish.temperature,
            "top_p": wish.top_p,
            "seed": wish.seed,
            **extra,
        }
        if wish.stop:
            document["stop"] = list(wish.stop)
        if wish.top_logprobs is not None:
            document["logprobs"] = min(wish.top_logprobs, 5)
        return document

    return Writing(PATH, body, read_completion)


def read_completion(document: Document) -> Written:
    """Read what was written after a text."""
    choice = dig(document, "choices", 0)
    text, finish = dig(choice, "text"), dig(choice, "finish_reason")
    if not isinstance(text, str):
        raise Fault(FailureCode.BAD_RESPONSE, "the answer has no choices[0].text")
    top = dig(choice, "logprobs", "top_logprobs", 0)
    told = written(text, finish, dig(document, "usage", "completion_tokens"), top if isinstance(top, dict) else {})
    return replace(told, pieces=_pieces(dig(choice, "logprobs")))


def _pieces(block: Any) -> tuple[tuple[str, float], ...]:
    """Return the written tokens with their log-probs; none at all where one of them cannot be read."""
    tokens, values = dig(block, "tokens"), dig(block, "token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list) or len(tokens) != len(values):
        return ()
    pairs = [(t, float(v)) for t, v in zip(tokens, values, strict=True) if isinstance(t, str) and _is_number(v)]
    return tuple(pairs) if len(pairs) == len(tokens) else ()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def written(text: str, finish: Any, n_tokens: Any, top: dict[str, float]) -> Written:
    """Check why the model stopped, and that something was written.

    Raises
    ------
    Fault
        `content_filter`, or `truncated` when all tokens went into what is not shown.
    """
    if finish == "content_filter":
        raise Fault(FailureCode.CONTENT_FILTER, "the server's content filter stopped the answer")
    if finish == "length" and not text:
        raise Fault(FailureCode.TRUNCATED, "the length limit was reached before any text was written")
    return Written(
        text=text,
        finish_reason=finish if isinstance(finish, str) else None,
        n_tokens=n_tokens if isinstance(n_tokens, int) else None,
        top=top,
    )


def echo(*, generated: int = 1, **extra: Any) -> Scoring:
    """Score a text by echo; `generated` is how many tokens the server has to write after it (0 or 1)."""

    def body(model: str, text: str) -> Body:
        fixed = {"max_tokens": generated, "temperature": 1.0, "echo": True, "logprobs": 1}
        return {"model": model, "prompt": text, **fixed, **extra}

    def read(document: Document, _: str) -> Echo:
        return read_echo(document, generated)

    return Scoring(f"echo-{generated}", PATH, body, read)


def read_echo(document: Document, generated: int) -> Echo:
    """Read the log-probs of prompt and tail from `choices[0].logprobs`."""
    block = dig(document, "choices", 0, "logprobs")
    if not isinstance(dig(document, "choices", 0), dict):
        raise Fault(FailureCode.BAD_RESPONSE, "the answer has no choices[0]")
    tokens, values = dig(block, "tokens"), dig(block, "token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list):
        raise NoPromptLogprobs(_instead(block))
    offsets = dig(block, "text_offset")
    return Echo(tokens, values, offsets if isinstance(offsets, list) and offsets else None, generated)


def _instead(block: Any) -> str:
    """Say what came in place of prompt log-probs: nothing, the chat form for written tokens (llama.cpp), or else."""
    if block is None:
        return "choices[0].logprobs is missing"
    if isinstance(dig(block, "content"), list):
        return "only those of the tokens that the server wrote itself (choices[0].logprobs.content)"
    return "choices[0].logprobs has no tokens and token_logprobs"
