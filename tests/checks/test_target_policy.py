import numpy as np
import pytest

from cje_audit.checks.frame import PolicyFacts
from cje_audit.checks.target_policy import check_target_policies
from cje_audit.domain.checks import Check
from cje_audit.report.facts import RunFacts
from tests.checks.builders import NAN, column, found, log_normal_run, speaking

PER_POLICY = {
    "computed", "coverage", "logprob_range", "sentinel_values", "zero_logprobs", "logprob_density", "uniform_weights",
    "mean_weight", "log_ratio_sign", "clone_noise", "missingness",
    "row_alignment", "preclipped",
}  # fmt: skip


def run(facts: RunFacts) -> list[Check]:
    return check_target_policies(facts.rows, facts.logging_column, facts.target_columns, facts.targets, facts.judge)


@pytest.mark.parametrize("seed", range(8))
def test_clean_runs_are_quiet_and_every_check_is_there_once(seed: int) -> None:
    facts = log_normal_run(n=200 + 300 * seed, seed=seed, sd=0.2 + 0.12 * seed)
    checks = run(facts)
    assert speaking(checks) == set()
    for policy in facts.targets:
        assert sorted(c.id for c in checks if c.policy == policy) == sorted(f"target_policy.{c}" for c in PER_POLICY)
    assert found(checks, "target_policy.identical_policies").status == "not_evaluated"


def test_no_target_logprob_at_all_is_one_check_without_a_policy() -> None:
    facts = log_normal_run(target_columns={})
    checks = run(facts)
    assert found(checks, "target_policy.computed").status == "fail"
    assert {c.status for c in checks if c.policy} == {"not_evaluated"}
    assert len(check_target_policies(facts.rows, facts.logging_column, {}, {}, facts.judge)) == 2


def test_one_unscored_policy_fails_alone() -> None:
    facts = log_normal_run()
    scored = {"near": facts.target_columns["near"], "clone": column(facts.rows, np.full(facts.rows.n, NAN))}
    checks = run(log_normal_run(target_columns=scored))
    assert speaking(checks) == {("target_policy.computed", "clone"), ("target_policy.coverage", "clone")}


@pytest.mark.parametrize(("share", "status"), [(0.06, "warn"), (0.25, "fail")])
def test_coverage_warns_and_then_fails(share: float, status: str) -> None:
    facts = log_normal_run()
    lost = facts.target_columns["near"].values.copy()
    lost[: int(share * len(lost))] = NAN
    changed = {**facts.target_columns, "near": column(facts.rows, lost)}
    checks = run(log_normal_run(target_columns=changed))
    assert speaking(checks) == {("target_policy.coverage", "near")}
    assert found(checks, "target_policy.coverage", "near").status == status


def test_identical_targets_are_named_but_a_clone_is_none_of_them() -> None:
    facts = log_normal_run()
    assert facts.logging_column is not None
    two = {"clone": facts.targets["clone"], "a": PolicyFacts("a", "target"), "b": PolicyFacts("b", "target")}
    near = facts.target_columns["near"]
    checks = run(log_normal_run(targets=two, target_columns={"clone": facts.logging_column, "a": near, "b": near}))
    assert speaking(checks) == {("target_policy.identical_policies", None)}
    assert (
        "a and b have the same log-probs on 400 of 400 rows"
        in found(checks, "target_policy.identical_policies").sentence
    )


def test_one_identity_with_two_answers_warns() -> None:
    facts = log_normal_run()
    twins = {n: PolicyFacts(n, "target", identity="same") for n in ("a", "b")}
    near = facts.target_columns["near"]
    other = column(facts.rows, near.values - 0.01)
    check = found(
        run(log_normal_run(targets=twins, target_columns={"a": near, "b": other})), "target_policy.identical_policies"
    )
    assert check.status == "warn"
    assert "a and b are one policy but differ" in check.sentence
