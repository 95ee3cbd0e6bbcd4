from __future__ import annotations

import gzip
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from support.forensic import events_of, psort_lines, read_member
from vestige.model.event import Event
from vestige.model.instant import to_text
from vestige.sources import Context
from vestige.sources.forensic.plaso_json import FORMAT

if TYPE_CHECKING:
    from pathlib import Path


def event(zone: str = "UTC", **more: object) -> Event:
    record = {"__container_type__": "event", "__type__": "AttributeContainer", "data_type": "fs:stat", **more}
    (found,) = FORMAT.parse([orjson.dumps(record)], Context(received_at=0, zone=zone))
    assert isinstance(found, Event)
    return found


@pytest.mark.parametrize(
    ("value", "when"),
    [
        ({"__class_name__": "Filetime", "timestamp": 132500000000000001}, "2020-11-16T11:33:20.000000100Z"),
        ({"__class_name__": "PosixTime", "timestamp": -1}, "1969-12-31T23:59:59Z"),
        ({"__class_name__": "APFSTime", "timestamp": 1672407656174974934}, "2022-12-30T13:40:56.174974934Z"),
        ({"__class_name__": "JavaTime", "timestamp": 1281643591546}, "2010-08-12T20:06:31.546Z"),
        ({"__class_name__": "WebKitTime", "timestamp": 12926120791546875}, "2010-08-12T21:06:31.546875Z"),
        ({"__class_name__": "UUIDTime", "timestamp": 135564234616544750}, "2012-05-16T01:11:01.654475Z"),
        ({"__class_name__": "CocoaTime", "timestamp": 395011845.546875}, "2013-07-08T21:30:45.546875Z"),
        ({"__class_name__": "OLEAutomationDate", "timestamp": 44197.5}, "2021-01-01T12:00:00Z"),
        ({"__class_name__": "HFSTime", "timestamp": 3458215528}, "2013-08-01T15:25:28Z"),
        (
            {"__class_name__": "TimeElementsInMicroseconds", "time_elements_tuple": [2012, 6, 27, 18, 17, 1],
             "microseconds": 7},
            "2012-06-27T18:17:01.000007Z",
        ),
        (
            {"__class_name__": "TimeElementsWithFractionOfSecond", "time_elements_tuple": [2012, 6, 27, 18, 17, 1],
             "fraction_of_second": "0.87", "time_zone_offset": 120},
            "2012-06-27T16:17:01.870Z",
        ),
        (
            {"__class_name__": "Systemtime", "system_time_tuple": [2010, 8, 4, 12, 20, 6, 31, 142]},
            "2010-08-12T20:06:31.142Z",
        ),
    ],
)  # fmt: skip
def test_values_of_dfdatetime_are_read_to_their_last_digit(value: Any, when: str) -> None:
    found = event(date_time={"__type__": "DateTimeValues", **value}, timestamp_desc="Creation Time")
    assert found.occurred_at is not None
    assert (to_text(found.occurred_at), found.time_quality, found.tags) == (when, "exact", ())


