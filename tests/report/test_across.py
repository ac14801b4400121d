"""Two runs held against each other: paired by prompt, and kept apart where data, judge or template differ."""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.report.across import Side, compare_runs
from cje_audit.report.facts import RunFacts
from cje_audit.report.setting import Setting
from tests.checks.builders import log_normal_run, scores
from tests.report.helpers import HEADER, report_of, with_target

RECORDED = Setting({"kind": "recorded", "scale": (0.0, 1.0)})


def side(label: str, facts: RunFacts, setting: Setting = RECORDED, data_hash: str | None = None) -> Side:
    report = report_of(facts)
    report = report.model_copy(update={"run": HEADER.model_copy(update={"id": label, "data_hash": data_hash})})
    return Side(label, report, facts, facts.rows.row_ids, setting)


def pair(found, name: str):
    return next(p for p in found.comparisons if p.a == p.b == name)


def test_the_same_rows_give_the_same_difference_as_within_one_run() -> None:
    """near scored by A against near scored by B equals the paired difference of two policies of one run."""
    facts = log_normal_run(n=600)
    assert facts.judge is not None
    other = facts.target_columns["near"].values + np.random.default_rng(1).normal(0, 0.02, 600)
    rescored = with_target(facts, near=np.minimum(other, -1e-6))
    found = compare_runs(side("A", facts), side("B", rescored))
    both = replace(
        facts,
        targets={**facts.targets, "other": replace(facts.targets["near"], name="other")},
        target_columns={**facts.target_columns, "other": rescored.target_columns["near"]},
    )
    within = next(c for c in report_of(both).comparisons if {c.a, c.b} == {"near", "other"})
    got = pair(found, "near")
    assert found.comparable
    assert got.difference == pytest.approx(within.difference, abs=1e-14)
    assert got.interval == pytest.approx(within.interval, abs=1e-12)
    assert (got.n_pairs, got.reward) == (600, "judge")
    assert [p.a for p in found.comparisons] == ["base", "clone", "near"]
    assert pair(found, "base").difference == 0.0


def test_pairing_needs_no_common_order() -> None:
    facts = log_normal_run(n=300)
    order = np.random.default_rng(0).permutation(300)

    def moved(column):
        return replace(column, values=column.values[order], codes=column.codes[order], reported=column.reported[order])

    rows = replace(
        facts.rows,
        row_ids=facts.rows.row_ids[order],
        cluster=facts.rows.cluster[order],
        text_key=facts.rows.text_key[order],
        response_chars=facts.rows.response_chars[order],
    )
    assert facts.logging_column is not None
    assert facts.judge is not None
    shuffled = replace(
        facts, rows=rows, logging_column=moved(facts.logging_column), judge=moved(facts.judge),
        target_columns={n: moved(c) for n, c in facts.target_columns.items()},
    )  # fmt: skip
    found = compare_runs(side("A", facts), side("B", shuffled))
    assert found.differs == ()
    near = pair(found, "near")
    assert near.difference == pytest.approx(0.0, abs=1e-14)
    assert near.interval == pytest.approx((0.0, 0.0), abs=1e-12)


def test_other_data_are_not_compared_and_it_is_said_what_differs() -> None:
    facts = log_normal_run(n=300)
    assert facts.judge is not None
    values = facts.judge.values.copy()
    values[:7] = 0.5
    found = compare_runs(side("A", facts), side("B", replace(facts, judge=scores(facts.rows, values))))
    assert not found.comparable
    assert found.differs == ("The data differ: 7 of 300 common rows have other judge scores.",)
    assert all(not p.comparable and p.difference is None for p in found.comparisons)
    assert found.sentence.startswith("These runs are not comparable. The data differ: ")


def test_rows_that_are_only_in_one_run_are_counted() -> None:
    found = compare_runs(side("A", log_normal_run(n=300)), side("B", log_normal_run(n=200)))
    assert "100 of 300 rows are only in A" in found.differs[0]


