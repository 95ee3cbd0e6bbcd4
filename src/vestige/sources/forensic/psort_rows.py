"""Rows as psort writes them: cells joined by the delimiter and never quoted, a delimiter inside one replaced.

So a quotation mark at a cell's beginning means nothing, and every line is a row. A file that another program saved
again is quoted as RFC 4180 says; which of the two it is, the sample tells (``rows``: ``lines`` in the context), and a
row that does not fit as it is read the other way before it is called unparsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import MAX_RECORD, Detection
from vestige.sources.reading.csv_split import split_table
from vestige.sources.reading.either import header_of
from vestige.sources.reading.fields import REPLACED, decode
from vestige.sources.reading.kinds import tagged
from vestige.sources.reading.records import split_lines
from vestige.sources.reading.table import read_row
from vestige.sources.reading.timefield import clock_for, missing_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample
    from vestige.sources.reading.kinds import ObjectReader


@dataclass(frozen=True, kw_only=True)
class PsortRows:
    """A table of psort's under column names that are known. ``quality`` tells that of a row's time."""

    name: str
    version: str
    source_name: str | None
    mine: Callable[[Collection[str]], bool]
    seen: str
    read: ObjectReader
    quality: Callable[[dict[str, object]], str]
    confidence: float = 0.97
    media_type: str = "text/csv"
    rendered: bool = False

    def detect(self, sample: Sample) -> Detection | None:
        """A header of this output's names."""
        found = header_of(sample, self.mine)
        if found is None:
            return None
        delimiter, header, rows = found
        lines = [line.decode("utf-8", "replace") for line in sample.lines()[1:60]]
        plain = all(line.count(delimiter) + 1 == len(header) for line in lines)
        return Detection(
            self.confidence,
            f"columns {self.seen}",
            header=header,
            delimiter=delimiter,
            extra=((("rows", "lines"),) if plain else ()) + missing_parts(filter(None, map(self.quality, rows))),
        )

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Line by line; row by row where a file is quoted."""
        if context is None or context.hint("rows") == "lines":
            return split_lines(stream, start=start, number=number)
        return split_table(stream, start=start, number=number, delimiter=context.delimiter)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per row; the header is skipped."""
        clock = clock_for(context)
        out: list[Reading] = []
        for payload in payloads:
            row = _row(payload, context)
            if isinstance(row, Unparsed | Skipped):
                out.append(row)
                continue
            record, text, replaced = row
            reading = self.read(record, text, clock)
            out.append(tagged(reading, REPLACED) if replaced else reading)
        return out


def _row(payload: bytes, context: Context) -> tuple[dict[str, object], str, bool] | Unparsed | Skipped:
    if len(payload) <= MAX_RECORD and context.hint("rows") == "lines":
        text, replaced = decode(payload)
        cells = tuple(text.removesuffix("\r").split(context.delimiter))
        header = context.header
        if len(cells) == len(header) and len(set(header)) == len(header):
            if cells == header:
                return Skipped("the column names")
            record: dict[str, object] = dict(zip(header, cells, strict=True))
            return record, orjson.dumps(record).decode(), replaced
    return read_row(payload, context)


def given(record: dict[str, object], name: str) -> str:
    """A cell's text; empty for the dash that stands for nothing."""
    text = record.get(name)
    return text if isinstance(text, str) and text != "-" else ""


def windows_fields(message: str) -> dict[str, object]:
    """The fields of a Windows record that plaso put into one line of text.

    ``[4624 / 0x1210] Provider identifier: {…} Source Name: … Strings: ['…'] Computer Name: … Record Number: …``
    """
    number = message[1:].partition(" ")[0] if message[:1] == "[" else ""
    if not number.isdecimal():
        return {}
    return {
        "event_identifier": number,
        "source_name": _between(message, "Source Name: ", (" Message string: ", " Strings: ", " Computer Name: ")),
        "strings": _between(message, " Strings: ", (" Computer Name: ",)),
        "computer_name": _between(message, " Computer Name: ", (" Record Number: ", " Event Level: ")),
        "record_number": _between(message, " Record Number: ", (" ",)),
        "event_level": _between(message, " Event Level: ", (" ",)),
    }


def _between(text: str, begin: str, ends: tuple[str, ...]) -> str:
    at = text.find(begin)
    if at < 0:
        return ""
    at += len(begin)
    found = [end for mark in ends if (end := text.find(mark, at)) >= 0]
    return text[at : min(found, default=len(text))]
