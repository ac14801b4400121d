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
from cje_audit.store.answers import Question

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


def ask_fresh_draws(
    context: StageContext, asker: Asker, spec: Experiment, prompts: pl.DataFrame, judge_identity: str, stage: str
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
    context.progress.total(2 * len(draws))
    written = _write(asker, draws, stage)
    judged = _judge(
        asker, spec, [(d, a) for d, a in zip(draws, written, strict=True) if a.result.is_ok], judge_identity, stage
    )
    rows = [_row(d, a, judged.get(d)) for d, a in zip(draws, written, strict=True)]
    return pl.DataFrame(rows, schema=FRESH_COLUMNS)


def _write(asker: Asker, draws: list[_Draw], stage: str) -> list[Asked]:
    """Have every draw written, one policy after the other, each at its own endpoint."""
    parts = (list(part) for _, part in groupby(draws, key=lambda draw: draw.policy.name))
    return [asked for part in parts for asked in _write_part(asker, part, stage)]


def _write_part(asker: Asker, draws: list[_Draw], stage: str) -> Sequence[Asked]:
    policy = draws[0].policy
    provider, identity = asker.provider(policy), policy.identity_hash()
    questions = [
        Question("generate", identity, provider.scorer_version, 0, (d.prompt, d.draw), stage, policy.name, d.row_id)
        for d in draws
    ]

    async def ask(index: int) -> object:
        return await provider.generate(policy, draws[index].prompt, draw=draws[index].draw)

    return asker.ask_all(questions, ask, provider)


def _judge(
    asker: Asker, spec: Experiment, written: list[tuple[_Draw, Asked]], identity: str, stage: str
) -> dict[_Draw, Asked]:
    if spec.judge.kind == "recorded":
        return {}
    provider = asker.provider(spec.judge)
    texts = [(d.prompt, str(a.result.unwrap()), 0) for d, a in written]
    questions = [
        Question("judge", identity, provider.scorer_version, 0, text, stage, d.policy.name, d.row_id)
        for text, (d, _) in zip(texts, written, strict=True)
    ]

    async def ask(index: int) -> object:
        prompt, response, draw = texts[index]
        return await provider.judge(spec.judge, prompt, response, draw=draw)

    return {d: asked for (d, _), asked in zip(written, asker.ask_all(questions, ask, provider), strict=True)}


def _row(draw: _Draw, written: Asked, judged: Asked | None) -> dict[str, object]:
    response, score = written.result, None if judged is None else judged.result
    return {
        "policy": draw.policy.name,
        "prompt_id": draw.prompt_id,
        "draw": draw.draw - FIRST_DRAW,
        "prompt": draw.prompt,
        "response": response.value,
        "judge_score": None if score is None else score.value,
        "judge_code": _code(response.code) if score is None else _code(score.code),
        "oracle_label": None,
        "oracle_code": "no_score",
    }


def _code(code: object) -> str | None:
    return None if code is None else str(code)
