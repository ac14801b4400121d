"""What the estimates and weight diagnostics of a report cost, against a bare self-normalised mean in NumPy.

    python benchmarks/estimation.py [--quick] [--json]

The rows are made in memory as a finished import hands them over: every row with a judge score, one in ten with a
label, a thousand fresh draws per policy. Timed are the very functions that write the report. `vs_numpy_snips`: IPS,
SNIPS, both clipped, their standard errors, and all weight diagnostics of a policy, judge score as reward.
`all_vs_numpy_snips`: every estimate of a policy, on all rewards, with intervals and bounds, and a tenth of what ten
policies share (folds, calibration, ranks of the scores). The bare mean is `w = exp(l); (w * r).sum() / w.sum()` on the
same arrays. All are CPU seconds of one thread, best of three, in turns.

`vs_cje_raw_ips` is how many times faster than cje-eval 0.3's `raw-ips` the same work is on the same rows, without
reading the file: judge calibrated by the labels, the calibrated estimates with errors, all weight diagnostics.
cje-eval lives in an environment of its own (`$CJE_EVAL_PYTHON`, else it is made in the user's cache folder unless
--quick); where it cannot be had, the ratio is null.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cje_audit.checks.dataset import DatasetFacts
from cje_audit.checks.estimation import typicality_of
from cje_audit.checks.faults import audit_column
from cje_audit.checks.frame import Column, Floats, PolicyFacts, Rows
from cje_audit.checks.weight_checks import pair
from cje_audit.domain.report import RunHeader
from cje_audit.numerics.point import infer
from cje_audit.report.assemble import assemble, run_checks
from cje_audit.report.estimates import estimates_of
from cje_audit.report.facts import FreshDraws, RunFacts
from cje_audit.report.samples import ips_point, sample_of, snips_point
from cje_audit.report.transformed import clipped

SEED = 20260101
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
ROWS, QUICK_ROWS, SMALL = 1_000_000, 200_000, 100_000
POLICIES = 10
SHARED = ("fold", "calibrated", "score_levels")  # what a run computes once for all its policies
PEER_ROWS = 20_000
REPEATS = 3
CLIP = 1.0  # nats; some rows are clipped
MAX_LIGHT, MAX_ALL, MAX_GROWTH, MAX_MB, MIN_PEER = 15.0, 120.0, 11.0, 2000.0, 20.0
PEER = "cje-eval==0.3.*"
PEER_PROGRAM = """
import io, json, sys, time, contextlib, logging
logging.disable(logging.CRITICAL)
from cje import analyze_dataset, load_dataset_from_jsonl
def best(work):
    found = []
    for _ in range(3):
        start = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            got = work()
        found.append(time.process_time() - start)
    return min(found), got
read, _ = best(lambda: load_dataset_from_jsonl(sys.argv[1]))
whole, got = best(lambda: analyze_dataset(logged_data_path=sys.argv[1], estimator="raw-ips", verbose=False))
print(json.dumps({"read_s": read, "estimate_s": whole - read, "value": float(got.estimates[0])}))
"""
HEADER = RunHeader(
    id="benchmark", name="benchmark", status="complete", created_at="2026-01-01T00:00:00Z", config_hash="none",
    data_hash=None, engine_version="benchmark", git_commit=None,
)  # fmt: skip


def made(n: int, policies: int, seed: int = SEED) -> RunFacts:
    """Return the facts of a run of n rows: log-normal weights with mean 1, spreads 0.1 to 1.2 nats (0.6 for one)."""
    rng = np.random.default_rng(seed)
    chars = rng.integers(20, 4000, n)
    rows = Rows(
        row_ids=np.array([f"q{i}" for i in range(n)], dtype=object), cluster=np.arange(n), text_key=np.arange(n),
        response_chars=chars, response_tokens=chars / 4, has_response=np.ones(n, dtype=bool),
        blank_response=np.zeros(n, dtype=bool), finish_reason=np.full(n, None, dtype=object),
    )  # fmt: skip
    logging = -chars * 0.05 * rng.lognormal(0, 0.3, n)
    judge = np.round(rng.beta(4, 2, n), 4)
    label = np.where(rng.random(n) < 0.1, np.clip(judge + rng.normal(0, 0.1, n), 0, 1), np.nan)
    names = [f"policy{i}" for i in range(policies)]
    spread = np.linspace(0.1, 1.2, policies) if policies > 1 else np.array([0.6])
    return RunFacts(
        rows=rows,
        logging=PolicyFacts("base", "logging"),
        logging_column=logprobs(rows, logging),
        targets={name: PolicyFacts(name, "target") for name in names},
        target_columns={n_: logprobs(rows, shifted(logging, s, rng)) for n_, s in zip(names, spread, strict=True)},
        judge=Column(judge, no_codes(n), judge),
        oracle=Column(label, np.where(np.isnan(label), "no_score", None).astype(object), label),
        scale=(0.0, 1.0),
        dataset=DatasetFacts(n),
        stages=(),
        fresh_draws={name: drawn(rng) for name in names},
        log_ratio_clip=CLIP,
    )


def no_codes(n: int) -> Any:
    return np.full(n, None, dtype=object)


def logprobs(rows: Rows, values: Floats) -> Column:
    return audit_column(rows, values, no_codes(rows.n))


def shifted(logging: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """Return log-probs whose log ratio is N(−s²/2, s), cut where a log-prob would be above 0."""
    found: Floats = np.minimum(logging + rng.normal(-(spread**2) / 2, spread, len(logging)), -1e-9)
    return found


def drawn(rng: np.random.Generator, n: int = 1000) -> FreshDraws:
    judge = rng.beta(4, 2, n)
    return FreshDraws(judge, np.where(np.arange(n) < 100, judge, np.nan), np.arange(n))


def bare(log_ratio: Floats, reward: Floats) -> float:
    weight = np.exp(log_ratio)
    return float((weight * reward).sum() / weight.sum())


def light(facts: RunFacts, policy: str, reward: str = "judge") -> float | None:
    """Compute what stands in the contract's ratio: three estimators with their errors, and all weight diagnostics."""
    column = facts.target_columns[policy]
    assert facts.logging_column is not None
    paired = pair(facts.rows, facts.targets[policy], facts.logging_column, column)
    sample = sample_of(replace_pairing(facts, policy, paired), policy, reward)
    assert paired.summary is not None
    assert sample is not None
    typicality_of(paired, facts.tokens(policy))
    infer(ips_point(sample), sample.prompts)
    found = infer(snips_point(sample), sample.prompts, scale=sample.scale)
    clipped(facts, sample, CLIP)
    return found.value


