import math

import pytest

from app.charts import calibration, estimates, tokens, weights
from cje_audit.domain.checks import Verdict
from cje_audit.domain.curve import CalibrationCurve, LabelBin
from cje_audit.domain.labels import LabelledRow
from cje_audit.domain.views import CellView, HeavyRow, TokenValue, WeightView
from tests.app import reports

GOOD = reports.policy("good", Verdict.REPORT, truths=(reports.truth(),))
REFUSED = reports.policy("refused", Verdict.REFUSE, estimates=(reports.estimate(0.73713, primary=False),))
CLONE = reports.policy("clone", Verdict.REPORT, role="clone", weights=reports.weights(reports.NARROW))


def test_a_refused_policy_is_named_but_its_number_is_drawn_nowhere() -> None:
    chart = estimates.forest(reports.report(GOOD, REFUSED))
    assert chart is not None
    drawn = chart.figure.to_json() + chart.table.to_csv() + chart.sentence
    assert "refused" in drawn
    assert "no number" in drawn
    assert "0.737" not in drawn


def test_a_refused_policy_shows_no_number_even_if_an_estimate_says_primary() -> None:
    wrong = reports.policy("refused", Verdict.REFUSE, estimates=(reports.estimate(0.73713, primary=True),))
    assert estimates.forest(reports.report(wrong)) is None
    assert estimates.estimates_table([wrong]).empty


def test_no_estimate_is_listed_without_its_interval_and_its_rows() -> None:
    table = estimates.estimates_table([GOOD, CLONE])
    assert list(table["Rows used"]) == ["90 of 100 rows"] * 2
    assert list(table["Interval"]) == ["0.480 to 0.520"] * 2
    assert list(table["Bounds for missing rows"]) == ["0.450 to 0.550"] * 2


def test_where_only_the_order_stands_no_level_is_drawn_or_listed() -> None:
    ranked = reports.policy("ranked", Verdict.RANK_ONLY, estimates=(reports.estimate(0.73713),))
    chart = estimates.forest(reports.report(GOOD, ranked))
    assert chart is not None
    assert "order only" in chart.figure.to_json()
    assert "0.737" not in chart.figure.to_json() + chart.table.to_csv()
    assert estimates.forest(reports.report(ranked)) is None


def test_bounds_of_complete_rows_are_said_in_words() -> None:
    whole = reports.estimate().model_copy(update={"missing_bounds": (0.5, 0.5)})
    assert estimates.bounds_text(whole) == "no row is missing"


def test_fresh_draws_are_counted_as_what_they_are() -> None:
    both = reports.estimate().model_copy(update={"n_used": 729, "n_total": 1006, "counted": "fresh draws and rows"})
    table = estimates.estimates_table([reports.policy("good", Verdict.REPORT, estimates=(both,))])
    assert list(table["Rows used"]) == ["729 of 1,006 fresh draws and rows"]


def test_markup_in_a_policy_name_stays_text_in_a_chart() -> None:
    chart = estimates.forest(reports.report(reports.policy("<a href='http://x'>b</a>", Verdict.REPORT)))
    assert chart is not None
    assert "<a" not in chart.figure.to_json()


def test_every_weight_histogram_shows_the_noise_floor_of_the_clone() -> None:
    for as_weight in (True, False):
        chart = weights.weight_histogram(GOOD, CLONE, as_weight=as_weight)
        assert chart is not None
        assert [t.name for t in chart.figure.data] == ["good", "clone: 9 of 10 rows (noise floor)"]
        assert "60 of 100" in chart.sentence
        assert list(chart.table["Rows"]) == ["60", "40"]


def test_a_histogram_of_one_value_is_still_wide_enough_to_see() -> None:
    flat = reports.weights().model_copy(update={"histogram": reports.Histogram(edges=(0.0, 1e-12), counts=(100,))})
    chart = weights.weight_histogram(reports.policy("flat", Verdict.REFUSE, weights=flat), None, as_weight=True)
    assert chart is not None
    assert chart.figure.data[0].width[0] >= 0.01
    low, high = chart.figure.layout.xaxis.range
    assert high - low >= 1


def view(policy: str, half: int | None = 2) -> WeightView:
    heavy = HeavyRow(row_id="r<1>", prompt="p", weight=None, log_ratio=900.0, share=0.6)
    return WeightView(
        policy=policy, ccdf_log_ratio=(-1.0, 0.0, 900.0), ccdf_share=(1.0, 0.5, 0.01), heaviest=(heavy,),
        half_weight_rows=half, n=100,
    )  # fmt: skip


