"""Every provider by name: what it can do, and how to make it. One entry here is all a new provider needs."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Endpoint
from cje_audit.providers import embedded, huggingface, recorded, scripted
from cje_audit.providers.base import Capabilities, Provider
from cje_audit.providers.hf.loading import require_packages as require_hf
from cje_audit.providers.http import (
    anthropic,
    fireworks,
    llama_cpp,
    openai,
    openai_compatible,
    sglang,
    together,
    vllm,
)
from cje_audit.providers.http.dialect import Dialect, key_variable
from cje_audit.providers.smollm.fetch import MODEL_NAME
from cje_audit.providers.smollm.pool import require_packages

Asked = Endpoint | Judge


@dataclass(frozen=True, slots=True)
class Entry:
    """A provider's capabilities, how to make one for an endpoint, and what raises where its extra is not installed.

    `key` names the environment variable an endpoint's key is read from, None where it needs none.
    """

    capabilities: Capabilities
    make: Callable[[Asked], Provider]
    require: Callable[[], None] = lambda: None
    key: Callable[[Asked], str | None] = lambda _: None


def _embedded(asked: Asked) -> Provider:
    return embedded.EmbeddedProvider(asked.model or MODEL_NAME)


def _scripted(asked: Asked) -> Provider:
    if asked.base_url is None:
        return scripted.ScriptedProvider()
    return scripted.ScriptedProvider.from_file(Path(asked.base_url.removeprefix("file://")))


def _recorded(_: Asked) -> Provider:
    return recorded.RecordedProvider()


def _http(dialect: Dialect) -> Entry:
    def make(asked: Asked) -> Provider:
        from cje_audit.providers.http.provider import HttpProvider  # an HTTP client, which only asking needs

        return HttpProvider(dialect, asked)

    return Entry(dialect.capabilities, make, key=lambda asked: key_variable(dialect, asked))


HTTP = (openai_compatible, vllm, sglang, fireworks, together, llama_cpp, openai, anthropic)

PROVIDERS: dict[str, Entry] = {
    **{room.DIALECT.name: _http(room.DIALECT) for room in HTTP},
    "huggingface": Entry(huggingface.CAPABILITIES, huggingface.HuggingFaceProvider, require_hf),
    "embedded": Entry(embedded.CAPABILITIES, _embedded, require_packages),
    "recorded": Entry(recorded.CAPABILITIES, _recorded),
    "scripted": Entry(scripted.CAPABILITIES, _scripted),
}


def capabilities(provider: str) -> Capabilities:
    """Return what a provider can do.

    Raises
    ------
    ConfigError
        When no provider has this name.

    Examples
    --------
    >>> capabilities("embedded").logprobs
    True
    """
    return _entry(provider).capabilities


def require_installed(provider: str) -> None:
    """Refuse a provider whose extra is not installed.

    Raises
    ------
    ConfigError
        When no provider has this name.
    ModelMissing
        Naming the extra.
    """
    _entry(provider).require()


def make_provider(asked: Asked) -> Provider:
    """Return a provider for a policy's endpoint or for a judge; a recorded judge gets the provider `recorded`.

    Raises
    ------
    ConfigError
        When no provider has this name, or the endpoint does not fit it.
    ModelMissing
        When the embedded model was not fetched.
    """
    return _entry(asked.provider or "recorded").make(asked)


def key_of(asked: Asked) -> str | None:
    """Return the name of the environment variable that an endpoint's key is read from; None where it needs none.

    Examples
    --------
    >>> key_of(Endpoint(provider="vllm", base_url="http://127.0.0.1:8000/v1", model="m", api_key_env="MY_KEY"))
    'MY_KEY'
    """
    return None if asked.provider is None else _entry(asked.provider).key(asked)


def _entry(provider: str) -> Entry:
    if provider in PROVIDERS:
        return PROVIDERS[provider]
    near = difflib.get_close_matches(provider, PROVIDERS, n=1)
    known = ", ".join(PROVIDERS)
    raise ConfigError(
        f"There is no provider {provider}; known are {known}.",
        expected=known,
        got=provider,
        what_to_do=f"Write provider: {near[0] if near else 'embedded'}.",
    )
