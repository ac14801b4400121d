"""Whether each value belongs to its token. Three ways to see it, none of which trusts the server's own words.

1. The tokens that two texts share at their beginning have the same text before them, so they have the same values.
2. The second part of a response is worth the same when the first part has become the end of the prompt.
3. What the model itself wrote last, at temperature 0, has the log-probs it had while it was written; and no other words
   are likelier there. Only where both are broken by far is it a proof, since servers report them in many ways.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cje_audit.domain.checks import Check
from cje_audit.domain.results import LogProbResult
from cje_audit.stages.doctor import limits
from cje_audit.stages.doctor.build import failed, passed, unknown, warned
from cje_audit.stages.doctor.evidence import Evidence, Opening
from cje_audit.stages.doctor.late import late, unanswered

OFF = (
    "Do not score with this endpoint: its values belong to other tokens. Update the server, or serve the model with "
    "vLLM or SGLang."
)


def alignment(evidence: Evidence) -> Check:
    """Judge whether values belong to their tokens."""
    name, limit = evidence.policy.name, tolerance(evidence)
    gaps = [gap for gap in (_shared(evidence), split_gap(evidence)) if gap is not None]
    worst = max(gaps, default=None)
    if worst is not None and worst > limit:
        told = f"The same token after the same text has values {worst:.2f} nats apart (up to {limit:.2g} is noise)"
        return failed(
            "alignment", name, f"{told}: the values are shifted or depend on what comes later.", OFF, worst, limit
        )
    own = own_words(evidence.endpoint.openings)
    if own is not None and (own.mean > limits.FAR or (own.mean > limits.GROSS and own.outranked)):
        told = (
            f"The server gave its own words other log-probs while writing than when they are scored: {own.mean:.2f} "
            f"nats per token apart over {own.n_tokens} tokens"
        )
        told += f"; and scored, they are less likely than {own.outranked!r}" if own.outranked else ""
        return failed("alignment", name, f"{told}. The scores are off by a token.", OFF, own.mean, limits.GROSS)
    if worst is None:
        return _not_scored(evidence)
    if own is None:
        return warned(
            "alignment", name, f"Two texts with one beginning agree to {worst:.2g} nats per token, but what the model "
            "writes itself could not be compared: values that all belong to the next token would not be seen.",
            "Run the preflight again when the server is less busy, or serve the model with vLLM or SGLang.",
            worst, limit,
        )  # fmt: skip
    split = "" if len(gaps) > 1 else " (the split itself fell inside a token)"
    sentence = (
        f"Values belong to their tokens: two texts with one beginning agree to {worst:.2g} nats per token{split}."
    )
    return passed("alignment", name, sentence, worst, limit)


def tolerance(evidence: Evidence) -> float:
    """Return how far two scorings of one token may lie apart (nats), given how far they do on repeats."""
    apart = [abs(a - b) for one, two in evidence.repeats() for a, b in _pairs(one, two)]
    return max([limits.TOLERANCE, *(limits.NOISY * gap for gap in apart)])


def _shared(evidence: Evidence) -> float | None:
    """Return the largest difference between the shared tokens of a text and of its beginning."""
    return _largest(_pairs(evidence.first, evidence.head))


def split_gap(evidence: Evidence) -> float | None:
    """Return the largest difference between the second part alone and in the whole; None where tokens differ."""
    whole, second = evidence.endpoint.raw_whole, evidence.endpoint.raw_second
    n = len(second.tokens)
    if not whole.is_ok or not second.is_ok or whole.tokens[-n:] != second.tokens:
        return None
    return _largest(list(zip(whole.token_logprobs[-n:], second.token_logprobs, strict=True)))


def _pairs(one: LogProbResult, two: LogProbResult) -> list[tuple[float, float]]:
    """Return the values of the tokens that two results share at their beginning."""
    found = []
    for token, other, a, b in zip(one.tokens, two.tokens, one.token_logprobs, two.token_logprobs, strict=False):
        if token != other:
            break
        found.append((a, b))
    return found


def _largest(pairs: Sequence[tuple[float, float]]) -> float | None:
    return max((abs(a - b) for a, b in pairs), default=None)


def _not_scored(evidence: Evidence) -> Check:
    """Say why nothing could be compared."""
    results = (evidence.head, evidence.endpoint.raw_whole, evidence.endpoint.raw_second)
    if why := late(results):
        return unanswered("alignment", evidence.policy.name, why)
    lost = next((f"{r.code}: {r.detail}" for r in results if not r.is_ok), "its tokens differ from text to text")
    return unknown("alignment", evidence.policy.name, f"the known split could not be scored ({lost})")


@dataclass(frozen=True, slots=True)
class OwnWords:
    """How the model's own words are scored: nats per token between writing and scoring, and what was likelier."""

    mean: float
    n_tokens: int
    outranked: str | None


def own_words(openings: Sequence[Opening]) -> OwnWords | None:
    """Compare what the model wrote with how the same words are scored; None where nothing can be compared."""
    rests = [(o, o.rest(o.scored)) for o in openings if o.written.is_ok and o.scored is not None]
    told = [(opening, scored) for opening, scored in rests if scored is not None]
    pairs = [pair for opening, scored in told for pair in _pairs(opening.written, scored)]
    if not pairs:
        return None
    mean = sum(abs(a - b) for a, b in pairs) / len(pairs)
    likelier = (_likelier(scored, [opening.rest(r) for r in opening.rivals]) for opening, scored in told)
    return OwnWords(mean, len(pairs), next((word for word in likelier if word is not None), None))


def _likelier(scored: LogProbResult, rivals: Sequence[LogProbResult | None]) -> str | None:
    """Return a first token that is scored likelier than the one the model itself chose."""
    own = scored.token_logprobs[0]
    for rival in rivals:
        if (
            rival is not None
            and rival.tokens[0] != scored.tokens[0]
            and rival.token_logprobs[0] > own + limits.TOLERANCE
        ):
            return rival.tokens[0]
    return None
