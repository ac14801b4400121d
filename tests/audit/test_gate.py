import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain.checks import Check
from cje_audit.domain.errors import InputError
from cje_audit.settings import bundle_root
from tests.cli.helpers import cje
from tests.conftest import synthetic_rows

Writer = Callable[..., Path]
COMMIT = "0123abcd"  # a temporary folder may lie in no checkout


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
    assert Audit.gate(path, ImportOptions(), write=wanted, commit=COMMIT).written == wanted
    document = json.loads(wanted.read_text())
    assert {"loader_version", "qc_metrics", "git_commit", "sha256"} <= set(document)
    assert document["qc_metrics"]["n_rows"] == 120
    assert document["git_commit"] == COMMIT
    check = manifest_check(path, strict=True)
    assert check.status == "pass"
    n = len(document["qc_metrics"])
    assert check.sentence.endswith(f"its SHA-256 and {n} of {n} qc_metrics were computed again.")


@pytest.mark.parametrize(
    ("change", "said"),
    [({"sha256": "0" * 64}, "the manifest's 000000000000…: it is about other bytes"), ({"qc_metrics": {"n_rows": 119}}, "n_rows 119"), ({"git_commit": "main"}, "not a commit"),
     ({"loader_version": None}, "no loader_version"), ({"loader_version": 7}, "not a text"),
     ({"qc_metrics": {"n_prompts": 120}}, "do not say how many rows"), ({"qc_metrics": [1]}, "not a table"),
     ({"git_commit": None}, "no git_commit")],
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


def one_byte(text: str) -> str:
    """Another digit in the last log-prob: no count changes, and no share."""
    place = max(i for i, sign in enumerate(text) if sign.isdigit())
    return text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]


def one_row_less(text: str) -> str:
    return text.rpartition("\n")[0].rpartition("\n")[0] + "\n"


def one_response_longer(text: str) -> str:
    row, rest = text.split("\n", 1)
    document = json.loads(row)
    return json.dumps(document | {"response": document["response"] + " And more."}) + "\n" + rest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (one_byte, "rows.jsonl changed"),
        (one_row_less, "The manifest says n_rows 120, the data 119"),
        (one_response_longer, "The manifest says mean_response_chars"),
    ],
)
def test_a_file_that_changed_since_fails_and_says_what_differs(
    tmp_path: Path, change: Callable[[str], str], said: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in synthetic_rows(120)), encoding="utf-8")
    beside = tmp_path / "rows.jsonl.manifest.json"
    written = cje(tmp_path / "w", "gate", path, "--write", beside, "--commit", COMMIT, "--strict")
    assert written.code == 0
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    for strict in ((), ("--strict",)):
        again = cje(tmp_path / "w", "gate", path, "--json", *strict)
        check = next(c for c in again.document if c["id"] == "dataset.manifest")
        assert again.code == 1
        assert check["status"] == "fail"
        assert "it is about other bytes (rows.jsonl changed)" in check["sentence"]
        assert said in check["sentence"]


def test_a_folder_says_which_of_its_files_differ(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    rows = synthetic_rows(120)
    for name, part in (("a", rows[:60]), ("b", rows[60:])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in part), encoding="utf-8")
    Audit.gate(folder, ImportOptions(), write=folder / "manifest.json", commit=COMMIT)
    assert manifest_check(folder, strict=True).status == "pass"
    (folder / "b.jsonl").write_text((folder / "b.jsonl").read_text() + "\n", encoding="utf-8")
    assert "(b.jsonl changed)" in manifest_check(folder, strict=True).sentence
    (folder / "b.jsonl").rename(folder / "c.jsonl")
    assert "(b.jsonl is gone, c.jsonl is new)" in manifest_check(folder).sentence


def test_a_metric_that_cannot_be_measured_is_named(write_rows: Writer, tmp_path: Path) -> None:
    path = write_rows(synthetic_rows(120))
    wanted = tmp_path / "manifest.json"
    Audit.gate(path, ImportOptions(), write=wanted, commit=COMMIT)
    document = json.loads(wanted.read_text())
    wanted.write_text(json.dumps(document | {"qc_metrics": document["qc_metrics"] | {"toxicity": 0.1}}))
    assert manifest_check(path).sentence.endswith("were computed again (not toxicity).")


def test_the_bundled_experiment_passes_its_own_strict_gate() -> None:
    folder = bundle_root() / "sample_data" / "experiment"
    assert Audit.gate(folder / "logged_data.jsonl", ImportOptions(), strict=True).is_open


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
