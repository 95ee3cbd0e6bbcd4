"""First start, and the check of every credential."""

from __future__ import annotations

import re
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.access import people_store, store
from vestige.access.keys import Keys, is_living, name_of, state_of
from vestige.access.roles import Scope, permissions_of
from vestige.access.tokens import is_well_formed, new_token, token_digest
from vestige.ledger import Draft, Kind, act_entry, brought_seed
from vestige.ledger.keys import SigningKey
from vestige.model.errors import (
    BusyError,
    ConflictError,
    NotFoundError,
    StorageError,
    UnauthenticatedError,
    UsageError,
)
from vestige.model.ids import is_ulid, new_ulid
from vestige.model.instant import NANOS, now, to_text
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.db import Database
    from vestige.ledger import Ledger, Transaction
    from vestige.model.permission import Permission
    from vestige.model.principal import Principal

DEFAULT_SLUG = "default"
USE_SECONDS: Final = 60
"""How often at most it is written when a key was last used."""
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as the rest of the program speaks of it."""

    id: str
    slug: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """Whom a credential speaks for, and what they may do in its one tenant."""

    name: str
    tenant: str
    permissions: frozenset[Permission]
    key: str = ""
    sources: frozenset[str] = frozenset()
    """The sources it may write; none: any."""
    person: str = ""
    """The id of the person, if it is one's sign-in."""


