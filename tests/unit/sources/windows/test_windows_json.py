from __future__ import annotations

import io
import tarfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Member, Sample, detect, take_sample, walk
from vestige.sources.windows.evtx import FORMAT as EVTX
from vestige.sources.windows.windows_json import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = Context(received_at=0)
NXLOG = {
    "EventTime": "2026-01-02 03:04:05", "EventReceivedTime": "2026-01-02 03:04:07", "Hostname": "WS7.corp.example",
    "Keywords": -9214364837600034816, "EventType": "AUDIT_SUCCESS", "SeverityValue": 2, "EventID": 4688,
    "SourceName": "Microsoft-Windows-Security-Auditing", "Channel": "Security", "Task": 13312,
    "SubjectUserSid": "S-1-5-18", "SubjectUserName": "WS7$", "SubjectDomainName": "CORP", "SubjectLogonId": "0x3e7",
    "TargetUserSid": "S-1-0-0", "TargetUserName": "alice", "TargetDomainName": "CORP", "TargetLogonId": "0xABC1",
    "NewProcessName": "C:\\Windows\\System32\\whoami.exe", "CommandLine": "whoami  /all", "ParentProcessName": "-",
    "@timestamp": "2026-01-02T03:04:07.250Z",
}  # fmt: skip
SYSMON = {
    "UtcTime": "2026-01-02 03:04:05.670", "Image": "C:\\a.exe", "User": "CORP\\bob", "LogonId": "0x1f",
    "ProcessGuid": "{6A910B9D-498a-5ee0-c903-000000000400}",
    "Hashes": "SHA1=00DA39A3EE5E6B4B0D3255BFEF95601890AFD807,IMPHASH=00000000000000000000000000000000",
}  # fmt: skip
BEAT = {
    "@timestamp": "2026-01-02T03:04:05.678Z", "event": {"code": "1", "created": "2026-01-02T03:04:09Z"}, "message": "m",
    "winlog": {
        "channel": "Microsoft-Windows-Sysmon/Operational", "event_id": "1", "computer_name": "WS7",
        "provider_name": "Microsoft-Windows-Sysmon", "event_data": SYSMON,
    },
}  # fmt: skip


def read(record: object, context: Context = CONTEXT) -> Any:
    (found,) = FORMAT.parse([orjson.dumps(record)], context)
    return found


def nxlog(number: int, provider: str = "Microsoft-Windows-Security-Auditing", **data: Any) -> Any:
    base = {name: NXLOG[name] for name in ("EventTime", "Hostname", "Channel")}
    return read({**base, "EventID": number, "SourceName": provider, **data})


def test_a_flat_record_is_read_field_by_field() -> None:
    assert read(NXLOG) == Event(
        event_type="process.started",
        occurred_at=parse_rfc3339("2026-01-02T03:04:05Z")[0],
        time_text="2026-01-02 03:04:05",
        time_quality="assumed_zone",
        observed_at=parse_rfc3339("2026-01-02T03:04:07.250Z")[0],
        action="Microsoft-Windows-Security-Auditing 4688",
        outcome="success",
        actor_id="CORP\\alice", actor_name="CORP\\alice", actor_type="user",
        object_id="C:\\Windows\\System32\\whoami.exe", object_name="whoami.exe", object_type="process",
        host="WS7.corp.example",
        session="ws7.corp.example:0xabc1",
        message="process started by CORP\\alice: C:\\Windows\\System32\\whoami.exe on WS7.corp.example; whoami /all",
        attributes=orjson.dumps(NXLOG).decode(),
        keys=(("identity", "S-1-5-18"), ("identity", "CORP\\WS7$")),
    )  # fmt: skip


def test_a_time_without_offset_is_read_in_the_zone_it_was_logged_in() -> None:
    berlin = read(NXLOG, Context(received_at=0, zone="Europe/Berlin"))
    assert berlin.occurred_at == parse_rfc3339("2026-01-02T02:04:05Z")[0]
    assert berlin.time_quality == "assumed_zone"
    detection = FORMAT.detect(Sample("x", orjson.dumps(NXLOG) + b"\n", complete=True))
    assert detection is not None
    assert ("zone", "none") in detection.extra


