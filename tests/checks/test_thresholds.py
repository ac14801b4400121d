from pathlib import Path

from cje_audit.checks import thresholds
from cje_audit.report.assemble import run_checks
from tests.checks.builders import log_normal_run

DOCS = Path(__file__).resolve().parents[2] / "docs" / "checks.md"


def test_every_threshold_has_its_own_name_a_unit_and_a_reason() -> None:
    names = [t.name for t in thresholds.TABLE]
    assert len(names) == len(set(names))
    assert all(t.unit and t.reason for t in thresholds.TABLE)


def test_the_documented_table_is_the_real_one() -> None:
    assert thresholds.markdown() in DOCS.read_text(encoding="utf-8")


def test_every_check_of_a_run_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    checks = {check.id for check in run_checks(log_normal_run())}
    assert len(checks) >= 32
    assert [c for c in sorted(checks) if f"| `{c}` |" not in text] == []
