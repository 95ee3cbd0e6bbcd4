"""C2SP tlog-proof: one file that proves one entry to anyone who holds the log's key (c2sp.org/tlog-proof).

::

    c2sp.org/tlog-proof@v1
    extra <base64>                  optional; authenticated by nothing
    index <decimal>
    <base64 hash>                   the inclusion path, from the leaf's sibling up; zero or more lines
    <blank line>
    <the signed checkpoint, verbatim>
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.model.errors import ProofError
from vestige.proof.checkpoint import Checkpoint, OpenedCheckpoint, open_checkpoint, parse_checkpoint, parse_decimal
from vestige.proof.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from vestige.proof.note import MAX_NOTE, VerifierKey, decode_base64, encode_base64

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = "c2sp.org/tlog-proof@v1"
MAX_EXTRA = 1 << 16
MAX_PATH = 63
"""No tree of at most 2**63 - 1 leaves has a longer inclusion path."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """That an entry is in a log: its index, its inclusion path, and the signed checkpoint that path leads to.

    ``extra`` is opaque and nothing vouches for it; ``None`` where there is none. Nothing here has been verified.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_tlog_proof(proof: TlogProof) -> bytes:
    """The file.

    Raises:
        ProofError: the parts cannot make a proof; what comes out is what :func:`parse_tlog_proof` accepts.
    """
    lines = [HEADER]
    if proof.extra is not None:
        lines.append(f"extra {encode_base64(proof.extra)}")
    lines.append(f"index {proof.index}")
    lines += map(encode_base64, proof.path)
    data = "".join(f"{line}\n" for line in lines).encode() + b"\n" + proof.checkpoint
    parse_tlog_proof(data)
    return data


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Take a proof apart; its checkpoint is checked to be one, and nothing is verified.

    Raises:
        ProofError: not a proof, or not in its one spelling.
    """
    if len(data) > MAX_NOTE + 2 * MAX_EXTRA:
        raise ProofError(
            "the proof is too long", expected=f"at most {MAX_NOTE + 2 * MAX_EXTRA} bytes", got=str(len(data))
        )
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank or not head.isascii():
        raise ProofError("not a tlog-proof", expected=f"{HEADER}, index, hashes, a blank line", got=repr(data[:60]))
    lines = head.decode().split("\n")
    if lines[0] != HEADER:
        raise ProofError("not a tlog-proof", expected=HEADER, got=repr(lines[0][:60]))
    lines = lines[1:]
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "), "the extra data of the proof")
        if len(extra) > MAX_EXTRA:
            raise ProofError("the extra data is too long", expected=f"at most {MAX_EXTRA} bytes", got=str(len(extra)))
    if not lines or not lines[0].startswith("index "):
        raise ProofError("the proof has no index", expected="index <decimal>", got=repr("\n".join(lines)[:60]))
    index = parse_decimal(lines.pop(0).removeprefix("index "), "the index of the proof")
    if len(lines) > MAX_PATH:
        raise ProofError("the proof has too many hashes", expected=f"at most {MAX_PATH}", got=str(len(lines)))
    path = tuple(map(_hash, lines))
    _checkpoint(checkpoint)
    return TlogProof(index, path, checkpoint, extra)


@lru_cache(maxsize=1 << 10)
def _hash(line: str) -> bytes:
    """A line of a path. Proofs of neighbours share most of theirs."""
    one = decode_base64(line, "a hash of the proof")
    if len(one) != HASH_SIZE:
        raise ProofError("a hash of the proof has the wrong length", expected=f"{HASH_SIZE} bytes", got=str(len(one)))
    return one


@lru_cache(maxsize=8)
def _checkpoint(data: bytes) -> Checkpoint:
    """The checkpoint of a proof: of many proofs, most often the same."""
    return parse_checkpoint(data)


def verify_tlog_proof(proof: TlogProof, leaf: bytes, keys: Iterable[VerifierKey], origin: str) -> OpenedCheckpoint:
    """Check that the entry with this **data** is in the log, and give the checkpoint that says so.

    Raises:
        ProofError: the checkpoint does not verify, is of another log, or does not include the entry at that index.
    """
    opened = open_checkpoint(proof.checkpoint, keys, origin)
    verify_inclusion(leaf_hash(leaf), proof.index, opened.checkpoint.size, proof.path, opened.checkpoint.root)
    return opened
