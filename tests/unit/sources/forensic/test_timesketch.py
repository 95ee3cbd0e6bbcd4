from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from support.forensic import events_of, read_member
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import parse_rfc3339, to_text
from vestige.sources import Context, Sample, detect
from vestige.sources.forensic.timesketch import FORMAT

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Any) -> list[Event]:
    data = path.read_bytes()
    choice = detect(Sample(path.name, data, complete=True))
    assert choice.format is FORMAT
    assert choice.detection is not None
    context = choice.detection.apply(Context(received_at=0))
    with path.open("rb") as stream:
        payloads = [r.payload for batch in FORMAT.split(stream, context=context) for r in batch]
    readings = FORMAT.parse(payloads, context)
    assert all(isinstance(reading, Event | Skipped) for reading in readings)
    return [reading for reading in readings if isinstance(reading, Event)]


def test_good_and_bad_imports_of_timesketchs_own_tests(corpus: Path) -> None:
    found = {}
    for path in sorted((corpus / "timesketch").glob("*.[cj]s*")):
        events = read(path)
        found[path.name] = [
            (to_text(e.occurred_at) if e.occurred_at is not None else "", e.time_quality) for e in events
        ]
    exact = "exact"
    assert found.pop("evtx_direct.csv")[0] == ("2012-03-14T04:17:38.276340Z", exact)
    assert len(found.pop("evtx_part.csv")) == 13
    assert found == {
        "csv_timestamp_as_datetime.csv": [
            ("2024-08-12T15:03:14.349345Z", exact), ("2025-06-30T19:50:29.117113Z", exact),
            ("2024-08-09T14:33:09.468712Z", exact), ("2025-07-01T05:58:27.214025Z", exact),
        ],
        "invalid_datetime.csv": [
            ("2017-09-24T19:01:01Z", "assumed_zone"), ("2017-07-24T19:01:01Z", "assumed_zone"),
            ("2017-10-24T19:01:01Z", "assumed_zone"), ("", "missing"),
        ],
        "sigma_events.csv": [(f"2015-07-24T19:01:0{n}Z", exact) for n in (1, 2, 3, 3)],
        "sigma_events.jsonl": [(f"2015-07-24T19:01:0{n}Z", exact) for n in (1, 2, 3, 3)],
        "validate_time_precision.csv": [("2024-07-24T10:57:02.877297Z", exact), ("2015-07-24T19:01:01Z", exact)],
        "validate_time_precision_jsonl.jsonl": [
            ("2024-07-24T10:57:02.877297Z", exact), ("2015-07-24T19:01:01Z", exact),
        ],
    }  # fmt: skip


def row(**more: object) -> Event:
    record = {"message": "m", "datetime": "2026-01-01T00:00:00Z", "timestamp_desc": "Creation Time", **more}
    payload = orjson.dumps({name: value for name, value in record.items() if value is not None})
    (event,) = FORMAT.parse([payload], Context(received_at=0))
    assert isinstance(event, Event)
    return event


