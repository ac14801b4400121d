"""How fast models are asked: our asking loop, bare aiohttp and lm-evaluation-harness against one loopback server.

    python benchmarks/throughput.py [--quick] [--json] [--url URL --latency S] [--n N] [--concurrency 10 64 256]

The server is a process of its own that answers a teacher-forcing request after 200 ms with 20 kB of JSON. Ours does all
of the work: ask, parse, align, verify, hash and store power-loss safe. The limit is concurrency ÷ latency; a share over
1 is an error. Ours and bare aiohttp are asked by turns; `aiohttp_of_limit_64` says how near the limit the machine lets
any client come. `run_of_limit_64` is `cje-audit run` timed from outside, its start, its checks and its report included.
`run_vs_lm_eval_whole_256` times both programs from outside: ours with its checks and its report, the harness with its
imports and its scoring function. lm-evaluation-harness is installed into an environment of its own (LM_EVAL_PYTHON
names one that exists); without it what concerns it is null. --quick never installs.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from cje_audit.domain.experiment import DataSource, Execution, Experiment
from cje_audit.domain.policy import Policy
from cje_audit.stages.asking import Asker
from cje_audit.stages.base import StageContext, StageProgress, StopSignal
from cje_audit.store.answers import AnswerStore, Question
from cje_audit.store.tables import RunTables
from cje_audit.store.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
LATENCY_S, BODY_BYTES = 0.2, 20_000
SECONDS, QUICK_SECONDS = {10: 100.0, 64: 16.0, 256: 8.0}, {10: 6.0, 64: 8.0, 256: 3.0}
RUN_N, QUICK_RUN_N = 5000, 2000
LM_EVAL_N = 3000
PAIRS = 3  # turns of ours and bare aiohttp, where there is time
LM_EVAL = Path(tempfile.gettempdir()) / "cje-audit-lm-eval" / "bin" / "python"  # outside the repository


def text(i: int) -> tuple[str, str]:
    """Return prompt and response number i: about 400 and 600 characters, every one different."""
    words = [f"word{(i * 7919 + j * 104729) % 9973}" for j in range(130)]
    return f"Question {i}: " + " ".join(words[:50]), " ".join(words[50:])


def policy(url: str) -> Policy:
    return Policy(name="base", provider="openai_compatible", base_url=url, model="m", system_prompt="Be brief.")


@contextmanager
def server(latency: float, body_bytes: int) -> Iterator[str]:
    """Run the loopback server until the block ends; gives its address."""
    command = [sys.executable, "-m", "tests.faults.server", "--latency", str(latency), "--body-bytes", str(body_bytes)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}/v1"
    finally:
        process.terminate()
        process.wait(timeout=10)


def ours(url: str, n: int, concurrency: int) -> dict[str, float]:
    """Ask n questions with our loop; return samples per second and CPU milliseconds per sample."""
    asked = policy(url)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        workspace, answers = Workspace(root), AnswerStore(root / "answers.sqlite")
        record = workspace.create("throughput", "launch", "0")
        place = workspace.run_dir(record.id)
        place.mkdir(parents=True)
        execution = Execution(concurrency=concurrency)
        spec = Experiment(
            name="t",
            data=DataSource(path="-"),
            logging_policy=asked,
            target_policies=(asked.model_copy(update={"name": "b"}),),
        )
        tables = RunTables(place / "run.duckdb", read_only=False)
        progress = StageProgress(workspace, record.id, "target_policy")
        context = StageContext(record, place, spec, tables, answers, progress, StopSignal())
        texts = [text(i) for i in range(n)]
        started, cpu = time.perf_counter(), time.process_time()
        with Asker(context, execution) as asker:
            provider = asker.provider(asked)
            identity, version = asked.identity_hash(), provider.scorer_version
            questions = [
                Question("logprobs", identity, version, 0, (*t, False), "target_policy", "base", str(i))
                for i, t in enumerate(texts)
            ]

            async def ask(i: int) -> object:
                return await provider.logprobs(asked, *texts[i], ended=False)

            ends = asker.ask_all(questions, ask, provider)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        failed = sum(not end.result.is_ok for end in ends)
        tables.close()
        answers.close()
        workspace.close()
    if failed:
        raise SystemExit(f"{failed} of {n} answers failed; the server is not sound")
    return {"per_s": n / seconds, "cpu_ms": 1000 * cpu / n}


def bare_aiohttp(url: str, n: int, concurrency: int) -> dict[str, float]:
    """Ask the same with aiohttp and nothing else: no reading of the answers beyond their JSON."""
    bodies = [
        {"model": "m", "prompt": "Be brief.\n\n" + p + "\n\n" + r, "max_tokens": 1, "echo": True, "logprobs": 1}
        for p, r in map(text, range(n))
    ]

    async def run() -> None:
        queue = iter(bodies)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def worker() -> None:
                for body in queue:
                    async with session.post(f"{url}/completions", json=body) as answer:
                        await answer.json()

            await asyncio.gather(*(worker() for _ in range(concurrency)))

    started, cpu = time.perf_counter(), time.process_time()
    asyncio.run(run())
    return {"per_s": n / (time.perf_counter() - started), "cpu_ms": 1000 * (time.process_time() - cpu) / n}


def in_turns(url: str, n: int, concurrency: int, first: float, pairs: int) -> dict[str, dict[str, float]]:
    """Ask by turns with ours and with bare aiohttp, so that other work on the machine meets both alike.

    `first` is the rate of the run of ours just before; the ratio is the median over the pairs.
    """
    mine, bare = [first], [bare_aiohttp(url, n, concurrency)]
    for _ in range(pairs - 1):
        mine.append(ours(url, n, concurrency)["per_s"])
        bare.append(bare_aiohttp(url, n, concurrency))
    ratios = [a / b["per_s"] for a, b in zip(mine, bare, strict=True)]
    figures = {
        "aiohttp_per_s_64": statistics.median(b["per_s"] for b in bare),
        "aiohttp_cpu_ms_per_sample_64": statistics.median(b["cpu_ms"] for b in bare),
        "vs_aiohttp_64_least": min(ratios),
        "vs_aiohttp_64_most": max(ratios),
    }
    return {"figures": figures, "ratios": {"vs_aiohttp_64": statistics.median(ratios)}}


def whole_run(url: str, n: int, concurrency: int) -> dict[str, float]:
    """Time `cje-audit run` from outside: n prompts with responses, scored by the logging and one target policy."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rows = (
            {"prompt_id": f"p{i}", "prompt": p, "response": r, "judge_score": 0.5 + (i % 7) / 20}
            for i, (p, r) in enumerate(map(text, range(n)))
        )
        (root / "prompts.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        base = {
            "name": "base",
            "provider": "openai_compatible",
            "base_url": url,
            "model": "m",
            "system_prompt": "Be brief.",
        }
        config = {
            "name": "throughput", "data": {"path": "prompts.jsonl"}, "logging_policy": base,
            "target_policies": [base | {"name": "other", "system_prompt": "Be long."}],
            "execution": {"concurrency": concurrency},
        }  # fmt: skip
        (root / "run.json").write_text(json.dumps(config))
        command = [
            sys.executable,
            "-m",
            "cje_audit",
            "run",
            str(root / "run.json"),
            "--workspace",
            str(root / "w"),
            "--json",
            "--exit-zero",
        ]
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"cje-audit run ended with {done.returncode}: {done.stdout}{done.stderr[-2000:]}")
    return {"per_s": 2 * n / seconds, "seconds": seconds}


