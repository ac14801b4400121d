import hashlib
import json
import math

import numpy as np
import pytest

from cje_audit.domain.errors import ModelMissing
from cje_audit.domain.policy import Policy
from cje_audit.providers.scoring import compute_log_prob

TARGETS = ("clone", "four_examples", "two_examples", "unhelpful")


def log_ratio(rows, policy):
    return np.array([row["target_policy_logprobs"][policy] - row["base_policy_logprob"] for row in rows])


def ess_fraction(rows, policy):
    weight = np.exp(log_ratio(rows, policy))
    return weight.sum() ** 2 / (weight**2).sum() / len(weight)


def test_every_row_has_its_prompt_its_draw_and_its_category(rows, tasks):
    known = {task.prompt_id: task for task in tasks.all_tasks()}
    assert len({(row["prompt_id"], row["draw"]) for row in rows}) == len(rows) >= 480
    for row in rows:
        assert row["prompt"] == known[row["prompt_id"]].prompt
        assert row["metadata"]["category"] == known[row["prompt_id"]].category


def test_token_values_add_up_to_the_stored_sums_and_tokens_spell_the_response(rows):
    for row in rows:
        stop = row["finish_reason"] == "stop"
        assert "".join(row["tokens"]) == row["response"] + ("<|im_end|>" if stop else "")
        assert row["n_tokens"] == len(row["tokens"]) <= 28 + stop  # 24 were sampled; reading back may split more
        assert row["base_policy_logprob"] == math.fsum(row["base_policy_token_logprobs"])
        for policy in TARGETS:
            values = row["target_policy_token_logprobs"][policy]
            assert len(values) == row["n_tokens"]
            assert max(values) <= 0
            assert row["target_policy_logprobs"][policy] == math.fsum(values)


def test_the_clone_was_scored_to_the_same_values(rows):
    assert all(row["target_policy_token_logprobs"]["clone"] == row["base_policy_token_logprobs"] for row in rows)


def test_the_weights_are_what_the_tuning_aimed_at(rows):
    assert ess_fraction(rows, "four_examples") >= 0.3
    assert 0.03 <= ess_fraction(rows, "two_examples") <= 0.2
    weight = np.exp(log_ratio(rows, "four_examples"))
    assert weight.max() / weight.sum() < 0.05


def test_labels_are_the_checking_programs(rows, fresh, all_labels, tasks):
    known = {task.prompt_id: task for task in tasks.all_tasks()}
    for row in rows:
        expected = tasks.label(known[row["prompt_id"]], row["response"])
        assert all_labels[row["prompt_id"], row["draw"]] == expected
        assert row.get("oracle_label", expected) == expected
    for row in [row for lines in fresh.values() for row in lines]:
        assert row["oracle_label"] == tasks.label(known[row["prompt_id"]], row["response"])


def test_the_experiment_sees_the_labels_of_half_the_prompts(rows):
    seen = {row["prompt_id"] for row in rows if "oracle_label" in row}
    hidden = {row["prompt_id"] for row in rows if "oracle_label" not in row}
    assert not seen & hidden
    assert abs(len(seen) - len(hidden)) <= 2


def test_every_target_has_fresh_judged_and_labelled_draws_of_its_own(rows, fresh):
    assert set(fresh) == set(TARGETS)
    logged = {(row["prompt_id"], row["response"]) for row in rows}
    for policy, lines in fresh.items():
        assert len({row["prompt_id"] for row in lines}) >= 300, policy
        assert all(0 <= row["judge_score"] <= 1 for row in lines)
    same = np.mean([(row["prompt_id"], row["response"]) in logged for row in fresh["clone"]])
    assert same < 0.9  # fresh draws, not the logged ones again


def test_manifest_and_provenance_fit_the_data(folder, rows, provenance):
    experiment = folder / "experiment"
    manifest = json.loads((experiment / "manifest.json").read_text(encoding="utf-8"))
    assert {"loader_version", "qc_metrics", "git_commit"} <= set(manifest)
    assert manifest["qc_metrics"]["n_rows"] == len(rows)
    assert manifest["sha256"] == hashlib.sha256((experiment / "logged_data.jsonl").read_bytes()).hexdigest()
    for said in provenance["policies"]:
        identity = said["identity"] | {"name": said["name"]}
        assert Policy.model_validate(identity).identity_hash() == said["identity_hash"]
    assert provenance["tuning"]["passes"]
    assert not {"oracle_label", "judge_score"} & set(provenance["tuning"]["passes"][0])


def test_all_together_stays_under_ten_megabytes(folder):
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 10_000_000


@pytest.mark.model
def test_scoring_a_row_again_gives_the_stored_values(rows, provenance):
    """Within 1e-3 nats per token: another processor may round differently."""
    row = rows[0]
    for said in provenance["policies"]:
        policy = Policy.model_validate(said["identity"] | {"name": said["name"]})
        result = compute_log_prob(policy, row["prompt"], row["response"], ended=row["finish_reason"] == "stop")
        if result.detail and "not on this machine" in result.detail:
            pytest.skip(ModelMissing(result.detail).sentence)
        stored = row["target_policy_token_logprobs"].get(said["name"], row["base_policy_token_logprobs"])
        assert result.token_logprobs == pytest.approx(stored, abs=1e-3)
