"""Running the command line as a user does: a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


def cje(workspace: Path, *arguments: object, timeout: float = 120) -> Done:
    """Run `cje-audit` with a workspace."""
    command = [sys.executable, "-m", "cje_audit", *map(str, arguments), "--workspace", str(workspace)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return Done(done.returncode, done.stdout, done.stderr)
