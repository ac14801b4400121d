"""Checks of the logging policy stage: responses, and the log-probs they were drawn with."""

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import Fault, examples, not_evaluated, row_check
from cje_audit.checks.frame import Column, PolicyFacts, Rows
from cje_audit.checks.logprob_column import check_logprob_column
from cje_audit.checks.words import count, number
from cje_audit.domain.checks import Check, CheckStatus

RESPONSES = Fault(
    "logging_policy.responses",
    "rows",
    "have no response",
    "Every row has a response.",
    "Retry the failed rows, or drop them.",
)
EMPTY = Fault(
    "logging_policy.empty_responses",
    "responses",
    "are blank",
    "No response is blank.",
    "Check why the logging policy wrote nothing; blank responses cannot be scored.",
)


def check_logging_policy(rows: Rows, column: Column | None, facts: PolicyFacts) -> list[Check]:
    """Return all `logging_policy.*` checks; `column` is None when its log-probs were never computed."""
    return [
        row_check(RESPONSES, rows, ~rows.has_response),
        row_check(EMPTY, rows, rows.has_response & rows.blank_response),
        computed(rows, column, facts),
        *check_logprob_column("logging_policy", rows, column),
        sampling_density(rows, column, facts),
    ]


def computed(rows: Rows, column: Column | None, facts: PolicyFacts) -> Check:
    """Ask whether the logging log-probs are there; blocks every estimate below half of the rows."""
    n_ok = 0 if column is None else column.n_ok
    enough = n_ok > 0 and n_ok >= thresholds.LOGGING_MISSING_FAIL * rows.n
    status = CheckStatus.PASS if n_ok == rows.n and enough else CheckStatus.WARN if enough else CheckStatus.FAIL
    missing = np.ones(rows.n, dtype=bool) if column is None else ~column.ok
    return Check(
        id="logging_policy.computed",
        status=status,
        value=n_ok / rows.n if rows.n else None,
        threshold=thresholds.LOGGING_MISSING_FAIL,
        n_affected=rows.n - n_ok,
        sentence=f"{count(n_ok, rows.n)} rows have a valid log-prob under the logging policy {facts.name}"
        + ("." if enough else ": nothing can be weighted without it."),
        what_to_do=None if status is CheckStatus.PASS else "Score the missing rows under the logging policy.",
        example_ids=examples(rows, missing),
    )


def sampling_density(rows: Rows, column: Column | None, facts: PolicyFacts) -> Check:
    """Ask whether the log-probs, scored at temperature 1 and top_p 1, belong to the density that was sampled."""
    check = "logging_policy.sampling_density"
    if not facts.sampling:
        return not_evaluated(check, "the file does not say with which temperature and top_p the responses were drawn")
    if column is None:
        return not_evaluated(check, "there are no log-probs")
    settings = {name: facts.sampling[name] for name in ("temperature", "top_p") if name in facts.sampling}
    off = {name: value for name, value in settings.items() if value != 1}
    said = " and ".join(f"{name.replace('_', ' ')} {number(value)}" for name, value in (off or settings).items())
    if not off:
        return Check(
            id=check,
            status=CheckStatus.PASS,
            n_affected=0,
            sentence=f"Responses were drawn at {said}, as the log-probs are scored.",
        )
    return Check(
        id=check,
        status=CheckStatus.WARN,
        n_affected=rows.n,
        sentence=f"Responses were drawn at {said}, but the log-probs are those of temperature 1 and top p 1: "
        "the weights are relative to a density nobody sampled from.",
        what_to_do="Draw the responses at temperature 1 and top_p 1, or read the estimates as approximate.",
    )
