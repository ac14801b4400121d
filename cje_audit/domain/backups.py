"""Which endpoint answered, where a policy or the judge has a backup; and the sentence a report says of it."""

from collections.abc import Sequence

from cje_audit.domain.part import Part

WORDS = {"generate": "responses", "logprobs": "log-probs", "judge": "judgements"}


class BackupUse(Part):
    """What the two endpoints answered of one kind of question in one stage.

    Attributes
    ----------
    policy
        None for the judge.
    kind
        `generate`, `logprobs` or `judge`.
    first, backup
        The endpoints' names, without any secret.
    proved
        Whether a preflight proved the backup equal (a judge's: readable); without that it is never asked.
    n_first, n_backup
        Questions each of them answered; failures are in neither.
    """

    policy: str | None
    kind: str
    first: str
    backup: str
    proved: bool
    n_first: int
    n_backup: int

    @property
    def sentence(self) -> str | None:
        """What is worth saying; None where the backup stood ready and was not needed.

        Examples
        --------
        >>> use = BackupUse(policy="base", kind="logprobs", first="x", backup="y", proved=True, n_first=7, n_backup=3)
        >>> use.sentence
        '3 of 10 log-probs of base came from its backup, which the preflight had proved equal.'
        """
        whose = "the judge" if self.policy is None else self.policy
        if not self.proved:
            return (
                f"The backup of {whose} was not used: no preflight of this run proved it. Launch with --doctor to let "
                "it be used."
            )
        if not self.n_backup:
            return None
        n = f"{self.n_backup:,} of {self.n_first + self.n_backup:,}"
        if self.kind == "judge":
            return f"{n} judgements came from the judge's backup, which is another judge."
        return f"{n} {WORDS[self.kind]} of {whose} came from its backup, which the preflight had proved equal."


def two_judges(uses: Sequence[BackupUse]) -> tuple[int, int] | None:
    """Return how many judgements came from the judge and how many from its backup; None unless both gave some."""
    judged = [use for use in uses if use.kind == "judge"]
    first, backup = sum(use.n_first for use in judged), sum(use.n_backup for use in judged)
    return (first, backup) if first and backup else None


def sentences(uses: Sequence[BackupUse]) -> tuple[str, ...]:
    """Return what is worth saying of all backups, each once."""
    return tuple(dict.fromkeys(use.sentence for use in uses if use.sentence is not None))
