"""A backup of what lies in a bucket, and one put back into a bucket."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import pytest

from support.bucket import buckets
from vestige.backup import Backup, Parts, Place, make, put_back
from vestige.db import Database
from vestige.ledger.objectblobs import CHUNK, ObjectBlobs
from vestige.model.errors import IntegrityError
from vestige.objects import Bucket, named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bucket import Buckets

SMALL, LARGE, LOST = "aa" * 16, "bb" * 16, "cc" * 16
BIG = b"0123456789abcdef" * (CHUNK // 16) + b"and one part more"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Buckets]:
    with buckets() as found:
        for name, value in found.env.items():
            monkeypatch.setenv(name, value)
        yield found


def store(bucket: str) -> ObjectBlobs:
    place = named(f"s3://{bucket}/evidence", "blobs_url")
    assert isinstance(place, Bucket)
    return ObjectBlobs(place.open())


def test_out_of_a_bucket_and_into_one(server: Buckets, tmp_path: Path) -> None:
    here, there = server.create(), server.create()
    blobs = store(here)
    blobs.put_stream(io.BytesIO(b"small"), SMALL)
    blobs.put_stream(io.BytesIO(BIG), LARGE)
    (tmp_path / "data").mkdir()
    kept = tmp_path / "kept"
    with Database.open(f"sqlite:///{tmp_path / 'data' / 'vestige.sqlite'}") as db:
        db.migrate()
        db.server_name("here")
        parts = Parts(db, blobs, tmp_path / "data", lambda _: [SMALL, LARGE, LOST], "1", [])
        made = make(parts, kept, lambda *_: None, threading.Event())
    assert made.missing == [LOST]
    assert (kept / "blobs" / "bb" / LARGE).read_bytes() == BIG

    again = tmp_path / "again"
    again.mkdir()
    file = again / "vestige.sqlite"
    target = store(there)
    target.put_back(SMALL, b"small")
    place = Place(again, lambda: target, f"sqlite:///{file}", "", file)
    (kept / "blobs" / "bb" / LARGE).write_bytes(BIG[:-1] + b"!")
    with pytest.raises(IntegrityError, match=LARGE):
        put_back(Backup.open(kept), place, lambda *_: None)
    assert server.keys(there) == [f"evidence/aa/{SMALL}"], "of several parts none stays; what was there does"
    assert not file.exists()
    (kept / "blobs" / "bb" / LARGE).write_bytes(BIG)
    put_back(Backup.open(kept), place, lambda *_: None)
    assert target.get(LARGE) == BIG
    assert target.get(SMALL) == b"small"
    assert server.keys(here) == server.keys(there)
