"""SGLang: its native `/generate` with `input_token_logprobs` and no generated token; then the OpenAI route."""

from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.base import Capabilities
from cje_audit.providers.http.alignment import Echo
from cje_audit.providers.http.chat import chat
from cje_audit.providers.http.completions import completions, echo
from cje_audit.providers.http.dialect import Body, Dialect, Scoring
from cje_audit.providers.http.document import Document, dig
from cje_audit.providers.http.fault import Fault, NoPromptLogprobs


def _body(_: str, text: str) -> Body:
    sampling = {"max_new_tokens": 0, "temperature": 1.0}
    wanted = {"return_logprob": True, "logprob_start_len": 0, "return_text_in_logprobs": True}
    return {"text": text, "sampling_params": sampling, **wanted}


def read_input_token_logprobs(document: Document, _: str) -> Echo:
    """Read `meta_info.input_token_logprobs`: (log-prob, token id, text) per token of the text sent."""
    entries = dig(document, "meta_info", "input_token_logprobs")
    if not isinstance(entries, list) or not entries:
        raise NoPromptLogprobs("meta_info.input_token_logprobs is missing")
    if not all(_complete(entry) for entry in entries):
        raise Fault(FailureCode.BAD_RESPONSE, "an entry of input_token_logprobs is not log-prob, id and text")
    return Echo([entry[2] for entry in entries], [entry[0] for entry in entries], None, 0)


def _complete(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 3 and isinstance(entry[2], str)


DIALECT = Dialect(
    name="sglang",
    capabilities=Capabilities(generate=True, logprobs=True, judge=True),
    chat=chat(),
    text=completions(),
    scoring=(Scoring("input-token-logprobs", "//generate", _body, read_input_token_logprobs), echo()),
)
