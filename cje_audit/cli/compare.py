"""`cje-audit compare`: two runs, paired by prompt; a refused number is never compared."""

from pathlib import Path
from typing import Annotated

import typer

from cje_audit.audit import Audit
from cje_audit.cli.output import print_json, say
from cje_audit.cli.waiting import DONE, SPEAKS
from cje_audit.domain.comparison import RunComparison

RUN_HELP = "Run id, a unique prefix of it, or latest."


def compare(
    a: Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP)],
    b: Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP)],
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 even when a pair is not comparable.")] = False,
    workspace: Annotated[Path | None, typer.Option("--workspace", help="Folder that holds runs and answers.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")] = False,
) -> None:
    """Compare two runs, paired by prompt: A − B for each policy, with interval."""
    found = Audit.open(workspace).compare(a, b)
    if json:
        print_json(found.model_dump(mode="json"))
    else:
        print_comparison(found)
    refused = not all(p.comparable for p in found.comparisons)
    raise typer.Exit(SPEAKS if refused and not exit_zero else DONE)


def print_comparison(found: RunComparison) -> None:
    """Print two runs, what keeps them apart, and each pair in its sentence."""
    for run in (found.a, found.b):
        say(f"{run.label}: {run.name} (run {run.id}, {run.created_at})")
    say(found.sentence)
    for pair in found.comparisons:
        say(f"  {pair.sentence}")
