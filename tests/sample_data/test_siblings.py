import pytest

NAMES = ("uniform_by_bug", "skipped_target_stage", "broken_judge", "fallback_constants")


def row_id(row):
    return row["prompt_id"] if row["draw"] == 0 else f"{row['prompt_id']}#{row['draw']}"


@pytest.mark.parametrize("name", NAMES)
def test_a_sibling_differs_from_the_experiment_exactly_in_its_touched_rows(rows, sibling, touched, name):
    spoilt = sibling(name)
    assert [row_id(row) for row in spoilt] == [row_id(row) for row in rows]
    named = set(touched["rows"][name])
    for good, bad in zip(rows, spoilt, strict=True):
        assert (good != bad) <= (row_id(good) in named)
        untouched = {
            k: v for k, v in good.items() if k not in ("target_policy_logprobs", "target_policy_token_logprobs")
        }
        kept = ("judge_score", "judge_text") if name == "broken_judge" else ()
        assert all(bad[k] == v for k, v in untouched.items() if k not in kept)


def test_uniform_by_bug_has_weights_of_exactly_one_for_one_policy_only(sibling, touched):
    for row in sibling("uniform_by_bug"):
        assert row["target_policy_logprobs"][touched["policy"]] == row["base_policy_logprob"]
    assert any(
        row["target_policy_logprobs"]["unhelpful"] != row["base_policy_logprob"] for row in sibling("uniform_by_bug")
    )


def test_skipped_target_stage_has_no_target_log_prob(sibling):
    for row in sibling("skipped_target_stage"):
        assert not {"target_policy_logprobs", "target_policy_token_logprobs"} & set(row)


def test_broken_judge_has_six_percent_unreadable_replies_and_no_number_for_them(sibling, touched):
    rows = sibling("broken_judge")
    broken = [row for row in rows if "judge_score" not in row]
    assert [row_id(row) for row in broken] == touched["rows"]["broken_judge"]
    assert len(broken) == round(0.06 * len(rows))
    assert all(row["judge_code"] == "unparseable" for row in broken)


def test_fallback_constants_sit_in_the_named_rows_of_one_policy(rows, sibling, touched):
    policy, named = touched["policy"], set(touched["rows"]["fallback_constants"])
    for good, bad in zip(rows, sibling("fallback_constants"), strict=True):
        if row_id(bad) in named:
            assert bad["target_policy_logprobs"][policy] in (-100.0, -50.0)
            assert policy not in bad["target_policy_token_logprobs"]
            assert bad["target_policy_logprobs"]["clone"] == good["target_policy_logprobs"]["clone"]
        else:
            assert bad == good
    assert 0.03 < len(named) / len(rows) <= 0.05
