"""Login records, and what was typed into shells."""

from __future__ import annotations

import io
from collections import Counter
from struct import Struct
from typing import TYPE_CHECKING

import pytest

from support.one import attributes, claim, event_of, read_one
from support.reading import events_of, readings_of
from support.samples.linux import login
from vestige.model.errors import InputError
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Context, Sample, detect
from vestige.sources.linux.shell_history import FORMAT as HISTORY
from vestige.sources.linux.utmp import FORMAT as UTMP

if TYPE_CHECKING:
    from pathlib import Path

HERE = b"\xc0\x00\x02\x07"
THERE = bytes.fromhex("20010db8000000000000000000000001")


@pytest.mark.parametrize(
    ("record", "kind", "outcome", "actor", "ip", "message"),
    [
        (login(7, "pts/0", "bob", "192.0.2.7"), "session.opened", "success", "bob", "192.0.2.7",
         "bob opened a session on pts/0 from 192.0.2.7"),
        (login(7, "pts/0", "bob", "ws.example", address=THERE), "session.opened", "success", "bob", "2001:db8::1",
         "bob opened a session on pts/0 from ws.example"),
        (login(8, "pts/0", "", ""), "session.closed", "", "", "", "the session on pts/0 ended"),
        (login(6, "ssh:notty", "root", "192.0.2.7", address=HERE), "auth.login_failed", "failure", "root", "192.0.2.7",
         "root was refused on ssh:notty from 192.0.2.7"),
        (login(6, "ssh:notty", "", ""), "auth.login_failed", "failure", "", "",
         "nobody named was refused on ssh:notty"),
        (login(6, "tty1", "LOGIN", ""), "service.status", "", "", "", "LOGIN_PROCESS LOGIN on tty1"),
        (login(2, "~", "reboot", "6.1"), "host.started", "", "", "", "the machine came up (6.1)"),
        (login(1, "~", "shutdown", "6.1"), "host.stopped", "", "", "", "the machine went down (6.1)"),
        (login(1, "~", "runlevel", "6.1", pid=53), "host.state", "", "", "", "run level 5 (6.1)"),
        (login(3, "}", "date", ""), "host.clock_changed", "", "", "", "the clock was set: its new time"),
    ],
)  # fmt: skip
def test_login_records(record: bytes, kind: str, outcome: str, actor: str, ip: str, message: str) -> None:
    event = event_of(UTMP, record)
    assert (event.event_type, event.outcome, event.actor_id, event.src_ip, event.message) == (
        kind, outcome, actor, ip, message,
    )  # fmt: skip
    assert event.session == ""  # many a machine has a pts/0 with this process
    assert (to_text(event.occurred_at or 0), event.time_quality) == ("2026-01-01T10:00:00.000005Z", "exact")


@pytest.mark.parametrize(
    ("seconds", "micros", "at", "tag"),
    [
        (20_260_101, 0, "1970-08-23T11:48:21Z", ()),
        (1_767_261_600, 5, "2026-01-01T10:00:00.000005Z", ()),
        (-1, 999_999, "1969-12-31T23:59:59.999999Z", ()),
        (9_223_372_036, 854_775, "2262-04-11T23:47:16.854775Z", ()),
        (9_223_372_036, 854_776, None, ("time:out_of_range",)),
        (1_767_261_600_123, 0, None, ("time:out_of_range",)),
        (-(2**63), 0, None, ("time:out_of_range",)),
        (1_767_261_600, 1_000_000, "2026-01-01T10:00:00Z", ()),
        (0, 0, None, ()),
    ],
)
def test_a_login_records_time_is_its_seconds_whatever_their_size(
    seconds: int, micros: int, at: str | None, tag: tuple[str, ...]
) -> None:
    record = Struct("<h2xi32s4s32s256shhqqq16s24x").pack(
        7, 7, b"pts/0", b"", b"bob", b"", 0, 0, 0, seconds, micros, bytes(16)
    )
    (event,) = UTMP.parse([record], Context(received_at=0, extra=(("layout", "aarch64"),)))
    assert isinstance(event, Event)
    assert (None if event.occurred_at is None else to_text(event.occurred_at), event.tags) == (at, tag)
    assert event.time_quality == ("missing" if at is None else "exact")
    assert event.time_text.startswith(str(seconds))


def test_a_login_record_keeps_every_field() -> None:
    event = event_of(UTMP, login(7, "pts/0", "bob", "ws.example:S.1", address=HERE))
    assert attributes(event) == {
        "type": "USER_PROCESS", "pid": 7, "line": "pts/0", "user": "bob", "host": "ws.example:S.1", "termination": 0,
        "exit": 0, "session": 0, "time": "1767261600.000005", "address": "192.0.2.7",
    }  # fmt: skip
    assert event.keys == (("host", "ws.example"),)


