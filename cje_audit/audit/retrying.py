"""Asking again for what failed: failed questions of a run are reopened, and the stages from there on run again."""

import difflib
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cje_audit.domain.checks import STAGES
from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import ORACLE_JUDGE, Experiment
from cje_audit.domain.import_spec import RunSpec, dump_spec, load_spec
from cje_audit.domain.report import Report
from cje_audit.domain.retry import RetryChoice, RetryPlan
from cje_audit.domain.titles import stage_title
from cje_audit.store.answers import AnswerStore, Ending
from cje_audit.store.files import RunFiles
from cje_audit.store.workspace import iso

NOTHING = (
    "Nothing is asked again: no question {chosen}ended in failure. A cell may lack its value because an earlier step "
    "of its row failed; then choose all stages and policies."
)
WORDS = {"stage": "of the stage", "code": "with the code", "policy": "of the policy", "row": "about the row"}


def check_choice(choice: RetryChoice, spec: RunSpec) -> None:
    """Refuse a stage, code or policy that does not exist, so that a typing error is not read as "nothing failed".

    Raises
    ------
    ConfigError
        When one of them is unknown, with the nearest known name.
    """
    _known("stage", choice.stage, STAGES)
    _known("code", choice.code, [code.value for code in FailureCode])
    if isinstance(spec, Experiment):
        names = [policy.name for policy in (spec.logging_policy, *spec.target_policies)]
        _known("policy", choice.policy, names if spec.oracle.judge is None else [*names, ORACLE_JUDGE])


def _known(what: str, name: str | None, names: Sequence[str]) -> None:
    if name is None or name in names:
        return
    near = difflib.get_close_matches(name, names, n=1)
    raise ConfigError(
        f"There is no {what} {name} here.",
        expected=f"one of {', '.join(names)}",
        got=name,
        what_to_do=f"Write {near[0]}." if near else f"Write one of {', '.join(names)}.",
    )


def chosen(answers: AnswerStore, run: str, choice: RetryChoice) -> list[Ending]:
    """Return the questions of a run that ended in failure and were chosen."""
    return answers.failed_questions(run, stage=choice.stage, code=choice.code, policy=choice.policy, row_id=choice.row)


def plan(run: str, ended: Sequence[Ending], choice: RetryChoice) -> RetryPlan:
    """Say what asking these questions again means: how many, with which codes, and what runs after it."""
    codes = Counter(ending.code for ending in ended)
    vain = {code: n for code, n in codes.items() if not CODES[FailureCode(code)].retryable}
    stages = STAGES[STAGES.index(first_stage(ended)) :] if ended else ()
    return RetryPlan(
        run=run,
        n=len(ended),
        n_in_vain=sum(vain.values()),
        by_code=dict(codes.most_common()),
        stages=stages,
        sentence=_sentence(codes, vain, stages) if ended else NOTHING.format(chosen=_chosen_in_words(choice)),
    )


def _chosen_in_words(choice: RetryChoice) -> str:
    """Say what was chosen; nothing where all was.

    Examples
    --------
    >>> _chosen_in_words(RetryChoice(code="timeout", row="q7"))
    'with the code timeout about the row q7 '
    """
    return "".join(f"{words} {getattr(choice, name)} " for name, words in WORDS.items() if getattr(choice, name))


def _sentence(codes: Counter[str], vain: dict[str, int], stages: Sequence[str]) -> str:
    n = codes.total()
    what = ", ".join(f"{k:,} {code}" for code, k in codes.most_common())
    after = ", ".join(stage_title(stage).lower() for stage in stages)
    asked = "1 failed question is" if n == 1 else f"{n:,} failed questions are"
    told = f"{asked} asked again ({what}). These stages run again: {after}. Finished answers are not asked for again."
    for code in vain:
        told += f" With {code}, asking again alone does not help. {CODES[FailureCode(code)].what_to_do}"
    return told


def reopen(
    answers: AnswerStore, folder: Path, run: str, ended: Sequence[Ending], stage: str, before: Report | None
) -> None:
    """Let these questions be asked again, and the stages from `stage` on run again; attempts and answers stay.

    `before` is the report as it stands, None where there is none yet: its numbers stay beside the new ones.
    """
    answers.reopen(run, [ending.key for ending in ended])
    tables = RunFiles(folder).tables
    if tables.is_file():
        from cje_audit.report.repairs import snapshot_of
        from cje_audit.stages.retries import noted
        from cje_audit.store.tables import (
            RunTables,  # DuckDB and Polars, which a start of the command line need not have
        )

        opened = RunTables(tables, read_only=False)
        try:
            at = time.time()
            opened.load(noted(at, ended))
            if before is not None:
                kept = snapshot_of(iso(at), before.policies, before.failures)
                opened.remember(kept.model_dump_json())
            opened.forget(STAGES[STAGES.index(stage) :])
        finally:
            opened.close()


def first_stage(ended: Sequence[Ending]) -> str:
    """Return the first stage to run again; a response that is written anew begins with the rows themselves."""
    if any(ending.kind == "generate" for ending in ended):
        return STAGES[0]
    return min((ending.stage for ending in ended), key=STAGES.index)


def raise_cap(folder: Path, max_cost: float) -> None:
    """Write another cost cap into a run's configuration."""
    path = RunFiles(folder).config
    spec = load_spec(path)
    if isinstance(spec, Experiment):
        execution = spec.execution.model_copy(update={"max_cost": max_cost})
        path.write_text(dump_spec(spec.model_copy(update={"execution": execution})), encoding="utf-8")
