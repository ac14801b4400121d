"""The command line: every command is one call of the front door."""

import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from cje_audit.audit import FORMATS, Audit, ImportOptions
from cje_audit.cli import server
from cje_audit.cli.accounts import share, user
from cje_audit.cli.compare import compare
from cje_audit.cli.doctor import doctor as doctor_command
from cje_audit.cli.doctor import preflight
from cje_audit.cli.findings import findings
from cje_audit.cli.output import (
    STDERR,
    print_checks,
    print_json,
    print_pilot,
    print_quality,
    print_report,
    print_runs,
    read_config,
    say,
    write_text,
)
from cje_audit.cli.plan import plan
from cje_audit.cli.retry import retry
from cje_audit.cli.rows import rows
from cje_audit.cli.waiting import DONE, INTERRUPTED, SPEAKS, USAGE, exit_code, follow
from cje_audit.domain.errors import AuditError, ConfigError
from cje_audit.domain.untrusted import visible
from cje_audit.domain.views import Decision, DryRunView, RunRow
from cje_audit.settings import load_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

WorkspaceOption = Annotated[Path | None, typer.Option("--workspace", help="Folder that holds runs and answers.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit 0 even when a check fails or a policy is refused.")]
Detach = Annotated[bool, typer.Option("--detach", help="Return at once; the run goes on by itself.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Run id, a unique prefix of it, or latest.")]


@app.command()
def demo(
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser window.")] = False,
    port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8501,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Import the bundled real experiment, run its stages, and open the dashboard."""
    audit = Audit.open(workspace)
    run = audit.demo()
    siblings = audit.demo_siblings()
    follow(audit, run)
    for sibling in siblings.values():
        audit.wait(sibling)
    report = audit.report(run)
    port = server.free_port(port)
    url = f"http://127.0.0.1:{port}/results?run={run}"
    if json:
        print_json({"run": run, "url": url, "pid": server.start(audit.workspace, port, detached=True).pid})
        return
    print_report(report, audit.revealed(run))
    asked = server.stop_asked()
    process = server.start(audit.workspace, port)
    say(f"\nThe dashboard is up: {url}\nStop it with Ctrl-C.")
    if not no_open:
        webbrowser.open(url)
    server.serve_until(asked, process)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Serve the dashboard on a workspace."""
    audit = Audit.open(workspace)
    server.refuse_open_door(audit, host)
    if server.free_port(port) != port:
        raise ConfigError(
            f"Port {port} is in use.", expected="a free port", got=str(port), what_to_do="Give another --port."
        )
    asked = server.stop_asked()
    process = server.start(audit.workspace, port, host)
    STDERR.print(f"The dashboard is up: http://{host}:{port}/ (stop it with Ctrl-C)")
    server.serve_until(asked, process)


@app.command("run")
def run_command(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="An experiment file (YAML or JSON).")],
    pilot: Annotated[int | None, typer.Option(metavar="N", help="Run N rows first, and say whether to go on.")] = None,
    doctor: Annotated[
        bool, typer.Option("--doctor", help="Run the preflight first; what fails launches nothing.")
    ] = False,
    override_doctor: Annotated[
        str | None, typer.Option("--override-doctor", metavar="REASON", help="Launch although the preflight blocks it.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who sets the preflight aside.")] = None,
    detach: Detach = False,
    exit_zero: ExitZero = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Run all stages of an experiment; an unfinished run of the same experiment goes on where it stopped."""
    audit = Audit.open(workspace)
    base = config.resolve().parent
    aside = override_doctor is not None
    found = preflight(audit, config, json, set_aside=aside) if doctor or aside else None
    run = audit.launch(
        read_config(config), base=base, resume_twin=True, pilot=pilot, preflight=found, set_aside=override_doctor, by=by
    )
    _finish(audit, run, detach=detach, exit_zero=exit_zero, json=json)


@app.command("import")
def import_command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Data files, or logs of other tools.")],
    format: Annotated[str, typer.Option(help=f"One of: {', '.join(FORMATS)}.")] = "auto",
    fresh_draws: Annotated[Path | None, typer.Option(help="Folder with POLICY_responses.jsonl files.")] = None,
    probes: Annotated[Path | None, typer.Option(help="Folder with POLICY_probe.jsonl files.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="The dataset's manifest.")] = None,
    map: Annotated[list[str] | None, typer.Option(metavar="COLUMN=FIELD", help="Read COLUMN as FIELD.")] = None,
    clone: Annotated[
        str | None, typer.Option(metavar="POLICY", help="The target policy that is the logging policy.")
    ] = None,
    judge_scale: Annotated[tuple[float, float], typer.Option(metavar="LO HI", help="The judge's scale.")] = (0.0, 1.0),
    rows_of: Annotated[
        str | None, typer.Option(metavar="POLICY", help="Whose responses are the rows, in a log of several policies.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be read, and store nothing.")] = False,
    detach: Detach = False,
    exit_zero: ExitZero = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Read a dataset at any stage, check it and estimate."""
    if judge_scale[0] >= judge_scale[1]:
        raise ConfigError(
            "--judge-scale needs its lower end first.", expected="LO HI", got=f"{judge_scale[0]:g} {judge_scale[1]:g}"
        )
    if len(paths) == 1 and paths[0].suffix == ".zip":
        audit = Audit.open(workspace)
        _finish(audit, audit.import_bundle(paths[0]), detach=detach, exit_zero=exit_zero, json=json)
        return
    options = ImportOptions(
        format=format, mapping=_mapping(map or []), clone=clone, judge_scale=judge_scale, rows_of=rows_of
    )
    audit = Audit.open(workspace)
    if dry_run:
        _print_dry_run(audit.dry_run(paths, options), json)
        return
    run = audit.import_files(paths, options, fresh_draws=fresh_draws, probes=probes, manifest=manifest)
    _finish(audit, run, detach=detach, exit_zero=exit_zero, json=json)


