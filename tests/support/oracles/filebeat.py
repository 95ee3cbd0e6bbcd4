"""Filebeat's documents of real logs against the ECS documents Vestige exports of the same records.

Fields are compared by their ECS names, in families. A document's record is found by its offset in the log. What only
looks different is made equal first: times to the millisecond, which is all Filebeat keeps; addresses in their
canonical form. Nothing else is: a value that differs is a disagreement, with its reason and in the count.

Left out, and counted: values by which the log says that there is nothing (``-``), where the export has no field.
"""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from support.oracles.filebeat_own import OWN
from support.oracles.filebeat_reasons import reason_of
from support.oracles.members import read_bytes, take
from support.oracles.table import Section, least, share, shown
from vestige.index import EventRow
from vestige.model.event import Event, Reading, Skipped
from vestige.model.instant import parse_rfc3339
from vestige.model.vocabulary import VOCABULARY
from vestige.timeline.exports.ecs import to_ecs
from vestige.timeline.render import render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ZONE = "-02:00"
"""Filebeat's own tests read stamps without a zone in this one."""
ZONES = {"nats/log": "UTC"}
"""But for modules whose pipelines know no zone."""
NOTHING = frozenset({"-", "", "unknown", "[unknown]"})
PREFIXES = {
    "@timestamp": "@timestamp",
    "source.": "address",
    "destination.": "address",
    "client.": "address",
    "server.": "address",
    "user.": "user",
    "host.": "host",
    "process.": "process",
    "http.": "HTTP",
    "user_agent.original": "HTTP",
    "url.": "URL",
    "event.outcome": "outcome",
}
FAMILIES = ("@timestamp", "address", "user", "host", "process", "HTTP", "URL", "outcome")
OWN_FIELDS = "own fields"
LOOKED_UP = (".geo.", ".as.")
"""Filebeat asks databases for these; no log states them."""


