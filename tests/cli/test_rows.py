from collections.abc import Callable
from pathlib import Path

from tests.cli.helpers import cje
from tests.conftest import synthetic_rows


def test_rows_are_found_by_words_as_the_page_finds_them(tmp_path: Path, write_rows: Callable[..., Path]) -> None:
    rows = synthetic_rows(60)
    rows[7]["prompt"] = "A zebra\n\x1b[31mcrosses"
    rows[9]["response"] = "zebra zebra"
    cje(tmp_path / "w", "import", write_rows(rows), "--exit-zero")
    found = cje(tmp_path / "w", "rows", "latest", "--text", "ZEBRA", "--json")
    ids = [rows[7]["prompt_id"], rows[9]["prompt_id"]]
    assert (found.code, found.document["total"], found.document["n_rows"]) == (0, 2, 60)
    assert [row["row_id"] for row in found.document["rows"]] == ids
    only = cje(tmp_path / "w", "rows", "latest", "--text", "z.bra z", "--regex", "--where", "response", "--json")
    assert [row["row_id"] for row in only.document["rows"]] == ids[1:]
    told = cje(tmp_path / "w", "rows", "latest", "--text", "zebra", "--limit", "1").out.splitlines()
    assert told[0] == "2 of 60 rows fit, in the order of the file"
    assert told[1].startswith(f"{ids[0]}: A zebra ")
    assert len(told) == 2
    assert "\x1b" not in told[1]
    wrong = cje(tmp_path / "w", "rows", "latest", "--text", "(", "--regex", "--json")
    assert (wrong.code, wrong.document["error"]["sentence"]) == (2, "This is no regular expression.")
