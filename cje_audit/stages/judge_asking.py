"""Asks the judge about responses: every draw of each, alone or beside a further response of the logging policy."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.experiment import Experiment, Judge
from cje_audit.domain.policy import content_hash
from cje_audit.domain.results import JudgementResult, ResponseResult
from cje_audit.providers.base import Provider
from cje_audit.stages.asking import Asked, Asker, Way
from cje_audit.stages.generating import ToWrite, ask_to_write
from cje_audit.store.answers import Question

OPPONENT_DRAW = 2_000_000  # far above the draws of logged rows and of fresh ones


@dataclass(frozen=True, slots=True)
class ToJudge:
    """One response to be judged; `policy` is None for a logged one, `ORACLE_JUDGE` where a label is wanted."""

    prompt_id: str
    prompt: str
    response: str
    row_id: str
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A response's mean score over the judge's draws, or the code of why no draw gave one.

    `raw` is what the judge wrote last, `attempts` those of all draws.
    """

    value: float | None
    code: str | None
    detail: str | None
    raw: str | None
    attempts: int


def marks(judge: Judge, ends: Iterator[Asked]) -> Iterator[Mark]:
    """Give one mark per item from the ends of its draws, as `ask_judge` gives them."""
    while draws := list(islice(ends, judge.draws)):
        yield _mark(draws)


def _mark(draws: list[Asked]) -> Mark:
    told = [float(end.result.value) for end in draws if end.result.value is not None]
    attempts = sum(end.attempts for end in draws)
    raw = getattr(draws[-1].result, "raw", None)
    if told:
        return Mark(math.fsum(told) / len(told), None, None, raw, attempts)
    return Mark(None, str(draws[0].result.code), draws[0].result.detail, raw, attempts)


def judge_identity(judge: Judge) -> str:
    """Return the hash of everything that can change a judge's score.

    How many draws there are does not, but a judge that is asked once is asked for its likeliest words.
    """
    sampled = {"sampled": True} if judge.draws > 1 else {}
    return content_hash(judge.model_dump(mode="json", exclude={"api_key_env", "draws", "backup"}) | sampled)


def n_requests(judge: Judge, items: Sequence[ToJudge]) -> int:
    """Return how many questions these items lead to."""
    opponents = len({item.prompt for item in items}) if judge.kind == "pairwise" else 0
    return len(items) * judge.draws + opponents


def ask_judge(
    asker: Asker, spec: Experiment, items: Sequence[ToJudge], stage: str, judge: Judge | None = None
) -> Iterator[Asked]:
    """Give the end of every item and draw, the draws of one item together, in order.

    A judge of kind `pairwise` compares with one further response of the logging policy per prompt; where that could not
    be written, the comparison fails with the same code. `judge` is the experiment's own unless another is given.
    """
    judge = judge or spec.judge
    against = _opponents(asker, spec, items, stage) if judge.kind == "pairwise" else None
    askable = [i for i in items if against is None or against[i.prompt].is_ok]
    asked = iter(_ask(asker, judge, [(i, _other(against, i), d) for i in askable for d in range(judge.draws)], stage))
    for item in items:
        lost = against is not None and not against[item.prompt].is_ok
        for _ in range(judge.draws):
            yield _not_compared(against[item.prompt]) if against is not None and lost else next(asked)


def ask_alone(asker: Asker, judge: Judge, items: Sequence[ToJudge], stage: str) -> Sequence[Asked]:
    """Ask a judge that compares with nothing about every item once, in order."""
    return _ask(asker, judge, [(item, None, 0) for item in items], stage)


def _other(against: Mapping[str, ResponseResult] | None, item: ToJudge) -> str | None:
    return None if against is None else against[item.prompt].unwrap()


def _not_compared(opponent: ResponseResult) -> Asked:
    code = opponent.code or FailureCode.UNKNOWN
    detail = f"there is no response to compare with: {opponent.detail or code}"
    return Asked("", JudgementResult.failure(code, detail), reused=False, attempts=0)


def _ask(asker: Asker, judge: Judge, places: Sequence[tuple[ToJudge, str | None, int]], stage: str) -> Sequence[Asked]:

    def way(served: Judge, provider: Provider) -> Way:
        identity = judge_identity(served)

        def question(item: ToJudge, other: str | None, draw: int) -> Question:
            beside = () if other is None else (other,)
            text = (item.prompt, item.response, draw, *beside)
            return Question("judge", identity, provider.scorer_version, 0, text, stage, item.policy, item.row_id)

        async def ask(index: int) -> object:
            item, other, draw = places[index]
            return await provider.judge(served, item.prompt, item.response, draw=draw, other=other)

        return Way(provider, [question(*place) for place in places], ask)

    return asker.ask_ways(judge, "judge", way)


def _opponents(asker: Asker, spec: Experiment, items: Sequence[ToJudge], stage: str) -> dict[str, ResponseResult]:
    """Have the logging policy write one further response to every prompt."""
    policy = spec.logging_policy
    first = {item.prompt: item for item in reversed(items)}
    prompts = list(first)
    wanted = [ToWrite(prompt, OPPONENT_DRAW, f"{first[prompt].prompt_id}#opponent") for prompt in prompts]
    ends = ask_to_write(asker, policy, wanted, stage)
    return {prompt: end.result for prompt, end in zip(prompts, ends, strict=True)}  # type: ignore[misc]  # kind generate
