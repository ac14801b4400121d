import json
from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from app.session import CHUNK
from cje_audit.audit import Audit
from tests.conftest import synthetic_rows
from tests.pages.conftest import texts

Visit = Callable[..., AppTest]


def as_jsonl(n: int) -> bytes:
    return "".join(json.dumps(r) + "\n" for r in synthetic_rows(n, seed=1)).encode()


def test_a_file_is_looked_at_before_anything_is_stored(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "import")
    at.file_uploader(key="data").set_value([("my rows.jsonl", as_jsonl(40), "application/x-ndjson")]).run()
    assert not at.exception
    assert not at.error
    assert (at.metric[0].label, at.metric[0].value) == ("Rows", "40")
    assert "Target policies: clone, near" in texts(at)
    assert "cje-audit import 'my rows.jsonl'" in [c.value for c in at.code]
    audit = Audit.open(tmp_path / "fresh")
    assert audit.runs() == ()
    audit.close()


def test_an_upload_is_imported_and_its_run_opens(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "import")
    at.file_uploader(key="data").set_value([("rows.jsonl", as_jsonl(60), "application/x-ndjson")]).run()
    next(b for b in at.button if b.label == "Import").click().run()
    assert not at.exception
    assert at.title[0].value == "Live"
    audit = Audit.open(tmp_path / "fresh")
    assert audit.wait(audit.runs()[0].id, timeout_s=120).status == "complete"
    audit.close()


def test_a_large_upload_arrives_whole(visit: Visit, tmp_path: Path) -> None:
    body = as_jsonl(3 * CHUNK // 900)
    at = visit(tmp_path / "fresh", "import")
    at.file_uploader(key="data").set_value([("rows.jsonl", body, "application/x-ndjson")]).run()
    stored = [p for p in (tmp_path / "fresh" / "uploads").rglob("*") if p.is_file()]
    assert [p.read_bytes() == body for p in stored] == [True]


def test_a_file_that_is_no_dataset_is_a_sentence(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "import")
    at.file_uploader(key="data").set_value([("rows.parquet", b"not parquet at all", "application/octet-stream")]).run()
    assert not at.exception
    assert len(at.error) + len(at.warning) >= 1


def test_a_wrong_scale_is_a_sentence(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "import")
    at.number_input(key="judge_low").set_value(5.0).run()
    assert not at.exception
    assert "width" in at.error[0].value


def columns_open(at: AppTest) -> bool:
    """Say whether the form that maps columns stands open."""
    return bool(next(e for e in at.expander if e.label == "Columns").proto.expanded)


def test_a_column_of_another_name_is_mapped_by_hand(visit: Visit, tmp_path: Path) -> None:
    body = as_jsonl(40).replace(b'"prompt_id"', b'"question"')
    at = visit(tmp_path / "fresh", "import")
    at.file_uploader(key="data").set_value([("rows.jsonl", body, "application/x-ndjson")]).run()
    assert "under Columns" in next(t.value for t in at.text if t.value.startswith("What to do"))
    assert columns_open(at)
    assert "question" in at.selectbox(key="map-prompt_id").options
    at.selectbox(key="map-prompt_id").set_value("question").run()
    assert not at.error
    assert (at.metric[0].label, at.metric[0].value) == ("Rows", "40")
    assert "cje-audit import rows.jsonl --map question=prompt_id" in [c.value for c in at.code]


def test_a_mapping_that_is_none_is_a_sentence(visit: Visit, tmp_path: Path) -> None:
    at = visit(tmp_path / "fresh", "import")
    at.file_uploader(key="data").set_value([("rows.jsonl", as_jsonl(5), "application/x-ndjson")]).run()
    assert not columns_open(at)
    at.text_area(key="map-others").set_value("question").run()
    assert not at.exception
    assert "is not of the form" in at.error[0].value