def test_the_tail_and_the_heaviest_rows_hold_weights_too_large_for_float64() -> None:
    tail, heavy = weights.ccdf(view("good"), view("clone")), weights.heaviest(view("good"), view("clone"))
    assert tail is not None
    assert heavy is not None
    assert [t.name for t in tail.figure.data] == ["good", "clone (noise floor)"]
    assert heavy.table["Weight"][0] == "7.33 × 10³⁹⁰"
    assert heavy.sentence == "2 of 100 rows together hold half of all weight."
    assert "r<1>" not in heavy.figure.to_json()


def test_half_of_the_weight_may_be_unsayable() -> None:
    assert "could not be said" in weights.half_weight_sentence(view("good", None))
    assert "1 of 100 row holds" in weights.half_weight_sentence(view("good", 1))


def cell(policy: str, values: list[float]) -> CellView:
    shown = tuple(TokenValue(text=f"t{i}", logprob=v) for i, v in enumerate(values))
    return CellView(
        stage="target_policy", policy=policy, status="ok", value=math.fsum(values), code=None, detail=None, tokens=shown
    )


def test_the_token_strip_has_one_line_per_policy_and_one_square_per_token() -> None:
    chart = tokens.token_strip([cell("a", [-1.0, -2.0]), cell("b", [-3.0])])
    assert chart is not None
    assert [list(line) for line in chart.figure.data[0].z] == [[1.0, 2.0], [3.0, None]]
    assert chart.table.to_dict("records")[0] == {"Token": "1", "Text": "t0", "a": "−1", "b": "−3"}


def test_the_ratio_strip_names_the_token_that_moved_each_weight_most() -> None:
    moved = cell("a", [-1.0, -2.0]).model_copy(update={"token_log_ratios": (0.5, -3.25)})
    still = cell("b", [-1.0, -2.0]).model_copy(update={"token_log_ratios": (0.0, 0.0)})
    chart = tokens.ratio_strip([moved, still])
    assert chart is not None
    assert "Token 2 (t1) moved the weight of a most: log ratio −3.25 nats." in chart.sentence
    assert "No token moved the weight of b." in chart.sentence


def test_names_that_begin_alike_keep_their_own_lines() -> None:
    alike = ["a policy with a long name, first", "a policy with a long name, second"]
    chart = tokens.token_strip([cell(name, [-1.0]) for name in alike])
    assert chart is not None
    assert list(chart.figure.data[0].y) == list(chart.figure.layout.yaxis.tickvals) == alike
    assert {len(shown) for shown in chart.figure.layout.yaxis.ticktext} == {22}


def test_nothing_is_drawn_where_nothing_was_measured() -> None:
    bare = reports.policy("bare", Verdict.NOT_EVALUATED, weights=None, estimates=())
    assert weights.weight_histogram(bare, CLONE, as_weight=True) is None
    assert estimates.forest(reports.report(bare)) is None
    assert tokens.token_strip([cell("a", [])]) is None


def test_the_calibration_chart_draws_curve_bins_and_rows() -> None:
    curve = CalibrationCurve(
        n=3, n_total=9, curve=((0.0, 0.1), (1.0, 0.7)), line=(0.2, 0.5), used_by=(), sentence="Told.",
        bins=(LabelBin(score=0.2, label=0.3, interval=(0.1, 0.4), n=2), LabelBin(score=0.9, label=0.6, interval=None, n=1)),
    )  # fmt: skip
    drawn = calibration.calibration(curve, [LabelledRow(score=0.5, label=1.0)])
    assert drawn is not None
    named = {trace.name: trace for trace in drawn.figure.data}
    assert (list(named["Calibration curve"].x), list(named["Calibration curve"].y)) == ([0.0, 1.0], [0.1, 0.7])
    assert list(named["A straight line instead"].y) == pytest.approx([0.2, 0.7])
    means = named["Mean label of rows with about this score"]
    assert list(means.error_y.array) == pytest.approx([0.1, 0.0])
    assert list(means.error_y.arrayminus) == pytest.approx([0.2, 0.0])
    assert list(named["Labelled rows"].y) == [1.0]
    assert drawn.sentence == "Told."
    assert list(drawn.table["Labelled rows"]) == ["2", "1"]
    assert calibration.calibration(None, []) is None