@dataclass(slots=True)
class Agreement:
    """The outcome of a comparison."""

    same: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Agreeing values by module and family."""
    all: Counter[tuple[str, str]] = field(default_factory=Counter)
    formats: dict[str, set[str]] = field(default_factory=dict)
    nothing: int = 0
    differing: list[tuple[str, str, object, object]] = field(default_factory=list)
    """(module, ECS field, theirs, ours)."""

    def of(self, family: str, modules: set[str]) -> tuple[int, int]:
        """Agreeing and compared values of a family over some modules."""
        return (
            sum(count for (module, name), count in self.same.items() if name == family and module in modules),
            sum(count for (module, name), count in self.all.items() if name == family and module in modules),
        )

    @property
    def modules(self) -> list[str]:
        """All modules, by name."""
        return sorted(self.formats)

    @property
    def known(self) -> set[str]:
        """The modules whose logs Vestige has a format for."""
        return {module for module, names in self.formats.items() if names <= set(READ_AS.get(module, ()))}


READ_AS: dict[str, tuple[str, ...]] = {
    "apache/access": ("web_access",),
    "apache/error": ("apache_error",),
    "auditd/log": ("auditd",),
    "haproxy/log": ("haproxy",),
    "icinga/main": ("icinga",),
    "icinga/startup": ("icinga",),
    "iis/access": ("iis",),
    "iis/error": ("iis_error",),
    "kafka/log": ("kafka",),
    "logstash/log": ("json", "elastic_text"),
    "logstash/slowlog": ("json",),
    "mongodb/log": ("mongodb",),
    "mysql/error": ("mysql_error",),
    "mysql/slowlog": ("mysql_slow",),
    "nats/log": ("nats",),
    "nginx/access": ("web_access",),
    "nginx/ingress_controller": ("web_access",),
    "osquery/result": ("osquery",),
    "pensando/dfw": ("pensando",),
    "postgresql/log": ("postgresql", "postgresql_csv"),
    "redis/log": ("redis",),
    "santa/log": ("santa",),
    "system/auth": ("syslog",),
    "system/syslog": ("syslog",),
    "traefik/access": ("traefik",),
}
"""The formats that read a module's logs; Logstash's JSON has none of its own."""


@cache
def compare(corpus: Path) -> Agreement:
    """Compare every log of the oracle with its expected documents."""
    out = Agreement()
    folder = corpus / "ecs-oracle-filebeat"
    for expected in sorted(folder.rglob("*-expected.json*")):
        module = "/".join(expected.relative_to(folder).parts[:2])
        name = expected.name.partition("-expected.json")[0]
        log = next(file for file in (expected.parent / name, expected.parent / f"{name}.gz") if file.exists())
        taken = take(read_bytes(log), ZONES.get(module, ZONE))
        out.formats.setdefault(module, set()).add(taken.form)
        by_offset = {begin: reading for begin, _, reading in taken.readings}
        in_order = [reading for _, _, reading in taken.readings if not isinstance(reading, Skipped)]
        for index, document in enumerate(json.loads(read_bytes(expected))):
            at = document["log.offset"]
            found = by_offset.get(at) or next((r for begin, end, r in taken.readings if begin <= at < end), None)
            if found is None and index < len(in_order):
                found = in_order[index]
            _note(out, module, document, found, taken.form)
    return out


def exported(event: Event, form: str) -> dict[str, Any]:
    """The event as ``vestige export --format ecs`` gives it."""
    category = VOCABULARY[event.event_type].category
    return to_ecs(render(EventRow(1, 0, "id", 0, "source", f"{form}/1", "parsed", category, event)))


def _note(out: Agreement, module: str, document: dict[str, Any], found: Reading | None, form: str) -> None:
    event = found if isinstance(found, Event) else None
    ecs = exported(event, form) if event is not None else {}
    for name, family, theirs, ours in _pairs(module, document, ecs, event):
        if isinstance(theirs, str) and theirs in NOTHING and ours is None:
            out.nothing += 1
            continue
        out.all[module, family] += 1
        if equal(name, theirs, ours):
            out.same[module, family] += 1
        else:
            out.differing.append((module, name, theirs, ours))


def _pairs(
    module: str, document: dict[str, Any], ecs: dict[str, Any], event: Event | None
) -> Iterator[tuple[str, str, object, object]]:
    """ECS field, family, theirs, ours."""
    attributes = json.loads(event.attributes) if event is not None else {}
    for name, theirs in document.items():
        family = family_of(name)
        if family:
            yield name, family, theirs, _at(ecs, name)
        elif name in OWN.get(module, {}):
            yield name, OWN_FIELDS, theirs, OWN[module][name](event, attributes) if event is not None else None


def family_of(name: str) -> str:
    """The family of an ECS field, or empty."""
    if any(part in name for part in LOOKED_UP):
        return ""
    return next(
        (
            family
            for prefix, family in PREFIXES.items()
            if name == prefix or (prefix[-1] == "." and name.startswith(prefix))
        ),
        "",
    )


def _at(document: dict[str, Any], path: str) -> object:
    value: Any = document
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def equal(name: str, theirs: object, ours: object) -> bool:
    """Equal as text; times to the millisecond, addresses as such, numbers up to float arithmetic."""
    if ours is None:
        return False
    if name in {"@timestamp", "process.start"}:
        return parse_rfc3339(str(theirs))[0] // 1_000_000 == parse_rfc3339(str(ours))[0] // 1_000_000
    if name.endswith(".ip"):
        return _address(theirs) == _address(ours)
    if isinstance(theirs, int | float) and not isinstance(theirs, bool):
        try:
            return abs(float(str(ours)) - theirs) <= abs(theirs) * 1e-6
        except ValueError:
            return False
    return str(theirs) == str(ours)


def _address(text: object) -> str:
    try:
        return str(ipaddress.ip_address(str(text).partition("%")[0]))
    except ValueError:
        return str(text)


def sections(corpus: Path) -> Iterator[Section]:
    """Per module and family, over all, and what differs with its reason."""
    found = compare(corpus)
    families = (*FAMILIES, OWN_FIELDS)
    rows = []
    for module in found.modules:
        formats = ", ".join(sorted(found.formats[module] - {""})) or "not read"
        for family in families:
            same, compared = found.of(family, {module})
            if compared:
                rows.append((module, formats, family, share(same, compared), least(same, compared, 95)))
    yield Section(
        "Filebeat's modules, by ECS field",
        "The logs of Filebeat's own tests, and the ECS documents it expects of them, against `vestige export --format ecs` of the same"
        " records. Every field of a family that a document has is compared, but for those Filebeat looks up in databases (`geo`,"
        f" `as`). Target: 95 % of each family. {found.nothing} values are left out: the log says there that it has none (`-`),"
        " and the export has no field.",
        ("module", "read by", "family", "agree", "95 %"),
        rows,
    )
    total = []
    for family in families:
        known, every = found.of(family, found.known), found.of(family, set(found.modules))
        total.append((family, share(*known), least(*known, 95), share(*every), least(*every, 95)))
    without = sorted(set(found.modules) - found.known)
    rest = f", {', '.join(without)} among them, which have none" if without else ""
    yield Section(
        "Filebeat's modules, all together",
        f"Left: modules whose logs have a format here. Right: every module{rest}.",
        ("family", "with a format", "95 %", "all modules", "95 %"),
        total,
    )
    yield Section(
        "Filebeat's modules, what differs",
        "Each counts as a disagreement above.",
        ("module", "field", "values", "theirs", "ours", "reason"),
        list(_differences(found)),
    )


def _differences(found: Agreement) -> Iterator[tuple[object, ...]]:
    counts = Counter((module, name) for module, name, _, _ in found.differing)
    first = {(module, name): (theirs, ours) for module, name, theirs, ours in reversed(found.differing)}
    for (module, name), count in sorted(counts.items()):
        theirs, ours = first[module, name]
        yield (
            module,
            f"`{name}`",
            count,
            shown(theirs),
            "nothing" if ours is None else shown(ours),
            reason_of(module, name) or "**not explained**",
        )
