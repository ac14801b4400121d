import asyncio

import pytest

pytest.importorskip("gguf", reason="the extra [embedded] is not installed")

from cje_audit.domain.errors import ModelMissing
from cje_audit.domain.policy import Policy
from cje_audit.providers.smollm import pool
from cje_audit.providers.smollm.pool import WorkerPool, require_packages, usable_cores

POLICY = Policy(name="a", provider="embedded", model="tiny", template="chat", max_tokens=8).model_dump(mode="json")


def request(response, **more):
    return {"op": "logprobs", "policy": POLICY, "prompt": "the", "response": response, "ended": False} | more


def run(question, path, size=1):
    async def inside():
        workers = WorkerPool(path, size)
        try:
            return await question(workers)
        finally:
            await workers.aclose()

    return asyncio.run(inside())


def test_many_requests_share_the_workers_and_replies_find_their_request(tiny_path):
    texts = [f"a{'x' * n}" for n in range(12)]

    async def ask(workers):
        return await asyncio.gather(*(workers.ask(request(text)) for text in texts)), len(workers._running)

    replies, running = run(ask, tiny_path, size=2)
    assert ["".join(reply["tokens"]) for reply in replies] == texts
    assert running <= 2


def test_a_model_that_cannot_be_loaded_is_a_failure_not_a_hang(tmp_path):
    reply = run(lambda workers: workers.ask(request("a")), tmp_path / "none.gguf")
    assert reply["code"] == "connection"


def test_after_a_death_a_new_worker_is_started(tiny_path):
    async def ask(workers):
        first = await workers.ask(request("a"))
        for worker in list(workers._running):
            worker.kill()
        return [first, await workers.ask(request("a")), await workers.ask(request("a"))]

    first, lost, again = run(ask, tiny_path)
    assert lost["code"] == "connection"
    assert first == again


def test_closing_ends_requests_in_flight_and_all_workers(tiny_path):
    async def ask(workers):
        flying = asyncio.create_task(workers.ask(request("x" * 900)))
        await asyncio.sleep(0.05)
        await workers.aclose()
        with pytest.raises(asyncio.CancelledError):
            await flying
        return workers._running

    assert run(ask, tiny_path) == set()


def test_missing_packages_are_one_sentence(monkeypatch):
    monkeypatch.setattr(pool, "NEEDED", ("gguf", "no_such_package"))
    with pytest.raises(ModelMissing, match="needs the Python packages no_such_package"):
        require_packages()


def test_there_is_at_least_one_core():
    assert usable_cores() >= 1
