from cje_audit.stages.asking.breaker import IN_A_ROW, LONGEST_S, Breaker


def ended(breaker: Breaker, failed: bool, at: float, *, probe: bool = False, began: float | None = None) -> None:
    breaker.leave(failed=failed, in_a_row=failed, began=at if began is None else began, now=at, probe=probe)


def healthy() -> Breaker:
    breaker = Breaker()
    for i in range(50):
        ended(breaker, False, i / 100)
    return breaker


def test_five_in_a_row_open_it_and_one_probe_closes_it() -> None:
    breaker = healthy()
    for i in range(IN_A_ROW):
        assert breaker.wait_s(1.0) == 0.0
        ended(breaker, True, 1.0 + i / 100)
    assert breaker.state == "open"
    assert 0.4 < (breaker.wait_s(1.1) or 0.0) <= 0.5
    assert breaker.enter()
    assert (breaker.state, breaker.wait_s(9.0), breaker.enter()) == ("probing", None, False)
    ended(breaker, False, 2.0, probe=True)
    assert (breaker.state, breaker.wait_s(2.0), breaker.since) == ("closed", 0.0, None)


def test_half_of_forty_open_it() -> None:
    breaker = healthy()
    states = []
    for i in range(40):
        breaker.leave(failed=i % 2 == 1, in_a_row=False, began=1.0 + i, now=1.0 + i, probe=False)
        states.append(breaker.state)
    assert states == ["closed"] * 39 + ["open"]


def test_a_fifth_of_all_failing_does_not_open_it() -> None:
    breaker = healthy()
    for i in range(1000):
        ended(breaker, i % 5 == 0, 1.0 + i)
    assert breaker.state == "closed"


def test_probes_come_ever_more_rarely_up_to_a_limit() -> None:
    breaker, now, waits = Breaker(), 0.0, []
    ended(breaker, True, now)
    for _ in range(6):
        wait = breaker.wait_s(now)
        assert wait is not None
        waits.append(wait)
        now += wait
        breaker.enter()
        ended(breaker, True, now, probe=True)
    assert waits == [0.5, 1.0, 2.0, LONGEST_S, LONGEST_S, LONGEST_S]


def test_an_endpoint_that_never_answered_is_not_trusted() -> None:
    breaker = Breaker()
    ended(breaker, True, 0.0)
    assert breaker.state == "open"


def test_answers_from_before_the_trouble_do_not_close_it() -> None:
    breaker = healthy()
    for _ in range(IN_A_ROW):
        ended(breaker, True, 2.2, began=2.0)
    ended(breaker, False, 2.3, began=1.9)
    assert breaker.state == "open"
    ended(breaker, False, 2.4, began=2.1)
    assert breaker.state == "closed"
