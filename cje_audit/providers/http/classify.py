"""Turns what a server says about a request into a code of the closed list."""

import re

from cje_audit.domain.codes import FailureCode

LONGEST_DETAIL = 300
STATUSES = {
    400: FailureCode.BAD_REQUEST,
    401: FailureCode.AUTH,
    402: FailureCode.QUOTA,
    403: FailureCode.AUTH,
    404: FailureCode.NOT_FOUND,
    405: FailureCode.NOT_FOUND,
    408: FailureCode.TIMEOUT,
    409: FailureCode.SERVER_ERROR,
    410: FailureCode.NOT_FOUND,
    413: FailureCode.CONTEXT_OVERFLOW,
    425: FailureCode.SERVER_ERROR,
    429: FailureCode.RATE_LIMITED,
    501: FailureCode.BAD_REQUEST,
    504: FailureCode.TIMEOUT,
}
REFUSED_REQUEST = (  # what a refused request says about itself, first match wins
    (
        re.compile(
            r"context[ _-]?(length|window|size)|max(imum)?[ _]context|too many tokens|prompt is too long|"
            r"input is too long|exceeds? the (model's )?(maximum|limit|context)|longer than the (model|maximum)",
            re.IGNORECASE,
        ),
        FailureCode.CONTEXT_OVERFLOW,
    ),
    (
        re.compile(r"content[ _-]?(filter|policy|management)|safety (system|filter)|flagged", re.IGNORECASE),
        FailureCode.CONTENT_FILTER,
    ),
    (
        re.compile(
            r"(echo|prompt[ _]?log[ _-]?probs?)\W.{0,80}"
            r"(not|n't|un)[ -]?(support|allow|available|compatible|implement)|"
            r"(cannot|not|un)\W.{0,60}(echo|prompt[ _]?log[ _-]?probs?)",
            re.IGNORECASE | re.DOTALL,
        ),
        FailureCode.ECHO_UNSUPPORTED,
    ),
)
NO_QUOTA = re.compile(r"insufficient[ _]quota|exceeded your current quota|billing|credit balance", re.IGNORECASE)
UNKNOWN_MODEL = re.compile(r"model\W.{0,120}(not (be )?found|does not exist|not exist)|model_not_found", re.IGNORECASE)


def classify_status(status: int, body: bytes) -> FailureCode:
    """Return the code of an HTTP status that is no success; the body says more where a status is ambiguous.

    Examples
    --------
    >>> str(classify_status(529, b"")), str(classify_status(429, b'{"code": "insufficient_quota"}'))
    ('server_error', 'quota')
    """
    text = body[:4096].decode("utf-8", errors="replace")
    if 300 <= status < 400:
        return FailureCode.NOT_FOUND
    if status == 429 and NO_QUOTA.search(text):
        return FailureCode.QUOTA
    if status in (400, 422):
        return _refused(text)
    known = STATUSES.get(status)
    if known is not None:
        return known
    return FailureCode.SERVER_ERROR if status >= 500 else FailureCode.BAD_REQUEST


def _refused(text: str) -> FailureCode:
    found = (code for pattern, code in REFUSED_REQUEST if pattern.search(text))
    fallback = FailureCode.NOT_FOUND if UNKNOWN_MODEL.search(text) else FailureCode.BAD_REQUEST
    return next(found, fallback)


def describe_status(status: int, body: bytes) -> str:
    """Return the status and what the server said, shortened, for people."""
    if 300 <= status < 400:
        return f"HTTP {status}: the server sends requests elsewhere, and redirects are not followed"
    said = " ".join(body[:4096].decode("utf-8", errors="replace").split())
    return f"HTTP {status}: {said[:LONGEST_DETAIL]}" if said else f"HTTP {status}"
