import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("tokenizers", reason="the extra [embedded] is not installed")

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.hf.batches import Batches, is_memory
from cje_audit.providers.smollm.reader import ReadFailure


def worked(work, items, **more):
    """Ask for all items at once; return results, exceptions among them, and the sizes of the batches."""

    async def run():
        with ThreadPoolExecutor(max_workers=1) as thread:
            batches = Batches(work, len, thread, **more)
            return await asyncio.gather(*(batches.ask(i) for i in items), return_exceptions=True), batches.sizes

    return asyncio.run(run())


def test_what_is_asked_at_once_is_one_batch_and_each_gets_its_own_result():
    found, sizes = worked(lambda items: [i.upper() for i in items], ["a", "bbb", "cc"])
    assert (found, sizes) == (["A", "BBB", "CC"], [3])


def test_a_batch_is_as_large_as_its_padding_allows_the_longest_first():
    seen = []

    def work(items):
        seen.append([len(i) for i in items])
        return list(items)

    items = ["x" * n for n in (10, 1, 2, 50, 3)]
    found, _ = worked(work, items, tokens=60)
    assert found == items and seen == [[50], [10, 3, 2, 1]]


def test_a_batch_that_does_not_fit_in_memory_is_halved():
    def work(items):
        if sum(map(len, items)) > 4:
            raise RuntimeError("CUDA out of memory. Tried to allocate")
        return [i.upper() for i in items]

    found, _ = worked(work, ["a", "bb", "cc", "d", "eeeee"])
    assert found[:4] == ["A", "BB", "CC", "D"]
    assert isinstance(found[4], ReadFailure) and found[4].code is FailureCode.CONTEXT_OVERFLOW


def test_another_exception_reaches_those_of_its_batch_and_the_next_batch_works():
    def work(items):
        if "bad" in items:
            raise ValueError("no")
        return list(items)

    found, _ = worked(work, ["bad", "bac", "ok"], tokens=6)
    assert [type(f) for f in found] == [ValueError, ValueError, str]
    assert not is_memory(ValueError("memory")) and is_memory(MemoryError())


def test_who_gives_up_does_not_stop_the_others():
    async def run():
        with ThreadPoolExecutor(max_workers=1) as thread:
            batches = Batches(lambda items: list(items), len, thread)
            first, second = asyncio.ensure_future(batches.ask("a")), asyncio.ensure_future(batches.ask("b"))
            await asyncio.sleep(0)
            first.cancel()
            return await asyncio.wait_for(second, 5)

    assert asyncio.run(run()) == "b"
