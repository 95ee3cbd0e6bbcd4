"""What a detection means, case by case: the values that match it and those that do not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.detecting import Scene
from support.engine import START, opened
from vestige.correlate.sigma import Found, RuleFile
from vestige.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index

PROCESS = "{product: windows, category: process_creation}"
CLOUD = "{product: aws, service: cloudtrail}"
SYSMON = "Microsoft-Windows-Sysmon/Operational"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("condition")) as index:
        yield index


def rule(detection: str, source: str = PROCESS, **extra: str) -> RuleFile:
    """A rule file; the detection as YAML, its condition ``selection`` unless it says otherwise."""
    lines = [f"    {line}" for line in detection.strip().splitlines()]
    if "condition:" not in detection:
        lines.append("    condition: selection")
    head = {"title": "a rule", "level": "high", "logsource": source} | extra
    text = "\n".join(f"{name}: {value}" for name, value in head.items())
    return RuleFile("rule.yml", f"{text}\ndetection:\n" + "\n".join(lines) + "\n")


def windows(fields: dict[str, Any], number: int = 1, channel: str = SYSMON) -> Event:
    """A Windows event as a collector writes it."""
    record = {"Channel": channel, "EventID": number, "SourceName": "Microsoft-Windows-Sysmon"} | fields
    return Event("process.created", START, action=f"Microsoft-Windows-Sysmon {number}", attributes=json.dumps(record))


def plain(fields: dict[str, Any], message: str = "") -> Event:
    return Event("cloud.call", START, message=message, attributes=json.dumps(fields))


def places(found: Found) -> list[int]:
    assert not found.refused, found.refused
    return sorted(one.evidence[0].seq for one in found.detections)


def matched(index: Index, detection: str, values: list[Any], name: str = "CommandLine") -> list[Any]:
    """Which of some values of a field match; ``...`` stands for an event without the field."""
    scene = Scene(index)
    scene.add("x", "windows_json/2", [windows({} if value is ... else {name: value}) for value in values])
    return [values[place] for place in places(scene.scan([rule(detection)]))]


@pytest.mark.parametrize(
    ("detection", "yes", "no"),
    [
        ("selection: {CommandLine: whoami}", ["whoami", "WhoAmI"], ["whoami /all", "", ...]),
        ("selection: {CommandLine: ''}", [""], ["x", ...]),
        ("selection: {CommandLine: null}", [..., None], ["", "x"]),
        ("selection: {CommandLine: '*'}", ["", "x"], [...]),
        ("selection: {CommandLine: 'who*i'}", ["whoami", "WHO\ni", "whoi"], ["whoamix", "xwhoi"]),
        ("selection: {CommandLine: 'a?c'}", ["abc", "aßc", "a%c"], ["ac", "abbc"]),
        (r"selection: {CommandLine: 'a\*c'}", ["a*c"], ["abc", r"a\*c"]),
        (r"selection: {CommandLine: 'a\?'}", ["a?"], ["ab"]),
        (r"selection: {CommandLine: 'C:\x\\*'}", ["C:\\x\\", "c:\\X\\y"], ["C:\\x", "C:\\x*"]),
        ("selection: {CommandLine: '100%_*x*y'}", ["100%_axby"], ["100a_axby", "100%baxby"]),
        ("selection: {CommandLine|contains: 'Ab'}", ["xaBy", "AB"], ["a b", "", ...]),
        ("selection: {CommandLine|contains: 'a%b'}", ["xa%bx"], ["xaxb"]),
        ("selection: {CommandLine|contains: ''}", ["", "x"], [...]),
        ("selection: {CommandLine|startswith: ab}", ["ABc", "ab"], ["xab"]),
        ("selection: {CommandLine|endswith: '\\x.exe'}", ["C:\\X.EXE"], ["x.exe", "\\x.exe "]),
        ("selection: {CommandLine|contains: [ab, cd]}", ["xab", "cdx"], ["ac"]),
        ("selection: {CommandLine|contains|all: [ab, cd]}", ["cd ab"], ["ab", "cd"]),
        ("selection: {CommandLine: [ab, 7, CD]}", ["AB", "7", 7, "cd"], ["abcd", 77]),
        ("selection: {CommandLine|cased: Ab}", ["Ab"], ["ab", "AB"]),
        ("selection: {CommandLine|contains|cased: Ab}", ["xAbx"], ["xabx"]),
        ("selection: {CommandLine: Übung}", ["Übung", "übung", "ÜBUNG"], ["ubung"]),
        ("selection: {CommandLine|contains: [straße, xyz]}", ["STRAßE", "die Straße", "XYZ"], ["strasse"]),
        ("selection: {CommandLine|re: '^a.c$'}", ["abc"], ["ABC", "a\nc", "xabc"]),
        ("selection: {CommandLine|re|i: 'a.c'}", ["xABCx"], ["ac"]),
        ("selection: {CommandLine|re|s: 'a.c'}", ["a\nc", "abc"], ["ABC"]),
        ("selection: {CommandLine|re|m: '^b'}", ["a\nb"], ["ab"]),
        ("selection: {CommandLine|re: 'x*'}", ["", "y"], [...]),
        ("selection: {CommandLine|cidr: 10.1.0.0/16}", ["10.1.2.3"], ["10.2.0.1", "10.1.0", "", ...]),
        ("selection: {CommandLine|cidr: 'fd00::/8'}", ["fd12::1"], ["fe80::1", "10.0.0.1"]),
        ("selection: {CommandLine|gt: 5}", [6, "7", 5.5], [5, "x", "", ..., -9]),
        ("selection: {CommandLine|lte: 5}", [5, "4", -1], [6, "", ...]),
        ("selection: {CommandLine: 4624}", [4624, "4624"], ["04624", 46240]),
        ("selection: {CommandLine: true}", [True, "true", "TRUE"], [False, "1", ...]),
        ("selection: {CommandLine|exists: true}", ["", "x"], [...]),
        ("selection: {CommandLine|exists: false}", [...], ["", "x"]),
        ("selection: {CommandLine|windash|contains: ' -f '}", ["x -f y", "x /f y", "x \u2013f y"], ["x f y"]),
        ("selection: {CommandLine|base64: foobar}", ["Zm9vYmFy", "zM9VyMfY"], ["foobar"]),
        (
            "selection: {CommandLine|base64offset|contains: foobar}",
            ["Zm9vYmFy", "eGZvb2Jhcg==", "eHhmb29iYXI="],
            ["Zm9v", "foobar"],
        ),
        ("selection: {CommandLine|wide|base64offset|contains: ab}", ["YQBiAA==", "xhAGIA"], ["YWI="]),
        (
            "selection: {CommandLine|contains|all|windash: [' -a', ' -b']}",
            ["x /a -b", "x -a /b"],
            ["x -a", "x /a /a"],
        ),
        ("a: {CommandLine|contains: x}\nb: {CommandLine|contains: y}\ncondition: a and not b", ["x"], ["xy", "y", ...]),
        ("a: {CommandLine|contains: x}\ncondition: not a", ["y", "", ...], ["x"]),
        ("a: {CommandLine: x}\nb: {CommandLine: y}\nc: {CommandLine: z}\ncondition: a or b and c", ["x"], ["y", "z"]),
        ("s_1: {CommandLine: x}\ns_2: {CommandLine: y}\no: {CommandLine: z}\ncondition: 1 of s_*", ["x", "y"], ["z"]),
        ("s_1: {CommandLine|contains: x}\ns_2: {CommandLine|contains: y}\ncondition: all of them", ["xy"], ["x", "y"]),
        ("selection:\n  - CommandLine: x\n  - CommandLine: y", ["x", "y"], ["z"]),
        ("selection: {CommandLine|neq: x}", ["y"], ["x"]),
    ],
)
def test_a_detection_matches_what_it_means_and_nothing_else(
    index: Index, detection: str, yes: list[Any], no: list[Any]
) -> None:
    assert matched(index, detection, [*yes, *no]) == yes


def test_fields_of_one_selection_must_all_hold_and_field_is_compared_with_field(index: Index) -> None:
    scene = Scene(index)
    events = [{"Image": "A", "User": "a"}, {"Image": "ab", "User": "B"}, {"Image": "a"}, {"User": "a"}, {}]
    scene.add("x", "windows_json/2", [windows(one) for one in events])
    assert places(scene.scan([rule("selection: {Image: a, User: a}")])) == [0]
    assert places(scene.scan([rule("selection: {Image|fieldref: User}")])) == [0]
    assert places(scene.scan([rule("selection: {Image|fieldref|endswith: User}")])) == [0, 1]


def test_a_list_has_each_of_its_values_and_a_path_leads_into_an_object(index: Index) -> None:
    scene = Scene(index)
    events: list[dict[str, Any]] = [
        {"a": {"b": ["x", "y"]}, "n": [1, 2]},
        {"a": {"b": "x"}, "n": 3},
        {"a.b": "x", "n": []},
        {"a": {"c": "x"}, "n": None},
        {"a": "x"},
        {"a": [{"b": "z"}, {"c": 1}, {"b": ["w", None, 5]}, "b"], "n": {}},
    ]
    scene.add("x", "cloudtrail/1", [plain(one) for one in events])

    def found(detection: str) -> list[int]:
        return places(scene.scan([rule(detection, CLOUD)]))

    assert found("selection: {a.b: X}") == [0, 1, 2]
    assert found("selection: {a.b|contains|all: [x, y]}") == [0]
    assert found("selection: {n: 2}") == [0]
    assert found("selection: {n|gte: 2}") == [0, 1]
    assert found("selection: {a.b: z}") == found("selection: {a.b: w}") == found("selection: {a.b|gt: 4}") == [5]
    assert found("selection: {n: null}") == [2, 3, 4]
    assert found("selection: {a.b|re: '^Y$'}") == []
    assert found("selection: {a.b|fieldref: a.b}") == [0, 1, 2, 5]


def test_a_keyword_stands_in_any_value_or_the_message_but_in_no_name(index: Index) -> None:
    scene = Scene(index)
    events = [
        plain({"deep": {"list": [{"text": 'say "Mimi\\katz" now'}]}}),
        plain({"mimikatz": "x"}),
        plain({"x": 4711}),
        plain({}, message="Mimi\\katz was here"),
        plain({"x": "a", "y": ":mimikatz"}),
    ]
    scene.add("x", "cloudtrail/1", events)

    def found(detection: str) -> list[int]:
        return places(scene.scan([rule(detection, CLOUD)]))

    assert found(r"selection: ['mimi\katz']") == [0, 3]
    assert found("selection: [mimikatz]") == [4]
    assert found("selection: [4711, nothing]") == [2]
    assert found("selection:\n  '|all': [mimi, here]") == [3]
    assert found(r"selection: ['say*katz']") == [0]
    assert found("selection: [mimikatz]\ncondition: not selection") == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("detection", "said"),
    [
        ("selection: {CommandLine|expand: '%domain%'}", "%domain%"),
        ("selection: {CommandLine|re: 'a(?=b)'}", "invalid"),
        ("selection: {CommandLine|hour: 5}", "parts of a time"),
        ("selection: {'Com`mand': x}", "field name"),
        ("selection: {" + ".".join("abcdefghijklmn") + ": x}", "steps"),
        ("selection: {CommandLine|nosuch: x}", "nosuch"),
        ("selection: {CommandLine: x}\ncondition: other", "other"),
        ("selection: {CommandLine: x}\ncondition: 1 of nothing_*", "nothing_*"),
        ("selection: {CommandLine: x}\ncondition: selection | count() > 5", "pipe"),
        ("selection: {CommandLine|contains: [" + ", ".join(f"v{n}" for n in range(5001)) + "]}", "5000"),
        ("selection: {CommandLine: x}\ncondition: " + "not " * 150 + "selection", "100"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason(index: Index, detection: str, said: str) -> None:
    scene = Scene(index)
    scene.add("x", "windows_json/2", [windows({"CommandLine": "x"})])
    found = scene.scan([rule(detection), rule("selection: {CommandLine: x}", title="another")])
    assert len(found.detections) == 1
    (refused,) = found.refused
    assert refused.file == "rule.yml"
    assert said in refused.reason


def test_as_many_values_as_may_be_are_taken(index: Index) -> None:
    listed = ", ".join(f"v{n}" for n in range(5000))
    assert matched(index, f"selection: {{CommandLine|contains: [{listed}]}}", ["V4999", "w"]) == ["V4999"]


def test_a_value_of_a_rule_never_becomes_part_of_a_statement(index: Index) -> None:
    odd = "') OR 1 = 1 -- {v0:String} \\' `"
    assert matched(index, f"selection: {{CommandLine: {json.dumps(odd)}}}", [odd, "x", ...]) == [odd]
    name = "a) OR (1"
    scene = Scene(index)
    scene.add("x", "windows_json/2", [windows({name: "x"}), windows({"a": "y"})])
    assert places(scene.scan([rule(f"selection: {{'{name}': x}}")])) == [0]
