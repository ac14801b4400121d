"""Labels by a second judge: which prompts are labelled, and what the judge said of their responses."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from cje_audit.domain.experiment import ORACLE_JUDGE, Experiment
from cje_audit.stages.asking import Asker
from cje_audit.stages.judge_asking import Mark, ToJudge, ask_judge, marks, n_requests


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


def ask_labels(asker: Asker, spec: Experiment, items: Sequence[ToJudge], stage: str) -> Mapping[str, Mark]:
    """Have the second judge label the items of its slice; return the labels by row id, missing ones with their code."""
    wanted, judge = labelled(spec, items), spec.oracle.judge
    if judge is None or not wanted:
        return {}
    own = [ToJudge(i.prompt_id, i.prompt, i.response, i.row_id, ORACLE_JUDGE) for i in wanted]
    ends = ask_judge(asker, spec, own, stage, judge)
    return {item.row_id: label for item, label in zip(wanted, marks(judge, ends), strict=True)}
