"""Any server that speaks OpenAI's API; whether it can score given text is for the preflight to prove."""

from cje_audit.providers.base import Capabilities
from cje_audit.providers.http.chat import chat
from cje_audit.providers.http.completions import completions, echo
from cje_audit.providers.http.dialect import Dialect

DIALECT = Dialect(
    name="openai_compatible",
    capabilities=Capabilities(generate=True, logprobs=True, judge=True),
    chat=chat(),
    text=completions(),
    scoring=(echo(),),
)
