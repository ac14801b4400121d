"""The chat form of OpenAI's API: the next turn of a conversation."""

from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.http.completions import written
from cje_audit.providers.http.dialect import Body, Wish, Writing, Written
from cje_audit.providers.http.document import Document, dig
from cje_audit.providers.http.fault import Fault


def chat(*, length_field: str = "max_tokens", **extra: Any) -> Writing:
    """Write the next turn; `length_field` is the server's name for the length limit."""

    def body(wish: Wish) -> Body:
        document: Body = {
            "model": wish.model,
            "messages": [{"role": role, "content": content} for role, content in wish.messages],
            length_field: wish.max_tokens,
            "temperature": wish.temperature,
            "top_p": wish.top_p,
            "seed": wish.seed,
            **extra,
        }
        if wish.stop:
            document["stop"] = list(wish.stop)
        if wish.top_logprobs is not None:
            document |= {"logprobs": True, "top_logprobs": wish.top_logprobs}
        return document

    return Writing("/chat/completions", body, read_chat)


def read_chat(document: Document) -> Written:
    """Read a chat answer; a refusal and a filtered answer are faults."""
    choice = dig(document, "choices", 0)
    message = dig(choice, "message")
    if not isinstance(message, dict):
        raise Fault(FailureCode.BAD_RESPONSE, "the answer has no choices[0].message")
    if message.get("refusal"):
        raise Fault(FailureCode.REFUSAL, str(message["refusal"])[:300])
    return written(
        _text(message.get("content")),
        dig(choice, "finish_reason"),
        dig(document, "usage", "completion_tokens"),
        _top(dig(choice, "logprobs", "content", 0, "top_logprobs")),
    )


def _text(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    if not isinstance(content, str):
        raise Fault(FailureCode.BAD_RESPONSE, "choices[0].message.content is not a text")
    return content


def _top(entries: Any) -> dict[str, float]:
    if not isinstance(entries, list):
        return {}
    return {e["token"]: e["logprob"] for e in entries if isinstance(e, dict) and "token" in e and "logprob" in e}
