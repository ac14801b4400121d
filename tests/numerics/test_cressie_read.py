import json
from pathlib import Path

import numpy as np
import pytest

from cje_audit.numerics.cressie_read import cressie_read_interval, cressie_read_value
from tests.checks.builders import arena_run

SCALE = (0.0, 1.0)


@pytest.mark.parametrize("policy", ["clone", "parallel_universe_prompt", "unhelpful"])
def test_equal_to_another_implementation(arena: Path, policy: str) -> None:
    facts = arena_run(arena, fresh=False)
    assert facts.judge is not None
    text = (arena / "reference.json").read_text(encoding="utf-8")
    want = json.loads(text)["policies"][policy]["vw_estimators"]
    ratio, reward = facts.log_ratio(policy), facts.judge.values
    assert cressie_read_value(ratio, reward) == pytest.approx(want["cressie_read"], abs=1e-6)
    got = cressie_read_interval(ratio, reward, facts.rows.cluster, SCALE)
    assert got == pytest.approx(want["cressie_read_interval_95"], abs=1e-6)


def test_turning_the_reward_round_turns_the_interval_round() -> None:
    rng = np.random.default_rng(0)
    ratio, reward = rng.normal(-0.5, 1, 200), rng.uniform(size=200)
    one = cressie_read_interval(ratio, reward, np.arange(200), SCALE)
    two = cressie_read_interval(ratio, 1 - reward, np.arange(200), SCALE)
    assert one is not None
    assert two == pytest.approx((1 - one[1], 1 - one[0]), abs=0.02)


def test_any_scale() -> None:
    rng = np.random.default_rng(1)
    ratio, reward = rng.normal(-0.5, 1, 200), rng.uniform(size=200)
    one = cressie_read_interval(ratio, reward, np.arange(200), SCALE)
    hundred = cressie_read_interval(ratio, 100 * reward, np.arange(200), (0.0, 100.0))
    assert one is not None
    assert hundred == pytest.approx((100 * one[0], 100 * one[1]))


def test_copies_of_a_prompt_tell_nothing_new() -> None:
    rng = np.random.default_rng(2)
    ratio, reward = rng.normal(-0.1, 0.4, 100), rng.uniform(size=100)
    once = cressie_read_interval(ratio, reward, np.arange(100), SCALE)
    twice = cressie_read_interval(np.tile(ratio, 2), np.tile(reward, 2), np.tile(np.arange(100), 2), SCALE)
    assert twice == pytest.approx(once, abs=1e-12)


def test_weights_beyond_float64_have_no_interval() -> None:
    assert cressie_read_interval(np.array([900.0, 0.0]), np.ones(2), np.arange(2), SCALE) is None
    assert cressie_read_value(np.array([900.0, 0.0]), np.ones(2)) is None
