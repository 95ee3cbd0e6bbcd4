"""A row's packed text gives back what its columns hold, whatever is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.engine import START, block, fresh_log, opened
from vestige.index import EVENT_COLUMNS, Index, event_row
from vestige.index.columns import transpose
from vestige.index.packing import FIELDS, LISTS, items, pack, unpack
from vestige.index.schema import EVENTS, PACKED
from vestige.model.event import Event, KeyKind

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNS = st.text(alphabet="ab\x1d\x1e\x1fdef\x00é", max_size=6)
EVENT = st.fixed_dictionaries(
    {
        "event_type": st.sampled_from(["auth.login", "data.read", "a\x1fb"]),
        "occurred_at": st.none() | st.integers(START, START + 10**9),
        "observed_at": st.none() | st.integers(START, START + 10**9),
        "time_text": SIGNS,
        "severity": st.integers(0, 4),
        "src_port": st.integers(0, 65535),
        "actor_id": SIGNS,
        "object_name": SIGNS,
        "host": SIGNS,
        "message": SIGNS,
        "tags": st.lists(SIGNS, max_size=3).map(tuple),
        "keys": st.lists(st.tuples(st.sampled_from([str(kind) for kind in KeyKind]), SIGNS), max_size=3).map(tuple),
    }
).map(lambda fields: Event(**fields))  # type: ignore[arg-type] # each is of its field's type


def read_back(events: list[Event]) -> list[Event]:
    """The events of a block as they are read from the columns that are read of a row."""
    rows = [(seq, 0, event, seq % 3) for seq, event in enumerate(events)]
    columns = transpose(block(7, 0, rows, hi=len(rows)), 1)
    read = [
        columns.arrays[name].to_pylist() if name in columns.arrays else [""] * len(events) for name in EVENT_COLUMNS
    ]
    return [event_row(row).event for row in zip(*read, strict=True)]


@given(st.lists(EVENT, min_size=1, max_size=8))
def test_events_come_back_as_they_were(events: list[Event]) -> None:
    assert read_back(events) == events


def test_a_list_of_nothing_is_not_a_list_of_an_empty_text() -> None:
    events = [Event("a.b", START, tags=tags) for tags in ((), ("",), ("", ""), ("\x1e",))]
    assert [event.tags for event in read_back(events)] == [(), ("",), ("", ""), ("\x1e",)]


def test_what_holds_no_sign_is_written_as_it_is() -> None:
    rows = [(0, 0, Event("a.b", START, actor_id="ann", tags=("x", "y")), 0)]
    (packed,) = transpose(block(7, 0, rows, hi=1), 1).arrays[PACKED].to_pylist()
    fields = dict(zip(FIELDS, unpack(packed), strict=True))
    assert (fields["actor_id"], fields["tags"], fields["severity"]) == ("ann", "x\x1ey\x1e", "0")
    assert items(fields["tags"]) == ["x", "y"]


def test_a_block_without_any_column_packs_to_what_nothing_is() -> None:
    assert pack({}, 2).to_pylist() == [pack({}, 1).to_pylist()[0]] * 2


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("packing")) as index:
        yield index


def test_each_field_is_what_the_engine_has_in_its_column(index: Index) -> None:
    """Every column but those beside is in the text, under its own place, as the engine itself writes it."""
    log = fresh_log()
    event = Event(
        "auth.login", START, "then", observed_at=START + 1, action="Login", outcome="success", severity=3,
        actor_id="1", actor_name="2", actor_type="3", subject_id="4", subject_name="5", subject_type="6", object_id="7",
        object_name="8", object_type="9", src_ip="10.0.0.1", dst_ip="10.0.0.2", src_port=11, dst_port=12, protocol="13",
        device_id="14", device_name="15", device_type="16", host="17", session="18", trace_id="19", message="20",
        tags=("21", "22"), attributes='{"23":24}', keys=(("token", "25"),),
    )  # fmt: skip
    index.write(block(log, 0, [(0, 0, event, 0), (1, 0, Event("a.b"), 2)], hi=2))
    texts = ", ".join(
        f"arrayStringConcat(arrayMap(x -> concat(toString(x), '\x1e'), {name}))"
        if name in LISTS
        else f"toString({'toInt8(status)' if name == 'status' else name})"
        for name in FIELDS
    )
    rows = index.query(
        f"SELECT {PACKED}, {texts} FROM {EVENTS.place(index.database)} WHERE log = {{log:UInt32}} ORDER BY seq",
        {"log": log},
    ).rows
    assert [unpack(packed) for packed, *_ in rows] == [list(fields) for _, *fields in rows]
    columns, table = ", ".join(EVENT_COLUMNS), EVENTS.place(index.database)
    (row,) = index.query(f"SELECT {columns} FROM {table} WHERE log = {{log:UInt32}} AND seq = 0", {"log": log}).rows
    assert event_row(row).event == event
