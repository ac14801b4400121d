"""Share links: open for some days, for whoever holds one, redacted, withdrawn at once, and every opening is kept."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.audit.sharing import EXPIRED, NO_LINK, REVOKED
from cje_audit.domain.errors import InputError, NotFound
from tests.audit.test_people import finished as finished  # the fixture
from tests.cli.helpers import cje


@pytest.fixture
def opened(finished: Path, tmp_path: Path) -> Iterator[Audit]:
    audit = Audit.open(shutil.copytree(finished, tmp_path / "workspace"))
    yield audit
    audit.close()


@pytest.fixture
def run(opened: Audit) -> str:
    return opened.runs()[0].id


def token(path: str) -> str:
    return path.removeprefix("/share/")


def test_a_link_opens_the_redacted_report_and_every_opening_is_kept(opened: Audit, run: str) -> None:
    link = opened.share(run, 3, by="Ada", base="https://audit.example.org/")
    assert link.url == f"https://audit.example.org{link.path}"
    text = opened.open_share(token(link.path))
    assert text == opened.html(run, redact=True)
    opened.open_share(token(link.path))
    kinds = [(d.kind, d.by, d.subject) for d in opened.decisions(run)]
    assert kinds == [
        *[("open", f"share link {link.id}", f"share:{link.id}")] * 2, ("share", "Ada", f"share:{link.id}"),
    ]  # fmt: skip
    assert opened.decisions(run)[-1].until == link.expires_at


def test_the_secret_is_nowhere_in_the_workspace(opened: Audit, run: str) -> None:
    link = opened.share(run, 3, by="Ada")
    secret = token(link.path)[12:]
    opened.open_share(token(link.path))
    opened.close()
    files = [p for p in opened.workspace.rglob("*") if p.is_file()]
    assert not [p for p in files if secret.encode() in p.read_bytes()]


def test_a_link_that_is_over_withdrawn_or_wrong_says_so_in_one_sentence(opened: Audit, run: str) -> None:
    link = opened.share(run, 1, by="Ada")
    for wrong in ("", "x", token(link.path)[:-1], token(link.path)[:-1] + "!", "0" * 12 + token(link.path)[12:],
                  token(link.path)[:12] + "A" * 43):  # fmt: skip
        with pytest.raises(NotFound) as raised:
            opened.open_share(wrong)
        assert raised.value.sentence == NO_LINK
    assert opened.revoke_share(link.id, by="Bob").state == "revoked"
    with pytest.raises(NotFound) as raised:
        opened.open_share(token(link.path))
    assert raised.value.sentence == REVOKED
    with pytest.raises(InputError, match="withdrawn before"):
        opened.revoke_share(link.id, by="Bob")
    short = opened.share(run, 0.2 / 86_400, by="Ada")
    with sqlite3.connect(opened.workspace / "workspace.sqlite") as db:
        db.execute("update share set expires_at = created_at where id = ?", (short.id,))
    db.close()
    with pytest.raises(NotFound) as raised:
        opened.open_share(token(short.path))
    assert raised.value.sentence == EXPIRED
    assert [s.state for s in opened.shares(run)] == ["expired", "revoked"]


@pytest.mark.parametrize("days", [0, -1, 366, float("nan"), float("inf")])
def test_days_that_make_no_sense_are_refused(opened: Audit, run: str, days: float) -> None:
    with pytest.raises(InputError, match="open for up to"):
        opened.share(run, days, by="Ada")
    assert opened.shares(run) == ()


def test_the_command_makes_lists_and_withdraws(opened: Audit, run: str) -> None:
    made = cje(opened.workspace, "share", run, "--days", 2, "--by", "Ada", "--url", "https://a.example", "--json")
    assert made.code == 0
    assert made.document["url"].startswith("https://a.example/share/")
    share = made.document["id"]
    listed = cje(opened.workspace, "share", run, "--list", "--json").document
    assert [(s["id"], s["state"]) for s in listed] == [(share, "open")]
    assert cje(opened.workspace, "share", "--revoke", share, "--json").document["state"] == "revoked"
    assert cje(opened.workspace, "share", "--revoke", "nothing", "--json").code == 2
    assert cje(opened.workspace, "share", "--json").code == 2
