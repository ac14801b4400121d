"""`cje-audit plan`: what a wanted half-width takes, in fresh responses, logged rows or labels, and its price."""

from pathlib import Path
from typing import Annotated

import typer

from cje_audit.audit import Audit
from cje_audit.cli.output import print_json, say


def plan(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run id, a unique prefix of it, or latest.")],
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="Name of a target policy.")],
    half_width: Annotated[float, typer.Option(help="Wanted half-width of the 95 % interval, on the reward's scale.")],
    label_price: Annotated[float | None, typer.Option(help="What one label costs.")] = None,
    workspace: Annotated[Path | None, typer.Option("--workspace", help="Folder that holds runs and answers.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")] = False,
) -> None:
    """Say how many rows, fresh responses or labels a wanted precision takes, and what they cost."""
    found = Audit.open(workspace).plan(run, policy, half_width, label_price=label_price)
    if json:
        print_json(found.model_dump(mode="json"))
        return
    say(found.sentence)
    for line in found.lines:
        say(f"  {line.way}: {line.sentence}")
