from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import World, everything, texts

Visit = Callable[..., AppTest]


def test_words_in_the_address_are_looked_for(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "rows", run=world.complete, text="alert(1)")
    assert not at.exception
    assert "2 of 240 rows fit, in the order of the file" in everything(at).replace("\\", "")
    assert [c.value for c in at.code] == [f"cje-audit rows {world.complete} --text 'alert(1)'"]
    assert any(t.startswith("Prompt: ") and "<script>" in t for t in texts(at))


def test_a_wrong_expression_is_a_sentence(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "rows", run=world.complete, text="(", regex="true")
    assert [e.value.replace("\\", "") for e in at.error] == ["This is no regular expression."]


def test_a_view_is_kept_under_a_name_and_leads_back(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "rows", run=world.complete, text="alert")
    at.text_input[-1].set_value("scripts")
    next(b for b in at.button if b.label == "Keep").click().run()
    assert not at.exception
    link = next(link for link in at.get("page_link") if link.proto.label == "scripts")
    assert "text=alert" in link.proto.query_string
