"""The calibration of a run: the curve from judge score to oracle label, over the rows it was fitted on."""

from app import parts
from app.charts import calibration as charts
from cje_audit.audit import Audit
from cje_audit.domain.report import Report


def curve(audit: Audit, report: Report) -> None:
    """Print the curve with its data and whose headline rests on it; nothing where there is no curve."""
    if report.calibration is None:
        return
    parts.section("From judge score to label", "calibration")
    drawn = charts.calibration(report.calibration, audit.labelled(report.run.id))
    parts.chart(drawn, report.calibration.sentence, key="calibration")
