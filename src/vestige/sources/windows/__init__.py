"""Formats of Windows: binary event logs, what collectors and tools make of them, and its own text logs."""

from vestige.sources.contract import Format
from vestige.sources.windows.event_tables import FORMAT as WINDOWS_TABLES
from vestige.sources.windows.evtx import FORMAT as EVTX
from vestige.sources.windows.firewall_log import FORMAT as WINDOWS_FIREWALL
from vestige.sources.windows.powershell_transcript import FORMAT as POWERSHELL_TRANSCRIPT
from vestige.sources.windows.setupapi import FORMAT as SETUPAPI
from vestige.sources.windows.windows_json import FORMAT as WINDOWS_JSON

FORMATS: tuple[Format, ...] = (EVTX, WINDOWS_JSON, WINDOWS_TABLES, WINDOWS_FIREWALL, SETUPAPI, POWERSHELL_TRANSCRIPT)
