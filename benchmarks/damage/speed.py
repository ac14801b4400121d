"""How long the audit of n rows and five policies takes, against DuckDB scanning and aggregating the same columns."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from cje_audit.checks.faults import audit_column
from cje_audit.checks.frame import PolicyFacts
from cje_audit.report.assemble import run_checks
from cje_audit.report.facts import RunFacts
from damage.raw import SCALE, Audit
from damage.sources import synthetic

POLICIES = 5
REPEATS = 3
LIMIT_RATIO, LIMIT_S = 3.0, 10.0


def best(work: Callable[[], object]) -> float:
    """Return the shortest of three durations."""
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def speed(n: int) -> dict[str, Any]:
    """Return the seconds of the whole audit, those of the scan, and the limit: three scans or ten seconds."""
    raw = synthetic(n, 7)
    rng = np.random.default_rng(7)
    columns = {f"p{i}": np.round(raw.base + rng.normal(-0.08, 0.4, n), 6) for i in range(POLICIES)}

    def audit() -> None:
        one = Audit(raw)
        checked = {k: audit_column(one.frame, v.copy(), np.full(n, None, dtype=object)) for k, v in columns.items()}
        policies = {k: PolicyFacts(k, "target") for k in columns}
        run_checks(
            RunFacts(
                rows=one.frame,
                logging=PolicyFacts("base", "logging"),
                logging_column=one.column("base"),
                targets=policies,
                target_columns=checked,
                judge=one.judge(),
                oracle=one.labels(),
                scale=SCALE,
                dataset=one.dataset(),
                stages=(),
            )
        )

    frame = pl.DataFrame(columns | {"base": raw.base, "judge": raw.judge, "label": raw.label, "chars": raw.chars})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame.write_parquet(path)
        wanted = ", ".join(f"avg({c}), min({c}), max({c}), count(distinct {c})" for c in frame.columns)
        with duckdb.connect() as connection:
            scan = best(lambda: connection.execute(f"select {wanted} from read_parquet('{path}')").fetchall())
    audit_s = best(audit)
    limit = max(LIMIT_RATIO * scan, LIMIT_S)
    return {
        "rows": n, "policies": POLICIES, "audit_s": round(audit_s, 3), "duckdb_scan_s": round(scan, 3),
        "limit_s": round(limit, 3), "within_limit": audit_s <= limit,
    }  # fmt: skip
