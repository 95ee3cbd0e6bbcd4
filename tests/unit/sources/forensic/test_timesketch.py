from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from vestige.model.event import Event, Skipped
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
    assert (event.event_type, event.message) == ("event.generic", "m")


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
        ({"data_type": "fs:stat"}, "event.generic"),
    ],
)
def test_a_few_artefacts_have_a_type(more: Any, kind: str) -> None:
    assert row(**more).event_type == kind
