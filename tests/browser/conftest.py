"""A real Chromium on a real server: free loopback port, fresh workspace, stopped at the end."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from cje_audit.audit import Audit
from cje_audit.cli import server
from tests.conftest import ROOT

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")
SHOTS = ROOT / ".artifacts" / "browser"


@dataclass
class Served:
    """A dashboard being served: its address and a door to its workspace."""

    url: str
    audit: Audit


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; without one these tests skip."""
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Served]:
    """Serve the dashboard on a fresh workspace, as `cje-audit serve` does."""
    audit = Audit.open(tmp_path_factory.mktemp("served") / "workspace")
    port = server.free_port(0)
    process = server.start(audit.workspace, port)
    try:
        yield Served(f"http://127.0.0.1:{port}", audit)
    finally:
        audit.close()
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def shots() -> Path:
    """The ignored folder that keeps screenshots."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Any]:
    """One Chromium for all tests here; each makes its own context. It ends with the room: its event loop would stop others."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, served: Served) -> Iterator[Any]:
    """A fresh tab that fails the test if a script of a stranger runs or a request leaves this machine."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    wrong: list[str] = []
    tab.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
    tab.on("request", lambda request: wrong.append(request.url) if not local(request.url, served) else None)
    yield tab
    context.close()
    assert wrong == []


def local(url: str, served: Served) -> bool:
    """Say whether a request stays on the server under test."""
    return url.startswith((served.url, served.url.replace("http", "ws"), "data:", "blob:"))
