"""The real arena rows through the command line, against the values other software gives."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import cje

TARGETS = ("clone", "parallel_universe_prompt", "unhelpful")
MAY_SPEAK = {"dataset.manifest", "dataset.truncation", "target_policy.mean_weight", "target_policy.clone_noise"}
OVERLAP = {f"estimation.{name}" for name in ("ess", "max_weight_share", "tail_index", "overlap", "typicality")}
OVERLAP |= {"estimation.near_zero_weights", "estimation.calibration_range"}


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    path = Path(__file__).resolve().parents[3] / "shared" / "data" / "arena" / "reference.json"
    if not path.is_file():
        pytest.skip("the arena rows are not on this machine")
    return json.loads(path.read_text())["policies"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, reference: object) -> Iterator[dict[str, Any]]:
    data = Path(__file__).resolve().parents[3] / "shared" / "data" / "arena"
    workspace = tmp_path_factory.mktemp("arena")
    done = cje(workspace, "import", data / "logged_data.jsonl", "--json")
    assert done.code == 1
    assert done.document["status"] == "complete"
    yield cje(workspace, "report", "latest", "--json").document


@pytest.fixture(scope="module")
def with_truth(tmp_path_factory: pytest.TempPathFactory, reference: object) -> dict[str, Any]:
    """The same rows with the policies' own responses and the few labelled ones."""
    data = Path(__file__).resolve().parents[3] / "shared" / "data" / "arena"
    workspace = tmp_path_factory.mktemp("arena_with_truth")
    more = ("--fresh-draws", data / "fresh_draws", "--probes", data / "probe_slice")
    assert cje(workspace, "import", data / "logged_data.jsonl", *more, "--json").code == 1
    return cje(workspace, "report", "latest", "--json").document


