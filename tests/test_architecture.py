"""The shape of the house: short functions, rooms with one purpose, and words that are documented."""

import ast
import statistics
import tomllib
from pathlib import Path

import pytest

from app.words import GLOSSARY
from cje_audit.domain.codes import FailureCode
from cje_audit.settings import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted(p for folder in ("cje_audit", "app", "pages") for p in (ROOT / folder).rglob("*.py"))
ROOMS = sorted({p.parent for p in CODE})


def body_lengths(path: Path) -> list[tuple[int, str]]:
    """Return the lines of each function's body without its docstring."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        lines = (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1 if body else 1
        found.append((lines, f"{path.relative_to(ROOT)}:{node.name}"))
    return found


def test_functions_are_short() -> None:
    lengths = [entry for path in CODE for entry in body_lengths(path)]
    sizes = sorted(size for size, _ in lengths)
    assert [entry for entry in lengths if entry[0] > 60] == []
    assert statistics.median(sizes) <= 8
    assert sizes[int(0.9 * len(sizes))] <= 30


@pytest.mark.parametrize("room", ROOMS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_room_says_its_one_purpose(room: Path) -> None:
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))
    assert text


def test_there_are_few_rooms() -> None:
    assert len(ROOMS) <= 25


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_opens_with_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name, _, _ in SETTINGS if f"`{name}`" not in text] == []


def test_every_failure_code_is_documented() -> None:
    text = (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")
    assert [str(code) for code in FailureCode if f"`{code}`" not in text] == []


def test_the_glossary_is_the_dashboards() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert [f"| **{k}** | {v} |" for k, v in GLOSSARY.items() if f"| **{k}** | {v} |" not in text] == []


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *(d for extra in project["project"]["optional-dependencies"].values() for d in extra),
    ]
    text = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")
    names = [n.split(">")[0].split("<")[0].split("[")[0].strip() for n in named]
    assert [n for n in names if n.lower().removeprefix("types-") not in text] == []


def test_the_version_stands_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## Unreleased" in text or "## [" in text
