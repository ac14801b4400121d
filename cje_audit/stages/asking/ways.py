"""A stage's second way to ask: the backup of an endpoint, and what went there. Used only where it was proved equal."""

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cje_audit.domain.backups import BackupUse
from cje_audit.domain.codes import FailureCode
from cje_audit.providers.base import Provider
from cje_audit.stages.provenance import read_preflight
from cje_audit.store.answers import AnswerStore, AnyResult, Question
from cje_audit.store.files import RunFiles

HAND_OVER_S = 3.0  # so long an endpoint may fail before its rows go to the backup: a blip is shorter
HANDED_ON = frozenset(
    {
        FailureCode.TIMEOUT, FailureCode.CONNECTION, FailureCode.SERVER_ERROR, FailureCode.BAD_RESPONSE,
        FailureCode.RATE_LIMITED, FailureCode.AUTH, FailureCode.QUOTA, FailureCode.NOT_FOUND,
    }
)  # fmt: skip  # these concern the endpoint; what concerns the text would be the same at the backup


@dataclass(frozen=True, slots=True)
class Way:
    """One way to have the questions of a stage answered: question i under this way's own identity, and how to ask it.

    The keys differ from those of the first way, so that an answer is never read as the other endpoint's.
    """

    provider: Provider
    questions: Sequence[Question]
    ask: Callable[[int], Awaitable[Any]]


@dataclass(slots=True)
class Moved:
    """Which questions went to the backup: from the key at the first endpoint to the key at the backup."""

    to: dict[str, str] = field(default_factory=dict)

    def key(self, first: str) -> str:
        """Return the key under which a question is answered."""
        return self.to.get(first, first)


def found_at_backup(
    answers: AnswerStore, run: str, places: Mapping[str, int], backup: Way
) -> tuple[Moved, Set[str], dict[str, AnyResult]]:
    """Return what this very run asked the backup before it was stopped: the questions, the answered, the failures.

    Parameters
    ----------
    places
        The questions without an end at the first endpoint: key and place among the stage's questions.
    """
    keys = {first: backup.questions[i].key for first, i in places.items()}
    answered = answers.answered_in(run, list(keys.values()))
    failures = answers.endings(run, [k for k in keys.values() if k not in answered])
    moved = Moved({first: key for first, key in keys.items() if key in answered or key in failures})
    return moved, answered, failures


def proved(folder: Path, name: str | None) -> bool:
    """Whether the run's preflight proved the backup of a policy equal (None: that the judge's can be read)."""
    kept = read_preflight(RunFiles(folder).preflight)
    return kept is not None and kept.found.proves_backup(name)


def use_of(about: Question, gates: tuple[str, str], keys: Sequence[str], moved: Moved, failed: Set[str]) -> BackupUse:
    """Count which endpoint answered how many of a stage's questions; `about` is one of them."""
    name = None if about.kind == "judge" else about.policy
    there = set(moved.to.values())
    n_backup = sum(key in there and key not in failed for key in keys)
    n_first = sum(key not in there and key not in failed for key in keys)
    return BackupUse(
        policy=name, kind=about.kind, first=gates[0], backup=gates[1], proved=True, n_first=n_first, n_backup=n_backup
    )
