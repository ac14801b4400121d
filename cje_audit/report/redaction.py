"""A report that names no row and repeats nothing of the data, so that it can leave the house."""

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from cje_audit.domain.checks import Check, Override
from cje_audit.domain.report import Report

Words = Callable[[list[str]], AbstractSet[str]]


def without_rows(report: Report) -> Report:
    """Leave out row ids, and what may quote a row: findings, notes, a signer's note, an override's reason."""
    stages = tuple(s.model_copy(update={"checks": tuple(map(_check, s.checks))}) for s in report.stages)
    policies = tuple(p.model_copy(update={"overrides": tuple(map(_override, p.overrides))}) for p in report.policies)
    failures = tuple(f.model_copy(update={"example_ids": ()}) for f in report.failures)
    quality = tuple(q.model_copy(update={"example_ids": ()}) for q in report.quality)
    provenance = {k: v for k, v in report.run.provenance.items() if k != "notes"}
    skipped = None if report.skipped is None else report.skipped.model_copy(update={"example_ids": ()})
    return report.model_copy(
        update={
            "stages": stages, "policies": policies, "failures": failures, "quality": quality, "findings": (),
            "skipped": skipped, "run": report.run.model_copy(update={"provenance": provenance}),
            "sign_off": report.sign_off.model_copy(update={"note": None}),
        }
    )  # fmt: skip


def _check(check: Check) -> Check:
    override = None if check.override is None else _override(check.override)
    return check.model_copy(update={"example_ids": (), "override": override})


def _override(override: Override) -> Override:
    return override.model_copy(update={"reason": None})


def scrubbed(report: Report, repeats: Words) -> Report:
    """Return a report without any run of characters that the data hold too; `repeats` finds those among words.

    Row ids and quotes are left out first; this catches what a name or a sentence repeats by chance or on purpose.
    """
    shared = without_rows(report)
    document = shared.document()
    runs = repeats(list(_strings(document)))
    return Report.model_validate(_without(document, runs)) if runs else shared


def _strings(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from (*_strings(key), *_strings(value))
    elif isinstance(part, list):
        for value in part:
            yield from _strings(value)


def _without(part: Any, runs: AbstractSet[str]) -> Any:
    if isinstance(part, str):
        return blanked(part, runs)
    if isinstance(part, dict):
        return {k if k in _fields() else blanked(k, runs): _without(value, runs) for k, value in part.items()}
    return [_without(value, runs) for value in part] if isinstance(part, list) else part


@cache
def _fields() -> frozenset[str]:
    """Return the names of the report's own fields: public words, whatever the data hold."""
    schema = Report.model_json_schema(by_alias=True)
    parts = (schema, *schema["$defs"].values())
    return frozenset(name for part in parts for name in part.get("properties", ()))


def blanked(text: str, runs: AbstractSet[str]) -> str:
    """Return a text with every character that belongs to a run taken out, an ellipsis in the place of each stretch.

    Examples
    --------
    >>> blanked("about a secret thing", {"a secret"})
    'about […] thing'
    """
    longest = max(map(len, runs))
    hit = [False] * len(text)
    for i in range(len(text) - longest + 1):
        if text[i : i + longest] in runs:
            hit[i : i + longest] = [True] * longest
    kept = ("\0" if gone else sign for sign, gone in zip(text, hit, strict=True))
    return re.sub("\0+", "[…]", "".join(kept))
