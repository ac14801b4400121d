"""`cje-audit findings`: list, export, add, settle, and let a model review."""

from pathlib import Path
from typing import Annotated, cast

import typer

from cje_audit.audit import Audit
from cje_audit.cli.output import print_json, say, write_text
from cje_audit.domain.register import Proposal, Register, RegisterEntry, Severity

findings = typer.Typer(help="What is wrong with a run, and what people decided about it.", no_args_is_help=True)

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Run id, a unique prefix of it, or latest.")]
WorkspaceOption = Annotated[Path | None, typer.Option("--workspace", help="Folder that holds runs and answers.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")]
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")]
EffortOption = Annotated[str | None, typer.Option(help="What it would take, in words.")]


@findings.command("list")
def list_command(
    run: RunArgument,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the register as CSV.")] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the register as Markdown.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """List the findings, gravest first, or write them to a file."""
    audit = Audit.open(workspace)
    if csv is not None:
        write_text(csv, audit.findings_text(run, "csv"))
    if markdown is not None:
        write_text(markdown, audit.findings_text(run, "markdown"))
    _print(audit.findings(run), json)


@findings.command("add")
def add_command(
    run: RunArgument,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What is wrong, in a few words.")],
    evidence: Annotated[str, typer.Option(help="How one can see it.")],
    by: ByOption,
    severity: Annotated[str, typer.Option(help="critical, high, medium or low.")] = "medium",
    about: Annotated[str | None, typer.Option(metavar="REF", help="A check id, CHECK:POLICY or a policy.")] = None,
    effort: EffortOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Add a finding of your own."""
    proposal = Proposal.model_construct(
        title=title,
        severity=cast(Severity, severity),
        evidence=evidence,
        about=(about,) if about else (),
        effort=effort,
    )
    _print_one(Audit.open(workspace).add_finding(run, proposal, by=by), json)


@findings.command("set")
def set_command(
    run: RunArgument,
    finding: Annotated[str, typer.Argument(metavar="ID", help="The finding's id or key.")],
    status: Annotated[str, typer.Option(help="open, done, deferred, partial or accepted.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    by: ByOption,
    effort: EffortOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Give a finding another status; it holds for re-runs on the same data too."""
    audit = Audit.open(workspace)
    _print_one(audit.decide_finding(run, finding, status, reason=reason, by=by, effort=effort), json)


@findings.command("review")
def review_command(
    run: RunArgument,
    model: Annotated[str, typer.Option(help="The review model.")],
    provider: Annotated[str, typer.Option(help="Its provider.")] = "openai_compatible",
    base_url: Annotated[str | None, typer.Option(help="Its address.")] = None,
    api_key_env: Annotated[str | None, typer.Option(help="The environment variable that holds its key.")] = None,
    max_tokens: Annotated[int, typer.Option(help="The longest reply.")] = 2000,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Ask a model what the checks miss; it sees their sentences, and no prompt or response."""
    register = Audit.open(workspace).review(
        run, model=model, provider=provider, base_url=base_url, api_key_env=api_key_env, max_tokens=max_tokens
    )
    _print(register, json)


def _print(register: Register, json: bool) -> None:
    if json:
        print_json(register.model_dump(mode="json"))
    else:
        say("\n".join([register.sentence, *(_line(f) for f in register.findings)]))


def _print_one(finding: RegisterEntry, json: bool) -> None:
    if json:
        print_json(finding.model_dump(mode="json"))
    else:
        say(_line(finding))


def _line(finding: RegisterEntry) -> str:
    decided = f" {finding.decided_by}: {finding.decision}" if finding.decided_by else ""
    return f"{finding.severity:<8} {finding.status:<8} {finding.id}  {finding.title}.{decided}"
