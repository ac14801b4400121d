"""Anthropic's messages: writes and judges. There are no log-probs at all."""

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.base import Capabilities
from cje_audit.providers.http.completions import written
from cje_audit.providers.http.dialect import Body, Dialect, Wish, Writing, Written
from cje_audit.providers.http.document import Document, dig
from cje_audit.providers.http.fault import Fault
from cje_audit.providers.http.key import Key

FINISHES = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}


def _body(wish: Wish) -> Body:
    document: Body = {
        "model": wish.model,
        "max_tokens": wish.max_tokens,
        "temperature": wish.temperature,
        "messages": [{"role": role, "content": text} for role, text in wish.messages if role != "system"],
    }
    system = "\n\n".join(text for role, text in wish.messages if role == "system")
    if system:
        document["system"] = system
    if wish.top_p != 1.0:
        document["top_p"] = wish.top_p
    if wish.stop:
        document["stop_sequences"] = list(wish.stop)
    return document


def read_message(document: Document) -> Written:
    """Read a message; only its text blocks count as what was written."""
    blocks, finish = document.get("content"), document.get("stop_reason")
    if finish == "refusal":
        raise Fault(FailureCode.REFUSAL, "the model refused to answer")
    if not isinstance(blocks, list):
        raise Fault(FailureCode.BAD_RESPONSE, "the answer has no content")
    parts = [dig(block, "text") for block in blocks if dig(block, "type") == "text"]
    text = "".join(part for part in parts if isinstance(part, str))
    return written(text, FINISHES.get(str(finish), finish), dig(document, "usage", "output_tokens"), {})


DIALECT = Dialect(
    name="anthropic",
    capabilities=Capabilities(
        generate=True,
        logprobs=False,
        judge=True,
        odds=False,
        instead="Anthropic's models return no log-probs. They can judge and write fresh draws; to score given text, "
        "use vllm, sglang, fireworks, together or the embedded provider.",
    ),
    chat=Writing("/messages", _body, read_message),
    default_url="https://api.anthropic.com/v1",
    key=Key("ANTHROPIC_API_KEY", header="x-api-key", prefix=""),
    headers={"anthropic-version": "2023-06-01"},
)
