"""Asking a provider for exactly the cells an imported file has no value for, once it is shown to measure the same.

Before any cell is asked, intact rows are: where the provider's values are not the file's, nothing is mixed in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Bools, Codes, Column, Floats, Ints, Rows, equals
from cje_audit.checks.words import count, number
from cje_audit.domain.import_spec import CONTROLS, ImportSpec, Rescoring
from cje_audit.domain.policy import Policy, endpoint_name
from cje_audit.domain.results import LogProbResult
from cje_audit.domain.retry import RetryChoice
from cje_audit.providers.base import Provider
from cje_audit.stages.asking import Asked, Asker, Way
from cje_audit.stages.base import StageContext
from cje_audit.stages.columns import read_texts
from cje_audit.stages.judge_asking import ToJudge, ask_alone
from cje_audit.store.answers import Question

Given = tuple[Floats, Codes]


@dataclass(frozen=True, eq=False)
class Anew:
    """What was answered for an imported column's failed cells, by row; `note` says it, or why nothing was asked."""

    answers: dict[int, Asked]
    note: str
    source: str

    def values(self) -> dict[int, tuple[float, str | None]]:
        """Return value (NaN where it failed) and failure code by row."""
        return {row: _value(asked) for row, asked in self.answers.items()}


def _value(asked: Asked) -> tuple[float, str | None]:
    result = asked.result
    if result.is_ok and isinstance(result.value, float | int):
        return float(result.value), None
    return float("nan"), str(result.code)


def merged(
    column: Column, given: Given, answers: dict[int, tuple[float, str | None]], audit: Callable[[Floats, Codes], Column]
) -> Column:
    """Return a column with answers in the place of failed cells; damaged cells nobody asked for stay damaged."""
    values, codes = given[0].copy(), given[1].copy()
    for row, (value, code) in answers.items():
        values[row], codes[row] = value, code
    found, stays = audit(values, codes), ~column.ok
    stays[list(answers)] = False
    return Column(
        values=np.where(stays, np.nan, found.values), codes=np.where(stays, column.codes, found.codes), reported=values
    )


def rescore_logprobs(context: StageContext, rows: Rows, name: str, stage: str, column: Column) -> Anew | None:
    """Ask for the failed log-probs of one imported policy; None where nobody wanted that or there is none."""
    asked, wanted = _wanted(context, rows, stage, name, column)
    policy = None if asked is None else asked.policy(name)
    if asked is None or policy is None or not len(wanted):
        return None
    texts = read_texts(context.tables)
    source = endpoint_name(policy.provider, policy.base_url, policy.model)
    with Asker(context, asked.execution) as asker:

        def ask(places: Ints) -> Sequence[Asked]:
            return ask_logprobs(asker, policy, texts[places.tolist()], stage)

        return _after_control(name, source, column, wanted, ask, NATS)


def rescore_judge(
    context: StageContext, rows: Rows, stage: str, column: Column, scale: tuple[float, float]
) -> Anew | None:
    """Ask for the failed scores of an imported judge, each once; None where nobody wanted that or there is none."""
    asked, wanted = _wanted(context, rows, stage, None, column)
    if asked is None or asked.judge is None or not len(wanted):
        return None
    judge = asked.judge.model_copy(update={"draws": 1})
    texts = read_texts(context.tables)
    source = endpoint_name(judge.provider, judge.base_url, judge.model)
    with Asker(context, asked.execution) as asker:

        def ask(places: Ints) -> Sequence[Asked]:
            some = texts[places.tolist()].iter_rows(named=True)
            items = [ToJudge(r["prompt_id"], r["prompt"], r["response"], r["row_id"]) for r in some]
            return ask_alone(asker, judge, items, stage)

        return _after_control("The judge", source, column, wanted, ask, _scale(scale[1] - scale[0]))


def ask_logprobs(asker: Asker, policy: Policy, todo: pl.DataFrame, stage: str) -> Sequence[Asked]:
    """Teacher-force the responses of `todo` (row_id, prompt, response, finish_reason) through one policy."""
    items = list(todo.select("row_id", "prompt", "response", "finish_reason").iter_rows(named=True))
    texts = [(r["prompt"], r["response"], r["finish_reason"] == "stop") for r in items]

    def way(served: Policy, provider: Provider) -> Way:
        identity, version, replicate = served.identity_hash(), provider.scorer_version, int(served.role == "clone")
        questions = [
            Question("logprobs", identity, version, replicate, text, stage, policy.name, r["row_id"])
            for text, r in zip(texts, items, strict=True)
        ]

        async def ask(index: int) -> object:
            prompt, response, ended = texts[index]
            return await provider.logprobs(served, prompt, response, ended=ended)

        return Way(provider, questions, ask)

    return asker.ask_ways(policy, "logprobs", way)


