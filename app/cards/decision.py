"""What people decide on a run: revealing a refused number, signing the report, writing notes."""

import shlex
from collections.abc import Callable, Sequence

import streamlit as st

from app import formats, parts, rights, words
from app.charts.estimates import revealed_table
from cje_audit.audit import Audit
from cje_audit.domain.checks import Check, CheckStatus, Verdict
from cje_audit.domain.errors import AuditError
from cje_audit.domain.report import PolicyReport, Report
from cje_audit.domain.views import Decision, Reveal

PERSON = "person"
SPEAKING = (CheckStatus.FAIL, CheckStatus.WARN)
SUBJECTS = {
    "reveal": "policy:",
    "override": "check:",
    "finding": "finding:",
    "finding_status": "finding:",
}  # what an entry is about, where that does not say so itself
NAME, REASON = "Your name", "Reason"
WHY = ("--reason", "TEXT", "--by", "NAME")


def _decide(key: str, act: Callable[[str, str], object]) -> None:
    """Do what a form asks with its name and its text; where it is refused, keep the sentence for the form."""
    by, text = st.session_state.get(f"{key}-by", ""), st.session_state[f"{key}-text"]
    try:
        act(by, text)
    except AuditError as error:
        st.session_state[f"{key}-said"] = error.sentence
        return
    st.session_state[PERSON] = by
    st.session_state[f"{key}-text"] = ""


def signed_form(key: str, label: str, button: str, act: Callable[[str, str], object], *line: str) -> None:
    """Show the two things every decision needs, a name and a text, the button that stores it, and its command line."""
    said = st.session_state.pop(f"{key}-said", None)
    if said:
        st.error(formats.literal(said), icon=":material/error:")
    if not st.session_state.get(f"{key}-by"):
        st.session_state[f"{key}-by"] = st.session_state.get(PERSON, "")
    with st.form(key, border=False):
        if st.session_state.get(parts.ACTING):
            parts.quiet(f"As {st.session_state[parts.ACTING]}")
        else:
            st.text_input(NAME, key=f"{key}-by", max_chars=120, autocomplete="name")
        st.text_area(label, key=f"{key}-text", max_chars=4000, height=96)
        st.form_submit_button(button, type="primary", on_click=_decide, args=(key, act))
    parts.command(shlex.join(["cje-audit", *line]))


def reveal(audit: Audit, run: str, policy: PolicyReport) -> None:
    """Offer to show the number of a refused policy to whoever gives a name and a reason."""
    icon = ":material/visibility:"
    if rights.denied(audit, "reveal", "Reveal the number", key=f"reveal-{policy.name}", icon=icon):
        return
    with st.popover("Reveal the number", icon=icon):
        parts.verbatim(f"The number of {policy.name} is refused, and it stays refused.")
        parts.quiet("Your name, the time and your reason are kept in the audit trail. A sign-off given before is void.")
        signed_form(
            f"reveal-{policy.name}", REASON, "Reveal",
            lambda by, reason: audit.reveal(run, policy.name, reason=reason, by=by),
            "reveal", run, policy.name, *WHY,
        )  # fmt: skip


def on_check(audit: Audit, run: str, check: Check, entries: Sequence[Decision]) -> None:
    """Under a check: its notes; where it speaks, the forms to add one and, where it fails, to override it."""
    for note in entries:
        if note.kind == "note" and note.subject == f"check:{check.id}":
            entry(note, key=f"note-{note.id}-{check.policy or 'all'}")
    if check.status not in SPEAKING:
        return
    with st.container(horizontal=True, gap="small"):
        add_note(audit, run, [f"check:{check.id}"], key=f"note-{check.id}-{check.policy or 'all'}")
        _overriding(audit, run, check)


def _overriding(audit: Audit, run: str, check: Check) -> None:
    """Where a check fails and nobody overrode it yet, offer to."""
    if check.status is not CheckStatus.FAIL or check.override is not None:
        return
    key, icon = f"override-{check.id}-{check.policy or 'all'}", ":material/gavel:"
    if rights.denied(audit, "override", "Override this check", key=key, icon=icon):
        return
    with st.popover("Override this check", icon=icon):
        parts.verbatim("The check stays failed. The verdicts are decided again as if it had not spoken.")
        parts.quiet("Your name and your reason stand wherever the check or a verdict on it is shown.")
        signed_form(
            key, REASON, "Override",
            lambda by, reason: audit.override(run, check.id, policy=check.policy, reason=reason, by=by),
            "override", run, check.id, *(("--policy", check.policy) if check.policy else ()), *WHY,
        )  # fmt: skip


def on_policy(audit: Audit, run: str, policy: PolicyReport, shown: Reveal | None) -> None:
    """Under a policy's verdict: the checks that were overridden for it, and its refused numbers or the way to them."""
    for override in policy.overrides:
        parts.verbatim(override.sentence)
    on_refused(audit, run, policy, shown)


