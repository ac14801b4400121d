"""Every fault ends in its code, every success is the truth, and nothing in between exists."""

import asyncio
from typing import Any

import pytest

from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.providers.http.provider import ROWS_IN_A_ROW
from cje_audit.providers.judging import goes_first
from cje_audit.providers.registry import capabilities
from tests.faults import kinds, truth
from tests.faults.running import FaultServer
from tests.providers.http.asking import BEFORE, PROMPT, RESPONSE, generate, judge, judged, policy, provider, score

PREFIX = f"{BEFORE}\n\n{PROMPT}\n\n"
CODE_OF = {
    "429_s": "rate_limited", "429_ms": "rate_limited", "429_date": "rate_limited", "429_quota": "quota",
    "500": "server_error", "502": "server_error", "503": "server_error", "503_after": "server_error",
    "529": "server_error", "hang": "timeout", "reset": "connection", "reset_late": "bad_response",
    "cut_body": "bad_response", "cut_json": "bad_response", "malformed_json": "bad_response",
    "html_200": "bad_response", "empty_200": "bad_response", "error_200": "server_error",
    "slow_drip": None, "null_logprobs": "bad_response", "null_value": "bad_response",
    "ignored_echo": "bad_response", "short_echo": "echo_mismatch", "left_cut_echo": "echo_mismatch",
    "other_text": "echo_mismatch", "off_by_one": "echo_mismatch", "off_by_one_null": "echo_mismatch",
    "off_by_one_offsets": "echo_mismatch", "wrong_count": "echo_mismatch", "nan": "non_finite",
    "infinite": "non_finite", "positive": "positive_logprob", "clamped": "sentinel", "zeros": "zero_on_text",
    "400": "bad_request", "400_length": "context_overflow", "400_filter": "content_filter", "401": "auth",
    "403": "auth", "404": "not_found", "402": "quota", "302": "not_found",
}  # fmt: skip


def test_a_clean_answer_is_the_truth(server: FaultServer) -> None:
    (answer,) = score(policy(server))
    assert list(answer.result.token_logprobs) == truth.response_values("m", PREFIX, RESPONSE)
    assert "".join(answer.result.tokens) == RESPONSE
    assert answer.exchange.http_status == 200 and b'"echo":true' in (answer.exchange.request or b"")
    assert not answer.retry.again


@pytest.mark.parametrize("kind", [k for k in kinds.KINDS if CODE_OF.get(k)])
def test_a_fault_ends_in_its_code(server: FaultServer, kind: str) -> None:
    server.configure(mix={kind: 1.0})
    (answer,) = score(policy(server))
    code = FailureCode(CODE_OF[kind])
    assert (answer.result.code, answer.result.value) == (code, None), answer.result.detail
    assert answer.retry.again == CODES[code].retryable
    assert answer.exchange.request is not None


def test_every_fault_of_the_server_is_tested() -> None:
    assert set(kinds.KINDS) - set(CODE_OF) == {
        "shifted",
        "no_bos",
        "other_model",
        "judge_prose",
        "judge_refusal",
        "judge_range",
        "judge_echo",
        "judge_quote",
    }


@pytest.mark.parametrize("kind", ["429_s", "429_ms", "503_after"])
def test_the_servers_own_floor_is_handed_on_exactly(server: FaultServer, kind: str) -> None:
    server.configure(mix={kind: 1.0}, retry_after_s=2.25)
    assert score(policy(server))[0].retry.after_s == 2.25


def test_a_date_as_floor_is_handed_on(server: FaultServer) -> None:
    server.configure(mix={"429_date": 1.0}, retry_after_s=2.0)
    after = score(policy(server))[0].retry.after_s
    assert after is not None and 2.0 <= after <= 4.0


def test_a_slow_answer_is_waited_for(server: FaultServer) -> None:
    server.configure(mix={"slow_drip": 1.0})
    assert score(policy(server), response="Yes it is.")[0].result.is_ok


