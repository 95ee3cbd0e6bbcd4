from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import pytest

from vestige.ledger import BlobStore, DirectoryBlobs
from vestige.model.errors import NotFoundError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return DirectoryBlobs(tmp_path / "blobs")


def test_what_is_put_is_read_back(blobs: BlobStore) -> None:
    data = os.urandom(3_000_000)
    name, length = blobs.put_stream(io.BytesIO(data))
    assert length == len(data)
    assert blobs.get(name) == data
    with blobs.open(name) as file:
        file.seek(2_000_000)
        assert file.read(10) == data[2_000_000:2_000_010]
    assert blobs.put(data) != name


def test_a_stream_is_taken_from_where_it_stands(blobs: BlobStore) -> None:
    stream = io.BytesIO(b"0123456789")
    stream.seek(4)
    name, length = blobs.put_stream(stream)
    assert (blobs.get(name), length) == (b"456789", 6)


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33, "0" * 31 + "/"])
def test_a_name_cannot_lead_out(blobs: BlobStore, name: str) -> None:
    for call in (blobs.open, blobs.get):
        with pytest.raises(NotFoundError):
            call(name)


def test_a_blob_is_durable_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, os.rename

    def watch_fsync(handle: int) -> None:
        steps.append("fsync " + ("dir" if os.path.isdir(f"/proc/self/fd/{handle}") else "file"))  # noqa: PTH112
        fsync(handle)

    def watch_rename(*args: Any, **kwargs: Any) -> None:
        steps.append("rename")
        rename(*args, **kwargs)

    blobs = DirectoryBlobs(tmp_path)
    monkeypatch.setattr(os, "fsync", watch_fsync)
    monkeypatch.setattr(os, "rename", watch_rename)
    blobs.put(b"x")
    assert steps[0] == "fsync file"
    assert steps[-2:] == ["rename", "fsync dir"]


def test_a_failed_put_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = DirectoryBlobs(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        blobs.put(b"x")
    monkeypatch.undo()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        DirectoryBlobs(tmp_path / "file" / "blobs")
