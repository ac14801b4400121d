"""Checks of the dataset stage: lines that do not parse, copies, and responses that were cut."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, not_evaluated, row_status
from cje_audit.checks.frame import Bools, Rows, equals
from cje_audit.checks.manifest import ManifestFacts, manifest
from cje_audit.checks.text_marks import TextMarks, runaway, template_contamination
from cje_audit.checks.words import count, percent
from cje_audit.domain.checks import Check, CheckStatus

UNFINISHED_OK = ".!?…。！？؟।:;)]}>\"'`*_~|”’»」』）】#=$-–—"
"""Characters a finished response may end on; a response ending on anything else stopped in mid-sentence."""

CUT_REASONS = ("length", "max_tokens", "max_length")


@dataclass(frozen=True)
class Quarantined:
    """One line that was not imported: where it stands ("line 7"), its code, and the reason in words."""

    where: str
    code: str
    reason: str


@dataclass(frozen=True, eq=False)
class DatasetFacts:
    """What happened on the way in.

    `n_lines` counts every line read. `conflicting_ids` are ids whose copies differ (they are not in `quarantined`).
    `unfinished`, bool (n,), marks responses whose last visible character is not in `UNFINISHED_OK`; None if unknown.
    `marks` is what was found in the texts; None if they are not at hand. `manifest` is
    what the data's manifest says, None where no run was asked about one.
    """

    n_lines: int
    quarantined: tuple[Quarantined, ...] = ()
    n_exact_duplicates: int = 0
    conflicting_ids: tuple[str, ...] = ()
    unfinished: Bools | None = None
    marks: TextMarks | None = None
    manifest: ManifestFacts | None = None


def check_dataset(facts: DatasetFacts, rows: Rows) -> list[Check]:
    """Return all `dataset.*` checks."""
    return [
        schema(facts, rows),
        duplicate_ids(facts, rows),
        manifest(facts.manifest),
        template_contamination(facts.marks, rows),
        runaway(facts.marks, rows),
        truncation(facts, rows),
    ]


def schema(facts: DatasetFacts, rows: Rows) -> Check:
    """Ask whether every line parses and has its fields; fails above 5 % bad lines, and blocks when no row is left."""
    bad = len(facts.quarantined)
    status = CheckStatus.FAIL if rows.n == 0 else row_status(bad, facts.n_lines)
    clean = status is CheckStatus.PASS
    return Check(
        id="dataset.schema",
        status=status,
        value=bad / facts.n_lines if facts.n_lines else None,
        threshold=thresholds.ROW_FAULT_FAIL,
        n_affected=bad,
        sentence=_schema_sentence(facts, rows),
        what_to_do=None if clean else "Correct the listed lines in the source file and import again.",
        example_ids=tuple(q.where for q in facts.quarantined[: thresholds.EXAMPLES]),
    )


def _schema_sentence(facts: DatasetFacts, rows: Rows) -> str:
    if not facts.quarantined:
        return f"All {facts.n_lines:,} lines were read." if rows.n else "The data holds no row."
    reasons = Counter(q.reason for q in facts.quarantined).most_common(1)[0]
    kept = f"{rows.n:,} rows remain" if rows.n else "no row remains"
    where = facts.quarantined[0].where
    return (
        f"{count(len(facts.quarantined), facts.n_lines)} lines were left out and {kept}; "
        f"the first is {where}, the most frequent reason: {reasons[0].rstrip('.')}."
    )


def duplicate_ids(facts: DatasetFacts, rows: Rows) -> Check:
    """Ask whether each (prompt_id, draw) is there once: exact copies are dropped, copies that differ quarantined."""
    conflicts, copies = len(facts.conflicting_ids), facts.n_exact_duplicates
    status = row_status(conflicts, max(facts.n_lines, 1)) if conflicts else row_status(copies, rows.n + copies, 1.0)
    said = []
    if copies:
        said.append(f"{count(copies, facts.n_lines)} lines were exact copies of others and were dropped")
    if conflicts:
        said.append(f"{count(conflicts, facts.n_lines)} lines share an id but differ and were left out")
    sentence = "; ".join(said) + "." if said else f"Each of the {rows.n:,} rows has its own prompt id and draw."
    return Check(
        id="dataset.duplicate_ids",
        status=status,
        value=(conflicts + copies) / facts.n_lines if facts.n_lines else None,
        threshold=thresholds.ROW_FAULT_FAIL,
        n_affected=conflicts + copies,
        sentence=sentence,
        what_to_do="Give every row its own prompt id, or number the draws of one prompt." if said else None,
        example_ids=facts.conflicting_ids[: thresholds.EXAMPLES],
    )


def truncation(facts: DatasetFacts, rows: Rows) -> Check:
    """Ask whether responses were cut at the length limit: by finish reasons, else by where they stop."""
    known = ~equals(rows.finish_reason, None)
    if known.any():
        return _by_finish_reason(rows, known)
    if facts.unfinished is None or rows.n < 10 * thresholds.DENSITY_ROWS:
        why = "the rows carry no finish reason" + (
            "" if facts.unfinished is None else " and are too few to tell by length"
        )
        return not_evaluated("dataset.truncation", why)
    return _by_length(rows, facts.unfinished)


CUT_ADVICE = "Raise max_tokens if the end of a response matters; the end token of cut responses is not scored."


def _by_finish_reason(rows: Rows, known: Bools) -> Check:
    cut = np.isin(rows.finish_reason[known].astype(str), CUT_REASONS)
    mask = np.zeros(rows.n, dtype=bool)
    mask[known] = cut
    n_cut, n_known = int(cut.sum()), int(known.sum())
    warn = n_cut >= thresholds.TRUNCATED_ROWS and n_cut >= thresholds.TRUNCATED_WARN * n_known
    return Check(
        id="dataset.truncation",
        status=CheckStatus.WARN if warn else CheckStatus.PASS,
        value=n_cut / n_known,
        threshold=thresholds.TRUNCATED_WARN,
        n_affected=n_cut,
        sentence=f"{count(n_cut, n_known)} responses were cut at the length limit.",
        what_to_do=CUT_ADVICE if warn else None,
        example_ids=examples(rows, mask),
    )


def _by_length(rows: Rows, unfinished: Bools) -> Check:
    middle, upper = np.quantile(rows.response_chars, (0.5, 0.9))
    long, short = rows.response_chars >= upper, rows.response_chars <= middle
    share_long, share_short = float(unfinished[long].mean()), float(unfinished[short].mean())
    pooled = float(unfinished[long | short].mean())
    error = math.sqrt(pooled * (1 - pooled) * (1 / long.sum() + 1 / short.sum()))
    p_value = math.erfc((share_long - share_short) / error / math.sqrt(2)) / 2 if error > 0 else 1.0
    lift = share_long - share_short
    warn = (
        share_long >= thresholds.UNFINISHED_WARN
        and lift >= thresholds.UNFINISHED_LIFT
        and p_value < thresholds.UNFINISHED_P
    )
    n_cut = int(np.count_nonzero(unfinished & long))
    return Check(
        id="dataset.truncation",
        status=CheckStatus.WARN if warn else CheckStatus.PASS,
        value=share_long,
        threshold=thresholds.UNFINISHED_WARN,
        n_affected=n_cut,
        sentence=(
            f"{count(n_cut, int(long.sum()))} of the longest responses stop in mid-sentence, "
            f"against {percent(share_short)} of the shorter half"
            + ("; they were probably cut at a length limit." if warn else ": no sign of a length limit.")
        ),
        what_to_do=CUT_ADVICE if warn else None,
        example_ids=examples(rows, unfinished & long) if warn else (),
    )
