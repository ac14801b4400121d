"""What the server answers beside the pages: share links, the login, and the engine's answers as JSON."""

import base64
import binascii
import html
import json
import logging
from collections.abc import Callable, Mapping
from functools import cache
from inspect import signature
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.places import inside
from app.session import COOKIE
from cje_audit.audit import Audit
from cje_audit.domain.errors import AuditError, InputError, NotAllowed, NotFound

LOG = logging.getLogger("cje_audit.dashboard")
COOKIE_S = 12 * 3600
BROKEN = "This could not be answered. Try again; if it stays so, the reason is in the server's log."
LARGEST_BODY = 100_000
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
STATUS: tuple[tuple[type[AuditError], int], ...] = ((NotAllowed, 403), (NotFound, 404), (InputError, 400))
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>CJE Audit</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<style>:root{{color-scheme:light dark}} body{{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;
padding:0 1rem}} label{{display:block;margin:.8rem 0 .2rem}} input{{font:inherit;width:100%;box-sizing:border-box;
padding:.4rem}} button{{font:inherit;margin-top:1rem;padding:.4rem 1.2rem}}</style></head>
<body><h1>CJE Audit</h1>{body}</body></html>"""
FORM = """<form method="post" action="/login"><input type="hidden" name="to" value="{to}"><label for="name">Name</label>
<input id="name" name="name" autocomplete="username" required><label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Log in</button></form>"""

Read = Callable[[Audit, str, Mapping[str, Any]], Any]


@cache
def door() -> Audit:
    """Return the front door on the server's workspace, with nobody logged in."""
    return Audit.open().acting_as_nobody()


def page(body: str, status: int = 200) -> HTMLResponse:
    """Return one of the few small pages that are not Streamlit's; `body` is HTML that is safe already."""
    return HTMLResponse(PAGE.format(body=body), status, HEADERS)


def said(sentence: str) -> str:
    """Return a sentence as a paragraph, its text escaped."""
    return f"<p>{html.escape(sentence)}</p>"


# -- share links ------------------------------------------------------------------------------------------------------


def share(request: Request) -> Response:
    """Answer a share link with the redacted report, or with one plain sentence."""
    try:
        text = door().open_share(request.path_params["token"])
    except NotFound as error:
        return page(said(error.sentence), 404)
    except Exception:  # whoever holds a link is told a sentence, and nothing of what went wrong here
        LOG.exception("a share link could not be answered")
        return page(said(BROKEN), 500)
    return HTMLResponse(text, headers=HEADERS)


# -- login ------------------------------------------------------------------------------------------------------------


def login_form(request: Request) -> Response:
    """Show the login, where the workspace has accounts."""
    to = inside(request.query_params.get("to"))
    return page(form(to)) if door().users_exist() else RedirectResponse(to, 303)


def form(to: str) -> str:
    """Return the login form; `to` is the page of this dashboard it leads to."""
    return FORM.format(to=html.escape(to))


async def login(request: Request) -> Response:
    """Start a session for who proves an account; its token goes into a cookie that scripts cannot read."""
    to = "/"
    try:
        fields = parse_qs((await _body(request)).decode("utf-8", "replace"), max_num_fields=4)
        name, password, wanted = (fields.get(key, [""])[0] for key in ("name", "password", "to"))
        to = inside(wanted)
        token = await run_in_threadpool(lambda: door().login(name, password).begin_session())
    except ValueError:
        return page(said("The form cannot be read.") + form(to), 400)
    except AuditError as error:
        return page(said(error.sentence) + form(to), 403)
    answer = RedirectResponse(to, 303, HEADERS)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, max_age=COOKIE_S, httponly=True, samesite="strict", secure=secure)
    return answer


