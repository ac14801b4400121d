"""llama.cpp's own server: writes and judges. It ignores `echo` without an error, so it is never asked to score."""

from cje_audit.providers.base import Capabilities
from cje_audit.providers.http.chat import chat
from cje_audit.providers.http.completions import completions
from cje_audit.providers.http.dialect import Dialect

DIALECT = Dialect(
    name="llama_cpp",
    capabilities=Capabilities(
        generate=True,
        logprobs=False,
        judge=True,
        instead="llama.cpp's server returns log-probs of generated tokens only. It can write responses and judge; to "
        "score given text, serve the same model with vLLM or SGLang, or use the embedded provider.",
    ),
    chat=chat(),
    text=completions(),
)
