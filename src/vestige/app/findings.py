"""What scans for sequences found, in the ledger: each act once, and how far it went.

An act is told when its condition is first met: an entry with the act ``detection``, whose evidence is the onset and
never changes. When a later scan finds that it went on, an entry ``detection.extended`` says so: how many events there
are now, how often the condition was met, and the evidence, at most :data:`LISTED` ids, the onset and the latest among
them. The finding keeps its id; what it lists is what the newest such entry lists.

**The same act** is one of the same detector's text with the same onset. Late events, or a second source that tells of
the same, may give an act another onset: then it is the one more than half of whose recorded onset is among its events,
or among those of its group that lie around it and might have been chosen as well. If these are several, they have grown
together: the earliest recorded stands, and its extension names the others, which are listed no more.

A finding names ids alone, nothing that an event says: what is erased is not kept here.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from vestige.app.detections import ACT, REFS, record
from vestige.correlate.patterns import KIND
from vestige.correlate.sequence_store import event_ids, occurred
from vestige.ledger import Draft, Kind
from vestige.model.errors import BusyError
from vestige.model.instant import to_text
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.correlate import Detection, Spot
    from vestige.ingest.intake import Stores
    from vestige.ledger import StoredEntry
    from vestige.query import Reader

EXTENDED = "detection.extended"
LISTED = 200
"""Ids of evidence that a finding lists at most: as many as one match takes at most."""
AT_ONCE = 10_000
"""Events of findings that are looked up at once, those of a single finding if there are more."""


@dataclass(slots=True)
class _Kept:
    """A finding of a sequence that stands in the ledger."""

    id: str
    position: int
    digest: str
    onset: int
    """Hash of the ids of its onset."""
    events: int
    """How many it was last told with."""
    newest: int | None = None
    """Position of the entry that says how far it went."""


class Findings:
    """The findings of one tenant, those of detection rules among them. Safe to share between threads."""

    def __init__(self, stores: Stores, reader: Reader) -> None:
        self._stores = stores
        self._reader = reader
        self._lock = threading.Lock()
        self._positions: list[int] = []
        self._kept: dict[str, _Kept] = {}
        self._at: dict[int, _Kept] = {}
        self._ends: dict[tuple[str, str], list[_Kept]] = {}
        """By a detector's digest and the first or last event of an onset."""
        self._digests: set[str] = set()
        self._gone: set[int] = set()
        """Positions of those that are part of another."""

    def take(self, entry: StoredEntry, body: dict[str, Any]) -> None:
        """Take in what an audit entry says of findings, in the order of the ledger."""
        detail = body.get("detail", {})
        with self._lock:
            if body["act"] == ACT:
                self._positions.append(entry.position)
                if detail["kind"] == KIND:
                    ids = detail["evidence"]
                    kept = _Kept(entry.id, entry.position, detail["digest"], hash(tuple(ids)), len(ids))
                    self._kept[kept.id] = self._at[kept.position] = kept
                    self._digests.add(kept.digest)
                    for event in {ids[0], ids[-1]}:
                        self._ends.setdefault((kept.digest, event), []).append(kept)
            elif body["act"] == EXTENDED and detail["finding"] in self._kept:
                kept = self._kept[detail["finding"]]
                kept.events, kept.newest = detail["events"], entry.position
                self._gone.update(self._kept[one].position for one in detail["joined"] if one in self._kept)

    def keep(self, found: Sequence[Detection]) -> Iterator[dict[str, Any]]:
        """Keep what a scan found, and answer it. What the ledger says must have been taken in.

        Raises:
            BusyError: the index was computed anew meanwhile.
        """
        for portion in _portions(found):
            yield from self._keep(portion)

    def told(self, found: Sequence[Detection]) -> Iterator[dict[str, Any]]:
        """Answer what a scan found and keep nothing: it has no id, and nobody asked the ledger whether it is new.

        Raises:
            BusyError: the index was computed anew meanwhile.
        """
        for portion in _portions(found):
            ids = self._ids({spot for one in portion for spot in one.evidence})
            for one in portion:
                told = _Act(one, [ids[spot] for spot in one.evidence]).to_json() | {"new": None, "grown": False}
                del told["id"]
                yield told

    def listed(self, limit: int, name: str = "") -> list[dict[str, Any]]:
        """The findings that are kept, the newest first; those of one detector, if its name is given."""
        with self._lock:
            positions, gone = list(self._positions), set(self._gone)
        answers: list[dict[str, Any]] = []
        for position in reversed(positions):
            if position in gone:
                continue
            if len(answers) >= limit:
                break
            found = self._detail(position)
            if found is not None and (not name or found[1]["pattern"] == name):
                entry, detail = found
                more = {"events": len(detail["evidence"]), "times": 1}
                answers.append({"id": entry} | detail | more | self._grown(position) | {"new": False})
        for one, times in zip(answers, self._times([one["evidence"] for one in answers]), strict=True):
            one.update(times)
        return answers

    def _keep(self, found: Sequence[Detection]) -> list[dict[str, Any]]:
        ids = self._ids({spot for one in found for spot in one.evidence})
        acts = [_Act(one, [ids[spot] for spot in one.evidence]) for one in found]
        onsets = {hash(tuple(act.onset)) for act in acts}
        for act in acts:
            act.same = self._same(act, onsets, act.events)
            if not act.same and act.detection.detector.digest in self._digests:
                around = self._ids(set(act.detection.around))
                act.same = self._same(act, onsets, list(around.values()))
        fresh = [act for act in acts if not act.same]
        recorded = record(self._stores.ledger, self._stores.tenant, [(act.detection, act.onset) for act in fresh])
        for act, (entry, is_new) in zip(fresh, recorded, strict=True):
            act.id, act.is_new, act.before = entry, is_new, len(act.onset)
        for act in acts:
            if act.same:
                act.id, act.before = act.same[0].id, act.same[0].events
        extended = [act for act in acts if act.goes_on]
        drafts = [self._extension(act) for act in extended]
        if drafts:
            self._stores.ledger.transact(self._stores.tenant, lambda _: drafts)
        return [act.to_json() for act in acts]

    def _ids(self, spots: set[Spot]) -> dict[Spot, str]:
        found = event_ids(self._reader, self._stores.log, spots)
        if len(found) < len(spots):
            raise BusyError("the index was computed anew while it was read", hint="scan again")
        return found

    def _same(self, act: _Act, onsets: set[int], events: Sequence[str]) -> list[_Kept]:
        """The recorded findings that are this act, by its events or those around it, the earliest recorded first.

        One that is found beside it (its hash is among ``onsets``) is another group's, whatever they share.
        """
        digest, evidence = act.detection.detector.digest, set(events)
        with self._lock:
            every = [one for event in events for one in self._ends.get((digest, event), ())]
            near = {one.position: one for one in every if one.position not in self._gone}
        onset = hash(tuple(act.onset))
        same = []
        for position, one in sorted(near.items()):
            if one.onset == onset or (one.onset not in onsets and self._is_most_of(position, evidence)):
                same.append(one)
        return same

    def _is_most_of(self, position: int, events: set[str]) -> bool:
        """Whether more than half of a recorded onset is among events."""
        found = self._detail(position)
        onset = () if found is None else found[1]["evidence"]
        return 2 * sum(event in events for event in onset) > len(onset)

    def _extension(self, act: _Act) -> Draft:
        detector = act.detection.detector
        detail = {
            "finding": act.id,
            "joined": act.joined,
            "pattern": detector.name,
            "digest": detector.digest,
            "events": len(act.events),
            "times": act.detection.times,
            "evidence": act.listed,
        }
        body: dict[str, Any] = {"act": EXTENDED, "by": f"{detector.kind}:{detector.name}", "detail": detail}
        payload = canonical(body)
        refs = dict.fromkeys((act.id, *act.joined, *(one.partition(".")[0] for one in act.listed)))
        key = self._stores.ledger.dedup_key(self._stores.tenant, b"detection", payload)
        return Draft(Kind.AUDIT, payload, refs=tuple(refs)[:REFS], dedup=key)

    def _detail(self, position: int) -> tuple[str, dict[str, Any]] | None:
        """The id of a finding's entry and what it says; ``None`` if that was erased."""
        (entry,) = self._stores.ledger.read(self._stores.tenant, position, position + 1)
        if entry.salt is None:
            return None
        detail: dict[str, Any] = orjson.loads(self._stores.ledger.opened(entry))["detail"]
        return entry.id, detail

    def _grown(self, position: int) -> dict[str, Any]:
        """What is to be said of a finding as it last was told."""
        with self._lock:
            kept = self._at.get(position)
            newest = None if kept is None else kept.newest
        found = None if newest is None else self._detail(newest)
        return {} if found is None else {name: found[1][name] for name in ("events", "times", "evidence")}

    def _times(self, evidence: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
        """When the first and last event of each finding happened, as the index tells it now."""

        def place(event: str) -> tuple[int, int]:
            entry, _, sub = event.partition(".")
            return self._stores.ledger.entry(self._stores.tenant, entry).position, int(sub or 0)

        places = [(place(ids[0]), place(ids[-1])) for ids in evidence]
        at = occurred(self._reader, self._stores.log, (seq for ends in places for seq, _ in ends))
        return [
            {"started_at": to_text(at[first]), "ended_at": to_text(at[last])} if first in at and last in at else {}
            for first, last in places
        ]


def _portions(found: Sequence[Detection]) -> Iterator[list[Detection]]:
    """Findings, as many at once as have :data:`AT_ONCE` events; one that has more by itself."""
    portion: list[Detection] = []
    events = 0
    for one in found:
        events += len(one.evidence)
        if portion and events > AT_ONCE:
            yield portion
            portion, events = [], len(one.evidence)
        portion.append(one)
    if portion:
        yield portion


@dataclass(slots=True)
class _Act:
    """An act that a scan found, on its way into the ledger."""

    detection: Detection
    events: list[str]
    """Ids of all its events."""
    same: list[_Kept] = field(default_factory=list)
    id: str = ""
    is_new: bool = False
    before: int = 0
    """How many events it was last told with."""

    @property
    def onset(self) -> list[str]:
        """Ids of the events it is known by."""
        return self.events[: len(self.detection.onset)]

    @property
    def joined(self) -> list[str]:
        """Other findings that turned out to be part of it."""
        return sorted(one.id for one in self.same[1:])

    @property
    def goes_on(self) -> bool:
        """Whether there is more to tell of it than was told."""
        return len(self.events) > self.before or len(self.same) > 1

    @property
    def listed(self) -> list[str]:
        """What is listed of its events: the onset and the latest."""
        rest = self.events[len(self.onset) :]
        return self.onset + rest[max(0, len(rest) - LISTED + len(self.onset)) :]

    def to_json(self) -> dict[str, Any]:
        """As a scan answers it."""
        one = self.detection
        return {
            "pattern": one.detector.name,
            "version": one.detector.version,
            "new": self.is_new,
            "grown": self.goes_on and not self.is_new,
            "started_at": to_text(one.evidence[0].occurred_at),
            "ended_at": to_text(one.evidence[-1].occurred_at),
            "keys": [{"kind": key.kind, "value": key.value} for key in one.keys],
            "events": len(self.events),
            "times": one.times,
            "evidence": self.listed,
            "severity": one.detector.severity,
            "title": one.detector.title,
            "tags": list(one.detector.tags),
            "id": self.id,
        }
