"""What the index holds of each source: how much, from when to when, and how far its times may be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vestige.model.instant import NANOS, UNDATED, TimeQuality, now, to_text
from vestige.model.vocabulary import GENERIC

if TYPE_CHECKING:
    from vestige.query import Reader

_QUALITIES: Final = tuple(str(quality) for quality in TimeQuality)
LATELY: Final = 3600 * NANOS
SLACK: Final = 5 * NANOS
"""How far behind a receipt's clock may be before an event counts as stamped in the future."""


@dataclass(slots=True)
class SourceCounts:
    """The counts of one source."""

    records: int = 0
    events: int = 0
    unparsed: int = 0
    skipped: int = 0
    generic: int = 0
    future: int = 0
    """Events stamped later than they were received."""
    seen: int = 0
    """When the last record was received; 0: none was."""
    lately: int = 0
    """Records received within the last hour."""
    first: int | None = None
    last: int | None = None
    qualities: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_QUALITIES, 0))
    formats: dict[str, dict[str, int]] = field(default_factory=dict)
    """Per format: events, and generic ones."""

    @property
    def assumed(self) -> bool:
        """Whether most of its times rest on an assumed zone."""
        guessed = self.qualities[TimeQuality.ASSUMED_ZONE] + self.qualities[TimeQuality.ASSUMED_YEAR]
        return 2 * guessed > self.events - self.qualities[TimeQuality.MISSING] > 0

    def to_json(self) -> dict[str, Any]:
        """The shape `docs/commands.md` gives."""
        dated = {name: to_text(at) for name, at in (("first", self.first), ("last", self.last)) if at is not None}
        return {
            "records": self.records,
            "events": self.events,
            "unparsed": self.unparsed,
            "skipped": self.skipped,
            **dated,
            **({"last_received": to_text(self.seen)} if self.seen else {}),
            "received_last_hour": self.lately,
            "time_quality": self.qualities,
            "stamped_in_the_future": self.future,
            "generic": {"events": self.generic, "share": round(self.generic / max(1, self.events), 4)},
            "formats": {
                name: counts | {"share": round(counts["generic"] / max(1, counts["events"]), 4)}
                for name, counts in sorted(self.formats.items())
            },
        }


def read_counts(reader: Reader, log: int) -> dict[str, SourceCounts]:
    """The counts of every source of a log, by name. Our own acts are no source."""
    dated = f"occurred_at > {UNDATED}"
    parsed = "status = 'parsed'"
    qualities = ", ".join(f"countIf({parsed} AND time_quality = '{name}')" for name in _QUALITIES)
    generic = ", ".join(f"'{name}'" for name in sorted(GENERIC))
    rows = reader.query(
        f"SELECT source, parser, countIf(sub = 0), countIf({parsed}), countIf(status = 'unparsed'), "  # noqa: S608 - our own names
        f"countIf(status = 'skipped'), countIf({parsed} AND event_type IN ({generic})), "
        f"countIf({dated} AND occurred_at - {SLACK} > received_at), countIf({dated}), "
        f"minIf(occurred_at, {dated}), maxIf(occurred_at, {dated}), max(received_at), "
        f"countIf(sub = 0 AND received_at > {{since:Int64}}), {qualities} "
        f"FROM {reader.database}.events WHERE log = {{log:UInt32}} AND parser != 'vestige/1' GROUP BY source, parser",
        {"log": log, "since": now() - LATELY},
    ).rows
    found: dict[str, SourceCounts] = {}
    for source, parser, records, events, unparsed, skipped, plain, future, times, first, last, seen, new, *each in rows:
        one = found.setdefault(source, SourceCounts())
        one.records += records
        one.events += events
        one.unparsed += unparsed
        one.skipped += skipped
        one.generic += plain
        one.future += future
        one.seen = max(one.seen, seen)
        one.lately += new
        if times:
            one.first = first if one.first is None else min(one.first, first)
            one.last = last if one.last is None else max(one.last, last)
        for name, count in zip(_QUALITIES, each, strict=True):
            one.qualities[name] += count
        form = one.formats.setdefault(parser.partition("/")[0], {"events": 0, "generic": 0})
        form["events"] += events
        form["generic"] += plain
    return found
