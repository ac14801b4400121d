"""The five states of the transport audit, each by itself and by simulation."""

import numpy as np
import pytest

from cje_audit.checks.judge_calibration import Transport, transport, transport_state
from cje_audit.checks.verdicts import Case, decide
from cje_audit.domain.checks import Verdict
from cje_audit.numerics.point import Inferred, Point, infer

MARGIN = 0.05
REPETITIONS = 400


def residual(mean: float, error: float, n: int = 100) -> Inferred:
    """Residuals with exactly this mean and standard error."""
    apart = np.where(np.arange(n) % 2 == 0, 1.0, -1.0) * error * np.sqrt(n - 1)
    return infer(Point(mean, apart), np.arange(n))


STATES = [
    (0.0, 0.01, 9, Transport.TOO_FEW, "not_evaluated", Verdict.REPORT, "only 9 fresh responses"),
    (0.02, 0.005, 100, Transport.HOLDS, "pass", Verdict.REPORT, "so the calibration holds"),
    (0.01, 0.04, 100, Transport.UNCLEAR, "not_evaluated", Verdict.REPORT, "too few labels to say"),
    (-0.05, 0.015, 100, Transport.LEANS, "warn", Verdict.RANK_ONLY, "Calibrated scores of b are too high"),
    (0.05, 0.015, 100, Transport.LEANS, "warn", Verdict.RANK_ONLY, "Calibrated scores of b are too low"),
    (-0.12, 0.02, 100, Transport.FAILS, "fail", Verdict.REFUSE, "too high and mislead about b"),
    (0.12, 0.02, 100, Transport.FAILS, "fail", Verdict.REFUSE, "too low and mislead about b"),
]


@pytest.mark.parametrize(("mean", "error", "n", "state", "status", "verdict", "said"), STATES)
def test_each_state_has_its_status_sentence_and_verdict(
    mean: float, error: float, n: int, state: Transport, status: str, verdict: Verdict, said: str
) -> None:
    got = residual(mean, error, n)
    check = transport("b", got, 1.0, "no label")
    assert transport_state(got, MARGIN) is state
    assert (str(check.status), said in check.sentence) == (status, True), check.sentence
    assert (check.what_to_do is None) == (state is Transport.HOLDS)
    assert decide(Case("b", "target", 100, on_judge=True), [check]).verdict is verdict
    assert decide(Case("b", "target", 100, on_judge=False), [check]).verdict is Verdict.REPORT


def test_an_unclear_state_says_how_many_labels_settle_it() -> None:
    check = transport("b", residual(0.01, 0.04), 1.0, "no label")
    assert check.what_to_do == "Label about 246 fresh responses of b to settle it."
    assert (check.sentence[:18], check.value, check.threshold) == ("Not evaluated: on ", pytest.approx(0.01), MARGIN)
    assert check.n_affected == 0


@pytest.mark.parametrize("labels", [20, 100, 1000, 10_000])
def test_nothing_is_left_open_where_labels_are_many(labels: int) -> None:
    """Whatever the error is, enough labels decide: what stays open is want of labels, never a bad sign passed over."""
    open_ = [
        mean for mean in np.linspace(-0.2, 0.2, 81)
        if transport_state(residual(mean, 0.2 / np.sqrt(labels), labels), MARGIN) is Transport.UNCLEAR
    ]  # fmt: skip
    assert bool(open_) == (labels <= 100)


def test_without_labels_the_reason_is_given() -> None:
    assert transport("b", None, 1.0, "no fresh response of b is labelled").sentence == (
        "Not evaluated: no fresh response of b is labelled."
    )


@pytest.mark.parametrize(
    ("bias", "labels", "state", "least", "most"),
    [
        (0.0, 400, Transport.HOLDS, 0.97, 1.0),  # the power of the equivalence test
        (0.0, 30, Transport.UNCLEAR, 0.5, 1.0),
        (0.0, 30, Transport.FAILS, 0.0, 0.01),  # false alarms, of either kind
        (0.0, 30, Transport.LEANS, 0.0, 0.03),
        (0.05, 400, Transport.HOLDS, 0.0, 0.05),  # the size of the equivalence test, at its margin
        (0.05, 400, Transport.FAILS, 0.0, 0.05),
        (0.05, 400, Transport.LEANS, 0.85, 1.0),
        (-0.12, 400, Transport.FAILS, 0.99, 1.0),
        (0.2, 9, Transport.TOO_FEW, 1.0, 1.0),
    ],
)
def test_states_come_as_often_as_they_should(
    bias: float, labels: int, state: Transport, least: float, most: float
) -> None:
    rng, found = np.random.default_rng(7), 0
    for _ in range(REPETITIONS):
        drawn = bias + rng.normal(0, 0.2, labels)
        got = infer(Point(float(drawn.mean()), drawn - drawn.mean()), np.arange(labels))
        found += transport_state(got, MARGIN) is state
    assert least <= found / REPETITIONS <= most
