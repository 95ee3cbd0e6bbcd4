from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import orjson
import pytest

from support.forensic import events_of, read_member
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Context
from vestige.sources.forensic.bodyfile import FORMAT

if TYPE_CHECKING:
    from pathlib import Path


def read(line: str) -> tuple[Event, ...]:
    (found,) = FORMAT.parse([line.encode()], Context(received_at=0))
    assert not isinstance(found, Unparsed | Skipped), found
    return (found,) if isinstance(found, Event) else found


def body(times: str, name: str = "/x", mode: str = "r/rrw-r--r--", digest: str = "0") -> tuple[Event, ...]:
    return read(f"{digest}|{name}|12-128-1|{mode}|48|0|9|{times}")


def told(events: tuple[Event, ...]) -> list[tuple[str, str, int | None]]:
    return [(found.event_type, found.action, found.occurred_at) for found in events]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("7|7|7|7", [("file.created", "MACB", 7)]),
        ("9|8|7|6", [("file.created", "...B", 6), ("file.attributes_changed", "..C.", 7), ("file.changed", "M...", 8),
                     ("file.read", ".A..", 9)]),
        ("5|6|6|0", [("file.read", ".A..", 5), ("file.changed", "M.C.", 6)]),
        ("5|-1|6|", [("file.read", ".A..", 5), ("file.attributes_changed", "..C.", 6)]),
    ],
)  # fmt: skip
def test_a_line_gives_an_event_for_each_distinct_time(times: str, expected: list[tuple[str, str, int]]) -> None:
    assert told(body(times)) == [(kind, letters, at * 10**9) for kind, letters, at in expected]


def test_fields_of_an_event() -> None:
    digest = "0123456789abcdef0123456789ABCDEF"
    (found,) = body("5|5|5|5", name="/a/b.exe (deleted)", digest=digest)
    assert found._replace(attributes="") == Event(
        "file.created", occurred_at=5 * 10**9, time_text="5", time_quality="exact", action="MACB",
        object_id="/a/b.exe", object_type="file", message="MACB /a/b.exe (deleted) (r/rrw-r--r--, 9 bytes)",
        tags=("file:deleted",), attributes="", keys=(("hash", digest.lower()),),
    )  # fmt: skip
    assert orjson.loads(found.attributes) == {
        "md5": digest, "name": "/a/b.exe (deleted)", "inode": "12-128-1", "mode": "r/rrw-r--r--", "uid": "48",
        "gid": "0", "size": "9", "atime": "5", "mtime": "5", "ctime": "5", "crtime": "5",
    }  # fmt: skip


@pytest.mark.parametrize("times", ["0|0|0|0", "|||", "-1|-1|-1|-1", "0|-1||0.0"])
def test_a_line_without_times_is_one_undated_event(times: str) -> None:
    (found,) = body(times)
    assert (found.occurred_at, found.time_quality, found.tags) == (None, "missing", ("time:not_a_time",))


def test_times_that_cannot_be_read_are_undated_events_with_their_text() -> None:
    first, second, third = body("99999999999|x|x|7")
    assert (first.action, first.occurred_at) == ("...B", 7 * 10**9)
    assert (second.action, second.time_text, second.tags) == (".A..", "99999999999", ("time:out_of_range",))
    assert (third.action, third.time_text, third.tags) == ("M.C.", "x", ("time:unreadable",))


def test_fractions_are_read_to_the_nanosecond() -> None:
    first, second = body("1596091265.352146149|1596091265.352146149|1596091265.352146149|1596091265.3520708")
    assert (first.occurred_at, second.occurred_at) == (1596091265352070800, 1596091265352146149)
    assert body("-5.5|0|0|0")[0].occurred_at == -5_500_000_000


@pytest.mark.parametrize(
    ("name", "mode", "path", "kind"),
    [
        ("/a|b|c", "r/r", "/a|b|c", "file"),
        ("/file\\|with\\|pipes", "r/r", "/file|with|pipes", "file"),
        ("/file\\\\with", "r/r", "/file\\with", "file"),
        ("/Windows\\System32", "d/d", "/Windows\\System32", "directory"),
        ("/l -> /mnt/t", "l/l", "/l", "link"),
        ("/l -> /mnt/t", "r/r", "/l -> /mnt/t", "file"),
        ("/x (deleted-realloc)", "r/r", "/x", "file"),
    ],
)
def test_names_are_found_from_the_right(name: str, mode: str, path: str, kind: str) -> None:
    (found,) = body("5|5|5|5", name=name, mode=mode)
    assert (found.object_id, found.object_type) == (path, kind)


def test_other_lines_have_a_reason() -> None:
    context = Context(received_at=0)
    lines = [
        b"# Comment",
        b"MD5|name|inode|mode_as_string|UID|GID|size|atime|mtime|ctime|crtime",
        b"0|a|b",
        b"x" * 1_000_000,
    ]
    comment, header, short, long = FORMAT.parse(lines, context)
    assert (comment, header) == (Skipped("a comment"), Skipped("the field names"))
    assert short == Unparsed("no bodyfile line: expected 11 fields joined by |, got 3")
    assert isinstance(long, Unparsed)


def test_the_bodyfile_plaso_tests_with(corpus: Path) -> None:
    data = (corpus / "plaso-test-data" / "bodyfile" / "bodyfile").read_bytes()
    readings = read_member(data, "bodyfile")
    assert Counter(type(reading) is Skipped for reading in readings) == {False: 24, True: 1}
    events = events_of(readings)
    assert len(events) == 44
    told = {(found.object_id, found.event_type): found for found in events}
    for kind, when in (
        ("file.read", "2012-05-25T15:59:43Z"),
        ("file.changed", "2012-05-25T15:59:44Z"),
        ("file.attributes_changed", "2012-05-25T15:59:45Z"),
    ):
        at = told["/a_directory/another_file", kind].occurred_at
        assert at is not None
        assert to_text(at) == when
    undated = [found for found in events if found.occurred_at is None]
    assert len(undated) == 4
    corrupt = events_of(read_member((corpus / "plaso-test-data/bodyfile/bodyfile.corrupt").read_bytes(), "bodyfile"))
    assert [(found.action, found.occurred_at) for found in corrupt if found.object_id == "/Windows\\System32"] == [
        ("..CB", 1552970242 * 10**9), ("MA..", 1610454361 * 10**9),
    ]  # fmt: skip


def test_time_grows_with_the_number_of_lines_alone() -> None:
    line = "0|/usr/lib/x{0}/a file|{0}|r/rrw-r--r--|0|0|{0}|17000{0}|17000{0}.25|17001{0}|0"
    lines = [line.format(number).encode() for number in range(10_000, 110_000)]
    context = Context(received_at=0)

    def spent(count: int) -> float:
        began = time.process_time()
        readings = FORMAT.parse(lines[:count], context)
        assert all(type(reading) is tuple and len(reading) == 3 for reading in readings)
        return time.process_time() - began

    spent(10_000)
    small = min(spent(10_000) for _ in range(3))
    assert spent(100_000) < 30 * small


@pytest.mark.parametrize("text", ["|" * 1_000_000, "\\|" * 500_000, " -> " * 250_000, "0|" + "\\x" * 500_000 + "|" * 9])
def test_long_lines_are_read_at_once(text: str) -> None:
    began = time.process_time()
    FORMAT.parse([text.encode(), f"0|{text}|1|l/l|0|0|0|5|5|5|5".encode()], Context(received_at=0))
    assert time.process_time() - began < 2
