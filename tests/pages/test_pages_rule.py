"""A page asks the front door and draws; it computes nothing, reads no table and knows no database."""

import ast
from pathlib import Path

import pytest

from app.places import PLACES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(p for p in (ROOT / "pages").glob("*.py") if p.name != "__init__.py")
ALLOWED = ("streamlit", "app", "cje_audit.audit", "cje_audit.domain")
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
COMPUTING = {"sum", "min", "max", "round", "abs", "sorted", "mean", "median", "groupby", "merge", "agg", "divmod"}
LONGEST = 60


def imported(tree: ast.AST) -> list[str]:
    names = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    return names + [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]


def faults(source: str) -> list[str]:
    tree = ast.parse(source)
    found = [f"imports {n}" for n in imported(tree) if not any(n == a or n.startswith(f"{a}.") for a in ALLOWED)]
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ARITHMETIC):
            found.append(f"computes in line {node.lineno}")
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            found += [f"calls {name} in line {node.lineno}"] if name in COMPUTING else []
        if isinstance(node, ast.keyword) and node.arg == "unsafe_allow_html":
            found.append(f"allows HTML in line {node.value.lineno}")
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.strip().lower().startswith("select ")
        ):
            found.append(f"holds SQL in line {node.lineno}")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_only_asks_and_draws(page: Path) -> None:
    assert faults(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_is_short(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize(
    "planted",
    [
        "import polars", "import duckdb", "from cje_audit.store import tables", "x = report.value * 2", "x += 1",
        "frame.mean()", "sum(rows)", "audit.sql('select * from sample')", "st.markdown(x, unsafe_allow_html=True)",
    ],
)  # fmt: skip
def test_the_rule_catches_what_it_forbids(planted: str) -> None:
    assert faults(planted)


def test_every_page_has_its_place_and_every_place_its_page() -> None:
    assert {Path(p.path).name for p in PLACES.values()} == {p.name for p in PAGES}


def test_the_app_never_renders_html_or_markdown_of_a_run() -> None:
    for file in (ROOT / "app").rglob("*.py"):
        assert "unsafe_allow_html" not in file.read_text(encoding="utf-8"), file
