"""What is worth saying about a file although nothing was lost: counted by kind, said once each."""

from collections import Counter


class Notes:
    """Counts what was met while reading; `sentences` says it in plain words."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], str] = {}
        self._said: dict[str, None] = {}

    def count(self, kind: str, column: str, n: int, where: str | None = None) -> None:
        """Add `n` cases of a kind, met in a column; `where` is kept for the first of them."""
        if n:
            self._counts[kind, column] += n
            if where is not None:
                self._first.setdefault((kind, column), where)

    def say(self, sentence: str) -> None:
        """Add a sentence of its own, once."""
        self._said.setdefault(sentence)

    def sentences(self) -> tuple[str, ...]:
        """Return all notes."""
        counted = (
            _KINDS[kind].format(column=column, n=_cells(n), first=self._where(kind, column))
            for (kind, column), n in self._counts.items()
        )
        return (*self._said, *counted)

    def _where(self, kind: str, column: str) -> str:
        first = self._first.get((kind, column))
        return "" if first is None else f" (first: {first})"


_KINDS = {
    "text": "{column}: {n} held a number written as text; read as the number.",
    "misfit": "{column}: {n} held no number{first}; missing.",
    "list": "{column}: {n} held no usable list of values per token; left out.",
    "sum": "{column}: the values per token do not add up to the value in {n}; the value was kept.",
    "uneven": "{column}: {n} hold another number of values than the row has tokens.",
    "left_out": "{column}: {n} held something unexpected{first}; left empty.",
    "code_and_score": "{column}: {n} held a score beside a failure code{first}; the score was not used.",
    "unknown_code": "{column}: {n} held a code that is not in the list of failure codes{first}.",
}


def _cells(n: int) -> str:
    return "1 cell" if n == 1 else f"{n:,} cells"
