"""The systemd journal, as JSON and in the export format: the same entries, the same meaning."""

# ruff: noqa: E501 - rows of tables hold whole records

from __future__ import annotations

import io
import json
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.event import Event, Unparsed
from vestige.sources import Context, Sample, detect
from vestige.sources.linux.journal_messages import MESSAGES
from vestige.sources.linux.journald_export import FORMAT as EXPORT
from vestige.sources.linux.journald_export import split_export
from vestige.sources.linux.journald_json import FORMAT as JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTEXT = Context(received_at=0)
BASE = {
    "__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1767225600000002", "_SOURCE_REALTIME_TIMESTAMP": "1767225600000001",
    "_BOOT_ID": "0af", "_MACHINE_ID": "beef", "_HOSTNAME": "web-1", "PRIORITY": "6",
}  # fmt: skip


def exported(fields: Mapping[str, str | bytes]) -> bytes:
    """An entry as journalctl -o export writes it."""
    out = b""
    for name, value in fields.items():
        data = value if isinstance(value, bytes) else value.encode()
        if b"\n" in data or isinstance(value, bytes):
            out += name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
        else:
            out += name.encode() + b"=" + data + b"\n"
    return out


def read(**fields: Any) -> Event:
    (reading,) = JSON.parse([json.dumps({**BASE, **fields}).encode()], CONTEXT)
    assert isinstance(reading, Event), reading
    return reading


def split(data: bytes, **more: Any) -> list[bytes]:
    return [record.payload for batch in split_export(io.BytesIO(data), **more) for record in batch]


def test_a_sign_in_means_what_it_means_in_syslog() -> None:
    event = read(SYSLOG_IDENTIFIER="sshd", _PID="7", MESSAGE="Failed password for root from 192.0.2.7 port 22 ssh2")
    assert (event.event_type, event.outcome, event.action) == ("auth.login_failed", "failure", "Failed password")
    assert (event.actor_id, event.src_ip, event.src_port) == ("root", "192.0.2.7", 22)
    assert (event.host, event.device_id, event.session) == ("web-1", "beef", "web-1:sshd[7]")
    assert (event.occurred_at, event.time_text, event.time_quality, event.observed_at) == (
        1_767_225_600_000_001_000, "1767225600000001", "exact", 1_767_225_600_000_002_000,
    )  # fmt: skip
    assert ("custom", "boot:0af") in event.keys
    assert event.message == "sshd: Failed password for root from 192.0.2.7 port 22 ssh2"
    assert json.loads(event.attributes)["__CURSOR"] == "s=1"


def test_without_the_senders_time_the_journals_own_is_taken() -> None:
    event = read(_SOURCE_REALTIME_TIMESTAMP=None, _COMM="x", MESSAGE="y")
    assert (event.occurred_at, event.observed_at) == (1_767_225_600_000_002_000, None)
    undated = read(_SOURCE_REALTIME_TIMESTAMP=[1], __REALTIME_TIMESTAMP="9" * 19, MESSAGE="y")
    assert (undated.occurred_at, undated.time_quality) == (None, "missing")


SYSTEMD = [
    ("39f53479d3a045ac8e11786248231fbf", {"UNIT": "a.service", "JOB_RESULT": "done"}, "service.started", "success", "a.service"),
    ("9d1aaa27d60140bd96365438aad20286", {"UNIT": "a.service"}, "service.stopped", "success", "a.service"),
    ("be02cf6855d2428ba40df7e9d022f03d", {"UNIT": "a.service"}, "service.error", "failure", "a.service"),
    ("d9b373ed55a64feb8242e02dbe79a49c", {"USER_UNIT": "b.service"}, "service.error", "failure", "b.service"),
    ("98e322203f7a4ed290d09fe03c09fe15", {"UNIT": "a.service", "EXIT_CODE": "exited", "EXIT_STATUS": "1"}, "process.stopped", "failure", "a.service"),
    ("98e322203f7a4ed290d09fe03c09fe15", {"UNIT": "a.service", "EXIT_STATUS": "0"}, "process.stopped", "success", "a.service"),
    ("fc2e22bc6ee647b6b90729ab34a250b1", {"COREDUMP_EXE": "/bin/x"}, "service.error", "failure", "/bin/x"),
    ("c7a787079b354eaaa9e77b371893cd27", {}, "host.clock_changed", "", ""),
    ("98268866d1d54a499c4e98921d93bc40", {}, "host.stopped", "", ""),
    ("a596d6fe7bfa4994828e72309e95d61e", {}, "logging.lost", "failure", ""),
]  # fmt: skip


