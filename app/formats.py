"""How the dashboard prints: numbers, counts, times, and texts that someone else wrote."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from cje_audit.domain.superscript import superscript as superscript
from cje_audit.domain.untrusted import visible as visible

MISSING = "–"
NARROW = 26  # characters of a run's name in a list

_ADDRESS = re.compile(r"(?i)(https?|ftp|www|mailto|@)")
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")


def number(value: float | None) -> str:
    """Return a number with three significant digits, or a dash where there is none.

    Examples
    --------
    >>> number(0.41234), number(-12.345), number(1234.5), number(None), number(0.0)
    ('0.412', '−12.3', '1,234', '–', '0')
    >>> number(1.26e9), number(1.0), number(0.99951)
    ('1.26 × 10⁹', '1', '1')
    """
    if value is None:
        return MISSING
    text = _magnitude(abs(value))
    return f"−{text}" if value < 0 and text != "0" else text


def _magnitude(size: float) -> str:
    if size != 0 and (size >= 1e7 or size < 1e-4):
        mantissa, exponent = f"{size:.2e}".split("e")
        return f"{mantissa} × 10{superscript(int(exponent))}"
    rounded = float(f"{size:.2e}")
    if rounded == int(rounded) or rounded >= 100:
        return f"{size:,.0f}"
    return f"{rounded:.{2 - math.floor(math.log10(rounded))}f}"


def count(value: int | None) -> str:
    """Return a whole number with thousands separators, or a dash.

    Examples
    --------
    >>> count(12345), count(None)
    ('12,345', '–')
    """
    return MISSING if value is None else f"{value:,}"


def percent(share: float | None) -> str:
    """Return a share as a percentage.

    Examples
    --------
    >>> percent(0.1234), percent(0.0004), percent(1.0), percent(None)
    ('12.3 %', '0.0400 %', '100 %', '–')
    """
    return MISSING if share is None else f"{number(share * 100)} %"


def interval(pair: tuple[float, float] | None) -> str:
    """Return a range as its two ends.

    Examples
    --------
    >>> interval((0.4, 0.512)), interval(None)
    ('0.400 to 0.512', '–')
    """
    return MISSING if pair is None else f"{number(pair[0])} to {number(pair[1])}"


def of(part: int, whole: int, noun: str = "rows") -> str:
    """Return a count with its denominator.

    Examples
    --------
    >>> of(468, 1503)
    '468 of 1,503 rows'
    """
    return f"{part:,} of {whole:,} {noun}"


def plural(value: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "cell"), plural(1200, "cell")
    ('1 cell', '1,200 cells')
    """
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def duration(seconds: float | None) -> str:
    """Return a length of time in words.

    Examples
    --------
    >>> duration(0.4), duration(75), duration(7300), duration(200000), duration(None)
    ('0.4 s', '1 min 15 s', '2 h 1 min', '2 days 7 h', '–')
    """
    if seconds is None:
        return MISSING
    if seconds < 0.05:
        return "under 0.1 s"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    parts: list[str] = []
    rest = int(seconds)
    for name, size in (("day", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        whole, rest = divmod(rest, size)
        if whole or parts:
            parts.append(f"{whole} {name}" if name != "day" or whole == 1 else f"{whole} days")
    return " ".join(parts[:2])


def moment(iso: str) -> str:
    """Return a moment to the minute, as the engine stored it (UTC).

    Examples
    --------
    >>> moment("2026-11-21T04:00:07Z")
    '2026-11-21 04:00'
    """
    return iso[:16].replace("T", " ")


def origin(address: str | None) -> str | None:
    """Return where a server is reached, of one of its addresses.

    Examples
    --------
    >>> origin("https://audit.example.org/results?run=x"), origin(None)
    ('https://audit.example.org', None)
    """
    return "/".join(address.split("/")[:3]) if address else None


def second(iso: str) -> str:
    """Return a moment to the second, as the engine stored it (UTC).

    Examples
    --------
    >>> second("2026-11-21T04:00:07Z"), second("2026-11-21T04:00:07.123456+00:00")
    ('2026-11-21 04:00:07', '2026-11-21 04:00:07')
    """
    return iso[:19].replace("T", " ")


def short_names(runs: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """Return, by id, names of runs that fit the narrowest list; equal ones are told apart by moment, then by id.

    Examples
    --------
    >>> short_names([("20261121-cac4c8", "pilot", "2026-11-21T04:00:07Z")])
    {'20261121-cac4c8': 'pilot'}
    >>> list(short_names([("a", "pilot", "2026-11-21T04:00:07Z"), ("b", "pilot", "2026-11-22T05:00:07Z")]).values())
    ['pilot · 11-21 04:00', 'pilot · 11-22 05:00']
    """
    named = {run: excerpt(name, NARROW) for run, name, _ in runs}
    twice = _twice(named)
    named |= {run: f"{excerpt(name, NARROW - 14)} · {moment(at)[5:]}" for run, name, at in runs if run in twice}
    twice = _twice(named)
    return named | {run: f"{excerpt(name, NARROW - 9)} · {run[-6:]}" for run, name, _ in runs if run in twice}


def _twice(named: Mapping[str, str]) -> set[str]:
    times = Counter(named.values())
    return {run for run, name in named.items() if times[name] > 1}


def clock(iso: str) -> str:
    """Return a moment's time of day to the minute (UTC).

    Examples
    --------
    >>> clock("2026-11-21T04:00:07Z")
    '04:00'
    """
    return iso[11:16]


def literal(text: str) -> str:
    r"""Return untrusted text so that a Markdown label shows it and renders nothing, not even a link.

    An address gets an invisible word joiner, because Markdown turns bare addresses into links.

    Examples
    --------
    >>> literal("![x](y)")
    '\\!\\[x\\]\\(y\\)'
    """
    broken = _ADDRESS.sub("\\1\u2060", visible(text).replace("\n", " "))
    return _MARKDOWN.sub(r"\\\1", broken)


def badge_label(text: str) -> str:
    r"""Return untrusted text for a badge, which escapes square brackets by itself.

    Examples
    --------
    >>> badge_label("![x](y)")
    '\\![x]\\(y\\)'
    """
    return literal(text).replace("\\[", "[").replace("\\]", "]")


def chart_text(text: str) -> str:
    """Return untrusted text so that Plotly shows it and reads no tags in it.

    Examples
    --------
    >>> chart_text("<b>&")
    '&lt;b&gt;&amp;'
    """
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "↵")


def excerpt(text: str | None, length: int = 90) -> str:
    r"""Return the beginning of a text on one line.

    Examples
    --------
    >>> excerpt("one\ntwo"), excerpt("abcdef", 4), excerpt(None)
    ('one two', 'abc…', '–')
    """
    if text is None:
        return MISSING
    line = " ".join(visible(text[: 4 * length]).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
