"""Suricata's EVE log: one JSON object an event, ``event_type`` says of what kind.

Fields::

    timestamp (with offset), event_type, flow_id, community_id, in_iface, host (the sensor's name), pcap_filename
    src_ip src_port dest_ip dest_port proto app_proto icmp_type
    alert {action, signature_id, signature, category, severity, metadata}, and what the alert was about beside it
    dns (versions 1 to 3), http, tls, fileinfo, flow, netflow, ssh, smb, smtp and email, krb5, rdp, ftp, dhcp, anomaly
    stats, engine

Severity of alerts: 1 is high, 2 medium, 3 low. ``action`` ``blocked`` means that Suricata stopped the traffic: the
attempt failed. Of a flow, ``start`` is when it happened, ``timestamp`` when it was written down. ``flow_id`` ties the
events of one connection of one sensor, ``community_id`` those of any sensor: both are keys, as are hashes,
fingerprints and the addresses a name was resolved to.

References: docs.suricata.io, "Eve JSON Format" and "Eve JSON Output".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vestige.model.event import Event, Outcome, Unparsed
from vestige.sources.reading.fields import canonical_ip, ip_of, keys_of, mapping, port_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]

_KINDS = {
    "alert": "alert.raised", "drop": "network.denied", "dns": "network.dns", "mdns": "network.dns",
    "http": "network.http", "http2": "network.http", "websocket": "network.http", "doh2": "network.dns",
    "tls": "network.tls", "quic": "network.tls", "fileinfo": "file.transferred", "files": "file.transferred",
    "file": "file.transferred", "ftp_data": "file.transferred", "tftp": "file.transferred",
    "flow": "network.connection", "netflow": "network.connection", "tcp": "network.connection", "ssh": "network.ssh",
    "smb": "network.smb", "smtp": "network.email", "pop3": "network.email", "imap": "network.email",
    "krb5": "network.kerberos", "rdp": "network.rdp", "ftp": "network.ftp", "dhcp": "network.dhcp",
    "anomaly": "network.anomaly", "stats": "network.statistics", "engine": "service.status",
    "pgsql": "network.protocol", "arp": "network.observed",
}  # fmt: skip
_SEVERITIES = {1: 3, 2: 2, 3: 1}
_LOOK_IN = ("tls", "http", "fileinfo", "dns", "ssh", "quic", "smtp", "krb5", "dhcp")
_MOST = 50


class _Act(NamedTuple):
    """What an event's own part says."""

    action: str = ""
    outcome: str = ""
    actor: str = ""
    thing: str = ""
    thing_type: str = ""
    said: str = ""


def _join(*parts: object) -> str:
    return " ".join(filter(None, map(text_of, parts)))


def _status(value: object) -> str:
    """By an HTTP or FTP code, a number or text."""
    text = text_of(value)[:3]
    if not text.isdigit() or len(text) < 3:
        return Outcome.UNKNOWN
    return Outcome.FAILURE if text >= "400" else Outcome.SUCCESS


def _alert(part: Part, _: Part) -> _Act:
    blocked = text_of(part.get("action")) in {"blocked", "drop", "reject"}
    signature = text_of(part.get("signature")) or text_of(part.get("signature_id"))
    return _Act(
        signature,
        Outcome.FAILURE if blocked else Outcome.UNKNOWN,
        thing=text_of(part.get("signature_id")),
        thing_type="rule" if "signature_id" in part else "",
        said=_join("blocked:" if blocked else "", signature),
    )


def _first(value: object) -> Part:
    return mapping(value[0]) if isinstance(value, list) and value else {}


def _answers(part: Part) -> Iterator[str]:
    """What a DNS answer holds, in any version."""
    if isinstance(part.get("rdata"), str):
        yield text_of(part["rdata"])
    found = part.get("answers") or part.get("answer")
    for item in found[:_MOST] if isinstance(found, list) else ():
        yield text_of(mapping(item).get("rdata"))
    for values in mapping(part.get("grouped")).values():
        for item in values[:_MOST] if isinstance(values, list) else ():
            yield text_of(item)


