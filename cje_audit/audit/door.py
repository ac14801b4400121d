"""The Audit object: one workspace, and everything that can be asked of it."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cje_audit.audit import creation, live, overriding, people, processes, rescoring, retrying
from cje_audit.audit.accounts import Accounts
from cje_audit.audit.attempts import attempts_at
from cje_audit.audit.findings import Findings
from cje_audit.audit.monitor import monitor_view
from cje_audit.audit.roles import enforced
from cje_audit.audit.sharing import Sharing
from cje_audit.audit.summary import cost_sentence, summary
from cje_audit.domain import form_edit
from cje_audit.domain.comparison import RunComparison
from cje_audit.domain.errors import AuditError, ErrorDocument, InputError, NotFound, StoreLocked
from cje_audit.domain.experiment import Experiment, parse_experiment
from cje_audit.domain.form import Form, form_of
from cje_audit.domain.import_spec import ImportSpec, load_spec
from cje_audit.domain.labels import LabelledRow
from cje_audit.domain.on_failure import effects
from cje_audit.domain.pilot import PilotReport
from cje_audit.domain.preflight import KeptPreflight, Preflight
from cje_audit.domain.register import Proposal, Register, RegisterEntry
from cje_audit.domain.report import Report
from cje_audit.domain.retry import RetriedPage, RetryChoice, RetryPlan
from cje_audit.domain.row_search import RowPage, RowQuery, SavedView
from cje_audit.domain.views import (
    AttemptView,
    CostEstimate,
    Decision,
    DecisionPage,
    DryRunView,
    FailedCell,
    FailurePage,
    FailurePattern,
    FailureRate,
    LiveView,
    MonitorView,
    QuarantinedLine,
    RetryView,
    Reveal,
    RowView,
    RunRow,
    ShareLink,
    ShareView,
    Template,
    Validation,
    WeightView,
)
from cje_audit.domain.wanted import WantedPlan
from cje_audit.domain.weight_rows import WeightRowPage
from cje_audit.formats.naming import ALIASES
from cje_audit.formats.options import ImportOptions
from cje_audit.providers.registry import PROVIDERS
from cje_audit.providers.smollm.fetch import fetch_model
from cje_audit.report.estimates_csv import estimates_csv
from cje_audit.report.register import as_csv, as_markdown
from cje_audit.settings import bundle_root
from cje_audit.store import read_models
from cje_audit.store.answers import Ending
from cje_audit.store.files import RunFiles, safe_name
from cje_audit.store.saved_views import SavedViews
from cje_audit.store.weight_curve import weight_view
from cje_audit.store.weight_rows import weight_rows
from cje_audit.store.workspace import RunRecord

if TYPE_CHECKING:  # what is heavy is loaded by the methods that need it, so that a command line starts at once
    from cje_audit.audit.gate import Gated
    from cje_audit.checks.failure_patterns import Attempts
    from cje_audit.store.tables import RunTables

SIBLINGS = {
    "uniform_by_bug": "Demo: uniform by bug",
    "skipped_target_stage": "Demo: skipped target stage",
    "broken_judge": "Demo: broken judge",
    "fallback_constants": "Demo: fallback constants",
}
DEMO_NAME = "Demo: short questions"


@enforced
class Audit(Accounts):
    """One workspace. Every method that can fail raises an `AuditError` whose sentence is meant for people."""

    def __init__(self, workspace: Path) -> None:
        super().__init__(workspace)
        self._saved = SavedViews(self.workspace)
        self._standing = overriding.Standing(self._runs, self._answers)

    def close(self) -> None:
        """Close the workspace's databases."""
        self._saved.close()
        super().close()

    # -- runs ---------------------------------------------------------------------------------------------------

    def runs(self, *, trashed: bool = False) -> tuple[RunRow, ...]:
        """Return every run that is not in the trash (or every one that is), newest first."""
        return tuple(live.run_row(self._runs, r, self._settings.stall_s) for r in self._runs.all(trashed=trashed))

    def trash(self, run: str) -> RunRow:
        """Put a run that has ended into the trash; nothing of it is removed, and `restore` takes it out again."""
        record = self._runs.get(run)
        if processes.worker_state(record, self._settings.stall_s) not in ("ended", "lost"):
            raise InputError(f"{record.name} is still at work.", got=record.id, what_to_do="Cancel it first.")
        self._runs.put_in_trash(record.id)
        return self.run(record.id)

    def restore(self, run: str) -> RunRow:
        """Take a run out of the trash."""
        self._runs.take_from_trash(self._runs.get(run).id)
        return self.run(run)

    def run(self, run: str) -> RunRow:
        """Return one run by id, unique prefix or `latest`."""
        return live.run_row(self._runs, self._runs.get(run), self._settings.stall_s)

    def live(self, run: str) -> LiveView:
        """Return what a run is doing this moment."""
        return live.live_view(self._runs, self._answers, self._runs.get(run), self._settings.stall_s)

    def failure_document(self, run: str) -> ErrorDocument | None:
        """Return why a run failed, as the contract's error object; None when it did not."""
        record = self._runs.get(run)
        return None if record.error is None else json.loads(record.error)

    def report(self, run: str) -> Report:
        """Return the finished report of a run, with what people signed.

        Raises
        ------
        NotFound
            When the run has none yet; the sentence says why.
        """
        return self._report(self._runs.get(run))

    def _report(self, record: RunRecord) -> Report:
        path = RunFiles(self._runs.run_dir(record.id)).report
        if record.status != "complete" or not path.is_file():
            raise NotFound(_no_report(record), what_to_do="Look at the Live page, or resume the run.")
        entries = self._trail.of_run(record.id)
        return people.with_sign_off(self._standing.report(record, entries), entries)

    def html(self, run: str, *, redact: bool = False) -> str:
        """Return a run's report as one offline HTML file."""
        from cje_audit.report.html import render

        if redact:
            return self._redacted(self._runs.get(run))
        return render(self.report(run), revealed=self.revealed(run))

    def _redacted(self, record: RunRecord) -> str:
        from cje_audit.report.html import render
        from cje_audit.report.redaction import scrubbed
        from cje_audit.store.texts import repeated

        report = self._report(record)
        with self._tables(record.id) as tables:
            shared = scrubbed(report, lambda words: repeated(tables, words))
        return render(shared, redact=True, signed_hash=report.report_hash())

    def json(self, run: str) -> str:
        """Return a run's report as JSON text."""
        return json.dumps(self.report(run).document(), ensure_ascii=False, indent=2, allow_nan=False)

    def estimates_csv(self, run: str) -> str:
        """Return the estimates that may be shown, one line each, as CSV."""
        return estimates_csv(self.report(run), self.revealed(run))

    def verify(self, what: str) -> tuple[str, ...]:
        """Recompute a run or a bundle from its rows, or the hash of a report file; return what differs.

        Raises
        ------
        InputError
            When `what` is a file that cannot be read, or of a kind that is not verified.
        """
        if what.endswith(".html"):
            from cje_audit.report.html import verify_html

            return tuple(verify_html(_read_text(Path(what))))
        if what.endswith(".zip"):
            from cje_audit.audit import bundling
            from cje_audit.store.bundle import Bundle

            return tuple(bundling.faults(Bundle.read(Path(what))))
        from cje_audit.stages.verification import differences  # the whole statistics; no other method needs them

        record = self._runs.get(what)
        report = self.report(record.id)
        overrides = overriding.of_report(self._trail.of_run(record.id), self._standing.first(record))
        return tuple(differences(self._runs, self._answers, record, report, overrides))

    def compare(self, a: str, b: str) -> RunComparison:
        """Compare two finished runs, paired by prompt; what keeps them apart is said in words."""
        from cje_audit.audit.comparing import compare_two  # the whole statistics; few methods need them

        return compare_two(self._runs, self._answers, self.report(a), self.report(b))

    def plan(self, run: str, policy: str, half_width: float, *, label_price: float | None = None) -> WantedPlan:
        """Return what an interval of ± `half_width` takes: fresh responses, logged rows or labels, with their price."""
        from cje_audit.report.wanted import plan_for

        found = self.report(run).policy(policy)
        if found is None:
            raise NotFound(f"This run has no policy {policy!r}.", got=policy, what_to_do="Name a policy of the report.")
        return plan_for(found, half_width, label_price=label_price)

    # -- what people decide --------------------------------------------------------------------------------------

    def note(self, run: str, text: str, *, on: str = "run", by: str) -> Decision:
        """Write a note on the run, on `policy:NAME`, `check:ID` or `row:ID`."""
        if on.startswith("row:"):
            self.row(run, on.removeprefix("row:"))
        return self._people(run).note(text, on, self._name(by))

    def reveal(self, run: str, policy: str, *, reason: str, by: str) -> Decision:
        """Let the numbers of a refused policy be shown; the verdict stays, and an earlier sign-off becomes void."""
        return self._people(run).reveal(policy, reason, self._name(by))

    def override(self, run: str, check: str, *, policy: str | None = None, reason: str, by: str) -> Decision:
        """Set a failing check aside and decide the verdicts again; an earlier sign-off becomes void."""
        record = self._runs.get(run)
        deciding = self._people(record.id)
        entry = deciding.override(overriding.failing(deciding.finished(), check, policy), reason, self._name(by),
                                  first_hash=self._standing.first(record).report_hash())  # fmt: skip
        self.report(record.id)
        return entry

    def sign(self, run: str, decision: str, *, by: str, note: str | None = None, seen: str | None = None) -> Decision:
        """Approve or reject the present report; `seen` is the hash of the report the person read."""
        return self._people(run).sign(decision, self._name(by), note, seen)

    def decisions(self, run: str) -> tuple[Decision, ...]:
        """Return the audit trail of one run, newest first."""
        return tuple(people.view(e) for e in self._trail.of_run(self._runs.get(run).id))

    def trail(self, run: str | None = None, *, offset: int = 0, limit: int = 50) -> DecisionPage:
        """Return one page of the audit trail of a run, or of all runs, newest first."""
        wanted = None if run is None else self._runs.get(run).id
        entries = self._trail.page(wanted, offset=offset, limit=limit)
        return DecisionPage(total=self._trail.count(wanted), offset=offset, rows=tuple(people.view(e) for e in entries))

    def findings(self, run: str) -> Register:
        """Return everything that was found wrong with a run, and what people decided about it."""
        return self._findings(run).register()

    def add_finding(self, run: str, finding: Proposal, *, by: str | None = None) -> RegisterEntry:
        """Add a person's finding."""
        return self._findings(run).open(finding, by=self._name(by), source="person")

    def decide_finding(
        self, run: str, finding: str, status: str, *, reason: str, by: str | None = None, effort: str | None = None
    ) -> RegisterEntry:
        """Give a finding another status, by name and for a reason; it holds for re-runs on the same data too."""
        return self._findings(run).decide(finding, status, reason=reason, by=self._name(by), effort=effort)

    def review(
        self, run: str, *, model: str, provider: str = "openai_compatible", base_url: str | None = None,
        api_key_env: str | None = None, max_tokens: int = 2000,
    ) -> Register:  # fmt: skip
        """Ask a review model what the checks miss; what it proposes is marked as its own."""
        from cje_audit.audit.reviewing import propose, reviewer  # the providers, which no other decision needs

        found, asked = self._findings(run), reviewer(provider, model, base_url, api_key_env, max_tokens)
        found.open_all(propose(found.report, asked), by=f"{provider} {model}"[:120], source="reviewer")
        return found.register()

    def findings_text(self, run: str, kind: Literal["csv", "markdown"]) -> str:
        """Return the register as CSV or Markdown."""
        return (as_csv if kind == "csv" else as_markdown)(self.findings(run))

    def _findings(self, run: str) -> Findings:
        return Findings(self._runs, self._trail, self.report(run), None if self.acting is None else self.role)

    def revealed(self, run: str) -> dict[str, Reveal]:
        """Return, by policy, who let the refused numbers of this report be shown."""
        report = self.report(run)
        return people.reveals(self._trail.of_run(report.run.id), report)

    def _people(self, run: str) -> people.People:
        record = self._runs.get(run)
        ended = record.status == "complete"
        report = self.report(record.id) if ended else None
        return people.People(self._trail, record.id, report, None if self.acting is None else self.role)

    # -- out of the workspace and in --------------------------------------------------------------------------------

    def export(self, run: str, out: Path) -> str:
        """Write a finished run as one bundle (zip of Parquet and JSON); return the file's SHA-256."""
        return self._export(run, out)

    def bundle(self, run: str) -> bytes:
        """Return a finished run as one bundle."""
        with tempfile.TemporaryDirectory(prefix="cje-audit-") as folder:
            path = Path(folder) / "run.zip"
            self._export(run, path)
            return path.read_bytes()

    def _export(self, run: str, out: Path) -> str:
        from cje_audit.audit import bundling  # Arrow, which few methods need

        record = self._runs.get(run)
        self._report(record)
        return bundling.export(self._runs, record, self._standing.first(record), self._trail.of_run(record.id), out)

    def import_bundle(self, path: Path) -> str:
        """Put the run of a bundle into this workspace and return its id; its numbers are computed again first."""
        from cje_audit.audit import bundling
        from cje_audit.store.bundle import Bundle

        return bundling.import_bundle(self._runs, self._answers, self._trail, Bundle.read(path), self._owner())

    def estimates_parquet(self, run: str) -> bytes:
        """Return the estimates that may be shown as Parquet, one row each."""
        from cje_audit.store.tabular import csv_as_parquet

        return csv_as_parquet(self.estimates_csv(run))

    def rows_csv(self, run: str) -> bytes:
        """Return every row with its texts, score, label and weights as CSV that no spreadsheet takes for formulas."""
        from cje_audit.store.tabular import rows_csv

        with self._tables(run) as tables:
            return rows_csv(tables)

    def rows_parquet(self, run: str) -> bytes:
        """Return the rows of `rows_csv` as Parquet: texts as they are stored, what is missing as null."""
        from cje_audit.store.tabular import rows_parquet

        with self._tables(run) as tables:
            return rows_parquet(tables)

    # -- share links ----------------------------------------------------------------------------------------------

    def share(self, run: str, days: float, *, by: str | None = None, base: str | None = None) -> ShareLink:
        """Make a link that opens the redacted report for some days, without an account; `base` is the server's URL."""
        report = self.report(run)
        return self._sharing.share(report.run.id, days, self._name(by), base or self._settings.url)

    def revoke_share(self, share: str, *, by: str | None = None) -> ShareView:
        """Withdraw a share link; it opens nothing any more."""
        return self._sharing.revoke(share, self._name(by))

    def shares(self, run: str) -> tuple[ShareView, ...]:
        """Return the share links of a run, newest first."""
        return self._sharing.of_run(self._runs.get(run).id)

    def open_share(self, token: str) -> str:
        """Return the redacted report that a share link opens, as HTML; that it was opened is kept."""
        return self._redacted(self._runs.get(self._sharing.opened(token)))

    @property
    def _sharing(self) -> Sharing:
        return Sharing(self._shares, self._trail)

    # -- starting and stopping ----------------------------------------------------------------------------------

    def templates(self) -> tuple[Template, ...]:
        """Return the example configurations, those that need no key first."""
        files = sorted((bundle_root() / "examples").glob("*.yaml"))
        every = [Template(name=f.stem, title=_title(f), text=f.read_text(encoding="utf-8")) for f in files]
        return tuple(sorted(every, key=lambda template: "api_key_env: " in template.text))

    def validate(self, text: str, *, base: Path | None = None) -> Validation:
        """Say whether a configuration text is valid; never raises."""
        try:
            experiment = self._experiment(text, base)
        except AuditError as error:
            return Validation(ok=False, sentence=error.sentence, what_to_do=error.what_to_do)
        data = Path(experiment.data.path)
        if not data.is_file():
            return Validation(
                ok=False,
                sentence=f"There is no data file {data.name} where this configuration looks for it.",
                what_to_do="Upload it under exactly this name, or write its full path on this machine as data.path.",
            )
        n = len(experiment.target_policies)
        return Validation(
            ok=True,
            sentence=f"The configuration is valid: {n} target {'policy' if n == 1 else 'policies'}.",
            summary=summary(experiment),
        )

    @staticmethod
    def form(text: str) -> Form | None:
        """Return the form of a configuration text, valid or not; None where it holds no mapping."""
        return form_of(text, tuple(PROVIDERS))

    @staticmethod
    def with_value(text: str, place: tuple[str | int, ...], value: str | int | float | bool | None) -> str:
        """Return a configuration text with one field of its form changed; comments stay where they can."""
        return form_edit.edited(text, place, value)

    @staticmethod
    def with_policy(text: str) -> str:
        """Return a configuration text with one more target policy, set like the logging policy."""
        return form_edit.with_policy(text)

    @staticmethod
    def without_policy(text: str, index: int) -> str:
        """Return a configuration text without one target policy."""
        return form_edit.without_policy(text, index)

    def _experiment(self, text: str, base: Path | None) -> Experiment:
        experiment = parse_experiment(text, base=base if base is not None else bundle_root() / "examples")
        creation.check_providers(experiment)
        return experiment

    def doctor(self, text: str, *, base: Path | None = None) -> Preflight:
        """Examine the endpoints of a configuration text with known questions; stored answers are never read."""
        from cje_audit.audit.preflight import fly

        return fly(self._experiment(text, base), self.workspace)

    def preflight(self, run: str) -> KeptPreflight | None:
        """Return what the preflight found before a run was launched; None where there was none."""
        from cje_audit.stages.provenance import read_preflight

        return read_preflight(RunFiles(self._runs.run_dir(self._runs.get(run).id)).preflight)

    def launch(
        self, text: str, *, base: Path | None = None, resume_twin: bool = False, pilot: int | None = None,
        preflight: Preflight | None = None, set_aside: str | None = None, by: str | None = None,
    ) -> str:  # fmt: skip
        """Start a run of a configuration text and return its id; `resume_twin` goes on with an unfinished equal run.

        `pilot` makes it a pilot of so many rows. A `preflight` is kept with the run; one that blocks refuses the launch
        unless it is `set_aside` for a reason, `by` somebody.
        """
        from cje_audit.audit.preflight import keep, refuse_blocked

        experiment = self._experiment(text, base)
        if preflight is not None:
            refuse_blocked(preflight, experiment, set_aside, self._name(by))
        if pilot is not None:
            experiment = creation.with_pilot(experiment, pilot)
        twin = creation.unfinished_twin(self._runs, experiment) if resume_twin else None
        if twin is not None:
            return self.resume(twin.id).id
        record = creation.create_launch(self._runs, experiment, self._owner())
        if preflight is not None:
            keep(preflight, record, self._runs.run_dir(record.id), self._trail, set_aside, self._name(by))
        return self._start(record)

    def pilot(self, run: str) -> PilotReport | None:
        """Return what a finished pilot says, go or no go; None where the run is no pilot."""
        from cje_audit.audit.piloting import pilot_report

        record = self._runs.get(run)
        with self._tables(record.id) as tables:
            size, quality = read_models.pilot_facts(tables)
        wanted = load_spec(RunFiles(self._runs.run_dir(record.id)).config)
        if not isinstance(wanted, Experiment) or wanted.execution.pilot is None:
            return None
        return pilot_report(self.report(record.id), size, self.monitor(record.id).spent, quality)

    def run_rest(self, run: str) -> str:
        """Start the whole experiment of a pilot and return the new run's id; what the pilot asked is not asked again.

        Raises
        ------
        InputError
            When the run is no pilot.
        """
        record = self._runs.get(run)
        spec = load_spec(RunFiles(self._runs.run_dir(record.id)).config)
        if not isinstance(spec, Experiment) or spec.execution.pilot is None:
            raise InputError(f"{record.name} is no pilot.", got=record.id, what_to_do="Start it with --pilot N.")
        return self._start(creation.create_launch(self._runs, creation.with_pilot(spec, None), self._owner()))

    def dry_run(self, paths: Sequence[Path], options: ImportOptions) -> DryRunView:
        """Say what an import would read, storing nothing."""
        from cje_audit.formats.dry_run import dry_run

        return DryRunView.model_validate(dry_run(paths, options).document())

    @staticmethod
    def gate(
        dataset: Path, options: ImportOptions, *, strict: bool = False, write: Path | None = None,
        manifest: Path | None = None, commit: str | None = None,
    ) -> "Gated":  # fmt: skip
        """Say whether a dataset is fit to train or evaluate on; stores nothing but the manifest asked for."""
        from cje_audit.audit.gate import gate

        return gate(dataset, options, strict=strict, write=write, manifest_path=manifest, commit=commit)

    @staticmethod
    def columns(paths: Sequence[Path]) -> tuple[str, ...]:
        """Return the columns of files, also of those that hold no row as they are."""
        from cje_audit.formats.dry_run import columns_of

        return columns_of(paths, ImportOptions())

    @staticmethod
    def fields() -> tuple[str, ...]:
        """Return the fields a column may be read as."""
        return tuple(ALIASES)

    @staticmethod
    def lacks_names(columns: Sequence[str]) -> bool:
        """Say whether no column is called what a row needs, so that a person has to say which is which."""
        return bool(columns) and not all(set(columns) & set(ALIASES[field]) for field in ("prompt_id", "prompt"))

    def import_files(
        self,
        paths: Sequence[Path],
        options: ImportOptions,
        *,
        fresh_draws: Path | None = None,
        probes: Path | None = None,
        manifest: Path | None = None,
        name: str | None = None,
    ) -> str:
        """Start an import and return the run's id."""
        extras = {"fresh_draws": fresh_draws, "probes": probes, "manifest": manifest}
        return self._start(creation.create_import(self._runs, list(paths), options, extras, name, self._owner()))

    def demo(self) -> str:
        """Import the bundled real experiment; return the run's id."""
        folder = bundle_root() / "sample_data" / "experiment"
        manifest = folder / "manifest.json"
        return self.import_files(
            [folder / "logged_data.jsonl"],
            ImportOptions(),
            fresh_draws=folder / "fresh_draws",
            manifest=manifest if manifest.is_file() else None,
            name=DEMO_NAME,
        )

    def demo_siblings(self) -> dict[str, str]:
        """Import the faulty siblings of the sample experiment; return run ids by name."""
        folder = bundle_root() / "sample_data" / "faulty"
        fresh = bundle_root() / "sample_data" / "experiment" / "fresh_draws"
        return {
            stem: self.import_files([folder / f"{stem}.jsonl"], ImportOptions(), fresh_draws=fresh, name=title)
            for stem, title in SIBLINGS.items()
        }

    def demo_runs(self) -> dict[str, str]:
        """Return the newest runs of the demo and its siblings by name; those never imported are left out."""
        titles = {DEMO_NAME: "experiment", **{title: stem for stem, title in SIBLINGS.items()}}
        return {titles[r.name]: r.id for r in reversed(self._runs.all()) if r.name in titles}

    def _start(self, record: RunRecord) -> str:
        log = self._runs.run_dir(record.id) / "worker.log"
        self._runs.expect(record.id, processes.spawn(self.workspace, record.id, log))
        return record.id

    def wait(self, run: str, *, timeout_s: float | None = None, poll_s: float = 0.05) -> RunRow:
        """Wait until a run has ended or its worker is lost; return it as it is then."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            record = self._runs.get(run)
            state = processes.worker_state(record, self._settings.stall_s)
            late = deadline is not None and time.monotonic() > deadline
            if late or state == "lost" or (state == "ended" and record.pid is None):
                return self.run(run)
            time.sleep(poll_s)

    def cancel(self, run: str) -> RunRow:
        """Ask a run to stop; everything finished is kept."""
        return self._request(run, "cancel", "cancelled")

    def pause(self, run: str) -> RunRow:
        """Ask a run to pause; `resume` goes on from there."""
        return self._request(run, "pause", "partial")

    def _request(self, run: str, request: str, status: str) -> RunRow:
        record = self._runs.get(run)
        state = processes.worker_state(record, self._settings.stall_s)
        stuck = request == "cancel" and state == "stalled" and processes.end_stuck(record.pid, record.id)
        if state == "lost" or stuck:
            self._runs.release(record.id, None)
            self._runs.update(record.id, status=status, request=None, finished_at=time.time())
        elif state != "ended":
            self._runs.update(record.id, request=request)
        return self.run(record.id)

    def resume(self, run: str, *, max_cost: float | None = None) -> RunRow:
        """Go on with a run that stopped, failed or lost its worker; finished answers are not asked for again.

        A complete run stays as it is; a report of it that is damaged or missing is written again from its tables.
        `max_cost` puts another cost cap in place of the configuration's.
        """
        record = self._idle(run)
        if max_cost is not None:
            retrying.raise_cap(self._runs.run_dir(record.id), max_cost)
            self._runs.event(record.id, f"The cost cap is {max_cost:g} from now on.")
        if record.status == "complete":
            self._standing.mend(record)
        else:
            self._restart(record)
        return self.run(record.id)

    def _idle(self, run: str) -> RunRecord:
        """Return a run that no worker is busy with."""
        record = self._runs.get(run)
        state = processes.worker_state(record, self._settings.stall_s)
        if state in ("alive", "starting", "stalled"):
            raise StoreLocked("A worker is busy with this run.", what_to_do="Wait for it, or cancel the run first.")
        return record

    def _restart(self, record: RunRecord) -> None:
        self._runs.release(record.id, None)
        self._runs.update(record.id, status="queued", heartbeat=time.time(), request=None, error=None)
        self._start(record)

    def retry(
        self, run: str, *, stage: str | None = None, code: str | None = None, policy: str | None = None,
        row: str | None = None, config: str | None = None, base: Path | None = None,
    ) -> RetryView:  # fmt: skip
        """Ask again for what failed under a filter, run the stages after it again, and wait for the end.

        Attempts are kept; finished answers and other failures are not asked for again. For an import, `config` is an
        experiment's text that says whom to ask.
        """
        record, choice = self._idle(run), RetryChoice(stage=stage, code=code, policy=policy, row=row)
        found = self._repairable(record, choice, config, base)
        if found is not None:
            return self._rescored(record, found)
        ended = self._reopen(record, choice)
        if not ended:
            return RetryView(run=record.id, retried=0, recovered=0)
        self.wait(record.id)
        still = {ending.key for ending in self._answers.failed_questions(record.id)}
        recovered = sum(ending.key not in still for ending in ended)
        return RetryView(run=record.id, retried=len(ended), recovered=recovered)

    def _repairable(
        self, record: RunRecord, choice: RetryChoice, config: str | None, base: Path | None
    ) -> "rescoring.Repairable | None":
        """Return which cells of an import are asked of whom; None for a launched run, whose questions are known."""
        spec = load_spec(RunFiles(self._runs.run_dir(record.id)).config)
        retrying.check_choice(choice, spec)
        if not isinstance(spec, ImportSpec):
            return None
        asked = None if config is None else self._experiment(config, base)
        with self._tables(record.id) as tables:
            return rescoring.repairable(spec, asked, choice, read_models.failed_cells(tables))

    def _rescore(self, record: RunRecord, found: "rescoring.Repairable") -> None:
        """Begin to ask a provider for an import's failed cells."""
        ended = [e for e in self._answers.failed_questions(record.id) if found.reopens(e)]
        rescoring.write(self._runs.run_dir(record.id), found.spec)
        self._answers.reopen(record.id, [e.key for e in ended])
        self._run_again(record, found.endings, found.first_stage, len(found.cells))

    def _rescored(self, record: RunRecord, found: "rescoring.Repairable") -> RetryView:
        if not found.cells:
            return RetryView(run=record.id, retried=0, recovered=0)
        self._rescore(record, found)
        self.wait(record.id)
        with self._tables(record.id) as tables:
            still = rescoring.places(read_models.failed_cells(tables))
        return RetryView(run=record.id, retried=len(found.cells), recovered=len(rescoring.places(found.cells) - still))

    def _run_again(self, record: RunRecord, ended: Sequence[Ending], stage: str, n: int) -> None:
        """Reopen questions and run the stages from `stage` on again, without waiting for the end."""
        before = self._report(record) if record.status == "complete" else None
        retrying.reopen(self._answers, self._runs.run_dir(record.id), record.id, ended, stage, before)
        self._runs.event(record.id, f"{n} failed questions are asked again.")
        self._restart(record)

    def retryable(
        self, run: str, choice: RetryChoice, *, config: str | None = None, base: Path | None = None
    ) -> RetryPlan:
        """Say what a retry would ask again, and what runs after it; nothing is sent. `config`: see `retry`."""
        record = self._runs.get(run)
        found = self._repairable(record, choice, config, base)
        if found is not None:
            return rescoring.plan(record.id, found)
        return retrying.plan(record.id, retrying.chosen(self._answers, record.id, choice), choice)

    def start_retry(
        self, run: str, choice: RetryChoice, *, config: str | None = None, base: Path | None = None
    ) -> RetryPlan:
        """Ask again for what failed and was chosen, and return at once; *Live* shows how it goes."""
        record = self._idle(run)
        found = self._repairable(record, choice, config, base)
        if found is None:
            return retrying.plan(record.id, self._reopen(record, choice), choice)
        if found.cells:
            self._rescore(record, found)
        return rescoring.plan(record.id, found)

    def _reopen(self, record: RunRecord, choice: RetryChoice) -> Sequence[Ending]:
        ended = retrying.chosen(self._answers, record.id, choice)
        if ended:
            self._run_again(record, ended, retrying.first_stage(ended), len(ended))
        return ended

    def retried(self, run: str, *, offset: int = 0, limit: int = 50) -> RetriedPage:
        """Return one page of the questions that were asked again in a run, and which of them have an answer now."""
        with self._tables(run) as tables:
            return read_models.retried_page(tables, offset=offset, limit=limit)

    def estimate_cost(self, text: str, *, base: Path | None = None) -> CostEstimate:
        """Return what a configuration would ask and cost, from the lengths of its rows; nothing is sent."""
        from cje_audit.formats.dataset import read_dataset
        from cje_audit.stages.asking.cost import estimate_cost, price_table
        from cje_audit.stages.pilot import piloted

        experiment = self._experiment(text, base)
        imported = piloted(read_dataset([Path(experiment.data.path)], ImportOptions()), experiment)
        rows = imported.rows.select("prompt", "response").rows()
        found = estimate_cost(experiment, rows, price_table(experiment.execution, self.workspace))
        return found.model_copy(update={"sentence": cost_sentence(found)})

    def monitor(self, run: str) -> MonitorView:
        """Return what asking is doing this moment: failures per minute, waits, breaker, spend, slowest endpoint."""
        return monitor_view(self._runs, self._answers, self._runs.get(run))

    def failure_policy(self, run: str) -> tuple[str, ...]:
        """Say what a failed row does to a run's estimates; nothing for an import, which asks nothing."""
        spec = load_spec(RunFiles(self._runs.run_dir(self._runs.get(run).id)).config)
        return effects(spec.execution.on_failure_of()) if isinstance(spec, Experiment) else ()

    def failure_patterns(self, run: str) -> tuple[FailurePattern, ...]:
        """Return what failed attempts have in common (length, time, policy), and what to do about it."""
        from cje_audit.checks.failure_patterns import failure_patterns

        return failure_patterns(self._attempts(run))

    def failure_rates(self, run: str) -> tuple[FailureRate, ...]:
        """Return how often attempts failed by code, provider, policy, time and length."""
        from cje_audit.checks.failure_patterns import failure_rates

        return failure_rates(self._attempts(run))

    def _attempts(self, run: str) -> "Attempts":
        from cje_audit.audit.failing import attempts_of, endpoints_of

        record = self._runs.get(run)
        endpoints = endpoints_of(load_spec(RunFiles(self._runs.run_dir(record.id)).config))
        with self._tables(record.id) as tables:
            return attempts_of(self._answers, tables, record.id, endpoints)

    @staticmethod
    def fetch_model() -> Path:
        """Get the embedded model once and return where it lies."""
        return fetch_model()

    @staticmethod
    def serve_model(port: int, *, say: Callable[[str], None]) -> None:
        """Serve the embedded model on loopback until interrupted; `say` is told its address once it answers."""
        from cje_audit.providers.serve_model import serve_model  # brings a web server no other method needs

        serve_model(port, say=say)

    def upload_path(self, name: str) -> Path:
        """Return a fresh path for an uploaded file inside the workspace."""
        folder = self.workspace / "uploads" / f"{time.time_ns()}"
        folder.mkdir(parents=True, mode=0o700)
        return folder / safe_name(name)

    @staticmethod
    def uploaded(folder: Path) -> tuple[str, ...]:
        """Return the names of the files in an upload folder, as a configuration may name them."""
        return tuple(sorted(p.name for p in folder.iterdir() if p.is_file()))

    # -- reading a finished run ---------------------------------------------------------------------------------

    @contextmanager
    def _tables(self, run: str) -> Iterator["RunTables"]:
        from cje_audit.store.tables import RunTables

        record = self._runs.get(run)
        path = RunFiles(self._runs.run_dir(record.id)).tables
        state = processes.worker_state(record, self._settings.stall_s)
        if state in ("alive", "starting", "stalled") or not path.is_file():
            raise NotFound(_no_report(record), what_to_do="Look at the Live page.")
        tables = RunTables(path, read_only=True)
        try:
            yield tables
        finally:
            tables.close()

    def failures(
        self, run: str, *, stage: str | None = None, policy: str | None = None, code: str | None = None,
        search: str | None = None, offset: int = 0, limit: int = 50,
    ) -> FailurePage:  # fmt: skip
        """Return one page of failed cells under a filter."""
        with self._tables(run) as tables:
            return read_models.failure_page(
                tables, stage=stage, policy=policy, code=code, search=search, offset=offset, limit=limit
            )

    def quarantine(self, run: str, *, offset: int = 0, limit: int = 50) -> tuple[QuarantinedLine, ...]:
        """Return one page of the lines that were not imported."""
        with self._tables(run) as tables:
            return read_models.quarantine_page(tables, offset=offset, limit=limit)

    def row(self, run: str, row_id: str) -> RowView:
        """Return everything known about one row."""
        with self._tables(run) as tables:
            return read_models.row_view(tables, row_id)

    def find_rows(self, run: str, query: RowQuery, *, offset: int = 0, limit: int = 25) -> RowPage:
        """Return one page of the rows whose words fit, and how many fit of how many there are."""
        from cje_audit.store.row_search import find_rows

        with self._tables(run) as tables:
            return find_rows(tables, query, offset=offset, limit=limit)

    def saved_views(self) -> tuple[SavedView, ...]:
        """Return the views that people kept, by name."""
        return self._saved.all()

    def keep_view(self, name: str, place: str, query: Mapping[str, str], *, by: str | None = None) -> None:
        """Keep a page and its filters under a name, in place of what had the name."""
        self._saved.keep(people.written(name, "a name", people.LONGEST_NAME), place, query, self._name(by))

    def drop_view(self, name: str) -> None:
        """Forget a kept view."""
        self._saved.drop(name)

    def attempts(self, run: str, row_id: str) -> tuple[AttemptView, ...]:
        """Return every attempt at asking something about one row, oldest first."""
        return attempts_at(self._answers, self._runs.get(run).id, row_id)

    def labelled(self, run: str) -> tuple[LabelledRow, ...]:
        """Return the labelled rows behind the calibration, a fixed choice of many; none while the run is worked on."""
        from cje_audit.store.labelled import labelled_rows

        try:
            with self._tables(run) as tables:
                return labelled_rows(tables)
        except NotFound:
            return ()

    def weights(self, run: str, policy: str) -> WeightView:
        """Return the weight plots of one policy."""
        with self._tables(run) as tables:
            return weight_view(tables, policy)

    def weight_rows(
        self, run: str, policy: str, low: float, high: float, *, closed: bool, offset: int = 0, limit: int = 25
    ) -> WeightRowPage:
        """Return one page of the rows in one bar of a weight histogram; `closed` counts its upper end in."""
        with self._tables(run) as tables:
            return weight_rows(tables, policy, low, high, closed=closed, offset=offset, limit=limit)

    def check_rows(self, run: str, check_id: str, policy: str | None, *, limit: int = 20) -> tuple[FailedCell, ...]:
        """Return the failed cells among a check's example rows."""
        report = self.report(run)
        ids = [i for c in report.checks() if c.id == check_id and c.policy == policy for i in c.example_ids][:limit]
        with self._tables(run) as tables:
            return read_models.cells_of_rows(tables, ids, check_id.split(".", 1)[0], policy)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The file {path} cannot be read.", expected="a report file", what_to_do="Check the path."
        ) from error


def _no_report(record: RunRecord) -> str:
    reasons = {
        "queued": "This run has not begun yet.",
        "running": "This run has not finished yet; nothing is estimated before the end.",
        "partial": "This run is paused or was interrupted; it has no report yet.",
        "cancelled": "This run was cancelled before it had a report.",
        "failed": "This run failed before it had a report.",
        "complete": "The report of this run is missing from its folder.",
    }
    return reasons[record.status]


def _title(path: Path) -> str:
    """Return a template's title: the first comment line of the file, else its name."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() if first.startswith("#") else path.stem
