"""How far two scorings of one text lie apart: that is the noise floor of every weight."""

import math

from cje_audit.domain.checks import Check
from cje_audit.stages.doctor import limits
from cje_audit.stages.doctor.build import failed, passed, unknown, warned
from cje_audit.stages.doctor.evidence import Evidence
from cje_audit.stages.doctor.late import late, unanswered


def noise_floor(evidence: Evidence) -> float | None:
    """Return s (nats): the root mean square difference between two scorings of one response; None without a pair."""
    pairs = evidence.repeats()
    if not pairs:
        return None
    return math.sqrt(math.fsum((a.unwrap() - b.unwrap()) ** 2 for a, b in pairs) / len(pairs))


def kept_share(s: float) -> float:
    """Return the share of the effective sample size that Gaussian noise of s nats in the log ratios leaves: e^(−s²).

    With log weights of variance s², E[w]² / E[w²] = e^(−s²) (moments of the log-normal distribution).

    Examples
    --------
    >>> kept_share(0.0), round(kept_share(0.5), 2)
    (1.0, 0.78)
    """
    return math.exp(-(s**2))


def noise(evidence: Evidence) -> Check:
    """Judge repeatability."""
    name, s = evidence.policy.name, noise_floor(evidence)
    if s is None:
        why = late(evidence.whole)
        return unanswered("noise", name, why) if why else unknown("noise", name, "no text was scored twice")
    if s == 0.0:
        return passed(
            "noise", name, "Scored again, the same text has exactly the same log-probs.", s, limits.NOISE_WARN
        )
    n = len(evidence.first.tokens)
    told = (
        f"Scored again, the same text of about {n} tokens moves by {s:.3g} nats. If that noise is Gaussian, it leaves "
        f"{kept_share(s):.1%} of the effective sample size"
    )
    if s < limits.NOISE_WARN:
        return passed("noise", name, f"{told}.", s, limits.NOISE_WARN)
    what = "Switch off batching or prefix caching for scoring, raise the precision, or plan for more rows."
    if s < limits.NOISE_FAIL:
        return warned("noise", name, f"{told}; longer responses lose more.", what, s, limits.NOISE_WARN)
    return failed("noise", name, f"{told}; longer responses lose more.", what, s, limits.NOISE_FAIL)
