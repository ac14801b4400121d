"""The session: the one open Audit, the current run, errors as sentences, uploads streamed to disk."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol, cast
from urllib.parse import quote, urlencode

import streamlit as st

from app import formats, parts, words
from app.places import PLACES, inside
from cje_audit.audit import Audit
from cje_audit.domain.errors import AuditError, InputError, NotAllowed, NotFound
from cje_audit.domain.report import Report
from cje_audit.domain.views import RunRow

LOG = logging.getLogger("cje_audit.dashboard")
CURRENT = "current_run"
PICKER = "run_picker"
UPLOAD_LIMIT = 500 * 1024 * 1024
CHUNK = 1024 * 1024
SHORT_S = 60.0
COOKIE = "cje_audit_session"


class Upload(Protocol):
    """An uploaded file, as far as the dashboard needs it."""

    name: str
    size: int
    file_id: str

    def seek(self, offset: int, /) -> int:
        """Go to a position in the file."""


@st.cache_resource(show_spinner=False, on_release=Audit.close)
def _open(workspace: str | None) -> Audit:
    return Audit.open(Path(workspace) if workspace else None).acting_as_nobody()


def open_audit() -> Audit:
    """Return the front door on the workspace that the server was started for, as whoever has logged in.

    Where the workspace has accounts and nobody has, the page ends with the way to log in.
    """
    audit = _open(os.environ.get("CJE_AUDIT_WORKSPACE"))
    if not audit.users_exist():
        return audit
    known = audit.session(st.context.cookies.get(COOKIE, "")) or _signed_on(audit)
    if known is None:
        login()
    return known


def _signed_on(audit: Audit) -> Audit | None:
    """Return the front door as whoever a single sign-on proved; its proof is looked at on every visit."""
    if not single_sign_on() or not st.user.is_logged_in:
        return None
    try:
        return audit.admit(st.user.to_dict())
    except NotAllowed as error:
        st.error(formats.literal(error.sentence), icon=":material/error:")
        parts.verbatim(error.what_to_do or "")
        st.button("Log out", on_click=st.logout)
        st.stop()


def single_sign_on() -> bool:
    """Say whether the server was told of an identity provider."""
    return bool(os.environ.get("CJE_AUDIT_OIDC_CLIENT_ID"))


def login() -> NoReturn:
    """Print the ways to log in, and nothing else."""
    st.subheader("Log in to see this workspace", anchor=False)
    query = urlencode(st.query_params.to_dict())  # the context's address comes without it
    there = quote(inside(f"{(st.context.url or '').partition('?')[0]}?{query}"), safe="")
    st.html(f'<a href="/login?to={there}" target="_self">Log in with name and password</a>')
    if single_sign_on():
        st.button("Log in with single sign-on", on_click=st.login)
    st.stop()


def who(audit: Audit) -> None:
    """Print in the sidebar who is logged in, what that person may do, and the way out."""
    st.session_state[parts.ACTING] = audit.acting
    if audit.acting is None:
        return
    with st.sidebar:
        told = f"{formats.literal(audit.acting)} · {audit.role}"
        st.caption(told, help=words.GLOSSARY["role"])
        if single_sign_on() and st.user.is_logged_in:
            st.button("Log out", on_click=st.logout)
        else:
            st.html('<a href="/logout" target="_self">Log out</a>')


@contextmanager
def guarded() -> Iterator[None]:
    """Turn every error into plain sentences: what is wrong and what to do. Nobody ever sees a traceback."""
    try:
        yield
    except AuditError as error:
        LOG.info("%s: %s", type(error).__name__, error.sentence)
        show_error(error)
    except Exception:
        LOG.exception("a page failed")
        st.error("This page could not be drawn.", icon=":material/error:")
        st.write("Reload it. If it stays so, the reason is in the log of the server that shows this dashboard.")


def show_error(error: AuditError) -> None:
    """Print an error as its sentence and what to do about it."""
    st.error(formats.literal(error.sentence), icon=":material/error:")
    for label, text in (("Expected", error.expected), ("Got", error.got), ("What to do", error.what_to_do)):
        if text:
            parts.verbatim(f"{label}: {text}")
    parts.link("runs", "All runs")


def choose_run(audit: Audit) -> None:
    """Settle which run the pages are about: the address first, then the session, then the newest; show the picker."""
    runs = audit.runs()
    if not runs:
        st.session_state.pop(CURRENT, None)
        return
    wanted = st.query_params.get("run") or st.session_state.get(CURRENT) or runs[0].id
    _settle(audit, wanted)
    names = formats.short_names([(run.id, run.name, run.created_at) for run in runs])
    st.session_state[PICKER] = st.session_state[CURRENT] if st.session_state[CURRENT] in names else None
    known = st.session_state[PICKER] is not None
    st.sidebar.selectbox(
        "Run",
        list(names),
        index=0 if known else None,
        key=PICKER,
        on_change=_picked,
        format_func=lambda run: names.get(run, run),
        placeholder="Pick a run",
    )


def _settle(audit: Audit, wanted: str) -> None:
    try:
        wanted = audit.run(wanted).id
    except NotFound:
        LOG.info("the address names an unknown run")
    st.session_state[CURRENT] = wanted
    if st.query_params.get("run") != wanted:
        st.query_params["run"] = wanted


def _picked() -> None:
    picked = st.session_state[PICKER]
    if picked:
        st.query_params.from_dict({"run": picked})


def place_of(address: str) -> str:
    """Return which page stands at an address; the list of runs where none does."""
    return next((name for name, place in PLACES.items() if place.url_path == address), "runs")


def need_run(audit: Audit) -> RunRow:
    """Return the current run, or stop the page with what to do first."""
    wanted = st.session_state.get(CURRENT)
    if wanted is None:
        parts.empty(
            "There is no run yet", "Open the demo, import a file, or start a new run.", "runs", "import", "new_run"
        )
        st.stop()
    run = audit.run(cast(str, wanted))
    parts.about(run)
    return run


def need_report(audit: Audit, run: RunRow) -> Report:
    """Return the run's report, or stop the page with why there is none and where to look."""
    if run.status in ("queued", "running"):
        sentence = "Results appear when the last stage has ended. Nothing is shown early: half a result misleads."
        parts.empty("This run has not ended yet", sentence, "live", run=run.id)
        st.stop()
    try:
        return audit.report(run.id)
    except NotFound as error:
        said = " ".join(x for x in (run.error, error.sentence, error.what_to_do) if x)
        parts.empty("This run has no report", said, "live", run=run.id)
        st.stop()