def _dns(part: Part, _: Part) -> _Act:
    asked = _first(part.get("queries")) or _first(part.get("query")) or part
    name, kind = text_of(asked.get("rrname")), text_of(asked.get("rrtype"))
    code, way = text_of(part.get("rcode")), text_of(part.get("type"))
    answered = way in {"answer", "response"} or bool(code)
    ended = (Outcome.SUCCESS if code in {"NOERROR", ""} else Outcome.FAILURE) if answered else Outcome.NONE
    found = ", ".join(dict.fromkeys(filter(None, _answers(part)))) if answered else ""
    return _Act(way, ended, "", name, "domain" if name else "", _join("DNS", way, kind, name, code, found[:200]))


def _http(part: Part, _: Part) -> _Act:
    method, host, path = (text_of(part.get(name)) for name in ("http_method", "hostname", "url"))
    url = path if path.startswith(("http://", "https://")) else host + path
    status = part.get("status")
    return _Act(method, _status(status), "", url, "url" if url else "", _join("HTTP", method, url, status))


def _tls(part: Part, _: Part) -> _Act:
    name = text_of(part.get("sni")) or text_of(part.get("subject"))
    version = text_of(part.get("version"))
    return _Act(version, "", "", name, "domain" if "sni" in part else "certificate", _join("TLS", version, name))


def _file(part: Part, _: Part) -> _Act:
    name = text_of(part.get("filename")) or text_of(part.get("file"))
    state = text_of(part.get("state")) or text_of(part.get("command")) or text_of(part.get("packet"))
    return _Act(state, "", "", name, "file" if name else "", _join("file", name, state.lower(), part.get("size")))


def _flow(part: Part, whole: Part) -> _Act:
    state, reply = text_of(part.get("state")), part.get("pkts_toclient")
    if text_of(part.get("action")) in {"drop", "reject"}:
        ended = Outcome.FAILURE
    elif state in {"established", "closed"} or (isinstance(reply, int) and reply > 0):
        ended = Outcome.SUCCESS
    else:
        ended = Outcome.UNKNOWN
    said = _join(whole.get("proto"), "flow", whole.get("app_proto"), state)
    return _Act(state, ended, said=said)


def _ssh(part: Part, _: Part) -> _Act:
    client, server = (text_of(mapping(part.get(side)).get("software_version")) for side in ("client", "server"))
    return _Act("", "", "", server, "software" if server else "", _join("SSH", client, "to" if client else "", server))


def _smb(part: Part, _: Part) -> _Act:
    command, status = text_of(part.get("command")), text_of(part.get("status"))
    ntlm = mapping(part.get("ntlmssp"))
    name = text_of(part.get("filename")) or text_of(part.get("share")) or text_of(part.get("named_pipe"))
    ended = Outcome.UNKNOWN if not status else Outcome.SUCCESS
    if status not in {"", "STATUS_SUCCESS", "STATUS_MORE_PROCESSING_REQUIRED", "STATUS_PENDING"}:
        ended = Outcome.FAILURE
    user = text_of(ntlm.get("user"))
    kind = "file" if "filename" in part else "share" if name else ""
    return _Act(command, ended, user, name, kind, _join("SMB", command, name, user, status))


def _smtp(part: Part, whole: Part) -> _Act:
    mail = mapping(whole.get("email"))
    sender = (text_of(part.get("mail_from")) or text_of(mail.get("from"))).strip("<> ")
    to = part.get("rcpt_to") or mail.get("to")
    receivers = ", ".join(map(text_of, to[:10])) if isinstance(to, list) else text_of(to)
    subject = text_of(mail.get("subject"))
    said = _join("mail from", sender, "to" if receivers else "", receivers, subject)
    return _Act("", "", sender, subject, "message" if subject else "", said)


