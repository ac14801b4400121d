"""Starting the dashboard: one Streamlit process on loopback, its telemetry off."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from cje_audit.audit import Audit
from cje_audit.audit.accounts import PASSWORD, USER
from cje_audit.domain.errors import AuditError, ConfigError
from cje_audit.settings import bundle_root

LOOPBACK = ("127.0.0.1", "localhost", "::1")
UP_S = 60.0
STOP_S = 5.0
LOOK_S = 0.2


def refuse_open_door(audit: Audit, host: str) -> None:
    """Refuse to listen beyond this machine while the workspace has no accounts.

    Raises
    ------
    ConfigError
        When the address is not loopback, and anybody who reaches it could do anything.
    """
    if host not in LOOPBACK and not audit.users_exist():
        raise ConfigError(
            f"This workspace has no accounts, so it is served on this machine only; {host} would open it to others.",
            expected="127.0.0.1",
            got=host,
            what_to_do="Add accounts with cje-audit user add, leave --host away, or reach it through an SSH tunnel.",
        )


def command(port: int, host: str) -> list[str]:
    """Return the command that serves the dashboard."""
    options = {
        "server.port": port,
        "server.address": host,
        "server.headless": "true",
        "server.maxUploadSize": 500,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(bundle_root() / "app" / "asgi.py"), *flags]


def environment(workspace: Path) -> dict[str, str]:
    """Return the server's environment: where app/ and pages/ lie, and the workspace."""
    kept = {name: value for name, value in os.environ.items() if name not in (USER, PASSWORD)}
    return {**kept, "PYTHONPATH": str(bundle_root()), "CJE_AUDIT_WORKSPACE": str(workspace)}


def free_port(wanted: int) -> int:
    """Return the wanted port when it is free, else another free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger hold no port
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AuditError("No free port was found on this machine.", what_to_do="Give --port.")


def stop_asked() -> threading.Event:
    """Return what Ctrl-C and a kill of this process set from here on, rather than interrupting it wherever it is.

    An interrupt between starting the server and waiting for it would leave a server that nobody stops.
    """
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    return asked


def serve_until(asked: threading.Event, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the server ends or its end is asked for; then no server is left."""
    while server.poll() is None and not asked.wait(LOOK_S):
        pass
    stop(server)


def start(workspace: Path, port: int, host: str = "127.0.0.1", *, detached: bool = False) -> "subprocess.Popen[bytes]":
    """Start the server and wait until it answers."""
    log = (workspace / "dashboard.log").open("ab")
    with log:
        server = subprocess.Popen(
            command(port, host),
            env=environment(workspace),
            cwd=bundle_root(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=detached,
        )
    try:
        _await(server, port, workspace)
    except BaseException:
        stop(server)
        raise
    return server


def stop(server: "subprocess.Popen[bytes]") -> None:
    """Stop the server; one that does not listen is killed. Runs go on: their workers are processes of their own."""
    server.terminate()
    try:
        server.wait(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _await(server: "subprocess.Popen[bytes]", port: int, workspace: Path) -> None:
    deadline = time.monotonic() + UP_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AuditError("The dashboard did not start.", what_to_do=f"Read {workspace / 'dashboard.log'}.")
