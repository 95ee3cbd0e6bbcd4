"""Uploads: what is acknowledged is there after a crash, what is not is cut off, and every bound has two sides."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import uploads as module
from vestige.app.uploads import Upload, Uploads, clear_old
from vestige.model.errors import BusyError, ConflictError, InputError, NotFoundError, StorageError, TooLargeError
from vestige.model.instant import NANOS, now

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"2026-04-09T12:00:00Z one\n2026-04-09T12:00:01Z two\n"
SHA = hashlib.sha256(DATA).hexdigest()


def wanted(**change: Any) -> Upload:
    base = Upload(id="", name="auth.log", size=len(DATA), sha256=SHA, by="ann", created_at=0, touched_at=0)
    return replace(base, **change)


def opened(folder: Path, **bounds: int) -> Uploads:
    return Uploads(folder / "uploads", **({"most_bytes": 1000, "most": 3, "seconds": 60} | bounds))


def test_pieces_make_the_file_and_nobody_else_may_look_at_it(tmp_path: Path) -> None:
    uploads = opened(tmp_path)
    made, new = uploads.begin(wanted(modified_at=1_775_736_000 * NANOS))
    assert new
    uploads.write(made.id, 0, DATA[:20])
    told = uploads.write(made.id, 20, DATA[20:])
    assert told.complete
    path = uploads.whole(told)
    assert path.read_bytes() == DATA
    assert path.stat().st_mtime_ns == 1_775_736_000 * NANOS
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with uploads.alone(made.id):
        uploads.remove(made.id)
    assert list(path.parent.iterdir()) == []
    uploads.close()


def test_a_crash_loses_nothing_acknowledged_and_keeps_nothing_else(tmp_path: Path) -> None:
    first = opened(tmp_path)
    made, _ = first.begin(wanted())
    first.write(made.id, 0, DATA[:30])
    # Bytes of a piece that was never acknowledged, and a file of facts that was not put in place yet.
    with (tmp_path / "uploads" / f"{made.id}.bytes").open("ab") as stream:
        stream.write(b"x" * 100)
    (tmp_path / "uploads" / f"{made.id}.new").write_bytes(b"{")
    (tmp_path / "uploads" / "0123.bytes").write_bytes(b"of nobody")
    second = opened(tmp_path)
    assert second.get(made.id).offset == 30
    assert not (tmp_path / "uploads" / "0123.bytes").exists()
    assert second.whole(second.write(made.id, 30, DATA[30:])).read_bytes() == DATA


def test_the_same_file_is_gone_on_with(tmp_path: Path) -> None:
    uploads = opened(tmp_path)
    made, _ = uploads.begin(wanted())
    uploads.write(made.id, 0, DATA[:10])
    again, new = uploads.begin(wanted(zone="+02:00"))
    assert (again.id, again.offset, again.zone, new) == (made.id, 10, "+02:00", False)
    assert uploads.begin(wanted(by="ben"))[1], "another's upload is not gone on with"
    assert uploads.begin(wanted(sha256=""))[1], "without a digest nobody knows that it is the same"
    assert next(one.id for one in uploads.of("ann")) == made.id


def test_a_piece_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    uploads = opened(tmp_path)
    made, _ = uploads.begin(wanted())
    uploads.write(made.id, 0, DATA[:10])
    for offset in (0, 9, 11):
        with pytest.raises(ConflictError, match="Upload-Offset: 10"):
            uploads.write(made.id, offset, b"x")
    with pytest.raises(TooLargeError, match="more of the file"):
        uploads.write(made.id, 10, DATA[10:] + b"x")
    with pytest.raises(ConflictError, match="not all here"):
        uploads.whole(uploads.get(made.id))
    assert uploads.write(made.id, 10, DATA[10:]).complete


def test_other_bytes_than_announced_are_not_taken_in(tmp_path: Path) -> None:
    uploads = opened(tmp_path)
    made, _ = uploads.begin(wanted())
    told = uploads.write(made.id, 0, DATA[:-1] + b"x")
    with pytest.raises(InputError, match="not those that were announced"):
        uploads.whole(told)


def test_bounds(tmp_path: Path) -> None:
    uploads = opened(tmp_path, most_bytes=100)
    with pytest.raises(TooLargeError, match="100 bytes"):
        uploads.begin(wanted(size=101, sha256=""))
    first, _ = uploads.begin(wanted(size=60, sha256=""))
    with pytest.raises(BusyError, match="60 bytes"):
        uploads.begin(wanted(size=41, sha256=""))
    uploads.begin(wanted(size=30, sha256=""))
    uploads.begin(wanted(size=10, sha256=""))
    with pytest.raises(BusyError, match="at most 3"):
        uploads.begin(wanted(size=1, sha256=""))
    with uploads.alone(first.id):
        uploads.remove(first.id)
    uploads.begin(wanted(size=1, sha256=""))


def test_what_is_old_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = opened(tmp_path)
    made, _ = uploads.begin(wanted())
    at = now()
    monkeypatch.setattr(module, "now", lambda: at + 59 * NANOS)
    assert uploads.write(made.id, 0, DATA[:5]).offset == 5
    monkeypatch.setattr(module, "now", lambda: at + 118 * NANOS)
    assert uploads.get(made.id).offset == 5
    monkeypatch.setattr(module, "now", lambda: at + 121 * NANOS)
    with pytest.raises(NotFoundError):
        uploads.get(made.id)
    assert uploads.of("ann") == []
    assert list((tmp_path / "uploads").iterdir()) == []


@pytest.mark.parametrize("name", ["", "../../vestige", "0" * 31, "0" * 33, "G" * 32, "0" * 32])
def test_no_name_but_an_id_is_looked_for(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError):
        opened(tmp_path).get(name)


def test_one_at_a_time(tmp_path: Path) -> None:
    uploads = opened(tmp_path)
    made, _ = uploads.begin(wanted())
    with uploads.alone(made.id), pytest.raises(ConflictError, match="in use"):
        uploads.write(made.id, 0, b"x")
    assert uploads.write(made.id, 0, b"x").offset == 1


def test_a_disk_that_takes_no_more_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = opened(tmp_path)
    made, _ = uploads.begin(wanted())

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(StorageError, match="No space left"):
            uploads.write(made.id, 0, DATA)
    assert uploads.write(made.id, 0, DATA).complete


def test_what_is_old_goes_of_every_tenant_at_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, _ = Uploads(tmp_path / "one", most_bytes=1000, most=3, seconds=60).begin(wanted())
    at = now()
    monkeypatch.setattr(module, "now", lambda: at + 50 * NANOS)
    kept, _ = Uploads(tmp_path / "two", most_bytes=1000, most=3, seconds=60).begin(wanted())
    monkeypatch.setattr(module, "now", lambda: at + 70 * NANOS)
    clear_old(tmp_path, most_bytes=1000, most=3, seconds=60)
    assert {path.stem for path in tmp_path.rglob("*.json")} == {kept.id} != {old.id}
    clear_old(tmp_path / "nowhere", most_bytes=1000, most=3, seconds=60)


def test_bytes_that_a_disk_lost_are_not_made_up(tmp_path: Path) -> None:
    uploads = opened(tmp_path)
    made, _ = uploads.begin(wanted(sha256=""))
    told = uploads.write(made.id, 0, DATA)
    assert uploads.whole(told).read_bytes() == DATA
    os.truncate(tmp_path / "uploads" / f"{made.id}.bytes", len(DATA) - 1)
    with pytest.raises(StorageError, match="gone from the disk"):
        uploads.whole(told)
