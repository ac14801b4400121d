"""What people type and press: the experiment text, import choices, filters, and a run's buttons."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import draft, form_words, formats, parts, rights, words
from app.charts.weights import Bar
from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain.errors import InputError
from cje_audit.domain.report import FailureGroup, PolicyReport
from cje_audit.domain.retry import RetryChoice
from cje_audit.domain.views import FailurePage, LiveView, RunRow, Template

DATA_TYPES = ("jsonl", "json", "csv", "tsv", "parquet", "eval")
TYPING = Path(__file__).with_name("typing.js")


def pick_example(templates: Mapping[str, Template]) -> None:
    """Show the example experiments; picking one puts its text in the draft."""
    names = list(templates)
    if not names:
        return
    draft.begin(templates[names[0]].text)
    st.radio(
        "Start from an example",
        names,
        captions=[formats.literal(templates[name].title) for name in names],
        format_func=lambda name: form_words.EXAMPLES.get(name) or formats.literal(name),
        key="template",
        on_change=lambda: draft.replace(templates[st.session_state["template"]].text),
    )


def experiment_text() -> None:
    """Show the draft as text."""
    st.html(f"<script>{TYPING.read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)
    st.text_area(
        "Experiment file (YAML)",
        height=420,
        key=draft.DRAFT,
        persist_state="session",
        placeholder="Paste an experiment file here.",
    )


def how_to_name(audit: Audit, folder: Path) -> None:
    """Say how the text names an uploaded file; it is found by its name alone."""
    parts.quiet("Name the file in the text above like this:")
    st.code("\n".join(f"data: {{path: {file}}}" for file in audit.uploaded(folder)), language=None)


def pick_two_runs(runs: Sequence[RunRow]) -> tuple[str | None, str | None]:
    """Show two lists of runs to choose from; both choices are in the address, as the runs' ids."""
    names = formats.short_names([(run.id, run.name, run.created_at) for run in runs])
    with st.container(horizontal=True):
        return _one_run("a", "Run A", names), _one_run("b", "Run B", names)


def _one_run(param: str, label: str, names: Mapping[str, str]) -> str | None:
    key, wanted = f"compare_{param}", st.query_params.get(param)
    if key not in st.session_state and wanted in names:
        st.session_state[key] = wanted
    chosen = st.selectbox(
        label, list(names), None, key=key, format_func=lambda run: names[run], placeholder="pick a run", width=300
    )
    if chosen is not None and chosen != wanted:
        st.query_params[param] = chosen
    return chosen


def tick_to_compare(runs: Sequence[str]) -> None:
    """Show a link to the comparison of the ticked runs, or how many are still to be ticked."""
    ticked = [run for run in runs if st.session_state.get(f"tick-{run}")]
    if len(ticked) == 2:
        parts.link("compare", "Compare the two ticked runs", a=ticked[0], b=ticked[1])
        parts.quiet(f"On the command line: cje-audit compare {ticked[0]} {ticked[1]}")
    elif ticked:
        parts.quiet(f"{formats.plural(len(ticked), 'run')} ticked; tick exactly two to compare them.")


def trail_scope(names: Mapping[str, str], current: str | None) -> str | None:
    """Show whether the trail is about this run or all runs; return the run, or None for all."""
    if current not in names:
        return None
    scope = st.radio("Show", ("All runs", "This run"), key="scope", horizontal=True)
    return current if scope == "This run" else None


@dataclass(frozen=True)
class Beside:
    """The files that lie beside a dataset: fresh draws, probes and the manifest."""

    draws: Sequence[UploadedFile]
    probes: Sequence[UploadedFile]
    manifest: UploadedFile | None

    @property
    def options(self) -> tuple[str, ...]:
        """The command line's options for what is there."""
        there = {"fresh-draws": self.draws, "probes": self.probes, "manifest": self.manifest}
        return tuple(name for name, given in there.items() if given)


def files_beside() -> Beside:
    """Show where files that lie beside a dataset go, folded away because most datasets have none."""
    with st.expander("Files beside the data: fresh draws, probes, manifest", icon=":material/attach_file:"):
        draws = st.file_uploader(
            "Fresh draws: responses the target policies wrote themselves, POLICY_responses.jsonl",
            type=list(DATA_TYPES), accept_multiple_files=True, key="draws",
        )  # fmt: skip
        probes = st.file_uploader(
            "Probes: labelled responses of the target policies, POLICY_probe.jsonl",
            type=list(DATA_TYPES), accept_multiple_files=True, key="probes",
        )  # fmt: skip
        manifest = st.file_uploader("The dataset's manifest (JSON)", type=["json"], key="manifest")
    return Beside(draws, probes, manifest)


@dataclass(frozen=True)
class ImportChoices:
    """What was chosen on the import page."""

    options: ImportOptions
    name: str | None