def test_slots_torn_records_and_strange_types() -> None:
    assert isinstance(read_one(UTMP, bytes(384)), Skipped)
    assert isinstance(read_one(UTMP, login(0, "x", "y", "")), Skipped)
    for payload in (b"", b"x", bytes(383), login(99, "x", "y", "")):
        assert isinstance(read_one(UTMP, payload), Unparsed)
    readings = readings_of(UTMP, login(7, "pts/0", "bob", "") * 3 + b"\0" * 5)
    assert [type(reading).__name__ for reading in readings] == ["Event", "Event", "Event", "Unparsed"]


def test_records_are_cut_at_their_size_from_any_place() -> None:
    data = login(7, "pts/0", "bob", "") * 1000
    records = [record for batch in UTMP.split(io.BytesIO(data)) for record in batch]
    assert [record.offset for record in records] == list(range(0, 384_000, 384))
    assert b"".join(record.payload for record in records) == data
    stream = io.BytesIO(data)
    stream.seek(384 * 400)
    later = [record for batch in UTMP.split(stream, start=384 * 400, number=400) for record in batch]
    assert later == records[400:]


def test_what_could_be_read_of_a_broken_stream_is_read() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            part = super().read(size)
            if not part:
                raise InputError("broken", got="x", hint="y")
            return part

    batches = UTMP.split(Broken(login(7, "pts/0", "bob", "") + b"tail"))
    assert [len(record.payload) for record in next(batches)] == [384, 4]
    with pytest.raises(InputError):
        next(batches)


def test_other_bytes_are_no_login_records() -> None:
    for data in (b"words " * 400, bytes(3840), b"\x7fELF" + bytes(4000), login(7, "pts/0", "bob", "")[:300]):
        assert claim(UTMP, data) is None


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("utmp", {"service.status": 6, "session.opened": 6, "host.started": 1, "host.state": 1}),
        ("utmp_x86_64", {"host.clock_changed": 2, "session.closed": 1, "host.started": 1, "host.stopped": 1}),
        ("utmp_aarch64", {"host.clock_changed": 2, "session.closed": 1, "host.started": 1, "host.stopped": 1}),
        ("utmp_s390", {"host.clock_changed": 2, "session.closed": 1, "host.started": 1, "host.stopped": 1}),
        ("utmp_corrupted", {"session.opened": 2}),
        ("wtmp.1", {"session.opened": 1, "session.closed": 1}),
    ],
)
def test_the_login_records_of_the_corpus(corpus: Path, name: str, kinds: dict[str, int]) -> None:
    data = (corpus / "plaso-test-data" / "utmp" / name).read_bytes()
    choice = detect(Sample("f", data, complete=True))
    assert choice.format is UTMP
    events = [reading for reading in readings_of(UTMP, data) if isinstance(reading, Event)]
    assert Counter(event.event_type for event in events) == kinds


@pytest.mark.parametrize(
    ("text", "command", "more"),
    [
        ("#1767261600\ncat /etc/passwd", "cat /etc/passwd", {}),
        ("#1767261600\nfor i in 1\ndo x; done", "for i in 1\ndo x; done", {}),
        (": 1767261600:5;make test", "make test", {"elapsed": "5"}),
        ("- cmd: git push\n  when: 1767261600\n  paths:\n    - a b\n    - c", "git push", {"paths": ["a b", "c"]}),
        ("- cmd: git push\n  when: 1767261600", "git push", {}),
    ],
)
def test_histories(text: str, command: str, more: dict[str, object]) -> None:
    event = event_of(HISTORY, text)
    assert (event.event_type, event.object_id, event.message) == ("process.started", command, command)
    assert to_text(event.occurred_at or 0) == "2026-01-01T10:00:00Z"
    assert attributes(event) == {"time": "1767261600", "command": command, **more}
    assert claim(HISTORY, text + "\n") is not None


def test_commands_without_times_are_unparsed_and_not_claimed() -> None:
    for text in ("ls", "#1767261600", "#1767261600\n", "# comment\nls", "- cmd: ls"):
        assert isinstance(read_one(HISTORY, text), Unparsed)
    assert claim(HISTORY, "ls\ncd /\n# 1\n") is None


@pytest.mark.parametrize("name", ["bash_history", "zsh_extended_history.txt"])
def test_the_histories_of_the_corpus(corpus: Path, name: str) -> None:
    data = (corpus / "plaso-test-data" / name).read_bytes()
    choice = detect(Sample("f", data, complete=True))
    assert choice.format is HISTORY
    assert len(events_of(HISTORY, data)) == 4
