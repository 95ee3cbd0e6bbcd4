"""The same events twice, and another's reading of them: Zeek's two forms, and what Security Lake makes of AWS' logs."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from support.oracles.members import read_bytes, take
from support.oracles.table import Section, share, shown
from vestige.index import EventRow
from vestige.model.vocabulary import VOCABULARY
from vestige.timeline.exports.ocsf import to_ocsf
from vestige.timeline.render import render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.model.event import Event


class Twice(NamedTuple):
    """One Zeek log as a table and as JSON."""

    name: str
    forms: tuple[str, str]
    table: int
    json: int
    same: int
    differing: Counter[str]
    """Fields of an event that differ, and in how many events."""


@cache
def zeek(corpus: Path) -> list[Twice]:
    """Every pair. The attributes are the original fields, of which JSON leaves out the unset ones: not compared."""
    folder = corpus / "zeek" / "wrccdc-2018"
    found = []
    for file in sorted((folder / "zeek-default").iterdir()):
        name = file.name.partition(".")[0]
        one = take(read_bytes(file))
        other = take(read_bytes(folder / "zeek-json" / f"{name}.json.gz"))
        differing: Counter[str] = Counter()
        same = 0
        if one.form.startswith("zeek") and other.form.startswith("zeek"):
            for left, right in zip(one.events, other.events, strict=False):
                fields = [f for f in left._fields if f not in _WRITTEN and getattr(left, f) != getattr(right, f)]
                same += not fields
                differing.update(fields)
        found.append(Twice(name, (one.form, other.form), len(one.events), len(other.events), same, differing))
    return found


_WRITTEN = ("attributes", "time_text")
"""How a time is written differs between the forms; the instant must not."""


@cache
def lake(corpus: Path) -> list[tuple[str, str, list[tuple[str, object, object]]]]:
    """Each input of Security Lake's validation: its name, the format that read it, and (OCSF field, theirs, ours)."""
    folder = corpus / "ocsf" / "security-lake" / "1.0.0-rc.2"
    out = []
    for source, wanted in _inputs(folder):
        taken = take(read_bytes(source))
        theirs = json.loads(wanted.read_text().splitlines()[0])
        label = f"{wanted.relative_to(folder).parts[0]} {wanted.name.partition('.')[0]}"
        ours = _exported(taken.events[0], taken.form) if taken.events else {}
        out.append((label, taken.form, list(_compared(theirs, ours))))
    return out


def _inputs(folder: Path) -> Iterator[tuple[Path, Path]]:
    for source in sorted((folder / "CLOUD_TRAIL").rglob("input/*.gz")):
        yield source, source.parent.parent / f"{source.name}.parquet.as.jsonl"
    for number in (2, 3):
        yield (
            folder / "ROUTE53" / "inputs" / f"route53-inputs{number}.json.gz",
            folder / "ROUTE53" / f"example{number}.json.gz.parquet.as.jsonl",
        )
    yield (
        folder / "SH_FINDINGS" / "inputs" / "securityhub-inputs2.json.gz",
        folder / "SH_FINDINGS" / "example2.json.gz.parquet.as.jsonl",
    )
    for number in range(4):
        (source,) = (folder / "VPC_FLOW" / "inputs").glob(f"vpc_flow-input{number}*.as.jsonl")
        yield source, folder / "VPC_FLOW" / f"example{number}.gz.parquet.as.jsonl"


FIELDS = (
    "time",
    "src_endpoint.ip",
    "src_endpoint.port",
    "dst_endpoint.ip",
    "dst_endpoint.port",
    "api.operation",
    "actor.user.uuid",
    "actor.user.name",
    "query.hostname",
    "finding.title",
)


def _compared(theirs: dict[str, Any], ours: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    attributes = ours.get("unmapped", {})
    mine: dict[str, object] = {
        name: _at(ours, name) for name in FIELDS if name.startswith(("time", "src_", "dst_"))
    } | {
        "api.operation": _at(ours, "metadata.event_code"),
        "actor.user.uuid": _at(ours, "actor.user.uid"),
        "actor.user.name": _at(ours, "actor.user.name"),
        "query.hostname": attributes.get("query_name"),
        "finding.title": attributes.get("Title"),
    }
    for name in FIELDS:
        stated = _at(theirs, name)
        if stated not in (None, "", "-"):
            yield name, stated, mine[name]


def _exported(event: Event, form: str) -> dict[str, Any]:
    category = VOCABULARY[event.event_type].category
    return to_ocsf(render(EventRow(1, 0, "id", 0, "source", f"{form}/1", "parsed", category, event)))


def _at(document: dict[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def sections(corpus: Path) -> Iterator[Section]:
    """Both."""
    rows: list[tuple[object, ...]] = []
    for one in zeek(corpus):
        read = " and ".join(form or "nothing" for form in one.forms)
        own = all(form.startswith("zeek") for form in one.forms)
        verdict = share(one.same, max(one.table, one.json)) if own else "no format of Zeek's read both"
        differing = ", ".join(f"`{name}` {count}" for name, count in sorted(one.differing.items()))
        rows.append((one.name, read, f"{one.table:,}", f"{one.json:,}", verdict, differing))
    yield Section(
        "Zeek, as a table and as JSON",
        "The same traffic logged twice. Every field of the events must be the same but the original fields themselves, of which JSON"
        " leaves the unset ones out, and the text of the time.",
        ("log", "read by", "events of the table", "events of JSON", "equal, in order", "fields that differ"),
        rows,
    )
    by_field: dict[str, Counter[str]] = {}
    notes = []
    for label, form, pairs in lake(corpus):
        for name, theirs, ours in pairs:
            by_field.setdefault(name, Counter())["same" if str(theirs) == str(ours) else "other"] += 1
            if str(theirs) != str(ours):
                shown_ours = "nothing" if ours is None else shown(ours)
                notes.append(f"{label} (`{form}`), `{name}`: theirs {shown(theirs)}, ours {shown_ours}")
    yield Section(
        "Security Lake's OCSF",
        "What AWS makes of its own services' logs, beside `vestige export --format ocsf` of the same records.",
        ("OCSF field", "agree"),
        [(f"`{name}`", share(found["same"], found.total())) for name, found in sorted(by_field.items())],
        notes,
    )
