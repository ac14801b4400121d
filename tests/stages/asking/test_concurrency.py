from cje_audit.stages.asking.concurrency import Concurrency


def test_refusals_cut_once_per_round_and_answers_bring_it_back() -> None:
    limit = Concurrency(64)
    for _ in range(30):
        limit.crowded(began=0.0, now=1.0)
    assert limit.limit == 44
    for i in range(2000):
        limit.answered(0.2, 1.0 + i / 200)
    assert limit.limit == 64


def test_it_never_falls_below_one() -> None:
    limit = Concurrency(2)
    for i in range(50):
        limit.crowded(began=float(i), now=float(i))
    assert limit.limit == 1


def test_waiting_that_buys_nothing_is_cut() -> None:
    limit, now = Concurrency(64), 0.0
    for seconds, rate in [(0.2, 300.0)] * 2 + [(2.0, 100.0)] * 8:
        for _ in range(2 * limit.limit):
            now += 1 / rate
            limit.answered(seconds, now)
    assert limit.limit < 64


def test_steady_answers_leave_it_alone() -> None:
    limit = Concurrency(64)
    for i in range(5000):
        limit.answered(0.2 + (i % 7) / 50, i / 300)
    assert limit.limit == 64
