"""One asking stage without the stages around it: questions to a fault server, and what must hold of every answer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cje_audit.domain.experiment import DataSource, Execution, Experiment
from cje_audit.domain.policy import Policy
from cje_audit.stages.asking import Asked, Asker
from cje_audit.stages.base import StageContext, StageProgress, StopSignal
from cje_audit.store.answers import AnswerStore, Question
from cje_audit.store.tables import RunTables
from cje_audit.store.workspace import Workspace
from tests.faults.truth import response_values

SYSTEM = "Be brief."


def policy(url: str, **changes: Any) -> Policy:
    fields = {"name": "base", "provider": "openai_compatible", "base_url": url, "model": "m", "system_prompt": SYSTEM}
    return Policy(**(fields | changes))


def text(i: int) -> tuple[str, str]:
    return f"What is {i} plus {i * 7 % 13}?", f"It is {i + i * 7 % 13} of course, {'as ' * (i % 9)}you know."


def truth(i: int) -> list[float]:
    prompt, response = text(i)
    found = response_values("m", f"{SYSTEM}\n\n{prompt}\n\n", response)
    assert found is not None
    return found


@dataclass
class Bench:
    """A workspace with one run, in which questions are asked in this process."""

    context: StageContext
    workspace: Workspace

    def ask(self, asked: Policy, n: int, *, execution: Execution, first: int = 0) -> Sequence[Asked]:
        texts = [text(first + i) for i in range(n)]
        with Asker(self.context, execution) as asker:
            provider = asker.provider(asked)
            identity, version = asked.identity_hash(), provider.scorer_version
            questions = [
                Question("logprobs", identity, version, 0, (*t, False), "target_policy", asked.name, f"r{first + i}")
                for i, t in enumerate(texts)
            ]

            async def ask(i: int) -> object:
                return await provider.logprobs(asked, *texts[i], ended=False)

            return asker.ask_all(questions, ask, provider)


@contextmanager
def bench(root: Path) -> Iterator[Bench]:
    workspace, answers = Workspace(root), AnswerStore(root / "answers.sqlite")
    record = workspace.create("asking", "launch", "0")
    folder = workspace.run_dir(record.id)
    folder.mkdir(parents=True)
    asked = policy("http://127.0.0.1:1/v1")
    spec = Experiment(
        name="t",
        data=DataSource(path="-"),
        logging_policy=asked,
        target_policies=(asked.model_copy(update={"name": "b"}),),
    )
    tables = RunTables(folder / "run.duckdb", read_only=False)
    progress = StageProgress(workspace, record.id, "target_policy")
    try:
        yield Bench(StageContext(record, folder, spec, tables, answers, progress, StopSignal()), workspace)
    finally:
        tables.close()
        answers.close()
        workspace.close()


def nothing_invented(asked: Sequence[Asked], first: int = 0) -> int:
    """Assert that every end is the truth or a code; return how many have a value."""
    for i, end in enumerate(asked):
        if end.result.is_ok:
            assert end.result.token_logprobs == tuple(truth(first + i))  # type: ignore[union-attr]
        else:
            assert end.result.value is None
            assert end.result.code is not None
    return sum(end.result.is_ok for end in asked)
