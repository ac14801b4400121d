"""How long an import of 100,000 rows takes, against DuckDB merely reading the same file.

    python benchmarks/import.py [--quick] [--json]

Both are measured from outside as processes of their own. Ours does everything: copy the file, read it, check it, store
it, estimate, write the report; the time `python -m cje_audit runs` takes to start and end is taken off. DuckDB's is
`create table as` over `read_json`, timed inside its process, so that its start is not counted either.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SEED = 20260101
ROWS, QUICK_ROWS = 100_000, 20_000
REPEATS, QUICK_REPEATS = 3, 2
POLICIES = {"clone": 0.0, "near": 0.4, "far": 1.2}  # standard deviation of the log ratio, in nats
MAX_RATIO, FLOOR_S, MAX_MB = 6.0, 10.0, 1500.0
DUCKDB = """
import sys, time
import duckdb
connection = duckdb.connect(sys.argv[2])
connection.execute("set enable_progress_bar = false")
start = time.perf_counter()
connection.execute("create table t as select * from read_json(?)", [sys.argv[1]])
connection.close()
print(time.perf_counter() - start)
"""


def write_rows(path: Path, n: int) -> None:
    """Write arena-like rows: about 2 kB of text, three policies, weights with mean 1, labels on nearly half."""
    rng = random.Random(SEED)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(4000)]
    sentences = [" ".join(rng.choices(words, k=rng.randint(8, 24))).capitalize() + "." for _ in range(5000)]
    with path.open("w", encoding="utf-8") as stream:
        for i in range(n):
            stream.write(json.dumps(row(i, rng, sentences)) + "\n")


def row(i: int, rng: random.Random, sentences: list[str]) -> dict[str, Any]:
    response = " ".join(rng.choices(sentences, k=17))
    logprob = -sum(rng.expovariate(3.0) for _ in range(40)) * len(response) / 160
    found: dict[str, Any] = {
        "prompt": " ".join(rng.choices(sentences, k=3)),
        "response": response,
        "base_policy_logprob": logprob,
        "target_policy_logprobs": {p: logprob + rng.gauss(-(sd**2) / 2, sd) for p, sd in POLICIES.items()},
        "metadata": {"prompt_id": f"arena_{i}"},
        "judge_score": round(rng.betavariate(4, 2), 4),
    }
    if rng.random() < 0.45:
        found["oracle_label"] = round(rng.betavariate(4, 2), 3)
    return found


def duckdb_seconds(path: Path, folder: Path, nth: int) -> float:
    command = [sys.executable, "-c", DUCKDB, str(path), str(folder / f"plain{nth}.duckdb")]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def ours(*arguments: str) -> float:
    """Run one of our commands and return its seconds; exit 1 says that a check speaks, which is no fault here."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "cje_audit", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return time.perf_counter() - start


class PeakMemory(threading.Thread):
    """Watches the worker's resident memory (high-water mark, MB); None where the system does not tell."""

    def __init__(self, workspace: Path) -> None:
        super().__init__(daemon=True)
        self._mark = f"--workspace\0{workspace}\0".encode()
        self._ended = threading.Event()
        self.peak_mb: float | None = None

    def run(self) -> None:
        """Look again and again, since the worker is not our child."""
        while not self._ended.wait(0.02):
            for process in Path("/proc").glob("[0-9]*"):
                self._look(process)

    def stop(self) -> None:
        """End the watch; `peak_mb` stands."""
        self._ended.set()
        self.join()

    def _look(self, process: Path) -> None:
        try:
            command = (process / "cmdline").read_bytes()
            if b"\0worker\0" not in command or self._mark not in command:
                return
            status = (process / "status").read_text()
        except OSError:
            return
        mark = next((line for line in status.splitlines() if line.startswith("VmHWM")), None)
        if mark is not None:
            self.peak_mb = max(filter(None, (self.peak_mb, int(mark.split()[1]) / 1000)))


def machine() -> dict[str, Any]:
    return {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}


def measure(n: int, repeats: int) -> dict[str, Any]:
    """Return the benchmark's document; seconds are the best of `repeats`, taken in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, workspace = folder / "rows.jsonl", folder / "workspace"
        write_rows(data, n)
        start_s = min(ours("runs", "--json", "--workspace", str(workspace)) for _ in range(repeats))
        theirs, whole = [], []
        memory = PeakMemory(workspace)
        memory.start()
        for nth in range(repeats):
            theirs.append(duckdb_seconds(data, folder, nth))
            whole.append(ours("import", str(data), "--json", "--workspace", str(workspace)))
        memory.stop()
        n_bytes = data.stat().st_size
    import_s, duckdb_s = min(whole) - start_s, min(theirs)
    limit_s = max(MAX_RATIO * duckdb_s, FLOOR_S)
    figures = {
        "rows": n, "file_mb": n_bytes / 1e6, "bytes_per_row": n_bytes / n, "policies": len(POLICIES), "seed": SEED,
        "repeats": repeats, "start_s": start_s, "import_s": import_s,
        "duckdb_read_json_s": duckdb_s, "limit_s": limit_s,
        "worker_peak_mb": memory.peak_mb, "within_time": import_s <= limit_s,
        "within_memory": None if memory.peak_mb is None else memory.peak_mb < MAX_MB,
    }  # fmt: skip
    ratios = {"vs_duckdb_read_json": import_s / duckdb_s}
    return {"name": "import", "machine": machine(), "figures": figures, "ratios": ratios}


def table(document: dict[str, Any]) -> str:
    """Return figures and ratios, one a line."""
    return "\n".join(f"{k:24} {_shown(v)}" for part in ("figures", "ratios") for k, v in document[part].items())


def _shown(value: object) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time an import against DuckDB reading the same file.")
    parser.add_argument("--quick", action="store_true", help="20,000 rows; ends within 50 seconds on two cores")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    options = parser.parse_args()
    document = measure(QUICK_ROWS, QUICK_REPEATS) if options.quick else measure(ROWS, REPEATS)
    print(json.dumps(document) if options.json else table(document))


if __name__ == "__main__":
    main()
