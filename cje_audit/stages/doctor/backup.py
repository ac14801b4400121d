"""Whether a backup is the same: asked the same texts, it has to give the same log-probs, within the noise floor.

Only what passes here is ever asked in a run. A judge's backup is another judge; its scores have to be readable.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from cje_audit.domain.checks import Check
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.stages.doctor import limits, material
from cje_audit.stages.doctor.build import failed, passed, warned
from cje_audit.stages.doctor.judge import ask_five
from cje_audit.stages.doctor.late import late, unanswered
from cje_audit.stages.doctor.prober import Prober

PROBE = "backup"
TEXTS = (material.WHOLE, material.HEAD, material.SHUFFLED, f"{material.FIRST_PART} {material.SECOND_PART}")
NOT_USED = "The backup is not used in a run."
Twice = tuple[LogProbResult, LogProbResult]


@dataclass(frozen=True, slots=True)
class Both:
    """The same texts at the first endpoint and at the backup, each scored twice at both."""

    first: tuple[Twice, ...]
    backup: tuple[Twice, ...]


async def policy_backup(prober: Prober, policy: Policy) -> Check | None:
    """Compare a policy's backup with its first endpoint; None where it has none."""
    other = policy.at_backup()
    if other is None:
        return None
    first, backup = await asyncio.gather(_twice(prober, policy), _twice(prober, other))
    return judged(policy.name, Both(first, backup))


async def _twice(prober: Prober, policy: Policy) -> tuple[Twice, ...]:
    """Score every text, and then every text again."""
    one = await asyncio.gather(*(prober.score(policy, material.PROMPT, text) for text in TEXTS))
    two = await asyncio.gather(*(prober.score(policy, material.PROMPT, text) for text in TEXTS))
    return tuple(zip(one, two, strict=True))


def judged(name: str, both: Both) -> Check:
    """Judge whether the backup is the same as the first endpoint."""
    for where, scored in (("first endpoint", both.first), ("backup", both.backup)):
        if why := late(r for pair in scored for r in pair):
            return unanswered(PROBE, name, f"at the {where}, {why}; the backup is not used in a run")
        lost = next((r for pair in scored for r in pair if not r.is_ok), None)
        if lost is not None:
            told = f"The backup of {name} could not be proved equal: the {where} gave no log-probs ({lost.code}"
            told += f": {lost.detail})" if lost.detail else ")"
            what = "Start the backup and check again, or remove the key backup."
            return warned(PROBE, name, f"{told}. {NOT_USED}", what)
    unlike = _reads_otherwise(both)
    if unlike is not None:
        return _refused(name, unlike, None, None)
    apart, limit = difference(both)
    n = 2 * len(both.first)
    told = (
        f"{apart:.3g} nats per response apart (root mean square over {n} scorings; up to {limit:.2g} counts as equal)"
    )
    if apart > limit:
        return _refused(name, f"its log-probs lie {told}", apart, limit)
    sentence = f"The backup of {name} is the same: the log-probs of known texts lie {told}."
    return passed(PROBE, name, sentence, apart, limit)


def _refused(name: str, why: str, apart: float | None, limit: float | None) -> Check:
    what = "Let the backup serve the same model at the same precision with the same template, or remove the key backup."
    return failed(PROBE, name, f"The backup of {name} is not the same: {why}. {NOT_USED}", what, apart, limit)


def _reads_otherwise(both: Both) -> str | None:
    for (a, _), (b, _) in zip(both.first, both.backup, strict=True):
        if a.before != b.before:
            return "it puts another text before the response"
        if a.tokens != b.tokens:
            return f"it cuts the same text into other tokens ({len(b.tokens)} instead of {len(a.tokens)})"
    return None


def difference(both: Both) -> tuple[float, float]:
    """Return how far the backup lies from the first endpoint, and up to where that counts as equal (nats per response).

    Both are root mean squares: over the same texts at the two endpoints, and three times that of scoring one text
    twice at one endpoint, but at least `EQUAL`.
    """
    across = [
        a.unwrap() - b.unwrap()
        for one, two in zip(both.first, both.backup, strict=True)
        for a, b in zip(one, two, strict=True)
    ]
    again = [a.unwrap() - b.unwrap() for a, b in (*both.first, *both.backup)]
    return _rms(across), max(limits.EQUAL, limits.EQUAL_NOISE * _rms(again))


def _rms(values: Sequence[float]) -> float:
    return math.sqrt(math.fsum(v * v for v in values) / len(values))


async def judge_backup(prober: Prober, judge: Judge) -> Check | None:
    """Have the judge's backup judge five responses; None where it has none."""
    other = judge.at_backup()
    if other is None:
        return None
    results = await ask_five(prober, other)
    if why := late(results):
        return unanswered(PROBE, None, f"at the judge's backup, {why}; it is not used in a run")
    n, lost = len(results), [r for r in results if not r.is_ok]
    if lost:
        told = f"The judge's backup gave {n - len(lost)} of {n} scores ({lost[0].code}). {NOT_USED}"
        what = "Correct the backup and check again, or remove the key backup."
        return warned(PROBE, None, told, what, float(n - len(lost)), float(n))
    return passed(
        PROBE, None,
        f"The judge's backup gave {n} of {n} scores that can be read. It counts as another judge: scores of both "
        "in one run fail judge.single_judge.", float(n), float(n),
    )  # fmt: skip
