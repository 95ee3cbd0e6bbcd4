"""From a record of any of Zeek's logs to an event; the TSV and the JSON rendering of a record give the same one.

Fields common to most logs::

    ts                                          when; in conn.log the beginning of the connection
    uid, fuid, community_id                     name the connection, the file, the flow: keys
    id.orig_h id.orig_p id.resp_h id.resp_p     who opened the connection and who answered
    proto, service

``id`` may be nested or joined by ``_``. Hashes, fingerprints (JA3, HASSH, certificates) and the addresses a name was
resolved to are keys as well. What each log says more is in :mod:`vestige.sources.network.zeek_logs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Outcome
from vestige.sources.network.zeek_logs import LOGS, SMB_ACTS, UNKNOWN, Log
from vestige.sources.reading.fields import canonical_ip, ip_of, keys_of, make_event, port_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Stamp

_CUSTOM = """uid fuid fuids conn_uids uids parent_fuid tunnel_parents cert_chain_fuids client_cert_chain_fuids
    orig_fuids resp_fuids community_id call_id"""
_KEYS = {
    **dict.fromkeys(_CUSTOM.split(), ("custom", "")),
    **{name: ("custom", f"{name}:") for name in ("ja3", "ja3s", "ja4", "ja4s", "hassh")},
    "hasshServer": ("custom", "hassh:"),
    "host_key": ("custom", "host_key:"),
    **dict.fromkeys(
        ("md5", "sha1", "sha256", "fingerprint", "cert_chain_fps", "client_cert_chain_fps"), ("hash", "")
    ),
    **dict.fromkeys(("answers", "san.ip", "assigned_addr", "assigned_ip", "requested_addr"), ("ip", "")),
    "x_originating_ip": ("ip", ""),
    "mac": ("device", ""),
    **dict.fromkeys(("rcptto", "to"), ("identity", "")),
}  # fmt: skip
_MOST = 50
"""Values of one field that become keys."""
_OPENED = frozenset(("SF", "S1", "S2", "S3", "RSTO", "RSTR"))
_LONG = 200


def place_of(record: Mapping[str, object], part: str) -> object:
    """``id.PART`` however it is written."""
    value = record.get("id." + part)
    if value is None:
        value = record.get("id_" + part)
        if value is None:
            inner = record.get("id")
            if isinstance(inner, dict):
                value = inner.get(part)
    return value


def _field(record: Mapping[str, object], name: str) -> str:
    """A field as a line's worth of text; of a list its values. A point may have become a ``_``."""
    value = record.get(name)
    if value is None and "." in name:
        value = record.get(name.replace(".", "_"))
    if type(value) is str:
        return value
    if isinstance(value, list):
        return ", ".join(filter(None, map(text_of, value[:20])))
    return text_of(value)


def _derived(record: Mapping[str, object], path: str, name: str) -> str:
    """A field, or what is put together from several."""
    if name == "url" and path == "http":
        host, uri = _field(record, "host"), _field(record, "uri")
        return uri if uri.startswith(("http://", "https://")) or not host else f"{host}{uri}"
    if name == "file" and path == "smb_files":
        share, file = _field(record, "path"), _field(record, "name")
        return f"{share}\\{file}" if share and file else share or file
    return _field(record, name)


def outcome(ended: str, record: Mapping[str, object]) -> str:
    """How it ended, by the log's own way of saying so; unknown where the sensor did not see it."""
    way, _, name = ended.partition(":")
    if way == "bool":
        value = record.get(name)
        return Outcome.SUCCESS if value is True else Outcome.FAILURE if value is False else Outcome.UNKNOWN
    if way == "code":
        code = record.get(name)
        if isinstance(code, bool) or not isinstance(code, int) or code < 100:
            return Outcome.UNKNOWN
        return Outcome.FAILURE if code >= 400 else Outcome.SUCCESS
    return _SPECIAL[way](record) if way else Outcome.NONE


def _conn(record: Mapping[str, object]) -> str:
    state = text_of(record.get("conn_state"))
    return Outcome.SUCCESS if state in _OPENED else Outcome.FAILURE if state == "REJ" else Outcome.UNKNOWN


def _dns(record: Mapping[str, object]) -> str:
    code = _field(record, "rcode_name")
    if not code:
        return Outcome.UNKNOWN
    return Outcome.SUCCESS if code == "NOERROR" else Outcome.FAILURE


