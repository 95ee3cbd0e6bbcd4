r"""ML-DSA-44 signatures of checkpoints, beside Ed25519's: what a quantum computer would not forge (FIPS 204).

They are C2SP cosignatures of type 0x06 that a log makes of its own checkpoints (tlog-cosignature): a signature line of
the note whose bytes are a time in eight bytes, here 0 since the log states none, then the signature of ::

    "subtree/v1\n\0" || name with its length || time || origin with its length || start || end || root

in which name and origin are the log's own, ``start`` is 0, ``end`` the size, and numbers have eight bytes, the highest
first. A key on paper is ``name+<8 hex digits of its id>+base64(0x06 || public key)``, some 1,800 characters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from vestige.model.errors import ProofError
from vestige.proof.note import KEY_ID_SIZE, Signature, check_key_name, decode_base64, encode_base64

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.proof.checkpoint import Checkpoint
    from vestige.proof.note import Note

MLDSA44: Final = 0x06
"""The signature type identifier byte of ML-DSA-44 cosignatures."""
PUBLIC_KEY_SIZE: Final = 1312
SIGNATURE_SIZE: Final = 2420
_NO_TIME: Final = bytes(8)
_MOST_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class SecondKey:
    """A log's ML-DSA-44 public key, under the log's own name.

    Raises:
        ProofError: the name is not a key name, or the key has another length.
    """

    name: str
    public_key: bytes
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.public_key) != PUBLIC_KEY_SIZE or len(self.name.encode()) > _MOST_NAME:
            raise ProofError(
                "not an ML-DSA-44 key", expected=f"{PUBLIC_KEY_SIZE} bytes under a name of at most {_MOST_NAME}",
                got=f"{len(self.public_key)} bytes, a name of {len(self.name)}",
            )  # fmt: skip
        encoded = self.name.encode() + b"\n" + bytes((MLDSA44,)) + self.public_key
        object.__setattr__(self, "key_id", sha256(encoded).digest()[:KEY_ID_SIZE])

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes((MLDSA44,)) + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> SecondKey:
        """The key that ``str`` of a key spells.

        Raises:
            ProofError: malformed, of another type, or its id does not follow from the rest.
        """
        parts = text.split("+", 2)
        data = decode_base64(parts[2], "a second key") if len(parts) == 3 else b""
        if data[:1] != bytes((MLDSA44,)):
            raise ProofError("not an ML-DSA-44 key", expected="name+id+base64, type 06", got=repr(text[:80]))
        key = cls(parts[0], data[1:])
        if key.key_id.hex() != parts[1]:
            raise ProofError("the second key's id is wrong", expected=key.key_id.hex(), got=parts[1][:8])
        return key

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check one ML-DSA-44 signature.

        Raises:
            ProofError: it is not this key's signature of this message.
        """
        try:
            MLDSA44PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise ProofError(
                f"the ML-DSA-44 signature by {self.name} does not verify",
                expected=f"a signature by key {self.key_id.hex()}", got=f"{len(signature)} bytes",
            ) from error  # fmt: skip

    def check(self, note: Note, checkpoint: Checkpoint) -> None:
        """Check that the note of a checkpoint bears this key's signature, once.

        Raises:
            ProofError: it does not.
        """
        found = [one.signature for one in note.signatures if (one.name, one.key_id) == (self.name, self.key_id)]
        if len(found) != 1 or found[0][:8] != _NO_TIME:
            raise ProofError(
                "the checkpoint lacks its second signature", expected=f"one by ML-DSA-44 key {self.key_id.hex()}",
                got=f"{len(found)} of that key",
            )  # fmt: skip
        message = message_of(self.name, checkpoint.origin, checkpoint.size, checkpoint.root)
        self.verify(message, found[0][8:])


def message_of(name: str, origin: str, end: int, root: bytes, start: int = 0) -> bytes:
    """What is signed of the tree of a log between two seqs under a name; a checkpoint's begins at 0."""

    def sized(text: str) -> bytes:
        data = text.encode()
        return bytes((len(data),)) + data

    ends = start.to_bytes(8, "big") + end.to_bytes(8, "big")
    return b"subtree/v1\n\0" + sized(name) + _NO_TIME + sized(origin) + ends + root


def second_signature(key: SecondKey, sign: Callable[[bytes], bytes], checkpoint: Checkpoint) -> Signature:
    """Sign a checkpoint a second time.

    Raises:
        ProofError: the signature is not by the key.
    """
    message = message_of(key.name, checkpoint.origin, checkpoint.size, checkpoint.root)
    signature = sign(message)
    key.verify(message, signature)
    return Signature(key.name, key.key_id, _NO_TIME + signature)
