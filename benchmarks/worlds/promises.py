"""What each label demands of a measured cell, and which demands are not met."""

import math
from typing import Any

from worlds.cells import Cell

REPORTED, REFUSED = 0.99, 0.99
COVERAGE, HEAVY_COVERAGE, WIDENED_COVERAGE = (0.93, 0.97), (0.93, 1.0), 0.95
WIDTH, BIAS, ERROR = 1.25, 0.25, 0.07
NEVER_PRIMARY = ("ips", "ips_clipped", "snips_clipped", "calibrated_weights", "psis")


def chance(share: float, repetitions: int) -> float:
    """Return three standard errors of a share that is measured in so many repetitions."""
    return 3 * math.sqrt(share * (1 - share) / repetitions)


def broken_promises(cell: Cell, found: dict[str, Any], *, lenient: bool = False) -> list[str]:
    """Return which demands a cell does not meet; `lenient` allows for the chance of few repetitions."""
    n = found["repetitions"]

    def slack(share: float) -> float:
        return chance(share, n) if lenient else 0.0

    told = [f"{name} is primary" for name in NEVER_PRIMARY if found["primary"].get(name)]
    if cell.label in ("hopeless", "broken") and found["refused"] < REFUSED - slack(REFUSED):
        told.append(f"refused {found['refused']:.1%}")
    if cell.label == "good":
        told += _good(cell, found, slack, 1 / math.sqrt(n) if lenient else 0.0)
    widened = found["headline"]["widened_coverage"]
    if cell.widened and (widened is None or widened < WIDENED_COVERAGE - slack(WIDENED_COVERAGE)):
        told.append(f"widened coverage {widened}")
    return told


def _good(cell: Cell, found: dict[str, Any], slack: Any, room: float) -> list[str]:
    told = []
    if found["reported"] < REPORTED - slack(REPORTED):
        told.append(f"reported {found['reported']:.1%}")
    if set(found["rewards"]) - {cell.reward}:
        told.append(f"rewards {found['rewards']}")
    headline = found["headline"]
    if headline["coverage"] is None:
        return [*told, "no number"]
    low, high = HEAVY_COVERAGE if cell.heavy else COVERAGE
    if not low - slack(0.95) <= headline["coverage"] <= high + slack(0.95):
        told.append(f"coverage {headline['coverage']:.1%}")
    limits = (("width_ratio", 0.0, WIDTH + room), ("bias_in_errors", 0.0, BIAS + 2 * room),
              ("error_ratio", 1 - ERROR - 2.5 * room, 1 + ERROR + 2.5 * room))  # fmt: skip
    for name, least, most in limits:
        if not least <= headline.get(name, math.inf) <= most:
            told.append(f"{name} {headline.get(name, math.inf):.2f}")
    return told
