"""Judge scores beside what the judge said: a failed judgement is a status, never a score."""

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.notes import Notes
from cje_audit.formats.numbers import Cells

_KNOWN = [code.value for code in FailureCode]


def with_failures(
    score: Cells, text: pl.Series, code: pl.Series, lines: list[int], notes: Notes
) -> dict[str, pl.Series]:
    """Return judge_score, judge_code, judge_text and judge_detail, (n,) each.

    Without a score, a code of the closed list is kept; a reply or another code makes the cell `unparseable`.
    A score beside a failure code of the closed list is not used: the file itself says that the judgement failed.
    """
    given = code.null_count() < len(code)
    if not given and not (score.codes == FailureCode.NO_SCORE.value).any():
        return _columns(score.values, score.codes, text, score.details)
    frame = pl.DataFrame({"v": score.values, "c": score.codes, "d": score.details, "t": text, "g": code})
    known, there = pl.col("g").is_in(_KNOWN).fill_null(value=False), pl.col("v").is_not_null()
    absent = pl.col("c") == FailureCode.NO_SCORE.value
    failed = there & known
    said = pl.col("t").is_not_null() | pl.col("g").is_not_null()
    new_code = (
        pl.when(failed | (absent & known))
        .then("g")
        .when(absent & said)
        .then(pl.lit(FailureCode.UNPARSEABLE.value))
        .otherwise("c")
    )
    detail = (
        pl.when(failed)
        .then(pl.format("the file gives the score {} beside the code {}", "v", "g"))
        .when(absent & ~known)
        .then(pl.format("the file gives the code {}", pl.col("g").str.slice(0, 100)))
        .otherwise("d")
    )
    _note(frame, failed, "code_and_score", lines, notes)
    _note(frame, pl.col("g").is_not_null() & ~known, "unknown_code", lines, notes)
    told = frame.select(pl.when(~failed).then("v").alias("v"), new_code.alias("c"), detail.alias("d"))
    return _columns(told["v"], told["c"], text, told["d"])


def _note(frame: pl.DataFrame, what: pl.Expr, kind: str, lines: list[int], notes: Notes) -> None:
    found = frame.select(what.fill_null(value=False).arg_true()).to_series()
    if len(found):
        notes.count(kind, "judge_code", len(found), f"line {lines[found[0]]}")


def _columns(values: pl.Series, codes: pl.Series, text: pl.Series, details: pl.Series) -> dict[str, pl.Series]:
    return {"judge_score": values, "judge_code": codes, "judge_text": text, "judge_detail": details}
