"""C2SP checkpoints: a signed note that commits to a log's size and root (c2sp.org/tlog-checkpoint).

The text is three lines, origin, size and base64 root, and possibly extension lines. Our logs write none; those of
others are kept, so that parsing and formatting are inverse. A checkpoint holds no time: what it proves is *what* the
log held, and when is for cosignatures and time stamps to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vestige.model.errors import ProofError
from vestige.proof.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE
from vestige.proof.note import (
    NoteSigner,
    VerifierKey,
    decode_base64,
    encode_base64,
    parse_note,
    sign_note,
    verify_note,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: that the tree of ``origin`` with ``size`` leaves has this ``root``.

    Raises:
        ProofError: no log can have such a head.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or _CONTROL.search(line):
                raise ProofError(
                    "not a line of a checkpoint", expected="text without control characters", got=repr(line[:80])
                )
        if not 0 <= self.size <= MAX_SIZE:
            raise ProofError("no tree has this size", expected=f"0 to {MAX_SIZE}", got=str(self.size))
        if len(self.root) != HASH_SIZE:
            raise ProofError("not a root hash", expected=f"{HASH_SIZE} bytes", got=f"{len(self.root)} bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise ProofError("not the root of an empty tree", expected=EMPTY_ROOT.hex(), got=self.root.hex())


class OpenedCheckpoint(NamedTuple):
    """A checkpoint whose signatures were verified, and the known keys they are by."""

    checkpoint: Checkpoint
    signed_by: tuple[VerifierKey, ...]


def format_body(checkpoint: Checkpoint) -> str:
    """The text of a checkpoint's note."""
    lines = (
        checkpoint.origin,
        str(checkpoint.size),
        encode_base64(checkpoint.root),
        *checkpoint.extensions,
    )
    return "".join(f"{line}\n" for line in lines)


def parse_body(text: str) -> Checkpoint:
    """The checkpoint a note's text spells.

    Raises:
        ProofError: not the text of a checkpoint, or not in its one spelling.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1]:
        raise ProofError("not a checkpoint", expected="origin, size and root, each a line", got=repr(text[:80]))
    origin, size, root, *extensions = lines[:-1]
    return Checkpoint(origin, parse_decimal(size, "a tree size"), decode_base64(root, "a root hash"), tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, signers: Iterable[NoteSigner]) -> bytes:
    """The checkpoint as a signed note. Whether it may be signed at all is the signer's to know, not ours.

    Raises:
        ProofError: a signer's signature is not by its key.
    """
    return sign_note(format_body(checkpoint), signers)


def parse_checkpoint(data: bytes) -> Checkpoint:
    """The checkpoint in a signed note, **without** verifying any signature.

    Raises:
        ProofError: not a note, or its text is not a checkpoint.
    """
    return parse_body(parse_note(data).text)


def open_checkpoint(data: bytes, keys: Iterable[VerifierKey], origin: str) -> OpenedCheckpoint:
    """Verify a signed checkpoint of the log with this origin.

    Raises:
        ProofError: not a note, not a checkpoint, of another log, not signed by a known key, or wrongly signed.
    """
    note = parse_note(data)
    signed_by = verify_note(note, keys)
    checkpoint = parse_body(note.text)
    if checkpoint.origin != origin:
        raise ProofError("the checkpoint is of another log", expected=origin, got=checkpoint.origin[:200])
    return OpenedCheckpoint(checkpoint, signed_by)


def parse_decimal(text: str, what: str) -> int:
    """A number in ASCII digits without leading zeroes, at most 2**63 - 1.

    Raises:
        ProofError: not such a number; ``what`` says whose.
    """
    value = int(text) if _DECIMAL.fullmatch(text) else -1
    if not 0 <= value <= MAX_SIZE:
        raise ProofError(
            f"{what} is not a number", expected="decimal digits without leading zeroes", got=repr(text[:40])
        )
    return value