def _smtp(record: Mapping[str, object]) -> str:
    first = _field(record, "last_reply")[:1]
    return Outcome.FAILURE if first in {"4", "5"} else Outcome.SUCCESS if first in {"2", "3"} else Outcome.UNKNOWN


def _word(name: str, good: str, bad: str = "") -> Callable[[Mapping[str, object]], str]:
    """A reading of one field's words: those that mean success; those that mean failure, or all others."""
    well, ill = frozenset(good.split()), frozenset(bad.split())

    def read(record: Mapping[str, object]) -> str:
        said = _field(record, name).lower()
        if said in well:
            return Outcome.SUCCESS
        return Outcome.FAILURE if said and (not ill or said in ill) else Outcome.UNKNOWN

    return read


def _modbus(record: Mapping[str, object]) -> str:
    return Outcome.FAILURE if _field(record, "exception") else Outcome.UNKNOWN


_SPECIAL: dict[str, Callable[[Mapping[str, object]], str]] = {
    "conn": _conn,
    "dns": _dns,
    "smtp": _smtp,
    "modbus": _modbus,
    "smb": _word("status", "success"),
    "ldap": _word("result", "success"),
    "socks": _word("status", "succeeded"),
    "radius": _word("result", "success accept", "failed failure reject"),
    "rdp": _word("result", "success", "ssl_not_allowed_by_server ssl_cert_not_on_server inconsistent_flags"
    " hybrid_required_by_server ssl_required_by_server ssl_with_user_auth_required_by_server"),
}  # fmt: skip


def _sharpened(path: str, kind: str, record: Mapping[str, object], ended: str) -> str:
    """The event type where the log alone does not tell it."""
    if path == "smb_files":
        return SMB_ACTS.get(_field(record, "action"), "network.smb")
    if path == "radius" and ended in {Outcome.SUCCESS, Outcome.FAILURE}:
        return "auth.login" if ended == Outcome.SUCCESS else "auth.login_failed"
    if path in {"mysql", "postgresql"} and _field(record, "cmd" if path == "mysql" else "frontend") == "query":
        return "database.queried"
    return kind


_SHARPENED = frozenset(("smb_files", "radius", "mysql", "postgresql"))
_ALARMS = frozenset(("Notice::ACTION_ALARM", "Notice::ACTION_EMAIL", "Notice::ACTION_PAGE", "Notice::ACTION_DROP"))


def _severity(path: str, record: Mapping[str, object]) -> int:
    if path == "notice":
        actions = record.get("actions")
        asked = isinstance(actions, list) and any(isinstance(act, str) and act in _ALARMS for act in actions)
        return 3 if asked else 1
    if path in {"intel", "signatures"}:
        return 2
    return 3 if path == "reporter" and _field(record, "level").endswith("ERROR") else 0


def _keys(path: str, record: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for name, value in record.items():
        found = _KEYS.get(name)
        if found is not None:
            kind, prefix = found
            for item in value[:_MOST] if isinstance(value, list) else (value,):
                text = _CLEANED[kind](item if isinstance(item, str) else text_of(item))
                if text:
                    pairs.append((kind, prefix + text))
    more = _MORE_KEYS.get(path)
    if more is not None:
        pairs += more(record)
    return keys_of(pairs) if pairs else ()


_CLEANED: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("custom", "hash", "device"), str),
    "ip": canonical_ip,
    "identity": lambda text: text.strip("<> "),
}


def _ntlm_keys(record: Mapping[str, object]) -> list[tuple[str, str]]:
    user, domain = _field(record, "username"), _field(record, "domainname")
    account = f"{domain}\\{user}" if user and domain else ""
    return [("identity", account), ("host", _field(record, "server_nb_computer_name"))]


def _intel_keys(record: Mapping[str, object]) -> list[tuple[str, str]]:
    kind = _INTEL.get(_field(record, "seen.indicator_type"), "custom")
    return [(kind, _field(record, "seen.indicator"))]


