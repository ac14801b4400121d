"""`doctor`, and the preflight before `run`."""

from pathlib import Path
from typing import Annotated

import typer

from cje_audit.audit import Audit
from cje_audit.cli.output import STDERR, print_checks, print_json, read_config, say
from cje_audit.cli.waiting import DONE, SPEAKS
from cje_audit.domain.preflight import Preflight


def doctor(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="An experiment file (YAML or JSON).")],
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 even when a probe fails.")] = False,
    workspace: Annotated[Path | None, typer.Option("--workspace", help="Folder that holds runs and answers.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")] = False,
) -> None:
    """Ask every endpoint of an experiment a few known things, and say which of its answers can be trusted."""
    found = Audit.open(workspace).doctor(read_config(config), base=config.resolve().parent)
    if json:
        print_json(_checks(found))
    else:
        _print(found)
    raise typer.Exit(SPEAKS if found.blocks and not exit_zero else DONE)


def preflight(audit: Audit, config: Path, json: bool, *, set_aside: bool) -> Preflight:
    """Run the preflight before a launch and print it; end here where it blocks, unless it is set aside.

    As JSON it is printed only where nothing else will be.
    """
    STDERR.print("The preflight asks every endpoint a few known things.")
    found = audit.doctor(read_config(config), base=config.resolve().parent)
    if not json:
        _print(found)
    if not found.blocks or set_aside:
        return found
    if json:
        print_json({"run": None, "status": "blocked", "checks": _checks(found)})
    raise typer.Exit(SPEAKS)


def _print(found: Preflight) -> None:
    print_checks(found.checks)
    say(found.sentence)


def _checks(found: Preflight) -> list[dict[str, object]]:
    return [check.model_dump(mode="json") for check in found.checks]
