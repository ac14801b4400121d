"""Whether the model's own words are scored as it wrote them. A plausibility: servers report them in many ways."""

from cje_audit.domain.checks import Check
from cje_audit.stages.doctor import limits
from cje_audit.stages.doctor.alignment import own_words
from cje_audit.stages.doctor.build import passed, unknown, warned
from cje_audit.stages.doctor.evidence import Evidence
from cje_audit.stages.doctor.late import late, unanswered


def greedy(evidence: Evidence) -> Check:
    """Judge greedy self-consistency."""
    name, own = evidence.policy.name, own_words(evidence.endpoint.openings)
    openings = evidence.endpoint.openings
    if own is None and (late_by := late(r for o in openings for r in (o.written, o.scored))):
        return unanswered("greedy", name, late_by)
    if own is None:
        why = next((o.written.detail for o in openings if o.written.detail), None)
        return unknown("greedy", name, why or "the model wrote nothing that could be scored")
    limit = limits.GREEDY_TOLERANCE
    if own.mean > limit:
        told = f"{own.mean:.2f} nats per token on average, over {own.n_tokens} tokens"
        return warned(
            "greedy", name, f"Words the model wrote at temperature 0 are scored otherwise than it wrote them: {told}.",
            "Find out whether the server reports log-probs after temperature or penalties; if not, it scores another "
            "text than it writes after.", own.mean, limit,
        )  # fmt: skip
    if recut := evidence.ending.recut():
        return _cut_otherwise(name, *recut)
    sentence = f"Words the model wrote at temperature 0 are scored as it wrote them ({own.mean:.2g} nats per token)."
    return passed("greedy", name, sentence, own.mean, limit)


def _cut_otherwise(name: str, alone: tuple[str, ...], followed: tuple[str, ...]) -> Check:
    """Say that what comes directly after the template is scored after other tokens than it was written after."""
    told = " and ".join(repr(token) for token in followed) or "no token of its own"
    return warned(
        "greedy", name, "The model's own words are scored as it wrote them, but not those directly after the template: "
        f"when it writes, the template's end is the token {' '.join(map(repr, alone)) or 'before it'}; once a response "
        f"follows, it is {told}. So the first log-probs of a response are not those it was written with.",
        "Use a template whose end is cut the same with and without a response: template: chat, or a Jinja file that "
        "ends with one line break or with a word.",
    )  # fmt: skip