def test_sysmons_own_time_is_exact_where_the_collectors_is_not() -> None:
    found = nxlog(1, "Microsoft-Windows-Sysmon", **SYSMON)
    assert (found.occurred_at, found.time_quality) == (parse_rfc3339("2026-01-02T03:04:05.670Z")[0], "exact")
    assert found.time_text == "2026-01-02 03:04:05.670"
    assert nxlog(1, "Microsoft-Windows-Sysmon", UtcTime="soon").time_quality == "assumed_zone"
    stated = nxlog(1, "Microsoft-Windows-Sysmon", **{**SYSMON, "EventTime": "2026-01-02T03:04:06+01:00"})
    assert stated.occurred_at == parse_rfc3339("2026-01-02T02:04:06Z")[0]


def test_winlogbeat_is_read_in_its_old_and_new_shape() -> None:
    new = read(BEAT)
    winlog: Any = BEAT["winlog"]
    old = read(
        {
            "@timestamp": BEAT["@timestamp"], "log_name": winlog["channel"], "source_name": winlog["provider_name"],
            "event_id": 1, "computer_name": "WS7", "event_data": str(SYSMON), "level": "Information",
        }
    )  # fmt: skip
    assert (new.event_type, new.actor_id, new.object_id, new.host) == (
        "process.started",
        "CORP\\bob",
        "C:\\a.exe",
        "WS7",
    )
    assert new.session == "ws7:0x1f"
    assert new.keys == (
        ("custom", "6a910b9d-498a-5ee0-c903-000000000400"),
        ("hash", "00da39a3ee5e6b4b0d3255bfef95601890afd807"),
    )
    assert new.observed_at == parse_rfc3339("2026-01-02T03:04:09Z")[0]
    assert old._replace(attributes="", observed_at=None) == new._replace(attributes="", observed_at=None)


@pytest.mark.parametrize(
    "event",
    [
        {
            "System": {
                "Provider": {"#attributes": {"Name": "Service Control Manager"}}, "Computer": "WS7",
                "Channel": "System", "EventID": {"#attributes": {"Qualifiers": 16384}, "#text": 7045},
                "TimeCreated": {"#attributes": {"SystemTime": "2026-01-02T03:04:05.5Z"}},
            },
            "EventData": {"ServiceName": "evil", "ImagePath": "C:\\evil.exe"},
        },
        {
            "System": {
                "Provider_attributes": {"Name": "Service Control Manager"}, "EventID": 7045, "Computer": "WS7",
                "Channel": "System", "TimeCreated_attributes": {"SystemTime": "2026-01-02T03:04:05.5Z"},
            },
            "EventData": {"ServiceName": "evil", "ImagePath": "C:\\evil.exe"},
        },
        {
            "System": {
                "Provider": {"@Name": "Service Control Manager"}, "EventID": {"#text": "7045", "@Qualifiers": "16384"},
                "Computer": "WS7", "Channel": "System", "TimeCreated": {"@SystemTime": "2026-01-02T03:04:05.5Z"},
            },
            "EventData": {
                "Data": [{"@Name": "ServiceName", "#text": "evil"}, {"@Name": "ImagePath", "#text": "C:\\evil.exe"}]
            },
        },
        {
            "System": {
                "Provider": {"Name": "Service Control Manager"}, "EventID": {"Value": 7045}, "Computer": "WS7",
                "Channel": "System", "TimeCreated": {"SystemTime": 1767323045.5},
            },
            "EventData": {"ServiceName": "evil", "ImagePath": "C:\\evil.exe"},
        },
    ],
    ids=["attributes", "beside", "at", "plain"],
)  # fmt: skip
def test_rendered_events_are_read_however_the_tool_put_attributes(event: dict[str, object]) -> None:
    for record in ({"Event": event}, event):
        found = read(record)
        assert (found.event_type, found.object_id, found.host) == ("service.installed", "evil", "WS7")
        assert found.message == "service installed: evil on WS7; C:\\evil.exe"
        assert (found.occurred_at, found.time_quality) == (parse_rfc3339("2026-01-02T03:04:05.5Z")[0], "exact")
        choice = detect(Sample("x", orjson.dumps([record]), complete=True))
        assert choice.format is FORMAT


