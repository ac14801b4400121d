"""Checks of the logging policy stage: responses, and the log-probs they were drawn with."""

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import Fault, examples, not_evaluated, row_check
from cje_audit.checks.frame import Column, Floats, PolicyFacts, Rows
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
        single_policy(rows, column, facts),
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
    off = {name: value for name, value in settings.items() if value != thresholds.SAMPLING_SCORED}
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


def single_policy(rows: Rows, column: Column | None, facts: PolicyFacts) -> Check:
    """Ask whether one policy is behind all rows: by its identity, else by texts that are there more than once."""
    check = "logging_policy.single_policy"
    if facts.identity is not None:
        sentence = f"All {rows.n:,} rows belong to one identity of {facts.name}."
        return Check(id=check, status=CheckStatus.PASS, n_affected=0, sentence=sentence)
    split = repeated_texts(rows, column) if column is not None else np.zeros(0)
    if len(split) < thresholds.REPEATED_TEXTS:
        return not_evaluated(check, "the file does not say which model wrote each row, and too few texts are repeated")
    apart = float(np.median(split))
    differ = apart > thresholds.REPEATED_NATS
    return Check(
        id=check,
        status=CheckStatus.WARN if differ else CheckStatus.PASS,
        value=apart,
        threshold=thresholds.REPEATED_NATS,
        n_affected=int(np.count_nonzero(split > thresholds.REPEATED_NATS)),
        sentence=f"{len(split):,} texts are there more than once; the log-probs of one text lie {number(apart)} nats "
        + ("apart: more than one model or setting scored them." if differ else "apart, as those of one policy do."),
        what_to_do="Score all rows with one model, template and setting." if differ else None,
    )


def repeated_texts(rows: Rows, column: Column) -> Floats:
    """Return, for each text that is scored more than once, how far its log-probs lie apart (nats)."""
    keys, values = rows.text_key[column.ok], column.values[column.ok]
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, dtype=np.int64)
    last = np.r_[first[1:], len(keys)] - 1 if len(first) else first
    again = last > first
    return np.asarray(values[last[again]] - values[first[again]], dtype=np.float64)
