"""Read model of the rows in one bar of a weight histogram."""

from cje_audit.domain.views import View


class WeightRow(View):
    """One row with its raw weight under a policy; `log_ratio` in nats, `weight` None where float64 cannot hold it."""

    row_id: str
    prompt: str
    log_ratio: float
    weight: float | None


class WeightRowPage(View):
    """One page of the rows between two log ratios, heaviest first, and how many there are in all."""

    total: int
    offset: int
    rows: tuple[WeightRow, ...]
