"""Formats that forensic tools write."""

from vestige.sources.contract import Format
from vestige.sources.forensic.timesketch import FORMAT as TIMESKETCH

FORMATS: tuple[Format, ...] = (TIMESKETCH,)
