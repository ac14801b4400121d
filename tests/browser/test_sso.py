"""Single sign-on in a real browser with a real identity provider on loopback: discovery, code, signed proof."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

pytest.importorskip("authlib", reason="the extra sso is not installed")

from cje_audit.audit import Audit
from cje_audit.cli import server
from tests.browser.conftest import Served
from tests.browser.issuer import CLIENT, SECRET, Issuer, issuing
from tests.browser.tab import settled

pytestmark = pytest.mark.browser
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def signed_on(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Served]:
    """A dashboard that knows the identity provider; Ada has an account for single sign-on, Bob one with a password."""
    audit = Audit.open(tmp_path_factory.mktemp("sso") / "workspace")
    audit.add_user("bob", "admin", PASSWORD)
    audit.login("bob", PASSWORD).add_user("ada@example.org", "approver", None)
    port = server.free_port(0)
    url = f"http://localhost:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "COOKIE_SECRET": "0123456789abcdef" * 3,
            "METADATA_URL": f"{issuer.url}/.well-known/openid-configuration", "REDIRECT_URI": f"{url}/oauth2callback",
        }.items():  # fmt: skip
            patch.setenv(f"CJE_AUDIT_OIDC_{name}", value)
        process = server.start(audit.workspace, port)
    try:
        yield Served(url, audit)
    finally:
        audit.close()
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def sign_on(browser: Any, served: Served) -> Iterator[Any]:
    """Press the button of the login page in a fresh browser, and come back from the identity provider."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    tab.goto(served.url)
    with tab.expect_response(lambda answer: "/oauth2callback" in answer.url):
        tab.get_by_role("button", name="Log in with single sign-on").click()
    yield tab
    context.close()


@pytest.fixture(autouse=True)
def whole(issuer: Issuer) -> None:
    """Every test begins with a good proof for Ada."""
    issuer.email, issuer.verified, issuer.age_s, issuer.forged = "Ada@Example.org", True, 0.0, False
    issuer.asked.clear()


def test_a_proof_opens_the_account_of_its_address_with_its_role(
    browser: Any, signed_on: Served, issuer: Issuer
) -> None:
    with sign_on(browser, signed_on) as tab:
        settled(tab, "Runs")
        expect(tab.get_by_text(re.compile(r"ada@.?example\.org · approver"))).to_be_visible()
        expect(tab.get_by_text("example.org is an approver")).to_have_count(0)
        assert {"/authorize", "/token", "/jwks"} <= set(issuer.asked)
        tab.get_by_role("button", name="Log out").click()
        expect(tab.get_by_text("Log in to see this workspace")).to_be_visible()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "eve@example.org"}, "There is no account for eve@"),
        ({"verified": False}, "The sign-on did not prove an e-mail address."),
        ({"age_s": 13 * 3600.0}, "The sign-on is over."),
    ],
)
def test_a_proof_that_opens_nothing_says_why_and_lets_one_out(
    browser: Any, signed_on: Served, issuer: Issuer, change: dict[str, Any], said: str
) -> None:
    for name, value in change.items():
        setattr(issuer, name, value)
    with sign_on(browser, signed_on) as tab:
        expect(tab.get_by_text(said)).to_be_visible()
        assert tab.get_by_role("heading", name="Runs", exact=True, level=1).count() == 0
        tab.get_by_role("button", name="Log out").click()
        expect(tab.get_by_role("button", name="Log in with single sign-on")).to_be_visible()
        expect(tab.get_by_text(said)).to_have_count(0)


def test_a_proof_that_is_signed_with_a_strangers_key_opens_nothing(
    browser: Any, signed_on: Served, issuer: Issuer
) -> None:
    issuer.forged = True
    with sign_on(browser, signed_on) as tab:
        expect(tab.get_by_text("Log in to see this workspace")).to_be_visible()
        assert "/token" in issuer.asked
        expect(tab.get_by_text("approver")).to_have_count(0)


def test_who_loses_the_account_is_out_at_the_next_look(browser: Any, signed_on: Served) -> None:
    boss = signed_on.audit.login("bob", PASSWORD)
    boss.add_user("eve@example.org", "viewer", None)
    with sign_on(browser, signed_on) as tab:
        settled(tab, "Runs")
        boss.remove_user("ada@example.org")
        tab.reload()
        expect(tab.get_by_text("There is no account for ada@")).to_be_visible()
    boss.remove_user("eve@example.org")
    boss.add_user("ada@example.org", "approver", None)
