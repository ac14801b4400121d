"""Serving: a stopped command leaves no server behind, and its port is free at once."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from cje_audit.cli import server
from tests.conftest import ROOT


def serve(workspace: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start `cje-audit serve`, and wait until it answers."""
    told = [sys.executable, "-m", "cje_audit", "serve", "--port", str(port), "--workspace", str(workspace)]
    process = subprocess.Popen(told, cwd=ROOT, stderr=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + 90
    while not answers(port):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return process


def answers(port: int) -> bool:
    """Say whether a dashboard answers on a port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
            return True
    except OSError:
        return False


def test_a_stopped_serve_leaves_no_server_and_may_start_again_on_its_port(tmp_path: Path) -> None:
    port = server.free_port(0)
    for sign in (signal.SIGTERM, signal.SIGINT):
        process = serve(tmp_path / "workspace", port)
        assert server.free_port(port) != port
        process.send_signal(sign)
        process.wait(timeout=60)
        assert not answers(port)
        assert server.free_port(port) == port
