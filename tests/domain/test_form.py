from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cje_audit.domain.document import read_document, value_at
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import parse_experiment
from cje_audit.domain.form import Field, form_of
from cje_audit.domain.form_edit import edited, with_policy, without_policy
from cje_audit.providers.registry import PROVIDERS
from tests.conftest import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
SHARED = (ROOT / "examples" / "openai_judge.yaml").read_text(encoding="utf-8")
NEW: dict[str, Any] = {"text": "other", "long_text": "two\nlines: # {}", "whole": 3, "number": 0.5, "switch": True}


def fields(text: str) -> list[Field]:
    form = form_of(text, tuple(PROVIDERS))
    assert form is not None
    return [f for s in form.sections for f in s.fields]


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


def another(field: Field) -> Any:
    return next(c for c in field.choices if c != field.value) if field.choices else NEW[field.kind]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_field_of_every_example_is_shown_as_the_schema_reads_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    read = parse_experiment(text).model_dump(mode="json")
    for field in fields(text):
        assert field.shown
        assert field.value == value_at(read, field.place)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_a_changed_field_stands_in_the_file_and_no_comment_is_lost(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for field in fields(text):
        new = edited(text, field.place, another(field))
        assert value_at(read_document(new), field.place) == another(field)
        assert comments(new)[: len(comments(text))] == comments(text) or "\n" in str(another(field))
        assert form_of(new, tuple(PROVIDERS)) is not None


def test_an_untouched_field_keeps_its_value() -> None:
    before = {f.place: f.value for f in fields(SHARED)}
    after = {f.place: f.value for f in fields(edited(SHARED, ("judge", "scale", 1), 5))}
    assert {p for p in before if before[p] != after[p]} == {("judge", "scale", 1)}


def test_the_clone_and_who_shares_a_setting_follow_the_logging_policy() -> None:
    new = parse_experiment(edited(SHARED, ("logging_policy", "model"), "other"))
    assert {p.model for p in (new.logging_policy, *new.target_policies)} == {"other"}


def test_a_clone_written_out_follows_and_an_equal_stranger_does_not() -> None:
    base = {"name": "base", "model": "m"}
    targets = [{"name": "clone", "model": "m", "role": "clone"}, {"name": "b", "model": "m"}]
    text = yaml.safe_dump({"name": "e", "data": {"path": "p"}, "logging_policy": base, "target_policies": targets})
    new = parse_experiment(edited(text, ("logging_policy", "model"), "other"))
    assert [p.model for p in (new.logging_policy, *new.target_policies)] == ["other", "other", "m"]


def test_a_setting_of_one_policy_leaves_the_others_alone() -> None:
    before = parse_experiment(SHARED)
    new = parse_experiment(edited(SHARED, ("target_policies", 1, "temperature"), 0.5))
    assert new.target_policies[1].temperature == 0.5
    assert (new.logging_policy, new.target_policies[0]) == (before.logging_policy, before.target_policies[0])


def test_without_a_margin_there_is_no_rule() -> None:
    ruled = edited(SHARED, ("estimation", "decision", "margin"), 0.02)
    rule = parse_experiment(ruled).estimation.decision
    assert rule is not None
    assert rule.margin == 0.02
    assert parse_experiment(edited(ruled, ("estimation", "decision", "margin"), None)).estimation.decision is None


def test_a_policy_comes_and_goes() -> None:
    more = with_policy(SHARED)
    read = parse_experiment(more)
    assert [p.name for p in read.target_policies] == ["clone", "careful", "policy-1"]
    assert read.target_policies[2].identity_hash() == read.logging_policy.identity_hash()
    assert comments(more) == comments(SHARED)
    assert read_document(without_policy(more, 2)) == read_document(SHARED)
    assert [p.name for p in parse_experiment(without_policy(more, 1)).target_policies] == ["clone", "policy-1"]


def test_what_does_not_fit_a_form_is_left_to_the_file() -> None:
    text = SHARED + "oracle: {slice: many}\n"
    odd = next(f for f in fields(text) if f.place == ("oracle", "slice"))
    assert not odd.shown
    assert odd.value is None


@pytest.mark.parametrize("text", ["", "- a\n", "name: [", "a: &a [*a]\n", "[" * 3000, "when: 2001-99-99"])
def test_a_text_without_a_mapping_has_no_form_and_takes_no_value(text: str) -> None:
    assert form_of(text, ()) is None
    with pytest.raises(ConfigError, match="cannot be read"):
        edited(text, ("name",), "x")


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
keys = st.sampled_from(
    ["name", "data", "path", "logging_policy", "target_policies", "judge", "scale", "role", "model", "estimation"]
)
values = st.recursive(leaves, lambda v: st.lists(v, max_size=3) | st.dictionaries(keys, v, max_size=4), max_leaves=12)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(keys, values, max_size=6), st.data())
def test_any_mapping_is_shown_and_every_field_of_it_can_be_written(
    document: dict[str, Any], data: st.DataObject
) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)
    field = data.draw(st.sampled_from([f for f in fields(text) if f.kind not in ("choice",)]))
    wanted = NEW[field.kind]
    if field.place[-1] == "margin" or isinstance(field.place[-1], int):
        wanted = 0.25
    assert value_at(read_document(edited(text, field.place, wanted)), field.place) == wanted


def test_a_backup_survives_an_edit_of_any_field_beside_it() -> None:
    backup = {"base_url": "http://127.0.0.1:2/v1", "model": "spare"}
    base = {"name": "base", "provider": "openai_compatible", "base_url": "http://127.0.0.1:1/v1", "model": "m"}
    document: dict[str, Any] = {
        "name": "e", "data": {"path": "p"}, "logging_policy": {**base, "backup": backup},
        "target_policies": [{**base, "name": "b", "backup": backup}],
        "judge": {**base, "kind": "score", "backup": backup},
    }  # fmt: skip
    document["judge"].pop("name")
    text = yaml.safe_dump(document)
    for field in fields(text):
        new = read_document(edited(text, field.place, another(field)))
        for place in (("logging_policy",), ("target_policies", 0), ("judge",)):
            assert value_at(new, (*place, "backup")) == backup, field.place
    renamed = parse_experiment(edited(text, ("logging_policy", "model"), "other"))
    assert renamed.logging_policy.backup is not None and renamed.logging_policy.backup.model == "spare"
