"""The keys of a log in use: made, wrapped into ``ledger_keys``, unwrapped once per process, rotated, destroyed.

Rotation (ledger.md section 5): a ``key`` entry ``{from_size, new, old, sig_new, sig_old}`` that both keys sign, where
``from_size`` is the first size that holds the entry. From that size on the new key must sign and the old one signs
beside it, until :data:`OVERLAP` checkpoints carry both; then the old private key is destroyed.
"""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import TYPE_CHECKING

from vestige.ledger import tables
from vestige.ledger.keys import KEY_BYTES, SecondSigner, SigningKey
from vestige.ledger.tables import WrappedKey
from vestige.model.errors import ConflictError, IntegrityError, LedgerError
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from vestige.ledger.keys import KeyEncryptionKey
    from vestige.ledger.models import LogInfo

SIGN = "sign"
DEDUP = "dedup"
SECOND = "second"
"""An ML-DSA-44 key that signs checkpoints beside the one in force."""
OVERLAP = 2
"""How many checkpoints carry the signatures of both keys after a rotation."""

_DOMAIN = b"vestige/key/v1\n"
_SECOND_DOMAIN = b"vestige/second/v1\n"


def rotation_message(origin: str, old: str, new: str, from_size: int, last_good_size: int | None = None) -> bytes:
    """What both keys sign to say that one follows the other."""
    fields: dict[str, str | int] = {"from_size": from_size, "log": origin, "new": new, "old": old}
    if last_good_size is not None:
        fields["last_good_size"] = last_good_size
    return _DOMAIN + canonical(fields)


def second_message(origin: str, key: str, second: str, from_size: int) -> bytes:
    """What the key in force and a second key sign to say that the latter signs beside it from a size on."""
    fields: dict[str, str | int] = {"from_size": from_size, "key": key, "log": origin, "second": second}
    return _SECOND_DOMAIN + canonical(fields)


