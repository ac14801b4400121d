"""Turns what the transport can do to a request into a code of the closed list."""

from collections.abc import Iterator

import aiohttp
import httpx

from cje_audit.domain.codes import FailureCode


def classify_error(error: Exception) -> FailureCode:
    """Return the code of an exception of the transport; a connection that broke is never called a timeout."""
    chain = tuple(_causes(error))
    if any(isinstance(e, TimeoutError) for e in chain):
        return FailureCode.TIMEOUT
    if any(isinstance(e, aiohttp.ClientPayloadError | aiohttp.ClientResponseError) for e in chain):
        return FailureCode.BAD_RESPONSE
    if any(isinstance(e, aiohttp.ClientConnectionError | OSError) for e in chain):
        return FailureCode.CONNECTION
    if any(isinstance(e, httpx.TimeoutException) for e in chain):
        return FailureCode.TIMEOUT
    known = any(isinstance(e, httpx.TransportError | aiohttp.ClientError) for e in chain)
    return FailureCode.CONNECTION if known else FailureCode.UNKNOWN


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
