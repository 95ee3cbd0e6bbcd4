"""The filter language, compiled for a scope into conditions on the index."""

from vestige.index import EVENT_COLUMNS, EventRow, Index, Result, event_row, keys_of
from vestige.index.keys import FLAT, FOLDED, MAX_RELATED_EXTRAS, MAX_VALUE, RELATED, normal
from vestige.index.packing import FIELDS, items, unpack
from vestige.index.schema import BESIDE, COUNTED, KIND_NUMBER, PACKED
from vestige.query.ast import InCase, InLedger, walk
from vestige.query.compile import Scope, Way
from vestige.query.fields import Field, lookup
from vestige.query.fields import Type as FieldType
from vestige.query.grouping import is_several, lane_of, values_of
from vestige.query.language import parse
from vestige.query.reader import Filter, Reader, scattered
from vestige.query.values import counts_back

__all__ = [
    "BESIDE",
    "COUNTED",
    "EVENT_COLUMNS",
    "FIELDS",
    "FLAT",
    "FOLDED",
    "KIND_NUMBER",
    "MAX_RELATED_EXTRAS",
    "MAX_VALUE",
    "PACKED",
    "RELATED",
    "EventRow",
    "Field",
    "FieldType",
    "Filter",
    "InCase",
    "InLedger",
    "Index",
    "Reader",
    "Result",
    "Scope",
    "Way",
    "counts_back",
    "event_row",
    "is_several",
    "items",
    "keys_of",
    "lane_of",
    "lookup",
    "normal",
    "parse",
    "scattered",
    "unpack",
    "values_of",
    "walk",
]
