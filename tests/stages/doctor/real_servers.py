"""Servers that nobody wrote for a test, each started from an environment of its own that a variable names."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cje_audit.domain.errors import ModelMissing
from cje_audit.providers.smollm.fetch import model_path

OFFLINE = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}
LLAMA_CPP = """
import sys, time, xllamacpp
asked = xllamacpp.CommonParams()
asked.model.path, asked.hostnames, asked.port, asked.n_ctx = sys.argv[1], ["127.0.0.1"], int(sys.argv[2]), 4096
server = xllamacpp.Server(asked)
time.sleep(3600)
"""
AS_FOLDER = """
import pathlib, sys, torch
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM
path, folder = pathlib.Path(sys.argv[1]), sys.argv[2]
read = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(  # single digits are lost on the way from GGUF
    [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
)
facts = read.config.to_dict()
for name in ("quantization_config", "transformers_version", "model_type", "architectures"):
    facts.pop(name, None)
plain = LlamaForCausalLM(LlamaConfig(**facts)).float()
plain.load_state_dict(read.state_dict())
plain.save_pretrained(folder)
tokenizer.save_pretrained(folder)
"""


def interpreter(variable: str) -> str:
    """Return the Python that a variable names; the test is skipped where it names none."""
    python = os.environ.get(variable)
    if not python or not Path(python).is_file():
        pytest.skip(f"{variable} names no interpreter")
    return python


def embedded_model() -> Path:
    """Return the embedded model's file; the test is skipped where it was not fetched."""
    try:
        return model_path()
    except ModelMissing:
        pytest.skip("the embedded model has not been fetched")


def as_folder(python: str, folder: Path) -> Path:
    """Write the embedded model as transformers keeps its models: config, weights and tokenizer in a folder."""
    made = subprocess.run([python, "-c", AS_FOLDER, str(embedded_model()), str(folder)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[-2000:]
    return folder


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], port: int, log: Path, *, seconds: float = 90) -> Iterator[str]:
    """Run a server until the block ends; its address is given once it answers."""
    with log.open("wb") as said:
        server = subprocess.Popen(command, stdout=said, stderr=said, env=os.environ | OFFLINE)
    url, give_up = f"http://127.0.0.1:{port}/v1", time.monotonic() + seconds
    try:
        while not _answers(url):
            assert server.poll() is None and time.monotonic() < give_up, log.read_text()[-2000:]
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/models", timeout=2):
            return True
    except OSError:
        return False
