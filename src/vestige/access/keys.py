"""API keys: made, listed, rotated, revoked. The secret is shown once; only its digest is kept.

A key is for scopes (:class:`~vestige.access.roles.Scope`) and may be bound to sources it writes, and to a time it ends.
Rotation makes a successor with the same rights; the old one ends at once or after a stated grace. Whatever is done is
one transaction with the entry that says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from vestige.access import people_store, store
from vestige.access.roles import Scope, check_may_give, permissions_of, scopes_named
from vestige.access.store import KeyRow
from vestige.access.tokens import new_token, token_digest
from vestige.ledger import act_entry
from vestige.model.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from vestige.model.ids import is_ulid, new_ulid
from vestige.model.instant import NANOS, now, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.db import Database
    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.model.permission import Permission
    from vestige.model.principal import Principal

MOST_KEYS: Final = 10_000
"""Keys of a tenant, those that ended included; sign-ins of people are counted apart."""
_NAMED: Final = 5
"""Keys of one name that an error tells apart."""
NAME_LENGTH: Final = 100
MOST_SOURCES: Final = 100
SOURCE_LENGTH: Final = 200
_OWN_NAMES: Final = re.compile(r"vestige|owner|admin|anonymous|system|first start|(local|key|person|sigma|sequence):.*")
"""By these the ledger names who acts without a key, or ourselves (:class:`~vestige.model.principal.Principal`)."""
LONGEST_SECONDS: Final = 10 * 366 * 86_400


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key as somebody asks for it."""

    name: str
    scopes: tuple[Scope, ...]
    sources: tuple[str, ...] = ()
    seconds: int = 0
    """How long it is good for; 0: until it is revoked."""

    @classmethod
    def of(cls, name: str, scopes: Sequence[str], sources: Sequence[str] = (), seconds: int = 0) -> WantedKey:
        """Check what was asked for.

        Raises:
            UsageError: a name, scope, source or time that cannot be.
        """
        if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
            raise UsageError(
                "a key needs a name", expected=f"1 to {NAME_LENGTH} printable characters", got=name[:40], field="name"
            )
        if _OWN_NAMES.fullmatch(name.strip().lower()) is not None:
            raise UsageError(
                "that name would let the key be taken for somebody else",
                expected="what the key is for",
                got=name[:40],
                field="name",
            )
        found = scopes_named(scopes)
        if sources and found != (Scope.INGEST,):
            raise UsageError(
                "only a key that ingests and does nothing else is bound to sources",
                expected="scopes: ingest",
                got=", ".join(found),
                field="sources",
            )
        if len(sources) > MOST_SOURCES or any(
            not 0 < len(one) <= SOURCE_LENGTH or not one.isprintable() for one in sources
        ):
            raise UsageError(
                "the sources cannot be these",
                expected=f"at most {MOST_SOURCES} names of 1 to {SOURCE_LENGTH} printable characters",
                field="sources",
            )
        _check_seconds(seconds)
        return cls(name.strip(), found, tuple(dict.fromkeys(sources)), seconds)


