"""`cje-audit retry`: asks again for what failed, and says what that changed."""

from pathlib import Path
from typing import Annotated

import typer

from cje_audit.audit import Audit
from cje_audit.cli.output import print_json, print_repair, read_config, say
from cje_audit.cli.waiting import DONE, INTERRUPTED
from cje_audit.domain.retry import RetryChoice, RetryPlan


def retry(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run id, a unique prefix of it, or latest.")],
    stage: Annotated[str | None, typer.Option(help="Only failures of this stage.")] = None,
    code: Annotated[str | None, typer.Option(help="Only failures with this code.")] = None,
    policy: Annotated[str | None, typer.Option(help="Only failures of this policy.")] = None,
    row: Annotated[str | None, typer.Option(metavar="ID", help="Only failures of this row.")] = None,
    config: Annotated[
        Path | None, typer.Option("--with", metavar="CONFIG", help="For an import: an experiment file, whom to ask.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked again, and ask nothing.")] = False,
    workspace: Annotated[Path | None, typer.Option("--workspace", help="Folder that holds runs and answers.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")] = False,
) -> None:
    """Ask again only for what failed; the stages after it run again."""
    audit = Audit.open(workspace)
    text, base = (None, None) if config is None else (read_config(config), config.resolve().parent)
    if dry_run:
        choice = RetryChoice(stage=stage, code=code, policy=policy, row=row)
        _plan(audit, audit.retryable(run, choice, config=text, base=base), json)
        return
    done = audit.retry(run, stage=stage, code=code, policy=policy, row=row, config=text, base=base)
    complete = audit.run(done.run).status == "complete"
    if json:
        print_json(done.model_dump(mode="json"))
    else:
        say(f"Run {done.run}: {done.retried} failed questions asked again, {done.recovered} have an answer now.")
        if complete and done.retried:
            report = audit.report(done.run)
            print_repair(report, report.repairs[-1])
    raise typer.Exit(DONE if complete else INTERRUPTED)


def _plan(audit: Audit, found: RetryPlan, json: bool) -> None:
    if json:
        print_json(found.model_dump(mode="json"))
        return
    say(found.sentence)
    for pattern in audit.failure_patterns(found.run):
        say(f"{pattern.sentence} {pattern.what_to_do}")
