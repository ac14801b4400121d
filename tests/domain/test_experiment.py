"""The strict experiment schema."""

import pytest

from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import dump_experiment, parse_experiment

GOOD = """
name: helpdesk
data: {path: prompts.jsonl}
logging_policy: &base {name: base, provider: embedded, model: smollm2, system_prompt: "You are helpful.", max_tokens: 8}
target_policies:
  - {<<: *base, name: clone, role: clone}
  - {<<: *base, name: cot, system_prompt: "Think step by step."}
judge: {kind: recorded}
"""


def test_every_optional_key_has_a_default_and_the_file_survives_a_round_trip() -> None:
    experiment = parse_experiment(GOOD)
    assert experiment.execution.concurrency == 16
    assert experiment.judge.scale == (0.0, 1.0)
    assert parse_experiment(dump_experiment(experiment)) == experiment


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (("name: helpdesk", "nam: helpdesk"), "The key nam is not known (1 more after this one). Did you mean name?"),
        (('system_prompt: "Think', 'sistem_prompt: "Think'), "Did you mean system_prompt?"),
        (("judge: {kind: recorded}", "judge: {kind: recorded, model: x}"), "remove model"),
        (("judge: {kind: recorded}", "judge: {kind: score}"), "needs provider and model"),
        (("judge: {kind: recorded}", "judge: {scale: [1, 0]}"), "lower end first"),
        (("name: cot", "name: base"), "given twice: base"),
        (("max_tokens: 8", "max_tokens: many"), "max_tokens"),
        (("model: smollm2", "api_key_env: 'sk-12 34', model: m"), "api_key_env"),
        (("role: clone}", "role: clone, seed: 9}"), "differs from the logging policy"),
        (("name: helpdesk", "name: [helpdesk"), "not valid YAML: line"),
    ],
)
def test_a_wrong_file_gets_one_plain_sentence(change: tuple[str, str], fragment: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(ConfigError) as caught:
        parse_experiment(GOOD.replace(*change, 1))
    assert fragment in caught.value.sentence
    assert "\n" not in caught.value.sentence
    assert "Traceback" not in caught.value.sentence


@pytest.mark.parametrize("text", ["", "[]", "just words", "3"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="should hold keys"):
        parse_experiment(text)


def test_identity_is_every_setting_that_can_change_a_number() -> None:
    base = parse_experiment(GOOD).logging_policy
    changes = {"provider": "x", "base_url": "http://127.0.0.1", "model": "n", "revision": "r", "template": "chat", "system_prompt": "z",
               "user_template": "{prompt}!", "temperature": 0.5, "top_p": 0.9, "max_tokens": 9, "stop": ("a",), "seed": 2}  # fmt: skip
    hashes = {base.model_copy(update={k: v}).identity_hash() for k, v in changes.items()}
    assert len(hashes | {base.identity_hash()}) == len(changes) + 1
    same = {
        base.model_copy(update={k: v}).identity_hash()
        for k, v in {"name": "n", "role": "clone", "api_key_env": "KEY"}.items()
    }
    assert same == {base.identity_hash()}


@pytest.mark.parametrize(
    ("decision", "fragment"),
    [
        ("{baseline: nobody}", "names nobody"),
        ("{margin: x}", "margin"),
        ("{confidence: 1.0}", "confidence"),
        ("{rule: ship_always}", "ship_if_difference_above"),
        ("{policy: base}", "with itself"),
        ("{marginn: 1}", "Did you mean margin?"),
    ],
)
def test_a_decision_rule_is_checked_when_it_is_written(decision: str, fragment: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_experiment(f"{GOOD}\nestimation: {{decision: {decision}}}")
    assert fragment in caught.value.sentence


def test_a_decision_rule_has_defaults_and_round_trips() -> None:
    experiment = parse_experiment(f"{GOOD}\nestimation: {{decision: {{margin: 0.02}}}}")
    rule = experiment.estimation.decision
    assert rule is not None
    assert (rule.baseline, rule.margin, rule.confidence, rule.rule) == (None, 0.02, 0.95, "ship_if_difference_above")
    assert parse_experiment(dump_experiment(experiment)) == experiment
