"""What a pilot found: go or no go, why, and what the rest would cost."""

from typing import Literal

from cje_audit.domain.part import Part

PilotOutcome = Literal["go", "look", "no_go"]


class PilotSize(Part):
    """How many rows a pilot took, of how many."""

    n: int
    n_total: int

    @property
    def n_left(self) -> int:
        """How many rows the rest has."""
        return self.n_total - self.n


class PilotReport(Part):
    """The end of a pilot. `sentence` is printed byte for byte everywhere.

    `cost` and `cost_of_rest` are in the price table's currency, None where a model has no price; `seconds_of_rest` is
    the time of the asking stages, carried forward row by row. `quality` holds shares of the pilot's rows by name.
    """

    size: PilotSize
    outcome: PilotOutcome
    sentence: str
    reasons: tuple[str, ...]
    cost: float | None
    cost_of_rest: float | None
    seconds_of_rest: float | None
    quality: dict[str, float | None]