def _wanted(
    context: StageContext, rows: Rows, stage: str, name: str | None, column: Column
) -> tuple[Rescoring | None, Ints]:
    """Return who is asked, and which rows of a column are meant: failed, with a response, in one of the scopes."""
    spec = context.spec
    asked = spec.rescoring if isinstance(spec, ImportSpec) else None
    meant = np.zeros(rows.n, dtype=bool)
    for scope in () if asked is None else asked.scopes:
        meant |= _in_scope(scope, rows, stage, name, column)
    return asked, np.flatnonzero(meant & ~column.ok & rows.has_response).astype(np.int64)


def _in_scope(scope: RetryChoice, rows: Rows, stage: str, name: str | None, column: Column) -> Bools:
    fits = scope.stage in (None, stage) and scope.policy in (None, name)
    meant = np.full(rows.n, fits)
    if scope.code is not None:
        meant &= equals(column.codes, scope.code)
    if scope.row is not None:
        meant &= equals(rows.row_ids, scope.row)
    return meant


# -- does the provider measure what the file holds? --------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """How far two measurements of one cell are apart, the most at which they are the same, and its unit in words."""

    most: float
    unit: str
    apart: Callable[[Asked, float], float]


def _per_token(asked: Asked, known: float) -> float:
    result = asked.result
    n = len(result.tokens) if isinstance(result, LogProbResult) else 1
    return abs(_value(asked)[0] - known) / max(n, 1)


NATS = Measure(thresholds.RESCORING_NATS, "nats per token", _per_token)


def _scale(width: float) -> Measure:
    return Measure(
        thresholds.RESCORING_SCALE, "of the scale", lambda asked, known: abs(_value(asked)[0] - known) / width
    )


def _after_control(
    name: str, source: str, column: Column, wanted: Ints, ask: Callable[[Ints], Sequence[Asked]], measure: Measure
) -> Anew:
    """Ask intact rows first; ask the failed cells only where the values are the file's, or there is none to compare."""
    intact = np.flatnonzero(column.ok)
    places = intact[np.unique(np.linspace(0, len(intact) - 1, CONTROLS).astype(np.int64))] if len(intact) else intact
    controls = ask(places.astype(np.int64))
    apart = [measure.apart(a, column.values[p]) for p, a in zip(places, controls, strict=True) if a.result.is_ok]
    refused = _refusal(name, source, len(places), apart, measure)
    if refused is not None:
        return Anew({}, refused, source)
    answers = dict(zip(wanted.tolist(), ask(wanted), strict=True))
    return Anew(answers, _told(name, source, answers, apart, measure), source)


def _refusal(name: str, source: str, n: int, apart: Sequence[float], measure: Measure) -> str | None:
    if n and len(apart) * 2 < n:
        return (
            f"{name}: no failed cell was asked. {source} answered only {count(len(apart), n)} intact rows, too few to "
            "see whether it measures what the file holds."
        )
    if n and float(np.median(apart)) > measure.most:
        return (
            f"{name}: no failed cell was asked. On {len(apart)} intact rows, {source} gives values "
            f"{number(float(np.median(apart)))} {measure.unit} from the file's (median; at most {number(measure.most)} "
            "is the same measurement). It is another model, template or prompt; mixing both would change what is "
            "estimated."
        )
    return None


def _told(name: str, source: str, answers: dict[int, Asked], apart: Sequence[float], measure: Measure) -> str:
    n_ok = sum(a.result.is_ok for a in answers.values())
    said = f"{name}: {source} was asked for {len(answers):,} failed cells and answered {count(n_ok, len(answers))}."
    if not len(apart):
        return f"{said} The file holds no intact value to compare with."
    return (
        f"{said} On {len(apart)} intact rows its values are {number(float(np.median(apart)))} {measure.unit} from the "
        f"file's (median; at most {number(measure.most)} is the same measurement)."
    )