def policy(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(p for p in report["policies"] if p["name"] == name)


def check(report: dict[str, Any], check_id: str, name: str | None) -> dict[str, Any]:
    found = [c for s in report["stages"] for c in s["checks"] if c["id"] == check_id and c["policy"] == name]
    assert len(found) == 1, (check_id, name)
    return found[0]


def test_the_bad_policies_are_refused(report: dict[str, Any]) -> None:
    for name in ("unhelpful", "parallel_universe_prompt"):
        refused = policy(report, name)
        assert refused["verdict"] == "refuse"
        assert refused["reasons"]
        assert not any(e["primary"] for e in refused["estimates"])


def test_the_clone_is_not_at_weight_1_and_that_is_said(report: dict[str, Any], reference: dict[str, Any]) -> None:
    noise = check(report, "target_policy.clone_noise", "clone")
    assert (noise["status"], noise["n_affected"]) == ("warn", 50)
    mean = check(report, "target_policy.mean_weight", "clone")
    assert mean["status"] != "pass"
    assert mean["value"] == pytest.approx(reference["clone"]["weights"]["mean"], abs=1e-9)
    low, high = policy(report, "clone")["weights"]["mean_ci"]
    assert low < 1.26298 < high
    assert "1.26" in mean["sentence"]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("reward", ["judge", "oracle"])
def test_ips_and_snips_equal_the_closed_form(
    report: dict[str, Any], reference: dict[str, Any], name: str, reward: str
) -> None:
    closed = reference[name]["closed_form"]["judge_score" if reward == "judge" else "oracle_label"]
    found = {e["estimator"]: e for e in policy(report, name)["estimates"] if e["reward"] == reward}
    for estimator in ("ips", "snips"):
        assert found[estimator]["value"] == pytest.approx(closed[estimator], abs=1e-9, rel=1e-9)
        assert found[estimator]["standard_error"] == pytest.approx(closed[f"{estimator}_se"], abs=1e-9, rel=1e-9)
        assert found[estimator]["n_used"] == closed["n"]


@pytest.mark.parametrize("name", TARGETS)
def test_the_weights_are_raw(report: dict[str, Any], reference: dict[str, Any], name: str) -> None:
    ours, theirs = policy(report, name)["weights"], reference[name]["weights"]
    assert ours["n_clipped"] == 0
    for mine, other in (("mean", "mean"), ("ess", "ess"), ("max_share", "max_share"), ("top5_share", "top5_share")):
        assert ours[mine] == pytest.approx(theirs[other], rel=1e-9)
    assert ours["log_ratio"]["mean"] == pytest.approx(theirs["log_ratio_mean"], rel=1e-9)


def speaking(report: dict[str, Any]) -> set[tuple[str, str | None]]:
    every = [c for s in report["stages"] for c in s["checks"]]
    return {(c["id"], c["policy"]) for c in every if c["status"] in ("warn", "fail")}


def test_only_overlap_and_true_properties_speak(report: dict[str, Any], with_truth: dict[str, Any]) -> None:
    for told in (report, with_truth):
        assert {i for i, _ in speaking(told)} <= MAY_SPEAK | OVERLAP
        clone = {i for i, p in speaking(told) if p == "clone"}
        assert clone <= {"target_policy.clone_noise", "target_policy.mean_weight"}


def test_scores_beyond_the_labels_are_a_matter_of_overlap(report: dict[str, Any], with_truth: dict[str, Any]) -> None:
    """Of 503 own responses of `unhelpful` most score below every labelled one: no label is wanting, range is."""
    assert not [i for i, _ in speaking(report) if i == "estimation.calibration_range"]
    beyond = [
        (p, c) for p in TARGETS if (c := check(with_truth, "estimation.calibration_range", p))["status"] != "pass"
    ]
    assert [p for p, _ in beyond] == ["unhelpful"]
    assert beyond[0][1]["value"] > 0.5


@pytest.mark.parametrize(("name", "n"), [("clone", 22), ("parallel_universe_prompt", 26), ("unhelpful", 26)])
def test_a_few_labelled_responses_decide_nothing_and_that_is_said(
    with_truth: dict[str, Any], name: str, n: int
) -> None:
    transport = check(with_truth, "judge.transport", name)
    assert transport["status"] == "not_evaluated"
    assert transport["sentence"].startswith(f"Not evaluated: on {n} labelled responses of {name} the label is")
    assert "too few labels to say" in transport["sentence"]
    assert transport["what_to_do"].startswith("Label about ")
    told = policy(with_truth, name)
    if told["verdict"] == "report":
        assert f"what {name} writes is not settled: only {n} of its responses are labelled." in told["sentence"]
    else:
        assert not any(e["primary"] for e in told["estimates"])


def test_without_labelled_responses_that_is_said_too(report: dict[str, Any]) -> None:
    assert policy(report, "clone")["sentence"].endswith("what clone writes is untested: none of it is labelled.")
    assert "writes" not in policy(report, "base")["sentence"]


def test_each_check_is_there_once_per_policy(report: dict[str, Any]) -> None:
    seen = [(c["id"], c["policy"]) for s in report["stages"] for c in s["checks"]]
    assert len(seen) == len(set(seen))
    per_policy = {i for i, p in seen if p is not None}
    for check_id in per_policy:
        assert {p for i, p in seen if i == check_id} == set(TARGETS)


def test_no_number_is_not_a_number(report: dict[str, Any]) -> None:
    def walk(value: object) -> Iterator[float]:
        if isinstance(value, float):
            yield value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from walk(inner)

    assert all(map(math.isfinite, walk(report)))


def test_without_target_log_probs_nothing_is_estimated(tmp_path: Path, arena: Path) -> None:
    rows = [json.loads(line) for line in (arena / "logged_data.jsonl").read_text().splitlines()]
    for row in rows:
        del row["target_policy_logprobs"]
    path = tmp_path / "no_targets.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    assert cje(tmp_path / "w", "import", path, "--json").code == 1
    report = cje(tmp_path / "w", "report", "latest", "--json").document
    assert check(report, "target_policy.computed", None)["status"] == "fail"
    assert [e for p in report["policies"] for e in p["estimates"]] == []
    assert all(p["verdict"] == "not_evaluated" for p in report["policies"])
