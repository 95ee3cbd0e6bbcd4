"""Private keys at rest: wrapped with AES-256-GCM under one key-encryption key that the database never holds.

The key-encryption key (KEK) is 32 bytes, from a setting in base64 or from a file of mode 0600 made on demand. Each
wrapped key is ``nonce[12] || ciphertext || tag[16]``; its associated data names the log, the purpose and the key, so
that a wrapped key moved to another row does not open. ``kek`` beside it is a fingerprint of the KEK, so that a wrong
KEK is told from a damaged row, and re-wrapping knows what is left to do.

Ed25519 is RFC 8032; AES-GCM is NIST SP 800-38D. A nonce is random: a KEK wraps a few keys per tenant, far below the
2**32 messages that random nonces allow.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
import string
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from vestige.ledger.blobs import sync_directory
from vestige.model.errors import IntegrityError, SettingsError, StorageError, UsageError
from vestige.proof.cosignature import with_signatures
from vestige.proof.mldsa import SecondKey, second_signature
from vestige.proof.note import NoteSigner, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vestige.proof.checkpoint import Checkpoint

KEY_BYTES = 32
_PEM_BYTES = 10_000
"""Far more than the file of an Ed25519 key has."""
_KEK_FILE = f"a file of mode 0600 with {KEY_BYTES} bytes in base64"
_NONCE_BYTES = 12
_DEDUP_DOMAIN = b"vestige/dedup/v1\n"
_MAC_DOMAIN = b"vestige/dedup-payload/v1\n"


class KeyEncryptionKey:
    """The key that wraps all others. It never leaves this object, and its repr does not show it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SettingsError(
                "the key-encryption key has the wrong length",
                expected=f"{KEY_BYTES} bytes in base64",
                got=f"{len(key)} bytes",
                field="key_encryption_key",
            )
        self._cipher = AESGCM(key)
        self.fingerprint = sha256(b"vestige/kek/v1\n" + key).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"KeyEncryptionKey({self.fingerprint})"

    @classmethod
    def from_setting(cls, text: str) -> KeyEncryptionKey:
        """The key a setting spells in base64.

        Raises:
            SettingsError: not 32 bytes in base64.
        """
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise SettingsError(
                "the key-encryption key is not base64",
                expected=f"{KEY_BYTES} bytes in base64",
                got=f"{len(text)} characters",
                hint="make one with: openssl rand -base64 32",
                field="key_encryption_key",
            ) from None
        return cls(key)

    @classmethod
    def from_file(cls, path: Path, entropy: Callable[[int], bytes] = secrets.token_bytes) -> KeyEncryptionKey:
        """The key in a file of mode 0600; the file is made if there is none.

        Raises:
            SettingsError: others may read the file, or it does not hold a key.
            StorageError: the file cannot be made or read.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create_private(path, base64.b64encode(entropy(KEY_BYTES)) + b"\n")
            mode = path.stat().st_mode & 0o777
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError("the key-encryption key's file cannot be read", got=str(error)) from error
        if mode & 0o077:
            raise SettingsError(
                "others may read the key-encryption key",
                expected="mode 0600",
                got=f"mode {mode:04o}",
                hint=f"chmod 600 {path}",
            )
        return cls.from_setting(text)

    @classmethod
    def from_existing(cls, path: Path) -> KeyEncryptionKey:
        """The key in a file that somebody brings, of mode 0600. What the file holds is told by its form alone.

        Raises:
            UsageError: there is no such file, others may read it, or it holds something else.
        """
        made = "make one with: (umask 077; openssl rand -base64 32 > FILE)"
        try:
            if not path.is_file():
                raise UsageError(
                    "there is no such key file", expected=_KEK_FILE, got=str(path), hint=made, field="key_file"
                )
            with path.open("rb") as file:
                mode, data = os.fstat(file.fileno()).st_mode & 0o777, file.read(_PEM_BYTES)
        except OSError as error:
            raise UsageError(
                f"the key file cannot be read: {path}", expected=_KEK_FILE, got=error.strerror or "", field="key_file"
            ) from None
        if mode & 0o077:
            raise UsageError(
                f"others may read the key file: {path}", expected="mode 0600", got=f"mode {mode:04o}",
                hint=f"chmod 600 {path}", field="key_file",
            )  # fmt: skip
        try:
            return cls(base64.b64decode(data.strip(), validate=True))
        except (binascii.Error, ValueError, SettingsError):
            raise UsageError(
                f"this file holds no key-encryption key: {path}", expected=_KEK_FILE, got=_form_of(data), hint=made,
                field="key_file",
            ) from None  # fmt: skip

    def wrap(self, key: bytes, about: str, entropy: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
        """Encrypt a key; ``about`` says which log, purpose and name it is for and must be given again to unwrap."""
        nonce = entropy(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, about.encode())

    def unwrap(self, wrapped: bytes, about: str, fingerprint: str) -> bytes:
        """Decrypt a key.

        Raises:
            SettingsError: it was wrapped under another key-encryption key.
            IntegrityError: the wrapped bytes were altered, or belong to another log, purpose or name.
        """
        if fingerprint != self.fingerprint:
            raise SettingsError(
                "the ledger's keys are wrapped under another key-encryption key",
                expected=f"the one with fingerprint {fingerprint}",
                got=self.fingerprint,
                hint="set VESTIGE_KEY_ENCRYPTION_KEY, or restore its file, as it was when the keys were made",
                field="key_encryption_key",
            )
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                f"a wrapped key does not open: {about}",
                expected="bytes wrapped under this key-encryption key",
                got="altered or misplaced bytes",
                hint="restore the database's ledger_keys from a backup",
            ) from error


def _form_of(data: bytes) -> str:
    """What a file that should hold a key-encryption key holds instead, without a word of it."""
    text = data.strip()
    if len(data) >= _PEM_BYTES:
        return f"{_PEM_BYTES} bytes or more"
    if text.startswith(b"-----BEGIN"):
        return "a PEM file, as signing keys and certificates have it"
    if text and not text.strip(string.hexdigits.encode()):
        return f"{len(text)} hexadecimal digits"
    try:
        return f"{len(base64.b64decode(text, validate=True))} bytes in base64"
    except (binascii.Error, ValueError):
        return f"{len(data)} bytes that are no base64"


def _create_private(path: Path, data: bytes) -> None:
    """Make a file of mode 0600 with this content unless there is one, so that no reader ever sees half of it."""
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return  # another process was first; its key is the key
        sync_directory(path.parent)
    finally:
        temporary.unlink()


def brought_seed(path: Path) -> bytes:
    """The private half of an Ed25519 key somebody made: PKCS #8 in PEM, without a passphrase, in a file of mode 0600.

    Raises:
        SettingsError: there is no such file, others may read it, or it holds something else.
    """
    expected = "a file of mode 0600 that `openssl genpkey -algorithm ed25519` made"
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_bytes()[:_PEM_BYTES]
    except OSError as error:
        raise SettingsError("the signing key cannot be read", expected=expected, got=error.strerror or "") from None
    if mode & 0o077:
        raise SettingsError("others may read the signing key", expected=expected, got=f"mode {mode:04o}")
    try:
        key = load_pem_private_key(text, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError("that is no signing key", expected=expected, got="something else")
    return key.private_bytes_raw()


class SigningKey:
    """An Ed25519 key of a log. Its public half is refused on load if verifiers could disagree on it."""

    def __init__(self, origin: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(origin, self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier})"

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of a message."""
        return self._key.sign(message)

    def note_signer(self) -> NoteSigner:
        """This key as :mod:`vestige.proof.note` takes it."""
        return NoteSigner(self.verifier, self.sign)


class SecondSigner:
    """A log's ML-DSA-44 key, which signs checkpoints beside the Ed25519 key."""

    def __init__(self, origin: str, seed: bytes) -> None:
        self._key = MLDSA44PrivateKey.from_seed_bytes(seed)
        self.verifier = SecondKey(origin, self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SecondSigner({self.verifier.name}+{self.verifier.key_id.hex()})"

    def sign(self, message: bytes) -> bytes:
        """The 2,420-byte signature of a message."""
        return self._key.sign(message)

    def beside(self, note: bytes, checkpoint: Checkpoint) -> bytes:
        """The signed note of a checkpoint with this key's signature behind the others."""
        return with_signatures(note, [second_signature(self.verifier, self.sign, checkpoint)])


def dedup_key(tenant_key: bytes, parts: tuple[bytes, ...]) -> bytes:
    """HMAC-SHA256 over the parts, each after its length, so that no two lists of parts meet."""
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.digest(tenant_key, _DEDUP_DOMAIN + message, "sha256")


def payload_mac(tenant_key: bytes, digest: bytes) -> bytes:
    """What a dedup row keeps of a payload: keyed, because the bare hash of a short payload can be guessed."""
    return hmac.digest(tenant_key, _MAC_DOMAIN + digest, "sha256")