def go(place: str, *, run: str) -> NoReturn:
    """Open another page about a run."""
    st.session_state[CURRENT] = run
    st.switch_page(PLACES[place].path, query_params={"run": run})


def open_demo(audit: Audit) -> NoReturn:
    """Import the demo and its faulty siblings once, wait a little for them, and show the tour through them."""
    known = audit.demo_runs()
    with st.spinner("Reading the demo and running its stages"):
        if "experiment" not in known:
            known |= {"experiment": audit.demo()}
        if len(known) == 1:
            known |= audit.demo_siblings()
        for run in known.values():
            audit.wait(run, timeout_s=SHORT_S)
    go("runs", run=known["experiment"])


def store_upload(audit: Audit, file: Upload) -> Path:
    """Copy an upload to the workspace in chunks, once per upload, and return where it lies."""
    known = st.session_state.setdefault("stored_uploads", {})
    if file.file_id not in known:
        known[file.file_id] = _copy(file, audit.upload_path(file.name))
    return cast(Path, known[file.file_id])


def storing(audit: Audit) -> Callable[[Upload], Path]:
    """Return what keeps an uploaded file and returns its place."""
    return partial(store_upload, audit)


def store_uploads_together(audit: Audit, files: Sequence[Upload]) -> Path:
    """Copy several uploads into one folder of the workspace, once per set, and return the folder."""
    known = st.session_state.setdefault("stored_folders", {})
    key = tuple(file.file_id for file in files)
    if key not in known:
        folder = audit.upload_path("fresh_draws")
        folder.mkdir(parents=True)
        for file in files:
            _copy(file, folder / audit.upload_path(file.name).name)
        known[key] = folder
    return cast(Path, known[key])


def _copy(file: Upload, path: Path) -> Path:
    if file.size > UPLOAD_LIMIT:
        raise InputError(f"{file.name} is larger than 500 MB.", what_to_do="Import it with: cje-audit import PATH")
    file.seek(0)
    with path.open("wb") as out:
        shutil.copyfileobj(cast(BinaryIO, file), out, CHUNK)
    return path
