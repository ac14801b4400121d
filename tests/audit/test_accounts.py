"""Accounts and roles: enforced in the engine, for every public method, whoever calls it."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cje_audit.audit import Audit, ImportOptions
from cje_audit.audit.accounts import MOST_FAILURES, PASSWORD, USER, claimed_name
from cje_audit.audit.roles import CHANGING, NEEDS, READING, enforced, public_methods
from cje_audit.cli import server
from cje_audit.domain.errors import ConfigError, InputError, NotAllowed, NotFound
from cje_audit.domain.roles import ROLES, SINGLE_USER, at_least
from tests.cli.helpers import cje
from tests.conftest import synthetic_rows

SECRET = "a long enough password"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def audit(workspace: Path) -> Iterator[Audit]:
    """A workspace with one account of every role; nobody has logged in."""
    opened = Audit.open(workspace)
    opened.add_user("admin", "admin", SECRET)
    boss = opened.login("admin", SECRET)
    for role in ROLES[:-1]:
        boss.add_user(role, role, SECRET)
    yield opened
    opened.close()


def test_every_public_method_has_its_least_role() -> None:
    assert public_methods(Audit) == set(NEEDS)


def test_a_method_that_was_forgotten_needs_an_admin(audit: Audit) -> None:
    @enforced
    class Wider(Audit):
        def something_new(self) -> str:
            return "done"

    wider = Wider(audit.workspace)
    assert wider.login("admin", SECRET).something_new() == "done"
    with pytest.raises(NotAllowed):
        wider.login("approver", SECRET).something_new()
    wider.close()


def test_nobody_and_every_lower_role_are_denied_before_anything_happens(audit: Audit) -> None:
    for method, needed in NEEDS.items():
        if needed is None:
            continue
        with pytest.raises(NotAllowed, match="nobody has logged in"):
            getattr(audit, method)()
        for role in [r for r in ROLES if not at_least(r, needed)]:
            with pytest.raises(NotAllowed, match=f"^{role} is an? {role}, and this needs an? {needed}") as raised:
                getattr(audit._as(role), method)()
            assert raised.value.expected == needed


def test_why_not_says_what_a_call_would_say(audit: Audit) -> None:
    for method, needed in NEEDS.items():
        assert (audit.why_not(method) is None) is (needed is None)
        for role in ROLES:
            why = audit._as(role).why_not(method)
            assert (why is None) is (needed is None or at_least(role, needed))
            assert why is None or why.startswith(f"{role} is a")
    viewer = audit.login("viewer", SECRET)
    with pytest.raises(NotAllowed) as raised:
        viewer.sign("latest", "approve", by="")
    assert viewer.why_not("sign") == f"{raised.value.sentence} {raised.value.what_to_do}"
    assert viewer.why_not("something_new") is not None


def test_whatever_changes_something_is_denied_to_a_viewer() -> None:
    reading = {m for m, role in NEEDS.items() if role == "viewer"}
    assert reading == set(READING)
    assert not reading & CHANGING
    assert {m for m, role in NEEDS.items() if role not in (None, "viewer")} == CHANGING | {"users"}


def test_what_was_done_and_denied_is_kept_and_cannot_be_changed(audit: Audit) -> None:
    with pytest.raises(NotAllowed):
        audit.login("viewer", SECRET).cancel("latest")
    kept = audit.login("viewer", SECRET).acts().rows
    assert [(a.by, a.act, a.allowed) for a in kept[:2]] == [("viewer", "cancel", False), ("admin", "add_user", True)]
    with sqlite3.connect(audit.workspace / "workspace.sqlite") as db:
        for change in ("update act set by = 'x'", "delete from act"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(change)
    db.close()


def test_a_wrong_name_or_password_says_the_same_and_many_are_stopped(audit: Audit) -> None:
    said = set()
    for name in ("viewer", "nobody"):
        with pytest.raises(NotAllowed) as raised:
            audit.login(name, "wrong")
        said.add(raised.value.sentence)
    assert len(said) == 1
    for _ in range(MOST_FAILURES - 1):
        audit._users.failed("viewer")
    with pytest.raises(NotAllowed, match="Too many"):
        audit.login("viewer", SECRET)


def test_a_password_is_kept_as_a_salted_hash_alone(audit: Audit) -> None:
    records = audit._users.all()
    assert len({r.password for r in records}) == len(records)
    audit.close()
    files = [p for p in audit.workspace.rglob("*") if p.is_file()]
    assert not [p for p in files if SECRET.encode() in p.read_bytes()]


def test_a_role_changes_and_an_account_goes_at_once(audit: Audit) -> None:
    boss, viewer = audit.login("admin", SECRET), audit.login("viewer", SECRET)
    token = viewer.begin_session()
    boss.set_role("viewer", "runner")
    assert viewer.role == "runner"
    boss.remove_user("viewer")
    assert audit.session(token) is None
    with pytest.raises(NotAllowed):
        viewer.runs()


def test_a_session_ends(audit: Audit) -> None:
    token = audit.login("runner", SECRET).begin_session()
    acting = audit.session(token)
    assert acting is not None
    assert (acting.acting, acting.role) == ("runner", "runner")
    audit.end_session(token)
    assert audit.session(token) is None
    with pytest.raises(NotAllowed):
        audit.begin_session()
    audit._users.begin_session("0" * 64, "runner", time.time() - 1)
    assert audit._users.session("0" * 64) is None


def test_the_last_admin_stays_until_nobody_else_is_there(audit: Audit) -> None:
    boss = audit.login("admin", SECRET)
    for change in (lambda: boss.remove_user("admin"), lambda: boss.set_role("admin", "viewer")):
        with pytest.raises(InputError, match="last admin"):
            change()
    for role in ROLES[:-1]:
        boss.remove_user(role)
    boss.remove_user("admin")
    assert not audit.users_exist()
    assert audit.runs() == ()


def test_what_is_no_account_is_refused(tmp_path: Path) -> None:
    audit = Audit.open(tmp_path / "w")
    for name, role, password, said in (
        ("a", "viewer", SECRET, "first account must be an admin"), ("a", "king", SECRET, "no role"), ("", "admin", SECRET, "needs a name"),
        ("a", "admin", "short", "at least 12"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            audit.add_user(name, role, password)
    with pytest.raises(NotFound):
        audit.remove_user("nobody")
    assert not audit.users_exist()
    audit.close()


def test_a_run_is_whose_account_launched_it(audit: Audit, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in synthetic_rows(40)), encoding="utf-8")
    runner, single = audit.login("runner", SECRET), Audit.open(tmp_path / "single")
    mine, theirs = (door.import_files([data], ImportOptions(), name="mine") for door in (runner, single))
    assert runner.wait(mine, timeout_s=120).owner == "runner"
    assert audit.login("viewer", SECRET).runs()[0].owner == "runner"
    assert single.wait(theirs, timeout_s=120).owner == SINGLE_USER
    assert cje(single.workspace, "runs", "--json").document[0]["owner"] == SINGLE_USER
    assert SINGLE_USER in cje(single.workspace, "runs").out
    with pytest.raises(InputError, match="cannot be called"):
        single.add_user("Single user", "admin", SECRET)
    single.close()


def test_nobody_decides_under_another_name(audit: Audit) -> None:
    approver = audit.login("approver", SECRET)
    assert approver._name(" approver ") == approver._name("") == approver._name(None) == "approver"
    with pytest.raises(NotAllowed, match="logged in as approver"):
        approver._name("Ada")


CLAIMS = {"email": "Ada@example.org", "email_verified": True, "iat": 1000.0, "exp": 4600.0}


@pytest.mark.parametrize(
    ("change", "now"),
    [
        ({}, 4600.0), ({}, 900.0), ({"exp": 9e9}, 1000.0 + 12 * 3600), ({"email": None}, 2000.0), ({"email": ""}, 2000.0),
        ({"email_verified": False}, 2000.0), ({"email_verified": "true"}, 2000.0), ({"iat": None}, 2000.0), ({"exp": "9e9"}, 2000.0),
    ],
)  # fmt: skip
def test_a_sign_on_that_is_not_whole_and_fresh_proves_nobody(change: dict[str, Any], now: float) -> None:
    assert claimed_name(CLAIMS, 2000.0) == "ada@example.org"
    with pytest.raises(NotAllowed):
        claimed_name({**CLAIMS, **change}, now)


def test_a_sign_on_needs_an_account(audit: Audit) -> None:
    now = time.time()
    claims = {**CLAIMS, "iat": now, "exp": now + 3600}
    with pytest.raises(NotAllowed, match="no account for ada"):
        audit.admit(claims)
    audit.login("admin", SECRET).add_user("Ada@Example.org", "approver", None)
    assert audit.admit(claims).role == "approver"
    with pytest.raises(NotAllowed):
        audit.login("ada@example.org", "")


def test_the_command_line_acts_as_the_environment_says(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cje(audit.workspace, "runs", "--json").document["error"]["sentence"].endswith("nobody has logged in.")
    monkeypatch.setenv(USER, "viewer")
    monkeypatch.setenv(PASSWORD, SECRET)
    assert cje(audit.workspace, "runs", "--json").document == []
    denied = cje(audit.workspace, "user", "list", "--json")
    assert (denied.code, denied.document["error"]["expected"]) == (2, "admin")
    monkeypatch.setenv(PASSWORD, "wrong")
    assert cje(audit.workspace, "runs", "--json").code == 2
    assert not {USER, PASSWORD} & set(server.environment(audit.workspace))
    assert os.environ[USER] == "viewer"


def test_the_user_commands(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cje(workspace, "user", "add", "ada", "--role", "admin", "--json").code == 2
    monkeypatch.setenv("CJE_AUDIT_NEW_PASSWORD", SECRET)
    assert cje(workspace, "user", "add", "ada", "--role", "admin", "--json").document["role"] == "admin"
    monkeypatch.setenv(USER, "ada")
    monkeypatch.setenv(PASSWORD, SECRET)
    assert cje(workspace, "user", "add", "b@example.org", "--role", "viewer", "--sso", "--json").document[
        "single_sign_on"
    ]
    assert cje(workspace, "user", "role", "b@example.org", "--role", "runner", "--json").document["role"] == "runner"
    assert cje(workspace, "user", "remove", "b@example.org", "--json").code == 0
    assert [u["name"] for u in cje(workspace, "user", "list", "--json").document] == ["ada"]


def test_another_address_than_loopback_needs_accounts(audit: Audit, tmp_path: Path) -> None:
    single = Audit.open(tmp_path / "single")
    with pytest.raises(ConfigError, match="no accounts"):
        server.refuse_open_door(single, "0.0.0.0")
    for host in server.LOOPBACK:
        server.refuse_open_door(single, host)
    server.refuse_open_door(audit, "0.0.0.0")
    single.close()
