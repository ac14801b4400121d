"""OpenAI: writes and judges. No model that is left there returns log-probs of given text."""

from cje_audit.providers.base import Capabilities
from cje_audit.providers.http.chat import chat
from cje_audit.providers.http.dialect import Dialect
from cje_audit.providers.http.key import Key

DIALECT = Dialect(
    name="openai",
    capabilities=Capabilities(
        generate=True,
        logprobs=False,
        judge=True,
        instead="OpenAI's models return log-probs of generated tokens only. They can judge and write fresh draws; to "
        "score given text, use vllm, sglang, fireworks, together or the embedded provider.",
    ),
    chat=chat(length_field="max_completion_tokens"),
    default_url="https://api.openai.com/v1",
    key=Key("OPENAI_API_KEY"),
)
