"""What a person should know about the cells of an import, in plain sentences with counts."""

import polars as pl

from cje_audit.formats.cells import Tally

_PER_TOKEN = 1e-6  # nats by which a sum may differ from its tokens, per token


def remarks(rows: pl.DataFrame, policies: tuple[str, ...], tally: Tally) -> tuple[str, ...]:
    """Return one sentence for each thing worth knowing; none for clean data."""
    said = []
    if tally.numbers_as_text:
        n = tally.numbers_as_text
        said.append(
            f"{_are(n, 'number', 'is', 'are')} written as text and {'was' if n == 1 else 'were'} read as numbers."
        )
    if tally.contradictions:
        n = tally.contradictions
        said.append(f"{_are(n, 'cell', 'has', 'have')} both a value and a failure code; a failed cell has no value.")
    for name, n in tally.dropped.items():
        if n:
            said.append(f"{_are(n, 'cell', 'is', 'are')} not readable as {name} and left out.")
    for value, tokens in _token_columns(rows, policies):
        said.extend(_token_remarks(rows, value, tokens))
    return tuple(said)


def _token_columns(rows: pl.DataFrame, policies: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [("logging_logprob", "logging_token_logprobs")]
    pairs += [(f"target_logprob:{p}", f"target_token_logprobs:{p}") for p in policies]
    return [(value, tokens) for value, tokens in pairs if tokens in rows.columns]


def _token_remarks(rows: pl.DataFrame, value: str, tokens: str) -> list[str]:
    """Compare a log-prob with the sum of its token values, and token values with tokens; the given value is kept."""
    said = []
    gap = (pl.col(value) - pl.col(tokens).list.sum()).abs()
    off = rows.filter((gap > _PER_TOKEN * pl.col(tokens).list.len()) & pl.col(tokens).is_not_null())
    if off.height:
        said.append(
            f"{_are(off.height, 'value', 'differs', 'differ')} in {value} from the sum of the token values "
            f"(first in row {off['row_id'][0]}); the given value is kept."
        )
    if "tokens" in rows.columns:
        uneven = rows.filter(pl.col("tokens").list.len() != pl.col(tokens).list.len())
        if uneven.height:
            said.append(
                f"{_are(uneven.height, 'row', 'has', 'have')} another number of tokens than of values in {tokens} "
                f"(first {uneven['row_id'][0]})."
            )
    return said


def _are(n: int, noun: str, one: str, many: str) -> str:
    return f"1 {noun} {one}" if n == 1 else f"{n:,} {noun}s {many}"
