from pathlib import Path

from cje_audit.store.saved_views import SavedViews


def test_a_view_is_kept_replaced_and_forgotten(tmp_path: Path) -> None:
    views = SavedViews(tmp_path)
    views.keep("slow ones", "rows", {"text": "a & b", "regex": "true"}, "Ada")
    views.keep("all", "runs", {}, "Bob")
    views.keep("slow ones", "rows", {"text": "ü"}, "Cem")
    kept = {v.name: v for v in views.all()}
    assert list(kept) == ["all", "slow ones"]
    assert (kept["slow ones"].query, kept["slow ones"].by, kept["slow ones"].place) == ({"text": "ü"}, "Cem", "rows")
    views.drop("all")
    assert [v.name for v in views.all()] == ["slow ones"]
    views.close()
