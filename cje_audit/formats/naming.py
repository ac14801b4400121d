"""What a column of a file means: its names in both layouts, and what `--map` says on top."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cje_audit.domain.errors import InputError
from cje_audit.formats.chunks import Record

ALIASES: dict[str, tuple[str, ...]] = {
    "prompt_id": ("prompt_id", "metadata.prompt_id"),
    "draw": ("draw", "draw_idx"),
    "prompt": ("prompt",),
    "response": ("response",),
    "finish_reason": ("finish_reason",),
    "n_tokens": ("n_tokens",),
    "tokens": ("tokens",),
    "logging_logprob": ("base_policy_logprob", "logging_logprob"),
    "logging_token_logprobs": ("base_policy_token_logprobs", "logging_token_logprobs"),
    "target_logprobs": ("target_policy_logprobs", "target_logprobs"),
    "target_token_logprobs": ("target_policy_token_logprobs", "target_token_logprobs"),
    "judge_score": ("judge_score",),
    "judge_text": ("judge_text",),
    "judge_code": ("judge_code",),
    "oracle_label": ("oracle_label",),
}
_FIELD_OF = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_FLAT = (
    ("target_logprobs", re.compile(r"target_(?:policy_)?logprobs?[._:](.+)", re.DOTALL)),
    ("target_token_logprobs", re.compile(r"target_(?:policy_)?token_logprobs?[._:](.+)", re.DOTALL)),
)
_ARENA = re.compile(r"base_policy_|target_policy_")
_OWN = re.compile(r"logging_(?:token_)?logprob|target_(?:token_)?logprob")


def flat_target(column: str) -> tuple[str, str] | None:
    """Return field and policy of a column that holds one policy's values, or None.

    Examples
    --------
    >>> flat_target("target_logprob_clone"), flat_target("target_policy_logprobs.a.b"), flat_target("prompt")
    (('target_logprobs', 'clone'), ('target_logprobs', 'a.b'), None)
    """
    for name, pattern in _FLAT:
        match = pattern.fullmatch(column)
        if match:
            return name, match[1]
    return None


def layout_of(columns: Iterable[str]) -> str | None:
    """Return the layout that the names of log-prob columns belong to, or None where there are none."""
    names = list(columns)
    if any(_ARENA.match(name) for name in names):
        return "arena"
    return "cje_audit" if any(_OWN.match(name) for name in names) else None


@dataclass(frozen=True)
class Fields:
    """Which column of a file is which of our fields; `mapping` is from column to field and wins over the names."""

    mapping: Mapping[str, str]

    def __post_init__(self) -> None:
        """Refuse a mapping to a field that does not exist."""
        for column, wanted in self.mapping.items():
            if wanted in ALIASES or wanted in _FIELD_OF or flat_target(wanted) is not None:
                continue
            near = difflib.get_close_matches(wanted, (*ALIASES, *_FIELD_OF), n=1)
            raise InputError(
                f"The column {column} cannot be read as {wanted}: there is no such field.",
                expected=", ".join(ALIASES),
                got=wanted,
                what_to_do=f"Write --map {column}={near[0] if near else 'FIELD'}.",
            )

    def is_known(self, column: str) -> bool:
        """Whether a column's name means something to us."""
        heads = {name.partition(".")[0] for name in self.mapping}
        named = column in _FIELD_OF or column == "metadata" or flat_target(column) is not None
        return named or column in self.mapping or column in heads

    def readers(self, columns: Mapping[str, None], field: str) -> list[Callable[[Record], object]]:
        """Return how to take a field's value out of a record, the preferred way first."""
        mapped = [c for c, wanted in self.mapping.items() if _FIELD_OF.get(wanted, wanted) == field]
        named = [a for a in ALIASES[field] if a not in self.mapping]
        return _readers(mapped, columns) or _readers(named, columns)

    def flat(self, columns: Mapping[str, None], field: str) -> dict[str, Callable[[Record], object]]:
        """Return, by policy, how to take its value out of a record where each policy has a column of its own."""
        said = {c: self.mapping.get(c, c) for c in (*columns, *self.mapping)}
        policies: dict[str, Callable[[Record], object]] = {}
        for column, meaning in said.items():
            target, reader = flat_target(meaning), _reader(column, columns)
            if target is not None and target[0] == field and reader is not None:
                policies.setdefault(target[1], reader)
        return policies

    def unmet(self, columns: Mapping[str, None]) -> list[str]:
        """Return the mapped columns that are not among the columns of the files."""
        return [c for c in self.mapping if c not in columns and c.partition(".")[0] not in columns]


def _readers(names: Iterable[str], columns: Mapping[str, None]) -> list[Callable[[Record], object]]:
    found = (_reader(name, columns) for name in names)
    return [reader for reader in found if reader is not None]


def _reader(column: str, columns: Mapping[str, None]) -> Callable[[Record], object] | None:
    if column in columns:
        return lambda record: record.get(column)
    head, dot, rest = column.partition(".")
    if not dot or head not in columns:
        return None
    keys = rest.split(".")
    return lambda record: _reach(record.get(head), keys)


def _reach(value: object, keys: list[str]) -> object:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
