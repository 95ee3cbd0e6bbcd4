"""The tables of the index, as data: what each holds, in which order, and the statements that make them.

Every table with a ``log`` column is partitioned by it, and a block holds events of one log, so that an insert makes one
part per table, and dropping or rebuilding a tenant is a change of metadata. Each of these tables exists twice under
one shape: the live one, and a shadow (``next_`` before the name) in which a log is rebuilt before it is swapped in.

Times are int64 nanoseconds; :data:`~vestige.model.instant.UNDATED` stands for "no time" and so sorts first.
Derived tables leave out what the default scope of a query leaves out: our own acts (category ``vestige``) and
skipped records. A change of any shape here must raise :data:`SCHEMA_VERSION`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vestige.model.event import KeyKind
from vestige.model.instant import UNDATED

SCHEMA_VERSION: Final = 5

KIND_NUMBER: Final = {kind: number for number, kind in enumerate(KeyKind, start=1)}
"""How a correlation key's kind is stored. Kinds are only ever added at the end."""
KINDS: Final = {number: str(kind) for kind, number in KIND_NUMBER.items()}
"""The other way round."""

STATUSES: Final = ("parsed", "unparsed", "skipped")
STATUS_SKIPPED: Final = 2

OWN_CATEGORY: Final = "vestige"
"""The category of this installation's own acts."""

DAY: Final = 86_400_000_000_000
HOUR: Final = 3_600_000_000_000
MINUTE: Final = 60_000_000_000
NO_BUCKET: Final = -(2**31)
"""The day, hour or minute of what has no time."""
NEVER_FIRST: Final = 2**63 - 1
"""``first_at`` of an entity all of whose events are undated; its ``last_at`` is ``UNDATED``."""

