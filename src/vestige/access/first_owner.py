"""The first person of a tenant: made an owner by whoever holds a key that may make one, and signed in at once.

It is an invitation and its answer in one transaction, with the entries of both: so of two who try at once one is told
that there is somebody already, and a crash leaves nothing half made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.access import passwords, people_store
from vestige.access.people import check_text, email_of, open_account
from vestige.access.people_store import Invite
from vestige.access.roles import Role, check_may_give, permissions_with
from vestige.access.sessions import begin_session
from vestige.access.tokens import INVITE, new_token, token_digest
from vestige.access.tries import tries_of
from vestige.ledger import act_entry
from vestige.model.errors import ConflictError
from vestige.model.ids import new_ulid
from vestige.model.instant import now
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.access.sessions import SignedIn
    from vestige.db import Database
    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.model.permission import Permission


class FirstOwners:
    """First owners of the tenants of one installation.

    Args:
        db: the database.
        ledger: the ledger.
        leaked: a list of leaked passwords, if there is one.
    """

    def __init__(self, db: Database, ledger: Ledger, leaked: Path | None) -> None:
        self._db = db
        self._ledger = ledger
        self._leaked = leaked

    def is_wanted(self, tenant: str) -> bool:
        """Whether a tenant has no people."""
        with self._db.read(tenant) as connection:
            return people_store.is_empty(connection, tenant)

    def make(
        self, tenant: str, email: str, name: str, password: str, by: Principal, held: frozenset[Permission]
    ) -> SignedIn:
        """Make the first owner of a tenant, with a session begun.

        Args:
            tenant: its id.
            email: the owner's address, under which they sign in from then on.
            name: what they are called; may be empty.
            password: theirs.
            by: who makes them.
            held: what that one may do.

        Raises:
            ForbiddenError: an owner may more than who makes them.
            ConflictError: there is somebody already.
            UsageError: no address, or a name nobody could read in a line.
            InputError: the password may not be used.
        """
        check_may_give(held, permissions_with(Role.OWNER, may_erase=False))
        if not self.is_wanted(tenant):
            # Looked at once more below; here so that nobody is told first what is wrong with a password.
            raise _somebody()
        email = email_of(email)
        check_text(name, "name")
        passwords.check(password, email, self._leaked)
        kept, at = passwords.hashed(password), now()
        # Nobody is ever given what would open it.
        digest, identity = token_digest(new_token(INVITE)), new_ulid(at // 1_000_000)
        invite = Invite(
            identity, tenant, digest, "invite", email, Role.OWNER, may_erase=False, made_by=by.name, created_at=at,
            expires_at=at, used_at=at, made_key=by.key,
        )  # fmt: skip
        done: list[SignedIn] = []

        def act(transaction: Transaction) -> list[Draft]:
            if not people_store.is_empty(transaction.connection, tenant):
                raise _somebody()
            people_store.add_invite(transaction.connection, invite)
            before = people_store.by_email(transaction.connection, tenant, email)
            tried = [] if before is None else tries_of(before)
            done[:] = [begin_session(transaction, open_account(transaction, invite, before, name, kept, at))]
            resource = f"person:{email}"
            actor = Principal(email, address=by.address, agent=by.agent, request=by.request)
            after: dict[str, str | bool] = {"role": Role.OWNER.value, "may_erase": False}
            return [
                *tried,
                act_entry("person.invited", by, {"after": after, "first": True}, resource),
                act_entry("person.joined", actor, {"invite": invite.id}, resource),
                act_entry("login.succeeded", actor, {}, resource),
            ]

        self._ledger.transact(tenant, act)
        return done[0]


def _somebody() -> ConflictError:
    return ConflictError(
        "there is somebody here already",
        expected="a tenant without people",
        hint="sign in, or let somebody who manages people invite you (`vestige user invite`)",
    )
