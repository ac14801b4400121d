"""How often what the engine reports covers a known truth, and how often it refuses where it must.

    python benchmarks/coverage.py [--quick] [--json] [--only CELL …] [--keep FILE] [--write FILE]

Rows are drawn from worlds whose truth is known by quadrature (`worlds/cells.py`, each labelled good, between, hopeless
or broken beforehand). Every repetition puts all checks of the engine to a new draw and takes the report's own part
about the target policy: verdict, headline, interval and every other estimate. Good cells must be reported (99 %), cover
the truth in 93–97 % (at least 93 % where weights are heavy), with intervals at most 1.25 times as wide as normal ones
of the true spread, a bias of at most a quarter of it, and a mean standard error within 7 % of it. Hopeless and broken
cells must be refused (99 %). Of cells between, it is printed how often the truth was covered and missed, over all
repetitions. Where rows are missing not at random, the interval widened by the missing bounds must cover 95 %.

`--quick` repeats a few cells and allows for the chance of few repetitions. `--keep FILE` stores each finished cell as a
line of JSON and takes up again where it stopped; `--write FILE` writes the table as Markdown. Ends with status 1 where
a cell breaks its promise. One thread; `--jobs` runs cells beside each other.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # before NumPy is loaded: a repetition is too small for more

import numpy as np  # noqa: E402 (after the number of threads is set)
from worlds.cells import CELLS, Cell  # noqa: E402 (after the number of threads is set)
from worlds.measure import measure  # noqa: E402 (after the number of threads is set)
from worlds.promises import broken_promises  # noqa: E402 (after the number of threads is set)
from worlds.tables import markdown, text  # noqa: E402 (after the number of threads is set)

REPETITIONS, QUICK_SECONDS = 2000, 36.0


def measured(cell: Cell, repetitions: int | None, seconds: float | None) -> dict[str, Any]:
    """Measure one cell, and write down what it does not keep."""
    start = time.perf_counter()
    found = measure(cell, repetitions, seconds=seconds)
    found["seconds"] = time.perf_counter() - start
    found["broken_promises"] = broken_promises(cell, found, lenient=seconds is not None)
    return found


def kept(file: Path | None) -> dict[str, dict[str, Any]]:
    """Return the finished cells of an earlier start."""
    if file is None or not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {line["cell"]: line for line in lines}


def run(
    cells: Sequence[Cell], repetitions: int | None, seconds: float | None, jobs: int, keep: Path | None
) -> list[dict[str, Any]]:
    """Measure all cells that are not kept already; each finished one is kept at once."""
    done = {name: found for name, found in kept(keep).items() if found["repetitions"] == repetitions}
    left = [c for c in cells if c.name not in done]
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        waiting = [pool.submit(measured, c, repetitions, seconds) for c in left]
        for future in as_completed(waiting):
            found = future.result()
            done[found["cell"]] = found
            print(f"{found['cell']}: {found['seconds']:.0f} s {found['broken_promises']}", file=sys.stderr, flush=True)
            if keep is not None:
                with keep.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found) + "\n")
    return [done[c.name] for c in cells]


def document(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what `--json` prints."""
    good = [f for f in found if f["label"] == "good"]
    ill = [f for f in found if f["label"] in ("hopeless", "broken")]
    covered = [f["headline"]["coverage"] for f in good if f["headline"]["coverage"] is not None]
    widened = [f["headline"]["widened_coverage"] for f in found if f["cell"].startswith("lost-")]
    return {
        "name": "coverage",
        "machine": {"python": platform.python_version(), "numpy": np.__version__, "cpus": os.cpu_count()},
        "figures": {f["cell"]: f for f in found},
        "ratios": {
            "good_reported_least": min((f["reported"] for f in good), default=None),
            "good_coverage_least": min(covered, default=None),
            "good_coverage_most": max(covered, default=None),
            "refused_least": min((f["refused"] for f in ill), default=None),
            "widened_coverage_least": min((w for w in widened if w is not None), default=None),
            "promises_kept": sum(not f["broken_promises"] for f in found) / len(found),
        },
    }


def options() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--only", nargs="+", default=[], choices=[c.name for c in CELLS], metavar="CELL")
    asked.add_argument("--repetitions", type=int, default=REPETITIONS)
    asked.add_argument("--jobs", type=int, default=1)
    asked.add_argument("--keep", type=Path)
    asked.add_argument("--write", type=Path)
    return asked.parse_args()


def main() -> int:
    asked = options()
    cells = [c for c in CELLS if (c.name in asked.only if asked.only else c.quick or not asked.quick)]
    seconds = QUICK_SECONDS / len(cells) if asked.quick else None
    found = run(cells, None if asked.quick else asked.repetitions, seconds, asked.jobs, asked.keep)
    if asked.write is not None:
        asked.write.write_text(markdown(found), encoding="utf-8")
    print(json.dumps(document(found), indent=1) if asked.json else text(found))
    return int(any(f["broken_promises"] for f in found))


if __name__ == "__main__":
    sys.exit(main())
