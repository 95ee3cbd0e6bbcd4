from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context, Sample
from vestige.sources.general.csv_generic import FORMAT
from vestige.sources.reading.table import table_of

if TYPE_CHECKING:
    from pathlib import Path


def read(data: bytes) -> list[object]:
    detection = FORMAT.detect(Sample("t", data, complete=True))
    assert detection is not None
    context = detection.apply(Context(received_at=0))
    payloads = [r.payload for batch in FORMAT.split(io.BytesIO(data), context=context) for r in batch]
    return list(FORMAT.parse(payloads, context))


def test_rows_are_read_by_their_columns_names() -> None:
    readings = read(b'\xef\xbb\xbftime,user,src_ip,note\r\n2026-01-01T00:00:00Z,alice,10.0.0.1,"a ""b"",\nc"\r\n')
    assert readings[0] == Skipped("the column names")
    event = readings[1]
    assert isinstance(event, Event)
    assert (event.occurred_at, event.actor_id, event.src_ip) == (
        parse_rfc3339("2026-01-01T00:00:00Z")[0],
        "alice",
        "10.0.0.1",
    )
    assert json.loads(event.attributes) == {
        "time": "2026-01-01T00:00:00Z", "user": "alice", "src_ip": "10.0.0.1", "note": 'a "b",\nc',
    }  # fmt: skip


def test_too_many_or_too_few_cells_are_unparsed_and_counted() -> None:
    readings = read(b"time,a,b\n2026-01-01,1,2\n2026-01-01,1\n2026-01-01,1,2,3\n2026-01-01,x,y\n")
    assert [type(reading).__name__ for reading in readings] == ["Skipped", "Event", "Unparsed", "Unparsed", "Event"]
    assert readings[2] == Unparsed("expected 3 cells as in the header, got 2")
    assert readings[3] == Unparsed("expected 3 cells as in the header, got 4")


def test_a_header_in_the_middle_is_skipped_and_broken_quotes_are_unparsed() -> None:
    readings = read(b'time,a,b\n2026-01-01,1,2\ntime,a,b\n2026-01-02,"x"y,2\n2026-01-03,1,"open\n')
    assert [type(reading).__name__ for reading in readings] == ["Skipped", "Event", "Skipped", "Unparsed", "Unparsed"]


def test_a_table_of_declared_events_brings_its_own_types() -> None:
    readings = read(
        b"event_type,occurred_at,actor_id,actor_name,src_ip,hostname,severity\n"
        b"acme.paid,2026-01-01T00:00:00Z,u1,Ann,10.0.0.1,web-1,high\n"
        b"data.export,,u1,Ann,wrong,web-1,low\n"
    )
    first, second = readings[1:]
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert (first.event_type, first.actor_id, first.actor_name, first.host, first.severity) == (
        "acme.paid", "u1", "Ann", "web-1", 3,
    )  # fmt: skip
    assert (second.event_type, second.src_ip, second.time_quality) == ("data.export", "", "missing")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_told_by_agreement(delimiter: str) -> None:
    rows = [["when", "who", "what, and; how|so"], ["2026-01-01", "a,b", "c"], ["2026-01-02", "d;e", "f"]]
    quoted = [[f'"{cell}"' if not cell.isalnum() else cell for cell in row] for row in rows]
    data = "\n".join(delimiter.join(row) for row in quoted).encode()
    table = table_of(Sample("t", data, complete=True))
    assert table is not None
    assert (table.delimiter, len(table.header)) == (delimiter, 3)


def test_a_table_without_names_is_numbered_and_a_nameless_index_column_is_no_obstacle() -> None:
    plain = table_of(Sample("t", b"1,2,3\n4,5,6\n7,8,9\n", complete=True))
    assert plain is not None
    assert (plain.header, plain.named) == (("column_1", "column_2", "column_3"), False)
    framed = table_of(Sample("t", b",time,user\n0,2026-01-01,a\n1,2026-01-02,b\n", complete=True))
    assert framed is not None
    assert (framed.header, framed.named) == (("", "time", "user"), True)


@pytest.mark.parametrize(
    "data", [b"one line of words\nand another\n", b"a,b,c\n", b"x\ny\nz\n", b"a b, c\nd\ne f g, h, i\nj\nk\n"]
)
def test_what_is_no_table_is_not_claimed_for_sure(data: bytes) -> None:
    detection = FORMAT.detect(Sample("t", data, complete=True))
    assert detection is None or detection.confidence <= 0.2


def test_columns_of_one_name_keep_both_values() -> None:
    context = Context(received_at=0, header=("a", "a"))
    (event,) = FORMAT.parse([b"1,2"], context)
    assert isinstance(event, Event)
    assert event.attributes == '{"a":"1","a_2":"2"}'


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("time,user,user,,", ["time", "user", "user_2", "column_4", "column_5"]),
        ("timestamp,a,a_2,a", ["timestamp", "a", "a_2", "a_3"]),
        ("column_2,,time", ["column_2", "column_2_2", "time"]),
    ],
)
def test_a_header_that_repeats_or_leaves_out_names_is_a_header(header: str, names: list[str]) -> None:
    row = ",".join(f"2026-04-09T12:00:0{n}Z" if name.startswith("time") else f"v{n}" for n, name in enumerate(names))
    detection = FORMAT.detect(Sample("x.csv", f"{header}\n{row}\n".encode(), complete=True))
    assert detection is not None
    assert "read as" in detection.why
    first, second = FORMAT.parse([header.encode(), row.encode()], detection.apply(Context(received_at=0)))
    assert isinstance(first, Skipped)
    assert isinstance(second, Event)
    assert second.time_quality == "exact"
    assert list(json.loads(second.attributes)) == names


def test_rows_that_repeat_a_value_are_no_header() -> None:
    detection = FORMAT.detect(Sample("x.csv", b"alice,login,alice\nbob,login,bob\ncarol,logout,bob\n", complete=True))
    assert detection is not None
    assert detection.header == ("column_1", "column_2", "column_3")


def test_bytes_that_are_no_utf8_are_replaced_for_views() -> None:
    (event,) = FORMAT.parse([b"gr\xfcn,x"], Context(received_at=0, header=("message", "b")))
    assert isinstance(event, Event)
    assert (event.message, event.tags) == ("gr\ufffdn", ("encoding:replaced",))


def test_real_tables_are_read_whole(corpus: Path) -> None:
    counts = {}
    for name in ("sudo_data.csv", "host_logons.csv"):
        readings = read((corpus / "msticpy" / name).read_bytes())
        counts[name] = [sum(isinstance(r, kind) for r in readings) for kind in (Event, Unparsed, Skipped)]
    assert counts == {"sudo_data.csv": [22, 0, 1], "host_logons.csv": [14, 0, 1]}
