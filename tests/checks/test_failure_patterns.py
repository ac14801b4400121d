"""Patterns are found where they were planted, and nowhere else."""

import numpy as np
import pytest

from cje_audit.checks.failure_patterns import Attempts, failure_patterns, failure_rates

RNG = np.random.default_rng(3)
N = 1000
NOON = 1_700_000_000.0


def attempts(failed: np.ndarray, **changes: np.ndarray) -> Attempts:
    fields = {
        "codes": np.where(failed, "server_error", None),
        "stages": np.full(N, "target_policy", dtype=object),
        "endpoints": np.full(N, "vllm m", dtype=object),
        "policies": np.array([("a", "b")[i % 2] for i in range(N)], dtype=object),
        "lengths": RNG.uniform(100, 5000, N),
        "at": NOON + np.arange(N),
    }
    return Attempts(**(fields | changes))


def test_chance_is_no_pattern() -> None:
    for seed in range(20):
        assert failure_patterns(attempts(np.random.default_rng(seed).random(N) < 0.1)) == ()


def test_long_texts_that_fail_are_found() -> None:
    lengths = RNG.uniform(100, 5000, N)
    (found,) = failure_patterns(attempts(lengths > 3500, lengths=lengths))
    assert (found.by, found.n_failed) == ("length", int((lengths > 3500).sum()))
    assert "3,4" in found.sentence or "3,5" in found.sentence
    assert "0 of" in found.sentence and "context limit" in found.what_to_do


def test_longer_texts_that_fail_more_often_are_found() -> None:
    lengths = RNG.uniform(100, 5000, N)
    (found,) = failure_patterns(attempts(RNG.random(N) < 0.3 * (lengths / 5000) ** 3, lengths=lengths))
    assert "more often" in found.sentence


def test_everything_after_a_moment_is_found() -> None:
    (found,) = failure_patterns(attempts(np.arange(N) >= 800))
    assert found.by == "time"
    assert "everything fails from 22:26:40 UTC on; 200 of 200 failed there, 0 of 800 elsewhere" in found.sentence


@pytest.mark.parametrize("spared", [1, 4])
def test_a_cut_that_parts_off_a_few_successes_is_no_pattern(spared: int) -> None:
    lengths = np.arange(N, dtype=float)
    few = attempts(lengths >= spared, lengths=lengths, at=np.full(N, NOON), policies=np.array(["a"] * N, dtype=object))
    assert failure_patterns(few) == ()
    inside = (np.arange(N) >= spared // 2) & (np.arange(N) < N - spared // 2)
    assert failure_patterns(attempts(inside, policies=np.array(["a"] * N, dtype=object))) == ()


def test_an_outage_is_found() -> None:
    (found,) = failure_patterns(attempts((np.arange(N) >= 300) & (np.arange(N) < 360)))
    assert "between 22:18:2" in found.sentence and "retry" in found.what_to_do.lower()


def test_one_policy_that_fails_is_found() -> None:
    (found,) = failure_patterns(attempts((np.arange(N) % 2 == 1) & (RNG.random(N) < 0.5)))
    assert found.by == "policy" and "are of b" in found.sentence


def test_too_few_failures_say_nothing() -> None:
    assert failure_patterns(attempts(np.arange(N) >= N - 4)) == ()


def test_unknown_lengths_say_nothing() -> None:
    found = failure_patterns(attempts(RNG.random(N) < 0.1, lengths=np.full(N, np.nan)))
    assert found == ()


@pytest.mark.parametrize("by", ["code", "provider", "policy", "time", "length"])
def test_rates_add_up(by: str) -> None:
    rates = [r for r in failure_rates(attempts(np.arange(N) % 10 == 0)) if r.by == by]
    assert sum(r.n_failed for r in rates) == 100
    assert by == "code" or sum(r.n for r in rates) == N


def test_an_endpoint_that_is_not_known_is_no_group() -> None:
    endpoints = np.array([("vllm m", "")[i % 2] for i in range(N)], dtype=object)
    rates = failure_rates(attempts(np.arange(N) % 10 == 0, endpoints=endpoints))
    assert [(r.group, r.n, r.n_failed) for r in rates if r.by == "provider"] == [("vllm m", N // 2, 100)]
