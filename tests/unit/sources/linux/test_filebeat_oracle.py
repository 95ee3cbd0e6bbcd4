"""What Filebeat's modules for a host's logs make of the same lines: agreement by family of fields, and where it ends.

Known differences, each with its reason:

* auditd, executable: Filebeat takes the first argument of a lone EXECVE record for the program's path. The record does
  not state it (an argument is what the caller chose), so it stays in ``args``.
* system, time: stamps without an offset were read at -02:00 there; so they are here with that zone.
* system, command: white space at the end of a message is not part of a command here; the payload keeps it.
"""

# ruff: noqa: E501 - rows of tables hold whole counts
from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from vestige.model.event import Event
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context, Sample, batches, detect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OUTCOMES = {"1": "success", "failed": "failure", "no": "failure"}
AUDIT = {
    "user.id": "uid", "user.audit.id": "auid", "user.effective.id": "euid", "process.pid": "pid", "process.name": "comm",
    "process.parent.pid": "ppid", "process.exit_code": "exit", "auditd.log.ses": "ses", "auditd.log.node": "node",
}  # fmt: skip
ADDRESSES = {
    "source.ip": "src_ip", "system.auth.ssh.dropped_ip": "src_ip", "source.port": "src_port", "destination.address": "dst_ip",
}  # fmt: skip


def opened(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def pairs(folder: Path) -> Iterator[tuple[dict[str, Any], Event]]:
    """Each expected document with the event of the record it was made from."""
    for expected in sorted(folder.rglob("*-expected.json*")):
        name = expected.name.partition("-expected.json")[0]
        raw = next(file for file in (expected.parent / name, expected.parent / f"{name}.gz") if file.exists())
        data = opened(raw)
        choice = detect(Sample("f", data[:65536], complete=len(data) <= 65536))
        assert choice.format is not None
        assert choice.detection is not None
        context = choice.detection.apply(Context(received_at=1_764_000_000_000_000_000, zone="-02:00"))
        records = [record for batch, _ in batches(choice.format, io.BytesIO(data), context) for record in batch]
        events = choice.format.parse([record.payload for record in records], context)
        spans = [
            (record.offset, record.offset + len(record.payload), event)
            for record, event in zip(records, events, strict=True)
        ]
        for document in json.loads(opened(expected)):
            offset = document["log.offset"]
            (event,) = (event for begin, end, event in spans if begin <= offset < end)
            assert isinstance(event, Event)
            yield document, event


def compared(document: dict[str, Any], event: Event) -> Iterator[tuple[str, object, object]]:
    """Family, wanted, got, for each field both can have."""
    fields = json.loads(event.attributes)
    people = {
        event.actor_id,
        event.actor_name,
        event.subject_id,
        *(key for kind, key in event.keys if kind == "identity"),
    }
    get = document.get
    if "@timestamp" in document:
        stated = parse_rfc3339(document["@timestamp"])[0]
        yield "time", stated // 10**6, (event.occurred_at or 0) // 10**6
    for name, own in ADDRESSES.items():
        if name in document:
            yield "address", document[name], getattr(event, own)
    for name in ("user.name", "user.effective.name"):
        named = get(name, [])
        for user in [named] if isinstance(named, str) else named:
            yield "user", user, user if user in people else sorted(people)
    if "host.hostname" in document:
        yield "host", get("host.hostname"), event.host
    if "event.outcome" in document:
        yield "outcome", OUTCOMES.get(get("event.outcome", ""), get("event.outcome")), event.outcome
    if "auditd.log.sequence" in document:
        yield from audited(document, event, fields)
    else:
        yield from programs(document, event, fields)


def programs(document: dict[str, Any], event: Event, fields: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    """What the system and santa modules say of programs."""
    if document["service.type"] == "system":
        for name, own in (("process.name", "app_name"), ("process.pid", "procid")):
            if name in document:
                yield "process", str(document[name]), fields.get(own)
    if "system.auth.sudo.command" in document:
        yield "command", document["system.auth.sudo.command"], event.object_id
    if document["service.type"] == "santa" and "process.executable" in document:
        yield "process", document["process.executable"], fields["path"]
        yield "hash", ("hash", document["process.hash.sha256"]), event.keys[0]


def audited(document: dict[str, Any], event: Event, fields: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    for name, own in AUDIT.items():
        if name in document:
            family = "host" if own == "node" else "user" if name.startswith("user") else "process"
            yield family, str(document[name]), fields.get(own)
    if "process.executable" in document:
        lone = fields["type"] == ["EXECVE"]
        yield "executable" if lone else "process", document["process.executable"], fields.get("exe")
    if "process.args" in document:
        words = fields.get("cmd") or fields.get("proctitle") or ""
        yield "process", document["process.args"], fields.get("args") or words.split()
    if "auditd.log.node" in document:
        yield "host", document["auditd.log.node"], event.host


@pytest.mark.parametrize(
    ("module", "agreed", "differ"),
    [
        ("auditd", {"time": 222, "address": 3, "user": 211, "host": 20, "outcome": 49, "process": 501}, {"executable": 92}),
        ("system", {"time": 5, "address": 9, "user": 160, "host": 118, "outcome": 6, "process": 157, "command": 27}, {"command": 1}),
        ("osquery", {"time": 161, "user": 161, "host": 161}, {}),
        ("santa", {"time": 10, "user": 9, "outcome": 9, "process": 9, "hash": 9}, {}),
    ],
)  # fmt: skip
def test_fields_agree_with_filebeat(corpus: Path, module: str, agreed: dict[str, int], differ: dict[str, int]) -> None:
    same: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for document, event in pairs(corpus / "ecs-oracle-filebeat" / module):
        for family, wanted, got in compared(document, event):
            (same if wanted == got else other)[family] += 1
    assert (dict(same), dict(other)) == (agreed, differ)