def _krb5(part: Part, _: Part) -> _Act:
    way, error = text_of(part.get("msg_type")), text_of(part.get("error_code"))
    client, service = text_of(part.get("cname")), text_of(part.get("sname"))
    client, service = ("" if name == "<empty>" else name for name in (client, service))
    ended = Outcome.FAILURE if error or way == "KRB_ERROR" else Outcome.SUCCESS if way.endswith("_REP") else ""
    return _Act(
        way, ended, client, service, "service" if service else "", _join("Kerberos", way, client, service, error)
    )


def _dhcp(part: Part, _: Part) -> _Act:
    kind = text_of(part.get("dhcp_type")) or text_of(part.get("type"))
    leased = text_of(part.get("assigned_ip"))
    ended = Outcome.FAILURE if kind == "nak" else Outcome.SUCCESS if kind == "ack" else Outcome.NONE
    said = _join("DHCP", kind, part.get("client_mac"), part.get("hostname"), leased)
    return _Act(kind, ended, "", "" if leased == "0.0.0.0" else leased, "address", said)  # noqa: S104 - "no address"


def _ftp(part: Part, _: Part) -> _Act:
    command, data = text_of(part.get("command")), text_of(part.get("command_data"))
    codes = part.get("completion_code")
    code = codes[-1] if isinstance(codes, list) and codes else codes
    actor = data if command == "USER" else ""
    return _Act(command, _status(code), actor, "" if actor else data, "", _join("FTP", command, data, code))


def _rdp(part: Part, _: Part) -> _Act:
    way, cookie = text_of(part.get("event_type")), text_of(part.get("cookie"))
    ended = Outcome.FAILURE if "fail" in way or "error" in way else Outcome.NONE
    return _Act(way, ended, cookie, said=_join("RDP", way, cookie, part.get("error")))


def _anomaly(part: Part, whole: Part) -> _Act:
    name = text_of(part.get("event")) or text_of(part.get("code")) or text_of(part.get("type"))
    return _Act(name, said=_join("anomaly", part.get("type"), name, whole.get("app_proto")))


def _stats(part: Part, _: Part) -> _Act:
    seen = mapping(part.get("decoder")).get("pkts")
    return _Act("stats", said=_join("sensor statistics: uptime", part.get("uptime"), "s, packets", seen))


def _engine(part: Part, whole: Part) -> _Act:
    level = text_of(whole.get("log_level"))
    return _Act(level, said=_join("Suricata", level, part.get("message")))


_READ: dict[str, Callable[[Part, Part], _Act]] = {
    "alert": _alert, "dns": _dns, "mdns": _dns, "http": _http, "http2": _http, "tls": _tls, "quic": _tls,
    "fileinfo": _file, "ftp_data": _file, "tftp": _file, "flow": _flow, "netflow": _flow, "ssh": _ssh, "smb": _smb,
    "smtp": _smtp, "krb5": _krb5, "dhcp": _dhcp, "ftp": _ftp, "rdp": _rdp, "anomaly": _anomaly, "stats": _stats,
    "engine": _engine,
}  # fmt: skip


def _other(part: Part, whole: Part) -> _Act:
    """An event of a kind without a reading of its own: a login or a request may be named in usual fields."""
    name = text_of(whole.get("event_type"))
    action = next((text_of(part[key]) for key in ("command", "method", "request", "pdu_type") if key in part), "")
    return _Act(action, said=_join(name, action))