def logout(request: Request) -> Response:
    """End the session."""
    door().end_session(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/login", 303, HEADERS)
    answer.delete_cookie(COOKIE)
    return answer


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise InputError("The request is too long.", expected=f"at most {LARGEST_BODY:,} bytes")
    return body


# -- the engine's answers as JSON -------------------------------------------------------------------------------------


def acting(request: Request) -> Audit:
    """Return the workspace as who the request proves to be.

    Where there are accounts that is by name and password (HTTP Basic), never by cookie, so that no other site can
    make a browser act. In single-user mode the request must name this machine, so that no other name can lead here.

    Raises
    ------
    NotAllowed
        When neither holds.
    """
    audit = door()
    if not audit.users_exist():
        if request.headers.get("host", "").rsplit(":", 1)[0] not in LOOPBACK:
            raise NotAllowed("In single-user mode only this machine is answered.", expected="127.0.0.1 or localhost")
        return audit
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name = password = ""
    if kind.lower() != "basic" or not name:
        raise NotAllowed("Give a name and a password.", expected="HTTP Basic authorization")
    return audit.login(name, password)


def rows(items: Any) -> Any:
    """Return read models as plain data, as the command line prints them."""
    if isinstance(items, tuple):
        return [rows(item) for item in items]
    return items.model_dump(mode="json") if hasattr(items, "model_dump") else items


READS: dict[str, Read] = {
    "/api/runs": lambda audit, run, given: audit.runs(),
    "/api/runs/{run}": lambda audit, run, given: audit.run(run),
    "/api/runs/{run}/live": lambda audit, run, given: audit.live(run),
    "/api/runs/{run}/report": lambda audit, run, given: audit.report(run).document(),
    "/api/runs/{run}/decisions": lambda audit, run, given: audit.decisions(run),
    "/api/runs/{run}/shares": lambda audit, run, given: audit.shares(run),
    "/api/compare": lambda audit, run, given: audit.compare(given.get("a", ""), given.get("b", "")),
}
TAKES: dict[str, set[str]] = {
    "note": {"text", "on", "by"}, "reveal": {"policy", "reason", "by"}, "override": {"check", "policy", "reason", "by"},
    "sign": {"decision", "by", "note", "seen"}, "share": {"days", "by"}, "cancel": set(), "pause": set(),
    "resume": {"max_cost"}, "retry": {"stage", "code", "policy", "row"},
}  # fmt: skip
NUMBERS = {"days", "max_cost"}


def answering(act: Read) -> Callable[[Request], Response]:
    """Return a route that answers a question."""

    def answer(request: Request) -> Response:
        return _answer(lambda: act(acting(request), request.path_params.get("run", ""), request.query_params))

    return answer


def doing(name: str) -> Callable[[Request], Any]:
    """Return a route that does what the command of this name does; its JSON body holds the command's options."""

    async def answer(request: Request) -> Response:
        try:
            given = _options(name, request, await _body(request))
        except AuditError as error:
            return _refusal(error)
        run = request.path_params["run"]
        return await run_in_threadpool(_answer, lambda: getattr(acting(request), name)(run, **given))

    return answer


def _options(name: str, request: Request, body: bytes) -> dict[str, Any]:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise InputError("The body must be JSON.", expected="Content-Type: application/json")
    try:
        given = json.loads(body or b"{}")
    except ValueError as error:
        raise InputError("The body is not JSON.", expected="one JSON object") from error
    if not isinstance(given, dict) or not set(given) <= TAKES[name]:
        raise InputError(f"{name} does not take that.", expected=", ".join(sorted(TAKES[name])) or "an empty object")
    wrong = [k for k, v in given.items() if not isinstance(v, (int, float) if k in NUMBERS else str)]
    if wrong:
        raise InputError(f"{wrong[0]} must be a {'number' if wrong[0] in NUMBERS else 'text'}.")
    try:
        signature(getattr(Audit, name)).bind(None, "", **given)
    except TypeError as error:
        raise InputError(f"{name} needs more than was given.", expected=", ".join(sorted(TAKES[name]))) from error
    return given


def _answer(ask: Callable[[], Any]) -> Response:
    try:
        return JSONResponse(rows(ask()), headers={"Cache-Control": "no-store"})
    except AuditError as error:
        return _refusal(error)
    except Exception:  # as the command line: one sentence, no traceback
        LOG.exception("a question could not be answered")
        return JSONResponse({"error": InputError(BROKEN).document()}, 500)


def _refusal(error: AuditError) -> Response:
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 409)
    challenge = {"WWW-Authenticate": "Basic"} if error.expected == "HTTP Basic authorization" else {}
    return JSONResponse({"error": error.document()}, 401 if challenge else status, challenge)


def metrics(request: Request) -> Response:
    """Answer how many runs there are by status, in the text form that Prometheus reads."""
    try:
        runs = acting(request).runs()
    except AuditError as error:
        return _refusal(error)
    counts = {status: [r.status for r in runs].count(status) for status in sorted({r.status for r in runs})}
    lines = [f'cje_audit_runs{{status="{status}"}} {n}' for status, n in counts.items()]
    return PlainTextResponse("\n".join(["# TYPE cje_audit_runs gauge", *lines, ""]))


def routes() -> list[BaseRoute]:
    """Return every route beside the pages."""
    return [
        Route("/share/{token}", share),
        Route("/login", login_form),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout),
        Route("/metrics", metrics),
        *(Route(path, answering(act)) for path, act in READS.items()),
        *(Route(f"/api/runs/{{run}}/{name}", doing(name), methods=["POST"]) for name in TAKES),
    ]
