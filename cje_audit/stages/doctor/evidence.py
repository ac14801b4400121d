"""What was asked of one policy, and what came back: the material on which every probe judges."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, takewhile

from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.stages.doctor import material
from cje_audit.stages.doctor.prober import Prober


@dataclass(frozen=True, slots=True)
class Opening:
    """One text the model went on from: what it wrote itself, that scored again, and words nobody would write there.

    What is scored begins with `begun`, which was there before the model wrote.
    """

    written: LogProbResult
    scored: LogProbResult | None
    rivals: tuple[LogProbResult, ...]
    begun: str = ""

    def rest(self, result: LogProbResult) -> LogProbResult | None:
        """Return a score's part after `begun`; None where there is none, or where no token ends with it."""
        if not result.is_ok:
            return None
        ends = [0, *accumulate(map(len, result.tokens))]
        if len(self.begun) not in ends[:-1]:
            return None
        cut = ends.index(len(self.begun))
        return LogProbResult.success(result.token_logprobs[cut:], result.tokens[cut:])


@dataclass(frozen=True, slots=True)
class Ending:
    r"""The end of the text before a response, as tokens: alone, as the model reads it to write, and with a response."""

    alone: LogProbResult
    followed: LogProbResult

    def recut(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        r"""Return the tokens that differ, alone and followed; None where they are the same, or where nothing is known.

        Examples
        --------
        >>> alone, followed = ("?", "\n\n"), ("?", "\n", "\n", "It")
        >>> Ending(*(LogProbResult.success((-1.0,) * len(t), t) for t in (alone, followed))).recut()
        (('\n\n',), ('\n', '\n'))
        """
        if not (self.alone.is_ok and self.followed.is_ok):
            return None
        alone, room = self.alone.tokens, len("".join(self.alone.tokens))
        ends = accumulate(map(len, self.followed.tokens))
        followed = tuple(token for token, end in zip(self.followed.tokens, ends, strict=True) if end <= room)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(alone, followed, strict=False)))
        return (alone[same:], followed[same:]) if alone[same:] or followed[same:] else None


@dataclass(frozen=True, slots=True)
class EndpointEvidence:
    """What is asked once per endpoint, however many policies are on it.

    Attributes
    ----------
    raw_whole, raw_second
        Two parts together, and the second one alone after a prompt that ends with the first. No template but a blank
        line, so that both requests hold the same text.
    openings
        What the model writes itself.
    """

    raw_whole: LogProbResult
    raw_second: LogProbResult
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The scores of one policy's probes, in nats.

    Attributes
    ----------
    whole
        A response, scored twice.
    head
        Its beginning alone; the tokens the two share have the same text before them.
    shuffled
        The same words in another order.
    wrong_template
        The response after another text.
    ending
        The template's end, cut into tokens alone and with a response after it.
    """

    policy: Policy
    endpoint: EndpointEvidence
    whole: tuple[LogProbResult, ...]
    head: LogProbResult
    shuffled: LogProbResult
    wrong_template: LogProbResult
    ending: Ending

    @property
    def first(self) -> LogProbResult:
        """The first answer of all, which has a value."""
        return self.whole[0]

    def repeats(self) -> list[tuple[LogProbResult, LogProbResult]]:
        """Return pairs of scorings of one text; only those that both have a value."""
        return [(a, b) for a, b in pairwise(self.whole) if a.is_ok and b.is_ok]


async def gather(
    prober: Prober, policy: Policy, first: LogProbResult, endpoint: asyncio.Task[EndpointEvidence]
) -> Evidence:
    """Ask everything else about a policy once a first answer has come; the repeat goes out among other requests.

    What concerns the endpoint comes first: it alone shows values that all belong to the next token.
    """
    shared = await endpoint
    head, second, shuffled, wrong, ending = await asyncio.gather(
        prober.score(policy, material.PROMPT, material.HEAD),
        prober.score(policy, material.PROMPT, material.WHOLE),
        prober.score(policy, material.PROMPT, material.SHUFFLED),
        prober.score(_wrong(policy), material.PROMPT, material.WHOLE),
        _ending(prober, policy, first.before),
    )
    return Evidence(policy, shared, (first, second), head, shuffled, wrong, ending)


async def gather_endpoint(prober: Prober, policy: Policy) -> EndpointEvidence:
    """Ask what concerns the endpoint alone; `policy` is the first one on it."""
    raw = _raw(policy)
    openings = await asyncio.gather(*(_opening(prober, policy, text, begun) for text, begun in material.OPENINGS))
    both, rest = await asyncio.gather(
        prober.score(raw, material.PROMPT, f"{material.FIRST_PART}\n\n{material.SECOND_PART}"),
        prober.score(raw, f"{material.PROMPT}\n\n{material.FIRST_PART}", material.SECOND_PART),
    )
    return EndpointEvidence(both, rest, tuple(openings))


def _raw(policy: Policy) -> Policy:
    """Return the policy without a template: a prompt, a blank line, and the response."""
    return policy.model_copy(update={"template": "completion", "system_prompt": None, "user_template": None})


def _wrong(policy: Policy) -> Policy:
    """Return the policy with another text before everything it reads."""
    before = policy.user_template if policy.user_template is not None else "{prompt}"
    return policy.model_copy(update={"user_template": material.OTHER_TEXT + before})


async def _ending(prober: Prober, policy: Policy, before: str | None) -> Ending:
    """Have the last characters before a response cut into tokens, alone and with a response after them."""
    text = (before or "")[-material.ENDING :].lstrip()
    texts = (text, text + material.WHOLE)
    return Ending(*await asyncio.gather(*(prober.score(_raw(policy), material.OTHER_TEXT.strip(), t) for t in texts)))


async def _opening(prober: Prober, policy: Policy, text: str, begun: str) -> Opening:
    written = await prober.greedy(policy, text, begun)
    if not written.is_ok:
        return Opening(written, None, (), begun)
    texts = ("".join(written.tokens), *material.RIVALS)
    scored, *rivals = await asyncio.gather(*(prober.score(policy, text, begun + rest) for rest in texts))
    return Opening(written, scored, tuple(rivals), begun)


def per_token(result: LogProbResult) -> Sequence[float]:
    """Return the log-probs of a result's tokens; nothing where it failed."""
    return result.token_logprobs if result.is_ok else ()
