"""Whether the judge gives a score that can be read, five times out of five."""

import asyncio
from collections import Counter

from cje_audit.domain.checks import Check
from cje_audit.domain.codes import CODES
from cje_audit.domain.experiment import Judge
from cje_audit.domain.results import JudgementResult
from cje_audit.stages.doctor import material
from cje_audit.stages.doctor.build import failed, passed, unknown, warned
from cje_audit.stages.doctor.prober import Prober


async def ask_five(prober: Prober, asked: Judge) -> list[JudgementResult]:
    """Have the five responses judged."""
    other = material.OPPONENT if asked.kind == "pairwise" else None
    return await asyncio.gather(*(prober.judge(asked, p, r, other) for p, r in material.JUDGED))


async def judge(prober: Prober, asked: Judge) -> Check:
    """Have five responses judged, right and wrong ones."""
    if asked.kind == "recorded":
        return unknown("judge", None, "the scores come from the data file, so no judge is asked")
    results = await ask_five(prober, asked)
    n, scores = len(results), [r.value for r in results if r.is_ok]
    if len(scores) < n:
        code, _ = Counter(r.code for r in results if r.code is not None).most_common(1)[0]
        first = next(r for r in results if r.code is code)
        said = f" It said: {first.raw[:160]!r}." if first.raw else f" ({first.detail})" if first.detail else ""
        return failed(
            "judge", None, f"The judge gave {len(scores)} of {n} scores. {CODES[code].sentence}{said}",
            CODES[code].what_to_do, float(len(scores)), float(n),
        )  # fmt: skip
    if len(set(scores)) == 1:
        return warned(
            "judge", None, f"The judge gave {n} of {n} scores, all of them {scores[0]:g}, to right and wrong answers.",
            "Use a stronger model, or another judge prompt.", float(n), float(n),
        )  # fmt: skip
    return passed("judge", None, f"The judge gave {n} of {n} scores that can be read.", float(n), float(n))
