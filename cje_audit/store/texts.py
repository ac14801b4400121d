"""Which words of a report repeat a text of the data: asked before a redacted report leaves the house."""

from collections.abc import Iterable, Iterator

import polars as pl

from cje_audit.store.tables import RunTables

LONGEST_RUN = 20  # characters: no such run of a prompt, a response or a judge's text may survive redaction
BATCH = 20_000
TEXTS = (
    'select prompt as text from sample where "row" >= ? and "row" < ?',
    'select response as text from sample where "row" >= ? and "row" < ? and response is not null',
    'select raw as text from judgement where "row" >= ? and "row" < ? and raw is not null',
)
SECOND_JUDGE = 'select raw as text from oracle_label where "row" >= ? and "row" < ? and raw is not null'
DRAWS = "select prompt as text from fresh_draw where prompt is not null union all " \
        "select response from fresh_draw where response is not null"  # fmt: skip


def runs_of(text: str) -> Iterator[str]:
    """Give every run of characters of the length that may not survive.

    Examples
    --------
    >>> list(runs_of("abcdefghijklmnopqrstu"))
    ['abcdefghijklmnopqrst', 'bcdefghijklmnopqrstu']
    """
    return (text[i : i + LONGEST_RUN] for i in range(len(text) - LONGEST_RUN + 1))


def repeated(tables: RunTables, words: Iterable[str]) -> frozenset[str]:
    """Return every run of these words that stands in a prompt, a response or a judge's text too."""
    wanted = sorted({run for text in words for run in runs_of(text)})
    found: set[str] = set()
    for texts in _texts(tables) if wanted else ():
        suspects = texts.filter(texts.str.contains_any(wanted))
        if len(suspects):
            found |= set(suspects.str.extract_many(wanted, overlapping=True).explode().drop_nulls().to_list())
    return frozenset(found)


def _texts(tables: RunTables) -> Iterator[pl.Series]:
    rows = tables.read('select coalesce(max("row"), -1) + 1 as n from sample')["n"][0]
    queries = (*TEXTS, SECOND_JUDGE) if tables.has_column("oracle_label", "raw") else TEXTS
    for start in range(0, rows, BATCH):
        for query in queries:
            yield tables.read(query, [start, start + BATCH])["text"]
    yield tables.read(DRAWS)["text"]
