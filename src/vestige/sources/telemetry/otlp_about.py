"""What OTLP's attributes say about who, where and what: semantic conventions, in force and before.

Reference: OpenTelemetry, "Semantic Conventions" 1.x, and the names they replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.reading.fields import canonical_ip, keys_of, port_of
from vestige.sources.telemetry.otlp_values import first

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.model.event import Event

    Part = Mapping[str, object]


def parts(value: object) -> Iterator[Part]:
    """The objects of a list."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def dressed(event: Event, fields: Part, resource: Part, *, served: bool, spans: tuple[str, ...] = ()) -> Event:
    """An event with the actor, the endpoints, the machine and the keys its attributes and resource state.

    Args:
        event: the rest of it.
        fields: the item's attributes.
        resource: the resource's attributes.
        served: whether the peer is the client (a log record, a server's span) or the server.
        spans: ids of spans that are keys.
    """
    actor, name = first(fields, "enduser.id", "user.id", "user.email", "user.name"), first(fields, "user.name")
    src_ip, dst_ip, src_port, dst_port = _ends(fields, served=served)
    device = first(resource, "k8s.pod.name", "container.name", "host.name", "service.instance.id")
    contained = "container.id" in resource or "k8s.pod.name" in resource
    return event._replace(
        actor_id=actor,
        actor_name=name if name != actor else first(fields, "user.full_name"),
        actor_type="user" if actor else "",
        src_ip=src_ip,
        dst_ip=dst_ip,
        src_port=src_port,
        dst_port=dst_port,
        device_id=first(resource, "host.id", "container.id"),
        device_name=device,
        device_type="container" if contained else "host" if device else "",
        host=first(resource, "host.name", "k8s.node.name"),
        session=first(fields, "session.id", "user.session.id"),
        keys=keys_of((*(("custom", f"span:{span}") for span in spans if span), *_keys(fields, resource))),
    )


def _keys(fields: Part, resource: Part) -> Iterator[tuple[str, str]]:
    for name in ("enduser.id", "user.id", "user.email", "user.name"):
        yield "identity", first(fields, name)
    yield "host", first(resource, "host.name")
    yield "host", first(resource, "k8s.pod.name")
    yield "device", first(resource, "container.id")


def _ends(fields: Part, *, served: bool) -> tuple[str, str, int, int]:
    """Source and destination. Of a server's span the peer is the client, of a client's the server."""
    peer = canonical_ip(first(fields, "network.peer.address", "net.sock.peer.addr", "net.peer.ip"))
    peer_port = port_of(fields.get("network.peer.port") or fields.get("net.peer.port"))
    src = canonical_ip(first(fields, "client.address", "source.address", "http.client_ip"))
    dst = canonical_ip(first(fields, "server.address", "destination.address", "net.host.ip", "network.local.address"))
    ports = (
        port_of(fields.get("client.port") or fields.get("source.port")),
        port_of(fields.get("server.port") or fields.get("destination.port") or fields.get("net.host.port")),
    )
    if served:
        return src or peer, dst, ports[0] or (0 if src else peer_port), ports[1]
    return src, dst or peer, ports[0], ports[1] or peer_port


def object_of(fields: Part) -> tuple[str, str]:
    """What a request or a step was about."""
    host, path = first(fields, "server.address", "http.host", "net.host.name"), first(fields, "url.path", "http.target")
    for found, kind in (
        (first(fields, "url.full", "http.url"), "url"),
        (f"{host}{path}" if path else "", "url"),
        (first(fields, "db.query.text", "db.statement"), "statement"),
        (first(fields, "db.namespace", "db.name"), "database"),
        (first(fields, "messaging.destination.name", "messaging.destination"), "queue"),
        ("/".join(filter(None, (first(fields, "rpc.service"), first(fields, "rpc.method")))), "procedure"),
        (first(fields, "http.route", "code.function.name", "code.function"), "route"),
    ):
        if found:
            return found, kind
    return "", ""
