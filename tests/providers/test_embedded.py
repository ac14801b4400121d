import asyncio
import json
import math
import os

import pytest

pytest.importorskip("gguf", reason="the extra [embedded] is not installed")
pytest.importorskip("tokenizers", reason="the extra [embedded] is not installed")

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import ModelMissing
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.providers.embedded import EmbeddedProvider
from cje_audit.providers.smollm.fetch import MODEL_NAME

pytestmark = pytest.mark.model

CHAT = Policy(
    name="chat", provider="embedded", model=MODEL_NAME, template="chat", system_prompt="Be brief.", max_tokens=12
)
PLAIN = CHAT.model_copy(update={"template": "completion"})
GREEDY = CHAT.model_copy(update={"temperature": 0.0})
YES = Judge(kind="logprob", provider="embedded", model=MODEL_NAME, scale=(0, 10))
PROMPT = "What is the capital of France?"


def asked(*questions, workers=1):
    """Ask a fresh provider several things, one after the other; a question is a function of the provider."""

    async def ask():
        provider = EmbeddedProvider(workers=workers)
        try:
            return [await question(provider) for question in questions]
        finally:
            await provider.aclose()

    try:
        return asyncio.run(ask())
    except ModelMissing as missing:
        pytest.skip(missing.sentence)


def scored(response, policy=CHAT, prompt=PROMPT, *, ended=False):
    return lambda provider: provider.logprobs(policy, prompt, response, ended=ended)


def test_a_likely_answer_scores_above_a_shuffled_one():
    likely, shuffled = asked(scored("The capital of France is Paris."), scored("capital Paris. is France of The"))
    assert likely.result.unwrap() > shuffled.result.unwrap() + 20


def test_the_value_is_the_sum_of_its_tokens_and_they_spell_the_response():
    texts = ["Paris.", "two\r\nlines", "👍🏽 naïve", "trailing   ", "é"]
    for answer, text in zip(asked(*(scored(text) for text in texts)), texts, strict=True):
        assert answer.result.unwrap() == math.fsum(answer.result.token_logprobs)
        assert "".join(answer.result.tokens) == text


def test_the_end_token_is_scored_only_where_asked_and_known():
    cut, ended, plain = asked(scored("Paris."), scored("Paris.", ended=True), scored("Paris.", PLAIN, ended=True))
    assert not cut.result.ends_with_stop
    assert ended.result.ends_with_stop
    assert ended.result.tokens == (*cut.result.tokens, "<|im_end|>")
    assert ended.result.token_logprobs[:-1] == pytest.approx(cut.result.token_logprobs, abs=1e-4)
    assert not plain.result.ends_with_stop
    assert plain.result.tokens == cut.result.tokens


def test_repeats_are_the_same_bits_in_any_order_in_any_process_and_at_any_number_of_workers():
    other = CHAT.model_copy(update={"system_prompt": "Be long."})
    first, _, again = asked(scored("Paris."), scored("Paris.", other), scored("Paris."))
    (elsewhere,) = asked(scored("Paris."), workers=2)
    assert first.result == again.result == elsewhere.result


def test_results_do_not_depend_on_the_threads_this_process_was_given(monkeypatch):
    (one,) = asked(scored("The capital of France is Paris."))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", str(os.cpu_count()))
    (many,) = asked(scored("The capital of France is Paris."))
    assert one.result == many.result


def test_greedy_log_probs_equal_the_teacher_forced_ones():
    (written,) = asked(lambda p: p.generate(GREEDY, PROMPT, draw=0))
    text = written.result.unwrap()
    assert text == "The capital of France is Paris."
    assert written.result.finish_reason == "stop"
    while_writing = json.loads(written.exchange.response)["token_logprobs"]
    (forced,) = asked(scored(text, GREEDY))
    assert forced.result.token_logprobs == pytest.approx(while_writing, abs=1e-4)


def test_a_draw_is_reproducible_and_draws_differ():
    ask = [lambda p, d=d: p.generate(CHAT, PROMPT, draw=d) for d in (0, 1, 0)]
    first, second, again = (answer.result for answer in asked(*ask))
    assert first == again
    assert first.value != second.value
    assert all(r.n_tokens <= CHAT.max_tokens for r in (first, second))


def test_writing_stops_at_a_stop_text_and_at_the_length_limit():
    stopping = GREEDY.model_copy(update={"stop": (" France",)})
    short = GREEDY.model_copy(update={"max_tokens": 3})
    stopped, cut = asked(lambda p: p.generate(stopping, PROMPT, draw=0), lambda p: p.generate(short, PROMPT, draw=0))
    assert (stopped.result.value, stopped.result.finish_reason) == ("The capital of", "stop")
    assert (cut.result.value, cut.result.finish_reason, cut.result.n_tokens) == ("The capital of", "length", 3)


