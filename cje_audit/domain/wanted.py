"""What a wanted precision takes: one line per way to get there."""

from typing import Literal

from cje_audit.domain.views import View

Way = Literal["fresh responses", "logged rows", "labels"]


class WantedLine(View):
    """One way to a wanted half-width: how many there are, how many more it takes (None: no number does), at what price.

    Where `cost` is None, `no_cost` says why.
    """

    way: Way
    n_present: int
    n_more: int | None
    cost: float | None
    no_cost: str | None
    sentence: str


class WantedPlan(View):
    """What an interval of ± `half_width` (95 %) takes for one policy."""

    policy: str
    half_width: float
    sentence: str
    lines: tuple[WantedLine, ...]
