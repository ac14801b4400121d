"""What a pilot says: go, look first, or no go; and what the rest of the rows would cost and take."""

from collections.abc import Mapping

from cje_audit.checks.words import number
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.pilot import PilotOutcome, PilotReport, PilotSize
from cje_audit.domain.report import Report
from cje_audit.domain.titles import check_title

ASKING = ("logging_policy", "target_policy", "judge")
SIZE_DEPENDS = ("estimation.", "judge.calibration", "judge.transport", "dataset.manifest")
MINUTE = 60


def pilot_report(
    report: Report, size: PilotSize, cost: float | None, quality: Mapping[str, float | None]
) -> PilotReport:
    """Judge a pilot by the checks of its report; checks that only more rows can pass do not stop it.

    `cost` is what the pilot cost, None where it is not known.
    """
    speaking = [c for c in report.checks() if not c.id.startswith(SIZE_DEPENDS)]
    broken = [c for c in speaking if c.status is CheckStatus.FAIL]
    odd = [c for c in speaking if c.status is CheckStatus.WARN]
    outcome: PilotOutcome = "no_go" if broken else "look" if odd else "go"
    times = [s.seconds for s in report.stages if s.name in ASKING and s.seconds is not None]
    share = size.n_left / size.n
    cost_of_rest = None if cost is None else cost * share
    seconds = sum(times) * share if times else None
    return PilotReport(
        size=size,
        outcome=outcome,
        sentence=f"{_opening(outcome, size, broken or odd)} {_rest(size, cost_of_rest, seconds)}".strip(),
        reasons=tuple(dict.fromkeys(c.id for c in (*broken, *odd))),
        cost=cost,
        cost_of_rest=cost_of_rest,
        seconds_of_rest=seconds,
        quality=dict(quality),
    )


def _opening(outcome: PilotOutcome, size: PilotSize, checks: list[Check]) -> str:
    rows = f"{size.n:,} of {size.n_total:,} rows"
    if outcome == "go":
        return f"Go: nothing was found wrong in the pilot's {rows}."
    which = ", ".join(dict.fromkeys(check_title(c.id) for c in checks))
    if outcome == "look":
        return f"Look first: the pilot's {rows} ran through, with warnings ({which})."
    return f"No go: the pilot's {rows} show what the rest would repeat ({which})."


def _rest(size: PilotSize, cost: float | None, seconds: float | None) -> str:
    if not size.n_left:
        return ""
    known = ["cost nothing" if cost == 0 else f"cost about {number(cost)}"] if cost is not None else []
    known += [f"take about {_duration(seconds)}"] if seconds is not None else []
    told = f" They would {' and '.join(known)}." if known else ""
    unknown = " What they would cost is not known: a model has no price." if cost is None else ""
    return f"{size.n_left:,} of {size.n_total:,} rows are left.{told}{unknown}"


def _duration(seconds: float) -> str:
    return f"{max(seconds, 1):.0f} s" if seconds < 2 * MINUTE else f"{seconds / MINUTE:.0f} min"
