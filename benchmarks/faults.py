"""What asking models withstands: a mix of all faults, an outage, kills, and a very long stage.

    python benchmarks/faults.py [--quick] [--json] [--only mix outage kills memory]

Every part asks the fault server of the tests, a process of its own whose truth is a function of the text, and compares
each answer with that truth. `mix`: one request in five meets a fault, of every kind there is but those that stop an
endpoint. `outage`: nothing answers for a minute in the middle. `kills`: a run whose worker is killed −9 again and
again, against an undisturbed one. `memory`: the process's resident memory while very many samples are scored.
A claim that does not hold ends the benchmark with status 1.
"""

import argparse
import json
import os
import platform
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cje_audit.audit import Audit  # noqa: E402  (the tests' fault server lies beside the package)
from cje_audit.domain.experiment import Execution  # noqa: E402
from tests.faults.kinds import TRANSIENT  # noqa: E402
from tests.faults.running import fault_server  # noqa: E402
from tests.stages.asking.helpers import bench, nothing_invented, policy  # noqa: E402
from tests.stages.asking.killing import CONCURRENCY, config, kill_once  # noqa: E402
from tests.stages.helpers import dump  # noqa: E402

Figures = dict[str, float]
SIZES = {"mix": 10_000, "outage": 6_000, "kills": 2_500, "memory": 100_000}  # kills: rows, each scored twice
QUICK = {"mix": 1_000, "outage": 1_000, "kills": 150, "memory": 3_000}
OUTAGE_S, QUICK_OUTAGE_S = 60.0, 4.0
KILLS, QUICK_KILLS = 20, 3
SLACK_S, RECOVERED, UNKNOWN = 5.0, 0.999, 0.01
MOST_GROWTH_MB = 40.0


class Broken(Exception):
    """A claim that does not hold, in words."""


def must(holds: bool, claim: str) -> None:
    if not holds:
        raise Broken(claim)


def mix(n: int, *, quick: bool) -> Figures:
    """Ask n samples of which one request in five meets a fault; every end is the truth or a code."""
    execution = Execution(concurrency=64, timeout_s=1 if quick else 2)
    with tempfile.TemporaryDirectory() as folder, fault_server() as server, bench(Path(folder)) as place:
        server.configure(mix="all:0.2", latency_s=0.02)
        began = time.perf_counter()
        ends = place.ask(policy(server.url), n, execution=execution)
        seconds = time.perf_counter() - began
        n_ok = nothing_invented(ends)
        seen, passing = server.summary(), only_passing(server.log())
        by_code = Counter(str(end.result.code) for end in ends if not end.result.is_ok)
        attempts = place.context.answers.failures_by_code(place.context.run)
    unknown = attempts.get("unknown", 0) / max(sum(attempts.values()), 1)
    must(n_ok == seen["finished_keys"], "every sample the server answered truly has its value, and no other has one")
    must(n_ok + sum(by_code.values()) == n, "every sample ends with a value or a code")
    must(seen["asked_again_after_finish"] == 0, "no finished answer is asked for again")
    must(seen["early"] == 0, "no request leaves before its Retry-After")
    must(passing >= RECOVERED, "99.9 % of the samples that met only passing faults are recovered")
    must(unknown < UNKNOWN, "under 1 % of the failures are unknown")
    told = {f"ended_{code}": float(k) for code, k in by_code.most_common()}
    return {
        "samples": n, "requests": seen["requests"], "faults_met": sum(seen["kinds"].values()),
        "kinds_met": len(seen["kinds"]), "with_the_truth": n_ok, "invented": 0, "with_a_code": n - n_ok, **told,
        "asked_again_after_finish": seen["asked_again_after_finish"], "waits_named": seen["waits"],
        "too_early": seen["early"],
        "recovered_of_passing": passing, "unknown_share_of_failures": unknown, "seconds": seconds,
    }  # fmt: skip


def only_passing(log: list[list[Any]]) -> float:
    """Return the share of texts recovered among those that met faults, and passing ones only."""
    met: dict[str, list[str | None]] = defaultdict(list)
    for _, key, _, kind in log:
        met[key].append(kind)
    passing = [kinds for kinds in met.values() if any(kinds) and all(k is None or k in TRANSIENT for k in kinds)]
    return sum(None in kinds for kinds in passing) / max(len(passing), 1)


def outage(n: int, *, quick: bool) -> Figures:
    """Ask n samples twice, once with an outage in the middle; it costs at most itself and five seconds."""
    length = QUICK_OUTAGE_S if quick else OUTAGE_S
    execution = Execution(concurrency=64, timeout_s=10)
    with tempfile.TemporaryDirectory() as folder, fault_server() as server, bench(Path(folder)) as place:
        asked = policy(server.url)
        server.configure(latency_s=0.1, outage=None)
        began = time.perf_counter()
        place.ask(asked, n, execution=execution, first=1_000_000)
        calm = time.perf_counter() - began
        server.configure(latency_s=0.1, outage=[calm / 2, length])
        began = time.perf_counter()
        ends = place.ask(asked, n, execution=execution)
        seconds = time.perf_counter() - began
        n_ok, counts = nothing_invented(ends), place.context.answers.counts(place.context.run)
    must(n_ok == n, "no sample is lost in an outage")
    must(seconds <= calm + length + SLACK_S, "an outage costs at most itself and five seconds")
    return {
        "samples": n, "outage_s": length, "calm_s": calm, "with_outage_s": seconds,
        "cost_beyond_the_outage_s": seconds - calm - length, "failed_requests": counts.failed, "lost": n - n_ok,
    }  # fmt: skip