def replace_pairing(facts: RunFacts, policy: str, paired: Any) -> RunFacts:
    """Return facts that know this one pairing, and of what was computed before only what all policies share."""
    fresh = replace(facts)
    fresh.__dict__.update({name: facts.__dict__[name] for name in SHARED if name in facts.__dict__})
    fresh.__dict__["pairings"] = {policy: paired}
    return fresh


def shared(facts: RunFacts) -> None:
    """Compute what all policies share, anew."""
    fresh = replace(facts)
    assert [getattr(fresh, name) for name in SHARED]


def everything(facts: RunFacts, policy: str) -> int:
    """Compute all weight diagnostics and estimates of one policy from the columns."""
    assert facts.logging_column is not None
    paired = pair(facts.rows, facts.targets[policy], facts.logging_column, facts.target_columns[policy])
    assert paired.summary is not None
    typicality_of(paired, facts.tokens(policy))
    return len(estimates_of(replace_pairing(facts, policy, paired), policy, headline="calibrated"))


def fastest(*work: Callable[[], object], repeats: int = REPEATS) -> list[float]:
    """Return the least CPU seconds of each piece of work, taken in turns; the first turn is not counted."""
    found: list[list[float]] = [[] for _ in work]
    for turn in range(repeats + 1):
        for one, seconds in zip(work, found, strict=True):
            start = time.process_time()
            one()
            if turn:
                seconds.append(time.process_time() - start)
    return [min(seconds) for seconds in found]


def timed(n: int) -> dict[str, float]:
    """Return CPU seconds per policy: the bare mean, the contract's set, and everything."""
    facts = made(n, 1)
    policy = next(iter(facts.targets))
    assert facts.judge is not None
    reward = facts.judge.values
    ratio = facts.log_ratio(policy)
    assert [getattr(facts, name) for name in SHARED]
    plain, contract, whole = fastest(
        lambda: bare(ratio, reward), lambda: light(facts, policy), lambda: everything(facts, policy)
    )
    (common,) = fastest(lambda: shared(facts), repeats=1)
    return {"bare_s": plain, "light_s": contract, "shared_s": common, "all_s": whole + common / POLICIES}


def whole_report(n: int, policies: int) -> dict[str, float]:
    """Make the whole report in this process, checks included; return seconds and the process's peak memory."""
    facts = made(n, policies)
    start = time.process_time()
    report = assemble(HEADER, facts, run_checks(facts))
    seconds = time.process_time() - start
    if len(report.policies) != policies + 1:
        raise SystemExit("The report lacks a policy.")
    return {"seconds": seconds, "peak_mb": peak_mb()}


def peak_mb() -> float:
    """Return this process's high-water mark of resident memory; what its parent held before does not count."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    mark = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(mark.split()[1]) / 1000


def in_own_process(n: int, policies: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--whole", str(n), str(policies)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def peer_python(*, install: bool) -> Path | None:
    """Return the Python of an environment with cje-eval 0.3; None where there is none and none is to be made."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "cje-audit-benchmarks" / "cje-eval-0.3"
    python = Path(os.environ.get("CJE_EVAL_PYTHON", cache / "bin" / "python"))
    if python.exists() or not install:
        return python if python.exists() else None
    folder = python.parent.parent
    for command in ([sys.executable, "-m", "venv", str(folder)], [str(python), "-m", "pip", "install", "-q", PEER]):
        if subprocess.run(command, capture_output=True, check=False, timeout=1500).returncode:
            shutil.rmtree(folder, ignore_errors=True)
            return None
    return python


