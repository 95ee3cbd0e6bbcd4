"""What was kept is there after any end; what was torn off never was kept; what is too much goes, and is told."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.capture.spool import Spool, lines
from vestige.capture.taking import Taking

if TYPE_CHECKING:
    from vestige.secrets import Redactor

RECORD = st.binary(min_size=1).filter(lambda data: b"\n" not in data)


def ids(count: int) -> list[str]:
    return [f"{number:032x}" for number in range(count)]


def test_what_is_appended_is_read_again_by_the_next_program(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append("r", "s", [("a" * 32, b'{"n":1}')])
    spool.append("r", "s", [("b" * 32, b'{"n":2}'), ("c" * 32, b'{"n":3}')])
    again = Spool(tmp_path)
    (segment,) = again.closed()
    assert segment.records() == [b'{"n":1}', b'{"n":2}', b'{"n":3}']
    assert (segment.repository, segment.stream) == ("r", "s")
    assert again.ids == {"a" * 32, "b" * 32, "c" * 32}
    assert again.waiting()["r"].events == 3
    again.done(segment)
    assert (again.closed(), again.size, again.ids, again.waiting()) == ([], 0, set(), {})
    assert list(tmp_path.glob("r/*.jsonl")) == []


@given(st.lists(RECORD, min_size=1, max_size=5), st.data())
def test_a_torn_file_holds_the_records_before_the_tear(records: list[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder))
        ends = []
        for identity, record in zip(ids(len(records)), records, strict=True):
            spool.append("r", "s", [(identity, record)])
            ends.append(spool.size)
        (path,) = Path(folder).glob("r/*.jsonl")
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        # The last line's own end may be torn off: its sum says that it is whole.
        kept = sum(cut >= end - 1 for end in ends)
        assert [record for _, record in lines(whole[:cut])] == records[:kept]


def test_a_byte_that_changed_is_no_record() -> None:
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder))
        spool.append("r", "s", [("a" * 32, b"one"), ("b" * 32, b"two")])
        (path,) = Path(folder).glob("r/*.jsonl")
        data = path.read_bytes()
        assert [record for _, record in lines(data.replace(b"one", b"oNe"))] == [b"two"]


def test_what_could_be_written_in_part_only_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    spool.append("r", "s", [("a" * 32, b"first")])
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return write(descriptor, bytes(data)[:10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        spool.append("r", "s", [("b" * 32, b"second")])
    monkeypatch.undo()
    spool.append("r", "s", [("c" * 32, b"third")])
    assert spool.closed()[0].records() == [b"first", b"third"]
    assert "b" * 32 not in spool.ids


def test_where_it_cannot_even_be_taken_back_nothing_is_written_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append("r", "s", [("a" * 32, b"first")])

    def fails(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    monkeypatch.setattr(os, "ftruncate", fails)
    with pytest.raises(OSError, match="Input/output"):
        spool.append("r", "s", [("b" * 32, b"second")])
    monkeypatch.undo()
    spool.append("r", "s", [("c" * 32, b"third")])
    assert len(spool.closed()) == 2
    assert spool.closed()[1].records() == [b"third"]


def test_the_oldest_goes_where_there_is_too_much_and_is_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path, most_bytes=300)
    for number in range(3):
        spool.append("r", "s", [(f"{number:032x}", b"x" * 100)])
        spool.closed()
    (gone,) = spool.trim(now=0)
    assert (gone.repository, gone.records) == ("r", 1)
    assert spool.size <= 300
    assert [segment.records() for segment in spool.closed()] == [[b"x" * 100]] * 2
    assert spool.trim(now=0) == []
    assert 0 <= gone.last_at - gone.first_at < 60


def test_what_went_is_told_with_the_time_it_is_of(tmp_path: Path, redactor: Redactor) -> None:
    spool = Spool(tmp_path, most_bytes=300)
    for number in range(3):
        spool.append("r", "s", [(f"{number:032x}", b"x" * 100)])
        spool.closed()
    gone = spool.trim(now=0)
    Taking(spool, tmp_path, redactor, b"k" * 32).dropped(gone)
    (told,) = [record for segment in spool.closed() for record in segment.records() if b"capture_gap" in record]
    said = orjson.loads(told)["vestige_capture"]
    assert (said["records"], said["reason"]) == (1, "the spool was full, or too old")
    assert [said["first_at"], said["last_at"]] == [int(gone[0].first_at * 1e9), int(gone[0].last_at * 1e9)]


def test_what_is_too_old_goes_and_what_is_not_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path, most_age=60)
    spool.append("r", "s", [("a" * 32, b"x")])
    made = spool.closed()[0].made_at
    assert spool.trim(made + 59) == []
    assert [one.records for one in spool.trim(made + 61)] == [1]


def test_only_the_repository_that_is_sent_has_its_segment_closed(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append("r", "s", [("a" * 32, b"x")])
    spool.append("q", "s", [("b" * 32, b"y")])
    assert [segment.repository for segment in spool.closed("r")] == ["r"]
    spool.append("q", "s", [("c" * 32, b"z")])
    assert len(list(tmp_path.glob("q/*.jsonl"))) == 1


def test_files_are_the_users_own(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append("r", "s", [("a" * 32, b"x")])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("r/*")} == {0o600}
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o700
