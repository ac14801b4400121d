"""What two runs must share to be compared: the data, the judge, the templates; and what differs, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cje_audit.checks.frame import Column, Ints
from cje_audit.checks.words import count
from cje_audit.domain.experiment import Experiment
from cje_audit.domain.import_spec import RunSpec
from cje_audit.domain.policy import IDENTITY_FIELDS, Policy
from cje_audit.report.facts import RunFacts

JUDGE_FIELDS = ("kind", "provider", "base_url", "model", "revision", "prompt", "scale", "integer", "draws")
TEMPLATE_FIELDS = ("template", "template_sha256")
LONGEST = 60


@dataclass(frozen=True)
class Setting:
    """How a run was asked: the judges of scores and labels, and each policy's identity (imports know no template)."""

    judge: Mapping[str, Any]
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    labeller: Mapping[str, Any] = field(default_factory=dict)


def setting_of(spec: RunSpec) -> Setting:
    """Return what a run's configuration says of judge and policies."""
    if not isinstance(spec, Experiment):
        return Setting({"kind": "recorded", "scale": tuple(spec.judge_scale)})
    judge, second = ({n: getattr(j, n) for n in JUDGE_FIELDS} if j else {} for j in (spec.judge, spec.oracle.judge))
    every = (spec.logging_policy, *spec.target_policies)
    return Setting(judge, {p.name: _identity(p) for p in every}, second)


def _identity(policy: Policy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in IDENTITY_FIELDS}


def judge_differs(a: Setting, b: Setting) -> list[str]:
    """Say what of the judge differs."""
    told = changed(a.judge, b.judge, JUDGE_FIELDS)
    labels = changed(a.labeller, b.labeller, JUDGE_FIELDS)
    return [
        *([f"The judge differs: {'; '.join(told)}."] if told else []),
        *([f"The judge of the labels differs: {'; '.join(labels)}."] if labels else []),
    ]


def template_differs(a: Setting, b: Setting, name_a: str, name_b: str) -> str | None:
    """Say how two policies' templates differ; None where they do not, or where an import names none."""
    first, second = a.policies.get(name_a), b.policies.get(name_b)
    if first is None or second is None:
        return None
    told = changed(first, second, TEMPLATE_FIELDS)
    return f"the template differs: {'; '.join(told)}" if told else None


def settings_differ(a: Setting, b: Setting, name_a: str, name_b: str) -> tuple[str, ...]:
    """Say which other settings of two policies differ."""
    first, second = a.policies.get(name_a), b.policies.get(name_b)
    if first is None or second is None:
        return ()
    return tuple(changed(first, second, tuple(f for f in IDENTITY_FIELDS if f not in TEMPLATE_FIELDS)))


def changed(a: Mapping[str, Any], b: Mapping[str, Any], fields: tuple[str, ...]) -> list[str]:
    """Say which fields differ, with both values.

    Examples
    --------
    >>> changed({"model": "x", "draws": 1}, {"model": "y", "draws": 1}, ("model", "draws"))
    ['model is x in A and y in B']
    """
    return [f"{f} is {_shown(a.get(f))} in A and {_shown(b.get(f))} in B" for f in fields if a.get(f) != b.get(f)]


def _shown(value: object) -> str:
    text = "not set" if value is None else " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def data_differ(a: RunFacts, b: RunFacts, hashes: tuple[str | None, str | None]) -> list[str]:
    """Say how the rows of two runs differ; nothing where the files are equal, or hold the same rows."""
    if hashes[0] is not None and hashes[0] == hashes[1]:
        return []
    here, there = _common(a, b)
    told = _rows_apart(a, b, len(here))
    told += _texts_apart(a.rows.text_key[here], b.rows.text_key[there])
    for noun, one, two in (
        ("logging log-probs", a.logging_column, b.logging_column),
        ("judge scores", a.judge, b.judge),
        ("labels", a.oracle, b.oracle),
    ):
        told += _values_apart(noun, one, two, here, there)
    return [f"The data differ: {'; '.join(told)}."] if told else []


def _common(a: RunFacts, b: RunFacts) -> tuple[Ints, Ints]:
    """Return the places of the rows that both runs have, in the same order."""
    _, here, there = np.intersect1d(
        a.rows.row_ids.astype(str), b.rows.row_ids.astype(str), assume_unique=True, return_indices=True
    )
    return here.astype(np.int64), there.astype(np.int64)


def _rows_apart(a: RunFacts, b: RunFacts, n_common: int) -> list[str]:
    apart = ((a.rows.n - n_common, a.rows.n, "A"), (b.rows.n - n_common, b.rows.n, "B"))
    return [f"{count(n, total)} rows are only in {label}" for n, total, label in apart if n]


def _texts_apart(here: Ints, there: Ints) -> list[str]:
    n = int(np.count_nonzero(here != there))
    return [f"{count(n, len(here))} common rows have another prompt or response"] if n else []


def _values_apart(noun: str, one: Column | None, two: Column | None, here: Ints, there: Ints) -> list[str]:
    if one is None or two is None:
        return [] if one is two else [f"only one of the runs has {noun}"]
    first, second = one.values[here], two.values[there]
    n = int(np.count_nonzero((first != second) & ~(np.isnan(first) & np.isnan(second))))
    return [f"{count(n, len(here))} common rows have other {noun}"] if n else []
