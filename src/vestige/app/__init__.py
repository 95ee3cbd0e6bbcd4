"""The composition root: settings in, wired rooms out. Nothing below knows of anything above it."""

from vestige.app.datadir import DataDirLock
from vestige.app.demonstration import DEMO_EVENTS, fill
from vestige.app.installation import Installation
from vestige.app.ledgerview import LedgerView
from vestige.app.rooms import Rooms
from vestige.app.sources import try_sample
from vestige.ingest.importer import ImportOptions
from vestige.ingest.source_settings import KEY, Change, Offset
from vestige.settings import Settings
from vestige.settings import load as load_settings
from vestige.sources.mapping import LONGEST as MAPPING_BYTES
from vestige.timeline import MAX_LIMIT, SHAPES, Window

__all__ = [
    "DEMO_EVENTS",
    "KEY",
    "MAPPING_BYTES",
    "MAX_LIMIT",
    "SHAPES",
    "Change",
    "DataDirLock",
    "ImportOptions",
    "Installation",
    "LedgerView",
    "Offset",
    "Rooms",
    "Settings",
    "Window",
    "fill",
    "load_settings",
    "try_sample",
]
