"""Every dialect against a server that speaks it: the truth where it can be had, a code where it cannot."""

import pytest

from cje_audit.domain.codes import FailureCode
from tests.faults import truth
from tests.faults.running import FaultServer
from tests.providers.http.asking import BEFORE, policy, score

PROMPT = "Grüße 😀, was ist 2 + 2?"
RESPONSE = " Es ist 4 👩‍👩‍👧.\r\nNaïve  Antwort: 你好 — genug."
PREFIX = f"{BEFORE}\n\n{PROMPT}\n\n"
SPOKEN = [
    ("openai_compatible", "echo"),
    ("vllm", "echo"),
    ("fireworks", "echo"),
    ("together", "together"),
    ("sglang", "sglang"),
]


@pytest.mark.parametrize(("name", "dialect"), SPOKEN)
@pytest.mark.parametrize("bos", [None, "<s>"])
def test_the_truth_in_every_dialect(server: FaultServer, name: str, dialect: str, bos: str | None) -> None:
    server.configure(dialect=dialect, bos=bos)
    (answer,) = score(policy(server, provider=name), PROMPT, RESPONSE)
    assert list(answer.result.token_logprobs) == truth.response_values("m", PREFIX, RESPONSE), answer.result.detail


@pytest.mark.parametrize("offsets", ["code_points", "utf16", "bytes", "none"])
@pytest.mark.parametrize("split", ["whole", "fffd", "bytes", "empty"])
def test_the_truth_in_every_unit_and_for_every_way_to_show_half_a_character(
    server: FaultServer, offsets: str, split: str
) -> None:
    server.configure(offsets=offsets, split=split)
    (answer,) = score(policy(server), PROMPT, RESPONSE)
    expected = truth.response_values("m", PREFIX, RESPONSE, split=split != "whole")
    assert list(answer.result.token_logprobs) == expected, answer.result.detail


def test_vllm_falls_back_to_prompt_logprobs_by_itself(server: FaultServer) -> None:
    server.configure(dialect="prompt_logprobs")
    first, second = score(policy(server, provider="vllm"), PROMPT, RESPONSE, times=2)
    assert first.result.code is FailureCode.BAD_RESPONSE and first.retry.again
    assert list(second.result.token_logprobs) == truth.response_values("m", PREFIX, RESPONSE), second.result.detail


@pytest.mark.parametrize(("name", "dialect"), [*SPOKEN, ("vllm", "prompt_logprobs")])
@pytest.mark.parametrize(
    "kind",
    ["null_logprobs", "null_value", "short_echo", "left_cut_echo", "other_text", "nan", "positive", "clamped", "zeros"],
)
def test_a_lie_in_any_dialect_gives_no_number(server: FaultServer, name: str, dialect: str, kind: str) -> None:
    server.configure(dialect=dialect, mix={kind: 1.0})
    for answer in score(policy(server, provider=name), PROMPT, RESPONSE, times=2):
        assert not answer.result.is_ok and answer.result.code is not FailureCode.UNKNOWN


def test_a_naive_reader_of_together_would_have_read_zero(server: FaultServer) -> None:
    server.configure(dialect="together")
    (answer,) = score(policy(server), PROMPT, RESPONSE)
    assert answer.result.code is FailureCode.BAD_RESPONSE


def test_each_server_gets_its_own_words(server: FaultServer) -> None:
    sent = {name: score(policy(server, provider=name))[0].exchange.request or b"" for name, _ in SPOKEN}
    assert b'"add_special_tokens":false' in sent["vllm"]
    assert b'"context_length_exceeded_behavior":"error"' in sent["fireworks"]
    assert b'"max_new_tokens":0' in sent["sglang"] and b'"logprob_start_len":0' in sent["sglang"]
    assert all(b'"logprobs":1' in sent[n] for n in ("openai_compatible", "vllm", "fireworks", "together"))


@pytest.mark.parametrize("split", ["whole", "fffd"])
def test_a_4000_token_answer_in_a_large_body(server: FaultServer, split: str) -> None:
    server.configure(split=split, body_bytes=1_000_000)
    response = " ".join(f"wört{i}" for i in range(4000))
    (answer,) = score(policy(server), PROMPT, response)
    assert list(answer.result.token_logprobs) == truth.response_values("m", PREFIX, response, split=split != "whole")
    assert len(answer.result.tokens) >= 4000
