"""Web logs against Filebeat's documents of them. Every value that differs is counted here, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from support.ecs import compare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.ecs import Getter
    from vestige.model.event import Event

pytestmark = pytest.mark.corpus


def taken(name: str) -> Getter:
    return lambda _, attributes: attributes.get(name)


def millis(_: Event, attributes: dict[str, Any]) -> object:
    text = str(attributes.get("duration", "")).removesuffix("ms")
    return int(text) * 1_000_000 if text else None


EVENT: dict[str, Getter] = {
    "@timestamp": lambda event, _: event.occurred_at,
    "source.ip": lambda event, _: event.src_ip,
    "source.port": lambda event, _: event.src_port,
    "destination.ip": lambda event, _: event.dst_ip,
    "destination.port": lambda event, _: event.dst_port,
    "user.name": lambda event, _: event.actor_id,
    "event.outcome": lambda event, _: event.outcome,
}
REQUEST: dict[str, Getter] = {
    "http.request.method": taken("method"),
    "http.request.referrer": taken("referrer"),
    "http.request.id": lambda event, _: event.trace_id,
    "http.response.body.bytes": taken("bytes"),
    "http.response.bytes": taken("bytes"),
    "http.response.status_code": taken("status"),
    "http.version": taken("http_version"),
    "url.original": taken("url"),
    "url.path": lambda _, attributes: unquote(attributes.get("path", "")),  # Filebeat decodes, we keep what was sent
    "url.query": taken("query"),
    "url.domain": taken("vhost"),
    "user_agent.original": taken("user_agent"),
}
IIS: dict[str, Getter] = {
    **EVENT,
    **REQUEST,
    "url.original": taken("cs-uri-stem"),  # Filebeat leaves the query out, ours has it
    "url.path": taken("path"),
    "url.query": lambda _, attributes: attributes.get("query", "").replace("+", " "),  # it decodes, we keep
    "http.request.body.bytes": taken("cs-bytes"),
    "event.duration": millis,
}
PROCESS: dict[str, Getter] = {
    "process.pid": taken("pid"),
    "process.thread.id": taken("tid"),
    "process.name": taken("app_name"),
    "log.level": taken("level"),
}


def said(_: Event, attributes: dict[str, Any]) -> object:
    """Filebeat leaves the message's number and the referrer in it, ours have names of their own."""
    code = f"{attributes['code']}: " if "code" in attributes else ""
    return f"{code}{attributes['message']}" + (
        f", referer: {attributes['referrer']}" if "referrer" in attributes else ""
    )


CASES: list[tuple[str, set[str], Mapping[str, Getter], int, dict[str, int]]] = [
    ("apache/access", {"web_access"}, {**EVENT, **REQUEST}, 14, {}),
    ("apache/error", {"apache_error"}, {**EVENT, **PROCESS, "message": said}, 13, {}),
    ("nginx/access", {"web_access"}, {**EVENT, **REQUEST}, 24, {}),
    ("nginx/ingress_controller", {"web_access"}, {**EVENT, **REQUEST}, 24, {}),
    # Two rows have fewer values than the #Fields line above them names.
    ("iis/access", {"iis"}, IIS, 15, {"not an event": 2}),
    ("iis/error", {"iis_error"}, {**EVENT, **REQUEST}, 12, {}),
    # Filebeat gives no @timestamp for these.
    ("haproxy/log", {"haproxy"}, {**EVENT, **REQUEST, **PROCESS, "event.duration": millis}, 0, {}),
    ("traefik/access", {"traefik"}, {**EVENT, **REQUEST, "event.duration": millis}, 7, {}),
]


@pytest.mark.parametrize(("module", "names", "getters", "dated", "differing"), CASES, ids=[case[0] for case in CASES])
def test_agrees(
    module: str, names: set[str], getters: Mapping[str, Getter], dated: int, differing: dict[str, int], corpus: Path
) -> None:
    found = compare(corpus / "ecs-oracle-filebeat" / module, names, getters)
    assert found.differences() == differing, found.differing
    assert found.same["@timestamp"] == dated
    assert found.same.total() > 4 * found.all["http.request.method"]
