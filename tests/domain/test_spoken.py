"""What a report says, in order, and nothing twice."""

from cje_audit.domain import spoken
from cje_audit.domain.checks import Verdict
from cje_audit.domain.repair import EstimateChange, Repair, Stood
from tests.app import reports

GOOD = reports.policy("good", Verdict.REPORT, truths=(reports.truth(),), next_step="Label more.")


def test_a_policy_says_its_verdict_first_then_the_truth_then_what_next() -> None:
    assert spoken.of_policy(GOOD) == ("The sentence about good.", "The estimate agrees.", "Label more.")


def test_a_step_that_the_verdict_says_already_is_not_said_again() -> None:
    said = reports.policy("far", Verdict.REFUSE, sentence="No number. Label more.", next_step="Label more.")
    assert spoken.of_policy(said) == ("No number. Label more.",)


def test_no_truth_is_told_where_the_level_may_not_stand() -> None:
    for verdict in (Verdict.RANK_ONLY, Verdict.REFUSE, Verdict.NOT_EVALUATED):
        assert spoken.headline_truth(GOOD.model_copy(update={"verdict": verdict})) is None


def test_a_run_says_its_warnings_and_skips_what_is_not_there() -> None:
    report = reports.report(GOOD)
    warned = report.model_copy(update={"summary": report.summary.model_copy(update={"warnings": ("Beware.",)})})
    assert spoken.of_run(warned) == ("The summary.", "Beware.")
    assert spoken.of_numbers(report) == ()


def test_a_repair_shows_no_number_of_a_policy_that_may_show_none() -> None:
    stood = Stood(
        policy="x", estimator="snips", reward="judge", value=0.5, interval=None, n_used=1, n_total=2, counted="rows"
    )
    moved = [
        EstimateChange(policy=name, estimator="snips", reward="judge", before=stood, after=stood, sentence=name)
        for name in ("good", "far", "order")
    ]
    repair = Repair(act="left_out", at=None, sentence="Left out.", cells=(), estimates=tuple(moved))
    report = reports.report(GOOD, reports.policy("far", Verdict.REFUSE), reports.policy("order", Verdict.RANK_ONLY))
    assert spoken.of_repair(report, repair) == ("Left out.", "good")
    assert spoken.of_repair(report, repair, {"far", "order"}) == ("Left out.", "good", "far")


def test_estimates_that_stayed_are_counted_and_not_listed() -> None:
    stood = Stood(
        policy="good", estimator="snips", reward="judge", value=0.5, interval=None, n_used=1, n_total=2, counted="rows"
    )
    moved = [
        EstimateChange(
            policy="good", estimator="snips", reward="judge", before=stood, after=stood, sentence=f"s{i}", moved=i == 0
        )
        for i in range(3)
    ]
    repair = Repair(
        act="asked_again", at="t", sentence="A retry.", cells=(), estimates=tuple(moved), notes=("Asked x.",)
    )
    report = reports.report(GOOD)
    assert spoken.of_repair(report, repair) == ("A retry.", "Asked x.", "s0", "2 of 3 estimates stayed as they were.")
