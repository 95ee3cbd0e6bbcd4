"""A Windows event as its XML rendered in JSON: ``{"System": …, "EventData": …}``, by whichever tool.

Attributes stand in ``#attributes`` (evtx_dump, pyevtx-rs), in ``Name_attributes`` beside the element (its separate
form), under ``@Name`` (xmltodict and kin), or plainly as members (Velociraptor, which also wraps numbers in ``Value``).
``EventData`` is an object of names, a list of ``{"@Name", "#text"}``, or values without names (``param1``, …).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.sources.reading.exact_times import exact_utc
from vestige.sources.reading.fields import EMPTY, text_of
from vestige.sources.reading.timefield import EXACT, NO_STAMP, Stamp
from vestige.sources.windows.events import audit_of, make_facts, severity_of_level
from vestige.sources.windows.words import number_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.sources.reading.timefield import Clock
    from vestige.sources.windows.events import Facts

_NO_ACTIVITY = "00000000-0000-0000-0000-000000000000"
_MOST_VALUES = 64
_NUMBERS = 2**53
"""Above every number a leaf holds."""


def facts_of(
    event: Mapping[str, object],
    text: str,
    clock: Clock,
    message: str = "",
    *,
    written: object = None,
    tags: tuple[str, ...] = (),
) -> Facts | None:
    """What the event states; none where it has no System with an event number.

    Args:
        event: the rendered event.
        text: the attributes.
        clock: for its time.
        message: the source's rendering for a person.
        written: when a log took it in, as text; a time other than the event's own is when it was observed.
        tags: of the event.
    """
    system = event.get("System")
    if not isinstance(system, dict):
        return None
    number = _number(system.get("EventID"))
    if number is None:
        return None
    keywords = system.get("Keywords")
    stamp = _stamp(system, clock)
    noticed = exact_utc(written) if type(written) is str and written != stamp.text else None
    return make_facts((
        _attribute(system, "Provider", "Name"),
        _text(system.get("Channel")),
        number,
        _number(system.get("Task")) or 0,
        severity_of_level(_text(system.get("Level"))),
        _audit_text(keywords) if type(keywords) is str else audit_of(keywords),
        _text(system.get("Computer")),
        _attribute(system, "Security", "UserID"),
        "",
        _activity(_attribute(system, "Correlation", "ActivityID")),
        stamp,
        noticed if noticed != stamp.at else None,
        data_of(event),
        message,
        text,
        tags,
        _text(system.get("EventRecordID")),
    ))  # fmt: skip


def numbered_by(event: Mapping[str, object]) -> tuple[tuple[str, str], int | None]:
    """The log an event was written to, as computer and channel, and its number there if a leaf can hold it."""
    system = event.get("System")
    if not isinstance(system, dict):
        return ("", ""), None
    number = _number(system.get("EventRecordID"))
    log = _text(system.get("Computer")).lower(), _text(system.get("Channel"))
    return log, number if number is not None and 0 <= number < _NUMBERS and all(log) else None


_audit_text = lru_cache(maxsize=1024)(audit_of)


def _text(value: object) -> str:
    if type(value) is str:
        return value
    if isinstance(value, dict):
        return text_of(value.get("#text", value.get("Value")))
    return text_of(value)


def _number(value: object) -> int | None:
    if type(value) is int:
        return value
    text = _text(value)
    return number_in(text) if text else None


def _attribute(parent: Mapping[str, object], element: str, name: str) -> str:
    """An attribute of an element, wherever the tool put it."""
    inner = parent.get(element)
    if type(inner) is dict:
        attributes = inner.get("#attributes")
        if type(attributes) is dict:
            value = attributes.get(name)
            return value if type(value) is str else text_of(value)
        return text_of(inner.get("@" + name, inner.get(name)))
    beside = parent.get(element + "_attributes")
    if isinstance(beside, dict):
        return text_of(beside.get(name))
    return text_of(inner) if element == "Provider" else ""


def _activity(text: str) -> str:
    text = text.strip("{}").lower()
    return "" if text == _NO_ACTIVITY else text


def _stamp(system: Mapping[str, object], clock: Clock) -> Stamp:
    created = system.get("TimeCreated")
    stated: object = _attribute(system, "TimeCreated", "SystemTime")
    if isinstance(created, dict) and isinstance(created.get("SystemTime"), int | float):
        stated = created["SystemTime"]
    elif not stated:
        stated = created
    if type(stated) is str:
        at = exact_utc(stated)
        if at is not None:
            return Stamp(at, stated, EXACT)
    return clock.read(stated) if stated else NO_STAMP


def data_of(event: Mapping[str, object]) -> Mapping[str, object]:
    """An event's own fields by name. Values without names are called ``param1``, ``param2``, … as tools do."""
    data = event.get("EventData")
    if isinstance(data, dict) and data:
        inner = data.get("Data")
        if inner is None:
            return data
        return {**data, **_unnamed(inner)}
    if isinstance(data, list):
        return _unnamed(data)
    user = event.get("UserData")
    if isinstance(user, dict):
        for name, inner in user.items():
            if isinstance(inner, dict) and not name.startswith(("#", "@")):
                return inner
        return user
    return EMPTY


def _unnamed(value: object) -> dict[str, object]:
    if isinstance(value, dict):
        value = [value] if "@Name" in value or "Name" in value else value.get("#text", [])
    items = value if isinstance(value, list) else [value]
    out: dict[str, object] = {}
    for index, item in enumerate(items, start=1):
        if isinstance(item, dict):
            name = text_of(item.get("@Name", item.get("Name")))
            out[name or f"param{index}"] = item.get("#text", item.get("Value"))
        elif index <= _MOST_VALUES:
            out[f"param{index}"] = item
    return out
