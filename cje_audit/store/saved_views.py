"""Views that people keep: a page and its filters under a name."""

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from cje_audit.domain.row_search import SavedView
from cje_audit.store.sqlite import connect, transaction
from cje_audit.store.workspace import iso

SCHEMA = """
create table if not exists saved_view(
  name text primary key, place text not null, query text not null, by text not null, at real not null) without rowid;
"""


class SavedViews:
    """The saved views of a workspace; safe to use from several processes and threads."""

    def __init__(self, root: Path) -> None:
        self._db = connect(root / "workspace.sqlite", SCHEMA)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def all(self) -> tuple[SavedView, ...]:
        """Return every saved view by name."""
        with self._lock:
            rows = self._db.execute("select * from saved_view order by name").fetchall()
        return tuple(
            SavedView(name=r["name"], place=r["place"], query=json.loads(r["query"]), by=r["by"], at=iso(r["at"]))
            for r in rows
        )

    def keep(self, name: str, place: str, query: Mapping[str, str], by: str) -> None:
        """Keep a view under a name, in place of one that had it."""
        values = (name, place, json.dumps(dict(query), ensure_ascii=False, sort_keys=True), by, time.time())
        with self._lock, transaction(self._db) as db:
            db.execute("insert or replace into saved_view(name, place, query, by, at) values (?, ?, ?, ?, ?)", values)

    def drop(self, name: str) -> None:
        """Forget a view."""
        with self._lock, transaction(self._db) as db:
            db.execute("delete from saved_view where name = ?", (name,))