_KIND: Final = "Enum8(" + ", ".join(f"'{kind}' = {number}" for kind, number in KIND_NUMBER.items()) + ")"
_STATUS: Final = "Enum8(" + ", ".join(f"'{name}' = {number}" for number, name in enumerate(STATUSES)) + ")"
_LC: Final = "LowCardinality(String)"
# ZSTD where text is long and repeats itself; LZ4 elsewhere, where ZSTD cost more time than it saved space.
_Z: Final = "CODEC(LZ4)"
_DZ: Final = "CODEC(Delta, LZ4)"
_TEXT: Final = f"String {_Z}"
_LONG: Final = "String CODEC(ZSTD(1))"
_INSTANT: Final = f"Int64 {_DZ}"
_DURABLE: Final = "fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1"
# What was replaced or dropped leaves the disk within seconds: an erasure is not over while its bytes lie in old parts.
# Safe only because merged parts are synced above.
_TIDY: Final = (
    "old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 2, "
    "cleanup_delay_period_random_add = 1"
)
_ONCE: Final = "non_replicated_deduplication_window = 1000"
# Merging eight parts at a time rather than as few as two rewrites each row less often.
_MERGES: Final = "min_parts_to_merge_at_once = 8"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns with types, what it is sorted by, and its engine."""

    name: str
    columns: tuple[tuple[str, str], ...]
    order: tuple[str, ...]
    engine: str = "MergeTree"
    settings: str = "index_granularity = 1024"
    indices: tuple[str, ...] = ()

    def create(self, database: str, *, shadow: bool = False) -> str:
        """The statement that makes the table, or its shadow, where there is none."""
        parts = [f"{name} {kind}" for name, kind in self.columns] + [f"INDEX {index}" for index in self.indices]
        partition = "PARTITION BY log " if self.by_log else ""
        return (
            f"CREATE TABLE IF NOT EXISTS {self.place(database, shadow=shadow)} ({', '.join(parts)}) "
            f"ENGINE = {self.engine} {partition}ORDER BY ({', '.join(self.order)}) "
            f"SETTINGS {self.settings}, {_DURABLE}, {_TIDY}, {_MERGES}, {_ONCE}"
        )

    def place(self, database: str, *, shadow: bool = False) -> str:
        """The qualified name of the table or of its shadow."""
        return f"{database}.next_{self.name}" if shadow else f"{database}.{self.name}"

    @property
    def by_log(self) -> bool:
        """Whether the table holds one partition per log."""
        return self.columns[0][0] == "log"

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(name for name, _ in self.columns)


PACKED: Final = "packed"
"""The column of ``events`` that says once more what the short ones do (:mod:`vestige.index.packing`)."""
BESIDE: Final = ("occurred_at", "seq", "sub", "message", "attributes")
"""What it does not say: where the row stands, and the long texts."""

EVENTS = Table(
    "events",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("seq", f"UInt64 {_DZ}"),
        ("sub", f"UInt16 {_Z}"),
        ("id", f"FixedString(26) {_Z}"),
        ("generation", f"UInt32 {_Z}"),
        ("status", f"{_STATUS} {_Z}"),
        ("occurred_at", _INSTANT),
        ("time_text", _TEXT),
        ("time_quality", _LC),
        ("observed_at", f"Int64 DEFAULT {UNDATED} {_Z}"),
        ("received_at", _INSTANT),
        ("source", _LC),
        ("acquisition", _LC),
        ("parser", _LC),
        ("event_type", _LC),
        ("category", _LC),
        ("action", _LC),
        ("outcome", _LC),
        ("severity", f"UInt8 {_Z}"),
        ("actor_id", _TEXT),
        ("actor_name", _TEXT),
        ("actor_type", _LC),
        ("subject_id", _TEXT),
        ("subject_name", _TEXT),
        ("subject_type", _LC),
        ("object_id", _LONG),
        ("object_name", _LONG),
        ("object_type", _LC),
        ("src_ip", _TEXT),
        ("dst_ip", _TEXT),
        ("src_port", f"UInt16 {_Z}"),
        ("dst_port", f"UInt16 {_Z}"),
        ("protocol", _LC),
        ("device_id", _TEXT),
        ("device_name", _TEXT),
        ("device_type", _LC),
        ("host", _TEXT),
        ("session", _TEXT),
        ("trace_id", _TEXT),
        ("message", _LONG),
        ("tags", "Array(LowCardinality(String))"),
        ("attributes", _TEXT),
        ("key_kinds", "Array(UInt8)"),
        ("key_values", f"Array(String) {_Z}"),
        ("clock_offset", f"Int64 {_Z}"),
        (PACKED, _TEXT),
    ),
    order=("log", "occurred_at", "seq", "sub"),
    # Granules small enough that a page of a hundred scattered rows stays cheap; parts of single blocks in one file
    # each (compact), since forty files a block cost more than they give.
    settings="index_granularity = 256, min_compress_block_size = 16384, max_compress_block_size = 32768, "
    "min_bytes_for_wide_part = 134217728",
    indices=("ix_message message TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(message))",),
)
"""One row per event, unparsed record or skipped record. ``acquisition`` is the id of the entry it came in by;
``key_kinds``/``key_values`` are the event's own extra keys;
``clock_offset`` is already in both times."""

PLACES = Table(
    "places",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("seq", f"UInt64 {_DZ}"),
        ("sub", f"UInt16 {_Z}"),
        ("occurred_at", _INSTANT),
    ),
    order=("log", "seq", "sub"),
)
"""Where in time an entry's events stand: the way from an id to its row in ``events``."""

EVENT_KEYS = Table(
    "event_keys",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("kind", f"{_KIND} {_Z}"),
        ("value", _TEXT),
        ("occurred_at", _INSTANT),
        ("seq", f"UInt64 {_DZ}"),
        ("sub", f"UInt16 {_Z}"),
        ("event_type", _LC),
    ),
    order=("log", "kind", "value", "occurred_at", "seq", "sub"),
    # A key's events are a few rows here and a few there: a granule's own bytes are unpacked, not those of eight.
    settings="index_granularity = 1024, min_compress_block_size = 8192, max_compress_block_size = 16384",
)
"""One row per event and distinct correlation key."""

ENTITIES = Table(
    "entities",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("kind", f"{_KIND} {_Z}"),
        ("value", _TEXT),
        ("first_at", f"SimpleAggregateFunction(min, Int64) {_Z}"),
        ("last_at", f"SimpleAggregateFunction(max, Int64) {_Z}"),
        ("n", f"SimpleAggregateFunction(sum, UInt64) {_Z}"),
    ),
    order=("log", "kind", "value"),
    engine="AggregatingMergeTree",
)
"""Every correlation key seen: when first, when last, in how many events. Sum and min/max over rows when reading."""

ENTITY_DAY = Table(
    "entity_day",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("kind", f"{_KIND} {_Z}"),
        ("day", f"Int32 {_DZ}"),
        ("value", _TEXT),
        ("n", f"UInt64 {_Z}"),
    ),
    order=("log", "kind", "day", "value"),
    engine="SummingMergeTree(n)",
)
"""How many events an identity, ip, host or device had on each day."""

