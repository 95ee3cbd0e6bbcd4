"""Tables as text: CSV, TSV and their kin with ``;`` or ``|``, with or without a header row.

The delimiter and the column names go into the context (``delimiter``, ``header``). A first row of names is the header
(skipped as a record, wherever it comes again); without one the columns are ``column_1``, ``column_2``, and so on. A
header names each column once: of ``time,user,user,`` the columns are ``time``, ``user``, ``user_2`` and ``column_4``.

Cells become fields by their column's name as in any JSON object (:mod:`vestige.sources.reading.names`); a table with
``event_type`` and ``occurred_at`` is one of declared events. Attributes: every cell under its column's name.

Reference: RFC 4180.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from vestige.model.event import Skipped, Unparsed
from vestige.model.vocabulary import VOCABULARY, is_reserved
from vestige.sources.contract import Detection
from vestige.sources.reading.csv_split import split_table
from vestige.sources.reading.fields import REPLACED
from vestige.sources.reading.generic import generic_event
from vestige.sources.reading.names import roles_of
from vestige.sources.reading.table import read_row, table_of
from vestige.sources.reading.timefield import TIME_NAMES, assumed, clock_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample

_TIMES = frozenset(name.lower() for name in TIME_NAMES)


class CsvFormat:
    """See the module."""

    name = "csv"
    version = "1"
    media_type = "text/csv"
    rendered = False
    source_name: str | None = None

    def detect(self, sample: Sample) -> Detection | None:
        """Rows that agree on their number of cells; surer with a header that names a time."""
        table = table_of(sample)
        if table is None:
            return None
        why = f"{len(table.header)} columns, {table.agreeing} of {table.rows} rows agree"
        timed = any(name.strip().lower() in _TIMES for name in table.header)
        if not table.named:
            sure, why = 0.25, f"{why}, no header"
        elif table.rows == 0 and not timed:
            sure, why = 0.2, f"{why}: a header alone"
        else:
            sure = 0.7 if timed else 0.45 if len(table.header) > 2 else 0.3
        if table.renamed:
            why = f"{why}; the header repeats or leaves out names: read as {', '.join(table.renamed)}"
        return Detection(sure, why, header=table.header, delimiter=table.delimiter, extra=assumed(table.records))

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Rows, quoted line feeds inside them."""
        return split_table(stream, start=start, number=number, delimiter=context.delimiter if context else ",")

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per row."""
        clock = clock_for(context)
        out: list[Reading] = []
        for payload in payloads:
            row = read_row(payload, context)
            if isinstance(row, Unparsed | Skipped):
                out.append(row)
                continue
            record, text, replaced = row
            kind = str(record.get("event_type", ""))
            typed = kind in VOCABULARY or (kind != "" and "occurred_at" in record)
            declared = kind if typed and not is_reserved(kind) else ""
            event = generic_event(roles_of(record), text, clock.find(record), clock, declared)
            out.append(event._replace(tags=(*event.tags, REPLACED)) if replaced else event)
        return out


FORMAT = CsvFormat()
