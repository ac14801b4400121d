"""Values that hold several: the log-probs of all target policies of a row, and values per token."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import polars as pl

from cje_audit.formats.numbers import Misfit

Object = dict[str, object] | Misfit | None
_OBJECTS = {dict, type(None)}
_LISTS = {list, type(None)}
_NUMBERS = {int, float}


def read_objects(raw: list[object], name: str) -> list[Object]:
    """Return each value as an object; JSON text (from CSV) and key-value pairs (from Parquet) are understood."""
    if _OBJECTS.issuperset(map(type, raw)):
        return raw  # type: ignore[return-value]
    return [_object(value, name) for value in raw]


def _object(value: object, name: str) -> Object:
    if isinstance(value, str):
        value = from_json(value)
    if value is None or isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
        return {str(key): inner for key, inner in value}
    return Misfit(f"{name} is not an object with one value per policy")


def from_json(text: str) -> object:
    """Return what JSON text stands for; blank text is None, and other text stays text."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def keys_of(objects: Sequence[Object]) -> list[str]:
    """Return all keys, in order of first appearance."""
    return list(dict.fromkeys(chain.from_iterable(o for o in objects if isinstance(o, dict))))


def pick(objects: Sequence[Object], key: str) -> list[object]:
    """Return one key's value of every object."""
    return [o.get(key) if isinstance(o, dict) else o for o in objects]


@dataclass(frozen=True, slots=True)
class Lists:
    """A column of lists; null where a row has none or one that cannot be read."""

    values: pl.Series
    n_misfits: int


def read_number_lists(raw: list[object]) -> Lists:
    """Return lists of finite float64; a list with anything else in it is null.

    Examples
    --------
    >>> read_number_lists([[-1.0, -2], None, [True], [float("nan")], "x"]).values.to_list()
    [[-1.0, -2.0], None, None, None, None]
    """
    plain = _LISTS.issuperset(map(type, raw)) and _NUMBERS.issuperset(map(type, _flat(raw)))
    kept = raw if plain else [v if _is_number_list(v) else None for v in map(_list, raw)]
    try:
        values = pl.Series(kept, dtype=pl.List(pl.Float64))
    except OverflowError:
        return Lists(pl.Series([None] * len(raw), dtype=pl.List(pl.Float64)), len(raw))
    finite = values.to_frame("v").select(
        pl.when(pl.col("v").list.eval(pl.element().is_finite()).list.all()).then("v").alias("v")
    )["v"]
    return Lists(finite, finite.null_count() - sum(v is None or v == "" for v in raw))


def read_text_lists(raw: list[object]) -> Lists:
    """Return lists of text; a list with anything else in it is null."""
    plain = _LISTS.issuperset(map(type, raw)) and {str}.issuperset(map(type, _flat(raw)))
    kept = raw if plain else [v if _is_text_list(v) else None for v in map(_list, raw)]
    values = pl.Series(kept, dtype=pl.List(pl.String))
    return Lists(values, values.null_count() - sum(v is None or v == "" for v in raw))


def _flat(raw: list[object]) -> chain[object]:
    return chain.from_iterable(v for v in raw if isinstance(v, list))


def _list(value: object) -> object:
    return from_json(value) if isinstance(value, str) else value


def _is_number_list(value: object) -> bool:
    return isinstance(value, list) and _NUMBERS.issuperset(map(type, value)) and not any(_is_huge(v) for v in value)


def _is_huge(value: float) -> bool:
    return isinstance(value, int) and value.bit_length() > 64


def _is_text_list(value: object) -> bool:
    return isinstance(value, list) and {str}.issuperset(map(type, value))