class Keys:
    """The keys of one installation, always of a tenant given by id."""

    def __init__(self, db: Database, ledger: Ledger) -> None:
        self._db = db
        self._ledger = ledger

    def all(self, tenant: str) -> list[dict[str, Any]]:
        """Every key of a tenant without its secret, the oldest first; sign-ins of people are not among them."""
        with self._db.read(tenant) as connection:
            rows = store.keys(connection, tenant)
        return [shown(row) for row in rows if not row.person]

    def line(self, tenant: str, key: str) -> frozenset[str]:
        """Whose hands a key came through: who made it, the key they came with and who made that, and so on.

        Names and ids; also of the keys it is the successor of. Keys of one name are all taken for who it was.
        """
        with self._db.read(tenant) as connection:
            rows = store.keys(connection, tenant)
        known = {row.id: row for row in rows}
        named: dict[str, list[KeyRow]] = {}
        for row in rows:
            if not row.person:
                named.setdefault(name_of(row), []).append(row)
        before = {row.replaced_by: row for row in rows if row.replaced_by}
        found: dict[str, KeyRow] = {}
        waiting = [known[key]] if key in known else []
        while waiting:
            row = waiting.pop()
            if row.id not in found:
                found[row.id] = row
                waiting += named.get(row.made_by, [])
                waiting += [before[row.id]] if row.id in before else []
        return frozenset({*found, *(row.made_by for row in found.values())} - {""})

    def make(self, tenant: str, wanted: WantedKey, by: Principal, held: frozenset[Permission]) -> dict[str, Any]:
        """Make a key. The answer is the only place its secret, ``token``, ever stands.

        Raises:
            ForbiddenError: it could do more than who makes it.
            UsageError: there are too many.
        """
        check_may_give(held, permissions_of(wanted.scopes))
        token, at = new_token(), now()
        row = KeyRow(
            id=new_ulid(at // 1_000_000),
            tenant=tenant,
            name=wanted.name,
            digest=token_digest(token),
            created_at=at,
            scopes=wanted.scopes,
            sources=wanted.sources,
            made_by=by.name,
            expires_at=at + wanted.seconds * NANOS if wanted.seconds else 0,
        )

        def act(transaction: Transaction) -> list[Draft]:
            _check_count(transaction, tenant)
            store.add_key(transaction.connection, row)
            return [act_entry("key.created", by, {"after": _said(row)}, f"key:{row.id}")]

        self._ledger.transact(tenant, act)
        return shown(row) | {"token": token}

    def rotate(self, tenant: str, key: str, grace: int, by: Principal, held: frozenset[Permission]) -> dict[str, Any]:
        """Make a key's successor, with the same rights and the same end; the old one ends after ``grace`` seconds.

        Raises:
            NotFoundError: there is no such key.
            ConflictError: it has ended already, or has a successor.
            ForbiddenError: it can do more than who rotates it.
            UsageError: there are too many.
        """
        _check_seconds(grace)
        token, at = new_token(), now()
        identity = new_ulid(at // 1_000_000)
        made: list[KeyRow] = []

        def act(transaction: Transaction) -> list[Draft]:
            old = self._living(transaction, tenant, key, at)
            check_may_give(held, permissions_of(Scope(scope) for scope in old.scopes))
            if old.replaced_by:
                raise ConflictError(
                    "the key has a successor already", got=old.replaced_by, hint="rotate that one, or make a new key"
                )
            new = replace(
                old, id=identity, digest=token_digest(token), created_at=at, made_by=by.name, used_at=0, replaced_by=""
            )
            ends = at + grace * NANOS if grace else 0
            if ends and old.expires_at:
                ends = min(ends, old.expires_at)
            changed: dict[str, int | str] = {"replaced_by": identity}
            changed |= {"expires_at": ends} if ends else {"revoked_at": at}
            _check_count(transaction, tenant)
            store.add_key(transaction.connection, new)
            store.change_key(transaction.connection, tenant, key, **changed)
            made[:] = [new]
            after = {"key": identity, "old_ends": to_text(ends or at)}
            return [act_entry("key.rotated", by, {"before": _said(old), "after": after}, f"key:{key}")]

        self._ledger.transact(tenant, act)
        return shown(made[0]) | {"token": token, "replaces": key}

    def revoke(self, tenant: str, key: str, by: Principal, held: frozenset[Permission]) -> None:
        """End a key at once.

        Raises:
            NotFoundError: there is no such key.
            ConflictError: it has ended already.
            ForbiddenError: it can do more than who revokes it.
        """

        def act(transaction: Transaction) -> list[Draft]:
            at = now()
            old = self._living(transaction, tenant, key, at)
            check_may_give(held, permissions_of(Scope(scope) for scope in old.scopes))
            store.change_key(transaction.connection, tenant, key, revoked_at=at)
            ended = sum(
                people_store.end_invites_of_key(transaction.connection, tenant, one, at)
                for one in (key, *_ended_before(transaction, tenant, key, at))
            )
            after = {"revoked_at": to_text(at)} | ({"invitations_ended": ended} if ended else {})
            return [act_entry("key.revoked", by, {"before": _said(old), "after": after}, f"key:{key}")]

        self._ledger.transact(tenant, act)

    @staticmethod
    def _living(transaction: Transaction, tenant: str, key: str, at: int) -> KeyRow:
        row = store.key_by_id(transaction.connection, tenant, key) if is_ulid(key) else None
        if row is None or row.person:
            raise _unknown(transaction, tenant, key, at)
        if not is_living(row, at):
            raise ConflictError("the key has ended already", got=state_of(row, at), hint="make a new one")
        return row


def _unknown(transaction: Transaction, tenant: str, key: str, at: int) -> NotFoundError:
    """The error for a key that is not there; where it is a name, with what tells those of that name apart."""
    named = [row for row in store.keys(transaction.connection, tenant) if row.name == key and not row.person]
    if not named:
        return NotFoundError("there is no such key", got=key[:40], hint="`vestige key list` shows them all")
    some = [
        f"{row.id} ({state_of(row, at)}, made {to_text(row.created_at)} by {row.made_by})" for row in named[:_NAMED]
    ]
    return NotFoundError(
        f"a key is named by its id, and {len(named)} bear the name {key[:40]!r}",
        expected=" or ".join(some) + (" or another" if len(named) > _NAMED else ""),
        got=key[:40],
        hint="`vestige key list` shows them all",
    )


def _ended_before(transaction: Transaction, tenant: str, key: str, at: int) -> list[str]:
    """The keys whose place a key took, one after another, that opened nothing any more: what it alone kept alive."""
    before = {row.replaced_by: row for row in store.keys(transaction.connection, tenant) if row.replaced_by}
    found: list[str] = []
    while (row := before.pop(key, None)) is not None and not is_living(row, at):
        found.append(key := row.id)
    return found


def _check_count(transaction: Transaction, tenant: str) -> None:
    if store.count_keys(transaction.connection, tenant) >= MOST_KEYS:
        raise UsageError("there are too many keys", expected=f"at most {MOST_KEYS}")


def name_of(row: KeyRow) -> str:
    """The name that acts done with a key bear."""
    return row.name if Scope.OWNER in row.scopes else f"key:{row.name}"


def is_living(row: KeyRow, at: int) -> bool:
    """Whether a key opens anything at that time."""
    return not row.revoked_at and (not row.expires_at or at < row.expires_at)


def state_of(row: KeyRow, at: int) -> str:
    """``active``, ``ending`` (it has a successor), ``expired`` or ``revoked``."""
    if row.revoked_at:
        return "revoked"
    if not is_living(row, at):
        return "expired"
    return "ending" if row.replaced_by else "active"


def shown(row: KeyRow) -> dict[str, Any]:
    """A key as it is listed: without its secret, and without its digest."""
    times = {"expires_at": row.expires_at, "revoked_at": row.revoked_at, "last_used_at": row.used_at}
    body: dict[str, Any] = {"state": state_of(row, now()), "created_at": to_text(row.created_at), "by": row.made_by}
    return _said(row) | body | {name: to_text(at) for name, at in times.items() if at} | _if("replaced_by", row)


def _if(name: str, row: KeyRow) -> dict[str, Any]:
    value = getattr(row, name)
    return {name: value} if value else {}


def _said(row: KeyRow) -> dict[str, Any]:
    body: dict[str, Any] = {"id": row.id, "name": row.name, "scopes": list(row.scopes)}
    return body | ({"sources": list(row.sources)} if row.sources else {})


def _check_seconds(seconds: int) -> None:
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise UsageError(
            "the time is out of bounds", expected=f"0 to {LONGEST_SECONDS} seconds", got=str(seconds)[:20],
            field="seconds",
        )  # fmt: skip


def refuse_source(sources: frozenset[str], source: str) -> ForbiddenError | None:
    """The refusal of a key that is bound to sources and writes another; none if it may."""
    if not sources or source in sources:
        return None
    return ForbiddenError(
        "this key may not write that source",
        expected=", ".join(sorted(sources))[:200],
        got=source[:80] or "no source named",
        hint="name one of its sources in X-Source-Id, or use another key",
        field="X-Source-Id",
    )
