"""Labels by a second judge: which prompts are labelled, and what the judge said of their responses."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import polars as pl

from cje_audit.domain.experiment import ORACLE_JUDGE, Experiment, Judge
from cje_audit.stages.asking import Asked, Asker
from cje_audit.stages.judge_asking import ToJudge, ask_judge, n_requests


@dataclass(frozen=True, slots=True)
class Label:
    """A label, or the code of why there is none; `raw` is what the judge wrote last, `attempts` over all its draws."""

    value: float | None
    code: str | None
    detail: str | None
    raw: str | None
    attempts: int


def in_slice(prompt_ids: pl.Series, share: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which prompts lie in the oracle slice: a hash of seed and prompt id below `share`.

    Examples
    --------
    >>> in_slice(pl.Series(["a", "b"]), 1.0, 1).tolist()
    [True, True]
    """

    def position(prompt_id: str) -> float:
        digest = hashlib.sha256(f"{seed}:{prompt_id}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    return np.array([position(p) < share for p in prompt_ids], dtype=bool)


def labelled(spec: Experiment, items: Sequence[ToJudge]) -> list[ToJudge]:
    """Return the items that the second judge labels; none where there is no second judge."""
    if spec.oracle.judge is None or not items:
        return []
    chosen = in_slice(pl.Series([i.prompt_id for i in items]), spec.oracle.slice, spec.oracle.seed)
    return [item for item, inside in zip(items, chosen, strict=True) if inside]


def n_label_requests(spec: Experiment, items: Sequence[ToJudge]) -> int:
    """Return how many questions the labels of these items take."""
    return 0 if spec.oracle.judge is None else n_requests(spec.oracle.judge, labelled(spec, items))


def ask_labels(asker: Asker, spec: Experiment, items: Sequence[ToJudge], stage: str) -> Mapping[str, Label]:
    """Have the second judge label the items of its slice; return the labels by row id, missing ones with their code."""
    wanted, judge = labelled(spec, items), spec.oracle.judge
    if judge is None or not wanted:
        return {}
    own = [ToJudge(i.prompt_id, i.prompt, i.response, i.row_id, ORACLE_JUDGE) for i in wanted]
    ends = ask_judge(asker, spec, own, stage, judge)
    return {item.row_id: label for item, label in zip(wanted, _labels(judge, ends), strict=True)}


def _labels(judge: Judge, ends: Iterator[Asked]) -> Iterator[Label]:
    while draws := list(islice(ends, judge.draws)):
        yield _label(draws)


def _label(draws: list[Asked]) -> Label:
    told = [float(end.result.value) for end in draws if end.result.value is not None]
    attempts = sum(end.attempts for end in draws)
    raw = getattr(draws[-1].result, "raw", None)
    if told:
        return Label(math.fsum(told) / len(told), None, None, raw, attempts)
    return Label(None, str(draws[0].result.code), draws[0].result.detail, raw, attempts)
