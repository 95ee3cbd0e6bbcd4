"""C2SP cosignatures: a witness signs that a checkpoint extends all it saw of a log before, and when (tlog-cosignature).

A cosignature is a signature line of the checkpoint's note. Its bytes are the POSIX time in eight bytes, then an Ed25519
signature (RFC 8032) of ::

    cosignature/v1
    time <seconds>
    <the text of the checkpoint's note>

A witness's key on paper is ``name+<8 hex digits of its id>+base64(0x04 || public key)``. Its type byte is not the one
of a log's key, so that neither can pass for the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vestige.model.errors import ProofError
from vestige.proof.ed25519 import check_public_key
from vestige.proof.note import (
    KEY_ID_SIZE,
    Note,
    Signature,
    check_key_name,
    decode_base64,
    encode_base64,
    format_note,
    parse_note,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

COSIGNATURE: Final = 0x04
"""The signature type identifier byte of Ed25519 cosignatures."""
_SIZE: Final = 8 + 64
_MOST_TIME: Final = 2**63 - 1
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's public key and the name it cosigns under.

    Raises:
        ProofError: the name is not a key name, or verifiers could disagree on the key.
    """

    name: str
    public_key: bytes
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        check_key_name(self.name)
        check_public_key(self.public_key)
        encoded = self.name.encode() + b"\n" + bytes((COSIGNATURE,)) + self.public_key
        object.__setattr__(self, "key_id", sha256(encoded).digest()[:KEY_ID_SIZE])

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes((COSIGNATURE,)) + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """The key that ``str`` of a key spells.

        Raises:
            ProofError: malformed, of another type, not acceptable, or its id does not follow from the rest.
        """
        parts = text.split("+", 2)
        if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
            raise ProofError("not a witness's key", expected="name+<8 hex digits>+<base64>", got=repr(text[:80]))
        name, key_id, encoded = parts
        data = decode_base64(encoded, "a witness's key")
        if data[:1] != bytes((COSIGNATURE,)):
            raise ProofError(
                "not the key of a witness", expected="type 04, a cosignature", got=data[:1].hex() or "no type byte"
            )
        key = cls(name, data[1:])
        if key.key_id.hex() != key_id:
            raise ProofError("the witness key's id is wrong", expected=key.key_id.hex(), got=key_id)
        return key

    def time_of(self, note: Note) -> int | None:
        """When this witness cosigned the note, in seconds since 1970; ``None`` if it has no good cosignature of it."""
        for name, key_id, signature in note.signatures:
            if (name, key_id) == (self.name, self.key_id) and len(signature) == _SIZE:
                at = int.from_bytes(signature[:8], "big")
                if at <= _MOST_TIME and self._signed(_message(at, note.text), signature[8:]):
                    return at
        return None

    def _signed(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def cosign(text: str, key: WitnessKey, sign: Callable[[bytes], bytes], at: int) -> Signature:
    """Cosign the text of a checkpoint's note.

    Args:
        text: of the note.
        key: of the witness.
        sign: makes its Ed25519 signature of a message.
        at: seconds since 1970.

    Raises:
        ProofError: the signature is not by the key: a confused signer must not publish.
    """
    signature = Signature(key.name, key.key_id, at.to_bytes(8, "big") + sign(_message(at, text)))
    if key.time_of(Note(text, (signature,))) != at:
        raise ProofError("the witness's signature is not by its key", expected=str(key), got="another's")
    return signature


def signature_line(signature: Signature) -> str:
    """A signature as the line of a note it is, with its newline."""
    return f"\N{EM DASH} {signature.name} {encode_base64(signature.key_id + signature.signature)}\n"


def with_signatures(note: bytes, signatures: Iterable[Signature]) -> bytes:
    """The note with further signatures behind those it has; one whose name and id is there already is left out.

    Raises:
        ProofError: what is given is no note, or there are more signatures than a note may have.
    """
    parsed = parse_note(note)
    found = {(one.name, one.key_id): one for one in parsed.signatures}
    for one in signatures:
        found.setdefault((one.name, one.key_id), one)
    if len(found) == len(parsed.signatures):
        return note
    return format_note(Note(parsed.text, (*parsed.signatures, *list(found.values())[len(parsed.signatures) :])))


def _message(at: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