def _keys(whole: Part) -> Iterator[tuple[str, str]]:
    yield "custom", text_of(whole.get("community_id"))
    flow = text_of(whole.get("flow_id"))
    yield "custom", f"flow:{flow}" if flow else ""
    for name in _LOOK_IN:
        part = mapping(whole.get(name))
        if not part:
            continue
        for digest in ("md5", "sha1", "sha256"):
            yield "hash", text_of(part.get(digest))
        yield "hash", text_of(part.get("fingerprint")).replace(":", "").lower()
        for print_ in ("ja3", "ja3s"):
            digest = text_of(mapping(part.get(print_)).get("hash"))
            yield "custom", f"{print_}:{digest}" if digest else ""
        yield "custom", f"ja4:{part['ja4']}" if isinstance(part.get("ja4"), str) else ""
        for side in ("client", "server"):
            digest = text_of(mapping(mapping(part.get(side)).get("hassh")).get("hash"))
            yield "custom", f"hassh:{digest}" if digest else ""
        yield "ip", ip_of(part.get("xff"))
        yield "ip", ip_of(part.get("assigned_ip")) if part.get("assigned_ip") != "0.0.0.0" else ""  # noqa: S104
        yield "device", text_of(part.get("client_mac"))
        receivers = part.get("rcpt_to")
        for item in receivers[:_MOST] if isinstance(receivers, list) else ():
            yield "identity", text_of(item).strip("<> ")
    for answer in _answers(mapping(whole.get("dns"))):
        yield "ip", canonical_ip(answer)
    ntlm = mapping(mapping(whole.get("smb")).get("ntlmssp"))
    if text_of(ntlm.get("user")) and text_of(ntlm.get("domain")):
        yield "identity", f"{text_of(ntlm['domain'])}\\{text_of(ntlm['user'])}"
    yield "host", text_of(ntlm.get("host"))


def _tags(whole: Part, tag: str) -> tuple[str, ...]:
    techniques = mapping(mapping(whole.get("alert")).get("metadata")).get("mitre_technique_id")
    named = [f"attack.{text_of(item)}" for item in techniques[:20]] if isinstance(techniques, list) else []
    return (*named, tag) if tag else tuple(named)


def is_eve(record: Part) -> bool:
    """Whether an object is an EVE event."""
    kind = record.get("event_type")
    if not isinstance(kind, str) or "timestamp" not in record:
        return False
    if "src_ip" in record and "dest_ip" in record and ("proto" in record or "flow_id" in record):
        return True
    return kind in {"stats", "engine"} and isinstance(record.get(kind), dict)


def _read(whole: dict[str, object], text: str, clock: Clock) -> Reading:
    kind = text_of(whole.get("event_type"))
    if not kind:
        return Unparsed("no EVE event: event_type is missing")
    part = mapping(whole.get(kind))
    act = _READ.get(kind, _other)(part, whole)
    stamp, observed = clock.read(whole.get("timestamp")), None
    begun = clock.read(part.get("start")) if kind in {"flow", "netflow"} else stamp
    if begun.at is not None and begun is not stamp:
        stamp, observed = begun, stamp.at
    src, dst = ip_of(whole.get("src_ip")), ip_of(whole.get("dest_ip"))
    port = port_of(whole.get("dest_port"))
    ends = f", {src} to {dst}" + (f":{port}" if port else "") if src and dst else ""
    event_type = _KINDS.get(kind, "network.protocol")
    bad = kind == "engine" and act.action.lower() in {"error", "critical", "emergency", "alert"}
    severity = part.get("severity")
    sensor = text_of(whole.get("host"))
    return Event(
        "service.error" if bad else event_type,
        stamp.at,
        stamp.text,
        stamp.quality,
        observed_at=observed,
        action=act.action,
        outcome=Outcome.FAILURE if kind == "drop" else act.outcome,
        severity=_SEVERITIES.get(severity, 0) if kind == "alert" and isinstance(severity, int) else 3 if bad else 0,
        actor_id=act.actor,
        actor_type="user" if act.actor else "",
        object_id=act.thing,
        object_type=act.thing_type if act.thing else "",
        src_ip=src,
        dst_ip=dst,
        src_port=port_of(whole.get("src_port")),
        dst_port=port,
        protocol=text_of(whole.get("proto")).lower(),
        device_id=text_of(part.get("client_mac")) if kind == "dhcp" else "",
        device_name=text_of(part.get("hostname")) if kind == "dhcp" else sensor,
        device_type="host" if kind == "dhcp" else "sensor" if sensor else "",
        message=(" ".join(act.said.split()) or kind) + ends,
        tags=_tags(whole, stamp.tag),
        attributes=text,
        keys=keys_of(_keys(whole)),
    )


FORMAT = JsonRecords(
    name="suricata_eve",
    version="1",
    source_name="suricata",
    mine=is_eve,
    seen="EVE events (event_type, timestamp, endpoints)",
    read=_read,
)