def test_twenty_rows_without_logprobs_say_that_the_server_gives_none(server: FaultServer) -> None:
    server.configure(mix={"ignored_echo": 1.0})

    async def ask() -> list[str | None]:
        p = policy(server)
        made = provider(p)
        codes = []
        for row in range(ROWS_IN_A_ROW + 2):
            for _ in range(2):
                codes.append((await made.logprobs(p, PROMPT, f"Answer {row}.", ended=False)).result.code)
        await made.aclose()
        return [str(c) for c in codes]

    codes = asyncio.run(ask())
    assert codes[: 2 * (ROWS_IN_A_ROW - 1)] == ["bad_response"] * 2 * (ROWS_IN_A_ROW - 1)
    assert set(codes[2 * ROWS_IN_A_ROW :]) == {"echo_unsupported"}


def test_a_model_that_changes_under_way_is_noticed(server: FaultServer) -> None:
    async def ask() -> tuple[Any, Any]:
        p = policy(server)
        made = provider(p)
        first = await made.logprobs(p, PROMPT, RESPONSE, ended=False)
        server.configure(mix={"other_model": 1.0})
        second = await made.logprobs(p, PROMPT, RESPONSE, ended=False)
        await made.aclose()
        return first.result, second.result

    first, second = asyncio.run(ask())
    assert first.is_ok and second.code is FailureCode.MODEL_CHANGED


def test_one_provider_serves_one_event_loop_after_another(server: FaultServer) -> None:
    p = policy(server)
    made = provider(p)
    for _ in range(3):
        assert asyncio.run(made.logprobs(p, PROMPT, RESPONSE, ended=False)).result.is_ok
    asyncio.run(made.aclose())


def test_a_mix_of_all_faults_invents_nothing(server: FaultServer) -> None:
    """1,000 rows under 40 % faults: each ends with the truth or with a code, whatever the attempt."""
    mix = kinds.even_mix(0.4, tuple(k for k in kinds.MIX if k != "hang")) | {"hang": 0.002}
    server.configure(mix=mix, retry_after_s=0.01)
    rows = [(f"Question {i}?", f"Answer {i} is {'yes ' * (i % 9)}of course.") for i in range(1000)]

    async def ask() -> list[Any]:
        p = policy(server)
        made = provider(p)
        queue, results = iter(enumerate(rows)), [None] * len(rows)

        async def work() -> None:
            for i, (prompt, response) in queue:
                results[i] = (await made.logprobs(p, prompt, response, ended=False)).result  # type: ignore[call-overload]

        await asyncio.gather(*(work() for _ in range(32)))
        await made.aclose()
        return results

    results = asyncio.run(ask())
    n_ok = 0
    for (prompt, response), result in zip(rows, results, strict=True):
        expected = truth.response_values("m", f"{BEFORE}\n\n{prompt}\n\n", response)
        n_ok += result.is_ok
        assert list(result.token_logprobs) == expected if result.is_ok else result.code is not FailureCode.UNKNOWN
    assert 500 <= n_ok <= 700


def test_what_cannot_be_sent_or_scored_is_a_code(server: FaultServer) -> None:
    assert score(policy(server), response="")[0].result.code is FailureCode.EMPTY_RESPONSE
    assert score(policy(server), response="a \ud83d b")[0].result.code is FailureCode.ENCODING
    assert score(policy(server), response="\nno")[0].result.code is FailureCode.TOKEN_BOUNDARY
    assert score(policy(server, template="chat"))[0].result.code is FailureCode.BAD_REQUEST


def test_the_end_token_is_scored_where_the_server_tells_its_chat_template(server: FaultServer) -> None:
    server.configure(template="{{ messages[-1].content }}\n\n")
    (answer,) = score(policy(server, template="chat"), ended=True)
    assert answer.result.ends_with_stop and "".join(answer.result.tokens) == RESPONSE + "<end>"


@pytest.mark.parametrize("name", ["openai", "anthropic", "llama_cpp"])
def test_a_provider_that_cannot_score_says_what_to_use_instead(server: FaultServer, name: str) -> None:
    assert not capabilities(name).logprobs and "score given text" in (capabilities(name).instead or "")
    result = score(policy(server, provider=name))[0].result
    assert result.code is FailureCode.ECHO_UNSUPPORTED
    assert server.summary()["requests"] == 0


