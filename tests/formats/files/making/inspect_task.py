"""An Inspect task that needs no model: its solver answers from a table, with log-probs of what it "generated"."""

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageAssistant, Logprob, Logprobs, ModelOutput, ModelUsage
from inspect_ai.scorer import Score, match, mean, scorer
from inspect_ai.solver import solver

CAPITALS = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Japan": "Tokyo", "Peru": "Lima", "Kenya": "Nairobi"}
BROKEN = "Kenya"  # its sample ends in an error
UNGRADED = "Peru"  # the judge finds no grade


@solver
def from_table(with_logprobs: bool):
    """Answer by country; every second epoch answers wrongly for Spain."""

    async def solve(state, generate):
        country = state.metadata["country"]
        if country == BROKEN and state.epoch == 2:
            raise ValueError("the sample's server went away")
        city = "Barcelona" if country == "Spain" and state.epoch == 2 else CAPITALS[country]
        words = ["The", " capital", " of", f" {country}", " is", f" {city}", "."]
        text = "".join(words)
        output = ModelOutput.from_content("mockllm/model", text)
        output.usage = ModelUsage(input_tokens=9, output_tokens=len(words), total_tokens=9 + len(words))
        if with_logprobs:
            tokens = [Logprob(token=w, logprob=-0.03125 * (i + 1 + len(w)), bytes=None) for i, w in enumerate(words)]
            output.choices[0].logprobs = Logprobs(content=tokens)
        state.output = output
        state.messages.append(ChatMessageAssistant(content=text))
        return state

    return solve


@scorer(metrics=[mean()])
def judge():
    """A judge from a table; of one answer it finds no grade, and says so as Inspect's own graders do."""

    async def score(state, target):
        text = state.output.completion
        if UNGRADED in text:
            return Score.unscored(
                reason="grader_failed", explanation="Grade not found in model output: I'd rather not."
            )
        return Score(value=0.25 if "Barcelona" in text else 0.875, explanation="read from a table")

    return score


def capitals(with_logprobs: bool) -> Task:
    """Six questions, two epochs, two scorers."""
    samples = [
        Sample(id=c.lower(), input=f"What is the capital of {c}?", target=city, metadata={"country": c})
        for c, city in CAPITALS.items()
    ]
    return Task(
        dataset=MemoryDataset(samples, name="capitals"), solver=from_table(with_logprobs), epochs=2, fail_on_error=False,
        scorer=[match(location="any"), judge()],
    )  # fmt: skip


@task
def plain():
    """A log without log-probs."""
    return capitals(with_logprobs=False)


@task
def with_logprobs():
    """A log whose outputs carry the log-probs of generation."""
    return capitals(with_logprobs=True)
