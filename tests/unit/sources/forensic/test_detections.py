"""Hayabusa's and Chainsaw's reports, made by hand after the documented shapes."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import orjson
import pytest

from support.forensic import events_of, read_member
from vestige.model.event import Event, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Context
from vestige.sources.forensic.chainsaw import FORMAT as CHAINSAW
from vestige.sources.forensic.hayabusa import FORMAT as HAYABUSA
from vestige.sources.forensic.plaso_json import FORMAT as PLASO_JSON
from vestige.sources.windows.evtx import FORMAT as EVTX
from vestige.sources.windows.windows_json import FORMAT as WINDOWS_JSON

LOGON: dict[str, Any] = {
    "Timestamp": "2026-01-01 10:00:00.123 +09:00",
    "RuleTitle": "Failed Logon",
    "Level": "med",
    "Computer": "ws1.dom",
    "Channel": "Sec",
    "EventID": 4625,
    "RecordID": 77,
    "Details": {"TgtUser": "ann", "Type": 3, "SrcIP": "10.0.0.9", "SrcPort": 4444, "LID": "0x3e7"},
    "ExtraFieldInfo": {"SubjectUserName": "WS1$"},
    "RuleID": "r-1",
    "MitreTags": ["T1110"],
    "OtherTags": [],
}


def table(*rows: dict[str, Any]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def flat(record: dict[str, Any]) -> dict[str, Any]:
    return {
        name: " ¦ ".join(f"{key}: {item}" for key, item in value.items())
        if isinstance(value, dict)
        else " ¦ ".join(value)
        if isinstance(value, list)
        else value
        for name, value in record.items()
    }


@pytest.mark.parametrize(
    "data",
    [
        table(flat(LOGON)),
        json.dumps(LOGON).encode(),
        json.dumps(LOGON, indent=4).encode() + b"\n" + json.dumps(LOGON, indent=4).encode(),
        json.dumps([LOGON]).encode(),
        table(flat({"datetime": LOGON["Timestamp"], "timestamp_desc": "hayabusa", "message": LOGON["RuleTitle"]} | {
            name: value for name, value in LOGON.items() if name not in {"Timestamp", "RuleTitle"}
        })),
    ],
)  # fmt: skip
def test_every_layout_of_hayabusa_gives_the_same_alert(data: bytes) -> None:
    found = events_of(read_member(data, "hayabusa"))[0]
    assert found.occurred_at is not None
    assert to_text(found.occurred_at) == "2026-01-01T01:00:00.123Z"
    assert found._replace(attributes="", occurred_at=None) == Event(
        "alert.raised",
        time_text="2026-01-01 10:00:00.123 +09:00",
        time_quality="exact",
        action="Failed Logon",
        severity=2,
        actor_id="ann",
        actor_name="ann",
        actor_type="user",
        src_ip="10.0.0.9",
        src_port=4444,
        host="ws1.dom",
        message="[med] Failed Logon on ws1.dom (Security 4625): TgtUser: ann ¦ Type: 3 ¦ SrcIP: 10.0.0.9"
        " ¦ SrcPort: 4444 ¦ LID: 0x3e7",
        tags=("T1110",),
        attributes="",
        keys=(("custom", "ws1.dom/Security/77"), ("identity", "WS1$"), ("custom", "r-1")),
    )


@pytest.mark.parametrize(
    ("level", "severity"),
    [("crit", 4), ("critical", 4), ("emer", 4), ("high", 3), ("med", 2), ("low", 1), ("info", 0), ("odd", 0)],
)
def test_levels(level: str, severity: int) -> None:
    assert events_of(read_member(json.dumps({**LOGON, "Level": level}).encode(), "hayabusa"))[0].severity == severity


@pytest.mark.parametrize(
    ("stated", "when", "quality"),
    [
        ("2026-01-01T01:00:00.1234567Z", "2026-01-01T01:00:00.123456700Z", "exact"),
        ("2026-01-01 01:00:00.123456+00:00", "2026-01-01T01:00:00.123456Z", "exact"),
        ("22-02-2026 22:00:00.123 +02:00", "2026-02-22T20:00:00.123Z", "exact"),
        ("02-22-2026 10:00:00.123 PM -06:00", "2026-02-23T04:00:00.123Z", "exact"),
        ("02-03-2026 10:00:00.123 PM -06:00", "2026-02-04T04:00:00.123Z", "exact"),
        ("Sun, 22 Feb 2026 22:00:00 -0600", "2026-02-23T04:00:00Z", "exact"),
        ("2026-01-01 10:00:00.123", "2026-01-01T09:00:00.123Z", "assumed_zone"),
    ],
)
def test_every_way_hayabusa_writes_a_time(stated: str, when: str, quality: str) -> None:
    (found,) = events_of(read_member(table(flat({**LOGON, "Timestamp": stated})), "hayabusa", zone="Europe/Berlin"))
    assert found.occurred_at is not None
    assert (to_text(found.occurred_at), found.time_quality) == (when, quality)


def test_an_ambiguous_day_is_read_as_its_neighbours_show_or_not_at_all() -> None:
    odd, clear = (
        {**LOGON, "Timestamp": "03-04-2026 22:00:00.000 +00:00"},
        {**LOGON, "Timestamp": "13-04-2026 22:00:00 +00:00"},
    )
    (alone,) = events_of(read_member(table(flat(odd)), "hayabusa"))
    assert (alone.occurred_at, alone.tags) == (None, ("T1110", "time:ambiguous_date"))
    first = events_of(read_member(table(flat(odd), flat(clear)), "hayabusa"))[0]
    assert first.occurred_at is not None
    assert to_text(first.occurred_at) == "2026-04-03T22:00:00Z"


def test_records_of_sysmon_keep_process_and_hashes() -> None:
    record = {
        **LOGON, "Channel": "Sysmon", "EventID": 1,
        "Details": {"Cmdline": "whoami /all", "Proc": "C:\\w.exe", "User": "D\\ann", "LID": "0x99", "PGUID": "{1}",
                    "Hashes": "MD5=" + "A" * 32 + ",IMPHASH=" + "b" * 32},
        "ExtraFieldInfo": "-",
    }  # fmt: skip
    (found,) = events_of(read_member(json.dumps(record).encode(), "hayabusa"))
    assert (found.actor_id, found.object_id, found.object_type) == ("D\\ann", "C:\\w.exe", "process")
    assert found.session == "ws1.dom:0x99"
    assert ("hash", "a" * 32) in found.keys
    assert ("custom", "1") in found.keys


DOCUMENT = {
    "kind": "evtx",
    "path": "a.evtx",
    "data": {
        "Event": {
            "System": {"Channel": "Security", "Computer": "ws1", "EventID": 4624, "EventRecordID": 31794},
            "EventData": {"TargetUserName": "ann", "TargetDomainName": "D", "TargetUserSid": "S-1-5-21-1-2-3-4",
                          "IpAddress": "10.0.0.9", "IpPort": "-", "TargetLogonId": "0x99", "LogonType": 3},
        }
    },
}  # fmt: skip
HUNT: dict[str, Any] = {
    "group": "Lateral Movement", "kind": "individual", "document": DOCUMENT, "name": "Any Logon",
    "timestamp": "2022-10-11T19:26:52.154080+00:00", "authors": ["x"], "level": "critical", "source": "sigma",
    "status": "stable", "id": "r-2", "tags": ["attack.t1021"],
}  # fmt: skip


@pytest.mark.parametrize("data", [json.dumps([HUNT, HUNT]), json.dumps(HUNT) + "\n" + json.dumps(HUNT) + "\n"])
def test_hunts_of_chainsaw(data: str) -> None:
    first, second = events_of(read_member(data.encode(), "chainsaw"))
    assert first == second
    assert first._replace(attributes="") == Event(
        "alert.raised",
        occurred_at=1665516412154080000,
        time_text="2022-10-11T19:26:52.154080+00:00",
        time_quality="exact",
        action="Any Logon",
        severity=4,
        actor_id="S-1-5-21-1-2-3-4",
        actor_name="D\\ann",
        actor_type="user",
        src_ip="10.0.0.9",
        host="ws1",
        session="ws1:0x99",
        message="[critical] Any Logon on ws1 (Security 4624): TargetUserName: ann; TargetDomainName: D; TargetUserSid:"
        " S-1-5-21-1-2-3-4; IpAddress: 10.0.0.9; IpPort: -; TargetLogonId: 0x99; LogonType: 3",
        tags=("Lateral Movement", "attack.t1021"),
        attributes="",
        keys=(("custom", "ws1/Security/31794"), ("custom", "r-2")),
    )


def test_aggregates_and_wrapped_records() -> None:
    number = {"#text": 1102, "#attributes": {"Qualifiers": 0}}
    wrapped = {"System": {**DOCUMENT["data"]["Event"]["System"], "EventID": number},  # type: ignore[index]
               "UserData": {"LogFileCleared": {"SubjectUserName": "bob"}}}  # fmt: skip
    many = {name: value for name, value in HUNT.items() if name != "document"}
    many |= {"kind": "aggregate", "documents": [{"data": {"Event": wrapped}}, DOCUMENT]}
    (found,) = events_of(read_member(json.dumps([many]).encode(), "chainsaw"))
    assert (found.actor_id, found.host) == ("bob", "ws1")
    assert found.message == "[critical] Any Logon on ws1 (Security 1102): 2 records; SubjectUserName: bob"


def test_tables_of_chainsaw() -> None:
    row = {"timestamp": "2022-10-11T19:26:52+00:00", "detections": "Any Logon;Other", "path": "a.evtx",
           "Event ID": "4624", "Record ID": "31794", "Computer": "ws1", "User": "SYSTEM", "Logon Type": "5",
           "IP Address": "-"}  # fmt: skip
    (found,) = events_of(read_member(table(row), "chainsaw"))
    assert (found.action, found.host, found.actor_id, found.src_ip) == ("Any Logon; Other", "ws1", "SYSTEM", "")
    assert (found.occurred_at, found.severity) == (1665516412 * 10**9, 0)
    (told,) = events_of(read_member(table({**row, "Event.System.Provider": SECURITY}), "chainsaw"))
    assert ("custom", "ws1/Security/31794") in told.keys


SECURITY = "Microsoft-Windows-Security-Auditing"
XML = (
    "<Event><System><Provider Name='{provider}'/><EventID>4624</EventID><EventRecordID>31794</EventRecordID>"
    "<Channel>Security</Channel><Computer>WS1.corp</Computer></System><EventData>"
    '<Data Name="TargetUserName">ann</Data></EventData></Event>'
)


def test_whatever_tells_of_a_record_shares_a_key_with_the_records_own_event() -> None:
    """The same record out of its log, as JSON by two collectors, by two detections, and by plaso."""
    system = {
        "Provider": {"#attributes": {"Name": SECURITY}}, "EventID": 4624, "EventRecordID": 31794,
        "Channel": "Security", "Computer": "WS1.corp",
    }  # fmt: skip
    event = {"Event": {"System": system, "EventData": {"TargetUserName": "ann"}}}
    log = {"evtx": {"chunk": 0, "offset": 4608, "record": 31794, "written": "2026-01-01T00:00:00.0000000Z"}, **event}
    (own,) = EVTX.parse([orjson.dumps(log)], Context(received_at=0))
    assert isinstance(own, Event)
    assert own.keys[0] == ("custom", "ws1.corp/Security/31794")
    beat = {
        "@timestamp": "2026-01-01T00:00:00Z",
        "winlog": {"channel": "Security", "event_id": 4624, "record_id": 31794, "computer_name": "WS1.corp"},
    }
    nxlog = {
        "EventTime": "2026-01-01T00:00:00Z", "EventID": 4624, "RecordNumber": 31794, "Channel": "Security",
        "SourceName": SECURITY, "Hostname": "ws1.corp",
    }  # fmt: skip
    alert = {**LOGON, "EventID": 4624, "RecordID": 31794, "Computer": "WS1.corp"}
    hunt = {**HUNT, "document": {"kind": "evtx", "path": "a.evtx", "data": event}}
    plaso = {
        "data_type": "windows:evtx:record", "source_name": SECURITY, "event_identifier": 4624, "record_number": 7,
        "computer_name": "WS1.corp", "timestamp": 5, "timestamp_desc": "Creation Time", "xml_string": XML,
    }  # fmt: skip
    bare = {**plaso, "record_number": 31794, "xml_string": ""}
    found = [
        *events_of(WINDOWS_JSON.parse([orjson.dumps(beat), orjson.dumps(nxlog)], Context(received_at=0))),
        *events_of(HAYABUSA.parse([orjson.dumps(alert)], Context(received_at=0))),
        *events_of(CHAINSAW.parse([orjson.dumps(hunt)], Context(received_at=0))),
        *events_of(PLASO_JSON.parse([orjson.dumps(plaso), orjson.dumps(bare)], Context(received_at=0))),
    ]
    assert len(found) == 6
    assert all(own.keys[0] in one.keys for one in found)
    assert {one.event_type for one in found} == {"auth.login", "alert.raised"}
    assert {one.actor_name for one in found} == {"", "ann"}


@pytest.mark.parametrize("odd", [None, [], {}, [1, {"a": 2}], "x", 7, 1.5, True, {"Event": [1]}, {"System": "x"}])
def test_odd_values_anywhere_are_no_error(odd: object) -> None:
    context = Context(received_at=0)
    for form, record in ((HAYABUSA, LOGON), (CHAINSAW, HUNT)):
        for name in record:
            (found,) = form.parse([orjson.dumps({**record, name: odd})], context)
            assert isinstance(found, Event)
    for inner in ("kind", "path", "data"):
        (found,) = CHAINSAW.parse([orjson.dumps({**HUNT, "document": {**DOCUMENT, inner: odd}})], context)
        assert isinstance(found, Event)


def test_a_row_that_was_cut_off_is_unparsed() -> None:
    data = table(flat(LOGON), flat(LOGON))
    readings = read_member(data[:-60], "hayabusa")
    assert isinstance(readings[-1], Unparsed)
