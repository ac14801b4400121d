"""What the server answers beside the pages: the same as the command line, or one plain sentence."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app import web
from cje_audit.audit import Audit
from tests.audit.test_people import finished as finished  # the fixture
from tests.cli.helpers import cje

SECRET = "a long enough password"
LOCAL = "http://127.0.0.1:8501"


@pytest.fixture
def workspace(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = shutil.copytree(finished, tmp_path / "workspace")
    monkeypatch.setenv("CJE_AUDIT_WORKSPACE", str(folder))
    web.door.cache_clear()
    yield folder
    web.door().close()
    web.door.cache_clear()


def client(workspace: Path, base: str = LOCAL) -> TestClient:
    return TestClient(Starlette(routes=web.routes()), base_url=base, follow_redirects=False)


def test_the_answers_are_the_command_lines(workspace: Path) -> None:
    ask = client(workspace)
    run = cje(workspace, "runs", "--json").document[0]["id"]
    assert ask.get("/api/runs").json()[0]["id"] == ask.get("/api/runs/latest").json()["id"] == run
    assert ask.get(f"/api/runs/{run}/report").json() == cje(workspace, "report", run, "--json").document
    assert 'cje_audit_runs{status="complete"} 1' in ask.get("/metrics").text
    noted = ask.post(f"/api/runs/{run}/note", json={"text": "over the wire", "by": "Ada"}).json()
    assert noted == ask.get(f"/api/runs/{run}/decisions").json()[0]
    assert ask.get("/api/compare", params={"a": run, "b": run}).status_code == 400


def test_what_is_wrong_is_one_sentence_with_a_status(workspace: Path) -> None:
    ask = client(workspace)
    for answer, status in (
        (ask.get("/api/runs/none"), 404),
        (ask.post("/api/runs/latest/note", content="text=x"), 400),
        (ask.post("/api/runs/latest/note", content="{", headers={"Content-Type": "application/json"}), 400),
        (ask.post("/api/runs/latest/note", json={"text": "x"}), 400),
        (ask.post("/api/runs/latest/note", json={"text": 5, "by": "Ada"}), 400),
        (ask.post("/api/runs/latest/note", json={"text": "x", "by": "Ada", "other": "y"}), 400),
        (ask.post("/api/runs/latest/share", json={"days": "many"}), 400),
        (ask.post("/api/runs/latest/note", json={"text": "x" * 200_000, "by": "Ada"}), 400),
    ):
        assert answer.status_code == status
        assert answer.json()["error"]["sentence"].endswith(".")


def test_in_single_user_mode_no_other_name_leads_here(workspace: Path) -> None:
    stranger = client(workspace, "http://rebound.example:8501")
    assert stranger.get("/api/runs").status_code == 403
    assert stranger.post("/api/runs/latest/note", json={"text": "x", "by": "y"}).status_code == 403


def test_with_accounts_a_name_and_password_are_needed_and_the_role_counts(workspace: Path) -> None:
    audit = Audit.open(workspace)
    audit.add_user("ada", "admin", SECRET)
    audit.login("ada", SECRET).add_user("vera", "viewer", SECRET)
    ask = client(workspace, "https://audit.example.org")
    refused = ask.get("/api/runs")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Basic")
    assert ask.get("/api/runs", auth=("vera", "wrong")).status_code == 403
    assert ask.get("/api/runs", auth=("vera", SECRET)).status_code == 200
    assert (
        ask.post("/api/runs/latest/sign", json={"decision": "approve", "by": ""}, auth=("vera", SECRET)).status_code
        == 403
    )
    signed = ask.post("/api/runs/latest/sign", json={"decision": "approve", "by": "ada"}, auth=("ada", SECRET)).json()
    assert (signed["by"], signed["role"]) == ("ada", "admin")
    assert audit.login("ada", SECRET).report("latest").sign_off.role == "admin"
    audit.close()


def test_a_login_sets_a_cookie_that_scripts_and_other_sites_cannot_use(workspace: Path) -> None:
    audit = Audit.open(workspace)
    ask = client(workspace, "https://audit.example.org")
    assert ask.get("/login").status_code == 303
    audit.add_user("ada", "admin", SECRET)
    assert "<form" in ask.get("/login").text
    wrong = ask.post("/login", data={"name": "<b>ada", "password": "wrong"})
    assert (wrong.status_code, "set-cookie" in wrong.headers, "<b>" in wrong.text) == (403, False, False)
    assert 'value="/results?run=x&amp;y=1"' in ask.get("/login", params={"to": "http://here/results?run=x&y=1"}).text
    for to, leads in (
        ("/results?run=x", "/results?run=x"),
        ("//evil.example/", "/"),
        ('"><b>', "/"),
        ("/share/x", "/"),
    ):
        led = ask.post("/login", data={"name": "ada", "password": SECRET, "to": to})
        assert (led.status_code, led.headers["location"]) == (303, leads)
    good = ask.post("/login", data={"name": "ada", "password": SECRET})
    cookie = good.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Secure"))
    token = cookie.split("=", 1)[1].split(";")[0]
    assert audit.session(token) is not None
    assert ask.get("/api/runs").status_code == 401  # a cookie alone never acts
    ask.get("/logout")
    assert audit.session(token) is None
    audit.close()


def test_a_fault_of_ours_is_one_sentence_too(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = Audit.open(workspace)
    link, run = audit.share("latest", 1, by="Ada"), audit.runs()[0].id
    audit.close()
    (workspace / "runs" / run / "report.json").write_text("{", encoding="utf-8")
    ask = client(workspace)
    shared = ask.get(link.path)  # who holds a link learns nothing of files and runs
    assert (shared.status_code, run in shared.text) == (500, False)
    assert web.html.escape(web.BROKEN) in shared.text and "Traceback" not in shared.text
    damaged = ask.get(f"/api/runs/{run}/report")
    assert damaged.status_code == 409 and "report.json" in damaged.json()["error"]["sentence"]
    monkeypatch.setattr(Audit, "report", lambda *_: 1 / 0)
    broken = ask.get(f"/api/runs/{run}/report")
    assert (broken.status_code, broken.json()["error"]["sentence"]) == (500, web.BROKEN)
    assert "Traceback" not in broken.text and "ZeroDivision" not in broken.text


def test_a_share_link_answers_without_an_account_and_loads_nothing(workspace: Path) -> None:
    audit = Audit.open(workspace)
    link = audit.share("latest", 1, by="Ada")
    ask = client(workspace, "https://audit.example.org")
    answer = ask.get(link.path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    )
    assert (answer.headers["referrer-policy"], answer.headers["x-robots-tag"]) == ("no-referrer", "noindex, nofollow")
    assert answer.text == audit.html("latest", redact=True)
    audit.revoke_share(link.id, by="Ada")
    gone = ask.get(link.path)
    assert (gone.status_code, "This link was withdrawn." in gone.text) == (404, True)
    assert ask.get("/share/nothing").status_code == 404
    audit.close()
