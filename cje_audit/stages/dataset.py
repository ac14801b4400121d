"""The dataset stage: read the rows, name every bad line, and say whether the data is fit for the next stages."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl

from cje_audit.checks.dataset import DatasetFacts, Quarantined, check_dataset
from cje_audit.checks.manifest import ManifestFacts
from cje_audit.checks.text_marks import TextMarks
from cje_audit.domain.errors import InputError
from cje_audit.domain.experiment import Experiment
from cje_audit.domain.import_spec import ImportSpec
from cje_audit.domain.policy import Policy
from cje_audit.formats.dataset import Imported, read_dataset
from cje_audit.formats.fresh_draws import load_fresh_draws
from cje_audit.formats.options import ImportOptions
from cje_audit.stages.base import StageContext, StageOutcome
from cje_audit.stages.columns import as_objects, build_rows, flags, text_features
from cje_audit.stages.manifest import manifest_facts, qc_metrics
from cje_audit.stages.pilot import piloted
from cje_audit.store.tables import RunTables, TableWrite

IMPORTED = "imported.parquet"
SAMPLE_COLUMNS = ("row_id", "prompt_id", "draw", "prompt", "response", "finish_reason", "n_tokens", "source", "line")


def run(context: StageContext) -> StageOutcome:
    """Read the data of a run into `sample`, `quarantine`, `policy` and `fresh_draw`."""
    spec = context.spec
    options = import_options(spec)
    found = read_dataset(data_paths(spec), options, context.progress.reached)
    refuse_two_sources(spec, found.rows)
    imported = piloted(found, spec)
    sample = text_features(sample_frame(imported.rows))
    imported.rows.drop("prompt", "response").write_parquet(context.folder / IMPORTED)
    policies = import_policies(imported, spec) if isinstance(spec, ImportSpec) else launch_policies(spec)
    fresh, fresh_notes = fresh_frame(spec, options)
    rows = build_rows(sample)
    told = manifest_of(spec, imported, sample)
    checks = check_dataset(dataset_facts(imported, sample, told), rows)
    writes = [
        TableWrite("sample", sample),
        TableWrite("quarantine", imported.quarantine),
        TableWrite("policy", policies),
        TableWrite("fresh_draw", fresh),
    ]
    facts = {
        "layout": imported.layout,
        "n_rows_found": found.rows.height,
        "logging_name": policies["name"][0],
        "notes": [*imported.notes, *fresh_notes],
        "n_lines": imported.n_lines,
        "n_exact_duplicates": imported.n_exact_duplicates,
        "conflicting_ids": list(imported.conflicting_ids),
        "manifest": asdict(told),
    }
    return StageOutcome(
        n_in=imported.n_lines,
        n_ok=sample.height,
        n_failed=imported.n_lines - sample.height,
        writes=writes,
        checks={"dataset": checks},
        facts=facts,
    )


def import_options(spec: ImportSpec | Experiment) -> ImportOptions:
    """Return how the data file is to be read."""
    if isinstance(spec, ImportSpec):
        return ImportOptions(
            format=spec.format, mapping=spec.mapping, clone=spec.clone, judge_scale=spec.judge_scale,
            rows_of=spec.rows_of,
        )  # fmt: skip
    mapping: Mapping[str, str] = {} if spec.oracle.field == "oracle_label" else {spec.oracle.field: "oracle_label"}
    return ImportOptions(mapping=mapping, judge_scale=spec.judge.scale)


def refuse_two_sources(spec: ImportSpec | Experiment, rows: pl.DataFrame) -> None:
    """Refuse labels from the data beside labels from a second judge: two sources would be mixed.

    Raises
    ------
    InputError
        When there are both.
    """
    if isinstance(spec, Experiment) and spec.oracle.judge is not None and rows["oracle_label"].count():
        raise InputError(
            f"The data hold {rows['oracle_label'].count()} labels, and oracle.judge would make others.",
            expected="labels from one source",
            got=f"labels in the field {spec.oracle.field}, and a judge of labels",
            what_to_do="Remove oracle.judge, or take the labels out of the data file.",
        )


def data_paths(spec: ImportSpec | Experiment) -> list[Path]:
    """Return the files that hold the rows."""
    return [Path(p) for p in (spec.paths if isinstance(spec, ImportSpec) else (spec.data.path,))]


def sample_frame(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the `sample` table: row numbers in file order, and `empty_response` where the text is blank."""
    if not rows.height:
        raise InputError(
            "No row could be imported: every line was refused.",
            expected="at least one line with an id, a prompt and a response",
            got="no such line",
            what_to_do="Look at the listed lines and correct the file.",
        )
    return rows.select(
        pl.int_range(pl.len(), dtype=pl.Int32).alias("row"),
        *SAMPLE_COLUMNS,
        pl.lit(None, dtype=pl.String).alias("response_code"),
        pl.lit(None, dtype=pl.String).alias("response_detail"),
    )


