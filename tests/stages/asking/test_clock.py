import asyncio

from cje_audit.stages.asking.clock import Clock


def test_the_clock_never_goes_back() -> None:
    clock = Clock()
    before = clock.now()
    asyncio.run(clock.sleep(0.001))
    assert clock.now() > before
