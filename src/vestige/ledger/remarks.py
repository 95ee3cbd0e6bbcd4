"""What later entries say of earlier ones: redactions, amendments and erasures, by the position they are about.

Nothing of a record changes (ledger.md section 6). A ``redaction`` hides a record, or fields of it, in every view; an
``amendment`` stands beside what it corrects; an ``erasure`` has taken it. Payloads, canonical JSON, ids and codes only:

* ``redaction``: ``{"reason"}``, with ``"fields": [name, …]`` where only those are hidden; ``refs`` name the records.
  ``{"lifts": <id of a redaction>, "reason"}`` undoes one
* ``amendment``: ``{"fields": [name, …], "reason"}``; ``refs`` name the record

Values and words are free text, which is never put into these: they stand in the ``audit`` entry appended behind, in the
same transaction, which has the next seq. So has who did it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.ledger.models import Draft, Kind
from vestige.model.errors import NotFoundError, VestigeError
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.ledger.entries import Entries
    from vestige.ledger.models import StoredEntry
    from vestige.ledger.ranges import RangeSet
    from vestige.proof.canonical import Encodable

REDACTED: Final = "evidence.redacted"
LIFTED: Final = "evidence.redaction_lifted"
AMENDED: Final = "evidence.amended"
REMARKS: Final = (Kind.REDACTION, Kind.AMENDMENT, Kind.ERASURE, Kind.PURGE)
_ERASURES: Final = frozenset({Kind.ERASURE, Kind.PURGE})
_MANY: Final = 64
"""Ranges of one erasure that are sorted in, where fewer are put in one by one."""


class Redaction(NamedTuple):
    """A redaction in force. ``fields`` is empty where the whole record is hidden."""

    entry: str
    at: str
    by: str
    reason: str
    fields: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As it is shown on what it hides."""
        fields = {"fields": list(self.fields)} if self.fields else {}
        return {"entry": self.entry, "at": self.at, "by": self.by, "reason": self.reason} | fields


class Amendment(NamedTuple):
    """A correction: values by field, or none where what it said was erased. ``position`` is that of its own entry."""

    entry: str
    position: int
    at: str
    by: str
    reason: str
    fields: tuple[str, ...]
    values: dict[str, Any]


class Taken(NamedTuple):
    """An erasure, and the positions it took."""

    lo: int
    hi: int
    said: dict[str, Any]