def test_what_the_model_cannot_do_is_a_failure_with_its_code():
    spanning = PLAIN.model_copy(update={"user_template": "{prompt}\n\n\n"})
    codes = [
        answer.result.code
        for answer in asked(
            scored("\n\n\nParis", spanning),
            scored("word " * 9000),
            scored("\ud800"),
            scored(""),
            scored("x", CHAT.model_copy(update={"template": "/no/such/file"})),
            lambda p: p.generate(CHAT, "word " * 9000, draw=0),
            lambda p: p.judge(YES.model_copy(update={"kind": "pairwise"}), "p", "r", draw=0),
            scored("Paris."),
        )
    ]
    assert codes == [
        FailureCode.TOKEN_BOUNDARY, FailureCode.CONTEXT_OVERFLOW, FailureCode.ENCODING, FailureCode.EMPTY_RESPONSE,
        FailureCode.BAD_REQUEST, FailureCode.CONTEXT_OVERFLOW, FailureCode.BAD_REQUEST, None,
    ]  # fmt: skip


def test_the_judge_of_kind_logprob_maps_yes_against_no_onto_the_scale():
    (answer,) = asked(lambda p: p.judge(YES, PROMPT, "Paris.", draw=0))
    assert 0 < answer.result.unwrap() < 10
    yes, no = (float(part.split(" = ")[1]) for part in answer.result.raw.split(", "))
    assert answer.result.unwrap() == pytest.approx(10 * math.exp(yes) / (math.exp(yes) + math.exp(no)), abs=1e-4)


def test_the_judge_of_kind_score_reads_a_number_or_says_that_there_is_none():
    said = YES.model_copy(update={"kind": "score", "prompt": 'Repeat exactly: {"score": 7}'})
    silent = YES.model_copy(update={"kind": "score", "prompt": "Say hello to {prompt}. Use no numbers."})
    prose = YES.model_copy(update={"kind": "score", "prompt": "Repeat exactly: There are 3 parts."})
    number, words, part = asked(
        lambda p: p.judge(said, "p", "r", draw=0),
        lambda p: p.judge(silent, "Ann", "r", draw=0),
        lambda p: p.judge(prose, "p", "r", draw=0),
    )
    assert number.result.unwrap() == 7
    assert part.result.code is FailureCode.UNPARSEABLE and "3" in part.result.raw
    assert words.result.code is FailureCode.UNPARSEABLE
    assert words.result.raw
    assert words.retry.again


def test_a_pairwise_judge_reads_its_words_as_every_other_judge_does():
    picks = YES.model_copy(update={"kind": "pairwise", "prompt": 'Repeat exactly: {"better": "A"}'})
    here, there = asked(
        lambda p: p.judge(picks, "p", "r", draw=0, other="s"), lambda p: p.judge(picks, "p", "r", draw=1, other="s")
    )
    assert {here.result.value, there.result.value} == {0.0, 10.0}, (here.result, there.result)


def test_a_cancelled_request_frees_its_worker():
    async def ask():
        provider = EmbeddedProvider(workers=1)
        long = asyncio.create_task(provider.generate(CHAT, PROMPT, draw=3))
        await asyncio.sleep(0.2)
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        after = await asyncio.wait_for(provider.logprobs(CHAT, PROMPT, "Paris.", ended=False), 60)
        await provider.aclose()
        return after

    asked()  # skips where the model is missing
    try:
        assert asyncio.run(ask()).result.is_ok
    except ModelMissing as missing:
        pytest.skip(missing.sentence)


def test_a_worker_that_dies_costs_its_own_request_only():
    async def ask():
        provider = EmbeddedProvider(workers=1)
        await provider.logprobs(CHAT, PROMPT, "Paris.", ended=False)
        (worker,) = provider._pool._running
        lost = asyncio.create_task(provider.generate(CHAT.model_copy(update={"max_tokens": 200}), PROMPT, draw=0))
        await asyncio.sleep(0.1)
        worker.kill()
        after = [await lost, await provider.logprobs(CHAT, PROMPT, "Paris.", ended=False)]
        await provider.aclose()
        return after

    try:
        lost, after = asyncio.run(ask())
    except ModelMissing as missing:
        pytest.skip(missing.sentence)
    assert lost.result.code is FailureCode.CONNECTION
    assert lost.retry.again
    assert after.result.is_ok
