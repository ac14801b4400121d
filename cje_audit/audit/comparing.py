"""Comparing two finished runs: their stored rows are read again, and every refused policy stays refused."""

from typing import Final

from cje_audit.domain.comparison import RunComparison
from cje_audit.domain.errors import InputError
from cje_audit.domain.import_spec import load_spec
from cje_audit.domain.report import Report
from cje_audit.report.across import Side, compare_runs
from cje_audit.report.setting import setting_of
from cje_audit.stages.base import StageContext, StageProgress, StopSignal
from cje_audit.stages.columns import as_objects, read_rows
from cje_audit.stages.estimation import run_facts
from cje_audit.store.answers import AnswerStore
from cje_audit.store.files import RunFiles
from cje_audit.store.tables import RunTables
from cje_audit.store.workspace import Workspace

KEPT: Final = 16
_made: dict[tuple[str, ...], RunComparison] = {}  # seconds of reading for large runs, and a page asks at every click


def compare_two(workspace: Workspace, answers: AnswerStore, a: Report, b: Report) -> RunComparison:
    """Compare two runs by their reports; the last comparisons of unchanged reports are kept in memory.

    Raises
    ------
    InputError
        When both are the same run.
    """
    if a.run.id == b.run.id:
        raise InputError(
            "A run is not compared with itself.", expected="two runs", got=a.run.id, what_to_do="Name another run."
        )
    key = (str(workspace.root), *(part for r in (a, b) for part in (r.run.id, r.report_hash())))
    made = _made.get(key)
    if made is None:
        made = compare_runs(_side(workspace, answers, "A", a), _side(workspace, answers, "B", b))
        for oldest in list(_made)[: max(0, len(_made) - KEPT + 1)]:
            _made.pop(oldest, None)
        _made[key] = made
    return made


def _side(workspace: Workspace, answers: AnswerStore, label: str, report: Report) -> Side:
    record = workspace.get(report.run.id)
    files = RunFiles(workspace.run_dir(record.id))
    spec = load_spec(files.config)
    tables = RunTables(files.tables, read_only=True)
    try:
        progress = StageProgress(workspace, record.id, "estimation")
        facts = run_facts(StageContext(record, files.folder, spec, tables, answers, progress, StopSignal()))
        prompts = as_objects(read_rows(tables)[1]["prompt_id"])
    finally:
        tables.close()
    return Side(label, report, facts, prompts, setting_of(spec))
