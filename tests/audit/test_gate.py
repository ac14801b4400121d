import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain.checks import Check
from cje_audit.domain.errors import InputError
from tests.cli.helpers import cje
from tests.conftest import synthetic_rows

Writer = Callable[..., Path]


def manifest_check(path: Path, **more: object) -> Check:
    checks = Audit.gate(path, ImportOptions(), **more).checks  # type: ignore[arg-type]
    return next(c for c in checks if c.id == "dataset.manifest")


def test_a_clean_dataset_passes_and_only_strict_wants_a_manifest(write_rows: Writer) -> None:
    path = write_rows(synthetic_rows(120))
    plain, strict = Audit.gate(path, ImportOptions()), Audit.gate(path, ImportOptions(), strict=True)
    assert plain.is_open
    assert [c.id for c in plain.checks if c.status in ("warn", "fail")] == ["dataset.manifest"]
    assert not strict.is_open


def test_what_the_gate_writes_opens_it(write_rows: Writer, tmp_path: Path) -> None:
    path = write_rows(synthetic_rows(120))
    wanted = tmp_path / "rows.manifest.json"
    assert Audit.gate(path, ImportOptions(), write=wanted).written == wanted
    document = json.loads(wanted.read_text())
    assert {"loader_version", "qc_metrics", "git_commit", "sha256"} <= set(document)
    assert document["qc_metrics"]["n_rows"] == 120
    document["git_commit"] = "0123abcd"  # the temporary folder may lie in no checkout
    wanted.write_text(json.dumps(document))
    assert manifest_check(path, strict=True).status == "pass"


@pytest.mark.parametrize(
    ("change", "said"),
    [({"sha256": "0" * 64}, "another file"), ({"qc_metrics": {"n_rows": 119}}, "n_rows 119"), ({"git_commit": "main"}, "not a commit"),
     ({"loader_version": None}, "no loader_version")],
)  # fmt: skip
def test_a_manifest_that_does_not_fit_is_told(
    write_rows: Writer, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    path = write_rows(synthetic_rows(120))
    wanted = tmp_path / "manifest.json"
    Audit.gate(path, ImportOptions(), write=wanted)
    wanted.write_text(json.dumps(json.loads(wanted.read_text()) | {"git_commit": "0123abcd"} | change))
    check = manifest_check(path, strict=True)
    assert check.status == "fail"
    assert said in check.sentence


def test_a_faulty_dataset_gets_no_manifest(write_rows: Writer, tmp_path: Path) -> None:
    rows = synthetic_rows(120)
    for row in rows[:20]:
        row["response"] += "<|im_end|>"
    gated = Audit.gate(write_rows(rows), ImportOptions(), write=tmp_path / "m.json")
    assert not gated.is_open
    assert gated.written is None
    assert not (tmp_path / "m.json").exists()


def test_rows_without_log_probs_can_pass(write_rows: Writer) -> None:
    rows = [{k: r[k] for k in ("prompt_id", "prompt", "response")} for r in synthetic_rows(50)]
    assert Audit.gate(write_rows(rows), ImportOptions()).is_open


def test_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no dataset"):
        Audit.gate(tmp_path / "none.jsonl", ImportOptions())


def test_the_command_prints_checks_and_exits_by_them(write_rows: Writer, tmp_path: Path) -> None:
    path = write_rows(synthetic_rows(60))
    passed, strict = cje(tmp_path / "w", "gate", path, "--json"), cje(tmp_path / "w", "gate", path, "--strict")
    assert passed.code == 0
    assert "dataset.manifest" in {c["id"] for c in passed.document}
    assert strict.code == 1
    assert cje(tmp_path / "w", "gate", path, "--strict", "--exit-zero").code == 0
    assert cje(tmp_path / "w", "gate", tmp_path / "none.jsonl").code == 2


def test_the_figures_are_those_of_the_report_and_of_the_manifest(write_rows: Writer, tmp_path: Path) -> None:
    path = write_rows(synthetic_rows(120))
    gated = Audit.gate(path, ImportOptions(), write=tmp_path / "m.json")
    audit = Audit.open(tmp_path / "w")
    run = audit.import_files([path], ImportOptions())
    audit.wait(run, timeout_s=60)
    reported = audit.report(run).quality
    audit.close()
    assert {(q.name, q.policy): q.metrics for q in gated.quality} == {(q.name, q.policy): q.metrics for q in reported}
    written = json.loads((tmp_path / "m.json").read_text())["qc_metrics"]
    measured = {k: v for q in reported for k, v in q.metrics.items() if v is not None}
    assert "median_margin:near" in measured
    assert {k: pytest.approx(v, abs=1e-6) for k, v in measured.items()} == {k: written[k] for k in measured}


def test_the_command_tells_the_figures_when_asked(write_rows: Writer, tmp_path: Path) -> None:
    path = write_rows(synthetic_rows(60))
    document = cje(tmp_path / "w", "gate", path, "--quality", "--json").document
    assert {"margin", "repetition", "truncation"} <= {q["name"] for q in document["quality"]}
    assert "dataset.manifest" in {c["id"] for c in document["checks"]}
    assert "60 of 60 rows" in cje(tmp_path / "w", "gate", path, "--quality").out
