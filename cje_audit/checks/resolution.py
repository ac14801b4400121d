"""How finely a column of numbers is written: its grid, and how crowded each part of it is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Bools, Floats, Ints

DECIMALS = tuple(range(8))
SIGNIFICANT = tuple(range(2, 8))
MANTISSA_BITS = (8, 11, 24)
BINARY_PLACES = tuple(range(24))
SAMPLE = 4000
NEIGHBOURS = 15


def grid_size(values: Floats) -> Floats:
    """Return the spacing of the coarsest usual number format the column fits, at each value; 0 where none fits.

    Formats: decimals, significant digits, bfloat16, float16 and float32, multiples of a power of two. A column fits
    when 95 % of its distinct values do. `values` are distinct and non-zero, shape (n,).

    Examples
    --------
    >>> grid_size(np.array([-1.25, -22.31, -177.77, -100.0])).tolist()
    [0.01, 0.01, 0.01, 0.01]
    """
    return grid_of(values)[0]


def grid_of(values: Floats) -> tuple[Floats, Bools]:
    """Return the spacing as `grid_size` does, and which values lie off every format that the column fits.

    Those few are written more finely than the column is rounded.

    Examples
    --------
    >>> column = np.append(np.arange(1, 60) / 4, np.log(1e-10))
    >>> np.flatnonzero(grid_of(column)[1]).tolist()
    [59]
    """
    spacing, off = np.zeros(len(values)), np.ones(len(values), dtype=bool)
    for spaces in _fitting(values, values[:: max(1, len(values) // SAMPLE)]):
        spacing = np.maximum(spacing, spaces)
        steps = values / spaces
        off &= np.abs(steps - np.round(steps)) > thresholds.OFF_GRID
    return spacing, off & (spacing > 0)


def _fitting(values: Floats, probe: Floats) -> Iterator[Floats]:
    """Yield the spacing of the coarsest fitting format of each kind."""
    exponent = np.floor(np.log2(np.abs(values)))
    magnitude = np.floor(np.log10(np.abs(values)))
    decimals = _coarsest(DECIMALS, lambda d: _fits_multiple(probe, 10.0**d))
    digits = _coarsest(SIGNIFICANT, lambda s: _fits_digits(probe, s))
    bits = _coarsest(MANTISSA_BITS, lambda b: _fits_mantissa(probe, b))
    places = _coarsest(BINARY_PLACES, lambda j: _fits_multiple(probe, 2.0**j))
    if decimals is not None:
        yield np.full(len(values), 10.0**-decimals)
    if digits is not None:
        yield 10.0 ** (magnitude - digits + 1)
    if bits is not None:
        yield 2.0 ** (exponent - bits + 1)
    if places is not None:
        yield np.full(len(values), 2.0**-places)


def _coarsest(formats: Sequence[int], fits: Callable[[int], bool]) -> int | None:
    """Return the coarsest format that fits, None where not even the finest, the last one, does.

    What fits a format fits every finer one, so the search ends at the first that does not.
    """
    found = None
    for each in reversed(formats):
        if not fits(each):
            break
        found = each
    return found


def _enough(hits: Bools) -> bool:
    return bool(np.mean(hits) >= thresholds.GRID_FIT)


def _fits_multiple(values: Floats, factor: float) -> bool:
    steps = values * factor
    return _enough(np.abs(steps - np.round(steps)) <= 1e-15 * np.abs(steps))


def _fits_digits(values: Floats, digits: int) -> bool:
    unit = 10.0 ** (np.floor(np.log10(np.abs(values))) - digits + 1)
    steps = values / unit
    return _enough(np.abs(steps - np.round(steps)) <= 1e-14 * np.abs(steps))


def _fits_mantissa(values: Floats, bits: int) -> bool:
    mantissa, _ = np.frexp(values)
    steps = mantissa * 2.0**bits
    return _enough(steps == np.round(steps))


@dataclass(frozen=True, eq=False)
class Crowd:
    """For each distinct value: how many rows hold its neighbours, over how many nats, and how often each occurs.

    All float64, shape (d,). `typical` is the median count among the nearest neighbours.
    """

    mass: Floats
    width: Floats
    typical: Floats


def crowding(distinct: Floats, counts: Ints) -> Crowd:
    """Count the fifteen neighbours on each side of every value; `distinct` ascends, `counts` are rows per value.

    A neighbour's count is capped at three times what is usual around it, so that one constant does not hide another.
    """
    typical = local_median(counts.astype(np.float64))
    capped = np.minimum(counts, 3 * typical + 3)
    total = np.concatenate([[0.0], np.cumsum(capped)])
    index = np.arange(len(distinct))
    low, high = np.maximum(index - NEIGHBOURS, 0), np.minimum(index + NEIGHBOURS, len(distinct) - 1)
    mass = total[high + 1] - total[low] - capped
    return Crowd(mass, distinct[high] - distinct[low], typical)


def local_median(counts: Floats) -> Floats:
    """Return the median of the four counts on each side of every value, its own left out."""
    reach = 4
    padded = (
        np.pad(counts, reach, mode="reflect") if len(counts) > reach else np.pad(counts, reach, constant_values=1.0)
    )
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)[:, (0, 1, 2, 3, 5, 6, 7, 8)]
    crowded = np.flatnonzero(around.max(axis=1) > 1)
    median = np.ones(len(counts))
    median[crowded] = np.median(around[crowded], axis=1)
    return median


def n_cells(values: Floats, spacing: Floats) -> float:
    """Return how many cells of the grid the middle eight tenths of the values span."""
    low, high = np.quantile(values, (0.1, 0.9))
    return float((high - low) / max(float(np.median(spacing)), 1e-30))