@pytest.mark.parametrize("name", ["openai_compatible", "openai", "anthropic", "llama_cpp"])
def test_generation_through_text_and_chat(server: FaultServer, name: str) -> None:
    p = policy(server, provider=name, template="chat")
    answer, again, other = generate(p), generate(p), generate(p, draw=1)
    assert answer.result.unwrap().startswith("word") and answer.result == again.result
    assert answer.result.finish_reason == "stop"
    assert name == "anthropic" or other.result != answer.result


def test_generation_after_a_text_uses_the_same_text_as_scoring(server: FaultServer) -> None:
    answer = generate(policy(server))
    assert answer.result.unwrap().startswith("word")
    assert b'"prompt":"Be brief.\\n\\nWhat is two' in (answer.exchange.request or b"")


@pytest.mark.parametrize("name", ["openai_compatible", "anthropic"])
def test_a_judges_score_is_read_from_its_words(server: FaultServer, name: str) -> None:
    answer = judged(judge(server, provider=name))
    assert 0 <= answer.result.unwrap() <= 1
    assert "<think>" in (answer.result.raw or "")


@pytest.mark.parametrize(
    ("kind", "code"),
    [("judge_prose", "unparseable"), ("judge_refusal", "judge_refusal"), ("judge_range", "out_of_range")],
)
def test_a_judge_without_a_score_is_a_code_with_its_words(server: FaultServer, kind: str, code: str) -> None:
    server.configure(mix={kind: 1.0})
    result = judged(judge(server)).result
    assert (str(result.code), result.value) == (code, None) and result.raw


def test_a_judge_by_log_prob(server: FaultServer) -> None:
    result = judged(judge(server, kind="logprob")).result
    assert 0.2 / 0.99 <= result.unwrap() <= 0.8 / 0.99


def test_a_judge_on_a_server_without_chat_is_asked_by_text(server: FaultServer) -> None:
    server.configure(chat=False)
    result = judged(judge(server)).result
    assert result.code is FailureCode.UNPARSEABLE and result.raw is not None and result.raw.startswith("word")


def test_a_pairwise_judge_is_asked_in_both_orders(server: FaultServer) -> None:
    j = judge(server, kind="pairwise")

    async def ask() -> list[tuple[float, bool]]:
        made = provider(j)
        asks = [("x", "y", 0), ("x", "y", 1), ("y", "x", 0), ("y", "x", 1)]
        results = [(await made.judge(j, PROMPT, a, draw=d, other=b)).result.unwrap() for a, b, d in asks]
        await made.aclose()
        return [(r, goes_first(PROMPT, a, d)) for r, (a, _, d) in zip(results, asks, strict=True)]

    *x, (y, y_first), (y_turned, _) = asyncio.run(ask())
    assert {first for _, first in x} == {True, False}
    same_order = {first: score for score, first in x}
    assert y == 1 - same_order[not y_first] and y_turned == 1 - same_order[y_first]  # the same two texts, shown alike
    assert judged(j).result.code is FailureCode.BAD_REQUEST


def test_a_judge_of_one_response_is_not_given_two(server: FaultServer) -> None:
    j = judge(server)
    made = provider(j)
    answer = asyncio.run(made.judge(j, PROMPT, RESPONSE, draw=0, other="x"))
    assert answer.result.code is FailureCode.BAD_REQUEST and answer.exchange.request is None


def test_a_pairwise_judge_that_refuses_is_a_code_with_its_words(server: FaultServer) -> None:
    server.configure(mix={"judge_echo": 1.0})
    j = judge(server, kind="pairwise", prompt="{prompt} <answer-1>{first}</answer-1> {second}")
    made = provider(j)
    answer = asyncio.run(made.judge(j, PROMPT, "Both have merits.", draw=0, other="Both have merits."))
    assert (answer.result.code, answer.result.raw) == (FailureCode.UNPARSEABLE, "The answer was: Both have merits.")
    assert answer.retry.again
