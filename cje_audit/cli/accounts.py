"""The commands about people outside and inside: share links, and accounts with their roles."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cje_audit.audit import Audit
from cje_audit.cli.output import print_json, say
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.views import User

NEW_PASSWORD = "CJE_AUDIT_NEW_PASSWORD"

user = typer.Typer(name="user", help="Accounts and their roles.", no_args_is_help=True, rich_markup_mode=None)

WorkspaceOption = Annotated[Path | None, typer.Option("--workspace", help="Folder that holds runs and answers.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account.")]
RoleOption = Annotated[str, typer.Option(metavar="ROLE", help="viewer, runner, approver or admin.")]


def share(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Run id, a unique prefix, or latest.")] = None,
    days: Annotated[float, typer.Option(metavar="N", help="For how many days the link is open.")] = 7.0,
    revoke: Annotated[str | None, typer.Option(metavar="ID", help="Withdraw this link.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the links of the run.")] = False,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who shares; else this machine's user.")] = None,
    url: Annotated[str | None, typer.Option(help="Where people reach the dashboard; else CJE_AUDIT_URL.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Make a link that opens a run's redacted report for some days without an account, or withdraw one."""
    audit = Audit.open(workspace)
    if revoke is not None:
        gone = audit.revoke_share(revoke, by=by)
        _tell(gone.model_dump(mode="json"), f"The share link {gone.id} opens nothing any more.", json)
        return
    if run is None:
        raise ConfigError("Name the run to share, or the link to withdraw.", expected="RUN or --revoke ID")
    if listed:
        links = audit.shares(run)
        lines = [f"{s.id}  {s.state}  until {s.expires_at}  by {s.by}" for s in links]
        _tell([s.model_dump(mode="json") for s in links], "\n".join(lines) or "The run has no share link.", json)
        return
    made = audit.share(run, days, by=by, base=url)
    told = f"{made.url}\nOpen until {made.expires_at}. Withdraw it with: cje-audit share --revoke {made.id}"
    _tell(made.model_dump(mode="json"), told, json)


@user.command()
def add(
    name: NameArgument,
    role: RoleOption,
    sso: Annotated[bool, typer.Option("--sso", help="For single sign-on: NAME is an e-mail address.")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Add an account; its password is asked for, or taken from the variable CJE_AUDIT_NEW_PASSWORD."""
    audit = Audit.open(workspace)
    password = None if sso else os.environ.get(NEW_PASSWORD)
    if password is None and not sso:
        if json:
            raise ConfigError(f"Set {NEW_PASSWORD} to the new account's password.", expected=NEW_PASSWORD)
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    _print(audit.add_user(name, role, password), "was added", json)


@user.command("role")
def set_role(name: NameArgument, role: RoleOption, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Give an account another role."""
    _print(Audit.open(workspace).set_role(name, role), "has another role", json)


@user.command()
def remove(name: NameArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Remove an account and end its sessions."""
    _print(Audit.open(workspace).remove_user(name), "was removed", json)


@user.command("list")
def list_users(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List the accounts."""
    found = Audit.open(workspace).users()
    lines = [f"{u.name}  {u.role}{'  single sign-on' if u.single_sign_on else ''}" for u in found]
    none = "There are no accounts: the workspace is in single-user mode."
    _tell([u.model_dump(mode="json") for u in found], "\n".join(lines) or none, json)


def _print(account: User, what: str, json: bool) -> None:
    _tell(account.model_dump(mode="json"), f"The account {account.name} {what} ({account.role}).", json)


def _tell(document: object, told: str, json: bool) -> None:
    if json:
        print_json(document)
    else:
        say(told)
