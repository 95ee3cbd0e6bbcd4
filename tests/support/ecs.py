"""Comparing what formats make of real logs with the ECS documents Filebeat made of them, field by field."""

from __future__ import annotations

import gzip
import io
import ipaddress
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vestige.model.event import Event, Reading, Skipped, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context, Turn, detect, take_sample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Getter = Callable[[Event, dict[str, Any]], object]

NOTHING = frozenset({"-", "", "unknown", "[unknown]"})
"""How logs and Filebeat write that there is nothing."""
FILEBEAT_ZONE = "-02:00"
"""The zone Filebeat's own tests read stamps without one in; ours is UTC."""
RECEIVED = 1_764_000_000_000_000_000


@dataclass
class Agreement:
    """The outcome of a comparison."""

    same: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    differing: list[tuple[str, int, str, object, object]] = field(default_factory=list)
    """(file, offset, ECS field, theirs, ours)."""

    def differences(self) -> dict[str, int]:
        """How many values differ, by field."""
        return dict(Counter(name for _, _, name, _, _ in self.differing))


def read_bytes(path: Path) -> bytes:
    """A file, unzipped if it is."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def read_all(data: bytes) -> tuple[str, list[tuple[int, Reading]]]:
    """The format a log is recognised as, and what becomes of each record, by offset."""
    choice = detect(take_sample("some.log", io.BytesIO(data)))
    assert choice.format is not None, choice.why
    assert choice.detection is not None
    context = choice.detection.apply(Context(received_at=RECEIVED))
    out: list[tuple[int, Reading]] = []
    for item in choice.format.split(io.BytesIO(data), context=context):
        if isinstance(item, Turn):
            context = item.context
        else:
            readings = choice.format.parse([record.payload for record in item], context)
            out += [(record.offset, reading) for record, reading in zip(item, readings, strict=True)]
    return choice.format.name, out


def compare(folder: Path, names: set[str], getters: Mapping[str, Getter]) -> Agreement:
    """Compare a module's logs with their expected documents, matched by offset (else by order).

    Args:
        folder: the logs and ``*-expected.json`` beside them.
        names: the formats they must be recognised as.
        getters: of each ECS field, where ours stands.
    """
    out = Agreement()
    for expected in sorted(folder.glob("*-expected.json*")):
        log = folder / expected.name.split("-expected", maxsplit=1)[0]
        name, readings = read_all(read_bytes(log if log.exists() else log.with_suffix(log.suffix + ".gz")))
        assert name in names, (log, name)
        by_offset = dict(readings)
        in_order = [reading for _, reading in readings if not isinstance(reading, Skipped)]
        for index, document in enumerate(json.loads(read_bytes(expected))):
            offset = document["log.offset"]
            found = by_offset.get(offset)
            _note(out, log.name, offset, document, found if found is not None else in_order[index], getters)
    return out


def _note(
    out: Agreement, log: str, offset: int, document: dict[str, Any], found: Reading, getters: Mapping[str, Getter]
) -> None:
    if not isinstance(found, Event):
        assert isinstance(found, Unparsed), found
        out.differing.append((log, offset, "not an event", "", found.reason))
        out.all["not an event"] += 1
        return
    attributes = json.loads(found.attributes)
    for name, getter in getters.items():
        theirs, ours = _theirs(name, document.get(name)), getter(found, attributes)
        if theirs is None:
            continue
        out.all[name] += 1
        if _equal(theirs, ours):
            out.same[name] += 1
        else:
            out.differing.append((log, offset, name, theirs, ours))


def _theirs(name: str, value: object) -> object:
    if value is None or (isinstance(value, str) and value in NOTHING):
        return None
    if name == "@timestamp":
        return parse_rfc3339(str(value).replace(FILEBEAT_ZONE, "Z"))[0]
    if name.endswith((".ip", "client_addr")):
        try:
            return str(ipaddress.ip_address(str(value).partition("%")[0]))
        except ValueError:
            return None
    return value


def _equal(theirs: object, ours: object) -> bool:
    """Equal as text, or as numbers up to the float arithmetic and the milliseconds of Filebeat."""
    if isinstance(theirs, int | float) and not isinstance(theirs, bool):
        try:
            difference = abs(float(str(ours)) - theirs)
        except ValueError:
            return False
        return difference <= max(abs(theirs) * 1e-6, 0) or (theirs > 10**17 and difference < 1_000_000)
    return str(theirs) == str(ours) if ours is not None else False
