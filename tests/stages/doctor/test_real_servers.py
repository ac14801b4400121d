"""The preflight against a server that nobody wrote for a test: llama-cpp-python's, whose echo is off by one token.

Needs the embedded model, and in `LLAMA_CPP_PYTHON` an interpreter with `llama-cpp-python[server]`; else it is skipped.
"""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.errors import ModelMissing
from cje_audit.providers.smollm.fetch import model_path
from tests.stages.doctor.asking import examined, experiment

pytestmark = [pytest.mark.slow, pytest.mark.model]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/models", timeout=2):
            return True
    except OSError:
        return False


@pytest.fixture
def llama(tmp_path: Path) -> Iterator[tuple[str, str]]:
    python = os.environ.get("LLAMA_CPP_PYTHON")
    if not python or not Path(python).is_file():
        pytest.skip("LLAMA_CPP_PYTHON names no interpreter with llama-cpp-python")
    try:
        model = str(model_path())
    except ModelMissing:
        pytest.skip("the embedded model has not been fetched")
    port = free_port()
    options = ["--model", model, "--port", str(port), "--logits_all", "true", "--n_ctx", "2048"]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen([python, "-m", "llama_cpp.server", *options], stdout=log, stderr=log)
    url, give_up = f"http://127.0.0.1:{port}/v1", time.monotonic() + 60
    try:
        while not answers(url):
            assert server.poll() is None and time.monotonic() < give_up, (tmp_path / "server.log").read_text()
            time.sleep(0.2)
        yield url, model
    finally:
        server.kill()
        server.wait(timeout=30)


def test_an_echo_that_is_off_by_one_token_is_caught_on_a_real_server(llama: tuple[str, str]) -> None:
    url, model = llama
    checks = examined(experiment(url, model=model))
    assert checks["echo", "base"].status is CheckStatus.PASS  # nothing in the answer shows it
    found = checks["alignment", "base"]
    assert found.status is CheckStatus.FAIL, found.sentence
    assert "off by a token" in found.sentence
