"""Accounts: who is acting, proved by password, session or single sign-on, and what that person may do.

A workspace without accounts is in single-user mode: whoever reaches it may do everything, and it is served on loopback.
"""

import copy
import getpass
import hashlib
import hmac
import os
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Self

from cje_audit.audit.people import LONGEST_NAME, written
from cje_audit.audit.roles import NEEDS
from cje_audit.domain.errors import InputError, NotAllowed, NotFound
from cje_audit.domain.roles import ROLES, SINGLE_USER, UserRole, at_least
from cje_audit.domain.views import Act, ActPage, User
from cje_audit.settings import load_settings
from cje_audit.store.answers import AnswerStore
from cje_audit.store.decisions import Decisions
from cje_audit.store.shares import Shares
from cje_audit.store.users import UserRecord, Users
from cje_audit.store.workspace import Workspace, iso

SHORTEST_PASSWORD = 12
COST, BLOCK, LANES, MEMORY = 2**15, 8, 1, 64 * 2**20
SESSION_S = 12 * 3600.0
CLOCK_SKEW_S = 60.0
MOST_FAILURES, FAILURE_WINDOW_S = 10, 15 * 60.0
USER, PASSWORD = "CJE_AUDIT_USER", "CJE_AUDIT_PASSWORD"
NOBODY = "This workspace has accounts, and nobody has logged in."
ASK = "Ask somebody who may do it, or an admin for another role."
WRONG = "The name or the password is wrong."


def hashed(password: str) -> str:
    """Return a password's salted scrypt hash, with its parameters."""
    salt = secrets.token_bytes(16)
    return f"scrypt${b64encode(salt).decode()}${b64encode(_scrypt(password, salt)).decode()}"


def matches(password: str, kept: str) -> bool:
    """Say whether a password is the one that was hashed, in a time that does not tell how nearly.

    Examples
    --------
    >>> matches("correct horse battery", hashed("correct horse battery"))
    True
    """
    _, salt, digest = kept.split("$")
    return hmac.compare_digest(_scrypt(password, b64decode(salt)), b64decode(digest))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8"), salt=salt, n=COST, r=BLOCK, p=LANES, maxmem=MEMORY)


