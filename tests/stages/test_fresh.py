"""Fresh draws of a launched run."""

from collections import Counter
from pathlib import Path

from cje_audit.audit import Audit
from tests.stages.helpers import asks, dump, experiment, script


def test_every_target_writes_and_is_judged_anew(tmp_path: Path, audit: Audit) -> None:
    """Also the clone: its fresh responses are not the logged ones."""
    text = experiment(tmp_path, script(tmp_path), n=6, extra="fresh_draws: {per_prompt: 2}")
    run = audit.launch(text)
    assert audit.wait(run, timeout_s=60).status == "complete"
    tables = dump(audit, run)
    fresh = tables["fresh_draw"]
    assert Counter(fresh["policy"]) == {"clone": 12, "mild": 12, "other": 12}
    assert fresh["judge_score"].null_count() == 0
    logged = set(tables["sample"]["response"])
    assert not logged & set(fresh.filter(fresh["policy"] == "clone")["response"])
    clone = audit.report(run).policy("clone")
    assert clone is not None
    assert [(t.reward, t.n) for t in clone.truths] == [("judge", 12)]
    before = len(asks(tmp_path))
    again = audit.launch(text)
    audit.wait(again, timeout_s=60)
    assert len(asks(tmp_path)) == before


def test_a_failed_fresh_draw_is_a_code(tmp_path: Path, audit: Audit) -> None:
    fault = {"op": "generate", "policy": "mild", "code": "content_filter", "contains": "What is 1"}
    text = experiment(
        tmp_path,
        script(tmp_path, faults=[fault]),
        n=4,
        execution="{max_attempts: 1}",
        extra="fresh_draws: {per_prompt: 1}",
    )
    run = audit.launch(text)
    assert audit.wait(run, timeout_s=60).status == "complete"
    fresh = dump(audit, run)["fresh_draw"]
    lost = fresh.filter(fresh["response"].is_null())
    assert lost.select("policy", "prompt_id", "judge_score", "judge_code").rows() == [
        ("mild", "p001", None, "content_filter")
    ]
