"""The composition root: settings in, wired rooms out. Nothing below knows of anything above it."""

from vestige.app.datadir import DataDirLock
from vestige.app.demonstration import DEMO_EVENTS, fill
from vestige.app.installation import Installation
from vestige.app.ledgerview import LedgerView
from vestige.app.rooms import Rooms
from vestige.ingest.importer import ImportOptions
from vestige.receivers import Receivers
from vestige.settings import Settings
from vestige.settings import load as load_settings
from vestige.timeline import MAX_LIMIT, SHAPES, Window

__all__ = [
    "DEMO_EVENTS",
    "MAX_LIMIT",
    "SHAPES",
    "DataDirLock",
    "ImportOptions",
    "Installation",
    "LedgerView",
    "Receivers",
    "Rooms",
    "Settings",
    "Window",
    "fill",
    "load_settings",
]
