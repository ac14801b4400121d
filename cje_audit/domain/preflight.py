"""What the preflight found out about an experiment's endpoints, and whether a launch has to wait."""

from collections.abc import Iterable

from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.part import Part


class Preflight(Part):
    """One preflight of one configuration.

    `config_hash` is the configuration's without its data file: a result is of use only for the same one. `at` is ISO
    8601 in UTC, `seconds` how long it took.
    """

    config_hash: str
    at: str
    seconds: float
    checks: tuple[Check, ...]

    def of(self, status: CheckStatus) -> tuple[Check, ...]:
        """Return the probes with a status."""
        return tuple(c for c in self.checks if c.status is status)

    @property
    def unanswered(self) -> tuple[Check, ...]:
        """The probes that had no answer in time; those there was no need to ask have nothing to do about them."""
        return tuple(c for c in self.of(CheckStatus.NOT_EVALUATED) if c.what_to_do is not None)

    @property
    def blocks(self) -> bool:
        """Whether a launch has to wait: a probe fails. One that warns, or had no answer in time, does not block."""
        return bool(self.of(CheckStatus.FAIL))

    def proves_backup(self, policy: str | None) -> bool:
        """Whether the backup of a policy was proved equal (None: whether the judge's gives scores)."""
        return any((c.id, c.policy) == ("doctor.backup", policy) for c in self.of(CheckStatus.PASS))

    @property
    def sentence(self) -> str:
        """What came out, in one sentence.

        Examples
        --------
        >>> Preflight(config_hash="0", at="2026-01-01T00:00:00Z", seconds=2.0, checks=()).sentence
        'The preflight found nothing that blocks a launch: 0 of 0 probes passed, 0 warn (2 s).'
        """
        failing, warning, passing = (self.of(s) for s in (CheckStatus.FAIL, CheckStatus.WARN, CheckStatus.PASS))
        n = len(self.checks)
        late = f", {len(self.unanswered)} had no answer in time" if self.unanswered else ""
        told = f"{len(passing)} of {n} probes passed, {len(warning)} warn{late} ({self.seconds:.0f} s)"
        if not failing:
            return f"The preflight found nothing that blocks a launch: {told}."
        return f"The preflight blocks the launch: {len(failing)} of {n} probes fail; {told}."


class KeptPreflight(Part):
    """A preflight as it is kept with its run; `set_aside_by` launched although it blocks."""

    found: Preflight
    set_aside_by: str | None = None

    def provenance(self) -> dict[str, object]:
        """Return what the report says of it; the reason of whoever set it aside stands in the audit trail."""
        return {
            "at": self.found.at,
            "n_probes": len(self.found.checks),
            "failing": _named(self.found.of(CheckStatus.FAIL)),
            "warning": _named(self.found.of(CheckStatus.WARN)),
            "unanswered": _named(self.found.unanswered),
            "set_aside_by": self.set_aside_by,
        }


def _named(checks: Iterable[Check]) -> list[str]:
    return [f"{c.id} {c.policy or ''}".strip() for c in checks]
