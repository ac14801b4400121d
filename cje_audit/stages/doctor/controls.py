"""Probes that cannot fail prove nothing: each control breaks something on purpose and has to be caught."""

from collections.abc import Callable
from dataclasses import replace

from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.results import LogProbResult
from cje_audit.stages.doctor import limits
from cje_audit.stages.doctor.alignment import alignment, split_gap, tolerance
from cje_audit.stages.doctor.build import failed, passed, unknown
from cje_audit.stages.doctor.evidence import Evidence
from cje_audit.stages.doctor.late import late, unanswered

SPOILT = CheckStatus.FAIL


def controls(evidence: Evidence) -> Check:
    """Run the probes on what was spoilt on purpose; pass when every one of them is caught."""
    name = evidence.policy.name
    if why := late([evidence.wrong_template]):
        return unanswered("controls", name, why)
    if alignment(evidence).status is not CheckStatus.PASS or not evidence.wrong_template.is_ok:
        return unknown("controls", name, "the probe it would spoil did not pass")
    missed = [what for what, is_caught in CONTROLS.items() if not is_caught(evidence)]
    if missed:
        return failed(
            "controls", name, f"These spoilt on purpose were not noticed: {', '.join(missed)}.",
            "Do not trust the other probes of this endpoint: it may give the same values whatever it is sent.",
            float(len(missed)), 0.0,
        )  # fmt: skip
    names = ", ".join(CONTROLS)
    return passed("controls", name, f"The probes can fail: what was spoilt on purpose was noticed ({names}).", 0.0, 0.0)


def _wrong_template(evidence: Evidence) -> bool:
    """Another text before the prompt has to move the values; a server that reads only the response does not notice."""
    return abs(evidence.first.unwrap() - evidence.wrong_template.unwrap()) > max(
        limits.SAME, tolerance(evidence) - limits.TOLERANCE
    )


def _shifted_boundary(evidence: Evidence) -> bool:
    """Cutting the response one token late has to be seen in its second part, or else in its beginning."""
    if split_gap(evidence) is None:
        return _off_by_one(evidence)
    second = evidence.endpoint.raw_second
    late = _values(second, (*second.token_logprobs[1:], second.token_logprobs[0]))
    cut = replace(evidence, endpoint=replace(evidence.endpoint, raw_second=late))
    return alignment(cut).status is SPOILT


def _off_by_one(evidence: Evidence) -> bool:
    """Values moved to the neighbouring token, as without the beginning-of-text token, have to disagree."""
    values = evidence.head.token_logprobs
    return alignment(replace(evidence, head=_values(evidence.head, (*values[1:], values[0])))).status is SPOILT


def _values(result: LogProbResult, values: tuple[float, ...]) -> LogProbResult:
    return LogProbResult.success(values, result.tokens)


CONTROLS: dict[str, Callable[[Evidence], bool]] = {
    "wrong template": _wrong_template,
    "shifted boundary": _shifted_boundary,
    "dropped first token": _off_by_one,
}