def peer(n: int, *, install: bool) -> dict[str, float] | None:
    """Time cje-eval's raw-ips and ours on the same n rows with one policy; None where cje-eval is not to be had."""
    python = peer_python(install=install)
    if python is None:
        return None
    facts = made(n, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_rows(path, facts)
        command = [str(python), "-c", PEER_PROGRAM, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        print(f"cje-eval did not run and is left out: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return None
    theirs = json.loads(done.stdout.strip().splitlines()[-1])
    policy = next(iter(facts.targets))
    (ours,) = fastest(lambda: light(replace(facts), policy, "calibrated"))
    return {"ours_s": ours, "theirs_s": theirs["estimate_s"]}


def write_rows(path: Path, facts: RunFacts) -> None:
    """Write the rows in the layout both read."""
    policy, column = next(iter(facts.target_columns.items()))
    assert facts.logging_column is not None
    assert facts.judge is not None
    assert facts.oracle is not None
    with path.open("w", encoding="utf-8") as stream:
        for i in range(facts.rows.n):
            row: dict[str, Any] = {
                "prompt": f"Question {i}", "response": "x" * 40, "judge_score": float(facts.judge.values[i]),
                "base_policy_logprob": float(facts.logging_column.values[i]),
                "target_policy_logprobs": {policy: float(column.values[i])},
                "metadata": {"prompt_id": f"q{i}"},
            }  # fmt: skip
            if facts.oracle.ok[i]:
                row["oracle_label"] = float(facts.oracle.values[i])
            stream.write(json.dumps(row) + "\n")


def machine() -> dict[str, Any]:
    return {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}


def measure(*, quick: bool) -> dict[str, Any]:
    """Return the benchmark's document."""
    large, small = timed(ROWS), timed(SMALL)
    rows = QUICK_ROWS if quick else ROWS
    whole = in_own_process(rows, POLICIES)
    other = peer(PEER_ROWS, install=not quick)
    figures: dict[str, Any] = {
        "rows": ROWS, "bare_ms": 1000 * large["bare_s"], "light_ms": 1000 * large["light_s"],
        "all_ms": 1000 * large["all_s"], "shared_ms": 1000 * large["shared_s"],
        "report_rows": rows, "report_policies": POLICIES,
        "report_s": whole["seconds"], "report_peak_mb": whole["peak_mb"],
        "cje_raw_ips_s": None if other is None else other["theirs_s"],
        "ours_on_the_same_rows_s": None if other is None else other["ours_s"],
    }  # fmt: skip
    ratios: dict[str, float | None] = {
        "vs_numpy_snips": large["light_s"] / large["bare_s"],
        "all_vs_numpy_snips": large["all_s"] / large["bare_s"],
        "vs_cje_raw_ips": None if other is None else other["theirs_s"] / other["ours_s"],
        "time_1m_over_100k": large["all_s"] / small["all_s"],
    }
    return {"name": "estimation", "machine": machine(), "figures": figures, "ratios": ratios}


def problems(document: dict[str, Any]) -> list[str]:
    """Return the limits that are not held."""
    ratios, figures = document["ratios"], document["figures"]
    found = [
        f"{name} is {ratios[name]:.1f}, above {limit:g}"
        for name, limit in (
            ("vs_numpy_snips", MAX_LIGHT), ("all_vs_numpy_snips", MAX_ALL), ("time_1m_over_100k", MAX_GROWTH)
        )
        if ratios[name] > limit
    ]  # fmt: skip
    if ratios["vs_cje_raw_ips"] is not None and ratios["vs_cje_raw_ips"] < MIN_PEER:
        found.append(f"vs_cje_raw_ips is {ratios['vs_cje_raw_ips']:.1f}, below {MIN_PEER:g}")
    if figures["report_peak_mb"] > MAX_MB:
        found.append(f"the report took {figures['report_peak_mb']:.0f} MB, above {MAX_MB:g}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="end within 50 s; install nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--whole", nargs=2, type=int, metavar=("ROWS", "POLICIES"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, __file__, *sys.argv[1:]], os.environ | ONE_THREAD)
    if options.whole:
        print(json.dumps(whole_report(*options.whole)))
        return
    document = measure(quick=options.quick)
    if options.json:
        print(json.dumps(document, indent=1))
    else:
        for name, value in {**document["ratios"], **document["figures"]}.items():
            print(f"{name:28} {'not measured' if value is None else f'{value:,.2f}'}")
    for problem in problems(document):
        print(f"Not held: {problem}.", file=sys.stderr)


if __name__ == "__main__":
    main()
