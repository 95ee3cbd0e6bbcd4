"""Formats that any program may write: JSON, tables, syslog, lines that begin with a time."""

from vestige.sources.contract import Format
from vestige.sources.general.csv_generic import FORMAT as CSV
from vestige.sources.general.declared_timeline import FORMAT as TIMELINE
from vestige.sources.general.json_lines import FORMAT as JSON
from vestige.sources.general.plain_log import FORMAT as PLAIN_LOG
from vestige.sources.general.syslog import FORMAT as SYSLOG

FORMATS: tuple[Format, ...] = (SYSLOG, TIMELINE, JSON, PLAIN_LOG, CSV)
