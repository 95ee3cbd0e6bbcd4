"""The composition root: settings in, wired rooms out. Nothing below knows of anything above it."""

from vestige.app.datadir import DataDirLock, refuse_foreign, require_installation
from vestige.app.demonstration import DEMO_EVENTS, fill
from vestige.app.installation import Installation
from vestige.app.ledgerview import LedgerView
from vestige.app.rooms import Rooms
from vestige.ingest.arrivals import Stream, Taken
from vestige.ingest.importer import ImportOptions
from vestige.ingest.reading import PARSE_LIMIT
from vestige.settings import Settings
from vestige.settings import load as load_settings
from vestige.sources import Context, split_json
from vestige.timeline import MAX_LIMIT, SHAPES, Window

__all__ = [
    "DEMO_EVENTS",
    "MAX_LIMIT",
    "PARSE_LIMIT",
    "SHAPES",
    "Context",
    "DataDirLock",
    "ImportOptions",
    "Installation",
    "LedgerView",
    "Rooms",
    "Settings",
    "Stream",
    "Taken",
    "Window",
    "fill",
    "load_settings",
    "refuse_foreign",
    "require_installation",
    "split_json",
]
