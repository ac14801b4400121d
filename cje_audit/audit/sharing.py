"""Share links: whoever has one reads the redacted report of one run, for some days, without an account.

A link holds an id and a secret. The workspace keeps the secret's hash alone, so nobody can read a link out of it again.
"""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from typing import Literal

from cje_audit.audit.people import LONGEST_NAME, written
from cje_audit.domain.errors import InputError, NotFound
from cje_audit.domain.views import ShareLink, ShareView
from cje_audit.store.decisions import Decisions
from cje_audit.store.shares import ShareRecord, Shares
from cje_audit.store.workspace import iso

LONGEST_DAYS = 365.0
DAY_S = 86_400.0
TOKEN = re.compile(r"([0-9a-f]{12})([A-Za-z0-9_-]{43})")
NO_LINK = "This link opens nothing. Ask whoever sent it for a new one."
EXPIRED = "This link has expired. Ask whoever sent it for a new one."
REVOKED = "This link was withdrawn. Ask whoever sent it for a new one."

State = Literal["open", "expired", "revoked"]


def state_of(share: ShareRecord, now: float) -> State:
    """Return whether a link still opens something."""
    if share.revoked_at is not None:
        return "revoked"
    return "expired" if now >= share.expires_at else "open"


@dataclass(frozen=True)
class Sharing:
    """Makes, withdraws and opens the share links of a workspace; each act is an entry of the audit trail."""

    shares: Shares
    trail: Decisions

    def share(self, run: str, days: float, by: str, base: str) -> ShareLink:
        """Make a link to the redacted report of a run; its secret is returned here and never again.

        Raises
        ------
        InputError
            When the days are none, too many, or the name is empty.
        """
        if not 0 < days <= LONGEST_DAYS:
            raise InputError(
                f"A link can be open for up to {LONGEST_DAYS:.0f} days.",
                expected=f"more than 0, at most {LONGEST_DAYS:.0f}", got=f"{days:g}", what_to_do="Give other days.",
            )  # fmt: skip
        name, secret, now = written(by, "a name", LONGEST_NAME), secrets.token_urlsafe(32), time.time()
        record = ShareRecord(secrets.token_hex(6), run, _hash(secret), name, now, now + days * DAY_S, None)
        self.shares.add(record)
        self._note(record, "share", by=name, until=iso(record.expires_at))
        path = f"/share/{record.id}{secret}"
        return ShareLink(
            id=record.id,
            run=run,
            by=name,
            path=path,
            url=f"{base.rstrip('/')}{path}",
            expires_at=iso(record.expires_at),
        )

    def revoke(self, share: str, by: str) -> ShareView:
        """Withdraw a link; it opens nothing from this moment on.

        Raises
        ------
        NotFound
            When there is no such link.
        InputError
            When it was withdrawn before.
        """
        record = self.shares.get(share)
        if record is None:
            raise NotFound(f"There is no share link {share!r}.", got=share, what_to_do="See the run's Results page.")
        if record.revoked_at is not None:
            raise InputError(f"The share link {share} was withdrawn before, at {iso(record.revoked_at)}.")
        self._note(record, "revoke", by=written(by, "a name", LONGEST_NAME))
        self.shares.revoke(share)
        return view(self.shares.get(share) or record)

    def of_run(self, run: str) -> tuple[ShareView, ...]:
        """Return the links of a run, newest first."""
        return tuple(view(record) for record in self.shares.of_run(run))

    def opened(self, token: str) -> str:
        """Return the run whose redacted report a link opens, and note that it was opened.

        Raises
        ------
        NotFound
            When the link is unknown, expired or withdrawn; whether it ever was one is told only to who has its secret.
        """
        found = TOKEN.fullmatch(token)
        record = self.shares.get(found[1]) if found else None
        given = _hash(found[2] if found else "")
        kept = record.secret_hash if record else _hash(secrets.token_urlsafe(32))
        if not hmac.compare_digest(given, kept) or record is None:
            raise NotFound(NO_LINK)
        state = state_of(record, time.time())
        if state != "open":
            raise NotFound(EXPIRED if state == "expired" else REVOKED)
        self._note(record, "open", by=f"share link {record.id}")
        return record.run

    def _note(self, record: ShareRecord, kind: str, *, by: str, **document: str) -> None:
        self.trail.append(record.run, kind, by=by, subject=f"share:{record.id}", reason=None, document=document)


def view(record: ShareRecord) -> ShareView:
    """Return a link as pages and commands list it, without its secret."""
    return ShareView(
        id=record.id, run=record.run, by=record.by, created_at=iso(record.created_at),
        expires_at=iso(record.expires_at), state=state_of(record, time.time()),
    )  # fmt: skip


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()
