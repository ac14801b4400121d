"""Asks a policy to write responses; shared by the stages that need some."""

from collections.abc import Sequence
from dataclasses import dataclass

from cje_audit.domain.policy import Policy
from cje_audit.providers.base import Provider
from cje_audit.stages.asking import Asked, Asker, Way
from cje_audit.store.answers import Question


@dataclass(frozen=True, slots=True)
class ToWrite:
    """One response to be written: its prompt, its number among the prompt's responses, and the row it is for."""

    prompt: str
    draw: int
    row_id: str


def ask_to_write(asker: Asker, policy: Policy, wanted: Sequence[ToWrite], stage: str) -> Sequence[Asked]:
    """Have one policy write responses; return their ends in the order in which they were wanted."""

    def way(served: Policy, provider: Provider) -> Way:
        identity, version = served.identity_hash(), provider.scorer_version
        questions = [
            Question("generate", identity, version, 0, (w.prompt, w.draw), stage, policy.name, w.row_id) for w in wanted
        ]

        async def ask(index: int) -> object:
            return await provider.generate(served, wanted[index].prompt, draw=wanted[index].draw)

        return Way(provider, questions, ask)

    return asker.ask_ways(policy, "generate", way)
