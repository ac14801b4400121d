from streamlit.testing.v1 import AppTest

from app import parts


def test_a_long_list_is_shown_page_by_page() -> None:
    def page() -> None:
        import streamlit as st

        from app import parts

        st.text(parts.pager(60, key="page"))

    at = AppTest.from_function(page).run()
    assert at.text[0].value == "0"
    at.number_input(key="page").set_value(3).run()
    assert at.text[0].value == "50"


def test_a_page_number_beyond_the_end_leads_back_to_the_start() -> None:
    def page() -> None:
        import streamlit as st

        from app import parts

        st.session_state["page"] = 9
        st.text(parts.pager(60, key="page"))

    at = AppTest.from_function(page).run()
    assert not at.exception
    assert at.text[0].value == "0"


def test_a_page_holds_its_part_of_the_list() -> None:
    assert list(parts.page_of(range(60), 50)) == list(range(50, 60))
