"""Judges of every kind in launched runs: real stages, a real worker process, a real HTTP server with a known truth."""

import json
import math
from collections import Counter
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Judge
from cje_audit.providers.judging import ask_for_choice, ask_for_score, goes_first
from cje_audit.stages.judge_asking import OPPONENT_DRAW, judge_identity
from tests.faults import truth
from tests.faults.running import FaultServer, fault_server
from tests.stages.helpers import asks, dump, experiment, script

URL = "http://127.0.0.1:1/v1"


@pytest.fixture(scope="module")
def server():
    with fault_server() as running:
        yield running


def with_judge(text: str, judge: Judge) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("judge:")]
    return "\n".join([*lines, f"judge: {judge.model_dump_json()}"])


def http_judge(url: str, **changes: object) -> Judge:
    known = {"kind": "score", "provider": "openai_compatible", "model": "m", "base_url": url}
    return Judge.model_validate(known | changes)


def launched(audit: Audit, tmp_path: Path, judge: Judge, **more: object) -> tuple[str, dict]:
    text = experiment(tmp_path, script(tmp_path), **({"n": 8} | more))
    run = audit.launch(with_judge(text, judge))
    assert audit.wait(run, timeout_s=60).status == "complete"
    return run, dump(audit, run)


def texts(tables: dict) -> list[tuple[str, str]]:
    return list(tables["sample"].sort("row").select("prompt", "response").iter_rows())


def test_scores_of_a_real_server_are_the_truth_on_the_declared_scale(server: FaultServer, tmp_path, audit: Audit):
    server.configure(mix={})
    judge = http_judge(server.url)
    run, tables = launched(audit, tmp_path, judge)
    expected = [truth.judge_score(ask_for_score(judge, p, r)) for p, r in texts(tables)]
    assert tables["judgement"].sort("row")["score"].to_list() == expected
    assert all("<think>" in raw for raw in tables["judgement"]["raw"])
    assert "judge.noise" not in {c.id for s in audit.report(run).stages for c in s.checks}


def test_a_judge_by_log_prob_end_to_end(server: FaultServer, tmp_path, audit: Audit):
    server.configure(mix={})
    judge = http_judge(server.url, kind="logprob", scale=(0, 10))
    _, tables = launched(audit, tmp_path, judge)
    expected = [10 * (0.2 + 0.6 * truth.judge_score(ask_for_score(judge, p, r))) / 0.99 for p, r in texts(tables)]
    assert tables["judgement"].sort("row")["score"].to_list() == pytest.approx(expected)


def test_a_pairwise_judge_compares_with_a_further_response_of_the_logging_policy(server, tmp_path, audit: Audit):
    server.configure(mix={})
    judge = http_judge(server.url, kind="pairwise", draws=2)
    run, tables = launched(audit, tmp_path, judge, extra="fresh_draws: {per_prompt: 1}")
    written = [a for a in asks(tmp_path) if a[0] == "generate" and a[1] == "base"]
    assert Counter(a[2] for a in written) == Counter({p: 2 for p, _ in texts(tables)})
    opponents = dict(audit_answers(audit, run))
    for (prompt, response), part in zip(
        texts(tables), tables["judgement"].sort("row", "draw").iter_slices(2), strict=True
    ):
        other = opponents[prompt]
        assert other != response
        for draw, row in enumerate(part.iter_rows(named=True)):
            first = goes_first(prompt, response, draw)
            asked = ask_for_choice(judge, prompt, *((response, other) if first else (other, response)))
            assert row["score"] == float((truth.share(asked) < 0.5) == first) and row["draw"] == draw
    fresh = tables["fresh_draw"]
    assert fresh["judge_score"].null_count() == 0 and set(fresh["judge_score"]) <= {0.0, 0.5, 1.0}
    noise = next(c for s in audit.report(run).stages for c in s.checks if c.id == "judge.noise")
    assert "8 of 8 rows were judged more than once (16 scores)" in noise.sentence
    assert not audit.verify(run)


