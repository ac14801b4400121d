"""Read model of the labelled rows behind the calibration."""

from cje_audit.domain.views import View


class LabelledRow(View):
    """One logged row with both: the judge's score and the oracle label, each on its own scale."""

    score: float
    label: float
