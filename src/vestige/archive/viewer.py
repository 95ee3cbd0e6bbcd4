"""The timeline as one page that needs nothing but a browser: no server, no network, no other file.

Everything that comes from evidence is text: it is embedded as JSON in which no tag can end, and put on the page by
``textContent``. The page's own policy forbids it to fetch or send anything.
"""

from __future__ import annotations

import html
from importlib.resources import files
from typing import Any, Final

import orjson

MOST_EVENTS: Final = 20_000
LONGEST: Final = 300
"""Characters of a message that are shown."""


class Viewer:
    """Collects events and writes the page."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._events: list[list[Any]] = []
        self._seen = 0

    def add(self, lines: bytes) -> None:
        """Take events, as whole lines of JSON."""
        for line in lines.splitlines():
            self._seen += 1
            if len(self._events) < MOST_EVENTS:
                event = orjson.loads(line)
                self._events.append(_row(event))

    def text(self) -> str:
        """The page."""
        data = {"title": self._title, "events": self._events, "seen": self._seen}
        coded = orjson.dumps(data).decode().replace("<", "\\u003c").replace("\u2028", "\\u2028")
        page = (files("vestige.archive") / "timeline.html").read_text(encoding="utf-8")
        return page.replace("{{TITLE}}", html.escape(self._title), 2).replace("{{DATA}}", coded, 1)


def _row(event: dict[str, Any]) -> list[Any]:
    """One event: id, occurred, received, quality of its time, severity, type, actor, where, source, message."""
    actor, device, network = (event.get(name) or {} for name in ("actor", "device", "network"))
    return [
        event["id"],
        event.get("occurred_at", ""),
        event["received_at"],
        event.get("time_quality", ""),
        event.get("severity", ""),
        event.get("event_type", ""),
        actor.get("id") or actor.get("name") or "",
        device.get("hostname") or device.get("name") or network.get("src_ip") or "",
        event.get("source", ""),
        str(event.get("message", ""))[:LONGEST],
    ]
