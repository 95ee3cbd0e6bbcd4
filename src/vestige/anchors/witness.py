"""A witness: it remembers the last checkpoint of each log it was told to watch, and cosigns what only adds to that.

It speaks C2SP's tlog-witness: ``add-checkpoint`` takes the size it was last shown, a consistency proof from there, and
a signed checkpoint. What it answers, in this order of checks:

=====  ==============================================================================
400    the body is none of the protocol, or the old size is above the new one
404    it watches no log of that origin
403    the checkpoint is signed by none of the keys it was given for that origin
409    the old size is not the one it remembers; or the same size has another root now
422    the proof does not lead from what it remembers to the checkpoint
200    its cosignature, and from now on it remembers this checkpoint
=====  ==============================================================================

To check, to remember and to sign is one act under one lock: of two requests at once the later cannot take back what the
earlier was told. What it is about to cosign is written beside, fsynced, renamed and the directory fsynced before it
signs, so no crash lets it cosign two trees of one size. One process at a time has a directory.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from vestige.ledger import brought_seed
from vestige.ledger.blobs import only_owner, sync_directory
from vestige.model.errors import BusyError, IntegrityError, ProofError, StorageError, UsageError, VestigeError
from vestige.model.instant import now
from vestige.proof import Checkpoint, Note, VerifierKey, parse_body, parse_note, verify_consistency, verify_note
from vestige.proof.checkpoint import parse_decimal
from vestige.proof.cosignature import WitnessKey, cosign, signature_line
from vestige.proof.merkle import HASH_SIZE
from vestige.proof.note import decode_base64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

MOST_BYTES: Final = 128 << 10
"""Of a request: a proof of 63 hashes and a checkpoint with sixteen post-quantum signatures fit in it twice."""
MOST_PATH: Final = 63
MOST_LOGS: Final = 10_000
_SECOND: Final = 1_000_000_000
_TEXT: Final = "text/plain; charset=utf-8"
_SIZE: Final = "text/x.tlog.size"
_ROOT: Final = re.compile(r"[0-9a-f]{64}")


class Answer(NamedTuple):
    """What a request is answered."""

    status: int
    body: bytes
    media_type: str = _TEXT


class _Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of the witness
    def __init__(self, status: int, why: str, media_type: str = _TEXT) -> None:
        super().__init__(why)
        self.answer = Answer(status, f"{why}\n".encode(), media_type)


class Seen(NamedTuple):
    """The last checkpoint of a log that was cosigned."""

    origin: str
    size: int
    root: bytes


class Witness:
    """One witness, its key and its memory in a directory.

    Args:
        directory: where; made if it is not there.
        name: it cosigns under: a URL without its scheme, such as ``witness.example.org/w1``.
        logs: the keys of the logs it watches; several of one origin are all good.
        clock: nanoseconds since 1970.

    Raises:
        UsageError: the name is none, or there are too many logs.
        BusyError: another process has the directory.
        StorageError: the directory cannot be used.
    """

    def __init__(self, directory: Path, name: str, logs: Iterable[VerifierKey], clock: Callable[[], int] = now) -> None:
        self._directory = directory
        self._clock = clock
        self._mutex = threading.Lock()
        self._logs: dict[str, list[VerifierKey]] = {}
        for number, log in enumerate(logs):
            if number >= MOST_LOGS:
                raise UsageError("too many logs", expected=f"at most {MOST_LOGS}", got="more", field="log")
            self._logs.setdefault(log.name, []).append(log)
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError("the witness's directory cannot be used", got=str(error)[:200]) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise BusyError(
                f"another process has the witness in {directory}", expected="one process", hint="end that one first"
            ) from None
        try:
            self._private = self._key()
            self.key = WitnessKey(name, self._private.public_key().public_bytes_raw())
        except VestigeError as error:
            self.close()
            if not isinstance(error, ProofError):
                raise
            raise UsageError(
                "the witness's name is none", expected=error.expected, got=error.got, hint="such as witness.example/w1",
                field="name",
            ) from None  # fmt: skip

    def close(self) -> None:
        """Give the directory free."""
        os.close(self._lock)

    @property
    def origins(self) -> list[str]:
        """The logs it watches."""
        return sorted(self._logs)

    def seen(self, origin: str) -> Seen | None:
        """The last checkpoint of a log that was cosigned; ``None`` if none ever was.

        Raises:
            IntegrityError: what is remembered cannot be read: to go on as if nothing were would be to forget.
        """
        path = self._path(origin)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError("the witness's memory cannot be read", got=str(error)[:200]) from None
        try:
            said = json.loads(data)
            if said["origin"] != origin or not _ROOT.fullmatch(said["root"]) or type(said["size"]) is not int:
                raise ValueError(str(said)[:80])  # noqa: TRY301 - told with the others
            return Seen(origin, said["size"], bytes.fromhex(said["root"]))
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                f"what the witness remembers of {origin} is damaged", expected="origin, size, root",
                got=str(error)[:120], hint=f"restore {path.name} from a backup; never remove it",
            ) from None  # fmt: skip

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a request of ``add-checkpoint``.

        Raises:
            IntegrityError: what is remembered of the log is damaged.
            StorageError: what would be cosigned cannot be made durable, so it is not.
        """
        try:
            old, path, note = _parse(body)
            checkpoint = parse_body(note.text)
        except ProofError as error:
            return Answer(400, f"{error}\n".encode())
        try:
            self._check_known(note, checkpoint)
            with self._mutex:
                self._check_growth(old, path, checkpoint)
                self._store(Seen(checkpoint.origin, checkpoint.size, checkpoint.root))
                made = cosign(note.text, self.key, self._private.sign, self._clock() // _SECOND)
        except _Refusal as refusal:
            return refusal.answer
        return Answer(200, signature_line(made).encode())

    def _check_known(self, note: Note, checkpoint: Checkpoint) -> None:
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            raise _Refusal(404, "this witness watches no log of that origin")
        try:
            verify_note(note, keys)
        except ProofError as error:
            raise _Refusal(403, str(error)) from None

    def _check_growth(self, old: int, path: list[bytes], checkpoint: Checkpoint) -> None:
        if old > checkpoint.size:
            raise _Refusal(400, "the old size is above the checkpoint's")
        seen = self.seen(checkpoint.origin)
        size = 0 if seen is None else seen.size
        if old != size:
            raise _Refusal(409, str(size), _SIZE)
        if seen is None or size == 0:
            if path:
                raise _Refusal(422, "a proof from size 0 has no hashes")
            return
        if size == checkpoint.size and checkpoint.root != seen.root:
            raise _Refusal(409, str(size), _SIZE)
        try:
            verify_consistency(size, checkpoint.size, seen.root, checkpoint.root, path)
        except ProofError as error:
            raise _Refusal(422, str(error)) from None

    def _path(self, origin: str) -> Path:
        return self._directory / f"{sha256(origin.encode()).hexdigest()[:40]}.json"

    def _store(self, seen: Seen) -> None:
        path = self._path(seen.origin)
        said = {"origin": seen.origin, "root": seen.root.hex(), "size": seen.size}
        self._write(path, json.dumps(said).encode() + b"\n")

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_suffix(".new")
        try:
            with only_owner(temporary, os.O_TRUNC) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
            sync_directory(self._directory)
        except OSError as error:
            raise StorageError(
                "the witness cannot remember; it did not sign", got=str(error)[:200],
                hint="look at the space and the rights of its directory",
            ) from None  # fmt: skip

    def _key(self) -> Ed25519PrivateKey:
        """Its private key: PKCS #8 in PEM, in ``key.pem``; made if there is none, and only then."""
        path = self._directory / "key.pem"
        if not path.exists():
            made = Ed25519PrivateKey.generate()
            self._write(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return Ed25519PrivateKey.from_private_bytes(brought_seed(path))


def _parse(body: bytes) -> tuple[int, list[bytes], Note]:
    """The old size, the proof and the note of a request.

    Raises:
        ProofError: it is none.
    """
    if len(body) > MOST_BYTES:
        raise ProofError("the request is too long", expected=f"at most {MOST_BYTES} bytes", got=str(len(body)))
    head, blank, rest = body.partition(b"\n\n")
    asked, *hashes = head.decode("ascii", "replace").split("\n")
    if not blank or not asked.startswith("old ") or len(hashes) > MOST_PATH:
        raise ProofError(
            "not a request of add-checkpoint",
            expected=f"old <size>, at most {MOST_PATH} hashes, an empty line, a checkpoint",
            got=repr(asked[:40]),
        )
    old = parse_decimal(asked.removeprefix("old "), "the old size")
    path = [decode_base64(line, "a hash of the proof") for line in hashes]
    if any(len(one) != HASH_SIZE for one in path):
        raise ProofError("a hash of the proof has the wrong length", expected=f"{HASH_SIZE} bytes", got="another")
    return old, path, parse_note(rest)
