"""Rows, columns and whole runs whose truth is known because the test made them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from cje_audit.checks.dataset import UNFINISHED_OK, DatasetFacts
from cje_audit.checks.faults import audit_column
from cje_audit.checks.frame import Column, Floats, Ints, PolicyFacts, Rows
from cje_audit.checks.judge import audit_scores
from cje_audit.domain.checks import Check
from cje_audit.report.facts import FreshDraws, RunFacts

NAN = float("nan")


def floats(values: Any) -> Floats:
    return np.array([NAN if v is None else v for v in values], dtype=np.float64)


def no_codes(n: int) -> Any:
    return np.full(n, None, dtype=object)


def make_rows(
    chars: Any, *, key: Ints | None = None, cluster: Ints | None = None, tokens: Floats | None = None
) -> Rows:
    n = len(chars)
    return Rows(
        row_ids=np.array([f"r{i}" for i in range(n)], dtype=object),
        cluster=np.arange(n) if cluster is None else cluster,
        text_key=np.arange(n) if key is None else key,
        response_chars=np.asarray(chars, dtype=np.int64),
        response_tokens=np.full(n, NAN) if tokens is None else tokens,
        has_response=np.ones(n, dtype=bool),
        blank_response=np.zeros(n, dtype=bool),
        finish_reason=np.full(n, None, dtype=object),
    )


def column(rows: Rows, values: Any) -> Column:
    return audit_column(rows, floats(values), no_codes(rows.n))


def scores(rows: Rows, values: Any, scale: tuple[float, float] = (0.0, 1.0)) -> Column:
    return audit_scores(rows, floats(values), no_codes(rows.n), scale)


def text_logprobs(n: int, seed: int, chars: float = 800.0) -> tuple[Rows, Floats]:
    """Log-normal lengths, and log-probs that grow with them."""
    rng = np.random.default_rng(seed)
    lengths = np.maximum(8, rng.lognormal(np.log(chars), 0.7, n)).astype(int)
    return make_rows(lengths), -lengths * 0.05 * rng.lognormal(0, 0.3, n)


def log_normal_run(n: int = 400, seed: int = 0, sd: float = 0.5, **more: Any) -> RunFacts:
    """A clean run: a clone scored equally, and `near`, whose log ratios are N(−sd²/2, sd), so E[w] = 1."""
    rng = np.random.default_rng(seed)
    rows, logging = text_logprobs(n, seed + 1)
    shift = np.minimum(rng.normal(-(sd**2) / 2, sd, n), -logging - 1e-6)
    judged = 1 / (1 + np.exp(-rng.normal(0.5 * shift, 1.0)))
    facts: dict[str, Any] = {
        "rows": rows,
        "logging": PolicyFacts("base", "logging"),
        "logging_column": column(rows, logging),
        "targets": {"clone": PolicyFacts("clone", "clone"), "near": PolicyFacts("near", "target")},
        "target_columns": {"clone": column(rows, logging), "near": column(rows, logging + shift)},
        "judge": scores(rows, judged),
        "oracle": None,
        "scale": (0.0, 1.0),
        "dataset": DatasetFacts(n),
        "stages": (),
    }
    return RunFacts(**(facts | more))


def arena_run(folder: Path, *, fresh: bool = True) -> RunFacts:
    """The real arena rows as an import would hand them over."""
    lines = [json.loads(line) for line in (folder / "logged_data.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = make_rows([len(r["response"]) for r in lines])
    names = list(lines[0]["target_policy_logprobs"])
    place = {r["metadata"]["prompt_id"]: i for i, r in enumerate(lines)}
    open_end = np.array([r["response"].rstrip()[-1:] not in UNFINISHED_OK for r in lines])
    return RunFacts(
        rows=rows,
        logging=PolicyFacts("base", "logging"),
        logging_column=column(rows, [r["base_policy_logprob"] for r in lines]),
        targets={p: PolicyFacts(p, "clone" if p == "clone" else "target") for p in names},
        target_columns={p: column(rows, [r["target_policy_logprobs"][p] for r in lines]) for p in names},
        judge=scores(rows, [r["judge_score"] for r in lines]),
        oracle=scores(rows, [r.get("oracle_label") for r in lines]),
        scale=(0.0, 1.0),
        dataset=DatasetFacts(len(lines), unfinished=open_end),
        stages=(),
        fresh_draws={p: fresh_of(folder, p, place) for p in ["base", *names]} if fresh else {},
    )


def fresh_of(folder: Path, policy: str, place: dict[str, int]) -> FreshDraws:
    text = (folder / "fresh_draws" / f"{policy}_responses.jsonl").read_text(encoding="utf-8")
    drawn = [json.loads(line) for line in text.splitlines()]
    cluster = np.array([place[r["prompt_id"]] for r in drawn])
    return FreshDraws(
        floats([r["judge_score"] for r in drawn]), floats([r.get("oracle_label") for r in drawn]), cluster
    )


def found(checks: list[Check], check: str, policy: str | None = None) -> Check:
    """Return the one check of this id and policy; exactly one must be there."""
    hits = [c for c in checks if c.id == check and c.policy == policy]
    assert len(hits) == 1, f"{check} {policy}: {len(hits)} times"
    return hits[0]


def speaking(checks: list[Check]) -> set[tuple[str, str | None]]:
    """Return the checks that warn or fail."""
    return {(c.id, c.policy) for c in checks if c.status in ("warn", "fail")}
