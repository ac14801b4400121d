"""A moment in a sentence."""


def told(iso: str) -> str:
    """Return a stored moment (ISO 8601, UTC) to the minute, as sentences say it.

    Examples
    --------
    >>> told("2026-11-21T04:00:07Z")
    '2026-11-21 at 04:00 UTC'
    """
    return f"{iso[:10]} at {iso[11:16]} UTC"
