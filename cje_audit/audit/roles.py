"""The least role for every method of the front door, enforced there, for pages, command line and API alike.

A method that is not in the table needs an admin; a test finds it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

from cje_audit.domain.roles import UserRole

C = TypeVar("C", bound=type)

OPEN = (
    "open", "close", "login", "session", "admit", "begin_session", "end_session", "open_share", "acting_as_nobody",
    "users_exist", "why_not", "form", "with_value", "with_policy", "without_policy",
    "gate", "columns", "fields", "lacks_names", "uploaded", "fetch_model", "serve_model",
)  # fmt: skip  # what proves who somebody is, opens a share link, or touches no workspace
READING = (
    "runs", "run", "live", "failure_document", "report", "html", "json", "estimates_csv", "verify", "compare",
    "decisions", "trail", "revealed", "templates", "validate", "dry_run", "demo_runs", "wait", "estimate_cost",
    "monitor", "failure_patterns", "failure_rates", "failures", "quarantine", "row", "weights", "weight_rows",
    "check_rows", "labelled", "shares", "acts", "pilot", "attempts", "find_rows", "saved_views", "findings",
    "findings_text", "preflight", "retryable", "retried", "estimates_parquet", "rows_csv", "bundle", "failure_policy",
    "plan", "rows_parquet",
)  # fmt: skip
RUNNING = (
    "launch", "import_files", "demo", "demo_siblings", "cancel", "pause", "resume", "retry", "start_retry",
    "upload_path", "note", "run_rest", "trash", "restore", "keep_view", "drop_view", "add_finding", "review",
    "export", "import_bundle", "doctor",
)  # fmt: skip
APPROVING = ("reveal", "override", "sign", "share", "revoke_share", "decide_finding")
ADMIN = ("users", "add_user", "set_role", "remove_user")

NEEDS: dict[str, UserRole | None] = {
    **dict.fromkeys(OPEN, None),
    **dict.fromkeys(READING, "viewer"),
    **dict.fromkeys(RUNNING, "runner"),
    **dict.fromkeys(APPROVING, "approver"),
    **dict.fromkeys(ADMIN, "admin"),
}
CHANGING = frozenset({*RUNNING, *APPROVING, "add_user", "set_role", "remove_user"})
STARTING = frozenset(
    {"launch", "import_files", "import_bundle", "demo", "run_rest"}
)  # these give the run they are about
QUIET = frozenset({"upload_path", "doctor"})  # change nothing anyone looks at; the act that uses them is kept


class Guarded(Protocol):
    """What knows who is acting."""

    def _allow(self, method: str, needed: UserRole) -> None:
        """Return when the acting person may call the method, else raise."""

    def _did(self, method: str, subject: object) -> None:
        """Note that the acting person did something."""


def public_methods(cls: type) -> set[str]:
    """Return the names of everything that can be called from outside."""
    return {n for n in dir(cls) if not n.startswith("_") and not isinstance(getattr(cls, n), property)}


def enforced(cls: C) -> C:
    """Make every public method of a class ask first whether the acting person may call it."""
    for name in public_methods(cls):
        needed = NEEDS.get(name, "admin")
        if needed is not None:
            setattr(cls, name, _asking_first(getattr(cls, name), name, needed))
    return cls


def _asking_first(method: Callable[..., Any], name: str, needed: UserRole) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Guarded, *args: Any, **kwargs: Any) -> Any:
        self._allow(name, needed)
        answer = method(self, *args, **kwargs)
        if name in CHANGING and name not in QUIET:
            self._did(name, answer if name in STARTING else next(iter((*args, *kwargs.values())), None))
        return answer

    return call
