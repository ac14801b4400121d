"""What a change in the form does to the experiment file: what hangs together is changed together."""

from typing import Any

from cje_audit.domain.document import (
    Place,
    read_document,
    spliced,
    value_at,
    with_item,
    with_value,
    without_item,
)
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Judge
from cje_audit.domain.form import DECISION

TARGETS: Place = ("target_policies",)


def edited(text: str, place: Place, value: str | int | float | bool | None) -> str:
    """Return the experiment text with one field of its form changed.

    A setting of the logging policy changes with it for its clone, and for every policy that takes it from there in the
    file (`<<`). Without a margin there is no decision rule. Both ends of a scale are written.

    Raises
    ------
    ConfigError
        When the text holds no mapping, so that there is no place to write to.
    """
    _mapping(text)
    if place[:2] == ("judge", "scale"):
        return with_value(text, place[:2], _scale(text, place, value))
    if place == (*DECISION, "margin") and value is None:
        return with_value(text, DECISION, None)
    if place[0] == "logging_policy" and place[-1] != "name":
        return _followed(text, str(place[-1]), value)
    return with_value(text, place, value)


def with_policy(text: str) -> str:
    """Return the text with one more target policy: the logging policy's settings under a name of its own."""
    document = _mapping(text)
    settings = document.get("logging_policy")
    given = {k: v for k, v in settings.items() if k != "role"} if isinstance(settings, dict) else {}
    return with_item(text, TARGETS, {**given, "name": _free_name(document)})


def without_policy(text: str, index: int) -> str:
    """Return the text without one target policy."""
    _mapping(text)
    return without_item(text, TARGETS, index)


def _mapping(text: str) -> dict[str, Any]:
    document = read_document(text)
    if document is None:
        raise ConfigError(
            "The experiment file cannot be read, so its form cannot change it.",
            expected="a mapping of keys such as name, data and logging_policy",
            what_to_do="Correct the text under Experiment file, or start from an example.",
        )
    return document


def _scale(text: str, place: Place, value: Any) -> list[Any]:
    there = value_at(read_document(text), ("judge", "scale"))
    ends = list(there if isinstance(there, list) and len(there) == 2 else Judge.model_fields["scale"].default)
    ends[1 if place[-1] == 1 else 0] = value
    return ends


def _followed(text: str, key: str, value: Any) -> str:
    """Change a setting of the logging policy, and of the policies that take it from there."""
    before = read_document(text) or {}
    new = next((s for s in spliced(text, ("logging_policy", key), value) if _only(before, s, key, value)), None)
    text = new if new is not None else with_value(text, ("logging_policy", key), value)
    targets = value_at(before, TARGETS)
    for index, target in enumerate(targets if isinstance(targets, list) else []):
        place: Place = (*TARGETS, index, key)
        if value_at(target, ("role",)) == "clone" and value_at(read_document(text), place) != value:
            text = with_value(text, place, value)
    return text


def _only(before: dict[str, Any], text: str, key: str, value: Any) -> bool:
    """Whether nothing but this setting differs, and only where it was the logging policy's, and is the new value."""
    after = read_document(text)
    if after is None or value_at(after, ("logging_policy", key)) != value:
        return False
    old = value_at(before, ("logging_policy", key))
    return _without(before, key, old) == _without(after, key, value)


def _without(document: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return a document whose policies lack a setting where it has this value."""
    targets = document.get("target_policies")
    kept = [_dropped(t, key, value) for t in targets] if isinstance(targets, list) else targets
    return {
        **document,
        "logging_policy": _dropped(document.get("logging_policy"), key, value),
        "target_policies": kept,
    }


def _dropped(policy: Any, key: str, value: Any) -> Any:
    if not isinstance(policy, dict):
        return policy
    return {k: v for k, v in policy.items() if not (k == key and v == value)}


def _free_name(document: dict[str, Any]) -> str:
    targets = document.get("target_policies")
    policies = [document.get("logging_policy"), *(targets if isinstance(targets, list) else [])]
    taken = {str(value_at(p, ("name",))) for p in policies}
    return next(name for name in (f"policy-{at}" for at in range(1, len(taken) + 2)) if name not in taken)