@pytest.mark.parametrize(("number", "more", "kind", "outcome", "thing"), SYSTEMD)
def test_systemds_message_ids(number: str, more: dict[str, str], kind: str, outcome: str, thing: str) -> None:
    event = read(MESSAGE_ID=number, MESSAGE="in some language", SYSLOG_IDENTIFIER="systemd", **more)
    assert (event.event_type, event.outcome, event.object_id) == (kind, outcome, thing)
    assert event.action == MESSAGES[number].action


def test_sessions_of_logind() -> None:
    event = read(
        MESSAGE_ID="8d45620c1a4348dbb17410da57c60c66",
        SESSION_ID="5",
        USER_ID="bob",
        MESSAGE="m",
        _COMM="systemd-logind",
    )
    assert (event.event_type, event.actor_id, event.session) == ("session.opened", "bob", "web-1:5")


def test_audit_records_in_the_journal_mean_what_they_mean_in_the_audit_log() -> None:
    event = read(
        _TRANSPORT="audit", _AUDIT_TYPE="1112", _AUDIT_TYPE_NAME="USER_LOGIN", _AUDIT_ID="77",
        MESSAGE="USER_LOGIN pid=9 uid=0 auid=4294967295 ses=4294967295 msg='op=login acct=\"eve\" "
        "exe=\"/usr/sbin/sshd\" addr=192.0.2.7 terminal=ssh res=failed'",
    )  # fmt: skip
    assert (event.event_type, event.outcome, event.actor_id, event.src_ip) == (
        "auth.login_failed",
        "failure",
        "eve",
        "192.0.2.7",
    )
    assert event.keys[0] == ("custom", "audit::1767225600.000:77")
    assert event.occurred_at == 1_767_225_600_000_001_000
    assert json.loads(event.attributes)["_AUDIT_ID"] == "77"


def test_audit_records_the_kernel_printed_are_read_at_their_own_time() -> None:
    event = read(
        _TRANSPORT="kernel",
        MESSAGE='audit: type=1400 audit(1767225599.123:7): apparmor="DENIED" name="/etc/shadow" pid=5',
    )
    assert (event.event_type, event.object_id, event.host, event.device_id) == (
        "access.denied",
        "/etc/shadow",
        "web-1",
        "beef",
    )
    assert (event.occurred_at, event.observed_at) == (1_767_225_599_123_000_000, 1_767_225_600_000_002_000)
    assert ("custom", "boot:0af") in event.keys


def test_kernel_messages_and_priorities() -> None:
    event = read(
        _TRANSPORT="kernel", MESSAGE="[UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.7 DST=192.0.2.8 PROTO=TCP SPT=5 DPT=22"
    )
    assert (event.event_type, event.outcome, event.dst_ip, event.dst_port, event.protocol) == (
        "network.denied", "failure", "192.0.2.8", 22, "tcp",
    )  # fmt: skip
    error = read(_COMM="app", PRIORITY="3", MESSAGE="it broke")
    assert (error.event_type, error.severity) == ("service.error", 3)
    line = read(_COMM="app", MESSAGE="hello", _AUDIT_LOGINUID="1000")
    assert (line.event_type, line.actor_id) == ("log.line", "")


def test_values_as_bytes_lists_and_nothing() -> None:
    assert read(_COMM="x", MESSAGE=[104, 105, 255]).message == "x: hi\ufffd"
    assert read(_COMM="x", MESSAGE=["first", "second"]).message == "x: first"
    assert read(_COMM="x", MESSAGE=[[104, 105], [106]]).message == "x: hi"
    odd: object
    for odd in (None, [], [300], {"a": 1}, [None], 5.5, True, [[], {}]):
        assert isinstance(read(_COMM="x", MESSAGE=odd, _PID=odd, PRIORITY=odd, MESSAGE_ID=odd), Event)


def test_recognised_in_lines_arrays_and_pretty_print() -> None:
    entry = {**BASE, "MESSAGE": "m"}
    for text in (json.dumps(entry) + "\n", json.dumps([entry, entry]), json.dumps(entry, indent=1)):
        choice = detect(Sample("f.log", text.encode(), complete=True))
        assert choice.format is JSON


ENTRY = exported(
    {
        **BASE,
        "SYSLOG_IDENTIFIER": "sshd",
        "_PID": "7",
        "MESSAGE": b"Accepted password for bob from 192.0.2.7 port 5 ssh2",
    }
)


def test_an_exported_entry_means_what_its_json_means() -> None:
    (payload,) = split(ENTRY + b"\n")
    (event,) = EXPORT.parse([payload], CONTEXT)
    assert isinstance(event, Event)
    same = read(SYSLOG_IDENTIFIER="sshd", _PID="7", MESSAGE="Accepted password for bob from 192.0.2.7 port 5 ssh2")
    assert event._replace(attributes="") == same._replace(attributes="")
    assert json.loads(event.attributes) == json.loads(same.attributes)


