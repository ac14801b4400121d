"""No fallback constant exists anywhere in the engine: no number stands where a value was missing."""

import ast
import re
from pathlib import Path

import pytest

ENGINE = sorted((Path(__file__).resolve().parent.parent / "cje_audit").rglob("*.py"))
DEFAULT_SECOND = {"get", "pop", "setdefault", "getattr", "next"}
FILLERS = {"fill_null", "fill_nan", "nan_to_num", "fillna", "ifnull", "coalesce"}
SQL_FILL = re.compile(r"\b(coalesce|ifnull|nvl)\s*\([^)]*,\s*[-+]?\d", re.IGNORECASE)


def is_number(node: ast.AST | None) -> bool:
    if isinstance(node, ast.UnaryOp):
        return is_number(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def from_call(node: ast.Call) -> bool:
    name, arguments = called(node), list(node.args)
    if name in FILLERS:
        return name == "nan_to_num" or any(map(is_number, arguments)) or any(is_number(k.value) for k in node.keywords)
    if name in DEFAULT_SECOND and any(map(is_number, arguments[1:])):
        return True
    return name != "Field" and any(k.arg == "default" and is_number(k.value) for k in node.keywords)


def from_handler(node: ast.ExceptHandler) -> bool:
    inner = [n for statement in node.body for n in ast.walk(statement)]
    values = [n.value for n in inner if isinstance(n, ast.Return | ast.Assign | ast.AnnAssign | ast.AugAssign)]
    return any(map(is_number, values))


def offences(source: str) -> list[int]:
    """Return the lines on which a number stands in for something missing."""
    found = []
    for node in ast.walk(ast.parse(source)):
        bad = (
            (isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and any(map(is_number, node.values)))
            or (isinstance(node, ast.Call) and from_call(node))
            or (isinstance(node, ast.ExceptHandler) and from_handler(node))
            or (isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(SQL_FILL.search(node.value)))
        )
        if bad:
            found.append(node.lineno)  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("path", ENGINE, ids=lambda p: str(p.relative_to(p.parents[len(p.parents) - 3])))
def test_no_number_stands_in_for_a_missing_value(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted((ENGINE[0].parent).rglob("*.sql")), ids=lambda p: p.name)
def test_no_sql_file_fills_a_missing_value(path: Path) -> None:
    assert not SQL_FILL.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "planted",
    [
        "x = y or 0", "x = d.get('k', 0.0)", "x = getattr(o, 'n', -1)", "x = next(it, 0)", "x = s.fill_null(0)", "x = s.fill_nan(-100.0)",
        "x = np.nan_to_num(a)", "x = max(a, default=0)", "try:\n    f()\nexcept E:\n    x = -100.0", "def g():\n    try:\n        f()\n    except E:\n        return 0.0",
        "q = 'select coalesce(score, 0) from t'", "q = 'select IFNULL(a, -1)'", "x = s.fill_null(value=-1)",
    ],
)  # fmt: skip
def test_the_test_can_fail(planted: str) -> None:
    assert offences(planted)


@pytest.mark.parametrize(
    "honest", ["x = y or None", "x = d.get('k')", "x = flag or False", "def f(limit=50): ...", "q = 'coalesce(a, b)'"]
)
def test_the_test_leaves_honest_code_alone(honest: str) -> None:
    assert offences(honest) == []
