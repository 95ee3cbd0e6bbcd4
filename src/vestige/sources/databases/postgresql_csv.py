"""PostgreSQL's csvlog: a table without a header, its columns fixed by the server's version.

23 columns up to version 12 (from 9.0), 24 with ``backend_type`` (13), 26 with ``leader_pid`` and ``query_id`` (14):
the last column but those is ``application_name``. Values hold line feeds. Attributes: every column that holds
something under PostgreSQL's name, beside ``level`` (``error_severity``), ``pid`` (``process_id``), ``user``,
``database`` and what the message says.

Reference: PostgreSQL documentation, "Using CSV-Format Log Output".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import Detection
from vestige.sources.databases.postgresql import when
from vestige.sources.databases.postgresql_messages import LEVELS, Entry, event_of
from vestige.sources.reading.csv_split import cells_of, scan_rows, split_table
from vestige.sources.reading.fields import REPLACED, canonical_ip, port_of_text
from vestige.sources.reading.kinds import tagged
from vestige.sources.reading.table import read_row
from vestige.sources.reading.timefield import clock_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.model.event import Event, Reading, Record
    from vestige.sources.contract import Context, Sample
    from vestige.sources.reading.timefield import Clock

_NAMES = """
    log_time user_name database_name process_id connection_from session_id session_line_num command_tag
    session_start_time virtual_transaction_id transaction_id error_severity sql_state_code message detail hint
    internal_query internal_query_pos context query query_pos location application_name backend_type leader_pid
    query_id
"""
_COLUMNS = tuple(_NAMES.split())
_WIDTHS = frozenset({22, 23, 24, 26})
_LOOK = 60
_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ([A-Z]{2,5}|[+-]\d\d(?::?\d\d)?))?")
_LEVEL = re.compile(LEVELS)
_STATE = re.compile(r"[0-9A-Z]{5}")
_PLAIN = (("level", "error_severity"), ("pid", "process_id"))


class PostgresqlCsv:
    """See the module."""

    name = "postgresql_csv"
    version = "1"
    media_type = "text/csv"
    rendered = False
    source_name: str | None = None

    def detect(self, sample: Sample) -> Detection | None:
        """Rows of a known width with a time first, a level and an SQLSTATE where they belong."""
        rows = [_cells(row) for row in scan_rows(sample.body(), ",", complete=sample.complete)[:_LOOK]]
        mine = [row for row in rows if _fits(row)]
        if not mine or len(mine) * 2 <= len(rows):
            return None
        why = f"{len(mine)} of {len(rows)} rows are PostgreSQL's csvlog of {len(mine[0])} columns"
        return Detection(0.97, why, header=_COLUMNS[: len(mine[0])])

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Rows, line feeds in quotes inside them."""
        del context
        return split_table(stream, start=start, number=number, delimiter=",")

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per row."""
        clock = clock_for(context)
        out: list[Reading] = []
        for payload in payloads:
            row = read_row(payload, context)
            if isinstance(row, Unparsed | Skipped):
                out.append(row)
                continue
            record, _, replaced = row
            event = _read({name: str(value) for name, value in record.items() if value != ""}, clock)
            out.append(tagged(event, REPLACED) if replaced else event)
        return out


def _cells(row: bytes) -> list[str]:
    try:
        return cells_of(row.decode("utf-8", "replace"), ",")
    except ValueError:
        return []


def _fits(row: list[str]) -> bool:
    if len(row) not in _WIDTHS:
        return False
    return all(pattern.fullmatch(row[place]) is not None for place, pattern in ((0, _TIME), (11, _LEVEL), (12, _STATE)))


def _read(row: dict[str, str], clock: Clock) -> Event:
    get = row.get
    fields: dict[str, object] = {**row, **{plain: row[name] for plain, name in _PLAIN if name in row}}
    found = _TIME.fullmatch(get("log_time", ""))
    stamp = clock.read(get("log_time")) if found is None else when(found[1], found[2] or "", clock)
    host, _, port = get("connection_from", "").rpartition(":")
    return event_of(
        Entry(
            stamp,
            get("error_severity", ""),
            get("message", ""),
            get("user_name", ""),
            get("database_name", ""),
            canonical_ip(host),
            port_of_text(port),
            get("session_id", ""),
            get("sql_state_code", ""),
            fields,
        )
    )


FORMAT = PostgresqlCsv()
