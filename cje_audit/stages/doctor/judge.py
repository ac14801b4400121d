"""Whether a judge gives a score that can be read, five times out of five."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from cje_audit.domain.checks import Check
from cje_audit.domain.codes import CODES
from cje_audit.domain.experiment import Judge
from cje_audit.domain.results import JudgementResult
from cje_audit.stages.doctor import material
from cje_audit.stages.doctor.build import failed, passed, unknown, warned
from cje_audit.stages.doctor.late import CODE, late, unanswered
from cje_audit.stages.doctor.prober import Prober

WHO = {"judge": "The judge", "oracle_judge": "The second judge (oracle.judge)"}  # by probe


async def ask_five(prober: Prober, asked: Judge) -> list[JudgementResult]:
    """Have the five responses judged."""
    other = material.OPPONENT if asked.kind == "pairwise" else None
    return await asyncio.gather(*(prober.judge(asked, p, r, other) for p, r in material.JUDGED))


async def judge(prober: Prober, asked: Judge, probe: str = "judge") -> Check:
    """Have five responses judged, right and wrong ones; `probe` says which judge it is."""
    if asked.kind == "recorded":
        return unknown(probe, None, "the scores come from the data file, so no judge is asked")
    return judged(probe, await ask_five(prober, asked))


def judged(probe: str, results: Sequence[JudgementResult]) -> Check:
    """Judge five replies; one that cannot be read counts, one that had not come in time does not."""
    n, scores, who = len(results), [r.value for r in results if r.is_ok], WHO[probe]
    lost = [r for r in results if r.code not in (None, CODE)]
    if lost:
        return _unread(probe, lost, len(scores), n)
    if why := late(results):
        return unanswered(probe, None, f"{len(scores)} of {n} scores of {who.lower()} came; {why}")
    if len(set(scores)) == 1:
        return warned(
            probe, None, f"{who} gave {n} of {n} scores, all of them {scores[0]:g}, to right and wrong answers.",
            "Use a stronger model, or another judge prompt.", float(n), float(n),
        )  # fmt: skip
    return passed(probe, None, f"{who} gave {n} of {n} scores that can be read.", float(n), float(n))


def _unread(probe: str, lost: Sequence[JudgementResult], n_scores: int, n: int) -> Check:
    """Say how many scores there were, and what came in place of the others."""
    code, _ = Counter(r.code for r in lost if r.code is not None).most_common(1)[0]
    first = next(r for r in lost if r.code is code)
    said = f" It said: {first.raw[:160]!r}." if first.raw else f" ({first.detail})" if first.detail else ""
    return failed(
        probe, None, f"{WHO[probe]} gave {n_scores} of {n} scores. {CODES[code].sentence}{said}",
        CODES[code].what_to_do, float(n_scores), float(n),
    )  # fmt: skip