def on_refused(audit: Audit, run: str, policy: PolicyReport, shown: Reveal | None) -> None:
    """Under a refused policy that has numbers: show them if someone revealed them, else offer to."""
    if policy.verdict != Verdict.REFUSE or all(e.value is None for e in policy.estimates):
        return
    if shown is None:
        reveal(audit, run, policy)
    else:
        revealed(policy, shown)


def revealed(policy: PolicyReport, shown: Reveal) -> None:
    """Print the numbers of a refused policy, marked as such, with who revealed them and why."""
    st.warning("These numbers are refused. They are shown only because someone asked.", icon=":material/visibility:")
    parts.verbatim(shown.sentence)
    told = f"The refused estimates of {policy.name}, each with its interval, bounds for missing rows and rows used."
    parts.table(revealed_table(policy), told)


def sign_off(audit: Audit, report: Report) -> None:
    """Print whether the report is signed, by whom and of which hash; and the form to sign it."""
    signed = report.sign_off
    with st.container(border=True, key=f"signoff-{signed.state}"):
        parts.badge(words.SIGN_OFF[signed.state])
        parts.verbatim(signed.sentence)
        if signed.note:
            parts.verbatim(signed.note)
        if signed.report_hash:
            parts.quiet(f"Signed report hash {signed.report_hash}")
        if not rights.denied(audit, "sign", "Sign this report", key="sign", icon=":material/draw:"):
            with st.popover("Sign this report", icon=":material/draw:"):
                _sign_form(audit, report)


def _sign_form(audit: Audit, report: Report) -> None:
    choice = st.segmented_control(
        "Decision", list(words.SIGNED), format_func=words.SIGNED.__getitem__, default="approve", key="sign-decision"
    )
    run, seen = report.run.id, report.report_hash()
    signed_form(
        "sign", "Note, if you like", "Sign",
        lambda by, note: audit.sign(run, choice or "", by=by, note=note, seen=seen),
        "sign", run, "--decision", choice or "approve", "--by", "NAME",
    )  # fmt: skip


def notes(audit: Audit, run: str, entries: Sequence[Decision], places: Sequence[str]) -> None:
    """Print the notes that stand on these places of a run, and the form to add one."""
    found = [e for e in entries if e.kind == "note" and e.subject in places]
    for found_note in found:
        entry(found_note, key=f"note-{found_note.id}")
    if not found:
        parts.quiet("Nobody has written a note here yet.")
    add_note(audit, run, places, key="note")


def add_note(audit: Audit, run: str, places: Sequence[str], *, key: str) -> None:
    """Offer to write a note on one of these places of a run."""
    icon = ":material/add_comment:"
    if rights.denied(audit, "note", "Add a note", key=key, icon=icon):
        return
    with st.popover("Add a note", icon=icon):
        on = places[0]
        if len(places) > 1:
            on = st.selectbox("About", places, key=f"{key}-on", format_func=place_title)
        signed_form(
            key, "Note", "Add", lambda by, text: audit.note(run, text, on=on, by=by),
            "note", run, "TEXT", "--on", on, "--by", "NAME",
        )  # fmt: skip


def places_of(report: Report) -> list[str]:
    """Return what of a run a note may stand on, apart from its rows: the run, its policies, its checks."""
    checks = dict.fromkeys(f"check:{c.id}" for c in report.checks())
    return ["run", *(f"policy:{p.name}" for p in report.policies), *checks]


def place_title(place: str) -> str:
    """Return a note's place in words.

    Examples
    --------
    >>> place_title("policy:near"), place_title("run")
    ('Policy near', 'The run')
    """
    kind, _, name = place.partition(":")
    if kind == "share":
        return f"Share link {name}"
    if kind == "check":
        check, _, policy = name.partition(":")
        return f"Check {words.check_title(check)}" + (f", policy {formats.visible(policy)}" if policy else "")
    return f"{kind.capitalize()} {formats.visible(name)}" if name else "The run"


def entry(decision: Decision, *, key: str, with_run: str | None = None) -> None:
    """Print one entry of the audit trail: what, who, when, about what, why."""
    with st.container(border=True, key=f"entry-{key}"):
        with parts.line():
            parts.badge(words.DECISION[decision.kind])
            parts.name(decision.by, f"by-{key}")
            parts.quiet(f"{formats.moment(decision.at)} UTC")
            if decision.subject:
                parts.quiet(place_title(f"{SUBJECTS.get(decision.kind, '')}{decision.subject}"))
            for told in _details(decision):
                parts.quiet(told)
            if with_run:
                parts.link("results", with_run, run=decision.run)
        for text in (decision.title, decision.reason):
            if text:
                parts.verbatim(text)


def _details(decision: Decision) -> list[str]:
    """Return what else is known of an entry, in words."""
    return [
        *(["decided in another workspace; it counts for nothing here"] if decision.imported else []),
        *([decision.role] if decision.role else []),
        *([f"until {formats.moment(decision.until)} UTC"] if decision.until else []),
        *([words.FINDING_STATUS[decision.status].label] if decision.status else []),
        *([words.SIGN_OFF[words.SIGNED_STATE[decision.decision]].label] if decision.decision else []),
    ]
