"""The audit power benchmark, small: the catalogue is large enough, damage is found, clean data is quiet."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).resolve().parents[1] / "benchmarks" / "audit_power.py"
HARD = {"lowest scores lost", "longest rows lost"}  # nothing to test with at 2 % of 400 rows


@pytest.fixture(scope="module")
def power() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_power", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit_power"] = module
    spec.loader.exec_module(module)
    return module


def test_damage_is_found_and_clean_data_is_quiet(power: ModuleType) -> None:
    found = power.measure((400,), (0.02,), 1, 10)
    assert len(found["power"]) >= 40
    missed = {name for name, own in found["power"].items() if min(own.values()) < 1}
    assert missed <= HARD
    assert found["false_alarms"] == 0
    assert found["alarms"] == []
