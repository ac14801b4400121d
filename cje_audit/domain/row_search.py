"""A search for rows by their words, and what it found."""

from typing import Literal

from cje_audit.domain.part import Part

Where = Literal["both", "prompt", "response"]


class RowQuery(Part):
    """What to look for: plain text in any case, or a regular expression; `both` looks at the row id too."""

    text: str = ""
    regex: bool = False
    where: Where = "both"
    failed_only: bool = False


class FoundRow(Part):
    """One row that was found, with the first 300 characters of its texts and how many of its cells failed."""

    row_id: str
    prompt: str
    response: str | None
    n_failed: int


class RowPage(Part):
    """One page of found rows: `total` fit, of `n_rows`."""

    total: int
    n_rows: int
    rows: tuple[FoundRow, ...]


class SavedView(Part):
    """A page with its filters under a name. `query` is what stands in the address; `place` is the page's address."""

    name: str
    place: str
    query: dict[str, str]
    by: str
    at: str