class Access:
    """Tenants and keys of one installation."""

    def __init__(self, db: Database, ledger: Ledger) -> None:
        self._db = db
        self._ledger = ledger
        self.keys = Keys(db, ledger)
        self._uses: dict[tuple[str, str], int] = {}
        self._using = threading.Lock()
        self._written = now()

    def ensure_tenant(self, slug: str = DEFAULT_SLUG, seed: bytes | None = None) -> Tenant:
        """The tenant of that name, made with its log and signing key, which may be brought, if there is none yet.

        A crash between the two steps leaves a row without a log; the next call makes the log.
        """
        with self._db.write() as connection:
            tenant = store.tenant_by_slug(connection, slug)
            if tenant is None:
                at = now()
                tenant = new_ulid(at // 1_000_000)
                store.add_tenant(connection, tenant, slug, at)
        try:
            self._ledger.create_log(tenant, self._db.server_name(f"vestige-{secrets.token_hex(4)}"), seed)
        except ConflictError:
            if seed is not None and not self._signs_with(tenant, seed):
                raise ConflictError(
                    "the tenant was begun before, and its log has another signing key",
                    expected="the key of then, or none",
                    got="another",
                    hint="make it without a key and rotate to yours after, or take another name",
                ) from None
        return Tenant(tenant, slug)

    def new_tenant(self, slug: str, by: Principal, key_file: Path | None = None) -> dict[str, Any]:
        """Make a tenant: its log, its signing key and its first owner's token, which stands in this answer alone.

        It is there with its first key, and that is one transaction with its entry. What was made before a crash, a row
        and perhaps the log, opens nothing, and whoever makes the tenant again goes on from there.

        Args:
            slug: its name.
            by: who makes it.
            key_file: a signing key that is brought; ``None``: one is made.

        Raises:
            SettingsError: the file holds no such key, or others may read it.
            UsageError: the name cannot be one.
            ConflictError: there is a tenant of that name; or one was begun whose log has another key than is brought.
        """
        if not _SLUG.fullmatch(slug):
            raise UsageError(
                "a tenant cannot be called that",
                expected="1 to 63 lower-case letters, digits and hyphens",
                got=slug[:80],
                field="slug",
            )
        with self._db.read() as connection:
            found = store.tenant_by_slug(connection, slug)
            if found is not None and store.has_keys(connection, found):
                raise ConflictError("there is a tenant of that name", got=slug)
        tenant = self.ensure_tenant(slug, brought_seed(key_file) if key_file else None)
        entry = act_entry("tenant.created", by, {"after": {"slug": slug, "id": tenant.id}}, f"tenant:{tenant.id}")
        token = self.first_owner_token(tenant, entry)
        if token is None:
            raise ConflictError("there is a tenant of that name", got=slug)
        return {"id": tenant.id, "slug": slug, "token": token}

    def _signs_with(self, tenant: str, seed: bytes) -> bool:
        """Whether a tenant's log has the signing key of a seed."""
        last = self._ledger.keys(tenant)[-1]
        return str(SigningKey(last.origin, seed).verifier) == last.vkey

    def tenants(self) -> list[dict[str, Any]]:
        """Every tenant, by name."""
        with self._db.read() as connection:
            rows = store.tenants(connection)
        return [{"id": tenant, "slug": slug, "created_at": to_text(at)} for tenant, slug, at in rows]

    def tenant(self, slug: str = DEFAULT_SLUG) -> Tenant:
        """The tenant of that name.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as connection:
            found = store.tenant_by_slug(connection, slug) if _SLUG.fullmatch(slug) else None
        if found is None:
            raise NotFoundError(f"no tenant {slug[:64]!r}", hint="`vestige tenant list`, on the machine, shows them")
        return Tenant(found, slug)

    def tenant_by_id(self, tenant: str) -> Tenant:
        """The tenant of that id.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as connection:
            slug = store.tenant_slug(connection, tenant) if is_ulid(tenant) else None
        if slug is None:
            raise NotFoundError(f"no tenant {tenant[:64]!r}")
        return Tenant(tenant, slug)

    def first_owner_token(self, tenant: Tenant, *before: Draft) -> str | None:
        """Make the owner's token if the tenant has no key at all; ``None`` if it has one.

        The key, the entry that records its making, and those given to stand before it, are one transaction.
        """
        token = new_token()
        made: list[str] = []

        def act(transaction: Transaction) -> list[Draft]:
            if store.has_keys(transaction.connection, tenant.id):
                return []
            at = now()
            key = new_ulid(at // 1_000_000)
            row = store.KeyRow(
                id=key, tenant=tenant.id, name="owner", digest=token_digest(token), created_at=at,
                scopes=(Scope.OWNER,), made_by="first start",
            )  # fmt: skip
            store.add_key(transaction.connection, row)
            made.append(key)
            body = {"act": "key.created", "by": "first start", "key": key, "name": "owner"}
            return [*before, Draft(Kind.AUDIT, canonical(body))]

        self._ledger.transact(tenant.id, act)
        return token if made else None

    def authenticate(self, token: str) -> Admitted:
        """Whom a bearer token speaks for.

        Raises:
            UnauthenticatedError: not a token of this installation, or one that has ended.
        """
        row = None
        if is_well_formed(token):
            digest = token_digest(token)
            with self._db.read() as connection:
                row = store.key_by_digest(connection, digest)
                person = people_store.by_id(connection, row.tenant, row.person) if row and row.person else None
        if row is None or not secrets.compare_digest(row.digest, digest):
            raise UnauthenticatedError(
                "the token is not valid here",
                expected="Authorization: Bearer vst_…, as printed at first start",
                hint="check for a missing character; the token opens one installation only",
            )
        at = now()
        if not is_living(row, at):
            raise _ended(state_of(row, at))
        with self._using:
            self._uses[row.tenant, row.id] = at
        if row.person:
            if person is None or person.removed_at:
                raise _ended("revoked")
            return Admitted(person.email, row.tenant, person.permissions, row.id, person=person.id)
        scopes = [Scope(scope) for scope in row.scopes]
        return Admitted(name_of(row), row.tenant, permissions_of(scopes), row.id, frozenset(row.sources))

    def all_keys(self, tenant: str) -> list[dict[str, Any]]:
        """Every key of a tenant as it is listed, with its last use to the moment."""
        self.write_uses(due=True)
        return self.keys.all(tenant)

    def write_uses(self, *, due: bool = False) -> None:
        """Write down when keys were last used, once a minute at most unless it is ``due`` at once."""
        at = now()
        if not due and at - self._written < USE_SECONDS * NANOS:
            return
        self._written = at
        with self._using:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            with self._db.write() as connection:
                store.used(connection, [(tenant, key, when) for (tenant, key), when in uses.items()])
        except (BusyError, StorageError):
            # Whoever serves goes on without: it is written with the next ones.
            with self._using:
                self._uses = uses | self._uses


def _ended(how: str) -> UnauthenticatedError:
    return UnauthenticatedError(
        "the token is no longer valid", expected="a token in force", got=f"one that is {how}", hint="ask for a new one"
    )
