"""Formats that forensic tools write."""

from vestige.sources.contract import Format
from vestige.sources.forensic.bodyfile import FORMAT as BODYFILE
from vestige.sources.forensic.chainsaw import FORMAT as CHAINSAW
from vestige.sources.forensic.hayabusa import FORMAT as HAYABUSA
from vestige.sources.forensic.l2tcsv import FORMAT as L2TCSV
from vestige.sources.forensic.plaso_dynamic import FORMAT as PLASO_DYNAMIC
from vestige.sources.forensic.plaso_json import FORMAT as PLASO_JSON
from vestige.sources.forensic.timesketch import FORMAT as TIMESKETCH
from vestige.sources.forensic.tln import FORMAT as TLN

FORMATS: tuple[Format, ...] = (HAYABUSA, CHAINSAW, PLASO_DYNAMIC, L2TCSV, PLASO_JSON, TIMESKETCH, BODYFILE, TLN)
