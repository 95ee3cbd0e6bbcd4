"""Sign-ins by way of an OpenID provider: begun, brought back once, and the person they stand for.

A sign-in is one row from the moment a browser is sent away until it comes back; the row goes with the first who brings
its ``state``, and counts only with the cookie of the same browser (RFC 6749, section 10.12). Who comes back is, in this
order: the person its subject was before; the person the settings name for the subject; the person of the verified
address, if its domain is let in. The first time is kept: from then on it is the subject that counts, whatever address
it states, and no second subject can come as the same person. Nobody is made a person unless the settings name a role.

What nobody could have caused who does not have an account with the provider, is an entry of the tenant's ledger; other
refusals are told to the caller as those of nobody.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.access import oidc_store, people_store, store
from vestige.access.oidc import OpenIdClient, Vouched, VouchedForNobodyError
from vestige.access.oidc_store import BEGUN_SECONDS, Begun, Identity
from vestige.access.people import MOST_PEOPLE, TEXT_LENGTH, email_of
from vestige.access.people_store import Person
from vestige.access.sessions import begin_session
from vestige.access.tokens import OIDC_BROWSER, OIDC_STATE, is_well_formed, new_token, token_digest
from vestige.ledger import act_entry
from vestige.model.errors import BusyError, NotFoundError, UnauthenticatedError, UsageError
from vestige.model.ids import new_ulid
from vestige.model.instant import NANOS, now

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vestige.access.oidc_settings import Provider
    from vestige.access.sessions import SignedIn
    from vestige.db import Database
    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.model.principal import Principal

MOST_BEGUN: Final = 1000
"""Sign-ins of a tenant that are at the provider at once: anybody can begin one."""
CODE_LENGTH: Final = 2048


class RefusedSignInError(UnauthenticatedError):
    """The provider vouches for somebody who is not let in here; it is an entry of the tenant's ledger."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "this sign-in opens no account here", expected="an account of this address, let in by that provider",
            hint="ask whoever manages people here to invite you, with the address your provider states",
        )  # fmt: skip
        self.reason = reason


class SentAway(NamedTuple):
    """Where a browser is sent, and what it keeps."""

    url: str
    browser: str
    """For a cookie that no script reads."""


class OpenIdLogins:
    """The sign-ins by way of providers, over all tenants of an installation.

    Args:
        db: the database.
        ledger: the ledger.
        providers: by the tenant's slug.
        redirect_uri: where each provider sends browsers back to.
    """

    def __init__(self, db: Database, ledger: Ledger, providers: Mapping[str, Provider], redirect_uri: str) -> None:
        self._db = db
        self._ledger = ledger
        self._clients = {slug: OpenIdClient(provider) for slug, provider in providers.items()}
        self._redirect_uri = redirect_uri

    def name(self, slug: str) -> str:
        """What the button of a tenant's provider says; empty if it has none."""
        client = self._clients.get(slug)
        return "" if client is None else client.provider.name

    def check(self, slug: str) -> str:
        """What a tenant's provider is, for its operator; empty if it has none.

        Raises:
            VestigeError: it could not be used now, and why.
        """
        client = self._clients.get(slug)
        if client is None:
            return ""
        client.check()
        return f"{client.provider.issuer} answers"

    def unknown(self, known: Collection[str]) -> list[str]:
        """The tenants that the settings name a provider for and that are not among those there are."""
        return sorted(set(self._clients) - set(known))

    def begin(self, slug: str, tenant: str | None, onward: str, *, again: bool = False) -> SentAway:
        """Send a browser to the tenant's provider.

        Args:
            slug: the tenant's name.
            tenant: its id; ``None`` if there is none of that name.
            onward: the page of ours to go on to.
            again: whether the person must prove anew to the provider who they are.

        Raises:
            NotFoundError: the tenant has no provider.
            BusyError: too many are on their way.
            OutgoingError: the provider does not answer.
        """
        client = self._clients.get(slug)
        if client is None or tenant is None:
            raise NotFoundError("there is no sign-in provider for this", hint="sign in with a password")
        state, browser, at = new_token(OIDC_STATE), new_token(OIDC_BROWSER), now()
        url = client.where_to(self._redirect_uri, state, browser, again=again)
        row = Begun(token_digest(state), tenant, token_digest(browser), onward, at, at + BEGUN_SECONDS * NANOS)
        with self._db.write(tenant) as connection:
            if oidc_store.clear(connection, tenant, at) >= MOST_BEGUN:
                raise BusyError("too many sign-ins are at the provider", expected=f"at most {MOST_BEGUN}")
            oidc_store.add(connection, row)
        return SentAway(url, browser)

    def finish(self, state: str, browser: str, told: Mapping[str, str], by: Principal) -> tuple[SignedIn, str]:
        """Who came back from a provider, with a session begun, and the page of ours it goes on to.

        Args:
            state: as it came back.
            browser: the cookie's secret.
            told: what else came back: ``code``, or ``error``; ``iss``.
            by: the request.

        Raises:
            UnauthenticatedError: no such sign-in is under way in this browser, or it was brought back before.
            VouchedForNobodyError: the provider did not vouch for anybody.
            RefusedSignInError: it did, for somebody who is not let in.
            OutgoingError: the provider does not answer.
        """
        begun = self._taken(state, browser)
        with self._db.read() as connection:
            slug = store.tenant_slug(connection, begun.tenant)
        client = self._clients.get(slug or "")
        if client is None:
            raise _none()
        unstated = "" if client.states_issuer() else client.provider.issuer
        issuer, code = told.get("iss", unstated), told.get("code", "")
        if issuer != client.provider.issuer:
            reason = "another provider answered" if issuer else "which provider answered is not stated"
            raise VouchedForNobodyError(reason, answered=False)
        if told.get("error") or not 0 < len(code) <= CODE_LENGTH:
            raise VouchedForNobodyError("it was not allowed there", answered=False)
        try:
            vouched = client.vouched(code, self._redirect_uri, state, browser)
        except VouchedForNobodyError as error:
            if error.answered:
                detail = {"by": "openid", "issuer": issuer, "reason": error.reason}
                self._ledger.transact(begun.tenant, lambda _: [act_entry("login.failed", by, detail)])
            raise
        return self._person(client.provider, begun.tenant, vouched, by), begun.onward

    def _taken(self, state: str, browser: str) -> Begun:
        if not is_well_formed(state, OIDC_STATE) or not is_well_formed(browser, OIDC_BROWSER):
            raise _none()
        with self._db.read() as connection:
            begun = oidc_store.by_state(connection, token_digest(state))
        if begun is None or not secrets.compare_digest(begun.browser, token_digest(browser)):
            raise _none()
        with self._db.write(begun.tenant) as connection:
            taken = oidc_store.take(connection, begun.tenant, begun.digest)
        if not taken or begun.expires_at <= now():
            raise _none()
        return begun

    def _person(self, provider: Provider, tenant: str, vouched: Vouched, by: Principal) -> SignedIn:
        """The person somebody is, with a session, in one transaction with its entry; or the refusal, with its own."""
        found: list[SignedIn] = []
        refused: list[str] = []

        def act(transaction: Transaction) -> list[Draft]:
            told = {"by": "openid", "issuer": provider.issuer, "subject": vouched.subject}
            try:
                person, made = _whose(transaction, provider, tenant, vouched)
            except RefusedSignInError as error:
                refused[:] = [error.reason]
                email = vouched.email.casefold()[:254]
                who = f"person:{email}" if email and email.isprintable() else ""
                return [act_entry("login.failed", by, {**told, "reason": error.reason}, who)]
            found[:] = [begin_session(transaction, person, vouched.proved_at)]
            actor = replace(by, name=person.email)
            joined = [act_entry("person.joined", actor, {**told, "role": person.role.value}, f"person:{person.email}")]
            return [*(joined if made else ()), act_entry("login.succeeded", actor, told, f"person:{person.email}")]

        self._ledger.transact(tenant, act)
        if not found:
            raise RefusedSignInError(refused[0])
        return found[0]


