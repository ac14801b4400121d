import asyncio
import json

import pytest

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.providers.scripted import Fault, Script, ScriptedProvider

POLICY = Policy(name="a", provider="scripted", model="m")
OTHER = Policy(name="b", provider="scripted", model="m", system_prompt="Be brief.")
JUDGE = Judge(kind="score", provider="scripted", model="j", scale=(0, 10))


def logprobs(provider, policy=POLICY, prompt="p", response="one two"):
    return asyncio.run(provider.logprobs(policy, prompt, response, ended=True))


def test_answers_and_scores_come_from_the_table():
    provider = ScriptedProvider(Script(answers={"2 + 2 =": "4"}, scores={"4": 10.0, "5": 11.0}))
    assert asyncio.run(provider.generate(POLICY, "2 + 2 =", draw=0)).result.unwrap() == "4"
    assert asyncio.run(provider.judge(JUDGE, "2 + 2 =", "4", draw=0)).result.unwrap() == 10.0
    assert asyncio.run(provider.judge(JUDGE, "2 + 2 =", "5", draw=0)).result.code is FailureCode.OUT_OF_RANGE


def test_log_probs_depend_on_text_and_policy_only_and_their_tokens_spell_the_response():
    first, again = logprobs(ScriptedProvider()), logprobs(ScriptedProvider())
    assert first.result == again.result
    assert "".join(first.result.tokens) == "one two"
    assert logprobs(ScriptedProvider(), OTHER).result.unwrap() != first.result.unwrap()


def test_draws_differ():
    provider = ScriptedProvider()
    texts = {asyncio.run(provider.generate(POLICY, "p", draw=n)).result.unwrap() for n in range(5)}
    assert len(texts) == 5


def test_a_fault_fails_so_many_times_and_then_not():
    provider = ScriptedProvider(Script(faults=(Fault(code=FailureCode.TIMEOUT, op="logprobs", times=2),)))
    codes = [logprobs(provider).result.code for _ in range(3)]
    assert codes == [FailureCode.TIMEOUT, FailureCode.TIMEOUT, None]
    assert logprobs(provider).result.is_ok
    assert logprobs(provider, prompt="other").retry.again


def test_faults_hit_only_where_they_fit():
    faults = (Fault(code=FailureCode.AUTH, policy="a", contains="two"), Fault(code=FailureCode.QUOTA, from_call=3))
    provider = ScriptedProvider(Script(faults=faults))
    assert logprobs(provider).result.code is FailureCode.AUTH
    assert logprobs(provider, OTHER).result.is_ok
    assert logprobs(provider, response="one").result.is_ok
    assert logprobs(provider, response="one").result.code is FailureCode.QUOTA
    assert len(provider.calls) == 4


def test_a_script_file_serves_other_processes_and_logs_every_ask(tmp_path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"answers": {"p": "hello"}, "log": str(tmp_path / "asks.jsonl")}), encoding="utf-8")
    provider = ScriptedProvider.from_file(script)
    assert asyncio.run(provider.generate(POLICY, "p", draw=0)).result.unwrap() == "hello"
    assert json.loads((tmp_path / "asks.jsonl").read_text()) == ["generate", "a", "p", ""]


def test_a_script_that_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        ScriptedProvider.from_file(tmp_path / "none.json")
