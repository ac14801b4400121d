import pytest

from cje_audit.checks.verdicts import Case, blocks, decide
from cje_audit.domain.checks import Check, CheckStatus

CASE = Case("b", "target", n_used=100, on_judge=True)


def check(name: str, status: str, policy: str | None = "b", value: float | None = None) -> Check:
    return Check(id=name, policy=policy, status=CheckStatus(status), value=value, sentence="A sentence.")


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ([], "report"),
        ([check("estimation.tail_index", "warn")], "report"),
        ([check("estimation.ess", "warn")], "rank_only"),
        ([check("estimation.tail_index", "warn"), check("estimation.overlap", "warn")], "rank_only"),
        ([check("target_policy.mean_weight", "warn")], "rank_only"),
        ([check("target_policy.clone_noise", "warn")], "report"),
        ([check("estimation.ess", "fail")], "refuse"),
        ([check("target_policy.uniform_weights", "fail")], "refuse"),
        ([check("target_policy.uniform_weights", "fail", "other")], "report"),
        ([check("logging_policy.sentinel_values", "fail", None)], "refuse"),
        ([check("dataset.schema", "fail", None, value=0.1)], "refuse"),
        ([check("judge.range", "fail", None)], "refuse"),
        ([check("judge.scored", "fail", None, value=0.5)], "refuse"),
        ([check("judge.scored", "fail", None, value=0.0)], "not_evaluated"),
        ([check("dataset.schema", "fail", None, value=1.0)], "not_evaluated"),
        ([check("target_policy.computed", "fail")], "not_evaluated"),
        ([check("target_policy.computed", "fail", "other")], "report"),
        ([check("target_policy.computed", "fail", None)], "not_evaluated"),
        ([check("target_policy.identical_policies", "fail", None)], "report"),
        ([check("estimation.ess", "not_evaluated")], "report"),
    ],
)
def test_verdicts(checks: list[Check], verdict: str) -> None:
    assert decide(CASE, checks).verdict == verdict


def test_a_judge_failure_leaves_label_based_rewards_alone() -> None:
    broken = [check("judge.range", "fail", None)]
    assert decide(Case("b", "target", 100, on_judge=False), broken).verdict == "report"


def test_bad_logging_logprobs_do_not_touch_the_logging_policy_itself() -> None:
    broken = [check("logging_policy.sentinel_values", "fail", None)]
    assert decide(Case("base", "logging", 100, on_judge=True), broken).verdict == "report"


def test_a_twin_is_refused_and_a_policy_without_rows_is_not_evaluated() -> None:
    same = [check("target_policy.identical_policies", "fail", None)]
    assert decide(Case("b", "target", 100, on_judge=True, has_twin=True), same).reasons == (
        "target_policy.identical_policies",
    )
    assert decide(Case("b", "target", 0, on_judge=True), []).verdict == "not_evaluated"


def test_blocks_for_all_are_those_without_a_policy() -> None:
    one, everything = check("target_policy.computed", "fail"), check("logging_policy.computed", "fail", None)
    assert blocks([one], None) == ()
    assert blocks([one, everything], None) == (everything,)
    assert blocks([one, everything], "b") == (one, everything)
