"""A provider for an import: which of its failed cells are asked of whom, written into the run's configuration."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cje_audit.domain.checks import STAGES
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Experiment
from cje_audit.domain.import_spec import CONTROLS, ImportSpec, Rescoring, dump_spec
from cje_audit.domain.retry import RetryChoice, RetryPlan
from cje_audit.domain.titles import stage_title
from cje_audit.domain.views import FailedCell
from cje_audit.store.answers import Ending
from cje_audit.store.files import RunFiles

NO_PROVIDER = "This run was imported, so no provider is known that could be asked again."
GIVE_ONE = "Give an experiment file that names its policies: cje-audit retry RUN --with CONFIG."


Cell = tuple[str, str | None, str]


@dataclass(frozen=True)
class Repairable:
    """Failed cells (stage, policy, row id) of an import that a provider can be asked for, and the configuration for it.

    `failed` are all failed cells of the run.
    """

    cells: tuple[FailedCell, ...]
    failed: frozenset[Cell]
    spec: ImportSpec

    def reopens(self, ending: Ending) -> bool:
        """Whether a question is asked again: of one of these cells, or of an intact row they are held against."""
        where = (ending.stage, ending.policy, ending.row_id)
        return where in places(self.cells) or where not in self.failed

    @property
    def endings(self) -> list[Ending]:
        """The cells as what is noted of a retry; they have no question yet, so no key."""
        kinds = {"judge": "judge"}
        return [Ending("", kinds.get(c.stage, "logprobs"), c.stage, c.policy, c.row_id, c.code) for c in self.cells]

    @property
    def first_stage(self) -> str:
        """The first stage that runs again."""
        return min((c.stage for c in self.cells), key=STAGES.index)


def repairable(
    spec: ImportSpec, config: Experiment | None, scope: RetryChoice, failed: Sequence[FailedCell]
) -> Repairable:
    """Return the cells among `failed` (all of a run) that lie in the scope and can be asked for, and how.

    Raises
    ------
    ConfigError
        When nobody is named who could be asked for them.
    """
    cells = [c for c in failed if _meant(c, scope)]
    asked = _asked(spec.rescoring, config, scope)
    kept = [c for c in cells if (asked.judge if c.stage == "judge" else asked.policy(c.policy or "")) is not None]
    if cells and not kept:
        missing = sorted({c.policy or "the judge" for c in cells})
        raise ConfigError(
            f"The experiment file names nobody to ask for {', '.join(missing)}.",
            expected=f"a policy called {missing[0]}"
            if missing != ["the judge"]
            else "a judge of kind score or logprob",
            what_to_do="Call the policies in the experiment file as they are called in the imported file.",
        )
    told = spec.model_copy(update={"rescoring": asked})
    return Repairable(tuple(kept), places(failed), told)


def plan(run: str, found: Repairable) -> RetryPlan:
    """Say what asking a provider for an import's cells means: how many, why they failed, and what runs after it."""
    codes = Counter(cell.code for cell in found.cells)
    stages = STAGES[STAGES.index(found.first_stage) :] if found.cells else ()
    return RetryPlan(
        run=run, n=len(found.cells), n_in_vain=0, by_code=dict(codes.most_common()), stages=stages,
        sentence=_planned(codes, stages) if found.cells else NO_CELL,
    )  # fmt: skip


NO_CELL = "Nothing is asked: no failed cell under this choice has a response that could be scored."


def _planned(codes: Counter[str], stages: Sequence[str]) -> str:
    n = codes.total()
    what = ", ".join(f"{k:,} {code}" for code, k in codes.most_common())
    asked = "1 failed cell is" if n == 1 else f"{n:,} failed cells are"
    after = ", ".join(stage_title(stage).lower() for stage in stages)
    return (
        f"{asked} asked for ({what}), once up to {CONTROLS} intact rows of each column have shown that the provider "
        f"measures what the file holds. These stages run again: {after}. The file stays as it is."
    )


def places(cells: Sequence[FailedCell]) -> frozenset[Cell]:
    """Return where cells lie: stage, policy and row id."""
    return frozenset((c.stage, c.policy, c.row_id) for c in cells)


def _meant(cell: FailedCell, scope: RetryChoice) -> bool:
    """Whether a cell lies in a scope, and has a response that could be scored."""
    wanted = ((scope.stage, cell.stage), (scope.code, cell.code), (scope.policy, cell.policy), (scope.row, cell.row_id))
    responded = not (cell.stage == "logging_policy" and cell.policy is None)
    return responded and all(want in (None, found) for want, found in wanted)


def _asked(known: Rescoring | None, config: Experiment | None, scope: RetryChoice) -> Rescoring:
    if config is None and known is None:
        raise ConfigError(NO_PROVIDER, expected="an experiment file", what_to_do=GIVE_ONE)
    scopes = tuple(dict.fromkeys((*(() if known is None else known.scopes), scope)))
    asked = known if known is not None else Rescoring(scopes=())
    asked = asked if config is None else _also(asked, config)
    return asked.model_copy(update={"scopes": scopes})


def _also(known: Rescoring, config: Experiment) -> Rescoring:
    """Add who is asked, and how, from an experiment; its data and what it asks of the estimates do not matter here."""
    policies = {p.name: p for p in (*known.policies, config.logging_policy, *config.target_policies)}
    judge = config.judge if config.judge.kind in ("score", "logprob") else known.judge
    return Rescoring(scopes=(), policies=tuple(policies.values()), judge=judge, execution=config.execution)


def write(folder: Path, spec: ImportSpec) -> None:
    """Write an import's configuration with who is asked."""
    RunFiles(folder).config.write_text(dump_spec(spec), encoding="utf-8")
