"""One HTTP client per provider: no redirects, a time limit per phase, and a key that never leaves its header."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.base import Exchange
from cje_audit.providers.http.broken import classify_error
from cje_audit.providers.http.classify import classify_status, describe_status
from cje_audit.providers.http.fault import Fault
from cje_audit.providers.http.key import Key
from cje_audit.providers.http.retry_after import retry_after_s

LARGEST_ANSWER = 256 * 1024 * 1024  # bytes
KEPT_IDLE_S = 15.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds per phase: opening a connection, and waiting for the next bytes. The whole attempt is the asker's."""

    connect_s: float = 10.0
    read_s: float = 3600.0

    def extension(self) -> dict[str, float | None]:
        """Return them in the form httpx hands to its transport."""
        return {"connect": self.connect_s, "read": self.read_s, "write": self.read_s, "pool": None}


@dataclass(slots=True)
class HttpClient:
    """Sends JSON to one base address. Works in one event loop after another; each closes its own connections."""

    base: str
    key: Key = field(default_factory=Key)
    headers: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)
    _open: AsyncGenerator[httpx.AsyncClient, None] | None = field(default=None, repr=False)
    _client: httpx.AsyncClient | None = field(default=None, repr=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)

    async def post(self, path: str, body: bytes) -> Exchange:
        """Send a JSON body; return request and answer as bytes. A path that begins with // starts at the host's root.

        Raises
        ------
        Fault
            Whatever kept a whole answer with a status of success from arriving.
        """
        return await self._send("POST", path, body)

    async def get(self, path: str) -> Exchange:
        """Fetch a path; as `post`."""
        return await self._send("GET", path, None)

    async def aclose(self) -> None:
        """Close the connections of the running loop; those of an ended loop were closed by it."""
        living, self._open, self._client = self._open, None, None
        if living is not None and self._loop is asyncio.get_running_loop():
            await living.aclose()

    async def _send(self, method: str, path: str, body: bytes | None) -> Exchange:
        key = self.key.read()
        start = time.perf_counter()
        request = self._request(method, path, body, key)
        client = await self._living()
        try:
            response = await client.send(request, stream=True)
        except Exception as error:
            raise _broken(error, Exchange(body, None, None, time.perf_counter() - start), key) from None
        status = response.status_code
        try:
            content = _hidden(await _content(response), key)
        except Exception as error:
            raise _cut(error, status, Exchange(body, None, status, time.perf_counter() - start), key) from None
        finally:
            await response.aclose()
        exchange = Exchange(body, content, status, time.perf_counter() - start)
        if not 200 <= status < 300:
            raise _refused(response, exchange)
        return exchange

    def _request(self, method: str, path: str, body: bytes | None, key: str | None) -> httpx.Request:
        headers = {"accept": "application/json", "accept-encoding": "identity", **self.headers}
        if body is not None:
            headers["content-type"] = "application/json"
        if key is not None:
            headers[self.key.header] = self.key.prefix + key
        extensions = {"timeout": self.timeouts.extension()}
        return httpx.Request(method, self._url(path), headers=headers, content=body, extensions=extensions)

    def _url(self, path: str) -> str:
        if not path.startswith("//"):
            return self.base + path
        scheme, _, rest = self.base.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}{path[1:]}"

    async def _living(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._open, self._loop = _opened(), loop
            self._client = await anext(self._open)
        return self._client


async def _opened() -> AsyncGenerator[httpx.AsyncClient, None]:
    """Hold a client open; an event loop that ends closes its generators, and so the connections, by itself."""
    certificates = httpx.create_ssl_context()

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, ssl=certificates, keepalive_timeout=KEPT_IDLE_S)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    transport = AiohttpTransport(verify=certificates, client=session)
    async with httpx.AsyncClient(transport=transport, follow_redirects=False, trust_env=False) as client:
        yield client


async def _content(response: httpx.Response) -> bytes:
    encoded = response.headers.get("content-encoding", "identity") != "identity"
    chunks, size = [], 0
    async for chunk in response.aiter_bytes() if encoded else response.aiter_raw():
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise Fault(FailureCode.BAD_RESPONSE, f"the answer is larger than {LARGEST_ANSWER} bytes")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _hidden(content: bytes, key: str | None) -> bytes:
    """Take the key out of what a server sent back."""
    return content.replace(key.encode("ascii"), b"[key]") if key is not None else content


def _said(error: Exception, key: str | None) -> str:
    text = f"{type(error).__name__}: {error}"[:200]
    return text.replace(key, "[key]") if key is not None else text


def _broken(error: Exception, exchange: Exchange, key: str | None) -> Fault:
    return Fault(classify_error(error), _said(error, key), exchange=exchange)


def _cut(error: Exception, status: int, exchange: Exchange, key: str | None) -> Fault:
    """Name a failure after the status line had come: a success that is cut is a bad response."""
    if isinstance(error, Fault):
        return Fault(error.code, error.detail, exchange=exchange)
    code = classify_error(error)
    if not 200 <= status < 300:
        code = classify_status(status, b"")
    elif code in (FailureCode.CONNECTION, FailureCode.UNKNOWN):
        code = FailureCode.BAD_RESPONSE
    return Fault(code, f"the answer was cut: {_said(error, key)}", exchange=exchange)


def _refused(response: httpx.Response, exchange: Exchange) -> Fault:
    status, body = response.status_code, exchange.response or b""
    after_s = retry_after_s(response.headers)
    return Fault(classify_status(status, body), describe_status(status, body), exchange=exchange, after_s=after_s)
