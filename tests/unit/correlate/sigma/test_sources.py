"""Where rules look: the same Windows event from every tool, numbers and channels, and other systems' programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.detecting import Scene
from support.engine import START, opened
from vestige.correlate.sigma import RuleFile
from vestige.correlate.sigma.sources import family_of
from vestige.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index

SYSMON = "Microsoft-Windows-Sysmon/Operational"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("sources")) as index:
        yield index


def rule(source: str, selection: str) -> RuleFile:
    text = f"title: t\nlogsource: {{{source}}}\ndetection: {{selection: {selection}, condition: selection}}\n"
    return RuleFile("r.yml", text)


def found(scene: Scene, source: str, selection: str) -> set[str]:
    """The names of the events that match."""
    answer = scene.scan([rule(source, selection)])
    assert not answer.refused, answer.refused
    return {scene.names[one.evidence[0].seq] for one in answer.detections}


def shapes(data: dict[str, str], channel: str, number: int) -> dict[str, dict[str, Any]]:
    """One event as each tool writes it."""
    system = {"Provider": {"#attributes": {"Name": "P"}}, "EventID": number, "Channel": channel, "Computer": "C"}
    at = {"Provider": {"@Name": "P"}, "EventID": str(number), "Channel": channel}
    listed = [{"@Name": name, "#text": value} for name, value in data.items()]
    return {
        "rendered": {"Event": {"System": system, "EventData": data}},
        "listed": {"Event": {"System": at, "EventData": {"Data": listed}}},
        "bare list": {"Event": {"System": at, "EventData": listed}},
        "user data": {"Event": {"System": system, "UserData": {"#attributes": {"x": "y"}, "Wrapped": data}}},
        "top": {"System": {**system, "EventID": {"Value": number}}, "EventData": data},
        "flat": {"Channel": channel, "EventID": number, "SourceName": "P", **data},
        "winlog": {"winlog": {"channel": channel, "event_id": number, "event_data": data}},
        "winlog user": {"winlog": {"channel": channel, "event_id": number, "user_data": data}},
        "cell": {"Channel": channel, "EventId": number, "Payload": json.dumps({"EventData": {"Data": listed}})},
        "old beat": {"log_name": channel, "event_id": number, "source_name": "P", "event_data": data},
    }


def add(scene: Scene, name: str, record: dict[str, Any], number: int) -> None:
    event = Event("x.y", START, action=f"P {number}", host="ws1", attributes=json.dumps(record))
    scene.add(name, {"rendered": "evtx/2", "cell": "windows_tables/2"}.get(name, "windows_json/2"), [event])


def test_a_field_is_found_wherever_a_tool_puts_it(index: Index) -> None:
    scene = Scene(index)
    every = shapes({"Image": "C:\\A.exe", "EventType": "SetValue"}, SYSMON, 13)
    for name, record in every.items():
        add(scene, name, record, 13)
    assert found(scene, "product: windows, category: registry_set", "{Image|endswith: '\\a.exe'}") == every.keys()
    assert found(scene, "product: windows, category: registry_set", "{EventType: SetValue}") == every.keys()
    both = "{EventID: 13, Channel: '*/operational', Provider_Name: p, Computer: WS1}"
    assert found(scene, "product: windows, service: sysmon", both) == every.keys()
    assert found(scene, "product: windows, service: sysmon", "{EventID: 12}") == set()
    assert found(scene, "product: windows", "{EventID: 13}") == every.keys()


def test_a_category_is_of_its_channels_and_numbers_only(index: Index) -> None:
    scene = Scene(index)
    for name, channel, number in (
        ("sysmon", SYSMON, 1),
        ("case", SYSMON.upper(), 1),
        ("security", "Security", 4688),
        ("other number", SYSMON, 3),
        ("other channel", "Application", 1),
    ):
        data = {"NewProcessName" if number == 4688 else "Image": "a"}
        add(scene, name, shapes(data, channel, number)["flat"], number)
    assert found(scene, "product: windows, category: process_creation", "{Image: a}") == {"sysmon", "case", "security"}
    assert found(scene, "category: process_creation, product: windows", "{EventID: 4688}") == {"security"}
    assert found(scene, "product: windows, service: application", "{Image: a}") == {"other channel"}


def test_unnamed_values_and_names_with_spaces(index: Index) -> None:
    scene = Scene(index)
    defender = "Microsoft-Windows-Windows Defender/Operational"
    add(scene, "rendered", shapes({"Threat Name": "EICAR"}, defender, 1116)["rendered"], 1116)
    unnamed = {"Event": {"System": {"EventID": 400, "Channel": "Windows PowerShell"}}}
    for name, data in (("two", {"Data": {"#text": ["a", "Host=b"]}}), ("one", {"Data": "Host=b"})):
        record = {"Event": {**unnamed["Event"], "EventData": data}}
        add(scene, name, record, 400)
    assert found(scene, "product: windows, service: windefend", "{ThreatName: eicar}") == {"rendered"}
    assert found(scene, "product: windows, category: ps_classic_start", "{Data|startswith: host=}") == {"two", "one"}


def test_programs_started_on_other_systems(index: Index) -> None:
    scene = Scene(index)
    kinds = {"ran": "process.started", "read": "file.read"}
    for name, kind in kinds.items():
        event = Event(kind, START, object_id="cat /etc/shadow", attributes='{"exe":"/usr/bin/cat","pid":"7"}')
        scene.add(name, "auditd/1", [event])
    selection = "{Image|endswith: /cat, CommandLine|contains: shadow, ProcessId: 7}"
    assert found(scene, "product: linux, category: process_creation", selection) == {"ran"}
    assert found(scene, "product: macos, category: process_creation", selection) == set()
    assert found(scene, "product: linux, service: auditd", "{exe: /usr/bin/cat}") == {"ran", "read"}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (("windows", "process_creation", None), "windows/process_creation"),
        (("windows", None, "security"), "windows/security"),
        (("windows", None, None), "windows/"),
        (("Windows", "DNS_Query", None), "windows/dns_query"),
        (("windows", "no_such_thing", None), None),
        (("windows", None, "no-such-service"), None),
        (("aws", None, "cloudtrail"), "aws.cloudtrail"),
        (("linux", None, "sshd"), "linux.syslog"),
        (("linux", "file_event", None), None),
        ((None, "webserver", None), "web"),
        (("apache", "webserver", None), "web"),
        (("zeek", None, "dns"), "zeek"),
        (("kubernetes", "application", "audit"), "kubernetes"),
        (("python", "application", None), "words"),
        (("opencanary", "application", None), None),
    ],
)
def test_what_a_log_source_stands_for(source: tuple[str | None, str | None, str | None], name: str | None) -> None:
    family = family_of(*source)
    assert (None if family is None else family.name) == name
