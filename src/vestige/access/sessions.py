"""Signed-in people: sessions of browsers, and programs that are let in by whoever sits at a browser.

A browser holds a secret in a cookie no script can read, and a second one (CSRF) that each request which changes
something must repeat in a header, so that another site's form cannot act in its name. A program without a browser is
let in as RFC 8628 has it: it shows a short code, a signed-in person types that code and approves, and the program,
which has been asking with a secret of its own, is given a token once. The token is the person's: it may what they may.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.access import people_store, session_store, store, waiting
from vestige.access.limits import Buckets
from vestige.access.people import check_text
from vestige.access.session_store import Device, Session
from vestige.access.tokens import DEVICE, SESSION, csrf_of, is_well_formed, new_token, token_digest
from vestige.ledger import act_entry
from vestige.model.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RateError,
    UnauthenticatedError,
    WaitingError,
)
from vestige.model.ids import new_ulid
from vestige.model.instant import NANOS, now, to_text

if TYPE_CHECKING:
    from vestige.access.people_store import Person
    from vestige.db import Database
    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.model.principal import Principal

SESSION_SECONDS: Final = 12 * 3600
TOKEN_SECONDS: Final = 30 * 86_400
"""How long a program stays signed in."""
INTERVAL: Final = 2
"""Seconds a program waits between two questions whether it was approved."""
MOST_SIGN_INS: Final = 100
"""Programs signed in as one person at once, and browsers too; with one more the oldest is signed out."""
ENDED_SECONDS: Final = 86_400
"""How long a sign-in that ended is kept, so that who uses it still is told that it ended."""
_SIGNS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Of a code that is typed: no vowels, so no words; 20 to the 8th power of them."""
CLIENT_LENGTH: Final = 100


class Waiting(NamedTuple):
    """A program that waits to be let in, as who decides is shown it."""

    user_code: str
    client: str
    address: str
    created_at: int


class SignedIn(NamedTuple):
    """Who has signed in at a browser, and the session that is theirs from then on."""

    person: Person
    token: str
    """Its secret, for the cookie."""
    csrf: str
    """The one that is repeated in a header."""


def begin_session(transaction: Transaction, person: Person, proved_at: int = 0) -> SignedIn:
    """Begin a browser's session, in the transaction that looked at the person: what ends sign-ins then ends it too.

    Args:
        transaction: the sign-in's.
        person: as it is there now.
        proved_at: when they proved who they are, nanoseconds; 0: just now. What is later than now is now.
    """
    token, at = new_token(SESSION), now()
    csrf = csrf_of(token)
    row = Session(
        token_digest(token), person.tenant, person.id, token_digest(csrf), at, at + SESSION_SECONDS * NANOS,
        proved_at=min(proved_at or at, at),
    )  # fmt: skip
    session_store.add_session(transaction.connection, row, MOST_SIGN_INS)
    return SignedIn(person, token, csrf)


