"""The base of every part of the report: frozen, closed, and free of NaN."""

from pydantic import BaseModel, ConfigDict

Pair = tuple[float, float]


class Part(BaseModel):
    """Base of every part of the report."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