@pytest.mark.parametrize(
    ("number", "data", "expected"),
    [
        (4624, {"TargetUserName": "a", "LogonType": "3"}, {"event_type": "auth.login", "outcome": "success"}),
        (4625, {"TargetUserName": "a"}, {"event_type": "auth.login_failed", "outcome": "failure"}),
        (
            4768,
            {"TargetUserName": "a", "TargetDomainName": "C", "Status": "0x6", "IpAddress": "::ffff:10.0.0.5"},
            {"event_type": "auth.login_failed", "outcome": "failure", "src_ip": "10.0.0.5"},
        ),
        (4768, {"TargetUserName": "a", "Status": "0x0"}, {"event_type": "auth.token_issued", "outcome": "success"}),
        (4769, {"TargetUserName": "a@C", "Status": "0x1b"}, {"event_type": "auth.check_failed", "actor_id": "a@C"}),
        (4771, {"TargetUserName": "a", "Status": "0x18"}, {"event_type": "auth.login_failed", "outcome": "failure"}),
        (4776, {"TargetUserName": "a", "Status": "0xc0000234"}, {"event_type": "auth.login_failed"}),
        (4776, {"TargetUserName": "a", "Status": "0x0"}, {"event_type": "auth.login", "outcome": "success"}),
        (4656, {"EventType": "AUDIT_FAILURE"}, {"event_type": "access.denied", "outcome": "failure"}),
        (4663, {"ObjectType": "File", "AccessMask": "0x2"}, {"event_type": "file.changed"}),
        (4663, {"ObjectType": "File", "AccessMask": "0x10000"}, {"event_type": "file.deleted"}),
        (4663, {"ObjectType": "File", "AccessMask": "1"}, {"event_type": "file.read"}),
        (4663, {"ObjectType": "Key", "AccessMask": "0x1"}, {"event_type": "registry.read"}),
        (4663, {"ObjectType": "Process"}, {"event_type": "process.accessed"}),
        (4673, {"EventType": "AUDIT_FAILURE"}, {"event_type": "auth.privilege_refused", "outcome": "failure"}),
        (
            4728,
            {
                "MemberSid": "S-1-5-21-9",
                "TargetUserName": "Admins",
                "TargetDomainName": "C",
                "TargetSid": "S-1-5-21-512",
            },
            {"event_type": "access.granted", "subject_id": "S-1-5-21-9", "object_id": "S-1-5-21-512"},
        ),
        (4740, {"TargetUserName": "a", "TargetDomainName": "WS"}, {"event_type": "account.disabled"}),
        (5157, {"SourceAddress": "10.0.0.1", "Protocol": "6"}, {"event_type": "network.denied", "protocol": "tcp"}),
        (5158, {"SourceAddress": "::", "SourcePort": "80"}, {"src_ip": "", "src_port": 80}),
        (9999, {"Task": 13824}, {"event_type": "account.changed"}),
        (9999, {}, {"event_type": "event.generic"}),
    ],
)
def test_security_events_say_what_happened(number: int, data: dict[str, Any], expected: dict[str, object]) -> None:
    found = nxlog(number, **data)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("provider", "number", "data", "kind"),
    [
        ("Service Control Manager", 7036, {"param1": "x", "param2": "running"}, "service.started"),
        ("Service Control Manager", 7036, {"param1": "x", "param2": "beendet"}, "service.status"),
        ("Microsoft-Windows-Sysmon", 12, {"EventType": "DeleteKey"}, "registry.deleted"),
        ("Microsoft-Windows-Sysmon", 10, {"TargetImage": "C:\\lsass.exe"}, "process.accessed"),
        ("Microsoft-Windows-TaskScheduler", 106, {"TaskName": "\\t"}, "schedule.created"),
        ("Microsoft-Windows-Windows Defender", 1116, {"Threat Name": "x", "Severity ID": "5"}, "alert.raised"),
        ("Microsoft-Windows-Eventlog", 104, {}, "logging.disabled"),
        ("Some Vendor", 1, {"SeverityValue": 4}, "service.error"),
        ("Some Vendor", 1, {}, "event.generic"),
    ],
)
def test_other_providers_say_what_happened(provider: str, number: int, data: dict[str, object], kind: str) -> None:
    assert nxlog(number, provider, **data).event_type == kind


