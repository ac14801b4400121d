"""Whether the server writes more tokens than it was asked for."""

from cje_audit.domain.checks import Check
from cje_audit.stages.doctor.build import passed, unknown, warned


def counts(policy: str, overrun: int | None) -> Check:
    """Judge how many tokens came after a text where none was asked for (more than one is an echo failure anyway)."""
    if overrun is None:
        return unknown(
            "counts",
            policy,
            "what the server does when asked for no token is not known: it does not say, or did not in time",
        )
    if overrun:
        return warned(
            "counts", policy,
            f"Asked to write 0 tokens, the server wrote {overrun}: here 0 means without limit. Every request of a run "
            "asks for 1, so no number is touched.",
            "Never send max_tokens 0 to this server from other tools: each request would fill the whole context.",
            float(overrun), 0.0,
        )  # fmt: skip
    return passed("counts", policy, "Asked to write no token, the server writes none, or one and stops.", 0.0, 0.0)
