"""One column of raw values to numbers, and for every cell that is none the reason why."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.limits import EXCERPT_CHARS

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_BLANK_WORDS = frozenset(("", "na", "n/a", "null", "none"))
_PLAIN = {float, int, type(None)}
_KINDS = {bool: "true or false", dict: "an object", list: "a list", bytes: "bytes", tuple: "a list"}


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that cannot be read, and why: a plain sentence without its full stop."""

    detail: str


@dataclass(frozen=True, slots=True)
class Cells:
    """One measured column, (n,) each: a float64 value, or null with a code and often a detail.

    `n_from_text` counts numbers that were written as text; `first_misfit` is the index of the first unreadable cell.
    """

    values: pl.Series
    codes: pl.Series
    details: pl.Series
    n_from_text: int
    n_misfits: int
    first_misfit: int | None


Reading = tuple[float | None, FailureCode | None, str | None]


def read_cells(raw: list[object], *, from_text: bool) -> Cells:
    """Read a column; a bad cell costs only itself.

    Examples
    --------
    >>> cells = read_cells([-1.5, None, float("nan"), "-2", "high"], from_text=False)
    >>> cells.values.to_list(), cells.codes.to_list()
    ([-1.5, None, None, -2.0, None], [None, 'no_score', 'non_finite', None, 'schema'])
    >>> cells.details.to_list()[-1], cells.n_from_text
    ("'high' is not a number", 1)
    """
    if _PLAIN.issuperset(map(type, raw)):
        try:
            return _plain(pl.Series(raw, dtype=pl.Float64))
        except OverflowError:
            pass  # an integer too large for a float: read cell by cell
    readings = [read_number(value, from_text=from_text) for value in raw]
    misfits = [i for i, (_, code, _) in enumerate(readings) if code is FailureCode.SCHEMA]
    return Cells(
        pl.Series([value for value, _, _ in readings], dtype=pl.Float64),
        pl.Series([code for _, code, _ in readings], dtype=pl.String),
        pl.Series([detail for _, _, detail in readings], dtype=pl.String),
        sum(isinstance(v, str) and reading[1] is None for v, reading in zip(raw, readings, strict=True)),
        len(misfits),
        misfits[0] if misfits else None,
    )


def _plain(values: pl.Series) -> Cells:
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
    if not values.null_count() and values.is_finite().all():
        return Cells(values, nothing, nothing, 0, 0, None)
    column = values.alias("v").to_frame()
    code = (
        pl.when(pl.col("v").is_null())
        .then(pl.lit(FailureCode.NO_SCORE.value))
        .when(~pl.col("v").is_finite())
        .then(pl.lit(FailureCode.NON_FINITE.value))
    )
    told = column.select(pl.when(pl.col("v").is_finite()).then("v").alias("v"), code.alias("c"))
    return Cells(told["v"], told["c"], nothing, 0, 0, None)


def read_number(value: object, *, from_text: bool) -> Reading:
    """Return the number, or the code and the detail of what is wrong with it."""
    if value is None:
        return None, FailureCode.NO_SCORE, None
    if isinstance(value, str):
        return _from_text(value, from_text=from_text)
    if isinstance(value, Misfit):
        return None, FailureCode.SCHEMA, value.detail
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _finite(value)
    kind = _KINDS.get(type(value), f"a {type(value).__name__}")
    return None, FailureCode.SCHEMA, f"the cell holds {kind}, not a number"


def _finite(value: float | Decimal) -> Reading:
    try:
        number = float(value)
    except OverflowError:
        return None, FailureCode.NON_FINITE, "the number is too large"
    return (number, None, None) if math.isfinite(number) else (None, FailureCode.NON_FINITE, None)


def _from_text(value: str, *, from_text: bool) -> Reading:
    text = value.strip()
    if from_text and text.lower() in _BLANK_WORDS:
        return None, FailureCode.NO_SCORE, None
    if _NUMBER.fullmatch(text):
        return _finite(float(text))
    if _NOT_FINITE.fullmatch(text):
        return None, FailureCode.NON_FINITE, None
    return None, FailureCode.SCHEMA, f"{text[: EXCERPT_CHARS // 2]!r} is not a number"