class Sessions:
    """Who is signed in, over all tenants of an installation.

    Args:
        db: the database.
        ledger: the ledger.
        codes: how often a minute one person may try a code that is typed; 0: as often as they like.
    """

    def __init__(self, db: Database, ledger: Ledger, codes: int = 0) -> None:
        self._db = db
        self._ledger = ledger
        self.codes = Buckets(codes / 60, codes)
        """Tries of codes by person, so that nobody guesses what another program shows (RFC 8628, section 5.1)."""
        self._nowhere = waiting.Nowhere()

    def find(self, token: str) -> tuple[Person, Session]:
        """Whose session a cookie holds.

        Raises:
            UnauthenticatedError: nobody's, or it is over.
        """
        person = session = None
        if is_well_formed(token, SESSION):
            with self._db.read() as connection:
                session = session_store.session_by_digest(connection, token_digest(token))
                if session is not None:
                    person = people_store.by_id(connection, session.tenant, session.person)
        if session is None or person is None or person.removed_at or session.ended_at or session.expires_at <= now():
            raise UnauthenticatedError("you are not signed in", expected="a session in force", hint="sign in again")
        return person, session

    @staticmethod
    def csrf_of(token: str) -> str:
        """The second secret of the session a cookie holds: a page of ours that was just opened asks for it."""
        return csrf_of(token)

    @staticmethod
    def check_csrf(session: Session, given: str) -> None:
        """Refuse a request that another site could have made.

        Raises:
            ForbiddenError: it does not repeat the session's second secret.
        """
        if not secrets.compare_digest(token_digest(given), session.csrf):
            raise ForbiddenError(
                "this request does not come from our own page",
                expected="the X-CSRF-Token the sign-in answered",
                got="none" if not given else "another",
                field="X-CSRF-Token",
            )

    def end(self, session: Session, by: Principal) -> None:
        """Sign a browser out."""

        def act(transaction: Transaction) -> list[Draft]:
            session_store.end_session(transaction.connection, session.tenant, session.digest, now())
            return [act_entry("login.ended", by, {}, f"person:{by.name}")]

        self._ledger.transact(session.tenant, act)

    def end_token(self, tenant: str, key: str, by: Principal) -> None:
        """Sign a program out.

        Raises:
            ConflictError: the key is nobody's sign-in; keys are revoked, not signed out.
        """

        def act(transaction: Transaction) -> list[Draft]:
            row = store.key_by_id(transaction.connection, tenant, key)
            if row is None or not row.person:
                raise ConflictError("an API key is not a sign-in", hint="`vestige key revoke` ends it")
            store.change_key(transaction.connection, tenant, key, revoked_at=now())
            return [act_entry("login.ended", by, {}, f"person:{by.name}")]

        self._ledger.transact(tenant, act)

    def ask(self, slug: str, tenant: str | None, client: str, by: Principal) -> dict[str, Any]:
        """Begin a program's sign-in: what it keeps, and the code a person types.

        Args:
            slug: the name of the tenant whose people may approve.
            tenant: its id; ``None`` if there is none of that name: nobody can, which whoever asks is not told.
            client: what the program calls itself, shown to who approves.
            by: the request; where it came from is shown, too.

        Raises:
            BusyError: too many wait.
            UsageError: it calls itself what cannot be shown.
        """
        check_text(client, "client")
        token, code, at = new_token(DEVICE), "".join(secrets.choice(_SIGNS) for _ in range(8)), now()
        if tenant is not None:
            row = Device(
                token_digest(token), token_digest(code), tenant, "", client[:CLIENT_LENGTH], "waiting", at,
                at + waiting.CODE_SECONDS * NANOS, by.address,
            )  # fmt: skip
            with self._db.write(tenant) as connection:
                if session_store.clear_devices(connection, tenant, at) >= waiting.MOST_WAITING:
                    raise waiting.too_many()
                session_store.add_device(connection, row)
        else:
            self._nowhere.add(slug, token_digest(token), at)
        return {
            "device_code": token,
            "user_code": _shown(code),
            "expires_in": waiting.CODE_SECONDS,
            "interval": INTERVAL,
        }

    def waiting(self, person: Person, code: str) -> Waiting:
        """What waits under a code, for who is about to decide.

        Raises:
            NotFoundError: no sign-in of this tenant waits under the code.
            RateError: this person tries too many codes.
        """
        self._count(person)
        plain = _plain(code)
        with self._db.read(person.tenant) as connection:
            device = session_store.device_by_code(connection, person.tenant, token_digest(plain))
        if device is None or device.state != "waiting" or device.expires_at <= now():
            raise _nothing_waits(code)
        return Waiting(_shown(plain), device.client, device.address, device.created_at)

    def approve(self, person: Person, code: str, by: Principal, *, yes: bool) -> dict[str, Any]:
        """Let a program in as oneself, or not.

        Raises:
            NotFoundError: no sign-in of this tenant waits under the code.
            RateError: this person tries too many codes.
        """
        self._count(person)
        plain = _plain(code)
        found: list[Device] = []

        def act(transaction: Transaction) -> list[Draft]:
            device = session_store.device_by_code(transaction.connection, person.tenant, token_digest(plain))
            if device is None or device.state != "waiting" or device.expires_at <= now():
                raise _nothing_waits(code)
            session_store.change_device(
                transaction.connection, device, "approved" if yes else "denied", person.id if yes else ""
            )
            found[:] = [device]
            act_name = "login.approved" if yes else "login.denied"
            return [act_entry(act_name, by, {"client": device.client}, f"person:{person.email}")]

        self._ledger.transact(person.tenant, act)
        return {"client": found[0].client, "approved": yes}

    def _count(self, person: Person) -> None:
        wait = self.codes.take(person.id)
        if wait:
            raise RateError(
                "too many codes are tried by this person", seconds=wait,
                expected="no more than VESTIGE_LIMIT_SIGN_INS says", hint=f"ask again in {wait} s",
            )  # fmt: skip

    def collect(self, token: str, by: Principal) -> dict[str, Any]:
        """The token of a sign-in that was approved: once.

        Raises:
            WaitingError: nobody has approved it yet.
            UnauthenticatedError: it was denied, is over, was collected before, or never was.
        """
        device = None
        if is_well_formed(token, DEVICE):
            if self._nowhere.waits(token_digest(token), now()):
                raise _still_waiting()
            with self._db.read() as connection:
                device = session_store.device_by_digest(connection, token_digest(token))
        at = now()
        if device is None or device.expires_at <= at:
            raise _over("over, or none")
        if device.state == "waiting":
            raise _still_waiting()
        if device.state in {"used", "replayed"}:
            self._note_replay(device, by)
            raise _over("used")
        if device.state != "approved":
            raise _over(device.state)
        made, key = new_token(), new_ulid(at // 1_000_000)
        expires = at + TOKEN_SECONDS * NANOS
        done: list[Person] = []

        def act(transaction: Transaction) -> list[Draft]:
            connection = transaction.connection
            found = session_store.device_by_digest(connection, device.digest)
            person = people_store.by_id(connection, device.tenant, device.person)
            if found is None or found.state != "approved" or person is None or person.removed_at:
                raise _over("used")
            session_store.change_device(connection, found, "used", person.id)
            store.purge_sign_ins(connection, device.tenant, at - ENDED_SECONDS * NANOS)
            store.end_oldest_sign_ins(connection, device.tenant, person.id, MOST_SIGN_INS - 1, at)
            store.add_key(
                connection,
                store.KeyRow(
                    key, found.tenant, found.client, token_digest(made), at, (), person=person.id, made_by=person.email,
                    expires_at=expires,
                ),
            )  # fmt: skip
            done[:] = [person]
            actor = replace(by, name=person.email, key=key)
            return [act_entry("login.succeeded", actor, {"client": found.client}, f"person:{person.email}")]

        self._ledger.transact(device.tenant, act)
        return {"token": made, "email": done[0].email, "expires_at": to_text(expires)}

    def _note_replay(self, device: Device, by: Principal) -> None:
        """Make it an entry, once, that a sign-in is asked for again which was collected: two hold what one should."""

        def act(transaction: Transaction) -> list[Draft]:
            found = session_store.device_by_digest(transaction.connection, device.digest)
            if found is None or found.state != "used":
                return []
            session_store.change_device(transaction.connection, found, "replayed", found.person)
            person = people_store.by_id(transaction.connection, found.tenant, found.person)
            who = "" if person is None else f"person:{person.email}"
            detail = {"client": found.client, "reason": "a sign-in that was collected is asked for again"}
            return [act_entry("login.failed", by, detail, who)]

        self._ledger.transact(device.tenant, act)


def _still_waiting() -> WaitingError:
    return WaitingError("nobody has approved this yet", hint=f"ask again in {INTERVAL} seconds")


def _plain(code: str) -> str:
    """A code however it was typed."""
    return "".join(sign for sign in code.upper()[:40] if sign in _SIGNS)


def _shown(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"


def _nothing_waits(code: str) -> NotFoundError:
    return NotFoundError("no sign-in waits under this code", got=code[:20], hint="begin again with `vestige login`")


def _over(got: str) -> UnauthenticatedError:
    return UnauthenticatedError(
        "this sign-in is over", expected="one that was approved and not collected", got=got, hint="begin again"
    )
