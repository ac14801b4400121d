"""The experiment file as a form: its sections and fields, read off the schema and filled from the text."""

from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from cje_audit.domain.document import Place, read_document, value_at
from cje_audit.domain.experiment import Estimation, Execution, Experiment, FreshDraws, Judge, Oracle
from cje_audit.domain.on_failure import WORDS
from cje_audit.domain.outcome import DecisionRule
from cje_audit.domain.policy import Policy

Kind = Literal["text", "long_text", "whole", "number", "choice", "switch"]
Topic = Literal["experiment", "logging_policy", "target_policy", "judge", "labels", "decision", "asking"]

POLICY = (
    "name", "provider", "base_url", "model", "api_key_env", "template", "system_prompt", "temperature", "top_p",
    "max_tokens", "seed",
)  # fmt: skip
JUDGE = ("kind", "provider", "base_url", "model", "api_key_env", "prompt", "integer", "draws")
LABELLER = ("kind", "provider", "base_url", "model", "api_key_env", "prompt")
ASKING = ("concurrency", "max_attempts", "timeout_s", "on_failure", "max_cost")
LONG = frozenset({"system_prompt", "prompt"})
DECISION: Place = ("estimation", "decision")


class FormPart(BaseModel):
    """Base of what a form consists of."""

    model_config = ConfigDict(frozen=True)


class Field(FormPart):
    """One field: its place in the file, how it is filled in, and what the file (or else the schema) says.

    `shown` is False where the file holds something a form cannot show; only the file view changes that.
    `needed` is True where the file is not valid without a value.
    """

    place: tuple[str | int, ...]
    kind: Kind
    value: str | int | float | bool | None
    choices: tuple[str, ...] = ()
    shown: bool = True
    needed: bool = False


class Section(FormPart):
    """One part of the form; `index` and `name` say which target policy it is about, `clone` that it is the clone."""

    topic: Topic
    fields: tuple[Field, ...]
    index: int | None = None
    name: str | None = None
    clone: bool = False


class Form(FormPart):
    """All sections, in the order of the file's schema."""

    sections: tuple[Section, ...]

    def field(self, *place: str | int) -> Field:
        """Return the field at a place; `KeyError` where the form has none."""
        return {f.place: f for s in self.sections for f in s.fields}[place]


def form_of(text: str, providers: Sequence[str]) -> Form | None:
    """Return the form of an experiment text, valid or not; None where the text is no mapping at all.

    Parameters
    ----------
    text
        The experiment file's content.
    providers
        The names a provider can have.
    """
    document = read_document(text)
    return None if document is None else Form(sections=tuple(_sections(document, tuple(providers))))


def _sections(document: dict[str, Any], providers: tuple[str, ...]) -> Iterator[Section]:
    yield Section(
        topic="experiment",
        fields=(
            _field(document, ("name",), Experiment),
            _text(document, ("data", "path"), needed=True),
            _field(document, ("fresh_draws", "per_prompt"), FreshDraws),
            _field(document, ("seed",), Experiment),
        ),
    )
    yield Section(topic="logging_policy", fields=_policy(document, ("logging_policy",), providers))
    yield from _targets(document, providers)
    yield Section(topic="judge", fields=_judge(document, providers))
    yield Section(topic="labels", fields=_labels(document, providers))
    yield Section(
        topic="decision",
        fields=(
            _field(document, ("estimation", "reward"), Estimation),
            _number(document, (*DECISION, "margin")),
            _field(document, (*DECISION, "baseline"), DecisionRule),
            _field(document, (*DECISION, "policy"), DecisionRule),
        ),
    )
    yield Section(topic="asking", fields=tuple(_field(document, ("execution", n), Execution) for n in ASKING))


def _targets(document: dict[str, Any], providers: tuple[str, ...]) -> Iterator[Section]:
    targets = document.get("target_policies")
    for index, target in enumerate(targets if isinstance(targets, list) else []):
        place: Place = ("target_policies", index)
        clone = value_at(target, ("role",)) == "clone"
        fields = (_field(document, (*place, "name"), Policy),) if clone else _policy(document, place, providers)
        name = value_at(target, ("name",))
        yield Section(
            topic="target_policy", fields=fields, index=index, clone=clone, name=None if name is None else str(name)
        )


