"""Whoever looks at a demonstration: let in as one made-up person, by a code that the process shows when it starts.

The person is an owner of the made-up tenant, under an address that can be nobody's (RFC 2606) and with a password that
nobody knows. The code is 128 random bits in this process's memory: it opens nothing after its end.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from vestige.access import people_store
from vestige.access.roles import EVERYTHING, Role
from vestige.access.sessions import begin_session
from vestige.ledger import act_entry
from vestige.model.errors import UnauthenticatedError
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from vestige.access.people import People
    from vestige.access.sessions import SignedIn
    from vestige.db import Database
    from vestige.ledger import Draft, Ledger, Transaction

EMAIL: Final = "demo@example.test"
NAME: Final = "Demonstration"


class Guests:
    """Sign-ins as the made-up person of one tenant, who is made if not there.

    Args:
        db: the database.
        ledger: the ledger.
        people: those of the installation.
        tenant: the demonstration's, by id.
    """

    def __init__(self, db: Database, ledger: Ledger, people: People, tenant: str) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self.code = secrets.token_urlsafe(16)
        with db.read(tenant) as connection:
            found = people_store.by_email(connection, tenant, EMAIL)
        if found is None or found.removed_at:
            by = Principal("demo")
            invited = people.invite(tenant, EMAIL, Role.OWNER.value, by, EVERYTHING)
            people.accept(invited["token"], NAME, secrets.token_urlsafe(32), by)

    def check(self, code: str) -> None:
        """Refuse another code.

        Raises:
            UnauthenticatedError: it is not this process's.
        """
        if not secrets.compare_digest(code.encode("utf-8", "replace"), self.code.encode()):
            raise UnauthenticatedError(
                "this link opens nothing",
                expected="the link that `vestige up --demo` printed when it was started last",
                got="another",
                hint="copy it whole, from the terminal where it runs",
            )

    def sign_in(self, code: str, by: Principal) -> SignedIn:
        """Begin a session as the made-up person.

        Raises:
            UnauthenticatedError: the code is not this process's, or the person was removed.
        """
        self.check(code)
        opened: list[SignedIn] = []

        def act(transaction: Transaction) -> list[Draft]:
            person = people_store.by_email(transaction.connection, self._tenant, EMAIL)
            if person is None or person.removed_at:
                raise UnauthenticatedError(
                    "nobody is let in by this link any more",
                    expected=f"{EMAIL} among the people",
                    got="somebody removed them",
                    hint="start `vestige up --demo` again: it makes them anew",
                )
            opened[:] = [begin_session(transaction, person)]
            actor = Principal(EMAIL, address=by.address, agent=by.agent, request=by.request)
            return [act_entry("login.succeeded", actor, {"by": "demonstration"}, f"person:{EMAIL}")]

        self._ledger.transact(self._tenant, act)
        return opened[0]