def _print_dry_run(view: DryRunView, json: bool) -> None:
    if json:
        print_json(view.model_dump(mode="json"))
        return
    files = [file.sentence for file in view.files]
    stages = [f"{stage.stage}: {'ready' if stage.ready else 'missing'}. {stage.sentence}" for stage in view.stages]
    say("\n".join([*files, *stages, *view.problems, *view.notes]))


def _mapping(pairs: list[str]) -> dict[str, str]:
    wrong = [p for p in pairs if "=" not in p]
    if wrong:
        raise ConfigError(f"--map needs COLUMN=FIELD, but got {wrong[0]!r}.", expected="COLUMN=FIELD", got=wrong[0])
    return {column: field for column, _, field in (p.partition("=") for p in pairs)}


def _finish(audit: Audit, run: str, *, detach: bool, exit_zero: bool, json: bool) -> None:
    """Wait for a run unless detached, print it, and exit with the contract's code."""
    if detach:
        _print_run(audit.run(run), json)
        return
    row = follow(audit, run)
    report = audit.report(run) if row.status == "complete" else None
    if json or report is None:
        _print_run(row, json)
    else:
        say(f"Run {row.id}")
        print_report(report, audit.revealed(row.id))
        print_pilot(audit.pilot(row.id))
    raise typer.Exit(exit_code(row, report, exit_zero=exit_zero))


def _print_run(row: RunRow, json: bool) -> None:
    if json:
        print_json({"run": row.id, "status": row.status})
    else:
        say(f"Run {row.id} ({row.name}): {row.status}. {row.error or row.sentence or ''}")