def _policy(document: dict[str, Any], place: Place, providers: tuple[str, ...]) -> tuple[Field, ...]:
    return tuple(_field(document, (*place, name), Policy, providers) for name in POLICY)


def _judge(document: dict[str, Any], providers: tuple[str, ...]) -> tuple[Field, ...]:
    fields = tuple(_field(document, ("judge", name), Judge, providers) for name in JUDGE)
    return (*fields, *(_end_of_scale(document, at) for at in (0, 1)))


def _labels(document: dict[str, Any], providers: tuple[str, ...]) -> tuple[Field, ...]:
    """Return the fields of the labels; those of a second judge are empty where the file names none."""
    place: Place = ("oracle", "judge")
    fields = [_field(document, (*place, name), Judge, providers) for name in LABELLER]
    asked = value_at(document, place) is not None
    return (
        *(_field(document, ("oracle", name), Oracle) for name in ("field", "slice")),
        *(f if asked else f.model_copy(update={"value": None}) for f in fields),
    )


def _end_of_scale(document: dict[str, Any], at: int) -> Field:
    scale = value_at(document, ("judge", "scale"))
    if scale is None:
        scale = list(Judge.model_fields["scale"].default)
    value = scale[at] if isinstance(scale, list) and len(scale) == 2 else None
    return _filled(("judge", "scale", at), "number", value, shown=value is not None, needed=True)


def _field(document: dict[str, Any], place: Place, model: type[BaseModel], providers: tuple[str, ...] = ()) -> Field:
    """Read one field off the schema and fill it from the file, or with the schema's own default."""
    name = str(place[-1])
    info = model.model_fields[name]
    annotation, optional = _plain(info.annotation)
    kind, choices = _kind(name, annotation, providers)
    there = value_at(document, place)
    value = info.get_default() if there is None and not info.is_required() else there
    return _filled(place, kind, value, choices=choices, needed=not optional)


def _text(document: dict[str, Any], place: Place, *, needed: bool) -> Field:
    return _filled(place, "text", value_at(document, place), needed=needed)


def _number(document: dict[str, Any], place: Place) -> Field:
    return _filled(place, "number", value_at(document, place))


def _plain(annotation: Any) -> tuple[Any, bool]:
    """Return a type without its None, and whether it had one."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation, False
    others = [a for a in get_args(annotation) if a is not type(None)]
    return others[0], len(others) < len(get_args(annotation))


def _kind(name: str, annotation: Any, providers: tuple[str, ...]) -> tuple[Kind, tuple[str, ...]]:
    if name == "provider":
        return "choice", providers
    if name == "reward":
        return "choice", ("auto", "judge", "calibrated", "oracle")
    if get_origin(annotation) is Literal:
        return "choice", tuple(map(str, get_args(annotation)))
    if name == "on_failure":
        return "choice", WORDS
    plain: dict[Any, Kind] = {bool: "switch", int: "whole", float: "number"}
    return plain.get(annotation, "long_text" if name in LONG else "text"), ()


def _filled(
    place: Place, kind: Kind, value: Any, *, choices: tuple[str, ...] = (), shown: bool = True, needed: bool = False
) -> Field:
    fits = shown and _fits(kind, value, choices)
    return Field(place=place, kind=kind, value=value if fits else None, choices=choices, shown=fits, needed=needed)


def _fits(kind: Kind, value: Any, choices: tuple[str, ...]) -> bool:
    """Whether a form can show the value as it stands in the file."""
    if value is None:
        return True
    if kind == "switch":
        return isinstance(value, bool)
    if kind in ("whole", "number"):
        wanted = int if kind == "whole" else int | float
        return isinstance(value, wanted) and not isinstance(value, bool) and abs(value) < 2**53
    return isinstance(value, str) and (not choices or value in choices)