def column_mapping(audit: Audit, columns: Sequence[str]) -> dict[str, str]:
    """Show which column is read as which field, folded away where names say it; return what was chosen."""
    chosen: dict[str, str] = {}
    with st.expander("Columns", audit.lacks_names(columns), icon=":material/view_column:"):
        parts.quiet("Name a column only where the file calls it something else.")
        with st.container(horizontal=True, gap="small"):
            for field in audit.fields():
                column = st.selectbox(
                    field,
                    columns,
                    None,
                    key=f"map-{field}",
                    placeholder="as named",
                    format_func=formats.visible,
                    width=220,
                )
                chosen |= {column: field} if column else {}
        others = st.text_area(
            "Others, one COLUMN=FIELD a line", key="map-others", placeholder="lp_short=target_logprob_short", height=80
        )
    return chosen | dict(_pairs(others))


def _pairs(text: str) -> list[tuple[str, str]]:
    r"""Return the pairs that a person wrote as COLUMN=FIELD lines.

    Examples
    --------
    >>> _pairs("a = prompt\n\nb=response")
    [('a', 'prompt'), ('b', 'response')]
    """
    lines = [line.partition("=") for line in text.splitlines() if line.strip()]
    wrong = next((column for column, sign, field in lines if not (sign and column.strip() and field.strip())), None)
    if wrong is not None:
        raise InputError(f"{wrong!r} is not of the form COLUMN=FIELD.", expected="COLUMN=FIELD", got=wrong)
    return [(column.strip(), field.strip()) for column, _, field in lines]


def import_choices(mapping: Mapping[str, str]) -> ImportChoices:
    """Show the choices of an import, folded away because the defaults fit most files."""
    with st.expander("Choices", icon=":material/tune:"):
        name = st.text_input("Name of the run", key="import_name", placeholder="the file's name")
        clone = st.text_input(
            "Which target policy is the clone?", key="clone", help=words.GLOSSARY["clone"], placeholder="clone"
        )
        rows_of = st.text_input(
            "Whose responses are the rows?", key="rows_of", placeholder="the first policy of the log",
            help="A log may hold responses of several policies. One of them is the logging policy.",
        )  # fmt: skip
        low, high = st.columns(2)
        lowest = low.number_input("Lowest judge score possible", value=0.0, key="judge_low")
        highest = high.number_input("Highest judge score possible", value=1.0, key="judge_high")
    options = ImportOptions(
        mapping=dict(mapping),
        clone=clone.strip() or None,
        judge_scale=(lowest, highest),
        rows_of=rows_of.strip() or None,
    )
    return ImportChoices(options, name.strip() or None)


def import_command(files: Sequence[str], choices: ImportChoices, *, beside: Sequence[str] = ()) -> str:
    """Return the command line that does the same import.

    Examples
    --------
    >>> import_command(["my data.jsonl"], ImportChoices(ImportOptions(clone="twin"), None))
    "cje-audit import 'my data.jsonl' --clone twin"
    """
    told = ["cje-audit", "import", *files]
    if choices.options.clone:
        told += ["--clone", choices.options.clone]
    if choices.options.rows_of:
        told += ["--rows-of", choices.options.rows_of]
    if choices.options.judge_scale != (0.0, 1.0):
        told += ["--judge-scale", *(f"{end:g}" for end in choices.options.judge_scale)]
    for column, field in choices.options.mapping.items():
        told += ["--map", f"{column}={field}"]
    for option in beside:
        told += [f"--{option}", "FILE" if option == "manifest" else "FOLDER"]
    return shlex.join(told)


def pick_policy(policies: Sequence[PolicyReport]) -> PolicyReport:
    """Show the policies to choose from; the choice is in the address."""
    names = {p.name: p for p in policies}
    first = next((p.name for p in policies if p.role == "target"), policies[0].name)
    chosen = st.selectbox(
        "Policy", list(names), list(names).index(first), key="policy", bind="query-params", format_func=formats.visible
    )
    return names[chosen]


def pick_bar(bars: Sequence[Bar]) -> Bar | None:
    """Show the bars of a histogram that hold rows; the choice is in the address, and a click on a bar makes it too."""
    names = {str(place): f"{place + 1} · {bar.name}" for place, bar in enumerate(bars) if bar.n}
    if st.session_state.get("bar") not in names:
        st.session_state.pop("bar", None)
    chosen = st.selectbox(
        "The rows of a bar (or click the bar)", list(names), None, key="bar", bind="query-params",
        format_func=lambda place: names[place], placeholder="choose a bar",
    )  # fmt: skip
    return None if chosen is None else bars[int(chosen)]


def bar_picked(place: int) -> None:
    """Choose the bar that was clicked."""
    st.session_state["bar"] = str(place)


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

    @property
    def choice(self) -> RetryChoice:
        """The same as a choice of what is asked again; words cannot choose that."""
        return RetryChoice(stage=self.stage, code=self.code, policy=self.policy)


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
    if view.run.status != "complete" and rights.denied(audit, "resume", "Pause, cancel, resume", key="moves"):
        return
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
