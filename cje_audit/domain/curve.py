"""The calibration curve as the report carries it: where it goes, and the labels it was fitted on, in bins."""

from cje_audit.domain.part import Pair, Part


class LabelBin(Part):
    """Labelled rows with about the same judge score: mean score, mean label with its 95 % interval, how many rows."""

    score: float
    label: float
    interval: Pair | None
    n: int


class CalibrationCurve(Part):
    """From judge score to oracle label, on `n` of `n_total` rows.

    `curve` are (score, label) pairs, linear between them and constant beyond; `line` holds intercept and slope of the
    straight line that stands against it. `used_by` names the policies whose headline rests on the curve.
    """

    n: int
    n_total: int
    curve: tuple[Pair, ...]
    line: Pair
    bins: tuple[LabelBin, ...]
    used_by: tuple[str, ...]
    sentence: str
