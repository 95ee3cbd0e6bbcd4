"""The signer: it remembers outside the database what it signed, and refuses what is not consistent with that.

For each log the directory holds ``<tenant>-<epoch>.json``: origin, and the size and root last signed, with the key
that was to sign them. The order is: check, write the new state (temporary file, fsync, rename, fsync of the directory),
then sign. A crash in between leaves a state that is ahead of every signature in the world, which is safe: signing the
same size and root again gives the same bytes (Ed25519 is deterministic, RFC 8032), and no other root can follow.

So one size is never signed with two roots, and a database that was rolled back, rewritten or forked is met with
:class:`SignerError` (ledger.md sections 1 and 4). A state file that is missing is a refusal too: only the making of a
log may write the first one. What this cannot see is a rollback of database and signer directory together; a witness,
a time stamp or a client can.

One process at a time signs for a log: the state is read, judged and replaced under an exclusive file lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from vestige.ledger.blobs import only_owner, sync_directory
from vestige.model.errors import BusyError, ProofError, SignerError, StorageError
from vestige.model.ids import is_ulid
from vestige.proof.checkpoint import Checkpoint, sign_checkpoint
from vestige.proof.merkle import EMPTY_ROOT, verify_consistency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vestige.ledger.keys import SecondSigner, SigningKey
    from vestige.ledger.models import LogInfo

LOCK_SECONDS = 10.0
_POLL = 0.01


@dataclass(frozen=True, slots=True)
class SignerState:
    """What was last signed, or was about to be."""

    origin: str
    size: int
    root: bytes
    vkeys: tuple[str, ...]
    stored: int = 0
    """The size of the last checkpoint that was stored when this was signed: fewer than that were deleted since."""

    def to_bytes(self) -> bytes:
        """The state file's content."""
        fields = {"origin": self.origin, "size": self.size, "root": self.root.hex(), "vkeys": list(self.vkeys), "v": 1}
        if self.stored:
            fields["stored"] = self.stored
        return json.dumps(fields, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> SignerState:
        """The inverse of :meth:`to_bytes`.

        Raises:
            SignerError: the file does not hold a state.
        """
        try:
            fields = json.loads(data)
            state = cls(
                str(fields["origin"]),
                int(fields["size"]),
                bytes.fromhex(fields["root"]),
                tuple(fields["vkeys"]),
                int(fields.get("stored", 0)),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise SignerError("the signer's state is damaged", got=str(error)[:120], hint=_RESTORE) from error
        if state.to_bytes() != data:
            raise SignerError("the signer's state is not in its one spelling", hint=_RESTORE)
        return state


_RESTORE = (
    "run `vestige ledger verify`; if the database was put back on purpose, or the signer's memory is lost, "
    "`vestige ledger new-epoch` lets the log go on"
)


class Standing(StrEnum):
    """How a log stands with the signer."""

    CONTENT = "content"
    """It can be signed."""
    AHEAD = "ahead"
    """More was signed than the log holds: the database was put back."""
    DIFFERS = "differs"
    """The log does not extend what was signed: it was put back and grew again, or was rewritten."""
    SUPERSEDED = "superseded"
    """A later epoch was signed for: the database was put back to before it."""
    MISSING = "missing"
    """The signer knows nothing of the log."""
    DAMAGED = "damaged"
    """What the signer remembers of the log cannot be read."""


class Turn:
    """The right to sign for one log, while the signer's lock is held."""

    def __init__(self, signer: Signer, log: LogInfo) -> None:
        self._signer = signer
        self._log = log

    def sign(
        self,
        size: int,
        root: bytes,
        keys: Sequence[SigningKey],
        proof: Callable[[int], Sequence[bytes]],
        stored: int = 0,
        second: SecondSigner | None = None,
    ) -> bytes:
        """Sign a head, if it extends what was signed before. The note's bytes.

        Args:
            size: of the tree.
            root: of the tree.
            keys: all keys that sign at this size, in order.
            proof: gives the consistency path from an earlier size to ``size``.
            stored: the size of the last checkpoint that is stored; remembered beside what is signed.
            second: signs beside them, if the log has a second key.

        Raises:
            SignerError: the head is smaller than, or not consistent with, what was signed before, or a later epoch
                was signed for.
        """
        return self._signer._sign(self._log, size, root, keys, proof, stored, second)  # noqa: SLF001 - its other half

    def standing(
        self, size: int, root: bytes, proof: Callable[[int], Sequence[bytes]]
    ) -> tuple[Standing, SignerState | None]:
        """Whether this head could be signed, and what was signed last. Arguments as for :meth:`sign`."""
        try:
            state = self._signer.state(self._log)
        except SignerError:
            return Standing.DAMAGED, None
        if state is None:
            return Standing.MISSING, None
        if size < state.size:
            return Standing.AHEAD, state
        try:
            self._signer._judge(state, Checkpoint(self._log.origin, size, root), proof)  # noqa: SLF001 - as above
        except SignerError:
            return Standing.DIFFERS, state
        return (Standing.SUPERSEDED if self.later() else Standing.CONTENT), state

    def later(self) -> list[tuple[str, SignerState | None]]:
        """The later epochs that something was signed for: their origins and what was, None where it is damaged."""
        return self._signer.later(self._log)

    def next_epoch(self) -> int:
        """The epoch that may follow: above every one the signer has ever signed for."""
        origins = [self._log.origin, *(origin for origin, _ in self.later())]
        return max(int(origin.rpartition("/")[2]) for origin in origins) + 1


class Signer:
    """Signs checkpoints for the logs of one installation. Safe to share between threads and processes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError("the signer's directory cannot be made", got=str(error)) from error

    def begin(self, log: LogInfo, vkey: str) -> None:
        """Write the first state of a log that is being made.

        Raises:
            SignerError: something was already signed for this log.
        """
        with self._locked(log):
            state = self._load(log)
            if state is not None and state.size:
                raise SignerError(
                    f"the signer has already signed for {log.origin}",
                    expected="a log nobody signed for",
                    got=f"size {state.size}",
                    hint=_RESTORE,
                )
            self._store(log, SignerState(log.origin, 0, EMPTY_ROOT, (vkey,)))

    def state(self, log: LogInfo) -> SignerState | None:
        """What was last signed; None if the state is missing.

        Raises:
            SignerError: the state is damaged, or of another log.
        """
        return self._load(log)

    def later(self, log: LogInfo) -> list[tuple[str, SignerState | None]]:
        """The epochs after a log that something was signed for, as :meth:`Turn.later` gives them."""
        found: list[tuple[str, SignerState | None]] = []
        if not is_ulid(log.tenant):
            return found  # a row that was tampered with must not lead out of the directory, see _path
        stem = log.origin.rpartition("/")[0]
        names = (path.stem.rpartition("-")[2] for path in self._directory.glob(f"{log.tenant}-*.json"))
        for epoch in sorted(int(name) for name in names if name.isdecimal() and int(name) > log.epoch):
            origin = f"{stem}/{epoch}"
            try:
                state = self._load(log._replace(epoch=epoch, origin=origin))
            except SignerError:
                found.append((origin, None))
                continue
            if state is not None and state.size:
                found.append((origin, state))
        return found

    @contextmanager
    def turn(self, log: LogInfo) -> Iterator[Turn]:
        """Be the one who signs for a log. Whoever signs must read the head inside, so that it cannot be stale.

        Raises:
            BusyError: another process is signing for this log and does not end.
        """
        with self._locked(log):
            yield Turn(self, log)

    def _sign(
        self,
        log: LogInfo,
        size: int,
        root: bytes,
        keys: Sequence[SigningKey],
        proof: Callable[[int], Sequence[bytes]],
        stored: int,
        second: SecondSigner | None,
    ) -> bytes:
        checkpoint = Checkpoint(log.origin, size, root)
        state = self._load(log)
        if state is None:
            raise SignerError(
                f"the signer knows nothing of {log.origin}",
                expected=f"its state in {self._path(log).name}",
                got="no such file",
                hint=_RESTORE,
            )
        self._judge(state, checkpoint, proof)
        # Epochs follow each other without gaps, so one look at a file tells the common case.
        if self._path(log._replace(epoch=log.epoch + 1)).exists() and (later := self.later(log)):
            raise SignerError(
                f"the signer has gone on from {log.origin}: the database was put back to before that",
                expected=f"the log {later[-1][0]}",
                got=f"epoch {log.epoch}",
                hint=_RESTORE,
            )
        vkeys = tuple(str(key.verifier) for key in keys)
        if (state.size, state.root, state.vkeys) != (size, root, vkeys):
            self._store(log, SignerState(log.origin, size, root, vkeys, stored))
        note = sign_checkpoint(checkpoint, [key.note_signer() for key in keys])
        return note if second is None else second.beside(note, checkpoint)

    def _judge(self, state: SignerState, head: Checkpoint, proof: Callable[[int], Sequence[bytes]]) -> None:
        if head.size < state.size:
            raise SignerError(
                f"the log {state.origin} has shrunk: the database was rolled back or entries were deleted",
                expected=f"at least the signed size {state.size}",
                got=str(head.size),
                hint=_RESTORE,
            )
        if state.size == 0:
            return
        try:
            path = [] if state.size == head.size else proof(state.size)
            verify_consistency(state.size, head.size, state.root, head.root, path)
        except ProofError as error:
            raise SignerError(
                f"the log {state.origin} is not the one that was signed: {error.message}",
                expected=f"a tree that extends size {state.size}, root {state.root.hex()}",
                got=f"size {head.size}, root {head.root.hex()}",
                hint=_RESTORE,
            ) from error

    def _path(self, log: LogInfo) -> Path:
        # The tenant comes from a row that may have been tampered with; it must not lead out of the directory.
        if not is_ulid(log.tenant):
            raise SignerError("a log of no tenant", expected="a ULID", got=log.tenant[:40])
        return self._directory / f"{log.tenant}-{log.epoch}.json"

    def _load(self, log: LogInfo) -> SignerState | None:
        try:
            data = self._path(log).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError("the signer's state cannot be read", got=str(error)) from error
        state = SignerState.from_bytes(data)
        if state.origin != log.origin:
            raise SignerError(
                "the signer's state is of another log", expected=log.origin, got=state.origin[:200], hint=_RESTORE
            )
        return state

    def _store(self, log: LogInfo, state: SignerState) -> None:
        path = self._path(log)
        temporary = path.with_suffix(".new")
        try:
            with only_owner(temporary, os.O_TRUNC) as file:
                file.write(state.to_bytes())
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
            sync_directory(self._directory)
        except OSError as error:
            raise StorageError(
                "the signer's state cannot be written; nothing was signed",
                got=str(error),
                hint="look at the space and the rights of VESTIGE_SIGNER_DIR",
            ) from error

    @contextmanager
    def _locked(self, log: LogInfo) -> Iterator[None]:
        path = self._path(log).with_suffix(".lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError("the signer's lock cannot be taken", got=str(error)) from error
        try:
            deadline = time.monotonic() + LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise BusyError(
                            f"another process signs for {log.origin}",
                            expected=f"its lock within {LOCK_SECONDS:g} s",
                            got="no lock",
                            hint="end that process, or try again",
                        ) from None
                    time.sleep(_POLL)
                except OSError as error:
                    raise StorageError(
                        "the signer's lock cannot be taken; nothing was signed",
                        got=str(error),
                        hint="VESTIGE_SIGNER_DIR must lie on a file system that can lock files",
                    ) from error
            yield
        finally:
            os.close(handle)
