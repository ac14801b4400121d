"""Starts the fault server as a process of its own, and talks to its admin pages."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class FaultServer:
    """A running fault server. `url` is the base address of its API."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def configure(self, **changes: Any) -> None:
        """Change settings and forget what was seen."""
        self._call("config", json.dumps(changes).encode())

    def summary(self) -> dict[str, Any]:
        return self._call("summary")

    def log(self) -> list[list[Any]]:
        entries: list[list[Any]] = self._call("log")["log"]
        return entries

    def _call(self, page: str, data: bytes | None = None) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/admin/{page}", data=data, timeout=30) as answer:
            document: dict[str, Any] = json.load(answer)
        return document


@contextmanager
def fault_server(*arguments: str) -> Iterator[FaultServer]:
    """Run a fault server until the block ends."""
    command = [sys.executable, "-m", "tests.faults.server", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield FaultServer(json.loads(process.stdout.readline())["port"])
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
