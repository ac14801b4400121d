import pytest

pytest.importorskip("gguf", reason="the extra [embedded] is not installed")

from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.providers.smollm.worker import Worker

POLICY = Policy(name="a", provider="embedded", model="tiny", template="chat", max_tokens=8)
JUDGE = Judge(kind="logprob", provider="embedded", model="tiny", scale=(-1, 3))


@pytest.fixture(scope="module")
def worker(tiny_path):
    return Worker(tiny_path)


def ask(worker, op, **request):
    whole = {"op": op, "policy": POLICY.model_dump(mode="json"), "judge": JUDGE.model_dump(mode="json")}
    return worker.answer(whole | {"prompt": "the", "response": "a", "ended": True, "draw": 0} | request)


def test_generate_logprobs_and_judge_reply_with_plain_data(worker):
    said = ask(worker, "generate")
    assert len(said["token_ids"]) == len(said["token_logprobs"]) <= 8
    assert ask(worker, "logprobs")["ends_with_stop"] is True
    assert -1 < ask(worker, "judge")["score"] < 3


def test_a_draw_depends_on_identity_prompt_and_draw_number_only(worker):
    same = POLICY.model_copy(update={"name": "b", "role": "clone"}).model_dump(mode="json")
    other = POLICY.model_copy(update={"seed": 2}).model_dump(mode="json")
    assert ask(worker, "generate") == ask(worker, "generate", policy=same)
    different = [ask(worker, "generate", **c) for c in ({"policy": other}, {"draw": 1}, {"prompt": "then"})]
    assert all(d["token_ids"] != ask(worker, "generate")["token_ids"] for d in different)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"op": "logprobs", "response": "x" * 2000}, "context_overflow"),
        ({"op": "logprobs", "response": "\ud800"}, "encoding"),
        ({"op": "logprobs", "policy": POLICY.model_dump(mode="json") | {"template": "/no/file"}}, "bad_request"),
        ({"op": "dance"}, "server_error"),
        ({"op": "generate", "policy": {}}, "server_error"),
    ],
)
def test_whatever_goes_wrong_is_a_reply_with_a_code(worker, request_, code):
    reply = ask(worker, **request_)
    assert reply["code"] == code
    assert "score" not in reply


def test_a_judge_reply_without_a_number_keeps_its_words(worker):
    judge = JUDGE.model_copy(update={"kind": "score"}).model_dump(mode="json")
    reply = ask(worker, "judge", judge=judge)
    assert "raw" in reply
    assert ("score" in reply) != ("code" in reply)