@app.command()
def report(
    run: RunArgument,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as one offline HTML file.")
    ] = None,
    redact: Annotated[bool, typer.Option("--redact", help="Leave out everything that names or quotes a row.")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print a run's report, or write it as HTML."""
    audit = Audit.open(workspace)
    found = audit.report(run)
    if html is not None:
        write_text(html, audit.html(run, redact=redact))
    if json:
        print_json(found.document())
    else:
        print_report(found, audit.revealed(found.run.id))


@app.command()
def export(
    run: RunArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="Where the bundle is written.")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write a finished run as one portable bundle: its tables as Parquet, the rest as JSON."""
    digest = Audit.open(workspace).export(run, out)
    if json:
        print_json({"sha256": digest})
    else:
        say(f"{out}: SHA-256 {digest}")


@app.command()
def verify(
    what: Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run, a report file or a bundle.")],
    exit_zero: ExitZero = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Recompute a run or a bundle from its rows, or a report file's hash, and compare."""
    found = Audit.open(workspace).verify(what)
    if json:
        print_json({"equal": not found, "differences": found})
    else:
        say("\n".join(found) if found else "Equal: every number is what the stored rows give.")
    raise typer.Exit(SPEAKS if found and not exit_zero else DONE)


@app.command()
def runs(
    trashed: Annotated[bool, typer.Option("--trashed", help="List the trash instead.")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """List the runs, newest first."""
    rows = Audit.open(workspace).runs(trashed=trashed)
    if json:
        print_json([r.model_dump(mode="json") for r in rows])
    else:
        print_runs(rows)


@app.command()
def trash(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Put a run into the trash; nothing of it is removed."""
    _print_run(Audit.open(workspace).trash(run), json)


@app.command()
def restore(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Take a run out of the trash."""
    _print_run(Audit.open(workspace).restore(run), json)


app.command()(compare)
app.command()(plan)
app.command()(rows)
app.command()(retry)
app.command("doctor")(doctor_command)
app.command()(share)
app.add_typer(user)
app.add_typer(findings, name="findings")


@app.command()
def cancel(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Stop a run; everything finished is kept."""
    audit = Audit.open(workspace)
    audit.cancel(run)
    _print_run(audit.wait(run, timeout_s=10), json)


@app.command()
def pause(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Pause a run; resume goes on from there."""
    audit = Audit.open(workspace)
    audit.pause(run)
    _print_run(audit.wait(run, timeout_s=10), json)


@app.command()
def resume(
    run: RunArgument,
    max_cost: Annotated[float | None, typer.Option("--max-cost", help="Another cost cap from now on.")] = None,
    detach: Detach = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with a run that stopped; finished answers are not asked for again."""
    audit = Audit.open(workspace)
    row = audit.resume(run, max_cost=max_cost)
    if not detach:
        row = follow(audit, row.id)
    _print_run(row, json)
    raise typer.Exit(DONE if detach or row.status == "complete" else INTERRUPTED)


@app.command()
def rest(
    run: RunArgument,
    detach: Detach = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Run the whole experiment of a pilot; what the pilot asked is not asked for again."""
    audit = Audit.open(workspace)
    _finish(audit, audit.run_rest(run), detach=detach, exit_zero=True, json=json)


ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]


@app.command()
def reveal(
    run: RunArgument,
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="A refused policy.")],
    reason: Annotated[str, typer.Option(help="Why its number is to be shown.")],
    by: ByOption,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Let the numbers of a refused policy be shown, by name and for a reason."""
    _print_decision(Audit.open(workspace).reveal(run, policy, reason=reason, by=by), json)


@app.command()
def override(
    run: RunArgument,
    check: Annotated[str, typer.Argument(metavar="CHECK", help="A failing check, such as judge.range.")],
    reason: Annotated[str, typer.Option(help="Why it is set aside.")],
    by: ByOption,
    policy: Annotated[str | None, typer.Option(help="The policy, where the check fails for several.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Set a failing check aside, by name and for a reason; the verdicts are decided again without it."""
    _print_decision(Audit.open(workspace).override(run, check, policy=policy, reason=reason, by=by), json)


@app.command()
def sign(
    run: RunArgument,
    decision: Annotated[str, typer.Option(metavar="approve|reject", help="approve or reject.")],
    by: ByOption,
    note: Annotated[str | None, typer.Option(help="What is to be remembered with it.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Approve or reject exactly the present report."""
    _print_decision(Audit.open(workspace).sign(run, decision, by=by, note=note), json)


@app.command()
def note(
    run: RunArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be remembered.")],
    by: ByOption,
    on: Annotated[str, typer.Option(metavar="REF", help="run, policy:NAME, check:ID or row:ID.")] = "run",
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write a note on a run, a policy, a check or a row."""
    _print_decision(Audit.open(workspace).note(run, text, on=on, by=by), json)


def _print_decision(entry: Decision, json: bool) -> None:
    if json:
        print_json(entry.model_dump(mode="json"))
    else:
        say(f"Noted in the audit trail as entry {entry.id}: {entry.kind} by {entry.by} at {entry.at}.")


@app.command("gate")
def gate_command(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A data file, or a folder of data files.")],
    strict: Annotated[bool, typer.Option("--strict", help="Fail without a whole, matching manifest.")] = False,
    write: Annotated[Path | None, typer.Option("--write", metavar="FILE", help="Write a manifest there.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="The manifest; else the one beside the data.")] = None,
    commit: Annotated[
        str | None, typer.Option(metavar="HASH", help="The commit of what made the data, to write.")
    ] = None,
    judge_scale: Annotated[tuple[float, float], typer.Option(metavar="LO HI", help="The judge's scale.")] = (0.0, 1.0),
    quality: Annotated[bool, typer.Option("--quality", help="Tell the figures of quality too.")] = False,
    exit_zero: ExitZero = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Say whether a dataset is fit to train or evaluate on."""
    del workspace  # the gate stores nothing there
    options = ImportOptions(judge_scale=judge_scale)
    gated = Audit.gate(dataset, options, strict=strict, write=write, manifest=manifest, commit=commit)
    if json:
        checks = [c.model_dump(mode="json") for c in gated.checks]
        figures = [q.model_dump(mode="json") for q in gated.quality]
        print_json({"checks": checks, "quality": figures} if quality else checks)
    else:
        print_checks(gated.checks)
        print_quality(gated.quality if quality else ())
        say(f"The gate is {'open' if gated.is_open else 'closed'}.")
    if write is not None and gated.written is None:
        STDERR.print("No manifest was written, because a check fails.")
    raise typer.Exit(DONE if gated.is_open or exit_zero else SPEAKS)


@app.command("fetch-model")
def fetch_model_command(json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Get the embedded model once; its SHA-256 is checked."""
    path = Audit.fetch_model()
    if json:
        print_json({"path": str(path)})
    else:
        say(f"The embedded model is at {path}.")


@app.command("serve-model")
def serve_model_command(
    port: Annotated[int, typer.Option(help="Port of the endpoint.")] = 8802,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Serve the embedded model as an OpenAI-compatible endpoint on this machine, until Ctrl-C."""
    Audit.serve_model(port, say=lambda url: STDERR.print(f"The embedded model answers at {url} (stop it with Ctrl-C)"))


def run() -> int:
    """Run the command line; return the exit code. No traceback reaches a user."""
    json = "--json" in sys.argv
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="cje-audit", standalone_mode=False)
    except AuditError as error:
        return _refuse(error, json)
    except typer.TyperException as error:
        return _refuse(ConfigError(_one_sentence(error.format_message()), what_to_do="See cje-audit --help."), json)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        if load_settings().debug:
            raise
        unexpected = f"Something unexpected happened ({type(error).__name__}); nothing that was stored is lost."
        return _refuse(
            AuditError(unexpected, what_to_do="Set CJE_AUDIT_DEBUG=1, try again and report what it says."), json
        )
    return int(code) if isinstance(code, int) else DONE


def _one_sentence(text: str) -> str:
    """Return a usage error as one line."""
    return " ".join(text.split())


def _refuse(error: AuditError, json: bool) -> int:
    if json:
        print_json({"error": error.document()})
    else:
        STDERR.print(visible(error.sentence), markup=False, soft_wrap=True)
        if error.what_to_do:
            STDERR.print(visible(error.what_to_do), markup=False, soft_wrap=True)
    return USAGE
