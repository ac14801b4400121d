"""`cje-audit rows`: find rows of a run by their words, as the page Rows does."""

from pathlib import Path
from typing import Annotated

import typer

from cje_audit.audit import Audit
from cje_audit.cli.output import print_json, say
from cje_audit.domain.row_search import RowQuery, Where

SHOWN = 25
WIDTH = 100  # characters of a prompt on one line


def rows(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run id, a unique prefix of it, or latest.")],
    text: Annotated[str, typer.Option(help="Words in the rows; none finds every row.")] = "",
    regex: Annotated[bool, typer.Option("--regex", help="Read the words as a regular expression.")] = False,
    where: Annotated[Where, typer.Option(help="Look in the prompt, the response or both.")] = "both",
    failed: Annotated[bool, typer.Option("--failed", help="Only rows with a failure.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to print.")] = SHOWN,
    workspace: Annotated[Path | None, typer.Option("--workspace", help="Folder that holds runs and answers.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")] = False,
) -> None:
    """Find rows by their words; prints how many fit, and the first of them in the order of the file."""
    query = RowQuery(text=text, regex=regex, where=where, failed_only=failed)
    page = Audit.open(workspace).find_rows(run, query, limit=limit)
    if json:
        print_json(page.model_dump(mode="json"))
        return
    say(f"{page.total:,} of {page.n_rows:,} rows fit, in the order of the file")
    for row in page.rows:
        say(f"{row.row_id}: {' '.join(row.prompt.split())[:WIDTH]}")
