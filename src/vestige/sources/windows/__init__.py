"""Formats of Windows events: binary logs, and what collectors and tools make of them."""

from vestige.sources.contract import Format
from vestige.sources.windows.evtx import FORMAT as EVTX
from vestige.sources.windows.windows_json import FORMAT as WINDOWS_JSON

FORMATS: tuple[Format, ...] = (EVTX, WINDOWS_JSON)
