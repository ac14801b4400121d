"""The benchmark of the estimates times what the report calls, and its document says so in the contract's words."""

import importlib.util
import json
import subprocess
import sys
from types import ModuleType

import pytest

from tests.conftest import ROOT

PATH = ROOT / "benchmarks" / "estimation.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("estimation_benchmark", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_timed_functions_give_the_reports_own_numbers(benchmark: ModuleType) -> None:
    facts = benchmark.made(2000, 1)
    assert [getattr(facts, name) for name in benchmark.SHARED]
    (snips,) = [e for e in benchmark.estimates_of(facts, "policy0", headline=None) if e.estimator == "snips"][:1]
    assert benchmark.light(facts, "policy0") == snips.value
    assert benchmark.bare(facts.log_ratio("policy0"), facts.judge.values) == pytest.approx(snips.value, rel=1e-12)
    names = {"ips", "snips", "ips_clipped", "snips_clipped", "psis", "calibrated_weights", "doubly_robust"}
    every = {e.estimator for e in benchmark.estimates_of(facts, "policy0", headline=None)}
    assert names <= every
    assert benchmark.everything(facts, "policy0") >= 3 * 6 + 4


def test_a_whole_report_in_a_process_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, str(PATH), "--whole", "2000", "3"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["seconds"] > 0
    assert 50 < found["peak_mb"] < 2000


def test_limits_are_named(benchmark: ModuleType) -> None:
    ratios = {"vs_numpy_snips": 16.0, "all_vs_numpy_snips": 10.0, "time_1m_over_100k": 9.0, "vs_cje_raw_ips": None}
    told = benchmark.problems({"ratios": ratios, "figures": {"report_peak_mb": 100.0}})
    assert told == ["vs_numpy_snips is 16.0, above 15"]