def kills(n: int, *, quick: bool) -> Figures:
    """Score n rows under two policies while the worker is killed; nothing is lost, repeats are few and counted."""
    wanted, rng = (QUICK_KILLS if quick else KILLS), random.Random(7)
    with tempfile.TemporaryDirectory() as name, fault_server("--latency", "0.05", "--mix", "lasting:0.05") as server:
        folder = Path(name)
        calm, killed = Audit.open(folder / "calm"), Audit.open(folder / "killed")
        settings = config(folder, server.url, n)
        done = calm.launch(settings)
        must(calm.wait(done, timeout_s=300).status == "complete", "the undisturbed run ends")
        server.configure()
        run = killed.launch(settings)
        n_killed = sum(kill_once(killed, run, rng, most=2 * n // (wanted + 1)) for _ in range(wanted))
        must(killed.wait(run, timeout_s=300).status == "complete", "the killed run ends")
        seen, lost = server.summary(), killed.live(run).possibly_paid_twice
        mine, theirs = dump(killed, run), dump(calm, done)
        different = [table for table in mine if not mine[table].equals(theirs[table])]
        calm.close()
        killed.close()
    repeats = seen["requests"] - seen["keys"]
    must(seen["keys"] == 2 * n, "no sample is lost")
    must(repeats <= lost <= CONCURRENCY * n_killed, "repeats are counted, and at most those in flight per kill")
    must(not different, f"the tables are those of an undisturbed run, but differ: {', '.join(different)}")
    return {
        "samples": 2 * n, "kills": n_killed, "repeats": repeats, "possibly_paid_twice": lost,
        "most_repeats_allowed": CONCURRENCY * n_killed, "tables_that_differ": len(different),
    }  # fmt: skip


def memory(n: int, *, quick: bool) -> Figures:
    """Score n samples in one stage; resident memory at a fifth of the way and at the end."""
    with tempfile.TemporaryDirectory() as folder, fault_server("--body-bytes", "2000") as server:
        server.configure(log=False, mix="transient:0.02", retry_after_s=0.1)
        with bench(Path(folder)) as place, sampled() as seen:
            began = time.perf_counter()
            ends = place.ask(policy(server.url), n, execution=Execution(concurrency=64, timeout_s=2))
            seconds = time.perf_counter() - began
            n_failed = place.context.answers.counts(place.context.run).failed
            n_ok = sum(end.result.is_ok for end in ends)
    early, late = seen[len(seen) // 5], max(seen[-max(len(seen) // 10, 1) :])
    growth = late - early
    must(n_ok == n, "every sample is recovered")
    must(growth <= MOST_GROWTH_MB, f"memory is flat: it grew by {growth:.0f} MB over four fifths of the stage")
    return {
        "samples": n, "failed_attempts": n_failed, "seconds": seconds, "mb_at_a_fifth": early, "mb_at_the_end": late,
        "mb_highest": max(seen), "growth_mb": growth, "growth_bytes_per_sample": growth * 2**20 / (0.8 * n),
    }  # fmt: skip


@contextmanager
def sampled() -> Iterator[list[float]]:
    """Collect this process's resident memory in MB, four times a second, while the block runs."""
    seen, over = [resident_mb()], threading.Event()

    def watch() -> None:
        while not over.wait(0.25):
            seen.append(resident_mb())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


PARTS: dict[str, Callable[..., Figures]] = {"mix": mix, "outage": outage, "kills": kills, "memory": memory}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer samples, within 50 s")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="only these parts")
    options = parser.parse_args()
    figures: dict[str, float] = {}
    broken: list[str] = []
    for name in options.only:
        size = (QUICK if options.quick else SIZES)[name]
        try:
            found = PARTS[name](size, quick=options.quick)
        except Broken as claim:
            broken.append(f"{name}: {claim}")
            continue
        figures |= {f"{name}_{key}": value for key, value in found.items()}
        if not options.json:
            show(name, found)
    document = {"name": "faults", "machine": machine(), "figures": figures, "ratios": ratios(figures), "broken": broken}
    if options.json:
        print(json.dumps(document, indent=2))
    for claim in broken:
        print(f"Does not hold: {claim}", file=sys.stderr)
    return 1 if broken else 0


def machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
    }


def ratios(figures: dict[str, float]) -> dict[str, float]:
    wanted = {
        "recovered_of_passing": ("mix_recovered_of_passing", None),
        "outage_cost_over_outage": ("outage_cost_beyond_the_outage_s", "outage_outage_s"),
        "repeats_over_allowed": ("kills_repeats", "kills_most_repeats_allowed"),
    }
    return {
        name: figures[top] / (1.0 if below is None else figures[below])
        for name, (top, below) in wanted.items()
        if top in figures
    }


def show(name: str, found: Figures) -> None:
    print(f"\n{name}")
    for key, value in found.items():
        print(f"  {key.replace('_', ' '):30} {value:14,.4f}".rstrip("0").rstrip("."), flush=True)


if __name__ == "__main__":
    sys.exit(main())
