"""The experiment file as a form: a section each for policies, judge, labels, decision rule and asking."""

from typing import Any

import streamlit as st

from app import draft, form_words, formats, parts
from cje_audit.audit import Audit
from cje_audit.domain.form import Field, Section

FIELD_WIDTH = 250


def form(audit: Audit) -> None:
    """Print the form of the draft; what is filled in is written to the draft at once."""
    found = audit.form(draft.text())
    if found is None:
        parts.quiet(
            "The text cannot be read as a file of keys and values, so there is no form of it. See Experiment file."
        )
        return
    targets = [s for s in found.sections if s.topic == "target_policy"]
    for section in found.sections:
        if section.topic == "judge":
            st.button("Add a target policy", icon=":material/add:", on_click=draft.add_policy, args=(audit,))
        _section(audit, section, removable=len(targets) > 1)


def _section(audit: Audit, section: Section, *, removable: bool) -> None:
    words = form_words.TOPICS[section.topic]
    title = words.label if section.name is None else f"{words.label} · {formats.literal(formats.visible(section.name))}"
    key = f"form-section-{section.topic}-{section.index}"
    with st.expander(title, expanded=section.topic == "experiment", key=key):
        parts.quiet(form_words.CLONE if section.clone else words.help)
        _fields(audit, [f for f in section.fields if f.kind != "long_text"])
        for field in (f for f in section.fields if f.kind == "long_text"):
            _field(audit, field)
        if section.index is not None and removable:
            st.button(
                "Remove this policy", key=f"{key}-remove", icon=":material/delete:",
                on_click=draft.remove_policy, args=(audit, section.index),
            )  # fmt: skip


def _fields(audit: Audit, fields: list[Field]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        for field in fields:
            _field(audit, field)


def _field(audit: Audit, field: Field) -> None:
    words = form_words.of(field.place)
    if not field.shown:
        parts.quiet(f"{words.label}: what the file says does not fit a form; change it under Experiment file.")
        return
    key = "form-" + ".".join(map(str, field.place))
    st.session_state[key] = "" if field.value is None and field.kind in ("text", "long_text") else field.value
    told: dict[str, Any] = {
        "key": key, "help": words.help, "on_change": draft.write, "args": (audit, field.place, key),
    }  # fmt: skip
    _widget(field, words.label, told)


def _widget(field: Field, label: str, told: dict[str, Any]) -> None:
    if field.kind == "long_text":
        st.text_area(label, height=90, **told)
    elif field.kind == "text":
        st.text_input(label, width=FIELD_WIDTH, **told)
    elif field.kind == "choice":
        st.selectbox(label, field.choices, None, width=FIELD_WIDTH, placeholder="not chosen", **told)
    elif field.kind == "switch":
        st.toggle(label, width=FIELD_WIDTH, **told)
    else:
        _number(field, label, told)


def _number(field: Field, label: str, told: dict[str, Any]) -> None:
    whole = field.kind == "whole"
    st.number_input(
        label, value=None, step=1 if whole else 0.01, format="%d" if whole else "%.10g", width=FIELD_WIDTH,
        placeholder="not set", **told,
    )  # fmt: skip