class Keyring:
    """Unwrapped keys: for signing one of each log, for HMAC one of each tenant. They stay in this process's memory."""

    def __init__(self, kek: KeyEncryptionKey, entropy: Callable[[int], bytes]) -> None:
        self._kek = kek
        self._entropy = entropy
        self._mutex = threading.Lock()
        self._signing: dict[str, SigningKey] = {}
        self._seconds: dict[str, SecondSigner] = {}
        self._secrets: dict[int, bytes] = {}

    def create(self, connection: sa.Connection, log: LogInfo, seed: bytes | None = None) -> str:
        """Make a new log's signing key, unless its private half is brought, and HMAC key. The former's verifier key."""
        key = self.add_signing_key(connection, log, 0, seed)
        secret = self._wrap(log, DEDUP, "hmac-sha256", 0, self._entropy(KEY_BYTES))
        tables.insert_key(connection, log.number, secret)
        return str(key.verifier)

    def add_signing_key(
        self, connection: sa.Connection, log: LogInfo, from_size: int, seed: bytes | None = None
    ) -> SigningKey:
        """Make a signing key that is in force from a size on, or put a brought one in force."""
        seed = seed or self._entropy(KEY_BYTES)
        key = SigningKey(log.origin, seed)
        tables.insert_key(connection, log.number, self._wrap(log, SIGN, str(key.verifier), from_size, seed))
        return key

    def signers(self, connection: sa.Connection, log: LogInfo, size: int) -> list[SigningKey]:
        """The keys that sign a checkpoint of this size: the one in force, and before it the one it replaced.

        Raises:
            LedgerError: no private key is left that may sign at this size.
        """
        rows = [row for row in tables.keys(connection, log.number, SIGN) if row.from_size <= size]
        if not rows or rows[-1].wrapped is None:
            raise LedgerError(
                f"no key may sign for {log.origin} at size {size}",
                expected="a private key in force",
                got="none",
                hint="restore ledger_keys from a backup",
            )
        return [self._signing_key(log, row) for row in rows[-2:] if row.wrapped is not None]

    def rotate(
        self,
        connection: sa.Connection,
        log: LogInfo,
        seq: int,
        last_good_size: int | None,
        seed: bytes | None = None,
    ) -> bytes:
        """Make the next signing key, unless it is brought; the payload of the ``key`` entry that puts it in force.

        Raises:
            ConflictError: the key that is brought was the log's before: which signatures count could not be told.
        """
        old = self.signers(connection, log, seq)[-1]
        from_size = seq + 1
        if seed is not None:
            vkey = str(SigningKey(log.origin, seed).verifier)
            if any(row.name == vkey for row in tables.keys(connection, log.number, SIGN)):
                raise ConflictError("that key was the log's before", expected="one that never was", got=vkey)
        new = self.add_signing_key(connection, log, from_size, seed)
        message = rotation_message(log.origin, str(old.verifier), str(new.verifier), from_size, last_good_size)
        payload: dict[str, str | int] = {
            "from_size": from_size,
            "new": str(new.verifier),
            "old": str(old.verifier),
            "sig_new": new.sign(message).hex(),
            "sig_old": old.sign(message).hex(),
        }
        if last_good_size is not None:
            payload["last_good_size"] = last_good_size
        return canonical(payload)

    def add_second(self, connection: sa.Connection, log: LogInfo, seq: int) -> bytes:
        """Make an ML-DSA-44 key, in place of the one before; the payload of the ``key`` entry that puts it in force.

        The one before is destroyed at once: no checkpoint of a size before this entry is signed any more.
        """
        key = self.signers(connection, log, seq)[-1]
        for row in tables.keys(connection, log.number, SECOND):
            if row.wrapped is not None:
                tables.rewrap_key(connection, log.number, row._replace(wrapped=None))
        seed = self._entropy(KEY_BYTES)
        second, from_size = SecondSigner(log.origin, seed), seq + 1
        name = str(second.verifier)
        tables.insert_key(connection, log.number, self._wrap(log, SECOND, name, from_size, seed))
        message = second_message(log.origin, str(key.verifier), name, from_size)
        return canonical(
            {
                "from_size": from_size,
                "key": str(key.verifier),
                "second": name,
                "sig": key.sign(message).hex(),
                "sig_second": second.sign(message).hex(),
            }
        )

    def second(self, connection: sa.Connection, log: LogInfo, size: int) -> SecondSigner | None:
        """The second key that signs checkpoints of a size, if the log has one.

        Raises:
            LedgerError: it has, and its private half is gone.
        """
        rows = [row for row in tables.keys(connection, log.number, SECOND) if row.from_size <= size]
        if not rows:
            return None
        with self._mutex:
            found = self._seconds.get(rows[-1].name)
        if found is None:
            found = SecondSigner(log.origin, self._unwrap(log, rows[-1]))
            with self._mutex:
                self._seconds[rows[-1].name] = found
        return found

    def retire(self, connection: sa.Connection, log: LogInfo) -> None:
        """Destroy private keys whose successor has signed enough checkpoints beside them."""
        rows = tables.keys(connection, log.number, SIGN)
        for row, successor in pairwise(rows):
            if row.wrapped is not None and (
                tables.count_checkpoints(connection, log.number, successor.from_size) >= OVERLAP
            ):
                tables.rewrap_key(connection, log.number, row._replace(wrapped=None))
                with self._mutex:
                    self._signing.pop(row.name, None)

    def close(self, connection: sa.Connection, log: LogInfo) -> None:
        """Destroy every private signing key of a log that a later epoch follows: nobody shall sign for it again."""
        for row in (*tables.keys(connection, log.number, SIGN), *tables.keys(connection, log.number, SECOND)):
            if row.wrapped is not None:
                tables.rewrap_key(connection, log.number, row._replace(wrapped=None))
            with self._mutex:
                self._signing.pop(row.name, None)
                self._seconds.pop(row.name, None)

    def cached_secret(self, log: LogInfo) -> bytes | None:
        """The HMAC key of the log's tenant, if this process has unwrapped it."""
        with self._mutex:
            return self._secrets.get(log.first)

    def secret(self, connection: sa.Connection, log: LogInfo) -> bytes:
        """The HMAC key of the log's tenant, made with its first log: another would know nothing again."""
        found = self.cached_secret(log)
        if found is None:
            first = log.epochs[0]
            rows = tables.keys(connection, first.number, DEDUP)
            if not rows or rows[0].wrapped is None:
                raise LedgerError("the log has no HMAC key", expected="a row in ledger_keys", got="none")
            found = self._unwrap(first, rows[0])
            with self._mutex:
                self._secrets[first.number] = found
        return found

    def rewrap(self, connection: sa.Connection, log: LogInfo, kek: KeyEncryptionKey) -> None:
        """Wrap all of a log's keys under another key-encryption key."""
        for purpose in (SIGN, DEDUP, SECOND):
            for row in tables.keys(connection, log.number, purpose):
                if row.wrapped is not None:
                    wrapped = kek.wrap(self._unwrap(log, row), _about(log, row.purpose, row.name), self._entropy)
                    tables.rewrap_key(connection, log.number, row._replace(kek=kek.fingerprint, wrapped=wrapped))

    def use(self, kek: KeyEncryptionKey) -> None:
        """Wrap and unwrap under another key-encryption key from now on."""
        self._kek = kek

    def _signing_key(self, log: LogInfo, row: WrappedKey) -> SigningKey:
        with self._mutex:
            found = self._signing.get(row.name)
        if found is None:
            found = SigningKey(log.origin, self._unwrap(log, row))
            if str(found.verifier) != row.name:
                raise IntegrityError(
                    "a private key does not belong to its verifier key", expected=row.name, got=str(found.verifier)
                )
            with self._mutex:
                self._signing[row.name] = found
        return found

    def _wrap(self, log: LogInfo, purpose: str, name: str, from_size: int, key: bytes) -> WrappedKey:
        wrapped = self._kek.wrap(key, _about(log, purpose, name), self._entropy)
        return WrappedKey(purpose, name, from_size, self._kek.fingerprint, wrapped)

    def _unwrap(self, log: LogInfo, row: WrappedKey) -> bytes:
        if row.wrapped is None:
            raise LedgerError("the private key was destroyed", expected="a key in force", got=row.name)
        return self._kek.unwrap(row.wrapped, _about(log, row.purpose, row.name), row.kek)


def _about(log: LogInfo, purpose: str, name: str) -> str:
    return f"{log.origin} {purpose} {name}"
