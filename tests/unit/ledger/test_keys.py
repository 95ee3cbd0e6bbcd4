from __future__ import annotations

import base64
import os
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vestige.ledger import KeyEncryptionKey
from vestige.ledger.keys import SigningKey, dedup_key, payload_mac
from vestige.model.errors import IntegrityError, ProofError, SettingsError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))


def test_a_setting_is_32_bytes_in_base64() -> None:
    text = base64.b64encode(KEY).decode()
    assert KeyEncryptionKey.from_setting(text + "\n").fingerprint == KeyEncryptionKey(KEY).fingerprint
    for bad in ("", "x", base64.b64encode(KEY[:-1]).decode(), text + "!", KEY.hex(), text[:-1]):
        with pytest.raises(SettingsError) as refused:
            KeyEncryptionKey.from_setting(bad)
        assert len(bad) < 2 or bad not in refused.value.explain()


def test_a_file_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "kek"
    first = KeyEncryptionKey.from_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KeyEncryptionKey.from_file(path).fingerprint == first.fingerprint
    assert [item.name for item in path.parent.iterdir()] == ["kek"]
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="others may read"):
        KeyEncryptionKey.from_file(path)
    path.chmod(0o600)
    path.write_text("not a key")
    with pytest.raises(SettingsError):
        KeyEncryptionKey.from_file(path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        KeyEncryptionKey.from_file(tmp_path / "file" / "kek")


def test_two_makers_of_the_file_agree(tmp_path: Path) -> None:
    """The second finds the file made while it was making its own."""
    path = tmp_path / "kek"

    def entropy(count: int) -> bytes:
        KeyEncryptionKey.from_file(path)
        return os.urandom(count)

    second = KeyEncryptionKey.from_file(path, entropy)
    assert second.fingerprint == KeyEncryptionKey.from_file(path).fingerprint
    assert [item.name for item in tmp_path.iterdir()] == ["kek"]


def test_wrapping_holds_only_where_it_was_made() -> None:
    kek = KeyEncryptionKey(KEY)
    secret = os.urandom(32)
    wrapped = kek.wrap(secret, "log sign key")
    assert kek.unwrap(wrapped, "log sign key", kek.fingerprint) == secret
    assert secret not in wrapped
    assert kek.wrap(secret, "log sign key") != wrapped
    for place in (0, 12, 20, len(wrapped) - 1):
        altered = bytearray(wrapped)
        altered[place] ^= 1
        with pytest.raises(IntegrityError):
            kek.unwrap(bytes(altered), "log sign key", kek.fingerprint)
    for about, data in (("other sign key", wrapped), ("log sign key", wrapped[:-1]), ("log sign key", b"")):
        with pytest.raises(IntegrityError):
            kek.unwrap(data, about, kek.fingerprint)
    other = KeyEncryptionKey(KEY[::-1])
    with pytest.raises(SettingsError):
        other.unwrap(wrapped, "log sign key", kek.fingerprint)
    with pytest.raises(IntegrityError):
        other.unwrap(wrapped, "log sign key", other.fingerprint)


def test_a_signing_key_is_ed25519() -> None:
    key = SigningKey("vestige.example/t/x/0", KEY)
    public = Ed25519PrivateKey.from_private_bytes(KEY).public_key()
    public.verify(key.sign(b"message"), b"message")
    assert key.verifier.public_key == public.public_bytes_raw()
    key.verifier.verify(b"message", key.sign(b"message"))
    with pytest.raises(ProofError):
        key.verifier.verify(b"massage", key.sign(b"message"))


def test_dedup_keys_do_not_run_together() -> None:
    made = [
        dedup_key(KEY, parts)
        for parts in ((b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (), (b"",), (b"", b""))
    ]
    assert len(set(made)) == len(made)
    assert dedup_key(KEY, (b"a",)) != dedup_key(KEY[::-1], (b"a",))
    assert payload_mac(KEY, b"a") not in {dedup_key(KEY, (b"a",)), payload_mac(KEY[::-1], b"a")}
