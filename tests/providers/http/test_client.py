"""The key reaches its host and nothing else; connections end with their event loop."""

import asyncio
import logging
import traceback

import pytest

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.http.fault import Fault
from tests.faults import kinds
from tests.faults.running import FaultServer
from tests.providers.http.asking import PROMPT, RESPONSE, judge, judged, policy, provider, score

KEY = "sk-canary-7f3a91c2"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CANARY_KEY", KEY)
    return KEY


def test_the_key_is_sent_as_a_bearer(server: FaultServer, key: str) -> None:
    server.configure(key=key)
    assert score(policy(server, api_key_env="CANARY_KEY"))[0].result.is_ok
    assert judged(judge(server, provider="anthropic", api_key_env="CANARY_KEY")).result.is_ok
    assert score(policy(server))[0].result.code is FailureCode.AUTH


@pytest.mark.parametrize("kind", [*kinds.KINDS])
def test_the_key_is_nowhere_else(server: FaultServer, key: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.configure(mix={kind: 1.0})
    p = policy(server, api_key_env="CANARY_KEY")
    made = provider(p)
    answers = score(p, response="Yes.")
    text = f"{answers!r} {made!r} {vars(made)!r} {made._client!r} {made.scorer_version} {caplog.text}"
    assert key not in text and key not in str(p.identity())


def test_an_unset_key_is_an_auth_failure_that_asks_nobody(server: FaultServer) -> None:
    (answer,) = score(policy(server, api_key_env="NOT_SET_ANYWHERE"))
    assert answer.result.code is FailureCode.AUTH and not answer.retry.again
    assert "NOT_SET_ANYWHERE" in (answer.result.detail or "") and server.summary()["requests"] == 0


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "schlüssel"])
def test_what_cannot_be_a_key_is_not_sent_and_not_shown(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CANARY_KEY", value)
    (answer,) = score(policy(server, api_key_env="CANARY_KEY"))
    assert answer.result.code is FailureCode.AUTH and value not in repr(answer)


def test_a_usual_key_is_not_sent_to_another_address(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREWORKS_API_KEY", KEY)
    server.configure(key=KEY)
    assert score(policy(server, provider="fireworks"))[0].result.code is FailureCode.AUTH


def test_a_server_that_is_not_there(server: FaultServer) -> None:
    p = policy(server, base_url="http://127.0.0.1:9/v1")
    (answer,) = score(p)
    assert answer.result.code is FailureCode.CONNECTION and answer.retry.again


def test_a_cancelled_request_lets_go(server: FaultServer) -> None:
    server.configure(mix={"hang": 1.0})
    p = policy(server)

    async def ask() -> None:
        made = provider(p)
        task = asyncio.create_task(made.logprobs(p, PROMPT, RESPONSE, ended=False))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await made.aclose()

    asyncio.run(ask())


def test_no_traceback_holds_the_transports_error(server: FaultServer, key: str) -> None:
    server.configure(mix={"reset": 1.0})
    p = policy(server, api_key_env="CANARY_KEY")
    made = provider(p)
    with pytest.raises(Fault) as fault:
        asyncio.run(made._client.post("/completions", b"{}"))
    assert key not in "".join(traceback.format_exception(fault.value))
