"""How long the dashboard's pages take to paint on small, large and very large runs, and what the server holds.

    python benchmarks/dashboard.py [--quick] [--json]

A page is timed in a Chromium that was never started before (no cache): from asking for the address until the script has
ended and the last chart is drawn. A page turn is timed in an open page, until the next rows stand there. The server's
memory is its high-water mark once the middle size was visited, and once the largest was. Needs Chromium; without one
it says so and ends.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from playwright.sync_api import Page, Playwright, sync_playwright

from cje_audit.audit import Audit, ImportOptions
from cje_audit.cli import server

SEED = 20260101
SMALL, WHOLE, LARGE, QUICK_LARGE = 1_000, 100_000, 1_000_000, 20_000
CHARTS = {"results": 1, "weights": 4, "qc": 1}  # how many a page draws at least
PAGES = ("results", "weights", "validation", "qc", "compare", "failures", "rows", "row")
POLICIES = {"clone": 0.0, "near": 0.2, "mild": 0.4, "far": 1.2, "lost": 4.0}  # sd of the log ratio, nats
MAX_PAINT_S, MAX_TURN_S, MAX_MB = 3.0, 0.5, 1000.0
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ENDED = """(charts) => !document.querySelector('[data-testid=stStatusWidget]')
    && document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'
    && document.querySelectorAll('.js-plotly-plot .main-svg').length >= charts
    && document.querySelector('h1') !== null
    && [...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(c => c.querySelector('.main-svg'))"""


def write_rows(path: Path, n: int) -> None:
    """Write rows with short texts, five policies, weights with mean 1, and a target log-prob missing in 1 of 100."""
    rng = np.random.default_rng(SEED)
    logging = -rng.gamma(20.0, 2.0, n)
    values = {p: np.minimum(logging + rng.normal(-(sd**2) / 2, sd, n), -1e-9) for p, sd in POLICIES.items()}
    targets = pl.DataFrame(values).with_columns(
        pl.when(pl.Series(rng.random(n) < 0.01)).then(None).otherwise(pl.col("near")).alias("near")
    )
    ids = pl.int_range(n, eager=True).cast(pl.String)
    frame = pl.DataFrame(
        {
            "prompt_id": "q" + ids,
            "prompt": "Question number " + ids + ": what is asked here, and why does it matter to anyone at all?",
            "response": "Answer number " + ids + ": this is what was said, at some length, so that it looks like text.",
            "base_policy_logprob": logging,
            "target_policy_logprobs": targets.to_struct("target_policy_logprobs"),
            "judge_score": rng.beta(4, 2, n),
        }
    )
    frame.write_parquet(path)


def imported(audit: Audit, folder: Path, n: int) -> str:
    """Import n rows and return the run's id."""
    path = folder / f"rows_{n}.parquet"
    write_rows(path, n)
    run = audit.import_files([path], ImportOptions(), name=f"{n:,} rows")
    ended = audit.wait(run)
    path.unlink()
    if ended.status != "complete":
        raise SystemExit(f"The import of {n:,} rows ended as {ended.status}: {ended.error}")
    return run


@contextmanager
def fresh_page(playwright: Playwright, chromium: str) -> Iterator[Page]:
    """Give a page of a Chromium that was just started."""
    browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
    try:
        yield browser.new_page(viewport={"width": 1440, "height": 1000})
    finally:
        browser.close()


def paint_s(page: Page, url: str, charts: int) -> float:
    """Return the seconds from asking for the address to the last chart."""
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_function(ENDED, arg=charts, timeout=120_000)
    return time.perf_counter() - start


def address(url: str, place: str, run: str, other: str) -> str:
    """Return where a page of a run is; the row is number 77, and the run is compared with the other."""
    more = {"row": "&row=q77", "compare": f"&a={other}&b={run}"}
    return f"{url}/{place}?run={run}{more.get(place, '')}"


def turn_s(page: Page, url: str) -> float:
    """Return the seconds until the second page of the failed rows stands where the first one stood."""
    paint_s(page, url, 0)
    first = page.locator("[class*=st-key-failed-0]").inner_text()
    number = page.get_by_label("Page, of")
    number.fill("2")
    start = time.perf_counter()
    number.press("Enter")
    page.wait_for_function(
        "(before) => { const now = document.querySelector('[class*=st-key-failed-0]');"
        " return now !== null && now.innerText !== before; }",
        arg=first, timeout=60_000,
    )  # fmt: skip
    return time.perf_counter() - start


def memory_mb(pid: int) -> float | None:
    """Return a process's high-water mark in MB, None where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    mark = next((line for line in status.splitlines() if line.startswith("VmHWM")), None)
    return None if mark is None else int(mark.split()[1]) / 1000


def timings(
    playwright: Playwright,
    chromium: str,
    url: str,
    runs: dict[int, str],
    repeats: int,
    held: Callable[[], float | None],
) -> tuple[dict[str, Any], dict[str, float | None]]:
    """Return, by rows, the best seconds of each page and of a page turn, in turns; and what the server held by then."""
    found: dict[str, Any] = {str(n): {} for n in runs}
    marks: dict[str, float | None] = {}
    for _ in range(repeats):
        for n, run in runs.items():
            other = next(known for size, known in runs.items() if size != n)
            for place in PAGES:
                with fresh_page(playwright, chromium) as page:
                    _keep(found[str(n)], place, paint_s(page, address(url, place, run, other), CHARTS.get(place, 0)))
            with fresh_page(playwright, chromium) as page:
                if n > SMALL:
                    _keep(found[str(n)], "page_turn", turn_s(page, f"{url}/failures?run={run}"))
            marks.setdefault(str(n), held())
    return found, marks


def _keep(found: dict[str, float], name: str, seconds: float) -> None:
    found[name] = min(seconds, found.get(name, seconds))


def measure(chromium: str, sizes: tuple[int, ...], repeats: int, kept: Path | None) -> dict[str, Any]:
    """Return the benchmark's document; seconds are the best of `repeats`. `kept` runs are used again."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        audit = Audit.open(kept or folder / "workspace")
        known = {run.name: run.id for run in audit.runs()}
        runs = {n: known.get(f"{n:,} rows") or imported(audit, folder, n) for n in sizes}
        port = server.free_port(0)
        process = server.start(audit.workspace, port)
        try:
            url = f"http://127.0.0.1:{port}"
            with fresh_page(playwright, chromium) as page:
                paint_s(page, f"{url}/runs", 0)  # the server's own first visit imports what the pages need
            seconds, held = timings(playwright, chromium, url, runs, repeats, lambda: memory_mb(process.pid))
        finally:
            process.terminate()
            process.wait(timeout=30)
            audit.close()
    return _document(sizes, repeats, seconds, held)


def _document(
    sizes: tuple[int, ...], repeats: int, seconds: dict[str, Any], held: dict[str, float | None]
) -> dict[str, Any]:
    whole, mark = seconds[str(sizes[1])], held[str(sizes[1])]
    worst = max(whole[place] for place in PAGES)
    small, large = seconds[str(sizes[0])], seconds[str(sizes[-1])]
    paints = {place: large[place] / small[place] for place in PAGES}
    figures = {
        "rows": list(sizes), "policies": len(POLICIES), "seed": SEED, "repeats": repeats, "seconds": seconds,
        "slowest_first_paint_s": worst, "page_turn_s": whole["page_turn"], "server_peak_mb": mark,
        "server_peak_largest_mb": held[str(sizes[-1])], "slowest_paint_ratio_of": max(paints, key=paints.__getitem__),
        "within_time": worst < MAX_PAINT_S and whole["page_turn"] < MAX_TURN_S,
        "within_memory": None if mark is None else mark < MAX_MB,
        "load": os.getloadavg()[0],
    }  # fmt: skip
    machine = {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}
    ratios = {"first_paint_1m_over_1k": max(paints.values())}
    return {"name": "dashboard", "machine": machine, "figures": figures, "ratios": ratios}


def table(document: dict[str, Any]) -> str:
    """Return seconds by page and size, then figures and ratios, one a line."""
    seconds = document["figures"]["seconds"]
    lines = [f"{'rows':>10} " + " ".join(f"{place:>11}" for place in [*PAGES, "page_turn"])]
    for n, found in seconds.items():
        shown = [f"{found[place]:>10.2f}s" if place in found else f"{'–':>11}" for place in [*PAGES, "page_turn"]]
        lines.append(f"{int(n):>10,} " + " ".join(shown))
    rest = {k: v for part in ("figures", "ratios") for k, v in document[part].items() if k != "seconds"}
    return "\n".join([*lines, *(f"{k:24} {v:.3f}" if isinstance(v, float) else f"{k:24} {v}" for k, v in rest.items())])


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the dashboard's pages on runs of several sizes.")
    parser.add_argument("--quick", action="store_true", help="1,000 and 20,000 rows, once; ends within 50 seconds")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--workspace", type=Path, help="keep the imported runs here and use them again")
    options = parser.parse_args()
    chromium = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit("No Chromium was found; install it (Debian: apt-get install chromium) and try again.")
    sizes = (SMALL, QUICK_LARGE) if options.quick else (SMALL, WHOLE, LARGE)
    document = measure(chromium, sizes, 1 if options.quick else 2, options.workspace)
    print(json.dumps(document) if options.json else table(document))


if __name__ == "__main__":
    main()
