"""Every bad file: one plain sentence with the line, the good rows kept, the bad ones listed, one cell lost at most."""

import re
from pathlib import Path

import pytest

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import InputError
from cje_audit.formats.dataset import Imported, read_dataset
from cje_audit.formats.dry_run import dry_run
from cje_audit.formats.options import ImportOptions
from tests.formats.bad_files import BAD_FILES, BadFile

SENTENCE = re.compile(r"^\S.*[.]$")
ids = pytest.mark.parametrize("bad", BAD_FILES, ids=lambda b: b.id)


def lost_cells(imported: Imported) -> dict[tuple[str, int], str]:
    """Return (column, line) → code of every cell that is missing and that a clean arena row has."""
    columns = [c for c in imported.rows.columns if c.partition(":")[0].endswith("_code")]
    rows = imported.rows.select("line", *columns).iter_rows(named=True)
    return {(c, row["line"]): row[c] for row in rows for c in columns if row[c] is not None}


def test_there_are_at_least_forty() -> None:
    assert len(BAD_FILES) >= 40
    assert len({b.id for b in BAD_FILES}) == len(BAD_FILES)


@ids
def test_a_bad_file_ends_in_one_sentence(bad: BadFile, tmp_path: Path) -> None:
    path = bad.write(tmp_path)
    if bad.refused is not None:
        with pytest.raises(InputError) as caught:
            read_dataset([path], ImportOptions())
        sentence = caught.value.sentence
        assert bad.refused in sentence
        assert SENTENCE.match(sentence)
        assert "Error" not in sentence and len(sentence) < 300
        assert caught.value.what_to_do
        return
    imported = read_dataset([path], ImportOptions())
    assert imported.rows.height == bad.good
    assert imported.n_exact_duplicates == bad.duplicates
    found = dict(imported.quarantine.select("line", "reason").iter_rows())
    assert found.keys() == bad.bad.keys()
    for line, part in bad.bad.items():
        assert part in found[line]
        assert f"{line}" in found[line] and SENTENCE.match(found[line])
    assert imported.n_lines == imported.rows.height + imported.n_exact_duplicates + imported.quarantine.height
    assert set(imported.quarantine["code"]) <= {"schema", "duplicate", "encoding"}
    assert all(len(e) <= 200 for e in imported.quarantine["excerpt"])
    if bad.note is not None:
        assert any(bad.note in note for note in imported.notes)
    else:
        assert imported.notes == ()


@pytest.mark.parametrize("bad", [b for b in BAD_FILES if b.codes], ids=lambda b: b.id)
def test_a_bad_cell_costs_only_itself(bad: BadFile, tmp_path: Path) -> None:
    imported = read_dataset([bad.write(tmp_path)], ImportOptions())
    assert lost_cells(imported) == dict(bad.codes)
    assert all(code in set(FailureCode) for code in bad.codes.values())


@pytest.mark.parametrize("bad", [b for b in BAD_FILES if b.refused is None and not b.codes], ids=lambda b: b.id)
def test_no_other_cell_is_lost(bad: BadFile, tmp_path: Path) -> None:
    if bad.id in ("parquet_invalid_utf8",):
        pytest.skip("has no log-prob columns")
    assert lost_cells(read_dataset([bad.write(tmp_path)], ImportOptions())) == {}


@ids
def test_the_dry_run_says_the_same(bad: BadFile, tmp_path: Path) -> None:
    path = bad.write(tmp_path)
    if bad.refused is not None:
        with pytest.raises(InputError, match=re.escape(bad.refused)):
            dry_run([path], ImportOptions())
        return
    found = dry_run([path], ImportOptions())
    assert (found.n_rows, found.n_quarantined) == (bad.good, len(bad.bad))


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a directory"):
        read_dataset([tmp_path], ImportOptions())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no readable file"):
        read_dataset([tmp_path / "nowhere.jsonl"], ImportOptions())


def test_a_device_is_refused() -> None:
    with pytest.raises(InputError, match="not a regular file"):
        read_dataset([Path("/dev/zero")], ImportOptions())


def test_a_file_over_500_mb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("wb") as stream:
        stream.truncate(500_000_001)
    with pytest.raises(InputError, match="at most 500 MB"):
        read_dataset([path], ImportOptions())


def test_ten_thousand_bad_lines_at_the_start_end_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"INFO nothing here\n" * 50_000)
    with pytest.raises(InputError, match="line 1 is not valid JSON") as caught:
        read_dataset([path], ImportOptions())
    assert "9,999 more" in caught.value.sentence


def test_a_gigantic_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_bytes(b"prompt_id," + b",".join(b"c%d" % i for i in range(20_000)) + b"\n")
    with pytest.raises(InputError, match="20,001 columns"):
        read_dataset([path], ImportOptions())
