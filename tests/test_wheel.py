"""The wheel alone, in an empty environment outside the checkout, runs the demo: no model, no network, no checkout."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: object, cwd: Path, timeout: float = 300) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "CJE_AUDIT"))}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_runs_the_demo_outside_the_checkout(tmp_path: Path) -> None:
    pytest.importorskip("uv")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    home = tmp_path / "elsewhere"
    home.mkdir()
    run(sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, home / "env", cwd=home)
    python = home / "env" / "bin" / "python"
    run(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python, wheel, cwd=home)

    installed = {p.name for p in next((home / "env" / "lib").glob("python3*/site-packages")).iterdir()}
    assert not installed & {"app", "pages", "sample_data", "examples", "tests"}

    document = json.loads(
        run(home / "env" / "bin" / "cje-audit", "demo", "--no-open", "--json", "--port", "0", cwd=home)
    )
    try:
        with urllib.request.urlopen(document["url"], timeout=20) as page:
            assert page.status == 200
        report = json.loads(run(home / "env" / "bin" / "cje-audit", "report", document["run"], "--json", cwd=home))
        assert report["run"]["status"] == "complete"
        assert report["run"]["git_commit"] is None
    finally:
        os.killpg(document["pid"], signal.SIGTERM)
