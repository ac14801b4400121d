import pytest

from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import dump_experiment, parse_experiment
from cje_audit.domain.on_failure import EFFECTS, WORDS, effects
from tests.domain.test_experiment import GOOD


def test_every_policy_says_what_it_does_to_the_estimate() -> None:
    assert set(EFFECTS) == set(WORDS)
    assert all("stimate" in EFFECTS[word] for word in EFFECTS)


def test_one_word_counts_for_every_stage_and_a_mapping_for_those_it_names() -> None:
    one = parse_experiment(GOOD + "execution: {on_failure: skip_row}\n").execution
    assert set(one.on_failure_of().values()) == {"skip_row"}
    some = parse_experiment(GOOD + "execution: {on_failure: {judge: fail_fast, target_policy: skip_row}}\n")
    assert some.execution.on_failure_of() == {
        "logging_policy": "mark_missing", "target_policy": "skip_row", "judge": "fail_fast",
    }  # fmt: skip
    assert parse_experiment(dump_experiment(some)) == some
    assert [told.partition(":")[0] for told in effects(some.execution.on_failure_of())] == [
        "mark_missing (logging_policy)", "skip_row (target_policy)", "fail_fast (judge)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "sentence"),
    [("skip", "write one of fail_fast, mark_missing, skip_row"), ("{dataset: skip_row}", "a stage that asks is"),
     ("{judge: skip}", "or one of them per stage"), ("[skip_row]", "write one of")],
)  # fmt: skip
def test_anything_else_is_refused_in_one_sentence(given: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as found:
        parse_experiment(GOOD + f"execution: {{on_failure: {given}}}\n")
    assert "The value of execution.on_failure is not valid" in found.value.sentence
