"""The JSON documents beside a run's tables, read back: a damaged one is one plain sentence."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from cje_audit.domain.errors import StoreError
from cje_audit.domain.report import Report

Document = TypeVar("Document", bound=BaseModel)
FOUND = {"missing": "a file without {}", "extra_forbidden": "a file with an unknown entry"}
OTHER = "a file with another value than belongs in {}"


def read_report(path: Path) -> Report:
    """Return the report that the last stage of a run wrote.

    Raises
    ------
    StoreError
        When the file is damaged or cannot be read.
    """
    again = f"Write it again from the run's stored tables with: cje-audit resume {path.parent.name}"
    return read_document(path, Report, "the whole report", again)


def read_document(path: Path, kind: type[Document], expected: str, what_to_do: str) -> Document:
    """Return the document of a file; `expected` says in words what it should hold.

    Raises
    ------
    StoreError
        When the file is damaged or cannot be read; the sentence says what was expected and what came.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise _damaged(path, expected, _found(error), what_to_do) from error
    except OSError as error:
        raise _damaged(path, expected, f"a file that cannot be read ({error.strerror})", what_to_do) from error


def _damaged(path: Path, expected: str, found: str, what_to_do: str) -> StoreError:
    return StoreError(
        f"{path.name} of run {path.parent.name} is damaged: it should hold {expected}, but what is there is {found}.",
        expected=f"{expected} in {path.name}",
        got=found,
        what_to_do=what_to_do,
    )


def _found(error: ValidationError) -> str:
    """Say in words what stands in a file: the place of the first fault, never the words that stand there."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "json_invalid":
        return "empty, no JSON, or cut off"
    return FOUND.get(first["type"], OTHER).format(place) if place else "JSON of another kind"
