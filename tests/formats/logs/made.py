"""Where the logs of the real tools lie, and how to make them anew where the tools are installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FILES = Path(__file__).parent.parent / "files"
INSPECT = FILES / "inspect.eval"
INSPECT_JSON = FILES / "inspect_with_logprobs.json"
PROMPTFOO = FILES / "promptfoo.json"
LM_WORDS = next(FILES.glob("samples_capitals_words_*.jsonl"))
LM_CHOICE = next(FILES.glob("samples_capitals_choice_*.jsonl"))
TOOLS = os.environ.get("CJE_AUDIT_TEST_TOOLS", "")  # folders with the tools' commands, as in PATH


def make(tool: str, folder: Path) -> Path:
    """Make a tool's logs in a folder; skips where the tool is not installed."""
    path = os.pathsep.join(x for x in (TOOLS, os.environ["PATH"]) if x)
    if shutil.which(tool, path=path) is None:
        pytest.skip(f"{tool} is not installed; name its folder in CJE_AUDIT_TEST_TOOLS to make the log anew")
    command = [str(FILES / "making" / "make.sh"), str(folder), tool]
    done = subprocess.run(
        command, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder
