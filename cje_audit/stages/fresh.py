"""Fresh draws of a launched run: every target policy writes new responses, and the judge scores them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import polars as pl

from cje_audit.domain.experiment import Experiment
from cje_audit.domain.policy import Policy
from cje_audit.stages.asking import Asked, Asker
from cje_audit.stages.base import StageContext
from cje_audit.stages.dataset import FRESH_COLUMNS
from cje_audit.stages.generating import ToWrite, ask_to_write
from cje_audit.stages.judge_asking import Mark, ToJudge, ask_judge, marks, n_requests
from cje_audit.stages.second_judge import ask_labels, n_label_requests

FIRST_DRAW = 1_000_000  # far above the draws of logged rows: a clone's fresh draws are never its logged responses


@dataclass(frozen=True, slots=True)
class _Draw:
    """One response to be written: by which policy, to which prompt, and its number."""

    policy: Policy
    prompt_id: str
    prompt: str
    draw: int

    @property
    def row_id(self) -> str:
        return f"{self.prompt_id}#fresh{self.draw - FIRST_DRAW}"

    @property
    def key(self) -> tuple[str | None, str]:
        return (self.policy.name, self.row_id)


def ask_fresh_draws(
    context: StageContext, asker: Asker, spec: Experiment, prompts: pl.DataFrame, stage: str
) -> pl.DataFrame:
    """Return the `fresh_draw` table; a response or score that failed has its code and no value.

    Parameters
    ----------
    prompts
        prompt_id and prompt; each prompt is asked once per policy and draw.
    """
    distinct = prompts.select("prompt_id", "prompt").unique(maintain_order=True)
    draws = [
        _Draw(policy, prompt_id, prompt, FIRST_DRAW + k)
        for policy in spec.target_policies
        for prompt_id, prompt in distinct.iter_rows()
        for k in range(spec.fresh_draws.per_prompt)
    ]
    context.progress.total(len(draws))
    written = _write(asker, draws, stage)
    ok = [(d, a) for d, a in zip(draws, written, strict=True) if a.result.is_ok]
    items = [ToJudge(d.prompt_id, d.prompt, str(a.result.unwrap()), d.row_id, d.policy.name) for d, a in ok]
    judged = _judge(context, asker, spec, items, stage)
    labels = _labels(context, asker, spec, items, stage)
    rows = [_row(d, a, judged.get(d.key), labels.get(d.key)) for d, a in zip(draws, written, strict=True)]
    return pl.DataFrame(rows, schema=FRESH_COLUMNS)


def _write(asker: Asker, draws: list[_Draw], stage: str) -> list[Asked]:
    """Have every draw written, one policy after the other, each at its own endpoint."""
    parts = (list(part) for _, part in groupby(draws, key=lambda draw: draw.policy.name))
    return [asked for part in parts for asked in _write_part(asker, part, stage)]


def _write_part(asker: Asker, draws: list[_Draw], stage: str) -> Sequence[Asked]:
    return ask_to_write(asker, draws[0].policy, [ToWrite(d.prompt, d.draw, d.row_id) for d in draws], stage)


def _judge(
    context: StageContext, asker: Asker, spec: Experiment, items: list[ToJudge], stage: str
) -> dict[tuple[str | None, str], Mark]:
    if spec.judge.kind == "recorded":
        return {}
    context.progress.total(n_requests(spec.judge, items))
    ends = ask_judge(asker, spec, items, stage)
    return {(i.policy, i.row_id): mark for i, mark in zip(items, marks(spec.judge, ends), strict=True)}


def _labels(
    context: StageContext, asker: Asker, spec: Experiment, items: list[ToJudge], stage: str
) -> dict[tuple[str | None, str], Mark]:
    """Have the second judge label the fresh draws of its slice, policy by policy."""
    context.progress.total(n_label_requests(spec, items))
    return {
        (policy.name, row_id): label
        for policy in spec.target_policies
        for row_id, label in ask_labels(asker, spec, [i for i in items if i.policy == policy.name], stage).items()
    }


def _row(draw: _Draw, written: Asked, judged: Mark | None, label: Mark | None) -> dict[str, object]:
    response = written.result
    return {
        "policy": draw.policy.name,
        "prompt_id": draw.prompt_id,
        "draw": draw.draw - FIRST_DRAW,
        "prompt": draw.prompt,
        "response": response.value,
        "judge_score": None if judged is None else judged.value,
        "judge_code": _code(response.code) if judged is None else judged.code,
        "oracle_label": None if label is None else label.value,
        "oracle_code": "no_score" if label is None else label.code,
    }


def _code(code: object) -> str | None:
    return None if code is None else str(code)
