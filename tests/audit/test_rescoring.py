"""An imported dataset with a provider: exactly the failed cells are asked, after intact rows showed it measures the same."""

import asyncio
import json
from pathlib import Path

import pytest

from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain import spoken
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import Experiment, parse_experiment
from cje_audit.domain.retry import RetryChoice
from cje_audit.providers.scripted import ScriptedProvider
from tests.cli.helpers import cje
from tests.stages.helpers import asks, experiment, script

DAMAGED, UNJUDGED, N = range(6), range(10, 13), 60


def wanted(folder: Path) -> Experiment:
    return parse_experiment(experiment(folder, folder / "script.json", n=N), base=folder)


def values(config: Experiment) -> list[dict[str, object]]:
    """The rows as the provider itself scores them: a file that holds what the provider would answer."""
    provider = ScriptedProvider()
    policies = (config.logging_policy, *config.target_policies)
    rows = []
    for i in range(N):
        prompt, response = f"What is {i} plus {i}?", f"The sum is {2 * i}, I am {'quite' if i % 3 else 'not'} sure."
        scored = [asyncio.run(provider.logprobs(p, prompt, response, ended=False)).result.value for p in policies]
        judged = asyncio.run(provider.judge(config.judge, prompt, response, draw=0)).result.value
        targets = dict(zip([p.name for p in config.target_policies], scored[1:], strict=True))
        rows.append(
            {"prompt_id": f"p{i:03d}", "prompt": prompt, "response": response, "base_policy_logprob": scored[0],
             "target_policy_logprobs": targets, "judge_score": judged}
        )  # fmt: skip
    return rows


@pytest.fixture
def config(tmp_path: Path) -> Path:
    script(tmp_path)
    path = tmp_path / "experiment.yaml"
    path.write_text(experiment(tmp_path, tmp_path / "script.json", n=N))
    return path


@pytest.fixture
def run(tmp_path: Path, audit: Audit, config: Path) -> str:
    return imported(audit, tmp_path, config)


def imported(audit: Audit, folder: Path, config: Path) -> str:
    """Import the provider's own values with six sentinels under `mild` and three rows without a score."""
    rows = values(parse_experiment(config.read_text(), base=folder))
    for i in DAMAGED:
        rows[i]["target_policy_logprobs"]["mild"] = -999.0  # type: ignore[index]  # a dict
    for i in UNJUDGED:
        rows[i]["judge_score"] = None
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in rows))
    run = audit.import_files([data], ImportOptions())
    assert audit.wait(run, timeout_s=60).status == "complete"
    return run


def test_exactly_the_failed_cells_are_asked_and_every_estimate_stands_before_and_after(
    tmp_path: Path, audit: Audit, run: str, config: Path
) -> None:
    plan = audit.retryable(run, RetryChoice(code="sentinel"), config=config.read_text(), base=tmp_path)
    assert (plan.n, plan.by_code) == (6, {"sentinel": 6}) and "The file stays as it is." in plan.sentence
    assert not asks(tmp_path)
    done = audit.retry(run, code="sentinel", config=config.read_text(), base=tmp_path)
    assert (done.retried, done.recovered) == (6, 6)
    asked = asks(tmp_path)
    assert {(op, who) for op, who, *_ in asked} == {("logprobs", "mild")}
    damaged = {f"What is {i} plus {i}?" for i in DAMAGED}
    prompts = [prompt for _, _, prompt, *_ in asked]
    assert damaged < set(prompts) and len(prompts) == len(set(prompts)) == 6 + 20
    report = audit.report(run)
    mild = report.policy("mild")
    assert mild is not None and mild.n_used == N - len(UNJUDGED)
    told = report.repairs[-1]
    assert told.act == "asked_again" and "on 20 intact rows its values are 0 nats per token" in told.notes[0].lower()
    moved = next(c for c in told.estimates if (c.policy, c.estimator, c.reward) == ("mild", "snips", "judge"))
    assert moved.after is not None and moved.after.n_used == N - len(UNJUDGED)
    assert (audit.retried(run).total, audit.retried(run).n_recovered) == (6, 6)
    cell = next(c for c in audit.row(run, "p000").cells if c.policy == "mild")
    assert (cell.status, cell.attempts) == ("ok", 1)
    assert audit.failures(run, code="no_score").total == len(UNJUDGED)
    assert {c.policy for c in spoken.changes(report, told) if c.moved} == {"mild"}
    assert audit.verify(run) == ()
    audit.export(run, tmp_path / "run.zip")
    assert audit.verify(str(tmp_path / "run.zip")) == ()


def test_the_judge_is_asked_for_the_scores_that_are_missing(
    tmp_path: Path, audit: Audit, run: str, config: Path
) -> None:
    done = audit.retry(run, stage="judge", config=config.read_text(), base=tmp_path)
    assert (done.retried, done.recovered) == (3, 3)
    assert audit.failures(run, stage="judge").total == 0
    assert audit.failures(run, code="sentinel").total == 6
    assert audit.retry(run).recovered == 6
    assert audit.failures(run).total == 0


def test_another_model_is_not_mixed_in(tmp_path: Path, audit: Audit, run: str, config: Path) -> None:
    other = config.read_text().replace("Be helpful.", "Be something else entirely, and at length.")
    before = audit.report(run).policy("mild")
    done = audit.retry(run, policy="mild", config=other, base=tmp_path)
    assert (done.retried, done.recovered) == (6, 0)
    report = audit.report(run)
    after = report.policy("mild")
    assert before is not None and after is not None and after.estimates == before.estimates
    assert "no failed cell was asked" in report.repairs[-1].notes[0]
    assert not any(change.moved for change in spoken.changes(report, report.repairs[-1]))
    assert audit.failures(run, code="sentinel").total == 6
    assert (audit.retried(run).total, audit.retried(run).n_recovered) == (6, 0)
    assert audit.retry(run, policy="mild", config=config.read_text(), base=tmp_path).recovered == 6


def test_an_endpoint_that_fails_leaves_the_cells_as_they_were(
    tmp_path: Path, audit: Audit, run: str, config: Path
) -> None:
    script(tmp_path, faults=[{"op": "logprobs", "code": "bad_request"}])
    text = config.read_text()
    assert audit.retry(run, policy="mild", config=text, base=tmp_path).recovered == 0
    assert "answered only 0 of 20 intact rows" in audit.report(run).repairs[-1].notes[0]
    assert audit.failures(run, code="sentinel").total == 6
    script(tmp_path)
    assert audit.retry(run, policy="mild").recovered == 6


def test_without_a_provider_the_sentence_says_what_to_give(audit: Audit, run: str, config: Path) -> None:
    with pytest.raises(ConfigError, match="no provider is known"):
        audit.retry(run)
    nameless = config.read_text().replace("name: mild", "name: gentle")
    with pytest.raises(ConfigError, match="names nobody to ask for mild"):
        audit.retry(run, code="sentinel", config=nameless, base=config.parent)


def test_the_command_line_asks_whom_the_file_names(tmp_path: Path, audit: Audit, run: str, config: Path) -> None:
    refused = cje(audit.workspace, "retry", run, "--json")
    assert refused.code == 2 and "--with CONFIG" in refused.document["error"]["what_to_do"]
    done = cje(audit.workspace, "retry", run, "--code", "sentinel", "--with", str(config))
    assert done.code == 0
    assert "6 failed questions asked again, 6 have an answer now" in done.out
    assert "Before and after:" in done.out and "mild, SNIPS, judge score:" in done.out
