"""A real Chromium on a real server: free loopback port, fresh workspace, stopped at the end."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cje_audit.audit import Audit
from tests.conftest import ROOT

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")
SHOTS = ROOT / ".artifacts" / "browser"
START_S = 60


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Served]:
    """Serve the dashboard on a fresh workspace."""
    workspace = tmp_path_factory.mktemp("served") / "workspace"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py"),
        "--server.port", str(port), "--server.address", "127.0.0.1",
    ]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CJE_AUDIT_WORKSPACE": str(workspace)}
    with (workspace.parent / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=workspace.parent)
    audit = Audit.open(workspace)
    try:
        await_health(url, server)
        yield Served(url, audit)
    finally:
        audit.close()
        server.terminate()
        server.wait(timeout=30)


def await_health(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{url}/_stcore/health", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    pytest.fail("the dashboard did not start")


@pytest.fixture(scope="session")
def shots() -> Path:
    """The ignored folder that keeps screenshots."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS
