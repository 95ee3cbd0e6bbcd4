"""Keys apart from payloads: what is sealed opens with its key and with nothing else, and a key that is gone is gone."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest

from vestige.ledger import DirectoryBlobs
from vestige.ledger.sealing import FRAME, KEY_BYTES, KeyStore, SealedBlobs, Sealing, sealed, unsealed
from vestige.model.errors import NotFoundError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

TENANT = "T"


@pytest.fixture
def sealing(tmp_path: Path) -> Sealing:
    return Sealing(KeyStore(tmp_path / "sealing"), lambda *_: True)


def wanted() -> bool:
    return True


def test_keys_are_given_once_and_stay(tmp_path: Path) -> None:
    store = KeyStore(tmp_path)
    assert not KeyStore(tmp_path).used
    numbers, keys = store.take(700)
    more, others = store.take(3)
    assert store.used
    assert len({*numbers, *more}) == len({*keys, *others}) == 703
    assert KeyStore(tmp_path).get([*numbers, *more]) == [*keys, *others]
    assert KeyStore(tmp_path).get([10**9, -1]) == [None, None]
    # Another process begins behind what this one keeps ready.
    assert not set(KeyStore(tmp_path).take(5)[0]) & {*numbers, *more, *store.take(5)[0]}
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0


def test_a_destroyed_key_is_found_in_no_byte(tmp_path: Path) -> None:
    store = KeyStore(tmp_path)
    numbers, keys = store.take(10)
    store.destroy([numbers[3], numbers[4], 10**9])
    assert store.get(numbers) == [None if at in {3, 4} else key for at, key in enumerate(keys)]
    data = (tmp_path / "keys").read_bytes()
    assert [key in data for key in keys] == [at not in {3, 4} for at in range(10)]
    store.destroy([numbers[3]])
    KeyStore(tmp_path / "none").destroy([1])
    assert not (tmp_path / "none").exists()


def test_a_torn_key_at_the_end_is_given_to_nobody(tmp_path: Path) -> None:
    KeyStore(tmp_path).take(1)
    with (tmp_path / "keys").open("ab") as file:
        file.write(b"torn")
    numbers, keys = KeyStore(tmp_path).take(1)
    assert KeyStore(tmp_path).get(numbers) == keys
    assert numbers[0] * KEY_BYTES >= (tmp_path / "keys").stat().st_size - 513 * KEY_BYTES


def test_a_file_that_cannot_be_written_gives_no_key(tmp_path: Path) -> None:
    (tmp_path / "sealing").write_bytes(b"in the way")
    with pytest.raises(StorageError, match="nothing was acknowledged"):
        KeyStore(tmp_path / "sealing").take(1)


def test_rows_open_and_one_without_its_key_is_gone(sealing: Sealing) -> None:
    numbers, salts, keys = sealing.take(3)
    rows = [(at, number, sealed(key, number, b"say %d" % at), None)
            for at, (number, key) in enumerate(zip(numbers, keys, strict=True))]  # fmt: skip
    rows.append((3, bytes(32), b"in clear", None))
    assert sealing.opened(rows) == [*((at, salts[at], b"say %d" % at, None) for at in range(3)), rows[3]]
    sealing.keys.destroy([int.from_bytes(numbers[1], "big")])
    assert [row[0] for row in sealing.opened(rows)] == [0, 2, 3]
    # What was altered, or put under another's number, opens as itself: its leaf then tells.
    moved = (0, numbers[2], rows[0][2], None)
    assert sealing.opened([moved])[0][2] == rows[0][2]
    assert unsealed(keys[0], numbers[0], rows[0][2][:-1]) == rows[0][2][:-1]


@pytest.mark.parametrize("length", [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME])
def test_blobs_open_whatever_their_length(sealing: Sealing, tmp_path: Path, length: int) -> None:
    inner = DirectoryBlobs(tmp_path / "blobs")
    blobs = SealedBlobs(inner, sealing).when(wanted)
    data = os.urandom(64) * (length // 64 + 1)
    data = data[:length]
    name, size = blobs.put_stream(io.BytesIO(data))
    assert (size, blobs.get(name)) == (length, data)
    with blobs.open(name) as file:
        assert file.read(10) == data[:10]
    assert name.startswith("s")
    stored = inner.get(name)
    assert length < 64 or data[:64] not in stored
    blobs.remove(name)
    with pytest.raises(NotFoundError):
        blobs.get(name)
    blobs.remove(name)


def test_a_copy_of_a_removed_blob_does_not_open(sealing: Sealing, tmp_path: Path) -> None:
    inner = DirectoryBlobs(tmp_path / "blobs")
    blobs = SealedBlobs(inner, sealing).when(wanted)
    name = blobs.put(b"planted")
    (path,) = (tmp_path / "blobs").glob("*/s*")
    copy = path.read_bytes()
    blobs.remove(name)
    path.write_bytes(copy)
    with pytest.raises(NotFoundError, match="its key was destroyed"):
        blobs.open(name)


@pytest.mark.parametrize("change", ["flip", "cut", "swap", "add"])
def test_an_altered_blob_does_not_open_and_an_untouched_one_does(sealing: Sealing, tmp_path: Path, change: str) -> None:
    blobs = SealedBlobs(DirectoryBlobs(tmp_path / "blobs"), sealing).when(wanted)
    data = os.urandom(3 * FRAME)
    name = blobs.put(data)
    assert blobs.get(name) == data
    (path,) = (tmp_path / "blobs").glob("*/s*")
    stored, frame = path.read_bytes(), FRAME + 16
    head, frames = stored[:8], [stored[8 + at * frame : 8 + (at + 1) * frame] for at in range(3)]
    path.write_bytes({
        "flip": stored[:-1] + bytes([stored[-1] ^ 1]),
        "cut": head + frames[0] + frames[1],
        "swap": head + frames[1] + frames[0] + frames[2],
        "add": stored + frames[2],
    }[change])  # fmt: skip
    with pytest.raises(NotFoundError, match="altered"):
        blobs.get(name)


def test_a_tenant_that_does_not_ask_has_its_blobs_in_clear(sealing: Sealing, tmp_path: Path) -> None:
    inner = DirectoryBlobs(tmp_path / "blobs")
    blobs = SealedBlobs(inner, sealing)
    asks = [True]
    asked = blobs.when(lambda: asks[0])
    assert inner.get(blobs.put(b"say")) == b"say"
    assert inner.get(asked.put(b"say")) != b"say"
    asks[0] = False
    assert inner.get(asked.put(b"say")) == b"say"


def test_a_blob_put_back_is_under_its_old_key_where_anything_of_it_opens(tmp_path: Path, sealing: Sealing) -> None:
    plain = DirectoryBlobs(tmp_path / "blobs")
    blobs = SealedBlobs(plain, sealing).when(wanted)
    data = os.urandom(FRAME + 5)
    name = blobs.put(data)
    stored = plain.get(name)
    plain.put_back(name, stored[:-1] + bytes([stored[-1] ^ 1]))
    with pytest.raises(NotFoundError, match="altered"):
        blobs.get(name)
    blobs.put_back(name, data)
    assert plain.get(name) == stored
    # So a copy of before is closed by what destroys the key of the one that was put back.
    blobs.remove(name)
    plain.put_back(name, stored)
    with pytest.raises(NotFoundError, match="destroyed"):
        blobs.get(name)


@pytest.mark.parametrize("damage", ["number", "frame", "all"])
def test_a_blob_of_which_nothing_opens_gets_a_new_key(tmp_path: Path, sealing: Sealing, damage: str) -> None:
    plain = DirectoryBlobs(tmp_path / "blobs")
    blobs = SealedBlobs(plain, sealing).when(wanted)
    other, name = blobs.put(b"another"), blobs.put(b"one")
    stored = plain.get(name)
    if damage == "all":
        plain.remove(name)
    else:
        # The number of another blob's key is never taken: that would seal two under one key.
        plain.put_back(
            name, plain.get(other)[:8] + stored[8:] if damage == "number" else stored[:-1] + bytes([stored[-1] ^ 1])
        )
    blobs.put_back(name, b"one")
    assert blobs.get(name) == b"one"
    assert plain.get(name)[:8] not in {stored[:8], plain.get(other)[:8]}