def manifest_of(spec: ImportSpec | Experiment, imported: Imported, sample: pl.DataFrame) -> ManifestFacts:
    """Return what an import's manifest says against its data; a launched run makes its own."""
    path = Path(spec.manifest) if isinstance(spec, ImportSpec) and spec.manifest is not None else None
    found = manifest_facts(path, data_paths(spec), metrics_of(imported, sample))
    return replace(found, expected=isinstance(spec, ImportSpec))


def metrics_of(imported: Imported, sample: pl.DataFrame) -> dict[str, float | None]:
    """Return the quality-control figures of imported rows."""
    return qc_metrics(sample, imported.rows["oracle_label"], imported.n_lines, imported.n_exact_duplicates)


def dataset_facts(imported: Imported, sample: pl.DataFrame, manifest: ManifestFacts | None = None) -> DatasetFacts:
    """Return what the dataset checks need to know beside the rows."""
    found = _facts(imported.quarantine, imported.n_lines, imported.n_exact_duplicates, imported.conflicting_ids, sample)
    return replace(found, manifest=manifest)


def dataset_facts_from_tables(tables: RunTables, facts: Mapping[str, Any], sample: pl.DataFrame) -> DatasetFacts:
    """Return the same facts from what the dataset stage stored."""
    quarantine = tables.table("quarantine").sort("source", "line")
    found = _facts(quarantine, facts["n_lines"], facts["n_exact_duplicates"], facts["conflicting_ids"], sample)
    told = facts.get("manifest")
    return replace(found, manifest=None if told is None else ManifestFacts(**told | {"sha256": tuple(told["sha256"])}))


def _facts(
    quarantine: pl.DataFrame, n_lines: int, n_duplicates: int, conflicting: Sequence[str], sample: pl.DataFrame
) -> DatasetFacts:
    several = quarantine["source"].n_unique() > 1
    broken = quarantine.filter(pl.col("code") != "duplicate")
    return DatasetFacts(
        n_lines=n_lines,
        quarantined=tuple(
            Quarantined(f"{r['source']} line {r['line']}" if several else f"line {r['line']}", r["code"], r["reason"])
            for r in broken.iter_rows(named=True)
        ),
        n_exact_duplicates=n_duplicates,
        conflicting_ids=tuple(conflicting),
        unfinished=flags(sample["ends_open"]),
        marks=TextMarks(
            as_objects(sample["control_token"]),
            flags(sample["role_marker"]),
            flags(sample["invented_turn"]),
            flags(sample["loop"]),
        ),
    )


def import_policies(imported: Imported, spec: ImportSpec) -> pl.DataFrame:
    """Return the `policy` table of an import: the logging policy first."""
    clone = spec.clone or "clone"
    if spec.clone is not None and spec.clone not in imported.policies:
        raise InputError(
            f"The file has no target policy {spec.clone!r} to be the clone.",
            expected=", ".join(imported.policies) or "a target policy",
            got=spec.clone,
            what_to_do="Give --clone the name of a target policy in the file.",
        )
    names = [(imported.logging_name, "logging"), *((p, "clone" if p == clone else "target") for p in imported.policies)]
    return _policy_frame([{"name": n, "role": r, "identity_hash": None, "identity": None} for n, r in names])


def launch_policies(spec: Experiment) -> pl.DataFrame:
    """Return the `policy` table of a launched run."""
    return _policy_frame(
        [_policy_row(spec.logging_policy, "logging"), *(_policy_row(p, p.role) for p in spec.target_policies)]
    )


def _policy_row(policy: Policy, role: str) -> dict[str, Any]:
    identity = policy.model_dump_json(include=set(policy.identity()))
    return {"name": policy.name, "role": role, "identity_hash": policy.identity_hash(), "identity": identity}


def _policy_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {
        "position": pl.Int32,
        "name": pl.String,
        "role": pl.String,
        "identity_hash": pl.String,
        "identity": pl.String,
    }
    return pl.DataFrame([{"position": i, **row} for i, row in enumerate(rows)], schema=schema)


FRESH_COLUMNS = {
    "policy": pl.String, "prompt_id": pl.String, "draw": pl.Int32, "prompt": pl.String, "response": pl.String,
    "judge_score": pl.Float64, "judge_code": pl.String, "oracle_label": pl.Float64, "oracle_code": pl.String,
}  # fmt: skip


def fresh_frame(spec: ImportSpec | Experiment, options: ImportOptions) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the `fresh_draw` table of an import that was given fresh draws, and what is worth saying about them."""
    empty = pl.DataFrame(schema=FRESH_COLUMNS)
    if not isinstance(spec, ImportSpec) or (spec.fresh_draws is None and spec.probes is None):
        return empty, ()
    folders = [Path(p) for p in (spec.fresh_draws, spec.probes) if p is not None]
    found = load_fresh_draws(folders[0], options, probes=folders[1] if len(folders) > 1 else None)
    frames = [
        frame.with_columns(pl.lit(name).alias("policy")).select(pl.col(c).cast(t) for c, t in FRESH_COLUMNS.items())
        for name, frame in found.frames.items()
    ]
    return pl.concat([empty, *frames]), tuple(found.notes)