RELATIONS = Table(
    "relations",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("kind", f"{_KIND} {_Z}"),
        ("value", _TEXT),
        ("peer_kind", f"{_KIND} {_Z}"),
        ("peer", _TEXT),
        ("first_at", f"SimpleAggregateFunction(min, Int64) {_Z}"),
        ("last_at", f"SimpleAggregateFunction(max, Int64) {_Z}"),
        ("n", f"SimpleAggregateFunction(sum, UInt64) {_Z}"),
    ),
    order=("log", "kind", "value", "peer_kind", "peer"),
    engine="AggregatingMergeTree",
)
"""Which two entities met in one event, in both directions."""

MINUTE_SOURCE = Table(
    "minute_source",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("minute", f"Int32 {_DZ}"),
        ("source", _LC),
        ("n", f"UInt64 {_Z}"),
    ),
    order=("log", "minute", "source"),
    engine="SummingMergeTree(n)",
)
"""How many events of each source lie in each minute: what a month is drawn from, pixel by pixel."""

HOUR_SOURCE = Table(
    "hour_source",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("hour", f"Int32 {_DZ}"),
        ("source", _LC),
        ("severity", f"UInt8 {_Z}"),
        ("n", f"UInt64 {_Z}"),
    ),
    order=("log", "hour", "source", "severity"),
    engine="SummingMergeTree(n)",
)
HOUR_TYPE = Table(
    "hour_type",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("hour", f"Int32 {_DZ}"),
        ("event_type", _LC),
        ("category", _LC),
        ("outcome", _LC),
        ("n", f"UInt64 {_Z}"),
    ),
    order=("log", "hour", "event_type", "category", "outcome"),
    engine="SummingMergeTree(n)",
)

COUNTED: Final = {"actor": ("actor_id", "actor_name"), "host": ("host",), "ip": ("src_ip", "dst_ip")}
"""Fields of the query language that have many values and are counted as a whole, with the columns behind each."""

FIELD_VALUES = Table(
    "field_values",
    columns=(
        ("log", f"UInt32 {_Z}"),
        ("field", _LC),
        ("value", _TEXT),
        ("n", f"UInt64 {_Z}"),
    ),
    order=("log", "field", "value"),
    engine="SummingMergeTree(n)",
)
"""In how many events, dated or not, each value of a :data:`COUNTED` field stands, as written. Where two columns of an
event hold one name in two spellings, only the first counts."""

BLOCKS = Table(
    "blocks",
    columns=(
        ("log", "UInt32"),
        ("generation", "UInt32"),
        ("slot", "UInt32"),
        ("version", "UInt64"),
        ("lo", "UInt64"),
        ("hi", "UInt64"),
        ("state", "Enum8('begun' = 0, 'done' = 1)"),
        ("prefix", "UInt64"),
        ("tip", "String"),
    ),
    order=("log", "generation", "slot"),
    engine="ReplacingMergeTree(version)",
)
"""Blocks being written or lying beyond the prefix, one per slot (the greatest version holds), and the prefix's end.

``tip`` is the leaf hash of the last entry of the block, or in slot 0 of the prefix."""

META = Table("meta", columns=(("name", "String"), ("value", "String")), order=("name",))
"""The index's identity and schema version, and which installation it belongs to."""

LOGS = Table(
    "logs",
    columns=(
        ("number", "UInt32"),
        ("revision", "UInt64"),
        ("generation", "UInt32"),
        ("newest", "UInt32"),
        ("state", "Enum8('live' = 0, 'building' = 1, 'swapping' = 2)"),
        ("read_to", "UInt64"),
    ),
    order=("number", "revision"),
)
"""The state of each log, one row per change; the row of the greatest revision holds.

``read_to``: every live row was computed with all statements about sources that stand below this position."""

DERIVED = (PLACES, EVENT_KEYS, ENTITIES, ENTITY_DAY, RELATIONS, HOUR_SOURCE, HOUR_TYPE, FIELD_VALUES, MINUTE_SOURCE)
CONTENT = (EVENTS, *DERIVED)
"""The tables a block is written to, in the order it is."""
SWAPPED = (*CONTENT, BLOCKS)
"""The tables a rebuild replaces; the record of blocks last, since it vouches for the others."""
FIXED = (META, LOGS)
