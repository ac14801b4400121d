"""The audit power benchmark, small: the catalogue is large enough, damage is found, clean data is quiet, speed holds."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def power() -> Iterator[ModuleType]:
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("audit_power")
    finally:
        sys.path.remove(str(FOLDER))


def test_damage_is_found_and_clean_data_is_quiet(power: ModuleType) -> None:
    found = power.measure(power.Plan((400,), (0.05,), (400,), 1, 5))
    assert len(found["power"]) >= 40
    assert found["sources"] == ["synthetic", "sample"]
    assert {name for name, own in found["power"].items() if min(own.values()) < 1} == set()
    assert {name: own["failing"] for name, own in found["alarms"].items()} == {"synthetic": 0, "sample": 0}


def test_kinds_outside_the_catalogue_are_found_too(power: ModuleType) -> None:
    assert not {c.name for c in power.UNSEEN} & {c.name for c in power.CATALOGUE if c.name != "judge = 0.5"}
    missed = {
        f"{c.name} ({source.name})"
        for source in power.sources(None)
        for c in power.UNSEEN
        if not power.detected(c, power.Audit(source.draw(400, 3)), 0.1, np.random.default_rng(3))
    }
    assert {name.partition(" (")[0] for name in missed} <= {"judge ÷ 10"}  # a part of one scale looks like another


def test_looking_at_one_policy_says_what_the_whole_audit_says(power: ModuleType) -> None:
    clean = power.Audit(power.synthetic(300, 1))
    for corruption in power.CATALOGUE[::7]:
        damaged, _ = corruption.applied(clean.raw, 0.05, np.random.default_rng(1))
        whole = {(c.id, c.policy): c for c in power.Audit(damaged).checks()}
        for check in power.Audit(damaged, clean).checks_about(corruption.checks):
            if check.id in corruption.checks:
                assert whole[check.id, check.policy] == check


def test_the_audit_is_fast(power: ModuleType) -> None:
    assert power.speed(20_000)["within_limit"]