def local_name() -> str:
    """Return the name of this machine's user, under which single-user mode keeps what was done."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local user"


def claimed_name(claims: Mapping[str, object], now: float) -> str:
    """Return the e-mail address that a single sign-on proved, if the proof is whole and fresh.

    Raises
    ------
    NotAllowed
        When it has no verified address, or was made too long ago, in the future, or is over.
    """
    email, issued, expires = claims.get("email"), claims.get("iat"), claims.get("exp")
    if not isinstance(email, str) or not email or claims.get("email_verified", True) is not True:
        raise NotAllowed("The sign-on did not prove an e-mail address.", what_to_do="Ask your identity provider.")
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise NotAllowed("The sign-on does not say how long it is good for.", what_to_do="Log in again.")
    if not issued - CLOCK_SKEW_S <= now < min(expires, issued + SESSION_S):
        raise NotAllowed("The sign-on is over.", what_to_do="Log in again.")
    return email.casefold()


class Accounts:
    """One opened workspace and who is acting on it; the base of the front door."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace.expanduser().resolve()
        self._settings = load_settings()
        self._runs = Workspace(self.workspace)
        self._answers = AnswerStore(self.workspace / "answers.sqlite")
        self._trail = Decisions(self.workspace)
        self._shares = Shares(self.workspace)
        self._users = Users(self.workspace)
        self._actor: str | None = None

    @classmethod
    def open(cls, workspace: Path | None = None) -> Self:
        """Open a workspace folder, creating it when new; None takes the one the settings name.

        Where there are accounts, the environment says who is acting: CJE_AUDIT_USER and CJE_AUDIT_PASSWORD.
        """
        opened = cls(load_settings().workspace if workspace is None else workspace)
        name = os.environ.get(USER)
        if not name or not opened.users_exist():
            return opened
        try:
            return opened.login(name, os.environ.get(PASSWORD, ""))
        except NotAllowed:
            opened.close()
            raise

    def close(self) -> None:
        """Close the workspace's databases."""
        for part in (self._users, self._shares, self._trail, self._answers, self._runs):
            part.close()

    # -- who is acting --------------------------------------------------------------------------------------------

    @property
    def acting(self) -> str | None:
        """The name of the account that is acting; None in single-user mode, or when nobody has logged in."""
        return self._actor

    @property
    def role(self) -> UserRole | None:
        """What the acting person may do; None when nobody has logged in where accounts exist."""
        if not self._users.any():
            return "admin"
        record = None if self._actor is None else self._users.get(self._actor)
        return None if record is None else _role(record)

    def users_exist(self) -> bool:
        """Say whether the workspace has accounts; without them it is in single-user mode."""
        return self._users.any()

    def _as(self, name: str | None) -> Self:
        other = copy.copy(self)
        other._actor = name
        return other

    def acting_as_nobody(self) -> Self:
        """Return the same workspace with nobody logged in."""
        return self._as(None)

    def login(self, name: str, password: str) -> Self:
        """Return the same workspace, acting as the account that this name and password prove.

        Raises
        ------
        NotAllowed
            When they do not, or too many logins have failed for this name.
        """
        if self._users.failures(name, time.time() - FAILURE_WINDOW_S) >= MOST_FAILURES:
            raise NotAllowed("Too many logins with this name have failed.", what_to_do="Wait 15 minutes.")
        record = self._users.get(name)
        kept = _decoy() if record is None or record.password is None else record.password
        if not matches(password, kept) or record is None or record.password is None:
            self._users.failed(name[:LONGEST_NAME])
            raise NotAllowed(WRONG, what_to_do="Try again, or ask an admin of this workspace.")
        return self._as(record.name)

    def admit(self, claims: Mapping[str, object]) -> Self:
        """Return the same workspace, acting as the account that a single sign-on proves.

        Raises
        ------
        NotAllowed
            When the proof is not whole and fresh, or its address has no account.
        """
        name = claimed_name(claims, time.time())
        if self._users.get(name) is None:
            raise NotAllowed(f"There is no account for {name}.", what_to_do="Ask an admin of this workspace for one.")
        return self._as(name)

    def begin_session(self) -> str:
        """Return a token that proves the acting account for twelve hours; only its hash is kept.

        Raises
        ------
        NotAllowed
            When nobody has logged in.
        """
        if self._actor is None:
            raise NotAllowed("Nobody has logged in.", what_to_do="Log in first.")
        token = secrets.token_urlsafe(32)
        self._users.begin_session(_token_hash(token), self._actor, time.time() + SESSION_S)
        return token

    def session(self, token: str) -> Self | None:
        """Return the same workspace, acting as the account of a session; None when the session is over."""
        name = self._users.session(_token_hash(token))
        return None if name is None else self._as(name)

    def end_session(self, token: str) -> None:
        """End a session."""
        self._users.end_session(_token_hash(token))

    # -- what is allowed ------------------------------------------------------------------------------------------

    def _allow(self, method: str, needed: UserRole) -> None:
        """Return when the acting person may call a method, else raise."""
        role = self.role
        if role is None:
            raise NotAllowed(NOBODY, what_to_do=f"Log in; on the command line set {USER} and {PASSWORD}.")
        if not at_least(role, needed):
            self._users.did(self._name(None), method, None, allowed=False)
            raise NotAllowed(self._too_little(role, needed), expected=needed, got=role, what_to_do=ASK)

    def _too_little(self, role: UserRole, needed: UserRole) -> str:
        return f"{self._actor} is {_article(role)}, and this needs {_article(needed)}."

    def why_not(self, method: str) -> str | None:
        """Return why the acting person may not call a method, and what to do about it; None where they may."""
        needed, role = NEEDS.get(method, "admin"), self.role
        if needed is None or (role is not None and at_least(role, needed)):
            return None
        return NOBODY if role is None else f"{self._too_little(role, needed)} {ASK}"

    def _did(self, method: str, subject: object) -> None:
        told = subject if isinstance(subject, str) else None
        self._users.did(self._name(None), method, told and told[:LONGEST_NAME], allowed=True)

    def _name(self, by: str | None) -> str:
        """Return under which name a decision is kept: the account's, else the given one, else this machine's user.

        Raises
        ------
        NotAllowed
            When another name is given than the account's.
        """
        if self._actor is None:
            return local_name() if by is None else by
        if by is not None and by.strip() not in ("", self._actor):
            raise NotAllowed(
                f"You are logged in as {self._actor}, so nothing is written under the name {by.strip()}.",
                expected=self._actor, got=by.strip(), what_to_do="Leave the name away.",
            )  # fmt: skip
        return self._actor

    def _owner(self) -> str:
        return SINGLE_USER if self._actor is None else self._actor

    # -- accounts -------------------------------------------------------------------------------------------------

    def users(self) -> tuple[User, ...]:
        """Return every account, without its password."""
        return tuple(_user(record) for record in self._users.all())

    def add_user(self, name: str, role: str, password: str | None) -> User:
        """Add an account; without a password it is for single sign-on, and its name is an e-mail address.

        Raises
        ------
        InputError
            When the name is taken or empty, the role unknown, the password short, or the first account no admin.
        """
        known, wanted = _known_role(role), written(name, "a name", LONGEST_NAME)
        wanted = wanted if password is not None else wanted.casefold()
        if self._users.get(wanted) is not None:
            raise InputError(f"There is an account {wanted} already.", what_to_do="Change its role with user role.")
        if wanted.casefold() == SINGLE_USER:
            raise InputError(f"An account cannot be called {SINGLE_USER}.", what_to_do="Choose another name.")
        if password is not None and len(password) < SHORTEST_PASSWORD:
            raise InputError(f"A password needs at least {SHORTEST_PASSWORD} characters.", got=f"{len(password)}")
        if not self._users.any() and known != "admin":
            raise InputError(
                "The first account must be an admin, or nobody could add another.",
                expected="admin", got=role, what_to_do="Add an admin first.",
            )  # fmt: skip
        self._users.put(wanted, known, None if password is None else hashed(password))
        return self._found(wanted)

    def set_role(self, name: str, role: str) -> User:
        """Give an account another role; it counts at once.

        Raises
        ------
        NotFound
            When there is no such account.
        InputError
            When it is the last admin, or the role is unknown.
        """
        known = _known_role(role)
        if known != "admin":
            self._keep_an_admin(self._found(name))
        self._users.set_role(self._found(name).name, known)
        return self._found(name)

    def remove_user(self, name: str) -> User:
        """Remove an account and end its sessions; removing the last one goes back to single-user mode.

        Raises
        ------
        NotFound
            When there is no such account.
        InputError
            When it is the last admin and others are left.
        """
        found = self._found(name)
        if len(self._users.all()) > 1:
            self._keep_an_admin(found)
        self._users.remove(found.name)
        return found

    def _found(self, name: str) -> User:
        record = self._users.get(name)
        if record is None:
            raise NotFound(f"There is no account {name!r}.", got=name, what_to_do="See: cje-audit user list")
        return _user(record)

    def _keep_an_admin(self, user: User) -> None:
        others = [u for u in self._users.all() if u.role == "admin" and u.name != user.name]
        if user.role == "admin" and not others:
            raise InputError(f"{user.name} is the last admin.", what_to_do="Make somebody else an admin first.")

    def acts(self, *, offset: int = 0, limit: int = 50) -> ActPage:
        """Return one page of what people did and were not allowed to do, newest first."""
        rows = tuple(
            Act(id=a.id, at=iso(a.at), by=a.by, act=a.act, subject=a.subject, allowed=a.allowed)
            for a in self._users.acts(offset=offset, limit=limit)
        )
        return ActPage(total=self._users.count_acts(), offset=offset, rows=rows)


def _known_role(role: str) -> UserRole:
    found = next((known for known in ROLES if known == role), None)
    if found is None:
        raise InputError(f"There is no role {role!r}.", expected=", ".join(ROLES), got=role)
    return found


def _role(record: UserRecord) -> UserRole:
    return _known_role(record.role)


def _user(record: UserRecord) -> User:
    return User(
        name=record.name, role=_role(record), created_at=iso(record.created_at), single_sign_on=record.password is None
    )


def _article(role: UserRole) -> str:
    return f"an {role}" if role[0] in "a" else f"a {role}"


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


@cache
def _decoy() -> str:
    """Return a hash to compare with when there is no such account, so that both take as long."""
    return hashed(secrets.token_urlsafe(16))