def test_another_judge_or_template_keeps_runs_apart_in_words() -> None:
    facts = log_normal_run(n=300)
    judge = {"kind": "score", "model": "m1", "scale": (0.0, 1.0)}
    base = {"template": "completion", "system_prompt": "Be kind."}
    one = Setting(judge, {"base": base, "near": base})
    found = compare_runs(side("A", facts, one), side("B", facts, Setting({**judge, "model": "m2"}, one.policies)))
    assert found.differs == ("The judge differs: model is m1 in A and m2 in B.",)
    chat = Setting(judge, {"base": {**base, "template": "chat"}, "near": base})
    assert "Of the logging policy the template differs: template is completion in A and chat in B." in (
        compare_runs(side("A", facts, one), side("B", facts, chat)).differs
    )
    target = Setting(judge, {"base": base, "near": {**base, "template": "chat"}})
    found = compare_runs(side("A", facts, one), side("B", facts, target))
    assert [(p.a, p.comparable) for p in found.comparisons] == [("base", True), ("clone", True), ("near", False)]
    assert "the template differs" in pair(found, "near").sentence


def test_another_system_prompt_is_told_but_compared() -> None:
    facts = log_normal_run(n=300)
    one = Setting(RECORDED.judge, {"near": {"system_prompt": "Be kind."}})
    two = Setting(RECORDED.judge, {"near": {"system_prompt": "Be short."}})
    near = pair(compare_runs(side("A", facts, one), side("B", facts, two)), "near")
    assert near.comparable
    assert near.differs == ("system_prompt is Be kind. in A and Be short. in B",)
    assert "Their settings differ: system_prompt is Be kind. in A" in near.sentence


def test_a_refused_policy_has_no_number_here_either() -> None:
    facts = log_normal_run(n=300)
    far = with_target(facts, near=facts.target_columns["near"].values - np.random.default_rng(0).gamma(4, 15, 300))
    near = pair(compare_runs(side("A", facts), side("B", far)), "near")
    assert (near.comparable, near.difference, near.value_a, near.value_b) == (False, None, None, None)
    assert "near (B) may not be given a number" in near.sentence


def test_policies_without_a_namesake_meet_each_other() -> None:
    facts = log_normal_run(n=300)
    renamed = replace(
        facts,
        targets={"clone": facts.targets["clone"], "nearer": replace(facts.targets["near"], name="nearer")},
        target_columns={"clone": facts.target_columns["clone"], "nearer": facts.target_columns["near"]},
    )
    found = compare_runs(side("A", facts), side("B", renamed))
    assert [(p.a, p.b) for p in found.comparisons] == [("base", "base"), ("clone", "clone"), ("near", "nearer")]


def test_known_truth_a_real_difference_is_found_and_a_null_one_is_not() -> None:
    """Judge scores do not know the policy in A; in B they follow it. 40 worlds each."""
    found, false = 0, 0
    for seed in range(40):
        facts = log_normal_run(n=400, sd=0.4, seed=seed)
        random = np.random.default_rng(seed)
        blind = replace(facts, judge=scores(facts.rows, random.random(400)))
        null = with_target(
            blind, near=np.minimum(blind.target_columns["near"].values + random.normal(0, 0.05, 400), -1e-6)
        )
        shift = blind.log_ratio("near")
        informed = replace(blind, judge=scores(facts.rows, np.clip(0.5 + 0.3 * shift, 0, 1)))
        far = with_target(informed, near=facts.target_columns["clone"].values)
        far = replace(far, targets={**facts.targets, "near": replace(facts.targets["near"], role="clone")})
        false += (pair(compare_runs(side("A", blind), side("B", null)), "near").p_value or 1) < 0.05
        found += (pair(compare_runs(side("A", informed), side("B", far)), "near").p_value or 1) < 0.05
    assert found >= 38
    assert false <= 7


@pytest.mark.parametrize("labelled", [(300, 300), (400, 250)])
def test_calibrated_rewards_carry_their_labels_uncertainty(labelled: tuple[int, int]) -> None:
    facts = log_normal_run(n=400)
    assert facts.judge is not None
    truth = (np.random.default_rng(0).random(400) < facts.judge.values).astype(float)
    runs = []
    for n in labelled:
        labels = np.where(np.arange(400) < n, truth, np.nan)
        runs.append(replace(facts, oracle=scores(facts.rows, labels)))
    found = compare_runs(side("A", runs[0], data_hash="same"), side("B", runs[1], data_hash="same"))
    near = pair(found, "near")
    assert near.reward == "calibrated"
    assert near.interval is not None
    width = near.interval[1] - near.interval[0]
    assert width == pytest.approx(0.0, abs=1e-9) if labelled[0] == labelled[1] else width > 0.01
