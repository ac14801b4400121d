"""A policy: a model with its prompt, template and sampling settings, and the one hash that names it."""

import hashlib
import json
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["logging", "target", "clone"]

IDENTITY_FIELDS = (
    "provider", "base_url", "model", "revision", "template", "template_sha256", "system_prompt", "user_template",
    "temperature", "top_p", "max_tokens", "stop", "seed",
)  # fmt: skip


class Strict(BaseModel):
    """Base of every configuration object: frozen, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_max_length=1_000_000)


class Endpoint(Strict):
    """Where a model is asked. The key itself is never here: `api_key_env` names an environment variable."""

    provider: str = "openai_compatible"
    base_url: str | None = None
    model: str = Field(min_length=1)
    revision: str | None = None
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")


def endpoint_name(provider: str | None, base_url: str | None, model: str | None) -> str:
    """Return what people call an endpoint: its provider, host and model; a key inside an address is never in it.

    Examples
    --------
    >>> endpoint_name("vllm", "http://me:secret@127.0.0.1:8000/v1", "m")
    'vllm 127.0.0.1:8000 m'
    """
    host = urlsplit(base_url or "").netloc.rpartition("@")[2]
    return " ".join(part for part in (provider, host, model) if part)


class Backup(Strict):
    """A second endpoint to ask when the first one fails; what is not named is as at the first one."""

    provider: str | None = None
    base_url: str | None = None
    model: str | None = Field(default=None, min_length=1)
    revision: str | None = None
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")

    def named(self) -> dict[str, object]:
        """Return what is named."""
        return self.model_dump(exclude_none=True)


class Policy(Endpoint):
    """One policy as a person chose it.

    `temperature` and `top_p` describe how responses are sampled; log-probabilities are always scored at
    temperature 1. `max_tokens` is in tokens. `backup` is no part of the identity.
    """

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")
    role: Literal["target", "clone"] = "target"
    system_prompt: str | None = None
    user_template: str | None = None
    template: str = "completion"
    template_sha256: str | None = None
    temperature: float = Field(default=1.0, ge=0, le=5)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=64, ge=1, le=100_000)
    stop: tuple[str, ...] = ()
    seed: int = 1
    backup: Backup | None = None

    def at_backup(self) -> "Policy | None":
        """Return the same policy as its backup serves it, which has an identity of its own; None without a backup."""
        return None if self.backup is None else self.model_copy(update={**self.backup.named(), "backup": None})

    def identity(self) -> dict[str, object]:
        """Return what makes this policy itself: everything that can change a log-probability or a response."""
        return {name: getattr(self, name) for name in IDENTITY_FIELDS}

    def identity_hash(self) -> str:
        """Return the SHA-256 (64 hex digits) of the identity; name and role are not part of it.

        Examples
        --------
        >>> a = Policy(name="a", model="m", system_prompt="Be brief.")
        >>> a.identity_hash() == a.model_copy(update={"name": "b", "role": "clone"}).identity_hash()
        True
        >>> a.identity_hash() == a.model_copy(update={"system_prompt": "Be long."}).identity_hash()
        False
        """
        return content_hash(self.identity())


def content_hash(document: object) -> str:
    """Return the SHA-256 of a document as canonical JSON: sorted keys, no blanks, UTF-8, no NaN.

    Examples
    --------
    >>> content_hash({"b": 1, "a": 2}) == content_hash({"a": 2, "b": 1})
    True
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
