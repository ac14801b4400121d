"""The labelled worlds, small: their truths are what weighting finds, and the engine keeps its promises in them."""

from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.simulation import conftest as _paths  # noqa: F401  puts the benchmarks on the path

from worlds.cells import CELLS, Cell  # isort: skip
from worlds.facts import drawn  # isort: skip
from worlds.families import LogNormal, Pareto  # isort: skip
from worlds.measure import measure  # isort: skip
from worlds.promises import broken_promises  # isort: skip
from worlds.tables import markdown, text  # isort: skip
from worlds.world import World, truth  # isort: skip

REPETITIONS = 50
MANY = 400_000


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, Any]]:
    return {c.name: measure(c, REPETITIONS) for c in CELLS if c.quick}


@pytest.mark.parametrize("cell", [c for c in CELLS if c.quick], ids=lambda c: c.name)
def test_the_promise_of_the_label_is_kept(cell: Cell, measured: dict[str, dict[str, Any]]) -> None:
    assert broken_promises(cell, measured[cell.name], lenient=True) == []


def test_a_broken_promise_is_seen(measured: dict[str, dict[str, Any]]) -> None:
    by_name = {c.name: c for c in CELLS}
    good, hopeless = by_name["good-overlap-1000"], by_name["hopeless-1000"]
    assert "refused 0.0%" in broken_promises(Cell("x", "broken", "", good.world), measured[good.name])
    assert "reported 0.0%" in broken_promises(Cell("x", "good", "", hopeless.world), measured[hopeless.name])


def test_the_tables_name_every_cell_and_estimator(measured: dict[str, dict[str, Any]]) -> None:
    found = list(measured.values())
    for one in found:
        one["broken_promises"] = []
    page = markdown(found)
    assert all(f"| {name} |" in page and name in text(found) for name in measured)
    assert all(f"| {e} judge |" in page for e in ("ips", "snips", "snips_clipped", "psis", "calibrated_weights"))


def test_cells_have_names_of_their_own_reasons_and_all_four_labels() -> None:
    assert len({c.name for c in CELLS}) == len(CELLS)
    assert {c.label for c in CELLS} == {"good", "between", "hopeless", "broken"}
    assert all(c.reason for c in CELLS)
    assert {200, 20_000} <= {c.world.n for c in CELLS}


def test_the_committed_table_holds_every_cell_with_its_label_and_no_broken_promise() -> None:
    text = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    head = text[: text.index("## Cells between")]
    rows = [[v.strip() for v in line.split("|")[1:-1]] for line in head.splitlines() if line.startswith("| ")][2:]
    assert [(name, label) for name, label, *_ in rows] == [(c.name, c.label) for c in CELLS]
    demanded = [c.label != "between" or c.widened for c in CELLS]
    assert [row[-1] for row in rows] == ["yes" if d else "–" for d in demanded]
    assert "2,000 repetitions per cell" in head


@pytest.mark.parametrize(
    "world",
    [
        World(MANY, LogNormal(0.6), labels=MANY // 2, curve=2.0),
        World(MANY, LogNormal(0.6), labels=MANY // 2, own_bias=0.5, noise=0.3, scale=(0.0, 100.0)),
        World(MANY, Pareto(4.0), labels=MANY // 2),
        World(MANY, LogNormal(0.5), labels=MANY // 2, draws_per_prompt=4),
    ],
    ids=lambda w: f"{w.family}",
)
def test_truths_are_what_weighting_a_large_sample_finds(world: World) -> None:
    facts = drawn(world, np.random.default_rng(4))
    weight = np.exp(facts.log_ratio("target"))
    for reward in ("judge", "oracle"):
        column, known = facts.reward(reward), truth(world, reward)
        assert column is not None
        there = column.ok
        value = np.average(column.values[there], weights=weight[there])
        shares = (weight[there] * (column.values[there] - value)) / weight[there].sum()
        if world.draws_per_prompt > 1:
            shares = np.bincount(facts.rows.cluster[there], weights=shares)
        assert abs(value - known.value) < 4 * np.sqrt(np.square(shares).sum())
        assert known.error < 1e-4 * (world.scale[1] - world.scale[0])


def test_fresh_draws_follow_the_truth() -> None:
    world = World(200, LogNormal(0.8), labels=100, own_bias=0.4, fresh=200_000, fresh_labels=200_000)
    draws = drawn(world, np.random.default_rng(5)).fresh_draws["target"]
    for reward, values in (("judge", draws.judge), ("oracle", draws.oracle)):
        assert abs(values.mean() - truth(world, reward).value) < 4 * values.std() / np.sqrt(len(values))