def test_binary_values_may_hold_empty_lines_and_fields() -> None:
    tricky = exported({**BASE, "_COMM": "x", "MESSAGE": b"a\n\nMESSAGE=b\n\n__CURSOR=evil"})
    payloads = split(tricky + b"\n" + ENTRY + b"\n")
    assert payloads == [tricky[:-1], ENTRY[:-1]]
    (event, _) = EXPORT.parse(payloads, CONTEXT)
    assert isinstance(event, Event)
    assert json.loads(event.attributes)["MESSAGE"] == "a\n\nMESSAGE=b\n\n__CURSOR=evil"
    assert json.loads(event.attributes)["__CURSOR"] == "s=1"


def test_repeated_fields_and_bytes_that_are_no_text() -> None:
    (event,) = EXPORT.parse([ENTRY + b"TAG=a\nTAG=b\nTAG=c\nRAW\n" + struct.pack("<Q", 1) + b"\xff"], CONTEXT)
    assert isinstance(event, Event)
    assert json.loads(event.attributes)["TAG"] == ["a", "b", "c"]
    assert event.tags == ("encoding:replaced",)


@pytest.mark.parametrize(
    "entry",
    [b"=x", b"no field", b"lower=x", b"NAME\n\1\0\0", b"NAME\n" + struct.pack("<Q", 9) + b"x", b"A=b", b"NAME\n" + struct.pack("<Q", 1) + b"xyz"],
)  # fmt: skip
def test_what_is_no_entry_is_unparsed(entry: bytes) -> None:
    (reading,) = EXPORT.parse([entry], CONTEXT)
    assert isinstance(reading, Unparsed)


def test_a_damaged_length_does_not_swallow_what_follows() -> None:
    broken = b"__CURSOR=s\nMESSAGE\n" + struct.pack("<Q", 5) + b"ab\n\n"
    assert split(broken + ENTRY + b"\n")[-1] == ENTRY[:-1]
    huge = b"__CURSOR=s\nMESSAGE\n" + b"\xff" * 8 + b"ab\n\n"
    assert split(huge + ENTRY + b"\n")[-1] == ENTRY[:-1]
    torn = b"__CURSOR=s\nMESSAGE\n" + struct.pack("<Q", 10**6) + b"ab\n\n"
    assert split(torn + ENTRY + b"\n")[-1] == ENTRY[:-1]


def test_an_entry_above_the_bound_is_cut_into_pieces_that_are_longer_than_it() -> None:
    big = exported({**BASE, "MESSAGE": b"x\n\n" * 100})
    data = big + b"\n" + ENTRY + b"\n"
    payloads = split(data, bound=120)
    assert all(len(payload) > 120 for payload in payloads)
    assert b"".join(payloads) == big[:-1] + ENTRY[:-1]
    assert big[:-1] in {b"".join(payloads[:count]) for count in range(len(payloads))}
    whole = [(r.offset, r.payload) for batch in split_export(io.BytesIO(data), bound=1000) for r in batch]
    assert whole == [(0, big[:-1]), (len(big) + 1, ENTRY[:-1])]


@given(
    entries=st.lists(st.dictionaries(st.sampled_from(["__CURSOR", "A", "B_C", "_D"]), st.text(max_size=12) | st.binary(max_size=30), min_size=1), max_size=5),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
)  # fmt: skip
def test_entries_come_back_whole_however_they_arrive(
    entries: list[dict[str, str | bytes]], sizes: list[int], drip: Any
) -> None:
    data = b"\n".join(map(exported, entries)) + b"\n"
    found = [record for batch in split_export(drip(data, sizes)) for record in batch]
    assert [record.payload + b"\n" for record in found] == [exported(entry) for entry in entries]
    assert all(data[r.offset : r.offset + len(r.payload)] == r.payload for r in found)


def test_many_lines_and_long_lines_take_linear_time() -> None:
    started = time.process_time()
    for data in (
        b"A\n" * 500_000,
        b"x" * 2_000_000,
        b"A=b\n" * 300_000,
        (b"A\n" + struct.pack("<Q", 1) + b"b\n") * 100_000,
    ):
        list(split_export(io.BytesIO(data)))
        EXPORT.parse([data], CONTEXT)
    assert time.process_time() - started < 8


def test_an_export_is_recognised() -> None:
    choice = detect(Sample("f", (ENTRY + b"\n") * 3, complete=True))
    assert choice.format is EXPORT
    assert choice.why == "journald_export: 3 entries of journalctl -o export"
    long = detect(Sample("f", ENTRY[:-60] + b"M" * 60_000, complete=False))
    assert long.format is EXPORT
