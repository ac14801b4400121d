"""Rows found by their words: plain text or a regular expression, paged in SQL."""

import duckdb

from cje_audit.domain.errors import InputError
from cje_audit.domain.row_search import FoundRow, RowPage, RowQuery
from cje_audit.store.tables import RunTables

LONGEST = 500  # characters of a search
TEXT = {
    "both": "concat_ws(chr(10), row_id, prompt, response)",
    "prompt": "prompt",
    "response": "coalesce(response, '')",
}
PLAIN = "contains(lower({text}), lower($text))"
REGEX = "regexp_matches({text}, $text)"
FAILED = '"row" in (select "row" from failure)'
PAGE = """
  with page as (select "row", row_id, left(prompt, 300) as prompt, left(response, 300) as response
    from sample s where {where} order by s."row" limit $limit offset $offset),
  failed as (select "row" from failure where "row" in (select "row" from page))
  select row_id, prompt, response, (select count(*) from failed f where f."row" = page."row") as n_failed
  from page order by page."row"
"""


def find_rows(tables: RunTables, query: RowQuery, *, offset: int, limit: int) -> RowPage:
    """Return one page of the rows that fit, in file order, and how many fit of how many there are.

    A regular expression is RE2's, whose time grows with the text alone.

    Raises
    ------
    InputError
        When the search is too long or no regular expression.
    """
    if len(query.text) > LONGEST:
        raise InputError(f"A search may hold {LONGEST} characters.", got=str(len(query.text)), what_to_do="Shorten it.")
    where = (REGEX if query.regex else PLAIN).format(text=TEXT[query.where]) if query.text else "$text = ''"
    where += f" and {FAILED}" if query.failed_only else ""
    wanted: dict[str, object] = {"text": query.text}
    try:
        counted = tables.read_named(f"select count(*) filter ({where}) as n, count(*) as n_all from sample", wanted)
        rows = tables.read_named(PAGE.format(where=where), {**wanted, "limit": limit, "offset": offset})
    except duckdb.InvalidInputException as error:
        raise InputError(
            "This is no regular expression.", expected="a regular expression (RE2)", got=query.text,
            what_to_do="Correct it, or search for plain text.",
        ) from error  # fmt: skip
    n, n_all = counted.row(0)
    return RowPage(total=n, n_rows=n_all, rows=tuple(FoundRow(**r) for r in rows.iter_rows(named=True)))