class Remarks:
    """The fold. Feed it entries of :data:`REMARKS` in order of position."""

    def __init__(self, ledger: Entries, tenant: str) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._redactions: dict[int, dict[str, Redaction]] = {}
        self._named: dict[str, list[int]] = {}
        self._redacted: list[int] = []
        """Positions a redaction in force names, rising."""
        self._amendments: dict[int, list[Amendment]] = {}
        self._corrects: dict[int, int] = {}
        """Position of an amendment's own audit entry to the position it corrects."""
        self._taken: list[Taken] = []
        """Disjoint, rising."""
        self._starts: list[int] = []

    def take(self, entry: StoredEntry) -> None:
        """Fold one entry in; one whose payload cannot be read hides or corrects nothing, and verification names it."""
        leaf = orjson.loads(entry.leaf)
        try:
            body = orjson.loads(self._ledger.opened(entry))
        except (VestigeError, orjson.JSONDecodeError):
            return
        if not isinstance(body, dict):
            return
        at, said = str(leaf["at"]), self._act(entry.position + 1)
        by, reason = str(said.get("by", "")), str(body.get("reason", ""))
        if entry.kind in _ERASURES:
            self._take_erasure(entry, body, {"entry": entry.id, "at": at, "by": by, "reason": reason})
        elif entry.kind is Kind.AMENDMENT:
            detail = said.get("detail")
            values = detail.get("set", {}) if isinstance(detail, dict) else {}
            made = Amendment(
                entry.id, entry.position, at, by, reason, _texts(body.get("fields")),
                values if isinstance(values, dict) else {},
            )  # fmt: skip
            for place in self._places(leaf["refs"]):
                self._amendments.setdefault(place, []).append(made)
                self._corrects[entry.position + 1] = place
        elif "lifts" in body:
            self._lift(str(body["lifts"]))
        else:
            redaction = Redaction(entry.id, at, by, reason, _texts(body.get("fields")))
            places = self._places(leaf["refs"])
            self._named[entry.id] = places
            for place in places:
                if place not in self._redactions:
                    insort(self._redacted, place)
                self._redactions.setdefault(place, {})[entry.id] = redaction

    def _lift(self, redaction: str) -> None:
        for place in self._named.pop(redaction, ()):
            self._redactions[place].pop(redaction, None)
            if not self._redactions[place]:
                del self._redactions[place]
                del self._redacted[bisect_left(self._redacted, place)]

    def _take_erasure(self, entry: StoredEntry, body: dict[str, Any], said: dict[str, Any]) -> None:
        base = entry.position - entry.seq
        made: list[Taken] = []
        for lo, hi in body.get("ranges", []):
            made += self._new(Taken(base + lo, base + hi, said))
        if len(made) > _MANY:
            self._taken = sorted([*self._taken, *made], key=_lo)
            self._starts = [one.lo for one in self._taken]
            return
        for one in made:
            place = bisect_right(self._starts, one.lo)
            self._starts.insert(place, one.lo)
            self._taken.insert(place, one)

    def _new(self, taken: Taken) -> Iterator[Taken]:
        """What of a range no earlier erasure took, so that ranges stay disjoint and only the nearest need be asked."""
        at = taken.lo
        for place in range(max(bisect_right(self._starts, taken.lo) - 1, 0), len(self._taken)):
            before = self._taken[place]
            if before.lo >= taken.hi:
                break
            if before.hi <= at:
                continue
            if at < before.lo:
                yield Taken(at, before.lo, taken.said)
            at = before.hi
        if at < taken.hi:
            yield Taken(at, taken.hi, taken.said)

    def _places(self, refs: Sequence[str]) -> list[int]:
        found = []
        for ref in refs:
            try:
                found.append(self._ledger.entry(self._tenant, ref).position)
            except NotFoundError:
                continue
        return found

    def _act(self, position: int) -> dict[str, Any]:
        """What the act's audit entry behind says; nothing where it is gone."""
        for entry in self._ledger.read(self._tenant, position, position + 1):
            if entry.kind is Kind.AUDIT and entry.salt is not None:
                try:
                    said = orjson.loads(self._ledger.opened(entry))
                except VestigeError:
                    return {}
                return said if isinstance(said, dict) else {}
        return {}

    # -- asking -------------------------------------------------------------------------------------------------

    def redactions(self, position: int) -> list[Redaction]:
        """The redactions in force of a record, the oldest first."""
        return list(self._redactions.get(position, {}).values())

    def redaction(self, entry: str) -> list[int]:
        """The positions a redaction in force names; none if it is lifted, or is none."""
        return list(self._named.get(entry, ()))

    def redacted(self, lo: int = 0, hi: int = 1 << 62) -> list[int]:
        """The positions in a range that are redacted, rising."""
        return self._redacted[bisect_left(self._redacted, lo) : bisect_left(self._redacted, hi)]

    def acts(self, records: set[int] | RangeSet) -> list[int]:
        """The positions of the acts that say what amendments of some records do: they go with these."""
        return [one.position + 1 for place, made in self._amendments.items() if place in records for one in made]

    def corrects(self, position: int) -> int | None:
        """The position of the record that an act of ours amends; ``None`` if it is no such act."""
        return self._corrects.get(position)

    def hides_act(self, position: int) -> bool:
        """Whether an entry of ours is what an amendment says of something that is hidden or erased."""
        place = self._corrects.get(position)
        if place is None:
            return False
        mine = [one for one in self._amendments.get(place, ()) if one.position == position - 1]
        return self.erased(place) is not None or (bool(mine) and place in self._redactions)

    def erased(self, position: int) -> dict[str, Any] | None:
        """Which entry erased a record, when, by whom and why; ``None`` if none did."""
        place = bisect_right(self._starts, position) - 1
        return self._taken[place].said if place >= 0 and position < self._taken[place].hi else None

    def of(self, position: int) -> dict[str, Any]:
        """What is to be shown on an event of a record, beside what it says."""
        if not (self._redactions or self._amendments or self._taken):
            return {}
        shown: dict[str, Any] = {}
        redactions, amendments, erased = (
            self.redactions(position),
            self._amendments.get(position),
            self.erased(position),
        )
        if redactions:
            shown["redacted"] = [one.to_json() for one in redactions]
        if amendments:
            # What is hidden of a record may be what an amendment says, of whatever field.
            hidden = erased is not None or bool(redactions)
            shown["amended"] = [_amended(one, hidden=hidden) for one in amendments]
        if erased is not None:
            shown |= {"status": "erased", "erased": erased}
        return shown


def _amended(one: Amendment, *, hidden: bool) -> dict[str, Any]:
    """An amendment as it is shown beside what it corrects."""
    values = {} if hidden else one.values
    withheld = sorted(set(one.fields) - values.keys())
    said: dict[str, Any] = {"entry": one.entry, "at": one.at, "by": one.by, "reason": one.reason, "set": values}
    return said | ({"withheld": withheld} if withheld else {})


def _lo(taken: Taken) -> int:
    return taken.lo


def redaction_draft(ids: Sequence[str], fields: Sequence[str], reason: str) -> Draft:
    """The entry of a redaction of up to 16 records."""
    body: dict[str, Encodable] = {"reason": reason}
    if fields:
        body["fields"] = list(fields)
    return Draft(Kind.REDACTION, canonical(body), refs=tuple(ids))


def lift_draft(redaction: str, reason: str) -> Draft:
    """The entry that undoes a redaction."""
    return Draft(Kind.REDACTION, canonical({"lifts": redaction, "reason": reason}), refs=(redaction,))


def amendment_draft(record: str, fields: Sequence[str], reason: str) -> Draft:
    """The entry of an amendment of one record."""
    return Draft(Kind.AMENDMENT, canonical({"fields": sorted(fields), "reason": reason}), refs=(record,))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