LM_EVAL_PROGRAM = """
import json, re, sys, time, logging
logging.disable(logging.WARNING)
from lm_eval.models.openai_completions import LocalCompletionsAPI

class Words:
    '''The server's own way to cut a text, so that the harness cuts prompt from response where it should.'''
    piece = re.compile(r"\\r\\n|\\n+|[^\\S\\r\\n](?=\\s)| ?[^\\s]{1,6}|\\s")
    def __init__(self):
        self.ids, self.words = {}, []
    def encode(self, text):
        found = []
        for word in self.piece.findall(text):
            if word not in self.ids:
                self.ids[word] = len(self.words)
                self.words.append(word)
            found.append(self.ids[word])
        return found
    def batch_decode(self, tokens):
        return ["".join(self.words[t] for t in each) for each in tokens]

url, pairs, concurrency = sys.argv[1], json.load(open(sys.argv[2])), int(sys.argv[3])
model = LocalCompletionsAPI(base_url=url + "/completions", model="m", tokenizer_backend=None, tokenized_requests=False,
                            num_concurrent=concurrency, max_retries=3, batch_size=1)
model.tokenizer, model.tokenizer_backend = Words(), "remote"  # a backend that decodes with the tokenizer at hand
encode = model.tokenizer.encode
requests = [((a, b), encode(a), encode(b)) for a, b in pairs]
started, busy = time.perf_counter(), time.process_time()
found = model._loglikelihood_tokens(requests)
seconds, busy = time.perf_counter() - started, time.process_time() - busy
assert len(found) == len(pairs) and all(value < 0 for value, _ in found)
print(json.dumps([seconds, busy]))
"""


