"""The kept points of a weight plot say what all weights say, and are the same when they are computed later."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cje_audit.domain.errors import NotFound
from cje_audit.store.tables import RunTables, StageRecord, TableWrite
from cje_audit.store.weight_curve import HEAVIEST, weight_view

N = 5_000
RATIOS = np.random.default_rng(7).normal(-2.0, 2.0, N)
FALLING = np.sort(RATIOS)[::-1]
HELD = np.cumsum(np.exp(FALLING)) / np.exp(FALLING).sum()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunTables]:
    opened = RunTables(tmp_path_factory.mktemp("curve") / "run.duckdb", read_only=False)
    rows = pl.int_range(N, eager=True, dtype=pl.Int32)
    texts = {name: "t" + rows.cast(pl.String) for name in ("row_id", "prompt_id", "prompt", "response")}
    sample = pl.DataFrame(
        {"row": rows, "draw": pl.repeat(0, N, eager=True), "cluster": rows, "text_key": rows, **texts}
    )
    near = pl.DataFrame({"row": rows, "policy": ["near"] * N, "log_ratio": RATIOS, "weight": np.exp(RATIOS)})
    huge = near.with_columns(policy=pl.lit("huge"), log_ratio=pl.col("log_ratio") + 2000, weight=None)
    record = StageRecord("estimation", "f", N, N, 0, 0.5, {})
    opened.commit_stage(record, [TableWrite("sample", sample), TableWrite("weight", pl.concat([near, huge]))], {})
    yield opened
    opened.close()


@pytest.mark.parametrize(("policy", "shift"), [("near", 0.0), ("huge", 2000.0)])
def test_the_points_lie_on_the_distribution_of_all_weights(tables: RunTables, policy: str, shift: float) -> None:
    view = weight_view(tables, policy)
    assert view.n == N
    assert len(view.ccdf_share) == len(view.ccdf_log_ratio) <= 400 + HEAVIEST + 2
    places = np.round(np.array(view.ccdf_share) * N).astype(int)
    assert places[0] == N and places[-1] == 1
    assert np.array(view.ccdf_log_ratio) == pytest.approx(FALLING[places - 1] + shift)
    assert view.half_weight_rows == int(np.argmax(HELD >= 0.5)) + 1


def test_the_heaviest_rows_are_named_with_their_share(tables: RunTables) -> None:
    heaviest = weight_view(tables, "near").heaviest
    assert [row.row_id for row in heaviest] == [f"t{i}" for i in np.argsort(-RATIOS)[:HEAVIEST]]
    assert [row.share for row in heaviest] == pytest.approx(np.exp(FALLING[:HEAVIEST]) / np.exp(RATIOS).sum())
    assert {row.weight for row in weight_view(tables, "huge").heaviest} == {None}


def test_a_run_whose_points_were_not_kept_shows_the_same(tables: RunTables, tmp_path: Path) -> None:
    kept = weight_view(tables, "near")
    older = RunTables(tmp_path / "older.duckdb", read_only=False)
    for name in ("sample", "weight"):
        older.load(TableWrite(name, tables.table(name)))
    for damage in ("delete from weight_curve", "drop table weight_curve"):
        older._db.execute(damage)
        again = weight_view(older, "near")
        assert again.model_copy(update={"heaviest": kept.heaviest}) == kept
        assert [row.row_id for row in again.heaviest] == [row.row_id for row in kept.heaviest]
    older.close()


def test_a_policy_without_weights_has_none(tables: RunTables) -> None:
    with pytest.raises(NotFound):
        weight_view(tables, "far")
