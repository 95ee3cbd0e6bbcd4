"""What a report states of a case, read from the ledger and the index: proofs, custody, activity, method, the picture.

All of the case is looked at, however much a report lists; what is kept of it is bounded.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.anchors import anchors
from vestige.app.cases import TOLD, held_by, held_of
from vestige.bundles.layout import ranges_text
from vestige.bundles.people import told
from vestige.bundles.scope import Chosen, Scope
from vestige.bundles.survey import entries
from vestige.cases import fold
from vestige.cases.check import INTACT, check
from vestige.cases.models import BATCH
from vestige.ledger.ranges import RangeSet, ranges_of
from vestige.model.errors import IntegrityError
from vestige.reports import Band, Checkpoint, Clock, Custody, Listing, Method, Picture, Vouched
from vestige.timeline import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.app.cases import CaseRoom
    from vestige.app.rooms import Rooms
    from vestige.cases import Case, Cases
    from vestige.cases.check import Held, Verdict
    from vestige.ledger import Ledger, StoredEntry
    from vestige.timeline import Timeline

ROWS: Final = 1000
"""Entries that custody and activity list."""
FINDINGS: Final = 300
"""The newest findings that are looked through for those that rest on an event of the case."""
PARSERS: Final = 100
STRETCHES: Final = 120
LANES: Final = 14
_ABOUT: Final = 200
"""Characters of what an act was about."""
_TOLD: Final = ("name", "query", "matched", "annotation", "comment", "format", "sha256")
"""What is told of an act, beside what it names."""
_PAGE: Final = 5000


@dataclass(slots=True)
class Gathered:
    """What holding a whole case against the ledger gave."""

    states: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    positions: array[int] = field(default_factory=lambda: array("Q"))
    """Of the entries of what is pinned, rising."""
    chosen: dict[int, Chosen] = field(default_factory=dict)
    """By epoch, the records that are pinned and where they came from."""
    resting: set[str] = field(default_factory=set)
    """Of the events that were asked for, those that are pinned."""


def gather(ledger: Ledger, tenant: str, room: CaseRoom, case: Case, wanted: frozenset[str]) -> Gathered:
    """Hold all that is pinned and named in a case against the ledger, and note where the records came from.

    Args:
        ledger: what it is held against.
        tenant: whose.
        room: the tenant's cases.
        case: which.
        wanted: ids of events of which those that are pinned are noted.
    """
    found, log = Gathered(), ledger.log(tenant)

    def seen(entry: StoredEntry) -> None:
        epoch, _ = log.locate(entry.position)
        chosen = found.chosen.setdefault(epoch.epoch, Chosen(RangeSet()))
        chosen.ranges.add(entry.seq, entry.seq + 1)
        leaf = orjson.loads(entry.leaf)
        chosen.acquisitions.add(leaf.get("acq", ""))
        chosen.sources.add(leaf.get("src", ""))

    for pins in room.cases.every_pin(case.id):
        _note(found, check(ledger, tenant, [held_by(pin) for pin in pins], seen))
        found.positions.extend(pin.position for pin in pins)
        found.resting.update(pin.event for pin in pins if pin.event in wanted)
    held: list[Held] = []
    for item in room.saying.each(case.id):
        held += held_of(item)
        while len(held) >= BATCH:
            _note(found, check(ledger, tenant, held[:BATCH]))
            del held[:BATCH]
    _note(found, check(ledger, tenant, held))
    return found


def _note(found: Gathered, verdicts: Sequence[Verdict]) -> None:
    for one in verdicts:
        found.states[one.state] = found.states.get(one.state, 0) + 1
        if one.state not in {INTACT, "erased"} and len(found.faults) < TOLD:
            found.faults.append((one.held.event, one.state, one.reason))


def checkpoints(ledger: Ledger, tenant: str, found: Gathered) -> list[Checkpoint]:
    """The signed trees that the proofs lead to: of the current log, signed now, and of earlier ones with records."""
    current = ledger.log(tenant)
    signed = ledger.checkpoint(tenant)
    made = []
    for log in current.epochs:
        chosen = found.chosen.get(log.epoch)
        if chosen is None and log is not current:
            continue
        tree = signed if log is current else ledger.latest_checkpoint(tenant, log.epoch)
        if tree is None:
            continue  # its entries are told as being without proof
        end = log.base + tree.size
        seqs = [at - log.base for at in sorted(set(found.positions)) if log.base <= at < end]
        digest = sha256()
        for line in ranges_text(ranges_of(seqs)):
            digest.update(line)
        keys = [key.vkey for key in ledger.keys(tenant) if key.origin == log.origin]
        made.append(
            Checkpoint(
                log.epoch, log.origin, tree.size, tree.root.hex(), tree.note, len(seqs), digest.hexdigest(), keys
            )
        )
    return made


def vouched(ledger: Ledger, tenant: str, found: Gathered, trees: Sequence[Checkpoint]) -> list[Vouched]:
    """What others said of checkpoints that cover the records: of each the first that covers all, else the last.

    Raises:
        IntegrityError: an anchor's entry was altered.
    """
    current, made = ledger.log(tenant), list[Vouched]()
    for tree in trees:
        log = ledger.log(tenant, tree.epoch)
        following = next((one.base for one in current.epochs if one.epoch > tree.epoch), ledger.head(tenant))
        seqs = sorted({at - log.base for at in found.positions if log.base <= at < following})
        best: dict[tuple[str, str], Vouched] = {}
        for one in anchors(ledger, tenant, tree.epoch) if seqs else ():
            before, covered = best.get((one.type, one.by)), bisect_left(seqs, one.size)
            if covered and (before is None or before.records < len(seqs)):
                over = "super-log" if one.superior else "checkpoint"
                best[one.type, one.by] = Vouched(
                    one.type, one.by, one.at, over, tree.epoch, one.size, one.root, covered, len(seqs), one.seq
                )
        made += best.values()
    return made


# -- what was done ----------------------------------------------------------------------------------------------


def custody(ledger: Ledger, tenant: str, found: Gathered, trees: Sequence[Checkpoint]) -> Listing:
    """The entries of ours that concern the records, as a bundle of them would have them."""
    rows: list[Custody] = []
    total = 0
    try:
        for log in ledger.log(tenant).epochs:
            size = next((tree.size for tree in trees if tree.epoch == log.epoch), 0)
            if not size or log.epoch not in found.chosen:
                continue
            scope = Scope(ledger, tenant, log, size, found.chosen[log.epoch])
            scope.walk()
            for entry in entries(ledger, tenant, log, scope.seqs()):
                total += 1
                if len(rows) < ROWS:
                    rows.append(_custody(log.epoch, entry, _body(ledger, entry)))
    except IntegrityError as error:
        return Listing(rows, total, error.message)
    return Listing(rows, total)


def _custody(epoch: int, entry: StoredEntry, body: Mapping[str, Any] | None) -> Custody:
    leaf = orjson.loads(entry.leaf)
    what, by, about = told(entry, leaf, body)
    return Custody(leaf["at"], epoch, entry.seq, what, "erased" if body is None else by, about[:_ABOUT])


class Acts(NamedTuple):
    """What was done in a case: the first of it, and which queries were pinned in the course of that."""

    listing: Listing
    queries: list[tuple[str, str, str, str, int]]


def activity(ledger: Ledger, tenant: str, cases: Cases, case: str) -> Acts:
    """The acts of a case, the oldest first."""
    positions = array("Q")
    while page := cases.acts(case, _PAGE, positions[-1] if positions else None):
        positions.extend(page)
    positions.reverse()
    rows: list[Custody] = []
    queries = []
    log = ledger.log(tenant)
    try:
        for position in positions[:ROWS]:
            (entry,) = ledger.read(tenant, position, position + 1)
            epoch, _ = log.locate(position)
            leaf, body = orjson.loads(entry.leaf), _body(ledger, entry)
            if body is None:
                rows.append(Custody(leaf["at"], epoch.epoch, entry.seq, "erased", "erased", ""))
                continue
            act, detail = str(body["act"]), body["detail"]
            what = act.removeprefix(fold.PREFIX).replace("_", " ")
            rows.append(Custody(leaf["at"], epoch.epoch, entry.seq, what, str(body["by"]), _about(detail)[:_ABOUT]))
            if act == fold.SELECTED:
                within = " to ".join(detail.get(name, "") or "…" for name in ("from", "to"))
                within = "all time" if within == "… to …" else within
                queries.append((leaf["at"], str(body["by"]), detail["query"], within, int(detail["matched"])))
    except IntegrityError as error:
        return Acts(Listing(rows, len(positions), error.message), queries)
    return Acts(Listing(rows, len(positions)), queries)


def _body(ledger: Ledger, entry: StoredEntry) -> dict[str, Any] | None:
    """What an entry of ours says; ``None``: it was erased."""
    if entry.salt is None:
        return None
    body = orjson.loads(ledger.opened(entry))
    return body if isinstance(body, dict) else {}


def _about(detail: Mapping[str, Any]) -> str:
    """What an act in a case was about, in words."""
    parts = []
    body = detail.get("body") or detail.get("after") or {}
    if "pins" in detail:
        parts.append(f"{len(detail['pins'])} events" if len(detail["pins"]) > 1 else f"event {detail['pins'][0][0]}")
    if "event" in detail:
        event = detail["event"]
        parts.append(f"event {event[0] if isinstance(event, list) else event}")
    parts += [str(detail[name]) for name in ("kind", "side") if name in detail]
    parts += [f"{name}: {detail[name]}" for name in _TOLD if detail.get(name) not in (None, "")]
    parts += [f"{name}: {value}" for name, value in body.items() if value not in ("", [], None)]
    return ", ".join(parts)


# -- how it came about ------------------------------------------------------------------------------------------


def asked_of(case: Case) -> str:
    """The query for all that is pinned, our own acts and unread records among it."""
    return f"in:ledger status:* case:{case.id}"


def method(
    timeline: Timeline, program: str, case: Case, rules: Sequence[tuple[str, str, str, int]], acts: Acts
) -> Method:
    """Which parsers in which version, which rules, which queries."""
    (facet,) = timeline.facets(["parser"], asked_of(case), limit=PARSERS) if case.pins else (None,)
    parsers = [] if facet is None else [(one.value, one.count) for one in facet.values]
    return Method(program, parsers, rules, acts.queries)


def findings(rooms: Rooms) -> list[dict[str, Any]]:
    """The newest findings of rules and patterns."""
    return rooms.sequences.detections(FINDINGS)


def rules_of(found: Sequence[Mapping[str, Any]], resting: set[str]) -> list[tuple[str, str, str, int]]:
    """The rules of those findings that rest on an event of a case: name, version, digest, number of findings."""
    rules: dict[tuple[str, str, str], int] = {}
    for one in found:
        if resting.intersection(one["evidence"]):
            rule = (str(one["pattern"]), str(one.get("version", "")), str(one.get("digest", "")))
            rules[rule] = rules.get(rule, 0) + 1
    return [(*rule, number) for rule, number in sorted(rules.items())]


def clocks(rooms: Rooms, case: Case) -> list[Clock]:
    """The sources of a case's events, and how their times came about."""
    if not case.pins:
        return []
    (facet,) = rooms.timeline.facets(["source"], asked_of(case), limit=PARSERS)
    said = {one["name"]: one["settings"] for one in rooms.sources.all()}
    return [_clock(one.value, one.count, said.get(one.value, {})) for one in facet.values]