def test_a_failed_audit_is_no_error_of_the_machine_and_a_detection_has_its_own_severity() -> None:
    assert nxlog(4625, EventType="AUDIT_FAILURE", SeverityValue=4).severity == 0
    assert nxlog(7023, "Service Control Manager", SeverityValue=4).severity == 3
    assert nxlog(1116, "Microsoft-Windows-Windows Defender", **{"Severity ID": "5", "Level": "3"}).severity == 4


def test_who_cleared_a_log_is_found_in_the_text_where_it_stands_nowhere_else() -> None:
    text = "Cleared.\r\nSubject:\r\n\tSecurity ID:\tS-1-5-21-500\r\n\tAccount Name:\twardog\r\n\tDomain Name:\tWS5"
    found = nxlog(1102, "Microsoft-Windows-Eventlog", Message=text)
    assert (found.actor_id, found.actor_name) == ("S-1-5-21-500", "WS5\\wardog")


def test_powershell_names_its_user_in_its_context() -> None:
    context = " Severity = Informational\n Host Application = powershell.exe -enc AAA=\n User = CORP\\eve\n"
    found = nxlog(4103, "Microsoft-Windows-PowerShell", ContextInfo=context, Payload="CommandInvocation(Get-Item)")
    assert (found.event_type, found.actor_id) == ("script.executed", "CORP\\eve")
    engine = nxlog(400, "PowerShell", Message="x\n\tHostApplication=powershell.exe -enc AAA=\n")
    assert engine.object_id == "powershell.exe -enc AAA="


@pytest.mark.parametrize(
    "record",
    [
        {"EventID": None, "Channel": "Security", "SourceName": "x"},
        {"EventID": {"a": 1}, "Channel": "Security", "SourceName": "x"},
        {"winlog": {"channel": "x"}},
        {"winlog": []},
        {"Event": {"System": {"EventID": "many"}}},
        {},
    ],
)
def test_a_record_without_an_event_number_is_none(record: object) -> None:
    assert isinstance(read(record), Unparsed)


@pytest.mark.parametrize("value", [None, 5, -1.5, "", "x", [], [1], {}, {"#text": {"a": 1}}, True, "9" * 500])
def test_any_field_may_hold_anything(value: object) -> None:
    for base in (NXLOG, {**NXLOG, **SYSMON, "SourceName": "Microsoft-Windows-Sysmon", "EventID": 1}):
        for name in base:
            found = read({**base, name: value})
            assert isinstance(found, Event | Unparsed), name
    winlog: Any = BEAT["winlog"]
    for name in winlog:
        assert isinstance(read({**BEAT, "winlog": {**winlog, name: value}}), Event | Unparsed)


def test_event_data_in_pythons_notation_is_bounded_and_safe() -> None:
    old = {"@timestamp": "2026-01-02T03:04:05Z", "log_name": "Security", "source_name": "x", "event_id": 4624}
    for text in ("{" * 5000, "{'a': __import__('os')}", "{'TargetUserName': ", "{1: 2}", "{'a'}"):
        assert read({**old, "event_data": text}).event_type == "event.generic"


