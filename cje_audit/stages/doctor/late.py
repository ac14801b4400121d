"""What the preflight's own time cut short is no proof of a fault: not evaluated, with why, and to be asked again."""

from collections.abc import Iterable
from typing import Any

from cje_audit.domain.checks import Check
from cje_audit.domain.codes import FailureCode
from cje_audit.domain.results import Result
from cje_audit.stages.doctor.build import unknown

CODE = FailureCode.BUDGET  # of the preflight's time; a server that breaks off by itself has `timeout` and is at fault
AGAIN = "Run the preflight again when the server is less busy."


def late(results: Iterable[Result[Any] | None]) -> str | None:
    """Return how time ran out for one of these results; None where it did for none."""
    return next((r.detail for r in results if r is not None and r.code is CODE), None)


def unanswered(probe: str, policy: str | None, why: str) -> Check:
    """Say that a probe had no answer in time; what to do sets it apart from what there was no need to ask."""
    return unknown(probe, policy, why, AGAIN)