def _clock(name: str, events: int, settings: Mapping[str, Any]) -> Clock:
    rests = [*settings.get("evidence", ()), *([settings["because"]] if "because" in settings else [])]
    other = [f"{field}: {settings[field]}" for field in ("year", "date_order", "format") if field in settings]
    return Clock(
        name, events, settings.get("zone", ""), settings.get("clock_offset", ""), ", ".join(rests), ", ".join(other)
    )


def picture(timeline: Timeline, case: Case) -> tuple[Picture | None, str, str]:
    """All dated events of a case by source and stretch of time; and the times of the first and the last."""
    asked = asked_of(case)
    density = timeline.density(asked, buckets=STRETCHES, lane="source")
    if not density.total:
        return None, "", ""
    first, last = (
        str(timeline.page(asked, Window(descending=newest), limit=1).events[0]["occurred_at"])
        for newest in (False, True)
    )
    bands = [Band(name or "no source", counts) for name, counts in density.lanes.items()]
    rest = [*([density.other] if density.other else []), *(band.counts for band in bands[LANES:])]
    if rest:
        bands = [*bands[:LANES], Band(f"{len(rest)} others", [sum(column) for column in zip(*rest, strict=True)])]
    undated = timeline.count(asked).undated
    return Picture(density.origin, density.width, bands, undated), first, last
