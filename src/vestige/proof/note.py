"""C2SP signed notes: a text, a blank line, and signature lines (c2sp.org/signed-note).

::

    text, ending in a newline
    <blank line>
    — <key name> base64(4-byte key id || signature)

Rules a verifier must not soften, and which hold here:

* a signature by a known key (same name *and* id) that does not verify refuses the whole note;
* signatures by unknown keys are ignored, which is what lets keys be rotated and witnesses cosign;
* at least one known key must have signed, and none of them twice;
* the bytes are UTF-8 without control characters but newline, and each line has one spelling.

Keys are Ed25519 (type byte 0x01). A key on paper is ``name+<8 hex digits of its id>+base64(0x01 || public key)``.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vestige.model.errors import ProofError
from vestige.proof.ed25519 import check_public_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ED25519 = 0x01
"""The signature type identifier byte of Ed25519 note signatures."""

MAX_NOTE = 1 << 20
"""The size in bytes a note may have: room for 64 post-quantum signatures of 5 kB each, twice over."""

MAX_SIGNATURES = 64
KEY_ID_SIZE = 4

_DASH = "— "  # em dash, space
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}")


class Signature(NamedTuple):
    """One signature line. What the bytes mean depends on the key's type."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as parsed: nothing in it has been verified."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under. Keys that verifiers could disagree on cannot be constructed.

    Raises:
        ProofError: the name is not a key name, or the key is not acceptable.
    """

    name: str
    public_key: bytes
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        check_key_name(self.name)
        check_public_key(self.public_key)
        encoded = self.name.encode() + b"\n" + bytes((ED25519,)) + self.public_key
        object.__setattr__(self, "key_id", sha256(encoded).digest()[:KEY_ID_SIZE])

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes((ED25519,)) + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that ``str`` of a key spells.

        Raises:
            ProofError: malformed, not Ed25519, not acceptable, or its id does not follow from the rest.
        """
        parts = text.split("+", 2)
        if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
            raise ProofError("not a verifier key", expected="name+<8 hex digits>+<base64>", got=_short(text))
        name, key_id, encoded = parts
        data = decode_base64(encoded, "a verifier key")
        if data[:1] != bytes((ED25519,)):
            raise ProofError(
                "a verifier key of another type", expected="01, Ed25519", got=data[:1].hex() or "no type byte"
            )
        key = cls(name, data[1:])
        if key.key_id.hex() != key_id:
            raise ProofError("the verifier key's id is wrong", expected=key.key_id.hex(), got=key_id)
        return key

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check one Ed25519 signature.

        Raises:
            ProofError: it is not this key's signature of this message.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature as error:
            raise ProofError(
                f"the signature by {self.name} does not verify",
                expected=f"an Ed25519 signature by key {self.key_id.hex()}",
                got=f"{signature[:8].hex()}… of {len(signature)} bytes",
                hint="the note was altered, or was signed by another key that claims this name and id",
            ) from error


class NoteSigner(NamedTuple):
    """A key and the function that signs for it: message in, 64-byte Ed25519 signature out."""

    key: VerifierKey
    sign: Callable[[bytes], bytes]


def check_key_name(name: str) -> None:
    """Refuse what cannot name a key: empty, or with white space, control characters or ``+`` in it.

    Raises:
        ProofError: not a key name.
    """
    if not name or "+" in name or any(c.isspace() or c < " " for c in name) or not _is_text(name):
        raise ProofError("not a key name", expected="text without spaces and +", got=_short(name))


