"""A real Chromium on a real server: free loopback port, fresh workspace, stopped at the end."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

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
