"""Signing in with a password, and the lock that failures put on an account.

Whoever tries learns neither whether there is such an account nor whether it is locked: the answer is the same, and so
is its time. The work is not: a failure of a known account is a commit. So a refusal is answered at the end of a slot
(:data:`SLOT_SECONDS`), whatever came before it; one that needs longer than a slot is answered at the end of a later
one. What is tried while an account is locked is only counted, since anybody may try; it becomes one entry when
the lock is over, with the next try, a reset, or by itself within a minute.
"""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from vestige.access import passwords, people_store
from vestige.access.people import EMAIL, EMAIL_LENGTH
from vestige.access.sessions import begin_session
from vestige.access.tries import tries_of
from vestige.ledger import act_entry
from vestige.model.errors import BusyError, StorageError, UnauthenticatedError
from vestige.model.instant import NANOS, now, to_text

if TYPE_CHECKING:
    from vestige.access.sessions import SignedIn
    from vestige.db import Database
    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.model.principal import Principal

FAILURES: Final = 5
"""Failed sign-ins after which an account is locked."""
LOCK_SECONDS: Final = 15 * 60
SLOT_SECONDS: Final = 0.25
"""A refusal comes a whole number of these after the try: longer than a password's check and a commit take together."""
LOOK_SECONDS: Final = 60
"""How often it is looked whose lock is over."""


class PasswordLogins:
    """The sign-ins with a password, of one installation."""

    def __init__(self, db: Database, ledger: Ledger) -> None:
        self._db = db
        self._ledger = ledger
        self._written = now()

    def sign_in(self, tenant: str | None, email: str, password: str, by: Principal) -> SignedIn:
        """Who has this address and password, with a session begun.

        Args:
            tenant: its id; ``None`` where there is none of that name: the same work is done for nothing.
            email: as typed.
            password: as typed.
            by: the request.

        Raises:
            UnauthenticatedError: they do not fit, or the account is locked; which of it is not told.
        """
        began = time.monotonic()
        try:
            return self._sign_in(tenant, email, password, by)
        except UnauthenticatedError:
            taken = time.monotonic() - began
            time.sleep(math.ceil(taken / SLOT_SECONDS) * SLOT_SECONDS - taken)
            raise

    def _sign_in(self, tenant: str | None, email: str, password: str, by: Principal) -> SignedIn:
        email = email.strip().casefold()[:EMAIL_LENGTH]
        person = None
        if tenant is not None and EMAIL.fullmatch(email):
            with self._db.read(tenant) as connection:
                person = people_store.by_email(connection, tenant, email)
        right = passwords.fits(password, person.password if person is not None and not person.removed_at else "")
        if person is None or person.removed_at or tenant is None:
            raise _wrong()
        opened: list[SignedIn] = []

        def act(transaction: Transaction) -> list[Draft]:
            # Looked at again under the lock: of many guesses at once only as many count as one after another would.
            at = now()
            found = people_store.by_id(transaction.connection, person.tenant, person.id)
            if found is None or found.removed_at:
                return []
            changed: dict[str, int | str]
            if found.locked_until > at:
                # Only counted, and one entry when the lock is over: anybody may try as often as they like.
                changed = {"locked_tries": found.locked_tries + 1}
                people_store.change(transaction.connection, found.tenant, found.id, **changed)
                return []
            tried = tries_of(found)
            if right and found.password == person.password:
                changed = {"failures": 0, "locked_until": 0, "locked_tries": 0}
                people_store.change(transaction.connection, found.tenant, found.id, **changed)
                opened[:] = [begin_session(transaction, found)]
                actor = replace(by, name=found.email)
                return [*tried, act_entry("login.succeeded", actor, {}, f"person:{found.email}")]
            failures = found.failures + 1
            changed = {"failures": failures, "locked_tries": 0}
            detail: dict[str, int | str] = {"reason": "password", "failures": failures}
            if failures >= FAILURES:
                until = at + LOCK_SECONDS * NANOS
                changed |= {"failures": 0, "locked_until": until}
                detail["locked_until"] = to_text(until)
            people_store.change(transaction.connection, found.tenant, found.id, **changed)
            return [*tried, act_entry("login.failed", by, detail, f"person:{found.email}")]

        self._ledger.transact(person.tenant, act)
        if not opened:
            raise _wrong()
        return opened[0]

    def write_locked(self) -> None:
        """Make an entry of what was tried at accounts whose lock is over, once a minute at most."""
        at = now()
        if at - self._written < LOOK_SECONDS * NANOS:
            return
        self._written = at
        # Whoever serves goes on without: what was not written stays counted, and the next look writes it.
        with contextlib.suppress(BusyError, StorageError):
            with self._db.read() as connection:
                over = people_store.locked(connection, at)
            for tenant, identity in over:
                self._ledger.transact(tenant, partial(self._end_lock, tenant, identity))

    @staticmethod
    def _end_lock(tenant: str, identity: str, transaction: Transaction) -> list[Draft]:
        person = people_store.by_id(transaction.connection, tenant, identity)
        if person is None or person.locked_until > now():
            return []
        people_store.change(transaction.connection, tenant, identity, locked_tries=0)
        return tries_of(person)


def _wrong() -> UnauthenticatedError:
    return UnauthenticatedError(
        "these do not sign anybody in",
        expected="the address and the password of an account that is not locked",
        hint=f"after {FAILURES} failures an account is locked for {LOCK_SECONDS // 60} minutes; an admin can reset it",
    )
