"""Whether a sensible response is more likely than the same words in another order. A plausibility."""

from cje_audit.domain.checks import Check
from cje_audit.stages.doctor.build import passed, unknown, warned
from cje_audit.stages.doctor.evidence import Evidence
from cje_audit.stages.doctor.late import late, unanswered


def likely(evidence: Evidence) -> Check:
    """Judge a known-likely response against its shuffled words, per token."""
    name, shuffled = evidence.policy.name, evidence.shuffled
    if why := late([shuffled]):
        return unanswered("likely", name, why)
    if not shuffled.is_ok:
        return unknown("likely", name, f"the shuffled response has no value ({shuffled.code})")
    one, two = (r.unwrap() / len(r.tokens) for r in (evidence.first, shuffled))
    told = f"{one:.2f} nats per token as written, {two:.2f} with its words shuffled"
    if one <= two:
        return warned(
            "likely", name, f"A sensible answer is not more likely than the same words shuffled: {told}.",
            "Check that this is a language model with its own tokenizer, and that the template is the model's.",
            one - two, 0.0,
        )  # fmt: skip
    return passed(
        "likely", name, f"A sensible answer is more likely than the same words shuffled: {told}.", one - two, 0.0
    )
