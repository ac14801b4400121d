import random

import pytest

from cje_audit.stages.asking.pace import Allowance, Crowding, Pace


def simulate(seconds: float, allowed: float | None, chance: float) -> tuple[list[tuple[float, bool]], Pace]:
    """Ask as fast as the pace lets us (at most 200 a second) a server that allows so many, or refuses by chance."""
    pace, crowding, rng = Pace(), Crowding(), random.Random(1)
    now, left, log = 0.0, allowed or 0.0, []
    while now < seconds:
        step = max(pace.wait_s(now), 1 / 200)
        now += step
        if allowed is not None:
            left = min(left + step * allowed, allowed)
        refused = left < 1 if allowed is not None else rng.random() < chance
        left -= not refused
        pace.leave(now)
        crowding.note(refused)
        log.append((now, refused))
        if not refused:
            pace.passed(now)
        elif not pace.refused(now, crowding.share, crowded=crowding.is_crowded(now)):
            crowding.is_chance(now)
    return log, pace


def test_a_rate_limit_is_found_and_kept() -> None:
    log, _ = simulate(120.0, 10.0, 0.0)
    late = [refused for at, refused in log if at > 30]
    assert sum(late) / len(late) <= 0.01
    assert (len(late) - sum(late)) / 90 >= 9.5


@pytest.mark.parametrize("chance", [0.02, 0.04, 0.08])
def test_refusals_by_chance_do_not_slow_it_down_for_long(chance: float) -> None:
    log, _ = simulate(120.0, None, chance)
    assert len(log) / 120 >= 120


def test_a_budget_per_minute_is_kept() -> None:
    budget, now, spent = Allowance(600), 0.0, 0
    while now < 60:
        now += budget.wait_s(now)
        budget.spend(now)
        spent += 1
    assert 600 <= spent <= 612


def test_a_large_amount_is_paid_off() -> None:
    budget = Allowance(6000)
    budget.spend(0.0, 1000)
    assert budget.wait_s(0.0) == pytest.approx(9.01)