@pytest.mark.parametrize(
    "text", ["Account Name:" + " \t" * 500_000, "\n" * 1_000_000, "User =" * 200_000, " " * 1_000_000]
)
def test_a_long_text_takes_no_long_time(text: str) -> None:
    assert nxlog(1102, "Microsoft-Windows-Eventlog", Message=text).event_type == "logging.disabled"
    assert nxlog(400, "PowerShell", Message=text, ContextInfo=text).event_type == "script.executed"


def test_other_json_is_left_to_others() -> None:
    for record in ({"EventID": 5, "message": "x"}, {"winlog": 5}, {"System": {}, "Event": "x"}, {"event_id": 4}):
        assert FORMAT.detect(Sample("x", orjson.dumps(record) + b"\n", complete=True)) is None


def members(corpus: Path) -> list[Member]:
    return [item for item in walk(corpus / "windows-json-otrf") if isinstance(item, Member)]


@pytest.mark.corpus
def test_every_record_of_the_recorded_attacks_is_claimed_and_understood(corpus: Path) -> None:
    """32 files of records; the other members are their descriptions, Zeek logs, and resource forks."""
    files = 0
    kinds: Counter[str] = Counter()
    qualities: Counter[str] = Counter()
    for item in members(corpus):
        if not item.name.endswith(".json") or "__MACOSX" in item.name:
            continue
        with item.open() as stream:
            choice = detect(take_sample(item.name, stream))
        assert choice.format is FORMAT, (item.label, choice.why)
        assert choice.detection is not None
        context = choice.detection.apply(CONTEXT)
        files += 1
        with item.open() as stream:
            for batch in FORMAT.split(stream, context=context):
                for found in FORMAT.parse([record.payload for record in batch], context):
                    assert isinstance(found, Event), found
                    kinds[found.event_type] += 1
                    qualities[found.time_quality] += 1
    assert (files, kinds.total()) == (32, 148_005)
    assert not [kind for kind in kinds if VOCABULARY[kind].generic]
    assert kinds["process.accessed"] > 90_000
    assert (kinds["auth.login_failed"], kinds["process.injected"], kinds["service.installed"]) == (10, 2, 2)
    assert set(qualities) == {"exact", "assumed_zone"}


@pytest.mark.corpus
def test_an_event_as_json_is_the_event_of_its_binary_log(corpus: Path) -> None:
    """Pairs of one event as EVTX and as JSON differ in nothing but the last digit of the time, which the JSON lacks."""
    archive = corpus / "sigma" / "regression.tar.gz"
    if not archive.exists():
        pytest.skip("no pairs of EVTX and JSON in the corpus")
    with tarfile.open(archive) as tar:
        files = {item.name: tar.extractfile(item) for item in tar if item.name.endswith((".evtx", ".json"))}
        data = {name: file.read() for name, file in files.items() if file is not None}
    pairs = 0
    for name in sorted(data):
        if not name.endswith(".evtx"):
            continue
        binary = [r.payload for batch in EVTX.split(io.BytesIO(data[name])) for r in batch]
        written = data[name.removesuffix("evtx") + "json"]
        detection = FORMAT.detect(Sample(name, written, complete=True))
        assert detection is not None
        context = detection.apply(CONTEXT)
        lines = [r.payload for batch in FORMAT.split(io.BytesIO(written), context=context) for r in batch]
        for one, other in zip(EVTX.parse(binary, CONTEXT), FORMAT.parse(lines, context), strict=True):
            assert isinstance(one, Event)
            assert isinstance(other, Event)
            assert not VOCABULARY[one.event_type].generic
            assert one.occurred_at is not None
            assert other.occurred_at == one.occurred_at // 1000 * 1000
            same: dict[str, Any] = {"occurred_at": 0, "time_text": "", "attributes": "", "observed_at": None}
            assert one._replace(**same) == other._replace(**same)
            pairs += 1
    assert pairs == 119


def test_nothing_is_skipped() -> None:
    assert FORMAT.parse([b" "], CONTEXT) == [Skipped("an empty line")]
