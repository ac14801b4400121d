import numpy as np
import pytest

from cje_audit.checks.frame import PolicyFacts
from cje_audit.checks.weight_checks import check_weights, pair
from cje_audit.domain.checks import Check
from tests.checks.builders import NAN, column, found, text_logprobs


def weigh(ratio: np.ndarray, role: str = "target", seed: int = 0, **more: object) -> list[Check]:
    rows, logging = text_logprobs(len(ratio), seed)
    logging -= 60
    policy = PolicyFacts("b", role, **more)  # type: ignore[arg-type]
    return check_weights(pair(rows, policy, column(rows, logging), column(rows, logging + ratio)))


def test_uniform_weights_have_three_sentences() -> None:
    clone = found(weigh(np.zeros(100), "clone"), "target_policy.uniform_weights", "b")
    assert (clone.status, "as expected: it is a clone" in clone.sentence) == ("pass", True)
    bug = found(weigh(np.zeros(100)), "target_policy.uniform_weights", "b")
    assert bug.status == "fail"
    assert bug.sentence.startswith(
        "Every weight for b is exactly 1. b was probably scored with the logging policy's settings."
    )
    rows, _ = text_logprobs(100, 0)
    zero = column(rows, np.zeros(100))
    ignored = found(
        check_weights(pair(rows, PolicyFacts("b", "clone"), zero, zero)), "target_policy.uniform_weights", "b"
    )
    assert ignored.status == "fail"
    assert "The server returned 0.0 under both policies for 100 of 100 rows" in ignored.sentence


@pytest.mark.parametrize(("share", "status"), [(0.89, "pass"), (0.91, "fail")])
def test_nine_tenths_tied_is_the_line(share: float, status: str) -> None:
    ratio = np.random.default_rng(0).normal(-0.1, 0.4, 1000)
    ratio[: int(share * 1000)] = 0
    assert found(weigh(ratio), "target_policy.uniform_weights", "b").status == status


def test_a_constant_shift_is_uniform_too_also_for_a_clone() -> None:
    check = found(weigh(np.full(100, -3.0), "clone"), "target_policy.uniform_weights", "b")
    assert check.status == "fail"
    assert "moved by a constant" in check.sentence


def test_certain_answers_tie_rightly() -> None:
    rng = np.random.default_rng(0)
    rows, logging = text_logprobs(100, 0, chars=4)
    logging[:92] = -(2.0**-23) * rng.integers(1, 9, 92)
    target = logging.copy()
    target[92:] -= rng.random(8) * 0.5
    assert found(
        check_weights(pair(rows, PolicyFacts("b", "target"), column(rows, logging), column(rows, target))),
        "target_policy.uniform_weights", "b",
    ).status == "fail"  # fmt: skip
    target[80:92] -= rng.random(12)
    logging[80:92] -= 1
    target[80:92] -= 1
    assert found(
        check_weights(pair(rows, PolicyFacts("b", "target"), column(rows, logging), column(rows, target))),
        "target_policy.uniform_weights", "b",
    ).status == "pass"  # fmt: skip


@pytest.mark.parametrize(("shift", "status"), [(0.0, "pass"), (0.5, "fail"), (-0.5, "fail")])
def test_mean_weight_off_one_fails_where_the_tail_is_light(shift: float, status: str) -> None:
    ratio = np.random.default_rng(1).normal(-0.125, 0.5, 2000) + shift
    check = found(weigh(ratio), "target_policy.mean_weight", "b")
    assert check.status == status
    assert check.value == pytest.approx(np.exp(shift), rel=0.05)


def test_mean_weight_is_not_judged_on_heavy_tied_or_short_tails() -> None:
    rng = np.random.default_rng(2)
    heavy = weigh(rng.normal(-4.5, 3.0, 2000))
    tied = weigh(np.where(rng.random(500) < 0.9, 0.0, rng.normal(0, 2, 500)), "clone")
    short = weigh(rng.normal(0.4, 0.1, 60))
    for checks, why in ((heavy, "k̂"), (tied, "distinct"), (short, "30 are needed")):
        check = found(checks, "target_policy.mean_weight", "b")
        assert check.status == "not_evaluated"
        assert check.value is not None
        assert why in check.sentence
        assert "95 % interval" in check.sentence


@pytest.mark.parametrize("sd", [0.3, 1.0, 1.6, 2.0])
def test_mean_weight_is_silent_on_true_weights(sd: float) -> None:
    spoke = 0
    for seed in range(60):
        ratio = np.random.default_rng(seed).normal(-(sd**2) / 2, sd, 300)
        spoke += found(weigh(ratio), "target_policy.mean_weight", "b").status in ("warn", "fail")
    assert spoke <= 1


@pytest.mark.parametrize(("mean", "status"), [(-0.5, "pass"), (0.2, "pass"), (0.4, "warn"), (1.0, "fail")])
def test_log_ratio_sign(mean: float, status: str) -> None:
    ratio = np.random.default_rng(1).normal(0, 1, 400)
    check = found(weigh(ratio - ratio.mean() + mean), "target_policy.log_ratio_sign", "b")
    assert (check.status, check.value) == (status, pytest.approx(mean))


def test_swapped_policies_break_the_sign() -> None:
    ratio = np.random.default_rng(1).normal(-2, 2, 400)
    assert found(weigh(-ratio), "target_policy.log_ratio_sign", "b").status == "fail"
    assert found(weigh(ratio), "target_policy.log_ratio_sign", "b").status == "pass"


def test_clone_noise() -> None:
    rng = np.random.default_rng(0)
    quiet = found(weigh(np.zeros(100), "clone"), "target_policy.clone_noise", "b")
    assert (quiet.status, "the noise floor is 0" in quiet.sentence) == ("pass", True)
    small = found(weigh(rng.normal(0, 0.05, 200), "clone"), "target_policy.clone_noise", "b")
    assert (small.status, small.n_affected) == ("pass", 200)
    loud = found(
        weigh(np.where(rng.random(500) < 0.9, 0, rng.normal(0, 2, 500)), "clone"), "target_policy.clone_noise", "b"
    )
    assert loud.status == "warn"
    assert "by up to e^" in loud.sentence
    assert len(loud.example_ids) == 20
    stored = found(weigh(np.zeros(50), "clone", from_stored_answers=True), "target_policy.clone_noise", "b")
    assert (stored.status, "one stored answer" in stored.sentence) == ("not_evaluated", True)
    assert found(weigh(np.zeros(50)), "target_policy.clone_noise", "b").status == "not_evaluated"


def test_nothing_in_common_is_not_evaluated() -> None:
    rows, values = text_logprobs(40, 0)
    checks = check_weights(pair(rows, PolicyFacts("b", "target"), column(rows, values), column(rows, np.full(40, NAN))))
    assert {c.status for c in checks} == {"not_evaluated"}
