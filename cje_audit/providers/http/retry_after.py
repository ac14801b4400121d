"""How long a server asks us to wait: seconds, milliseconds or an HTTP date, read exactly."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MILLISECOND_HEADERS = ("retry-after-ms", "x-ms-retry-after-ms", "x-retry-after-ms")
NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s)?\s*")
SKEW_S = 5.0  # clocks that differ by more are not compared: the server's own Date is taken as its now


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds to wait from now on, or None where the server named none.

    `headers` is a mapping that does not mind upper and lower case; `now` is for tests.

    Examples
    --------
    >>> retry_after_s({"retry-after": "3"}), retry_after_s({"retry-after-ms": "250"}), retry_after_s({})
    (3.0, 0.25, None)
    """
    for name in MILLISECOND_HEADERS:
        found = NUMBER.fullmatch(headers.get(name, ""))
        if found:
            return float(found[1]) if found[2] == "s" else float(found[1]) / 1000
    text = headers.get("retry-after")
    if text is None:
        return None
    found = NUMBER.fullmatch(text)
    if found:
        return float(found[1]) / 1000 if found[2] == "ms" else float(found[1])
    return _until(text, headers.get("date"), now or datetime.now(UTC))


def _until(text: str, server_date: str | None, now: datetime) -> float | None:
    moment = _moment(text)
    if moment is None:
        return None
    theirs = _moment(server_date) if server_date is not None else None
    skewed = theirs is not None and abs((theirs - now).total_seconds()) > SKEW_S
    start = theirs if skewed and theirs is not None else now
    return max((moment - start).total_seconds(), 0.0)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
