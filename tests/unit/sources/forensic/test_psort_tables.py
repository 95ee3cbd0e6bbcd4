"""plaso's tables: dynamic and l2tcsv."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from support.forensic import events_of, read_member
from vestige.model.event import Event, Unparsed
from vestige.model.instant import to_text
from vestige.model.vocabulary import VOCABULARY

DYNAMIC = "datetime,timestamp_desc,source,source_long,message,parser,display_name,tag"
L2T = "date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra"


def dynamic(*rows: str, header: str = DYNAMIC) -> list[Event]:
    return events_of(read_member("\n".join((header, *rows)).encode(), "plaso_dynamic"))


def l2t(**more: str) -> Event:
    row = dict.fromkeys(L2T.split(","), "-") | {"version": "2", "date": "06/27/2012", "time": "18:17:01"} | more
    (found,) = events_of(read_member(f"{L2T}\n{','.join(row.values())}\n".encode(), "l2tcsv"))
    return found


def test_a_row_of_the_dynamic_output() -> None:
    (found,) = dynamic(
        "2012-06-27T18:17:01.123456+00:00,Last Time Executed,LOG,WinPrefetch,Prefetch [CMD.EXE] was executed,prefetch,"
        "OS:/c/CMD.pf,exit1 exit2"
    )
    assert found.occurred_at is not None
    assert (found.event_type, to_text(found.occurred_at)) == ("process.started", "2012-06-27T18:17:01.123456Z")
    assert (found.action, found.message) == ("Last Time Executed", "Prefetch [CMD.EXE] was executed")
    assert (found.tags, found.time_quality) == (("exit1", "exit2"), "exact")
    assert orjson.loads(found.attributes)["display_name"] == "OS:/c/CMD.pf"


@pytest.mark.parametrize("text", ["Not a time", "0000-00-00T00:00:00.000000+00:00", "Never", "Invalid date time"])
def test_what_plaso_calls_no_time_is_undated(text: str) -> None:
    (found,) = dynamic(f"{text},Not a time,REG,Registry,x,winreg/default,OS:/n,-")
    assert (found.occurred_at, found.time_text, found.tags) == (None, text, ("time:not_a_time",))
    assert found.event_type == "registry.changed"


def test_quotation_marks_mean_nothing_where_psort_wrote_the_file() -> None:
    first, second = dynamic(
        '2012-06-27T18:17:01+00:00,Content Modification Time,LOG,Shell,"unclosed,bash_history,OS:/h,-',
        '2012-06-27T18:17:02+00:00,Content Modification Time,LOG,Shell,"a" "b",bash_history,OS:/h,-',
    )
    assert (first.message, second.message) == ('"unclosed', '"a" "b"')


def test_a_file_saved_again_with_quotes_is_read_too() -> None:
    (found,) = dynamic(
        '"2012-06-27T18:17:01+00:00","Content Modification Time","LOG","Shell","a, b\nc","bash_history","OS:/h","-"'
    )
    assert found.message == "a, b\nc"


def test_a_row_that_fits_neither_way_is_unparsed() -> None:
    readings = read_member(f"{DYNAMIC}\na,b,c\n".encode(), "plaso_dynamic")
    assert readings[1] == Unparsed("expected 8 cells as in the header, got 3")


def test_records_of_windows_logs_are_read_out_of_the_message() -> None:
    message = (
        "[4624 / 0x1210] Provider identifier: {5} Source Name: Microsoft-Windows-Security-Auditing Strings: ['S-1-5-18'"
        "  'WS$'  'D'  '0x3e7'  'S-1-5-21-1-2-3-4'  'ann'  'D'  '0x99'  '3'] Computer Name: ws1 Record Number: 7 Event"
        " Level: 0"
    )
    (found,) = dynamic(f"2012-06-27T18:17:01+00:00,Creation Time,EVT,WinEVTX,{message},winevtx,OS:/S.evtx,-")
    assert (found.event_type, found.outcome, found.host) == ("auth.login", "success", "ws1")
    assert (found.object_id, found.actor_id, found.actor_name) == ("", "S-1-5-21-1-2-3-4", "D\\ann")
    assert found.keys[0] == ("custom", "ws1/Security/7")


def test_columns_a_user_added_are_read_by_name() -> None:
    (found,) = dynamic(
        "2012-06-27T18:17:01+00:00,Content Modification Time,LOG,Shell,ls,bash_history,OS:/h,-,web,ann",
        header=f"{DYNAMIC},hostname,username",
    )
    assert (found.host, found.actor_id) == ("web", "ann")


@pytest.mark.parametrize(
    ("zone", "date", "time", "when", "quality"),
    [
        ("UTC", "06/27/2012", "18:17:01", "2012-06-27T18:17:01Z", "exact"),
        ("Europe/Berlin", "07/01/2012", "12:00:00", "2012-07-01T10:00:00Z", "exact"),
        ("EST5EDT", "01/31/2012", "12:00:00", "2012-01-31T17:00:00Z", "exact"),
        ("+02:00", "01/31/2012", "12:00:00.5", "2012-01-31T10:00:00.500Z", "exact"),
        ("Europe/Berlin", "10/28/2012", "02:30:00", "2012-10-28T00:30:00Z", "assumed_zone"),
        ("Middle-earth", "06/27/2012", "18:17:01", "2012-06-27T18:17:01Z", "assumed_zone"),
        ("-", "06/27/2012", "18:17:01", "2012-06-27T18:17:01Z", "assumed_zone"),
    ],
)
def test_the_zone_column_is_honoured(zone: str, date: str, time: str, when: str, quality: str) -> None:
    found = l2t(timezone=zone, date=date, time=time)
    assert found.occurred_at is not None
    assert (to_text(found.occurred_at), found.time_quality) == (when, quality)


@pytest.mark.parametrize(
    ("date", "time", "tag"),
    [
        ("00/00/0000", "--:--:--", "time:not_a_time"),
        ("27/06/2012", "10:00:00", "time:unreadable"),
        ("06/27/2012", "25:00:00", "time:unreadable"),
        ("2012-06-27", "10:00:00", "time:unreadable"),
        ("01/01/1601", "00:00:00", "time:out_of_range"),
    ],
)
def test_dates_that_are_none_are_kept_as_text(date: str, time: str, tag: str) -> None:
    found = l2t(date=date, time=time, timezone="UTC")
    assert (found.occurred_at, found.time_text, found.tags) == (None, f"{date} {time} UTC", (tag,))


@pytest.mark.parametrize(
    ("letters", "described", "kind"),
    [
        ("M...", "Content Modification Time", "file.changed"),
        (".A..", "Last Access Time", "file.read"),
        ("..C.", "Metadata Modification Time", "file.attributes_changed"),
        ("MACB", "Last Access Time; Content Modification Time; Creation Time", "file.created"),
        ("MA..", "Last Access Time; Content Modification Time", "file.changed"),
    ],
)
def test_letters_tell_a_files_act(letters: str, described: str, kind: str) -> None:
    found = l2t(source="FILE", format="filestat", MACB=letters, type=described, filename="OS:/etc/x", host="h")
    assert (found.event_type, found.object_id, found.action, found.host) == (kind, "/etc/x", described, "h")


def test_fields_of_l2tcsv() -> None:
    found = l2t(source="LOG", format="syslog", user="ann", host="h", desc="d", short="s", notes="seen twice")
    assert (found.event_type, found.actor_id, found.host, found.message) == ("log.line", "ann", "h", "d")
    assert found.tags == ("seen", "twice")


@pytest.mark.parametrize(
    ("parser", "source", "kind"),
    [
        ("winreg/userassist", "REG", "process.started"),
        ("winreg/mrulistex_string", "REG", "registry.changed"),
        ("sqlite/chrome_27_history", "WEBHIST", "browser.visited"),
        ("sqlite/chrome_66_cookies", "WEBHIST", "browser.visited"),
        ("text/syslog_traditional", "LOG", "log.line"),
        ("esedb/msie_webcache", "WEBHIST", "browser.visited"),
        ("lnk/shell_items", "FILE", "file.read"),
        ("unheard_of", "REG", "registry.changed"),
        ("unheard_of", "LOG", "log.line"),
    ],
)
def test_parsers_lead_to_types(parser: str, source: str, kind: Any) -> None:
    assert l2t(format=parser, source=source, type="-").event_type == kind


@pytest.mark.parametrize(("column", "odd"), [("MACB", "\x1b.?."), ("timezone", "a/" * 5_000), ("timezone", "." * 300)])
def test_odd_letters_and_zones_of_l2t_rows_leave_an_event(column: str, odd: str) -> None:
    row = {
        "date": "01/01/2026", "time": "10:00:00", "timezone": "UTC", "MACB": "M.C.", "source": "FILE",
        "sourcetype": "OS stat", "type": "Content Modification Time; Metadata Modification Time", "user": "-",
        "host": "h1", "short": "x", "desc": "OS:/tmp/x", "version": "2", "filename": "OS:/tmp/x", "inode": "12",
        "notes": "-", "format": "filestat", "extra": "-",
    }  # fmt: skip
    good = ",".join(row.values())
    text = f"{','.join(row)}\n{good}\n{','.join((row | {column: odd}).values())}\n"
    _, event = events_of(read_member(text.encode(), "l2tcsv"))
    assert event.event_type in VOCABULARY
    assert event.time_quality == ("exact" if column == "MACB" else "assumed_zone")
