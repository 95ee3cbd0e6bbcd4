"""The index: events, keys, entities, relations and rollups, kept in ClickHouse as a rebuildable view of the ledger."""

from vestige.index.asker import ASKER, Asker
from vestige.index.checks import TableDigest
from vestige.index.columns import Block
from vestige.index.differences import Differences
from vestige.index.engine import DamagedIndexError, MemoryLimits, Result, is_shared, place_of
from vestige.index.keys import keys_of
from vestige.index.partitions import Rebuild
from vestige.index.parts import by_column, with_keys
from vestige.index.rows import EVENT_COLUMNS, EventRow, event_row
from vestige.index.store import Index
from vestige.index.writer import Written

__all__ = [
    "ASKER",
    "EVENT_COLUMNS",
    "Asker",
    "Block",
    "DamagedIndexError",
    "Differences",
    "EventRow",
    "Index",
    "MemoryLimits",
    "Rebuild",
    "Result",
    "TableDigest",
    "Written",
    "by_column",
    "event_row",
    "is_shared",
    "keys_of",
    "place_of",
    "with_keys",
]
