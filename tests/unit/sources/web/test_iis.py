"""W3C extended logs: IIS and the HTTP driver; where the columns come from, and where they change."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from support.one import attributes, claim, event_of, read_one
from vestige.model.event import Skipped, Unparsed
from vestige.sources import Context, Turn
from vestige.sources.web.iis import FORMAT as IIS
from vestige.sources.web.iis_error import FORMAT as HTTPERR
from vestige.sources.web.iis_native import FORMAT as NATIVE

if TYPE_CHECKING:
    from vestige.model.event import Record

COLUMNS = (
    "date time s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version"
    " cs(User-Agent) cs-host sc-status sc-substatus sc-win32-status sc-bytes time-taken X-Forwarded-For"
)
HEADER = tuple(COLUMNS.split())
ROW = (
    "2026-01-01 10:00:00 WEB1 192.0.2.1 GET /x a=1 443 CORP\\bob 198.51.100.7 HTTP/1.1 Mozilla/5.0+(a;+b) shop.example"
    " 200 0 0 123 15 203.0.113.9"
)
AT = 1_767_261_600_000_000_000


def test_a_row_word_for_word() -> None:
    event = event_of(IIS, ROW, header=HEADER, zone="Europe/Berlin")
    assert (event.event_type, event.outcome, event.severity, event.action) == ("service.request", "success", 0, "GET")
    assert (event.occurred_at, event.time_quality, event.time_text) == (AT, "exact", "2026-01-01 10:00:00")
    assert (event.src_ip, event.dst_ip, event.dst_port, event.host) == ("198.51.100.7", "192.0.2.1", 443, "WEB1")
    assert (event.actor_id, event.object_id, event.keys) == ("CORP\\bob", "/x", (("ip", "203.0.113.9"),))
    assert event.message == "CORP\\bob from 198.51.100.7: GET /x?a=1 answered 200"
    found = attributes(event)
    assert found.items() >= dict(zip(HEADER, ROW.split(" "), strict=True)).items()
    assert (
        found.items()
        >= {
            "method": "GET",
            "url": "/x?a=1",
            "path": "/x",
            "query": "a=1",
            "status": 200,
            "bytes": 123,
            "http_version": "1.1",
            "user_agent": "Mozilla/5.0 (a; b)",
            "user": "CORP\\bob",
            "vhost": "shop.example",
            "client": "198.51.100.7",
            "duration": "15",
        }.items()
    )


@pytest.mark.parametrize(
    ("user", "codes", "kind"),
    [
        ("-", "401 2 5", "service.request"),
        ("-", "401 1 2148074254", "service.request"),
        ("-", "401 1 1326", "auth.login_failed"),
        ("-", "401 1 2148074252", "auth.login_failed"),
        ("bob", "401 1 0", "auth.login_failed"),
        ("-", "401 3 5", "access.denied"),
        ("bob", "403 14 5", "access.denied"),
        ("-", "500 0 0", "service.request"),
    ],
)
def test_refusals(user: str, codes: str, kind: str) -> None:
    row = ROW.replace("CORP\\bob", user).replace("200 0 0", codes)
    event = event_of(IIS, row, header=HEADER)
    assert (event.event_type, event.outcome) == (kind, "failure")


def test_rows_that_do_not_fit_the_columns() -> None:
    short = read_one(IIS, "2026-01-01 10:00:00 x", header=HEADER)
    assert short == Unparsed("expected 19 values as in the #Fields line, got 3")
    assert read_one(IIS, ROW) == Unparsed("no #Fields line before it names the columns")
    assert isinstance(read_one(IIS, "#Software: x", header=HEADER), Skipped)
    odd = event_of(IIS, ROW.replace("443", "99999").replace("198.51.100.7", "300.1.1.1"), header=HEADER)
    assert (odd.dst_port, odd.src_ip) == (0, "")


@pytest.mark.parametrize(
    ("columns", "row", "at", "quality", "text"),
    [
        ("date time c-ip", "2026-01-01 10:00:00.25 ::1", AT + 250_000_000, "exact", "2026-01-01 10:00:00.25"),
        ("date-local time-local c-ip", "2026-01-01 11:00:00 ::1", AT, "assumed_zone", "2026-01-01 11:00:00"),
        ("time c-ip cs-method", "10:00:00 ::1 GET", None, "missing", "10:00:00"),
        ("date time c-ip", "2026-13-01 10:00:00 ::1", None, "missing", "2026-13-01 10:00:00"),
    ],
)
def test_times(columns: str, row: str, at: int | None, quality: str, text: str) -> None:
    event = event_of(IIS, row, header=tuple(columns.split()), zone="Europe/Berlin")
    assert (event.occurred_at, event.time_quality, event.time_text) == (at, quality, text)


def cut(text: bytes, context: Context, start: int = 0) -> list[Record | Turn]:
    out: list[Record | Turn] = []
    for item in IIS.split(io.BytesIO(text[start:]), start=start, context=context):
        out += [item] if isinstance(item, Turn) else item
    return out


def test_other_columns_turn_the_context_and_the_same_ones_do_not() -> None:
    lines = [b"#Fields: a b", b"1 2", b"#Fields: a b", b"3 4", b"#Fields: b c", b"5 6", b"#Fields: a b", b"7 8"]
    text = b"\n".join(lines)
    found = cut(text, Context(received_at=0, header=("a", "b")))
    turns = [(index, item.context.header) for index, item in enumerate(found) if isinstance(item, Turn)]
    assert turns == [(4, ("b", "c")), (7, ("a", "b"))]
    assert [item.payload for item in found if not isinstance(item, Turn)] == lines
    behind = text.index(b"5 6")
    assert [type(item) for item in cut(text, Context(received_at=0, header=("b", "c")), behind)][:2] != [Turn]
    assert isinstance(cut(text, Context(received_at=0))[0], Turn)


def test_a_log_without_its_head_is_read_by_the_usual_columns() -> None:
    row = "2026-01-01 10:00:00 192.0.2.1 GET / - 80 - 192.0.2.7 Mozilla/5.0+(x) - 200 0 0 123"
    found = claim(IIS, row)
    assert found is not None
    assert (found.confidence, len(found.header)) == (0.9, 15)
    assert "does not name" in found.why
    assert claim(IIS, row.replace("192.0.2.7", "bob")) is None
    assert claim(IIS, "#Fields: date time x\n2026-01-01 10:00:00 y\n") is None


DRIVER = "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename"
ERRORS = tuple(DRIVER.split())


def test_the_http_driver() -> None:
    refused = event_of(
        HTTPERR, "2026-01-01 10:00:00 192.0.2.7 55 192.0.2.1 80 HTTP/1.1 GET /x?y 403 - Forbidden -", header=ERRORS
    )
    assert (refused.event_type, refused.outcome, refused.action) == ("access.denied", "failure", "Forbidden")
    assert (refused.src_port, refused.dst_port, refused.object_id) == (55, 80, "/x")
    closed = event_of(HTTPERR, "2026-01-01 10:00:00 192.0.2.7 55 192.0.2.1 80 - - - - - Timer_Idle -", header=ERRORS)
    assert (closed.event_type, closed.outcome) == ("network.connection", "failure")
    assert closed.message == "192.0.2.7: a connection was closed (Timer_Idle)"
    found = claim(HTTPERR, f"#Fields: {DRIVER}\n")
    assert found is not None
    assert found.header == ERRORS


NATIVE_LINE = (
    "192.0.2.7, CORP\\bob, 3/20/26, 7:55:20, W3SVC2, SALES1, 192.0.2.1, 4502, 163, 3223, 404, 2, GET, /x, a=1,"
)


def test_the_native_format() -> None:
    event = event_of(NATIVE, NATIVE_LINE, zone="+01:00")
    assert (event.event_type, event.outcome, event.severity) == ("service.request", "failure", 1)
    assert (event.occurred_at, event.time_quality) == (1_773_989_720_000_000_000, "assumed_zone")
    assert (event.time_text, event.actor_id, event.host) == ("3/20/26 7:55:20", "CORP\\bob", "SALES1")
    assert (event.src_ip, event.dst_ip, event.object_id) == ("192.0.2.7", "192.0.2.1", "/x")
    assert attributes(event) == {
        "client": "192.0.2.7",
        "user": "CORP\\bob",
        "date": "3/20/26",
        "time": "7:55:20",
        "service": "W3SVC2",
        "vhost": "SALES1",
        "server_ip": "192.0.2.1",
        "duration": "4502",
        "bytes_received": 163,
        "bytes": 3223,
        "status": 404,
        "win32_status": "2",
        "method": "GET",
        "path": "/x",
        "query": "a=1",
        "url": "/x?a=1",
    }


def test_the_native_format_leaves_out_and_refuses() -> None:
    bare = event_of(NATIVE, NATIVE_LINE.replace("CORP\\bob", "-").replace("a=1", "-").replace("3/20/26", "13/20/2026"))
    assert (bare.actor_id, bare.occurred_at, bare.time_quality) == ("", None, "missing")
    assert "query" not in attributes(bare)
    assert isinstance(read_one(NATIVE, NATIVE_LINE.replace("404, ", "")), Unparsed)
    old = event_of(NATIVE, NATIVE_LINE.replace("3/20/26", "3/20/98"))
    assert old.occurred_at is not None
    assert old.occurred_at // 10**9 == 890_380_520
    found = claim(NATIVE, NATIVE_LINE)
    assert found is not None
    assert found.extra == (("zone", "none"),)


@pytest.mark.parametrize("row", ["2026-01-01\t10:00:00\t192.0.2.7\tGET", '2026-01-01 10:00:00 192.0.2.7 GET "a b"'])
def test_other_logs_of_the_same_columns_are_not_claimed(row: str) -> None:
    assert claim(IIS, f"#Fields: date time c-ip cs-method\n{row}\n") is None


@pytest.mark.parametrize(
    ("rest", "path", "query"),
    [
        ("/x, a=1,", "/x", "a=1"),
        ("/x, y, a=1, ", "/x, y", "a=1"),
        ("/x, -,\r", "/x", None),
        ("/x, ,", "/x", None),
        ("/x, " * 20_000 + "a,", ("/x, " * 20_000)[:-2], "a"),
    ],
)
def test_the_last_comma_of_a_native_line_parts_path_and_query(rest: str, path: str, query: str | None) -> None:
    line = f"192.0.2.7, -, 3/20/26, 7:55:20, W3SVC2, SALES1, 192.0.2.1, 4502, 163, 3223, 200, 0, GET, {rest}"
    found = attributes(event_of(NATIVE, line))
    assert (found["path"], found.get("query")) == (path, query)