def test_the_count_refines_agrees_stands_in_or_is_reported() -> None:
    at = parse_rfc3339("2026-01-01T00:00:00Z")[0]
    assert (row(timestamp=at // 1000 + 123456).occurred_at, row().tags) == (at + 123_456_000, ())
    assert row(timestamp=str(at // 1000 + 7)).occurred_at == at + 7000
    assert row(timestamp=at // 1000, datetime="2026-01-01T00:00:00.5Z").occurred_at == at + 500_000_000
    differs = row(timestamp=1, tag=["x"])
    assert (differs.occurred_at, differs.tags) == (at, ("x", "time:timestamp_disagrees"))
    assert row(timestamp=at // 1000, datetime=None).occurred_at == at
    assert row(datetime=None).time_quality == "missing"


def test_fields_and_labels() -> None:
    event = row(tag="['browser-search', 'x y']", hostname="h1", username="u1", source_ip="10.1.1.1", timestamp=0)
    assert (event.action, event.host, event.actor_id, event.src_ip) == ("Creation Time", "h1", "u1", "10.1.1.1")
    assert event.tags[:2] == ("browser-search", "x y")
    assert (event.event_type, event.message) == ("data.written", "m")
    assert row(timestamp_desc="Some Time").event_type == "event.generic"


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"data_type": "syslog:ssh:login"}, "auth.login"),
        ({"data_type": "apache:access"}, "service.request"),
        (
            {
                "data_type": "windows:evtx:record",
                "source_name": "Microsoft-Windows-Security-Auditing",
                "event_identifier": 4625,
            },
            "auth.login_failed",
        ),
        (
            {
                "data_type": "windows:evtx:record",
                "source_name": "Microsoft-Windows-Eventlog",
                "event_identifier": "1102",
            },
            "logging.disabled",
        ),
        ({"data_type": "windows:evtx:record", "source_name": "Other", "event_identifier": 4625}, "event.generic"),
        ({"data_type": "fs:stat"}, "file.created"),
        ({"data_type": "linux:utmp:event", "type": 7}, "session.opened"),
        ({"data_type": "linux:utmp:event", "type": "8"}, "session.closed"),
        ({"data_type": "apt:history:line", "packages": "Remove: zmap:amd64 (1.1.0-1)"}, "software.removed"),
        ({"data_type": "linux:dpkg_log:entry", "body": "upgrade libc6:amd64 2.1 2.2"}, "software.updated"),
        ({"data_type": "windows:firewall_log:entry", "action": "DROP"}, "network.denied"),
        ({"data_type": "aws:cloudtrail:entry", "event_name": "CreateUser", "event_source": "iam.amazonaws.com"},
         "account.created"),
        ({"data_type": "fs:ntfs:usn_change", "update_reason_flags": "512"}, "file.deleted"),
        ({"data_type": "made:up"}, "data.written"),
        ({"data_type": "made:up", "filename": "/a"}, "file.created"),
        ({"data_type": "made:up", "timestamp_desc": "Write time"}, "data.written"),
        ({"data_type": "made:up", "timestamp_desc": "Last Visited Time"}, "browser.visited"),
        ({"data_type": "made:up", "timestamp_desc": "Somebody's Time"}, "event.generic"),
        ({"source_short": "REG", "timestamp_desc": "Some Time"}, "registry.changed"),
        ({"source_short": "?", "parser": "userassist", "timestamp_desc": "Some Time"}, "process.started"),
        ({"source_short": "?", "timestamp_desc": "Some Time"}, "event.generic"),
    ],
)  # fmt: skip
def test_artefacts_have_a_type(more: Any, kind: str) -> None:
    assert row(**more).event_type == kind


def test_a_time_that_is_none_leaves_the_row_undated_and_is_never_replaced() -> None:
    found = row(datetime="1601-01-01T00:00:00+00:00", timestamp=-11644473600000000)
    assert (found.occurred_at, found.time_text, found.tags) == (
        None, "1601-01-01T00:00:00+00:00", ("time:out_of_range",),
    )  # fmt: skip
    assert row(datetime="9999-12-31T23:59:59Z", timestamp=1).tags == ("time:out_of_range",)
    assert row(datetime="0000-00-00T00:00:00.000000+00:00").tags == ("time:not_a_time",)
    broken = row(datetime="1234 19:01:01", timestamp=1331698658276340)
    assert (broken.occurred_at, broken.time_text, broken.tags) == (None, "1234 19:01:01", ("time:unreadable",))
    none = row(datetime="1970-01-01T00:00:00Z", timestamp=0, timestamp_desc="Not a time")
    assert (none.occurred_at, none.time_text, none.tags) == (None, "1970-01-01T00:00:00Z", ("time:not_a_time",))


@pytest.mark.parametrize(
    ("micros", "at", "tags"),
    [
        (1331698658276340, 1331698658276340000, ()),
        ("1331698658276340", 1331698658276340000, ()),
        (1331698658276340.0, 1331698658276340000, ()),
        (-1, -1000, ()),
        (0, None, ("time:not_a_time",)),
        (-11644473600000000, None, ("time:out_of_range",)),
        ("1" + "0" * 30, None, ("time:out_of_range",)),
        ("soon", None, ("time:unreadable",)),
        ({"x": 1}, None, ()),
        (None, None, ()),
    ],
)
def test_a_count_alone_is_microseconds(micros: object, at: int | None, tags: tuple[str, ...]) -> None:
    found = row(datetime=None, timestamp=micros)
    assert (found.occurred_at, found.tags) == (at, tags)


def test_nanoseconds_are_kept() -> None:
    assert row(datetime="2026-01-01T00:00:00.123456789Z", timestamp=1767225600123456).occurred_at == (
        1767225600123456789
    )


@pytest.mark.parametrize("columns", [340, 2000])
def test_wide_tables_just_work(columns: int) -> None:
    names = ["message", "datetime", "timestamp_desc", *(f"9-field/{index}§" for index in range(columns))]
    cells = ["m", "2026-01-01T00:00:00Z", "Write time", *(str(index) for index in range(columns))]
    events = events_of(read_member((",".join(names) + "\n" + (",".join(cells) + "\n") * 3).encode(), "timesketch"))
    assert len(events) == 3
    held = orjson.loads(events[2].attributes)
    assert (len(held), held[f"9-field/{columns - 1}§"]) == (columns + 3, str(columns - 1))
    objects = orjson.dumps(dict(zip(names, cells, strict=True)))
    assert len(events_of(read_member(objects + b"\n" + objects, "timesketch"))) == 2


def test_rows_of_another_width_are_unparsed_with_a_reason() -> None:
    data = b"message,datetime,timestamp_desc\na,2026-01-01T00:00:00Z,d\nb,2026-01-01T00:00:00Z\nc,,d,e\nd,,\n"
    readings = read_member(data, "timesketch")
    assert [type(reading).__name__ for reading in readings] == ["Skipped", "Event", "Unparsed", "Unparsed", "Event"]
    assert readings[2] == Unparsed("expected 3 cells as in the header, got 2")


def test_a_value_of_40_kilobytes_is_kept_whole() -> None:
    assert len(orjson.loads(row(data="x" * 40_000).attributes)["data"]) == 40_000


def test_tags_of_other_names_are_kept() -> None:
    assert row(tags=["a"]).tags == ("a",)
    assert row(tags=["a"], tag="b").tags == ("b",)