def parse_note(data: bytes) -> Note:
    """Take a note apart without verifying anything.

    Raises:
        ProofError: too long, not UTF-8, a control character, no blank line, no signatures, or a malformed line.
    """
    if len(data) > MAX_NOTE:
        raise ProofError("the note is too long", expected=f"at most {MAX_NOTE} bytes", got=str(len(data)))
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise ProofError("the note is not UTF-8", expected="UTF-8", got=f"a bad byte at {error.start}") from error
    _check_text(whole)
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise ProofError(
            "the note has no signatures",
            expected="text, a blank line, and lines that end in newlines",
            got=_short(whole[-60:]),
        )
    signatures = tuple(_parse_line(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise ProofError(
            "the note has too many signatures", expected=f"at most {MAX_SIGNATURES}", got=str(len(signatures))
        )
    return Note(f"{text}\n", signatures)


def format_note(note: Note) -> bytes:
    """The bytes of a note; what comes out is what :func:`parse_note` accepts.

    Raises:
        ProofError: the parts cannot make a note.
    """
    lines = "".join(f"{_DASH}{s.name} {encode_base64(s.key_id + s.signature)}\n" for s in note.signatures)
    whole = f"{note.text}\n{lines}"
    if not _is_text(whole) or parse_note(data := whole.encode()) != note:
        raise ProofError(
            "these parts do not make a note",
            expected="text that ends in a newline, at least one signature, 4-byte key ids",
            got=_short(note.text),
        )
    return data


def sign_note(text: str, signers: Iterable[NoteSigner]) -> bytes:
    """Sign a text (it must end in a newline) with every signer, in order.

    Each signature is verified before it leaves: a faulty or confused signer must not publish.

    Raises:
        ProofError: the text cannot be a note's, or a signer's signature is not by its key.
    """
    _check_text(text)
    if not text.endswith("\n"):
        raise ProofError("the text cannot be signed", expected="a newline at its end", got=_short(text[-60:]))
    message = text.encode()
    signatures = []
    for key, sign in signers:
        signature = sign(message)
        key.verify(message, signature)
        signatures.append(Signature(key.name, key.key_id, signature))
    return format_note(Note(text, tuple(signatures)))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Which of the known keys signed this note, in the note's order; at least one.

    Raises:
        ProofError: no known key signed it, one signed it twice, the signature of one does not verify, or two of the
            known keys cannot be told apart.
    """
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise ProofError("two known keys share a name and an id", expected="at most one", got=str(key))
    message = note.text.encode()
    signed: list[VerifierKey] = []
    for name, key_id, signature in note.signatures:
        signer = known.get((name, key_id))
        if signer is None:
            continue
        if signer in signed:
            raise ProofError(f"the note has two signatures by {name}", expected="one per key", got="two")
        signer.verify(message, signature)
        signed.append(signer)
    if not signed:
        raise ProofError(
            "the note is not signed by a known key",
            expected=_names(known) or "at least one known key",
            got=_names((s.name, s.key_id) for s in note.signatures),
            hint="pass the log's verifier key, obtained from somewhere else than this note",
        )
    return tuple(signed)


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return binascii.b2a_base64(data, newline=False).decode()


def decode_base64(text: str, what: str) -> bytes:
    """The inverse of :func:`encode_base64`: only the one spelling of its bytes is accepted.

    Raises:
        ProofError: not that spelling; ``what`` says whose.
    """
    try:
        data = binascii.a2b_base64(text)
    except ValueError as error:
        raise ProofError(f"{what} is not base64", expected="standard base64, padded", got=_short(text)) from error
    # What was passed over in decoding is missing in this; so it is equal only for the one spelling.
    again = encode_base64(data)
    if again != text:
        raise ProofError(f"{what} is not base64 as written", expected=_short(again), got=_short(text))
    return data


def _parse_line(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not encoded:
        raise ProofError("not a signature line", expected=f"{_DASH}<key name> <base64>", got=_short(line))
    check_key_name(name)
    data = decode_base64(encoded, f"the signature by {name[:60]}")
    if len(data) <= KEY_ID_SIZE:
        raise ProofError(
            f"the signature by {name[:60]} is too short", expected="a 4-byte key id and more", got=data.hex()
        )
    return Signature(name, data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])


def _check_text(text: str) -> None:
    if (found := _CONTROL.search(text)) is not None:
        raise ProofError("the note has a control character", expected="none but newline", got=f"0x{ord(found[0]):02x}")
    if not _is_text(text):
        raise ProofError("the note cannot be UTF-8", expected="no lone surrogates", got=_short(text))


def _is_text(text: str) -> bool:
    """Whether the text can be written as UTF-8, which a lone surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _names(keys: Iterable[tuple[str, bytes]]) -> str:
    return ", ".join(f"{name[:60]}+{key_id.hex()}" for name, key_id in list(keys)[:5])


def _short(text: str) -> str:
    return repr(text[:80])
