"""First start, and the check of every credential."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vestige.access import store
from vestige.access.tokens import is_well_formed, new_token, token_digest
from vestige.ledger import Draft, Kind
from vestige.model.errors import ConflictError, NotFoundError, UnauthenticatedError
from vestige.model.ids import new_ulid
from vestige.model.instant import now
from vestige.model.principal import Principal
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from vestige.db import Database
    from vestige.ledger import Ledger, Transaction

DEFAULT_SLUG = "default"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as the rest of the program speaks of it."""

    id: str
    slug: str


class Access:
    """Tenants and keys of one installation."""

    def __init__(self, db: Database, ledger: Ledger) -> None:
        self._db = db
        self._ledger = ledger

    def ensure_tenant(self, slug: str = DEFAULT_SLUG) -> Tenant:
        """The tenant of that name, made with its log and signing key if there is none yet.

        A crash between the two steps leaves a row without a log; the next call makes the log.
        """
        with self._db.write() as connection:
            tenant = store.tenant_by_slug(connection, slug)
            if tenant is None:
                at = now()
                tenant = new_ulid(at // 1_000_000)
                store.add_tenant(connection, tenant, slug, at)
        with contextlib.suppress(ConflictError):
            self._ledger.create_log(tenant, self._db.server_name(f"vestige-{secrets.token_hex(4)}"))
        return Tenant(tenant, slug)

    def tenant(self, slug: str = DEFAULT_SLUG) -> Tenant:
        """The tenant of that name.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as connection:
            found = store.tenant_by_slug(connection, slug)
        if found is None:
            raise NotFoundError(f"no tenant {slug!r}", hint="`vestige up` makes the tenant `default` at first start")
        return Tenant(found, slug)

    def tenant_by_id(self, tenant: str) -> Tenant:
        """The tenant of that id.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as connection:
            slug = store.tenant_slug(connection, tenant)
        if slug is None:
            raise NotFoundError(f"no tenant {tenant[:64]!r}")
        return Tenant(tenant, slug)

    def first_owner_token(self, tenant: Tenant) -> str | None:
        """Make the owner's token if the tenant has no key at all; ``None`` if it has one.

        The key and the entry that records its making are one transaction.
        """
        token = new_token()
        made: list[str] = []

        def act(transaction: Transaction) -> list[Draft]:
            if store.has_keys(transaction.connection, tenant.id):
                return []
            at = now()
            key = new_ulid(at // 1_000_000)
            store.add_key(transaction.connection, key, tenant.id, "owner", token_digest(token), at)
            made.append(key)
            body = {"act": "key.created", "by": "first start", "key": key, "name": "owner"}
            return [Draft(Kind.AUDIT, canonical(body))]

        self._ledger.transact(tenant.id, act)
        return token if made else None

    def authenticate(self, token: str) -> tuple[Principal, str]:
        """Who a bearer token speaks for, and the id of the tenant it opens.

        Raises:
            UnauthenticatedError: not a token of this installation.
        """
        if is_well_formed(token):
            digest = token_digest(token)
            with self._db.read() as connection:
                row = store.key_by_digest(connection, digest)
            if row is not None:
                return Principal(row[2]), row[1]
        raise UnauthenticatedError(
            "the token is not valid here",
            expected="Authorization: Bearer vst_…, as printed at first start",
            hint="check for a missing character; the token opens one installation only",
        )
