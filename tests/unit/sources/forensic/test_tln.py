from __future__ import annotations

import orjson
import pytest

from support.forensic import events_of, read_member
from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources import Context
from vestige.sources.forensic.tln import FORMAT


def read(line: str) -> Event:
    (found,) = FORMAT.parse([line.encode()], Context(received_at=0))
    assert isinstance(found, Event), found
    return found


def test_a_line_of_plasos_tln() -> None:
    found = read(
        "1340821021|FILE|ubuntu|root|2012-06-27T18:17:01.250000+00:00; Last Access Time; OS:/var/log/syslog|UTC|File: x"
    )
    assert (found.occurred_at, found.time_quality) == (1340821021_250_000_000, "exact")
    assert (found.event_type, found.action, found.message) == ("file.read", "Last Access Time", "OS:/var/log/syslog")
    assert (found.host, found.actor_id) == ("ubuntu", "root")
    assert orjson.loads(found.attributes)["TZ"] == "UTC"


def test_a_finer_time_counts_only_where_both_agree() -> None:
    found = read("1340821021|REG|h|-|2012-06-27T18:17:02.250000+00:00; Content Modification Time; k")
    assert (found.occurred_at, found.event_type) == (1340821021 * 10**9, "registry.changed")


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("1340821021|REG|h|u|[HKCU\\a] b|c|d", "registry.changed", "[HKCU\\a] b|c|d"),
        ("1340821021|FILE|h|-|.A.. [22] C:/x", "file.read", ".A.. [22] C:/x"),
        ("1340821021|FILE|h|-|MACB [22] C:/x", "file.created", "MACB [22] C:/x"),
        ("1340821021|EVTX|h|-|Microsoft-Windows-Security-Auditing/4625;S-1-5-18,WS$", "auth.login_failed",
         "Microsoft-Windows-Security-Auditing/4625;S-1-5-18,WS$"),
        ("1340821021|PREF|h|-|CMD.EXE last run", "process.started", "CMD.EXE last run"),
        ("1340821021|OTHER|h|-|said", "log.line", "said"),
    ],
)  # fmt: skip
def test_sources_and_descriptions(line: str, kind: str, message: str) -> None:
    found = read(line)
    assert (found.event_type, found.message, found.host) == (kind, message, "h")


@pytest.mark.parametrize(
    ("seconds", "at", "tag"),
    [
        ("0", None, ("time:not_a_time",)),
        ("-5", -5 * 10**9, ()),
        ("x", None, ("time:unreadable",)),
        ("", None, ("time:unreadable",)),
    ],
)
def test_times(seconds: str, at: int | None, tag: tuple[str, ...]) -> None:
    found = read(f"{seconds}|REG|h|u|d")
    assert (found.occurred_at, found.time_text, found.tags) == (at, seconds, tag)


def test_headers_are_skipped_and_short_lines_unparsed() -> None:
    data = b"Time|Source|Host|User|Description|TZ|Notes\n1340821021|REG|h|-|a|Europe/Berlin|n\n1340821021|REG|h\n"
    header, good, short = read_member(data, "tln")
    assert header == Skipped("the field names")
    assert isinstance(good, Event)
    assert good.message == "a"
    assert short == Unparsed("no TLN line: expected at least 5 fields joined by |, got 3")


def test_a_bodyfile_is_no_tln() -> None:
    line = b"0|/x|12|r/r|0|0|9|1700000000|1700000000|1700000000|0\n"
    assert len(events_of(read_member(line, "bodyfile"))) == 1
