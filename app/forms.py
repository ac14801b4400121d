"""What people type and press: the experiment text, import choices, filters, and a run's buttons."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app import formats, parts, words
from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain.report import FailureGroup, PolicyReport
from cje_audit.domain.views import FailurePage, LiveView, RunRow, Template

DATA_TYPES = ("jsonl", "json", "csv", "tsv", "parquet")
TYPING = Path(__file__).with_name("typing.js")
DRAFT = "experiment_draft"


def experiment_text(templates: Mapping[str, Template]) -> str:
    """Show the examples and the text of the experiment; return the text as it stands."""
    names = list(templates)

    def load() -> None:
        st.session_state[DRAFT] = templates[st.session_state["template"]].text

    if DRAFT not in st.session_state and names:
        st.session_state[DRAFT] = templates[names[0]].text
    if names:
        titles = [formats.literal(templates[name].title) for name in names]
        st.radio("Start from an example", names, captions=titles, format_func=_label, key="template", on_change=load)
    st.html(f"<script>{TYPING.read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)
    return st.text_area(
        "Experiment file (YAML)",
        height=420,
        key=DRAFT,
        persist_state="session",
        placeholder="Paste an experiment file here.",
    )


def _label(name: str) -> str:
    return formats.literal(name.replace("_", " ").replace("-", " ").capitalize())


@dataclass(frozen=True)
class ImportChoices:
    """What was chosen on the import page."""

    options: ImportOptions
    name: str | None


def import_choices() -> ImportChoices:
    """Show the choices of an import, folded away because the defaults fit most files."""
    with st.expander("Choices", icon=":material/tune:"):
        name = st.text_input("Name of the run", key="import_name", placeholder="the file's name")
        clone = st.text_input(
            "Which target policy is the clone?", key="clone", help=words.GLOSSARY["clone"], placeholder="clone"
        )
        low, high = st.columns(2)
        lowest = low.number_input("Lowest judge score possible", value=0.0, key="judge_low")
        highest = high.number_input("Highest judge score possible", value=1.0, key="judge_high")
    options = ImportOptions(clone=clone.strip() or None, judge_scale=(lowest, highest))
    return ImportChoices(options, name.strip() or None)


def import_command(files: Sequence[str], choices: ImportChoices, *, with_draws: bool) -> str:
    """Return the command line that does the same import.

    Examples
    --------
    >>> import_command(["my data.jsonl"], ImportChoices(ImportOptions(clone="twin"), None), with_draws=False)
    "cje-audit import 'my data.jsonl' --clone twin"
    """
    told = ["cje-audit", "import", *files]
    if choices.options.clone:
        told += ["--clone", choices.options.clone]
    if choices.options.judge_scale != (0.0, 1.0):
        told += ["--judge-scale", *(f"{end:g}" for end in choices.options.judge_scale)]
    if with_draws:
        told += ["--fresh-draws", "FOLDER"]
    return shlex.join(told)


def pick_policy(policies: Sequence[PolicyReport]) -> PolicyReport:
    """Show the policies to choose from; the choice is in the address."""
    names = {p.name: p for p in policies}
    first = next((p.name for p in policies if p.role == "target"), policies[0].name)
    chosen = st.selectbox(
        "Policy", list(names), list(names).index(first), key="policy", bind="query-params", format_func=formats.visible
    )
    return names[chosen]


def _all_checks() -> None:
    del st.query_params["check"]


def only_check() -> str | None:
    """Return the one check that the address asks for, with a button that shows all of them again."""
    only = st.query_params.get("check")
    if only:
        with parts.line():
            parts.quiet(f"Only this check is shown: {words.check_title(only)}")
            st.button("Show all checks", on_click=_all_checks)
    return only


@dataclass(frozen=True)
class FailureFilter:
    """Which failed cells are wanted; None means all."""

    stage: str | None
    policy: str | None
    code: str | None
    search: str | None


def failure_filter(failures: Sequence[FailureGroup]) -> FailureFilter:
    """Show the filters of the failures page; every choice is in the address."""
    columns = st.columns(4)
    with columns[0]:
        stage = _choice("Stage", [f.stage for f in failures], "stage")
    with columns[1]:
        policy = _choice("Policy", [f.policy for f in failures], "for")
    with columns[2]:
        code = _choice("Code", [f.code for f in failures], "code")
    search = columns[3].text_input("Words in the prompt or row id", key="words", bind="query-params")
    return FailureFilter(stage, policy, code, search.strip() or None)


def failed_cells(
    audit: Audit, run: str, wanted: FailureFilter, *, offset: int = 0, limit: int = parts.PAGE_SIZE
) -> FailurePage:
    """Return one page of the failed cells that pass the filter."""
    return audit.failures(
        run,
        stage=wanted.stage,
        policy=wanted.policy,
        code=wanted.code,
        search=wanted.search,
        offset=offset,
        limit=limit,
    )


def _choice(label: str, values: Sequence[str | None], key: str) -> str | None:
    options = list(dict.fromkeys(v for v in values if v))
    return st.selectbox(
        label, options, None, key=key, bind="query-params", placeholder="all", format_func=formats.visible
    )


def run_buttons(audit: Audit, view: LiveView) -> None:
    """Show what can be done with a run now: pause and cancel while it moves, resume once it stands."""
    run = view.run.id
    with st.container(horizontal=True):
        if view.run.status in ("queued", "running") and view.worker != "lost":
            paused = st.button(
                "Pause", icon=":material/pause:", help="Finish what is in flight, then stop. Resume later."
            )
            cancelled = st.button("Cancel", icon=":material/stop:", help="Stop. What was answered stays stored.")
            if paused or cancelled:
                (audit.pause if paused else audit.cancel)(run)
                st.rerun()
        elif view.run.status != "complete" and st.button("Resume", type="primary", icon=":material/play_arrow:"):
            audit.resume(run)
            st.rerun()


def run_commands(run: RunRow) -> tuple[str, ...]:
    """Return the command lines that do what the live page's buttons do."""
    if run.status in ("queued", "running"):
        return (f"cje-audit pause {run.id}", f"cje-audit cancel {run.id}")
    return (f"cje-audit resume {run.id}",) if run.status != "complete" else (f"cje-audit report {run.id}",)
