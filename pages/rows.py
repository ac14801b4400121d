"""Rows: find rows by their words."""

from app import filters, formats, parts, session
from app.cards import row as cards

audit = session.open_audit()
parts.heading("rows")
run = session.need_run(audit)
session.need_report(audit, run)

query = filters.row_query()
total = audit.find_rows(run.id, query, limit=1).total
page = audit.find_rows(run.id, query, offset=parts.pager(total, key="page"), limit=parts.PAGE_SIZE)
parts.quiet(f"{formats.of(page.total, page.n_rows, 'rows')} fit, in the order of the file")
for index, found in enumerate(page.rows):
    cards.found(found, run.id, index)
if not page.rows:
    parts.empty("No row fits", "Search for fewer words, or for plain text.", "validation", run=run.id)
parts.command(filters.row_command(run.id, query))