_MORE_KEYS: dict[str, Callable[[Mapping[str, object]], list[tuple[str, str]]]] = {
    **dict.fromkeys(("x509", "pe"), lambda record: [("custom", text_of(record.get("id")))]),
    "ntlm": _ntlm_keys,
    "kerberos": lambda record: [("identity", _field(record, "client").partition("/")[0])],
    "intel": _intel_keys,
}
_INTEL = {
    "Intel::ADDR": "ip",
    "Intel::FILE_HASH": "hash",
    "Intel::CERT_HASH": "hash",
    "Intel::USER_NAME": "identity",
    "Intel::EMAIL": "identity",
}
_DEVICES = {"dhcp": "mac", "known_devices": "mac"}
_CLIENTS = {"dhcp": "host_name", "ntlm": "hostname", "rdp": "client_name", "known_devices": "dhcp_host_name"}
_HOSTS = {
    "ntlm": "server_dns_computer_name",
    "known_hosts": "host",
    "software": "host",
    "known_devices": "dhcp_host_name",
}
_APPLICATION = {"ssl": "tls", "x509": "tls", "smb_files": "smb", "smb_mapping": "smb", "smb_cmd": "smb", "rfb": "vnc"}
_BARE = frozenset(
    [
        "conn",
        "weird",
        "notice",
        "files",
        "pe",
        "dpd",
        "tunnel",
        "traceroute",
        "software",
        "intel",
        "signatures",
        "analyzer",
    ]
)
"""Logs whose name is no protocol's."""


def _ends(path: str, record: Mapping[str, object]) -> tuple[str, str, int, int]:
    """Source and destination, for logs of a connection, a file, a notice or a host."""
    src, dst = place_of(record, "orig_h"), place_of(record, "resp_h")
    if src is not None or dst is not None:
        return (
            canonical_ip(src) if type(src) is str else "",
            canonical_ip(dst) if type(dst) is str else "",
            port_of(place_of(record, "orig_p")),
            port_of(place_of(record, "resp_p")),
        )
    names = _OTHER_ENDS.get(path)
    if names is None:
        return "", "", 0, 0
    src_ip, dst_ip, src_port, dst_port = map(record.get, names)
    return ip_of(src_ip), ip_of(dst_ip), port_of(src_port), port_of(dst_port)


_OTHER_ENDS = {
    "files": ("tx_hosts", "rx_hosts", "", ""),
    "notice": ("src", "dst", "", "p"),
    "traceroute": ("src", "dst", "", ""),
    "signatures": ("src_addr", "dst_addr", "src_port", "dst_port"),
    "dhcp": ("client_addr", "server_addr", "", ""),
    **dict.fromkeys(("known_services", "known_certs", "known_modbus"), ("", "host", "", "port_num")),
    **dict.fromkeys(("known_hosts", "software"), ("host", "", "", "")),
}
"""Where logs that are not of a connection name the source, the destination, and their ports."""


def _message(path: str, log: Log, record: Mapping[str, object], ends: tuple[str, str, int, int]) -> str:
    parts = [log.title if log is not UNKNOWN else path or log.title]
    parts += filter(None, (_derived(record, path, name) for name in log.said))
    line = " ".join(part if len(part) <= _LONG else part[:_LONG] + "..." for part in parts)
    if "\n" in line:
        line = " ".join(line.split())
    src, dst, _, port = ends
    if src and dst:
        return f"{line}, {src} to {dst}:{port}" if port else f"{line}, {src} to {dst}"
    return f"{line}, {src or dst}" if src or dst else line


def zeek_event(path: str, record: Mapping[str, object], text: str, stamp: Stamp) -> Event:
    """The event of one record: ``path`` names the log, ``text`` is the attributes."""
    log = LOGS.get(path, UNKNOWN)
    get = record.get
    ends = _ends(path, record)
    ended = outcome(log.ended, record)
    kind = _sharpened(path, log.kind, record, ended) if path in _SHARPENED else log.kind
    actor = _field(record, log.actor).strip("<> ") if log.actor else ""
    sensor = text_of(get("_system_name")) or text_of(get("@system"))
    client = _field(record, _CLIENTS[path]) if path in _CLIENTS else ""
    at, time_text, quality, tag = stamp
    return make_event((
        kind, at, time_text, quality, None,
        _field(record, log.action) if log.action else "",
        ended, _severity(path, record),
        actor, actor.partition("/")[0] if path == "kerberos" else "", "user" if actor else "",
        "", "", "",
        _derived(record, path, log.thing) if log.thing else "", "", log.thing_type,
        *ends,
        text_of(get("proto")) or ("" if path in _BARE else _APPLICATION.get(path, path)),
        _field(record, _DEVICES[path]) if path in _DEVICES else "",
        client or sensor, "host" if client else "sensor" if sensor else "",
        _field(record, _HOSTS[path]) if path in _HOSTS else "",
        "", "",
        _message(path, log, record, ends),
        (tag,) if tag else (), text,
        _keys(path, record),
    ))  # fmt: skip
