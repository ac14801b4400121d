"""The bad files through the front door: worker, stages and report, as a person imports them."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain.errors import InputError
from tests.formats.bad_files import BAD_FILES, BadFile

AT_A_TIME = 2
CHOSEN = {
    "truncated_json", "nan_token", "infinity_token", "invalid_utf8", "line_of_2_mb", "conflicting_ids", "exact_copies",
    "no_ids_at_all", "csv_short_row", "parquet_nan_and_null", "positive_logprobs_are_kept", "utf16_with_mark",
}  # fmt: skip
FILES = [b for b in BAD_FILES if b.id in CHOSEN]


def imported(audit: Audit, bad: BadFile, folder: Path) -> str | InputError:
    """Return the run's id, or the sentence with which a hopeless file is refused before anything is copied."""
    (folder / bad.id).mkdir()
    try:
        run = audit.import_files([bad.write(folder / bad.id)], ImportOptions(), name=bad.id)
    except InputError as error:
        return error
    audit.wait(run, timeout_s=120)
    return run


@pytest.mark.slow
def test_bad_files_through_the_front_door(tmp_path: Path, audit: Audit) -> None:
    assert len(FILES) == len(CHOSEN)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        runs = list(pool.map(lambda bad: imported(audit, bad, tmp_path), FILES))
    for bad, run in zip(FILES, runs, strict=True):
        if isinstance(run, InputError):
            assert bad.refused is not None and bad.refused in run.sentence, bad.id
            continue
        if bad.refused is not None:
            assert audit.run(run).status == "failed", bad.id
            failure = audit.failure_document(run)
            assert failure is not None and bad.refused in failure["sentence"], bad.id
            continue
        assert audit.run(run).status == "complete", (bad.id, audit.run(run).error)
        lines = {line.line: line.reason for line in audit.quarantine(run)}
        assert lines.keys() == bad.bad.keys(), bad.id
        assert all(part in lines[line] for line, part in bad.bad.items()), bad.id
        report = audit.report(run)
        dataset = next(stage for stage in report.stages if stage.name == "dataset")
        assert dataset.n_ok == bad.good, bad.id
        assert all(policy.n_total == bad.good for policy in report.policies), bad.id


@pytest.mark.slow
@pytest.mark.parametrize("name", ["zip", "empty"])
def test_the_command_ends_with_2_and_one_sentence(tmp_path: Path, name: str) -> None:
    bad = next(b for b in BAD_FILES if b.id == name)
    command = [
        sys.executable,
        "-m",
        "cje_audit",
        "import",
        str(bad.write(tmp_path)),
        "--json",
        "--workspace",
        str(tmp_path / "workspace"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert bad.refused in json.loads(done.stdout)["error"]["sentence"]
    assert "Traceback" not in done.stderr + done.stdout
