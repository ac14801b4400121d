"""The chat template of a served model, asked from the server itself; never guessed from the model's name."""

from typing import Any

from cje_audit.providers.http.client import HttpClient
from cje_audit.providers.http.document import Document, dig, read_document
from cje_audit.providers.http.fault import Fault
from cje_audit.providers.rendering import ChatFormat

PLACES = ("/models", "//props")  # the model list, where it says so; llama.cpp's own page


class ServerTemplate:
    """Asks a server once per model for its chat template; None where it does not say."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._known: dict[str, ChatFormat | None] = {}

    async def read(self, model: str) -> ChatFormat | None:
        """Return the model's chat template.

        Raises
        ------
        Fault
            When the server cannot be asked just now.
        """
        if model not in self._known:
            self._known[model] = await self._ask(model)
        return self._known[model]

    async def _ask(self, model: str) -> ChatFormat | None:
        for place in PLACES:
            try:
                document = read_document((await self._client.get(place)).response)
            except Fault as fault:
                if fault.exchange is None or fault.exchange.http_status is None or fault.exchange.http_status >= 429:
                    raise
                continue
            found = _format(_entry(document, model))
            if found is not None:
                return found
        return None


def _entry(document: Document, model: str) -> Any:
    """Return the model's own entry of a list, or the whole document where there is no list."""
    entries = document.get("data")
    if not isinstance(entries, list):
        return document
    return next((entry for entry in entries if dig(entry, "id") == model), None)


def _format(entry: Any) -> ChatFormat | None:
    template, end, start = (dig(entry, name) for name in ("chat_template", "eos_token", "bos_token"))
    if not isinstance(template, str):
        return None
    return ChatFormat(template, end if isinstance(end, str) else "", start if isinstance(start, str) else "")
