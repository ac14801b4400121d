"""Columns that describe a row: words and counts, left empty where they hold something else."""

from collections.abc import Callable

import orjson
import polars as pl

_TEXT = {str, type(None)}
_COUNT = {int, type(None)}
_MAX_COUNT = 2**53


def read_texts(
    raw: list[object] | None, n: int, left_out: Callable[[int], None] | None, *, blank: bool = True
) -> pl.Series:
    """Return text, null where there is none.

    What is no text is told to `left_out` by its index and left empty or, without it, written down as JSON.
    Without `blank`, blank text counts as none.
    """
    if raw is None:
        return pl.Series([None] * n, dtype=pl.String)
    if not _TEXT.issuperset(map(type, raw)):
        raw = [_text(value, at, left_out) for at, value in enumerate(raw)]
    return pl.Series(raw if blank else [v or None for v in raw], dtype=pl.String)


def _text(value: object, at: int, left_out: Callable[[int], None] | None) -> object:
    if value is None or isinstance(value, str):
        return value
    if left_out is not None:
        left_out(at)
        return None
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def read_counts(raw: list[object] | None, n: int, left_out: Callable[[int], None]) -> pl.Series:
    """Return whole numbers from 0, null where there is none."""
    if raw is None:
        return pl.Series([None] * n, dtype=pl.Int64)
    if not (_COUNT.issuperset(map(type, raw)) and all(v is None or 0 <= v <= _MAX_COUNT for v in raw)):  # type: ignore[operator]
        raw = [_count(value, at, left_out) for at, value in enumerate(raw)]
    return pl.Series(raw, dtype=pl.Int64)


def _count(value: object, at: int, left_out: Callable[[int], None]) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 18:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_COUNT:
        return value
    left_out(at)
    return None
