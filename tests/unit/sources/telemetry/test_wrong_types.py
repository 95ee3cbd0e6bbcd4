"""Every value of every JSON record replaced by values of other types: an answer each time, and nothing invented."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from support.samples import network, telemetry
from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources import Context, formats

if TYPE_CHECKING:
    from collections.abc import Iterator

WRONG: tuple[object, ...] = (
    None, [], {}, "", "x", True, False, 7, -1, 1.5, 2**63, [{}], [[None]], {"a": {"b": []}}, ["x", 1], "9" * 500,
)  # fmt: skip
NAMES = ("zeek_json", "suricata_eve", "otlp_json", "cloudevents", "ocsf", "splunk_hec", "ecs")


def records(name: str) -> Iterator[dict[str, Any]]:
    for member in {**network.SAMPLES, **telemetry.SAMPLES}[name]:
        for piece in member.replace(b"}{", b"}\n{").splitlines():
            value = orjson.loads(piece)
            yield from value if isinstance(value, list) else [value]


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*path, key))


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_type_anywhere_is_answered(name: str) -> None:
    form, context = formats()[name], Context(received_at=0)
    tried = 0
    for record in records(name):
        for path in places(record):
            for wrong in WRONG:
                changed: Any = copy.deepcopy(record)
                inner = changed
                for key in path[:-1]:
                    inner = inner[key]
                inner[path[-1]] = wrong
                (reading,) = form.parse([orjson.dumps(changed)], context)
                tried += 1
                for event in reading if type(reading) is tuple else (reading,):
                    assert isinstance(event, Event | Unparsed | Skipped)
                    if isinstance(event, Event):
                        assert (event.occurred_at is None) == (event.time_quality == "missing")
                        assert all(event.keys[place][1] for place in range(len(event.keys)))
                        "".join(text for key in event.keys for text in key)
                        texts = event.message, event.actor_id, event.object_id, event.host, event.action
                        assert all(isinstance(text, str) for text in texts)
                        assert 0 <= event.src_port <= 65535
    assert tried > 100
