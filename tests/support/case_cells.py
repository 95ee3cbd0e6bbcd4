"""Requests of the matrices about cases: each with what shows that it had its effect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from support.cell import Ready, Request
from support.cell import has as _has

if TYPE_CHECKING:
    from collections.abc import Callable


def _case(ready: Ready) -> str:
    return str(ready.here("POST", "/v1/cases", json={"name": f"case {ready.mark}"})["id"])


def _pinned(ready: Ready) -> str:
    case = _case(ready)
    ready.here("POST", f"/v1/cases/{case}/events", json={"event_id": ready.event})
    return case


def _events_of(ready: Ready, case: str) -> list[dict[str, Any]]:
    return list(ready.here("GET", f"/v1/cases/{case}/events")["events"])


def _hypothesis(ready: Ready) -> tuple[str, str]:
    case = _case(ready)
    body = {"kind": "hypothesis", "title": f"h {ready.mark}"}
    return case, str(ready.here("POST", f"/v1/cases/{case}/items", json=body)["id"])


def _item(ready: Ready, case: str, item: str) -> dict[str, Any]:
    found: dict[str, Any] = ready.here("GET", f"/v1/cases/{case}/items/{item}")
    return found


def _add_case(ready: Ready) -> Request:
    name = f"case {ready.mark}"
    there = lambda _: name in [one["name"] for one in ready.here("GET", "/v1/cases")["cases"]]  # noqa: E731 - one line
    return Request(kwargs={"json": {"name": name}}, effect=there)


def _change_case(ready: Ready) -> Request:
    case = _case(ready)
    closed = lambda _: ready.here("GET", f"/v1/cases/{case}")["status"] == "closed"  # noqa: E731 - one line
    return Request(f"/v1/cases/{case}", {"json": {"status": "closed"}}, closed)


def _of_case(path: str, text: str) -> Callable[[Ready], Request]:
    return lambda ready: Request(f"/v1/cases/{_pinned(ready)}{path}", effect=_has(text or ready.event))


def _pin(ready: Ready) -> Request:
    case = _case(ready)
    pinned = lambda _: [one["event_id"] for one in _events_of(ready, case)] == [ready.event]  # noqa: E731 - one line
    return Request(f"/v1/cases/{case}/events", {"json": {"event_id": ready.event}}, pinned)


def _select(ready: Ready) -> Request:
    case = _case(ready)
    return Request(
        f"/v1/cases/{case}/selection", {"json": {"query": "actor:bob"}}, lambda _: len(_events_of(ready, case)) == 1
    )


def _unselect(ready: Ready) -> Request:
    case = _case(ready)
    told = ready.here("POST", f"/v1/cases/{case}/events", json={"event_id": ready.event})
    return Request(f"/v1/cases/{case}/selection/{told['selection']}", effect=lambda _: _events_of(ready, case) == [])


def _change_pin(ready: Ready) -> Request:
    case = _pinned(ready)
    marked = lambda _: _events_of(ready, case)[0]["pinned"] is True  # noqa: E731 - one line
    return Request(f"/v1/cases/{case}/events/{ready.event}", {"json": {"pinned": True}}, marked)


def _unpin(ready: Ready) -> Request:
    case = _pinned(ready)
    return Request(f"/v1/cases/{case}/events/{ready.event}", effect=lambda _: _events_of(ready, case) == [])


def _add_item(ready: Ready) -> Request:
    case, text = _case(ready), f"note {ready.mark}"
    there = lambda _: text in json.dumps(ready.here("GET", f"/v1/cases/{case}/items"))  # noqa: E731 - one line
    return Request(f"/v1/cases/{case}/items", {"json": {"kind": "note", "text": text}}, there)


def _list_items(ready: Ready) -> Request:
    case, item = _hypothesis(ready)
    return Request(f"/v1/cases/{case}/items", effect=_has(item))


def _show_item(ready: Ready) -> Request:
    case, item = _hypothesis(ready)
    return Request(f"/v1/cases/{case}/items/{item}", effect=_has(item))


def _change_item(ready: Ready) -> Request:
    case, item = _hypothesis(ready)
    refuted = lambda _: _item(ready, case, item)["verdict"] == "refuted"  # noqa: E731 - one line
    return Request(f"/v1/cases/{case}/items/{item}", {"json": {"verdict": "refuted"}}, refuted)


def _remove_item(ready: Ready) -> Request:
    case, item = _hypothesis(ready)
    gone = lambda _: item not in json.dumps(ready.here("GET", f"/v1/cases/{case}/items"))  # noqa: E731 - one line
    return Request(f"/v1/cases/{case}/items/{item}", effect=gone)


def _weigh(ready: Ready) -> Request:
    case, item = _hypothesis(ready)
    body = {"event_id": ready.event, "side": "for"}
    weighed = lambda _: len(_item(ready, case, item)["evidence"]) == 1  # noqa: E731 - one line
    return Request(f"/v1/cases/{case}/items/{item}/evidence", {"json": body}, weighed)


def _discard(ready: Ready) -> Request:
    case, item = _hypothesis(ready)
    where = f"/v1/cases/{case}/items/{item}/evidence"
    ready.here("POST", where, json={"event_id": ready.event, "side": "for"})
    return Request(f"{where}/{ready.event}", effect=lambda _: _item(ready, case, item)["evidence"] == [])


CASE_CELLS: dict[tuple[str, str], Callable[[Ready], Request]] = {
    ("GET", "/v1/cases"): lambda r: Request(effect=_has(_case(r))),
    ("POST", "/v1/cases"): _add_case,
    ("GET", "/v1/cases/{case}"): _of_case("", '"intact":1'),
    ("PATCH", "/v1/cases/{case}"): _change_case,
    ("GET", "/v1/cases/{case}/activity"): _of_case("/activity", "case.pinned"),
    ("GET", "/v1/cases/{case}/check"): _of_case("/check", '"ok":true'),
    ("GET", "/v1/cases/{case}/events"): _of_case("/events", ""),
    ("POST", "/v1/cases/{case}/events"): _pin,
    ("PATCH", "/v1/cases/{case}/events/{event_id}"): _change_pin,
    ("DELETE", "/v1/cases/{case}/events/{event_id}"): _unpin,
    ("GET", "/v1/cases/{case}/export"): _of_case("/export", ""),
    ("GET", "/v1/cases/{case}/report"): _of_case("/report", ""),
    ("GET", "/v1/cases/{case}/items"): _list_items,
    ("POST", "/v1/cases/{case}/items"): _add_item,
    ("GET", "/v1/cases/{case}/items/{item}"): _show_item,
    ("PATCH", "/v1/cases/{case}/items/{item}"): _change_item,
    ("DELETE", "/v1/cases/{case}/items/{item}"): _remove_item,
    ("POST", "/v1/cases/{case}/items/{item}/evidence"): _weigh,
    ("DELETE", "/v1/cases/{case}/items/{item}/evidence/{event_id}"): _discard,
    ("POST", "/v1/cases/{case}/selection"): _select,
    ("DELETE", "/v1/cases/{case}/selection/{selection}"): _unselect,
    ("GET", "/v1/cases/{case}/timeline"): _of_case("/timeline", ""),
}
