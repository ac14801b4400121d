import doctest
import importlib

import pytest

from app import formats

MODULES = [
    "formats",
    "forms",
    "words",
    "places",
    "parts",
    "session",
    "charts.weights",
    "charts.tokens",
    "charts.estimates",
    "charts.base",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"app.{name}"))
    assert found.failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.996, "10"),
        (999.96, "1,000"),
        (12.04, "12"),
        (0.0999, "0.0999"),
        (99.95, "100"),
        (-0.0, "0"),
        (1e-05, "1.00 × 10⁻⁵"),
        (123456.7, "123,457"),
    ],
)
def test_numbers_keep_three_digits(value: float, text: str) -> None:
    assert formats.number(value) == text


def test_a_missing_number_is_never_a_digit() -> None:
    shown = [
        formats.number(None),
        formats.percent(None),
        formats.interval(None),
        formats.count(None),
        formats.duration(None),
    ]
    assert set(shown) == {formats.MISSING}


def test_foreign_text_cannot_become_markup() -> None:
    hostile = "<script>alert(1)</script> ![x](http://example.org/x.png) **b** $x$ `c` :red[r]"
    literal = formats.literal(hostile)
    for sign in "<>![]()*$`:":
        assert f"\\{sign}" in literal
        assert literal.count(sign) == literal.count(f"\\{sign}")
    assert "<" not in formats.chart_text(hostile)


def test_control_and_direction_characters_become_visible() -> None:
    assert formats.visible("a\x00b\u202ec\td\ne") == "a␀b⟨U+202E⟩c\td\ne"


def test_runs_of_one_name_are_told_apart_in_a_narrow_list() -> None:
    at = "2026-11-21T04:00:07Z"
    runs = [("x-aaaaaa", "a pilot of the new prompt for the help desk", at), ("x-bbbbbb", "pilot", at)]
    runs += [("x-cccccc", "pilot", at), ("x-dddddd", "pilot", "2026-11-22T05:00:07Z")]
    names = formats.short_names(runs)
    assert list(names.values()) == [
        "a pilot of the new prompt…", "pilot · bbbbbb", "pilot · cccccc", "pilot · 11-22 05:00",
    ]  # fmt: skip
    assert max(len(name) for name in names.values()) <= formats.NARROW