def audit_answers(audit: Audit, run: str) -> list[tuple[str, str]]:
    """Return prompt and text of the responses that were written to be compared with."""
    from cje_audit.domain.import_spec import load_spec
    from cje_audit.providers.scripted import ScriptedProvider
    from cje_audit.store.answers import AnswerStore, Question

    spec = load_spec(audit.workspace / "runs" / run / "config.yaml")
    policy, store = spec.logging_policy, AnswerStore(audit.workspace / "answers.sqlite")
    prompts = [f"What is {i} plus {i}?" for i in range(8)]
    version = ScriptedProvider.scorer_version
    questions = [
        Question("generate", policy.identity_hash(), version, 0, (p, OPPONENT_DRAW), "", None, "") for p in prompts
    ]
    found = store.find("generate", [q.key for q in questions])
    store.close()
    return [(p, str(found[q.key].value)) for p, q in zip(prompts, questions, strict=True)]


def test_without_an_opponent_there_is_no_score_but_its_code(server: FaultServer, tmp_path, audit: Audit):
    server.configure(mix={})
    fault = {"op": "generate", "code": "content_filter", "contains": "What is 3"}
    text = experiment(tmp_path, script(tmp_path, faults=[fault]), n=8, execution="{max_attempts: 1}")
    rows = [{"prompt_id": f"p{i}", "prompt": f"What is {i} plus {i}?", "response": f"{2 * i} it is."} for i in range(8)]
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = audit.launch(with_judge(text, http_judge(server.url, kind="pairwise")))
    assert audit.wait(run, timeout_s=60).status == "complete"
    lost = dump(audit, run)["judgement"].filter(dump(audit, run)["judgement"]["status"] == "failed")
    assert lost.select("row", "code", "score", "answer_key").rows() == [(3, "content_filter", None, None)]
    assert "no response to compare with" in lost["detail"][0]


def test_a_judge_without_a_score_is_a_code_with_its_words_kept(server: FaultServer, tmp_path, audit: Audit):
    server.configure(mix={"judge_prose": 0.4, "judge_refusal": 0.3, "judge_range": 0.3})
    _, tables = launched(audit, tmp_path, http_judge(server.url), n=24, execution="{max_attempts: 1}")
    judged = tables["judgement"]
    words = {"unparseable": "3 good points", "judge_refusal": "I can't rate this", "out_of_range": '{"score": 17}'}
    assert set(judged["code"]) == set(words) and judged["score"].null_count() == judged.height == 24
    assert all(words[code] in raw for code, raw in judged.select("code", "raw").iter_rows())


def test_repeated_draws_are_averaged_and_their_noise_is_reported(tmp_path, audit: Audit):
    text = experiment(tmp_path, script(tmp_path, noise=0.4), n=30, extra="fresh_draws: {per_prompt: 1}")
    run = audit.launch(text.replace("kind: score,", "kind: score, draws: 3,"))
    assert audit.wait(run, timeout_s=60).status == "complete"
    tables = dump(audit, run)
    by_row = tables["judgement"].group_by("row").agg(scores="score")
    assert sum(len(set(scores)) == 3 for scores in by_row["scores"]) > 20
    check = next(c for s in audit.report(run).stages for c in s.checks if c.id == "judge.noise")
    within = math.sqrt(sum(s.var() for s in by_row["scores"]) / 30)
    assert f"30 of 30 rows were judged more than once (90 scores): one score lies {within:.3g}" in check.sentence
    assert tables["fresh_draw"]["judge_score"].null_count() == 0
    judged = Counter(tuple(a[2:]) for a in asks(tmp_path) if a[0] == "judge")
    assert set(judged.values()) == {3}  # fresh responses too


def test_one_draw_and_several_are_different_questions_but_not_five_and_three():
    one, three, five = (judge_identity(http_judge(URL, draws=n)) for n in (1, 3, 5))
    assert one != three == five


def test_a_judge_that_cannot_do_this_is_refused_when_the_file_is_read(tmp_path, audit: Audit):
    text = experiment(tmp_path, script(tmp_path), n=2)
    claude = Judge(kind="logprob", provider="anthropic", model="m")
    with pytest.raises(ConfigError, match="no log-probs, and a judge of kind logprob") as caught:
        audit.launch(with_judge(text, claude))
    assert "kind: score" in (caught.value.what_to_do or "")


def test_the_cost_of_a_comparison_counts_the_response_that_is_compared_with(tmp_path, audit: Audit):
    text = experiment(tmp_path, script(tmp_path), n=5)
    plain, pair = (
        audit.estimate_cost(with_judge(text, http_judge(URL, kind=kind))).n_requests for kind in ("score", "pairwise")
    )
    assert pair - plain == 5
    assert json.loads(http_judge(URL).model_dump_json())["draws"] == 1
