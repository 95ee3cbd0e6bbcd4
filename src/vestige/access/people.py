"""People of a tenant: invited, asked for, changed, removed.

A person belongs to one tenant, under an e-mail address. Nobody chooses another's password: an invitation or a reset is
a secret that lets its receiver set one, once, for a while, as long as who made it could make it still. Nobody gives or
takes what they do not hold themselves, and a tenant that has an owner keeps one. Each act is one transaction with its
entry. How people sign in: :mod:`vestige.access.password_logins`, and :mod:`vestige.access.oidc_logins`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from vestige.access import oidc_store, passwords, people_store, session_store, store
from vestige.access.makers import end_invites_by, maker_may, sponsors
from vestige.access.people_store import Asked, Invite, Person
from vestige.access.roles import Role, check_may_give, permissions_with, role_named
from vestige.access.tokens import INVITE, is_well_formed, new_token, token_digest
from vestige.access.tries import tries_of
from vestige.ledger import act_entry
from vestige.model.errors import ConflictError, NotFoundError, UnauthenticatedError, UsageError
from vestige.model.ids import is_ulid, new_ulid
from vestige.model.instant import NANOS, now, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from vestige.db import Database
    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.model.permission import Permission
    from vestige.model.principal import Principal

MOST_PEOPLE: Final = 10_000
MOST_INVITES: Final = 1000
"""Invitations and resets of a tenant that wait for an answer."""
MOST_REQUESTS: Final = 200
"""Requests of a tenant that wait for a decision: anybody can make one."""
INVITE_SECONDS: Final = 7 * 86_400
RESET_SECONDS: Final = 86_400
EMAIL: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
EMAIL_LENGTH: Final = 254
TEXT_LENGTH: Final = 500


class People:
    """The people of one installation, always of a tenant given by id."""

    def __init__(self, db: Database, ledger: Ledger, leaked: Path | None) -> None:
        self._db = db
        self._ledger = ledger
        self._leaked = leaked

    def all(self, tenant: str) -> list[dict[str, Any]]:
        """Everybody who is there, by address."""
        with self._db.read(tenant) as connection:
            people = people_store.everybody(connection, tenant)
        return [_shown(person) for person in people if not person.removed_at]

    def invited(self, tenant: str) -> list[dict[str, Any]]:
        """Invitations and resets nobody has answered yet, the oldest first; without what opens them."""
        with self._db.read(tenant) as connection:
            waiting = people_store.invites(connection, tenant, now())
        return [
            {
                "email": one.email,
                "role": one.role.value,
                "purpose": one.purpose,
                "by": one.made_by,
                "expires_at": to_text(one.expires_at),
            }
            for one in waiting
        ]

    def by_id(self, tenant: str, person: str) -> Person | None:
        """A person who is there."""
        with self._db.read(tenant) as connection:
            found = people_store.by_id(connection, tenant, person)
        return None if found is None or found.removed_at else found

    def sponsors(
        self, tenant: str, names: Collection[str], since: int, line: Callable[[str], Collection[str]]
    ) -> frozenset[str]:
        """Who let somebody in since a time, and who let those in: :func:`vestige.access.makers.sponsors`."""
        with self._db.read(tenant) as connection:
            return sponsors(connection, tenant, names, since, line)

    def invite(
        self, tenant: str, email: str, role: str, by: Principal, held: frozenset[Permission], *, may_erase: bool = False
    ) -> dict[str, Any]:
        """Invite somebody. ``token`` of the answer lets them set a password, once, within a week.

        Raises:
            UsageError: no address, no role, or too many people.
            ForbiddenError: the role may more than who invites.
            ConflictError: the person is there already.
        """
        return self._invite(tenant, email, role, by, held, lambda _: [], may_erase=may_erase)

    def _invite(
        self, tenant: str, email: str, role: str, by: Principal, held: frozenset[Permission],
        first: Callable[[Transaction], list[Draft]], *, may_erase: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """The same, with something that is done first, in the same transaction."""
        email, wanted = email_of(email), role_named(role)
        check_may_give(held, permissions_with(wanted, may_erase=may_erase))
        token, at = new_token(INVITE), now()
        invite = Invite(
            new_ulid(at // 1_000_000), tenant, token_digest(token), "invite", email, wanted, may_erase, by.name, at,
            at + INVITE_SECONDS * NANOS, made_key=by.key,
        )  # fmt: skip

        def act(transaction: Transaction) -> list[Draft]:
            drafts = first(transaction)
            everybody = people_store.everybody(transaction.connection, tenant)
            if any(one.email == email and not one.removed_at for one in everybody):
                raise ConflictError("this person is there already", got=email, hint="change the role instead")
            if len(everybody) >= MOST_PEOPLE:
                raise UsageError("there are too many people", expected=f"at most {MOST_PEOPLE}")
            if people_store.count_invites(transaction.connection, tenant, at) >= MOST_INVITES:
                raise UsageError(
                    "too many invitations wait for an answer",
                    expected=f"at most {MOST_INVITES}",
                    hint="`vestige user remove` ends one",
                )
            people_store.add_invite(transaction.connection, invite)
            after = {"role": wanted.value, "may_erase": may_erase, "expires_at": to_text(invite.expires_at)}
            return [*drafts, act_entry("person.invited", by, {"after": after}, f"person:{email}")]

        self._ledger.transact(tenant, act)
        body = {"email": email, "role": wanted.value, "expires_at": to_text(invite.expires_at)}
        return body | {"token": token}

    def accept(self, token: str, name: str, password: str, by: Principal) -> dict[str, Any]:
        """Set the password an invitation or a reset is for. All sign-ins of before end.

        Raises:
            UnauthenticatedError: the secret opens nothing, or no longer.
            InputError: the password may not be used.
            UsageError: the name cannot be one.
        """
        with self._db.read() as connection:
            known = is_well_formed(token, INVITE)
            invite = people_store.invite_by_digest(connection, token_digest(token)) if known else None
        if invite is None:
            raise _no_invite()
        passwords.check(password, invite.email, self._leaked)
        check_text(name, "name")
        kept = passwords.hashed(password)
        done: list[Person] = []

        def act(transaction: Transaction) -> list[Draft]:
            connection, at = transaction.connection, now()
            found = people_store.invite_by_digest(connection, token_digest(token))
            if found is None or found.used_at or found.expires_at <= at or not maker_may(transaction, found):
                raise _no_invite()
            people_store.use_invite(connection, found.tenant, found.id, at)
            before = people_store.by_email(connection, found.tenant, found.email)
            tried = [] if before is None else tries_of(before)
            if found.purpose == "reset" and (before is None or before.removed_at):
                raise _no_invite()
            done[:] = [open_account(transaction, found, before, name, kept, at)]
            actor = replace(by, name=found.email)
            act_name = "person.joined" if found.purpose == "invite" else "person.password_set"
            return [*tried, act_entry(act_name, actor, {"invite": found.id}, f"person:{found.email}")]

        try:
            self._ledger.transact(invite.tenant, act)
        except UnauthenticatedError:
            # Whoever holds what was an invitation is not nobody: the tenant is told.
            refused = {"invite": invite.id, "reason": "an invitation that opens nothing any more"}
            entry = act_entry("access.refused", by, refused, f"person:{invite.email}")
            self._ledger.transact(invite.tenant, lambda _: [entry])
            raise
        return _shown(done[0])

    def change_role(
        self,
        tenant: str,
        who: str,
        role: str,
        by: Principal,
        held: frozenset[Permission],
        *,
        may_erase: bool | None = None,
    ) -> dict[str, Any]:
        """Give a person another role; whether they may erase stays as it was, unless it is said.

        What they invited others to that they could not any more, ends.

        Raises:
            NotFoundError: there is no such person.
            ForbiddenError: the person may, or would, more than who changes it.
            ConflictError: no owner would be left.
        """
        wanted = role_named(role)
        check_may_give(held, permissions_with(wanted, may_erase=bool(may_erase)))
        done: list[Person] = []

        def act(transaction: Transaction) -> list[Draft]:
            person = self._person(transaction, tenant, who, held)
            erases = person.may_erase if may_erase is None else may_erase
            if person.role is Role.OWNER and wanted is not Role.OWNER:
                _keep_an_owner(transaction, tenant)
            people_store.change(transaction.connection, tenant, person.id, role=wanted.value, may_erase=int(erases))
            done[:] = [replace(person, role=wanted, may_erase=erases)]
            detail = {"before": _rights(person), "after": _rights(done[0])}
            detail |= end_invites_by(transaction, tenant, person.email, done[0].permissions)
            return [act_entry("person.role_changed", by, detail, f"person:{person.email}")]

        self._ledger.transact(tenant, act)
        return _shown(done[0])

    def remove(self, tenant: str, who: str, by: Principal, held: frozenset[Permission]) -> None:
        """Let a person in no more, from this moment on; or, if they were only invited, end that.

        Raises:
            NotFoundError: there is no such person.
            ForbiddenError: the person may more than who removes.
            ConflictError: no owner would be left.
        """

        def act(transaction: Transaction) -> list[Draft]:
            at = now()
            try:
                person = self._person(transaction, tenant, who, held)
            except NotFoundError:
                return [_uninvited(transaction, tenant, who, by, held, at)]
            people_store.end_invites(transaction.connection, tenant, person.email, at)
            if person.role is Role.OWNER:
                _keep_an_owner(transaction, tenant)
            people_store.change(
                transaction.connection, tenant, person.id, removed_at=at, password="", locked_tries=0
            )  # fmt: skip
            _end_sign_ins(transaction, tenant, person.id, at)
            oidc_store.unlink(transaction.connection, tenant, person.id)
            detail = {"before": _rights(person)} | end_invites_by(transaction, tenant, person.email, frozenset())
            return [*tries_of(person), act_entry("person.removed", by, detail, f"person:{person.email}")]

        self._ledger.transact(tenant, act)

    def reset(self, tenant: str, who: str, by: Principal, held: frozenset[Permission]) -> dict[str, Any]:
        """Take a person's password away; ``token`` of the answer lets them set another, once, within a day.

        Raises:
            NotFoundError: there is no such person.
            ForbiddenError: the person may more than who resets.
        """
        token, at = new_token(INVITE), now()
        done: list[Invite] = []

        def act(transaction: Transaction) -> list[Draft]:
            person = self._person(transaction, tenant, who, held)
            invite = Invite(
                new_ulid(at // 1_000_000), tenant, token_digest(token), "reset", person.email, person.role,
                person.may_erase, by.name, at, at + RESET_SECONDS * NANOS, made_key=by.key,
            )  # fmt: skip
            people_store.add_invite(transaction.connection, invite)
            people_store.change(
                transaction.connection, tenant, person.id, password="", failures=0, locked_until=0, locked_tries=0
            )  # fmt: skip
            _end_sign_ins(transaction, tenant, person.id, at)
            oidc_store.unlink(transaction.connection, tenant, person.id)
            done[:] = [invite]
            return [*tries_of(person), act_entry("person.reset", by, {"invite": invite.id}, f"person:{person.email}")]

        self._ledger.transact(tenant, act)
        return {"email": done[0].email, "expires_at": to_text(done[0].expires_at), "token": token}

    def ask(self, tenant: str, email: str, name: str, note: str, by: Principal) -> None:
        """Ask to be invited. Whoever asks learns nothing: neither that they are there already nor of others.

        Raises:
            UsageError: no address, or a text that is too long.
        """
        email = email_of(email)
        check_text(name, "name")
        check_text(note, "note")
        at = now()
        request = Asked(new_ulid(at // 1_000_000), tenant, email, name, note, at)

        def act(transaction: Transaction) -> list[Draft]:
            waiting = people_store.asked_for(transaction.connection, tenant)
            if len(waiting) >= MOST_REQUESTS or any(one.email == email for one in waiting):
                return []
            people_store.ask(transaction.connection, request)
            return [act_entry("person.asked", by, {"request": request.id}, f"person:{email}")]

        self._ledger.transact(tenant, act)

    def asked(self, tenant: str) -> list[dict[str, Any]]:
        """Requests nobody has decided, the oldest first."""
        with self._db.read(tenant) as connection:
            waiting = people_store.asked_for(connection, tenant)
        return [
            {"id": one.id, "email": one.email, "name": one.name, "note": one.note, "at": to_text(one.created_at)}
            for one in waiting
        ]

    def decide(
        self, tenant: str, request: str, role: str, by: Principal, held: frozenset[Permission]
    ) -> dict[str, Any]:
        """Invite who asked, with a role; or, without one, decline.

        Raises:
            NotFoundError: nobody asked that, or it is decided.
            ForbiddenError: the role may more than who decides.
        """
        with self._db.read(tenant) as connection:
            found = next((one for one in people_store.asked_for(connection, tenant) if one.id == request), None)
        if found is None:
            raise NotFoundError("there is no such request", got=request[:40], hint="`vestige user requests` shows them")
        decision = "invited" if role else "declined"

        def act(transaction: Transaction) -> list[Draft]:
            if not people_store.decide(transaction.connection, tenant, request, decision, now()):
                raise ConflictError("somebody else has decided this meanwhile", got=request[:40])
            return [act_entry("person.decided", by, {"decision": decision, "id": request}, f"person:{found.email}")]

        if role:
            return {"decision": decision} | self._invite(tenant, found.email, role, by, held, act)
        self._ledger.transact(tenant, act)
        return {"decision": decision}

    @staticmethod
    def _person(transaction: Transaction, tenant: str, who: str, held: frozenset[Permission]) -> Person:
        person = None
        if is_ulid(who.upper()):
            person = people_store.by_id(transaction.connection, tenant, who.upper())
        elif EMAIL.fullmatch(who.casefold()):
            person = people_store.by_email(transaction.connection, tenant, who.casefold())
        if person is None or person.removed_at:
            raise NotFoundError("there is no such person", got=who[:80], hint="`vestige user list` shows them all")
        check_may_give(held, person.permissions)
        return person


def email_of(text: str) -> str:
    """An address in the form it is kept in.

    Raises:
        UsageError: it is none.
    """
    email = text.strip().casefold()
    if len(email) > EMAIL_LENGTH or not EMAIL.fullmatch(email):
        raise UsageError("that is no e-mail address", expected="such as ann@example.org", got=text[:60], field="email")
    return email


def open_account(
    transaction: Transaction, invite: Invite, before: Person | None, name: str, kept: str, at: int
) -> Person:
    """Let somebody in with a password, as an invitation or a reset says; all their sign-ins of before end.

    Args:
        transaction: that of the answer to it.
        invite: what is answered.
        before: the person of its address, let in or not, if there is a row.
        name: what they are called; empty: as before.
        kept: what is kept of the password.
        at: when, nanoseconds.
    """
    connection, tenant = transaction.connection, invite.tenant
    person = before
    if person is None or invite.purpose == "invite":
        identity = new_ulid(at // 1_000_000) if before is None else before.id
        person = Person(identity, tenant, invite.email, name, invite.role, invite.may_erase, "", at)
        if before is None:
            people_store.add(connection, person)
    people_store.change(
        connection, tenant, person.id, password=kept, name=name or person.name, role=person.role.value,
        may_erase=int(person.may_erase), failures=0, locked_until=0, removed_at=0, locked_tries=0,
    )  # fmt: skip
    _end_sign_ins(transaction, tenant, person.id, at)
    return replace(person, name=name or person.name, removed_at=0)


def _uninvited(
    transaction: Transaction, tenant: str, who: str, by: Principal, held: frozenset[Permission], at: int
) -> Draft:
    email = who.strip().casefold()[:EMAIL_LENGTH]
    found = [one for one in people_store.invites(transaction.connection, tenant, at) if one.email == email]
    if not found:
        raise NotFoundError("there is no such person", got=who[:80], hint="`vestige user list` shows them all")
    check_may_give(held, permissions_with(found[0].role, may_erase=found[0].may_erase))
    people_store.end_invites(transaction.connection, tenant, email, at)
    return act_entry("person.uninvited", by, {"before": {"role": found[0].role.value}}, f"person:{email}")


def _keep_an_owner(transaction: Transaction, tenant: str) -> None:
    if people_store.owners(transaction.connection, tenant) < 2:
        raise ConflictError(
            "this is the last owner", expected="another owner beside", hint="make somebody an owner first"
        )


def _end_sign_ins(transaction: Transaction, tenant: str, person: str, at: int) -> None:
    store.revoke_of_person(transaction.connection, tenant, person, at)
    session_store.end_of_person(transaction.connection, tenant, person, at)


def _rights(person: Person) -> dict[str, Any]:
    return {"role": person.role.value, "may_erase": person.may_erase}


def _shown(person: Person) -> dict[str, Any]:
    body = {"id": person.id, "email": person.email, "name": person.name, "role": person.role.value}
    erase = {"may_erase": True} if person.may_erase else {}
    locked = {"locked_until": to_text(person.locked_until)} if person.locked_until > now() else {}
    return body | erase | locked | {"created_at": to_text(person.created_at)}


def check_text(text: str, field: str) -> None:
    """Refuse a text nobody could read in a line.

    Raises:
        UsageError: it is too long, or holds signs that are not shown.
    """
    if len(text) > TEXT_LENGTH or not all(sign.isprintable() for sign in text):
        raise UsageError(f"{field} cannot be that", expected=f"at most {TEXT_LENGTH} printable characters", field=field)


def _no_invite() -> UnauthenticatedError:
    return UnauthenticatedError(
        "this opens no account", expected="an invitation in force", got="one that is used, expired or none",
        hint="ask for a new one",
    )  # fmt: skip
