import importlib.util
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "sample_data"


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def folder():
    return FOLDER


@pytest.fixture(scope="session")
def tasks():
    """The checking program, loaded from its file: sample_data is no package."""
    spec = importlib.util.spec_from_file_location("sample_tasks", FOLDER / "tasks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["sample_tasks"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def rows():
    return lines(FOLDER / "experiment" / "logged_data.jsonl")


@pytest.fixture(scope="session")
def provenance():
    return json.loads((FOLDER / "experiment" / "provenance.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def sibling():
    return lambda name: lines(FOLDER / "faulty" / f"{name}.jsonl")


@pytest.fixture(scope="session")
def touched():
    return json.loads((FOLDER / "faulty" / "rows.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def fresh():
    return {
        p.name.removesuffix("_responses.jsonl"): lines(p) for p in (FOLDER / "experiment" / "fresh_draws").iterdir()
    }


@pytest.fixture(scope="session")
def all_labels():
    return {
        (r["prompt_id"], r["draw"]): r["oracle_label"] for r in lines(FOLDER / "experiment" / "oracle_labels_all.jsonl")
    }
