"""The filter language, compiled for a scope into conditions on the index."""

from vestige.index import SHOWN_COLUMNS, EventRow, Index, Result, keys_of, read_document
from vestige.query.compile import Scope
from vestige.query.language import parse
from vestige.query.reader import Filter, Reader

__all__ = [
    "SHOWN_COLUMNS",
    "EventRow",
    "Filter",
    "Index",
    "Reader",
    "Result",
    "Scope",
    "keys_of",
    "parse",
    "read_document",
]