def _whose(transaction: Transaction, provider: Provider, tenant: str, vouched: Vouched) -> tuple[Person, bool]:
    """The person, and whether it was made now.

    Raises:
        RefusedSignInError: nobody, and why.
    """
    connection, at = transaction.connection, now()
    known = oidc_store.person_of(connection, tenant, provider.issuer, vouched.subject)
    if known is not None:
        person = people_store.by_id(connection, tenant, known)
        if person is None or person.removed_at:
            raise RefusedSignInError("removed")
        return person, False
    email = provider.subjects.get(vouched.subject) or _address(provider, vouched)
    person = people_store.by_email(connection, tenant, email)
    made = person is None or bool(person.removed_at)
    if person is None or person.removed_at:
        person = _joined(transaction, provider, tenant, vouched, email)
    elif oidc_store.subject_of(connection, tenant, provider.issuer, person.id) is not None:
        raise RefusedSignInError("another subject of the provider is this person")
    oidc_store.link(connection, Identity(tenant, provider.issuer, vouched.subject, person.id, at))
    return person, made


def _address(provider: Provider, vouched: Vouched) -> str:
    """The address that stands for a person."""
    if not vouched.email:
        raise RefusedSignInError("no address stated")
    if not vouched.verified:
        raise RefusedSignInError("the address is not verified")
    try:
        email = email_of(vouched.email)
    except UsageError:
        raise RefusedSignInError("no address stated") from None
    if email.rpartition("@")[2] not in provider.domains:
        raise RefusedSignInError("the address is of no domain that is let in")
    return email


def _joined(transaction: Transaction, provider: Provider, tenant: str, vouched: Vouched, email: str) -> Person:
    """Somebody new, with the role of the settings. Whoever was removed here is not let in again by a provider."""
    connection, at = transaction.connection, now()
    before = people_store.by_email(connection, tenant, email)
    if provider.role is None or vouched.subject in provider.subjects or before is not None:
        raise RefusedSignInError("unknown" if before is None else "removed")
    if people_store.count(connection, tenant) >= MOST_PEOPLE:
        raise RefusedSignInError("too many people")
    person = Person(
        new_ulid(at // 1_000_000), tenant, email, vouched.name[:TEXT_LENGTH], provider.role, False, "", at
    )  # fmt: skip
    people_store.end_invites(connection, tenant, email, at)
    people_store.add(connection, person)
    return person


def _none() -> UnauthenticatedError:
    return UnauthenticatedError(
        "no sign-in is under way here",
        expected="one begun in this browser, within the last minutes, and brought back once",
        hint="begin the sign-in again",
    )  # fmt: skip
