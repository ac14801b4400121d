"""The failure tracker on a launched run: what failed attempts have in common, in the run's own measures."""

import json
from pathlib import Path

from cje_audit.audit import Audit
from tests.pages.conftest import script

SAID = "is told at length and word by word. "


def test_long_texts_that_fail_are_told_in_characters_and_tokens(tmp_path: Path) -> None:
    spec = json.loads(script(tmp_path, delay_s=0.0))
    rows = [
        {"prompt_id": f"p{i}", "prompt": f"Question {i}?", "response": SAID * (40 if i % 5 == 0 else 2) + f"{i}.", "judge_score": (i % 11) / 10}
        for i in range(60)
    ]  # fmt: skip
    data = tmp_path / "given.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    faults = [{"op": "logprobs", "contains": SAID * 3, "code": "context_overflow"}]
    (tmp_path / "script.json").write_text(json.dumps({"faults": faults}), encoding="utf-8")
    spec |= {"data": {"path": str(data)}, "judge": {"kind": "recorded"}}
    audit = Audit.open(tmp_path / "workspace")
    run = audit.launch(json.dumps(spec))
    assert audit.wait(run, timeout_s=60).status == "complete"
    (found,) = (p for p in audit.failure_patterns(run) if p.stage == "target_policy")
    lengths = [len(row["prompt"] + row["response"]) for row in rows if row["response"].count(SAID) == 2]
    words = len(SAID.split()) * 2 + 1  # a token of the scripted model is a word
    per_token = len(SAID) * 2 / words
    assert found.by == "length" and found.code == "context_overflow"
    assert f"texts longer than {max(lengths)} characters (about " in found.sentence
    told = int(found.sentence.split("(about ")[1].split(" tokens)")[0])
    assert abs(told - max(lengths) / per_token) <= 3
    assert "24 of 24 failed there, 0 of 96 elsewhere" in found.sentence
    audit.close()
