"""The index: events, keys, entities, relations and rollups, kept in ClickHouse as a rebuildable view of the ledger."""

from vestige.index.columns import Block
from vestige.index.engine import MemoryLimits, Result
from vestige.index.keys import keys_of
from vestige.index.partitions import Rebuild
from vestige.index.store import Index
from vestige.index.writer import Written

__all__ = ["Block", "Index", "MemoryLimits", "Rebuild", "Result", "Written", "keys_of"]
