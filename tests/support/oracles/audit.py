"""go-libaudit's readings of the Linux audit trail against ours: single lines, and the coalesced records of one event."""

from __future__ import annotations

import io
import json
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from support.oracles.members import RECEIVED
from support.oracles.table import Section, share, shown
from vestige.model.event import Event
from vestige.sources import Context
from vestige.sources.linux.auditd import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROCESS = {
    "pid": "pid",
    "ppid": "ppid",
    "title": "proctitle",
    "name": "comm",
    "exe": "exe",
    "cwd": "cwd",
    "args": "args",
}
DATA = ("acct", "op", "cmd", "old", "new", "terminal", "sig", "exit")
RESULTS = {"success": "success", "fail": "failure", "unknown": ""}
REASONS = {
    (
        "AVC_AppArmor",
        "result",
    ): "the library tells how the system call ended; a rule that denied the access is the event",
}


class Pair(NamedTuple):
    """One value both have."""

    case: str
    field: str
    theirs: object
    ours: object


def _events(text: str) -> list[Event]:
    payloads = [record.payload for batch in FORMAT.split(io.BytesIO(text.encode())) for record in batch]
    readings = FORMAT.parse(payloads, Context(received_at=RECEIVED))
    return [reading for reading in readings if isinstance(reading, Event)]


def _cases(text: str) -> dict[str, str]:
    """The named blocks of a file of test cases."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("  ") and line.endswith(": |") and line[2] != " ":
            name = line[2:-3]
            found[name] = ""
        elif name and line.startswith("    "):
            found[name] += line[4:] + "\n"
    return found


@cache
def coalesced(corpus: Path) -> dict[str, list[Pair]]:
    """By case: every value of an event of several records. A case that does not come out as one event has none."""
    found: dict[str, list[Pair]] = {}
    for file in sorted((corpus / "linux-auditd" / "go-libaudit" / "aucoalesce").glob("*.yaml")):
        cases = _cases(file.read_text())
        for case in json.loads(file.with_suffix(".json.golden").read_text()):
            name = case["test_name"]
            events = _events(cases[name])
            label = f"{file.stem}: {name}"
            found[label] = [Pair(name, *pair) for pair in _event(case["event"], events[0])] if len(events) == 1 else []
    return found


def _event(want: dict[str, Any], event: Event) -> Iterator[tuple[str, object, object]]:
    fields = json.loads(event.attributes)
    yield "sequence", str(want["sequence"]), fields["serial"]
    yield "session", want["session"].replace("unset", ""), event.session
    yield "result", RESULTS[want["result"]], event.outcome
    yield "record_type", want["record_type"].upper() in fields["type"], True
    for name, value in want["user"]["ids"].items():
        yield f"user.ids.{name}", value.replace("unset", "4294967295"), fields.get(name)
    for theirs, ours in PROCESS.items():
        if theirs in want.get("process", {}):
            yield f"process.{theirs}", want["process"][theirs], fields.get(ours)
    data = want["data"]
    yield "data.syscall", data.get("syscall"), fields.get("syscall_name")
    yield "data.arch", data.get("arch"), fields.get("arch_name")
    for name in DATA:
        if name in data:
            yield f"data.{name}", data[name], fields.get(name)
    if "socket_addr" in data:
        place = fields.get("socket", {})
        yield "data.socket", (data["socket_addr"], int(data["socket_port"])), (place.get("ip"), place.get("port"))
    if "source" in want:
        yield "source.ip", want["source"]["ip"], event.src_ip
    names = [path.get("name") for path in want.get("paths", [])]
    yield "paths", names, [path.get("name") for path in fields.get("paths", [])]


@cache
def lines(corpus: Path) -> list[Pair]:
    """Every value of every single line."""
    found: list[Pair] = []
    for file in sorted((corpus / "linux-auditd" / "go-libaudit" / "auparse").glob("*.log")):
        text = [line for line in file.read_text().splitlines() if line]
        wanted = json.loads((file.parent / f"{file.name}.golden").read_text())
        for number, (line, want) in enumerate(zip(text, wanted, strict=True)):
            (event,) = _events(line)
            found += [Pair(f"{file.name}:{number + 1}", *pair) for pair in _line(want, json.loads(event.attributes))]
    return found


def _line(want: dict[str, Any], fields: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    fields |= fields["paths"][0] if "paths" in fields else {}
    yield "record_type", [want["record_type"].upper()], fields["type"]
    data = {name: value for name, value in want["data"].items() if not name.startswith("subj_")}
    if "arch" in data:
        yield "arch, syscall", (data.pop("arch"), data.pop("syscall")), (fields["arch_name"], fields["syscall_name"])
    # What the library adds of its own: the outcome under a second name, and signals by name.
    data.pop("result", None)
    if want["record_type"] == "seccomp":
        data.pop("sig", None)
    arguments = [data.pop(f"a{index}") for index in range(int(data.get("argc", 0)))]
    yield "arguments", arguments, fields.get("args", [])
    for name, value in data.items():
        yield name, value.replace("4294967295", "unset"), str(fields.get(name)).replace("4294967295", "unset")


def sections(corpus: Path) -> Iterator[Section]:
    """Both comparisons, and what differs."""
    rows = []
    differing: Counter[Pair] = Counter()
    together = coalesced(corpus)
    for title, pairs, of in (
        ("events of several records", [pair for found in together.values() for pair in found], len(together)),
        ("single lines", lines(corpus), len({pair.case for pair in lines(corpus)})),
    ):
        same = sum(pair.theirs == pair.ours for pair in pairs)
        rows.append((title, of, share(same, len(pairs))))
        differing.update(
            Pair(pair.case, pair.field, str(pair.theirs), str(pair.ours)) for pair in pairs if pair.theirs != pair.ours
        )
    alone = [name for name, found in together.items() if not found]
    notes = [f"{name} does not come out as one event" for name in alone]
    for pair, _ in sorted(differing.items()):
        reason = REASONS.get((pair.case, pair.field), "**not explained**")
        notes.append(f"{pair.case}, `{pair.field}`: theirs {shown(pair.theirs)}, ours {shown(pair.ours)}: {reason}")
    yield Section(
        "go-libaudit, the Linux audit trail",
        "Elastic's library for the audit trail, by the expectations of its own tests.",
        ("what", "cases", "values that agree"),
        rows,
        notes,
    )
