"""The pages that read a finished run: validation, weights, failures, one row."""

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit
from cje_audit.domain.checks import CheckStatus
from tests.pages.conftest import HOSTILE, SENTINEL_ROWS, World, everything, texts

Visit = Callable[..., AppTest]


@pytest.fixture(scope="module")
def audit(world: World) -> Iterator[Audit]:
    opened = Audit.open(world.workspace)
    yield opened
    opened.close()


def test_every_check_is_printed_with_its_own_sentence(visit: Visit, world: World, audit: Audit) -> None:
    at = visit(world.workspace, "validation", run=world.complete)
    said = texts(at)
    for check in audit.report(world.complete).checks():
        assert check.sentence in said, check.id
        if check.what_to_do and check.status != CheckStatus.PASS:
            assert f"What to do: {check.what_to_do}" in said


def test_a_quarantined_line_is_listed_with_its_number(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "validation", run=world.complete)
    frame = at.dataframe[0].value
    assert list(frame["Line"]) == ["241"]


def test_a_link_to_one_check_shows_only_that_check(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "validation", run=world.complete, check="target_policy.uniform_weights")
    assert [s.value for s in at.subheader] == ["Target policy"]


def test_the_weights_page_names_the_policy_in_the_address(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "weights", run=world.complete, policy="far")
    assert at.selectbox(key="policy").value == "far"
    assert len(at.get("plotly_chart")) == 4
    assert len(at.dataframe) == 4


def test_a_bar_of_the_histogram_leads_to_exactly_its_rows(visit: Visit, world: World, audit: Audit) -> None:
    policy = audit.report(world.complete).policy("near")
    assert policy is not None and policy.weights is not None and policy.weights.histogram is not None
    bins = policy.weights.histogram
    place = max(range(len(bins.counts)), key=lambda i: bins.counts[i])
    at = visit(world.workspace, "weights", run=world.complete, policy="near")
    at.selectbox(key="bar").set_value(str(place)).run()
    assert not at.exception
    assert any(f"of {bins.counts[place]:,} rows of this bar" in said for said in texts(at))
    counted = sum(
        audit.weight_rows(world.complete, "near", a, b, closed=i == len(bins.counts) - 1).total
        for i, (a, b) in enumerate(zip(bins.edges, bins.edges[1:], strict=False))
    )
    assert counted == sum(bins.counts) == policy.n_used


def test_the_rows_that_hold_half_the_weight_are_listed(visit: Visit, world: World, audit: Audit) -> None:
    view = audit.weights(world.complete, "far")
    assert view.half_weight_rows is not None
    assert view.half_weight_log_ratio is not None
    found = audit.weight_rows(world.complete, "far", view.half_weight_log_ratio, view.ccdf_log_ratio[-1], closed=True)
    assert found.total == view.half_weight_rows
    assert [r.row_id for r in found.rows] == [r.row_id for r in view.heaviest][: view.half_weight_rows]
    said = texts(visit(world.workspace, "weights", run=world.complete, policy="far"))
    n = f"{view.half_weight_rows:,}"
    assert any(f"{n} of {n} rows that hold half of all weight are shown" in told for told in said)


def test_uniform_weights_are_called_what_they_are(visit: Visit, world: World, audit: Audit) -> None:
    at = visit(world.workspace, "weights", run=world.complete, policy="uniform")
    check = next(
        c for c in audit.report(world.complete).checks()
        if (c.id, c.policy) == ("target_policy.uniform_weights", "uniform")
    )  # fmt: skip
    assert check.status == "fail"
    assert check.sentence in texts(at)


def test_the_failures_page_counts_and_filters(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "failures", run=world.complete, code="sentinel")
    assert at.selectbox(key="code").value == "sentinel"
    assert any(f"{SENTINEL_ROWS} failed cells" in c.value for c in at.caption)
    ids = [link.proto.label for link in at.get("page_link") if link.proto.label.startswith("p0")]
    assert ids == [f"p{i:05d}" for i in range(SENTINEL_ROWS)]


def test_a_filter_that_fits_nothing_says_so(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "failures", run=world.complete)
    at.text_input(key="words").set_value("no such words").run()
    assert not at.exception
    assert any("No failed cell fits this filter" in c.value for c in at.caption)


def test_what_a_model_wrote_is_shown_as_text_and_nothing_else(visit: Visit, world: World) -> None:
    for row in ("p00000", "p00001"):
        at = visit(world.workspace, "row", run=world.complete, row=row)
        assert not at.exception
        assert HOSTILE in [c.value for c in at.code]
        assert not [m.value for m in at.markdown if HOSTILE in m.value]


def test_a_row_shows_its_cells_and_weights(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "row", run=world.complete, row="p00020")
    shown = everything(at)
    for policy in ("clone", "near", "far", "uniform"):
        assert policy in shown


def test_an_unknown_row_is_a_sentence(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "row", run=world.complete, row="nosuchrow")
    assert not at.exception
    assert "nosuchrow" in at.error[0].value


def test_a_group_of_failures_filters_the_rows_below_it(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "failures", run=world.complete)
    at.button(key="only-sentinel").click().run()
    assert not at.exception
    assert at.selectbox(key="code").value == "sentinel"


def test_from_one_check_a_button_leads_back_to_all(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "validation", run=world.complete, check="target_policy.uniform_weights")
    next(b for b in at.button if b.label == "Show all checks").click().run()
    assert not at.exception
    assert "check" not in at.query_params
    assert len(at.subheader) >= 5


def test_validation_shows_every_estimate_before_and_after_the_damage_was_left_out(
    world: World, visit: Visit, audit: Audit
) -> None:
    at = visit(world.workspace, "validation", run=world.complete)
    assert not at.exception
    [repair] = audit.report(world.complete).repairs
    assert repair.sentence in texts(at)
    tables = [frame.value for frame in at.dataframe if "Rows before" in frame.value.columns]
    assert len(tables) == 1 and set(tables[0]["Rows after"]) >= {"233 of 240 rows"}
