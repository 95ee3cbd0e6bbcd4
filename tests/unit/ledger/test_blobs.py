from __future__ import annotations

import io
import os
import threading
from typing import TYPE_CHECKING, Any

import httpx
import obstore
import pytest

from support.bucket import Buckets, buckets
from vestige.app import ImportOptions, Installation, Settings
from vestige.ledger import BlobStore, DirectoryBlobs
from vestige.ledger.objectblobs import CHUNK, ObjectBlobs
from vestige.model.errors import NotFoundError, SettingsError, StorageError
from vestige.model.principal import Principal
from vestige.objects import Bucket, named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def server() -> Iterator[Buckets]:
    with buckets() as running:
        yield running


@pytest.fixture
def bucket(server: Buckets, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    return server.create()


@pytest.fixture(params=["directory", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """Either driver: what is asked of one is asked of both."""
    if request.param == "directory":
        return DirectoryBlobs(tmp_path / "blobs")
    return in_bucket(f"s3://{request.getfixturevalue('bucket')}/some/prefix")


def in_bucket(url: str) -> ObjectBlobs:
    place = named(url, "blobs_url")
    assert isinstance(place, Bucket)
    return ObjectBlobs(place.open())


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


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 7])
def test_a_blob_of_any_length_is_itself(blobs: BlobStore, length: int) -> None:
    data = os.urandom(length)
    name, told = blobs.put_stream(io.BytesIO(data))
    assert told == length
    with blobs.open(name) as file:
        assert file.read() == data


def test_a_blob_has_the_name_it_was_given_and_then_none(blobs: BlobStore) -> None:
    name, _ = blobs.put_stream(io.BytesIO(b"evidence"), "s" + "0123456789abcdef" * 2)
    assert name == "s" + "0123456789abcdef" * 2
    assert blobs.get(name) == b"evidence"
    blobs.put_back(name, b"again")
    assert blobs.get(name) == b"again"
    with pytest.raises(NotFoundError):
        blobs.get(name[1:])
    for _ in range(2):
        blobs.remove(name)
    with pytest.raises(NotFoundError):
        blobs.open(name)
    blobs.check()


def test_a_stream_that_breaks_off_leaves_nothing(
    blobs: BlobStore, server: Buckets, bucket: str, tmp_path: Path
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(size)
            if not found:
                raise OSError(5, "Input/output error")
            return found

    for length in (100, CHUNK + 100):
        with pytest.raises(StorageError, match="nothing was acknowledged"):
            blobs.put_stream(Broken(bytes(length)))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert server.keys(bucket) == []
    assert "<UploadId>" not in httpx.get(f"{server.url}/{bucket}?uploads").raise_for_status().text


def test_a_blob_that_goes_while_it_is_read_is_told(blobs: BlobStore) -> None:
    name = blobs.put(os.urandom(3 << 20))
    with blobs.open(name) as file:
        assert len(file.read(10)) == 10
        blobs.remove(name)
        if isinstance(blobs, ObjectBlobs):
            with pytest.raises(NotFoundError, match="any more"):
                file.read()
        else:
            assert len(file.read()) == (3 << 20) - 10  # a file is there as long as somebody reads it


def test_a_blob_that_is_too_long_for_a_bucket_is_refused(
    server: Buckets, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestige.ledger.objectblobs.MOST", 2 * CHUNK)
    there = in_bucket(f"s3://{bucket}")
    assert there.put(bytes(2 * CHUNK))
    with pytest.raises(StorageError, match="too long for a bucket"):
        there.put(bytes(2 * CHUNK + 1))
    assert len(server.keys(bucket)) == 1


def test_a_bucket_lies_as_a_directory_does(tmp_path: Path, server: Buckets, bucket: str) -> None:
    directory = DirectoryBlobs(tmp_path / "blobs")
    name = directory.put(b"evidence")
    there = in_bucket(f"s3://{bucket}/blobs")
    there.put_back(name, directory.get(name))
    (file,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert server.keys(bucket) == [f"blobs/{file.relative_to(tmp_path / 'blobs')}"]


def test_a_bucket_that_keeps_versions_is_refused(tmp_path: Path, server: Buckets, bucket: str) -> None:
    in_bucket(f"s3://{bucket}").check()
    url = f"s3://{server.create(versions=True)}"
    with pytest.raises(StorageError, match="keeps what is removed"):
        in_bucket(url).check()
    with (
        pytest.raises(StorageError, match="keeps what is removed"),
        Installation.open(Settings(data=tmp_path / "data", blobs_url=url)),
    ):
        pytest.fail("it was opened")


def test_a_bucket_that_is_not_there_is_told(bucket: str) -> None:
    gone = in_bucket(f"s3://{bucket}-gone")
    with pytest.raises(StorageError, match="does not answer"):
        gone.check()
    with pytest.raises(StorageError, match="nothing was acknowledged"):
        gone.put(b"x")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/y",
        "s3:///no-bucket",
        "file://host/x",
        "relative/x",
        "s3://b/p?x=1",
        "s3://u@b/p",
        "file:///x#1",
        "file:///x?y",
    ],
)
def test_a_url_of_another_kind_is_refused(tmp_path: Path, url: str) -> None:
    with (
        pytest.raises(SettingsError, match="no such kind of store"),
        Installation.open(Settings(data=tmp_path / "data", blobs_url=url)),
    ):
        pytest.fail("it was opened")


def test_what_an_installation_keeps_lies_in_the_bucket_whose_loss_is_seen(
    tmp_path: Path, server: Buckets, bucket: str
) -> None:
    log = tmp_path / "large.jsonl"
    log.write_text('{"time": "2026-05-17T10:00:00Z", "text": "' + "x" * 100_000 + '"}\n')
    with Installation.open(Settings(data=tmp_path / "data", blobs_url=f"s3://{bucket}/v")) as installation:
        rooms = installation.rooms_of_slug(None)
        report = rooms.intake.import_paths(
            [log], ImportOptions(Principal("test")), progress=lambda _: None, stop=threading.Event()
        )
        assert report.parsed == 1
        assert len(server.keys(bucket)) == 2, "the file, and the payload that is too large for a row"
        assert rooms.ledger.verify()["ok"]
        obstore.delete(Bucket(bucket, "").open(), server.keys(bucket))
        assert not rooms.ledger.verify()["ok"]
        assert installation.failing() == []
    assert not (tmp_path / "data" / "blobs").exists()