def lm_eval(url: str, n: int, concurrency: int, *, install: bool) -> dict[str, float] | None:
    """Have lm-evaluation-harness score the same texts; None where it is not there and is not to be installed."""
    python = Path(os.environ.get("LM_EVAL_PYTHON", LM_EVAL))
    if not python.exists() and (not install or not install_lm_eval(python)):
        return None
    with tempfile.TemporaryDirectory() as folder:
        pairs = Path(folder) / "pairs.json"
        pairs.write_text(json.dumps([("Be brief.\n\n" + p + "\n\n", r) for p, r in map(text, range(n))]))
        started = time.perf_counter()
        done = subprocess.run(
            [str(python), "-c", LM_EVAL_PROGRAM, url, str(pairs), str(concurrency)],
            capture_output=True, text=True, check=False, timeout=600, env=os.environ | {"OPENAI_API_KEY": "none"},
        )  # fmt: skip
        whole = time.perf_counter() - started
    if done.returncode:
        print(f"lm-evaluation-harness did not run and is left out: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return None
    seconds, busy = json.loads(done.stdout.strip().splitlines()[-1])
    return {"per_s": n / seconds, "cpu_ms": 1000 * busy / n, "whole_per_s": n / whole, "whole_seconds": whole}


def beside_lm_eval(url: str, n: int, found: dict[str, float], limit: float, *, quick: bool) -> dict[str, Any]:
    """Compare ours at 256 with the harness: the asking alone, and both programs timed from outside on n samples."""
    theirs = lm_eval(url, n, 256, install=not quick)
    names = ("vs_lm_eval_256", "lm_eval_of_limit_256", "lm_eval_cpu_vs_ours_256", "run_vs_lm_eval_whole_256")
    if theirs is None:
        return {"figures": {"lm_eval_per_s_256": None}, "ratios": dict.fromkeys(names)}
    theirs["cpu_ms_per_sample"] = theirs.pop("cpu_ms")
    figures = {f"lm_eval_{name}_256": value for name, value in theirs.items()}
    ratios: dict[str, float | None] = {
        "vs_lm_eval_256": found["per_s"] / theirs["per_s"],
        "lm_eval_of_limit_256": share(theirs["per_s"], limit),
        "lm_eval_cpu_vs_ours_256": theirs["cpu_ms_per_sample"] / found["cpu_ms"],
        "run_vs_lm_eval_whole_256": None,
    }
    if not quick:
        run = whole_run(url, n // 2, 256)
        figures |= {"run_per_s_256": run["per_s"], "run_seconds_256": run["seconds"]}
        ratios["run_vs_lm_eval_whole_256"] = run["per_s"] / theirs["whole_per_s"]
    return {"figures": figures, "ratios": ratios}


def install_lm_eval(python: Path) -> bool:
    """Make an environment with lm-evaluation-harness; say whether that worked."""
    folder = python.parent.parent
    commands = (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "lm_eval[api]"],
    )
    for command in commands:
        if subprocess.run(command, capture_output=True, check=False, timeout=1500).returncode:
            shutil.rmtree(folder, ignore_errors=True)
            return False
    return True


def share(rate: float, limit: float) -> float:
    if rate > limit * 1.0001:
        raise SystemExit(
            f"{rate:.1f} samples per second exceed the limit of {limit:.1f}: the clock or the server is wrong"
        )
    return rate / limit


def measure(options: argparse.Namespace, url: str) -> dict[str, Any]:
    seconds = QUICK_SECONDS if options.quick else SECONDS
    limits = {c: c / options.latency for c in options.concurrency}
    figures: dict[str, float | None] = {}
    ratios: dict[str, float | None] = {}
    for c, limit in limits.items():
        n = options.n or max(int(limit * seconds.get(c, 8.0)), c)
        found = ours(url, n, c)
        figures |= {f"per_s_{c}": found["per_s"], f"cpu_ms_per_sample_{c}": found["cpu_ms"], f"n_{c}": n}
        ratios[f"of_limit_{c}"] = share(found["per_s"], limit)
        if c == 64:
            beside = in_turns(url, n, c, found["per_s"], 1 if options.quick else PAIRS)
            figures |= beside["figures"] | {"aiohttp_of_limit_64": share(beside["figures"]["aiohttp_per_s_64"], limit)}
            ratios |= beside["ratios"]
        if c == 256:
            beside = beside_lm_eval(url, n if options.n else min(n, LM_EVAL_N), found, limit, quick=options.quick)
            figures |= beside["figures"]
            ratios |= beside["ratios"]
    if 64 in limits:
        n = options.n or (QUICK_RUN_N if options.quick else RUN_N)
        run = whole_run(url, n, 64)
        figures |= {"run_per_s_64": run["per_s"], "run_seconds_64": run["seconds"]}
        ratios["run_of_limit_64"] = share(run["per_s"], limits[64])
    return {"figures": figures, "ratios": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer samples, within 50 s")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--url", help="a server that is up already, such as http://127.0.0.1:8899/v1")
    parser.add_argument("--latency", type=float, default=LATENCY_S, help="seconds per answer of that server")
    parser.add_argument("--n", type=int, help="samples per measurement")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[10, 64, 256])
    options = parser.parse_args()
    if options.url:
        found = measure(options, options.url)
    else:
        with server(options.latency, BODY_BYTES) as url:
            found = measure(options, url)
    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
    }
    document = {"name": "throughput", "machine": machine, **found}
    if options.json:
        print(json.dumps(document, indent=2))
        return
    for group in ("ratios", "figures"):
        print(f"\n{group}")
        for name, value in document[group].items():
            print(f"  {name:28} {'-' if value is None else f'{value:10.3f}'}")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
