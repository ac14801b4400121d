"""Together: the prompt's log-probs come beside the choices, in a list `prompt` at the top of the answer."""

from cje_audit.providers.base import Capabilities
from cje_audit.providers.http.alignment import Echo
from cje_audit.providers.http.chat import chat
from cje_audit.providers.http.completions import PATH, completions
from cje_audit.providers.http.dialect import Body, Dialect, Scoring
from cje_audit.providers.http.document import Document, dig
from cje_audit.providers.http.fault import NoPromptLogprobs
from cje_audit.providers.http.key import Key


def _body(model: str, text: str) -> Body:
    return {"model": model, "prompt": text, "max_tokens": 1, "temperature": 1.0, "echo": True, "logprobs": 1}


def read_prompt_block(document: Document, _: str) -> Echo:
    """Read `prompt[0].logprobs`; what stands in `choices` is about generated tokens only."""
    block = dig(document, "prompt", 0, "logprobs")
    tokens, values = dig(block, "tokens"), dig(block, "token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list):
        raise NoPromptLogprobs("prompt[0].logprobs has no tokens and token_logprobs")
    return Echo(tokens, values, None, 0)


DIALECT = Dialect(
    name="together",
    capabilities=Capabilities(generate=True, logprobs=True, judge=True),
    chat=chat(),
    text=completions(),
    scoring=(Scoring("prompt-block", PATH, _body, read_prompt_block),),
    default_url="https://api.together.xyz/v1",
    key=Key("TOGETHER_API_KEY"),
)