@pytest.mark.parametrize(
    ("fields", "text", "tag"),
    [
        ({"date_time": {"__class_name__": "NotSet", "string": "Not set"}}, "Not set", "time:not_a_time"),
        ({"date_time": {"__class_name__": "Never"}, "timestamp": 5}, "Never", "time:not_a_time"),
        ({"timestamp": 0}, "0", "time:not_a_time"),
        ({"timestamp": -9223372036854775808}, "-9223372036854775808", "time:not_a_time"),
        ({"timestamp": 1672407656174975, "timestamp_desc": "Not a time"}, "1672407656174975", "time:not_a_time"),
        ({"date_time": {"__class_name__": "Filetime", "timestamp": 0}}, "0", "time:out_of_range"),
        ({"timestamp": -11644473600000000}, "-11644473600000000", "time:out_of_range"),
        (
            {"date_time": {"__class_name__": "TimeElements", "time_elements_tuple": [9999, 1, 1, 0, 0, 0]}},
            "9999-01-01T00:00:00", "time:out_of_range",
        ),
        (
            {"date_time": {"__class_name__": "TimeElements", "time_elements_tuple": [2012, 14, 1, 0, 0, 0]}},
            "2012-14-01T00:00:00", "time:unreadable",
        ),
        ({"date_time": {"__class_name__": "Filetime", "timestamp": "x"}}, "x", "time:unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_time_leaves_the_event_undated(fields: dict[str, Any], text: str, tag: str) -> None:
    found = event(**{"timestamp_desc": "Creation Time", **fields})
    assert (found.occurred_at, found.time_quality, found.time_text) == (None, "missing", text)
    assert found.tags == (tag,)


def test_a_civil_time_of_no_zone_is_read_in_the_assumed_one() -> None:
    value = {"__class_name__": "TimeElements", "time_elements_tuple": [2012, 6, 27, 18, 17, 1], "is_local_time": True}
    found = event("Europe/Berlin", date_time=value, timestamp=1340821021000000)
    assert found.occurred_at == 1340813821 * 10**9
    assert (found.time_quality, found.tags) == ("assumed_zone", ())


def test_an_unknown_value_leaves_the_count_and_a_contradiction_is_said() -> None:
    assert event(date_time={"__class_name__": "New", "ticks": 4}, timestamp=1340821021000001).occurred_at == (
        1340821021000001000
    )
    odd = event(date_time={"__class_name__": "PosixTime", "timestamp": 1340821021}, timestamp=1340821023000000)
    assert (odd.occurred_at, odd.tags) == (1340821021 * 10**9, ("time:timestamp_disagrees",))


@pytest.mark.parametrize(
    ("data_type", "described", "kind"),
    [
        ("fs:stat", "Last Access Time", "file.read"),
        ("fs:stat", "Content Modification Time", "file.changed"),
        ("fs:stat:ntfs", "Metadata Modification Time", "file.attributes_changed"),
        ("chrome:history:page_visited", "Last Visited Time", "browser.visited"),
        ("chrome:history:file_downloaded", "Start Time", "browser.downloaded"),
        ("chrome:cookie:entry", "Expiration Time", "artifact.dated"),
        ("windows:prefetch:execution", "Previous Last Time Executed", "process.started"),
        ("windows:registry:userassist", "Last Time Executed", "process.started"),
        ("windows:registry:run", "Content Modification Time", "registry.changed"),
        ("windows:registry:sam_users", "Last Password Set Time", "account.credential_changed"),
        ("windows:lnk:link", "Creation Time", "file.created"),
        ("olecf:dest_list:entry", "Content Modification Time", "file.read"),
        ("bash:history:entry", "Content Modification Time", "process.started"),
        ("syslog:ssh:failed_connection", "Content Modification Time", "auth.login_failed"),
        ("docker:container:log:entry", "Content Modification Time", "log.line"),
        ("apache:access_log:entry", "Recorded Time", "service.request"),
        ("somebody:elses", "Creation Time", "data.written"),
        ("somebody:elses", "Some Time", "event.generic"),
    ],
)
def test_type_and_description_tell_what_happened(data_type: str, described: str, kind: str) -> None:
    assert event(data_type=data_type, timestamp_desc=described, timestamp=1).event_type == kind


def test_records_of_windows_logs_tell_who_and_from_where() -> None:
    strings = ["S-1-5-18", "WS1$", "DOM", "0x3e7", "S-1-5-21-1-2-3-1001", "ann", "DOM", "0xc000006d", "x", "0xc000006a",
               "3", "NtLm", "NTLM", "WS2", "-", "-", "0", "0x0", "-", "10.0.0.9", "4444"]  # fmt: skip
    found = event(
        data_type="windows:evtx:record", source_name="Microsoft-Windows-Security-Auditing", event_identifier=4625,
        computer_name="ws1.dom", strings=strings, event_level=0, timestamp_desc="Creation Time", timestamp=10,
        message="[4625 / 0x1211]", filename="/Security.evtx", username="-",
    )  # fmt: skip
    assert (found.event_type, found.outcome, found.actor_name) == ("auth.login_failed", "failure", "DOM\\ann")
    assert (found.src_ip, found.src_port, found.host) == ("10.0.0.9", 4444, "ws1.dom")
    assert found.object_id == ""
    assert found.actor_id == "S-1-5-21-1-2-3-1001"


def test_lines_of_syslog_are_understood() -> None:
    found = event(
        data_type="syslog:line", reporter="sshd", pid=7, hostname="web",
        body="Failed password for root from 10.0.0.9 port 22 ssh2", timestamp=9, timestamp_desc="Write time",
    )  # fmt: skip
    assert (found.event_type, found.outcome, found.src_ip, found.host) == (
        "auth.login_failed", "failure", "10.0.0.9", "web",
    )  # fmt: skip
    assert found.message == "Failed password for root from 10.0.0.9 port 22 ssh2"


def test_files_are_named_without_plasos_prefix_and_keyed_by_their_hashes() -> None:
    found = event(display_name="TSK:/etc/passwd", sha256_hash="ab" * 32, timestamp=5, tag={"labels": ["seen", "x y"]},
                  timestamp_desc="Content Modification Time")  # fmt: skip
    assert (found.object_id, found.object_type, found.tags) == ("/etc/passwd", "file", ("seen", "x y"))
    assert found.keys == (("hash", "ab" * 32),)


@pytest.mark.parametrize("odd", [None, [], {}, [1], "x", 7, 1e300, True, {"a": [None]}, "9" * 5000])
def test_odd_values_anywhere_are_no_error(odd: object) -> None:
    names = ("timestamp", "date_time", "data_type", "timestamp_desc", "tag", "strings", "event_identifier", "message",
             "update_reason_flags", "filename", "http_response_code")  # fmt: skip
    for data_type in ("fs:stat", "windows:evtx:record", "fs:ntfs:usn_change", "apache:access_log:entry", "syslog:line"):
        for name in names:
            fields: dict[str, Any] = {"data_type": data_type, name: odd}
            found = event(**fields)
            assert (found.occurred_at is None) == (found.time_quality == "missing")


HOST = "wks-win764bitb.shieldbase.local"


def test_all_events_of_plasos_own_stores(corpus: Path, tmp_path: Path) -> None:
    store = tmp_path / "evtx.plaso"
    store.write_bytes(gzip.decompress((corpus / "timesketch" / "evtx_20221023.plaso.gz").read_bytes()))
    lines = list(psort_lines(store))
    events = events_of(read_member(b"\n".join(line for line, _ in lines), "plaso_json"))
    assert len(events) == 3205
    for found, (_, micros) in zip(events, lines, strict=True):
        assert found.occurred_at is not None
        assert found.time_quality == "exact"
        assert abs(found.occurred_at - micros * 1000) <= 500
    kinds = Counter(found.event_type for found in events)
    assert (kinds["service.started"], kinds["service.stopped"], kinds["service.changed"]) == (1560, 1058, 204)
    assert (kinds["service.installed"], kinds["session.opened"], kinds["session.closed"]) == (24, 20, 14)
    assert sum(("custom", one) in found.keys for found in events for one in [f"{HOST}/System/12050"]) == 2
    assert kinds["log.line"] + kinds["event.generic"] == 0
    copy = tmp_path / "psort.plaso"
    copy.write_bytes((corpus / "plaso-test-data" / "psort_test.plaso").read_bytes())
    events = events_of(read_member(b"\n".join(line for line, _ in psort_lines(copy)), "plaso_json"))
    assert Counter(found.event_type for found in events) == {
        "log.line": 26, "schedule.ran": 6, "file.read": 2, "file.attributes_changed": 2, "file.changed": 2,
    }  # fmt: skip
