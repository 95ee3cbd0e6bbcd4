"""Events as lines for a person: time, severity, source, type, who, what."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

import click

from vestige.cli.options import shown

_COLOURS = {"critical": "bright_red", "high": "red", "medium": "yellow", "low": "cyan"}


def event_line(event: dict[str, Any], *, colour: bool, zone: tzinfo | None = None) -> str:
    """One event on one line. What is assumed of its time is marked: ``~`` an assumed zone, ``?`` an assumed year.

    Args:
        event: as the interface gives it.
        colour: whether the terminal shows colours.
        zone: of the clock the time is shown by; as it is given, in UTC, by default.
    """
    stamp = event.get("occurred_at") or "undated"
    if zone is not None and "occurred_at" in event:
        stamp = _local(stamp, zone)
    mark = {"assumed_zone": "~", "assumed_year": "?"}.get(event.get("time_quality", ""), " ")
    actor = _who(event.get("actor", {}))
    address = event.get("network", {}).get("src_ip", "")
    head = f"{stamp:<30}{mark} {event.get('severity', 'info'):<8} {event['source']:<18.18} {event['event_type']:<22}"
    text = f"{actor}{' from ' + address if address else ''}".strip()
    line = f"{head} {text:<28} {event.get('message', '')}".rstrip()
    line = shown(line)
    if colour and event.get("severity") in _COLOURS:
        line = click.style(line, fg=_COLOURS[event["severity"]])
    return f"{event['id']}  {line}"


def _local(stamp: str, zone: tzinfo) -> str:
    """An RFC 3339 text in UTC by another clock, with all its digits and that clock's offset."""
    whole, dot, fraction = stamp.removesuffix("Z").partition(".")
    there = datetime.fromisoformat(whole).replace(tzinfo=UTC).astimezone(zone)
    offset = there.strftime("%z")
    return f"{there:%Y-%m-%dT%H:%M:%S}{dot}{fraction}{offset[:3]}:{offset[3:5]}"


def event_page(event: dict[str, Any]) -> str:
    """One event in full, field by field."""
    lines: list[str] = []

    def add(name: str, value: Any) -> None:  # noqa: ANN401 - JSON
        if isinstance(value, dict):
            for key, inner in value.items():
                add(f"{name}.{key}" if name else key, inner)
        elif isinstance(value, list):
            for inner in value:
                add(name, inner)
        else:
            lines.append(f"{shown(name):<28} {shown(str(value))}")

    for key, value in event.items():
        add(key, value)
    return "\n".join(lines)


def _who(actor: dict[str, Any]) -> str:
    return str(actor.get("name") or actor.get("id") or "")
