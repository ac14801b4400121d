"""A document that is damaged is one sentence: what it should hold, what is there, and what to do."""

import json
from pathlib import Path

import pytest

from cje_audit.domain.errors import StoreError
from cje_audit.store.documents import read_report
from tests.app.reports import report

WHOLE = report().document()


def damaged(changed: object) -> str:
    return json.dumps(changed)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "empty, no JSON, or cut off"),
        (damaged(WHOLE)[:-40], "empty, no JSON, or cut off"),
        ("\x00" * 64, "empty, no JSON, or cut off"),
        ("[]", "JSON of another kind"),
        (damaged({k: v for k, v in WHOLE.items() if k != "summary"}), "a file without summary"),
        (damaged(WHOLE | {"secret words": 1}), "a file with an unknown entry"),
        (damaged(WHOLE | {"stages": "many"}), "a file with another value than belongs in stages"),
    ],
)
def test_what_is_wrong_with_a_report_file_is_said(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "20260101000000-abcdef" / "report.json"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        read_report(path)
    assert str(caught.value) == (
        "report.json of run 20260101000000-abcdef is damaged: it should hold the whole report, but what is there is "
        f"{found}."
    )
    assert (caught.value.expected, caught.value.got) == ("the whole report in report.json", found)
    assert str(caught.value.what_to_do).endswith("cje-audit resume 20260101000000-abcdef")


def test_a_file_that_cannot_be_read_is_said_too_and_a_whole_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with pytest.raises(StoreError, match="a file that cannot be read \\(No such file or directory\\)"):
        read_report(path)
    path.write_text(damaged(WHOLE), encoding="utf-8")
    assert read_report(path).document() == WHOLE
