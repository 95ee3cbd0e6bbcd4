"""From a Windows event, whoever wrote it down, to the event model.

A format puts what it knows into :class:`Facts`; the tables say what the event means and which fields play which role.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vestige.sources.reading.fields import ip_of, keys_of, make_event, port_of
from vestige.sources.windows.meanings import meaning_of, short_provider
from vestige.sources.windows.who import NOBODY, REQUESTER, person, said
from vestige.sources.windows.words import code_words, number_in, protocol_word, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Stamp
    from vestige.sources.windows.meanings import Meaning
    from vestige.sources.windows.who import Person

AUDIT_SUCCESS, AUDIT_FAILURE = 0x0020_0000_0000_0000, 0x0010_0000_0000_0000
_SEVERITIES = {"1": 4, "2": 3, "3": 2}


class Facts(NamedTuple):
    """What every Windows event has, and what its own fields say."""

    provider: str
    channel: str
    number: int
    task: int
    severity: int
    audit: str
    """``success`` or ``failure`` where the keywords say so."""
    computer: str
    user: str
    """The security identifier of the account that wrote the event."""
    user_name: str
    activity: str
    stamp: Stamp
    observed: int | None
    data: Mapping[str, object]
    message: str
    """The source's own rendering of the event for a person."""
    text: str
    """The attributes."""
    tags: tuple[str, ...] = ()
    record: str = ""
    """Its number in its log."""


make_facts: Callable[[Sequence[object]], Facts] = partial(tuple.__new__, Facts)
"""Facts from all their fields in order, several times cheaper than naming them; the tests hold each format to them."""

_SOLE_CHANNELS = {
    "security-auditing": "Security",
    "service control manager": "System",
    "sysmon": "Microsoft-Windows-Sysmon/Operational",
}


def channel_of(provider: str) -> str:
    """The channel of a provider that writes to one only: for tools that leave the channel out."""
    return _SOLE_CHANNELS.get(short_provider(provider), "")


def record_key(computer: str, channel: str, record: str) -> str:
    """The correlation key of one record of one log, by which detections and other copies of it lead to the event."""
    return f"{computer.lower()}/{channel}/{record}" if computer and channel and record else ""


_SRC = (
    ("IpAddress", "IpPort"), ("SourceIp", "SourcePort"), ("SourceAddress", "SourcePort"),
    ("ClientAddress", "ClientPort"), ("ClientIP", ""), ("IPString", ""), ("ClientIPAddress", ""),
    ("Client Network Address:", ""), ("Param3", ""), ("ClientIpAddress", ""), ("RemoteAddress", "RemotePort"),
)  # fmt: skip
_DST = (("DestinationIp", "DestinationPort"), ("DestAddress", "DestPort"), ("DestinationAddress", "DestinationPort"))
_NETWORK = frozenset(name for pairs in (_SRC, _DST) for pair in pairs for name in pair if name) | {
    "Address",
    "Protocol",
}
_HOSTS = ("WorkstationName", "Workstation", "ClientName", "SourceHostname", "DestinationHostname", "TargetServerName")
_GUIDS = (
    "ProcessGuid", "ParentProcessGuid", "SourceProcessGUID", "TargetProcessGUID", "SourceProcessGuid",
    "TargetProcessGuid", "LogonGuid", "TargetLogonGuid", "ScriptBlockId", "InstanceId",
)  # fmt: skip
_DIGESTS = ("Hashes", "Hash", "ConfigurationFileHash", "Sha256")
_KEYED = frozenset((*_HOSTS, *_GUIDS, *_DIGESTS, "TargetLinkedLogonId"))
_NO_GUID = "00000000-0000-0000-0000-000000000000"
_NO_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - "no address" in an event, nothing is bound
_HASHES = re.compile(r"(?:^|(?:SHA1|MD5|SHA256)=)([0-9A-Fa-f]{32,64})(?:,|$)")
_PATHS = frozenset({"process", "file", "module", "driver"})
_CONTEXT = re.compile(r"^[ \t]*(Host ?Application|User(?:Id)?|Command ?Name)[ \t]*=([^\r\n]*)", re.MULTILINE)
_ACCOUNT = re.compile(
    r"(?:Security ID:[ \t]*(S-[^\r\n]+)[\r\n]+[ \t]*)?Account Name:[ \t]*([^\r\n]+)"
    r"(?:[\r\n]+[ \t]*(?:Account )?Domain(?: Name)?:[ \t]*([^\r\n]+))?"
)
_IN_TEXT = frozenset({"P", "A"})
"""Groups of fields that may stand inside a longer text."""
_EVERYWHERE = frozenset({"S-1-5-18", "S-1-5-19", "S-1-5-20"})
"""Accounts whose logon sessions last as long as the machine runs: they join nothing."""
_CONTEXT_BYTES = 1 << 18
_WRITE, _DELETE, _PERMIT = 0x0156, 0x10040, 0xC0000
"""Bits of a file's access mask: write or append, delete, change rights or owner."""


def severity_of_level(level: str) -> int:
    """Our step for a level number: 1 critical, 2 error, 3 warning."""
    return _SEVERITIES.get(level, 0)


def audit_of(keywords: object) -> str:
    """The outcome that an event's keywords state: a bit mask as number or text, or names."""
    if isinstance(keywords, str):
        mask = number_in(keywords)
        if mask is None:
            return _audit_words(keywords)
    elif isinstance(keywords, list):
        return _audit_words(" ".join(word for word in keywords[:64] if isinstance(word, str)))
    elif isinstance(keywords, int) and not isinstance(keywords, bool):
        mask = keywords
    else:
        return ""
    if mask & AUDIT_FAILURE:
        return "failure"
    return "success" if mask & AUDIT_SUCCESS else ""


def _audit_words(text: str) -> str:
    text = text[:200].lower().replace("_", " ")
    if "audit failure" in text:
        return "failure"
    return "success" if "audit success" in text else ""


def event_of(facts: Facts) -> Event:
    """The event a Windows event is."""
    meaning = meaning_of(facts.provider, facts.channel, facts.number, facts.task, facts.severity)
    if meaning.actor in _IN_TEXT:
        facts = facts._replace(data=_enriched(meaning, facts))
    data = facts.data
    outcome = _outcome(meaning, facts)
    kind = _kind(meaning, outcome, facts)
    actor = person(meaning.actor, facts)
    subject = person(meaning.subject, facts)
    if subject.id == actor.id:
        subject = NOBODY
    about, about_name, about_kind = _object(meaning, data)
    src, src_port, dst, dst_port, protocol = ("", 0, "", 0, "") if _NETWORK.isdisjoint(data) else _network(facts)
    where = facts.computer.lower()
    at, time_text, quality, tag = facts.stamp
    return make_event((
        kind,
        at,
        time_text,
        quality,
        facts.observed,
        f"{facts.provider or facts.channel} {facts.number}".lstrip(),
        outcome,
        _severity(kind, facts),
        actor.id,
        actor.name,
        actor.kind,
        *(("", "", "") if meaning.subject == REQUESTER else subject[:3]),
        about,
        about_name,
        about_kind,
        src,
        dst,
        src_port,
        dst_port,
        protocol,
        "",
        "",
        "",
        facts.computer,
        f"{where}:{actor.logon}" if actor.logon else "",
        facts.activity,
        _message(meaning, facts, actor, subject, about, src, dst, dst_port, outcome),
        (*facts.tags, tag) if tag else facts.tags,
        facts.text,
        _keys(facts, subject, where),
    ))  # fmt: skip


def _outcome(meaning: Meaning, facts: Facts) -> str:
    if facts.audit == "failure":
        return "failure"
    sign = meaning.outcome
    if sign == "!":
        return "failure"
    if sign == "+":
        return "success"
    if sign[:1] == "%":
        code = said(facts.data, sign[1:] or "Status") or said(facts.data, "ErrorCode")
        value = number_in(code) if code else None
        if value is not None:
            return "failure" if value else "success"
    return facts.audit


def _kind(meaning: Meaning, outcome: str, facts: Facts) -> str:
    if outcome == "failure":
        return meaning.failed
    if facts.number not in _SHARPER_NUMBERS:
        return meaning.kind
    sharper = _SHARPER.get((short_provider(facts.provider), facts.number))
    return sharper(facts.data) or meaning.kind if sharper is not None else meaning.kind


def _service_state(data: Mapping[str, object]) -> str:
    state = said(data, "param2").lower()
    return {"running": "service.started", "stopped": "service.stopped"}.get(state, "")


def _registry_act(data: Mapping[str, object]) -> str:
    return "registry.deleted" if said(data, "EventType").startswith("Delete") else ""


def _registry_value(data: Mapping[str, object]) -> str:
    what = said(data, "OperationType")
    return {"%%1904": "registry.created", "%%1906": "registry.deleted"}.get(what, "")


def _opened(data: Mapping[str, object]) -> str:
    what = said(data, "ObjectType").lower()
    if what.startswith("sam_"):
        return "account.read"
    return "process.accessed" if what == "process" else ""


def _touched(data: Mapping[str, object]) -> str:
    """What was done to an object, by its kind and the rights that were used."""
    what, mask = said(data, "ObjectType").lower(), number_in(said(data, "AccessMask")) or 0
    if what == "key":
        return "registry.deleted" if mask & 0x10000 else "registry.changed" if mask & 0x26 else "registry.read"
    if what != "file":
        return _opened(data)
    if mask & _DELETE:
        return "file.deleted"
    if mask & _PERMIT:
        return "file.attributes_changed"
    return "file.changed" if mask & _WRITE else "file.read"


def _handled_key(data: Mapping[str, object]) -> str:
    what = said(data, "Operation")
    return "secret.changed" if what in {"%%2457", "%%2459", "%%2481", "%%2482"} else ""


def _directory_access(data: Mapping[str, object]) -> str:
    return "secret.read" if said(data, "ObjectType") == "SecretObject" else ""


_AUDITING = "security-auditing"
_SHARPER = {
    ("service control manager", 7036): _service_state,
    ("sysmon", 12): _registry_act,
    (_AUDITING, 4656): _opened,
    (_AUDITING, 4657): _registry_value,
    (_AUDITING, 4661): _opened,
    (_AUDITING, 4662): _directory_access,
    (_AUDITING, 4663): _touched,
    (_AUDITING, 5058): _handled_key,
    (_AUDITING, 5061): _handled_key,
}
"""What an event's fields tell that its number does not."""
_SHARPER_NUMBERS = frozenset(number for _, number in _SHARPER)


def _severity(kind: str, facts: Facts) -> int:
    """The level, and for detections the judgement the detector states."""
    if kind.startswith("alert."):
        stated = {"1": 1, "2": 2, "4": 3, "5": 4}.get(said(facts.data, "Severity ID"))
        if stated is not None:
            return stated
    return facts.severity


def _enriched(meaning: Meaning, facts: Facts) -> Mapping[str, object]:
    """The fields, and those that stand as ``name = value`` or ``name: value`` inside a longer text."""
    data: dict[str, object] = {}
    if meaning.actor == "P":
        texts = [said(facts.data, name) for name in ("ContextInfo", "param2", "param3")]
        for text in (*texts, "" if any(texts) else facts.message):
            for name, value in _CONTEXT.findall(text[:_CONTEXT_BYTES]):
                data.setdefault(name.replace(" ", ""), value.strip())
    elif not person("A", facts).id:
        found = _ACCOUNT.search(facts.message[:_CONTEXT_BYTES])
        if found is not None:
            sid, name, domain = (part.strip() if part else "" for part in found.groups())
            data |= {"SubjectUserSid": sid, "SubjectUserName": name, "SubjectDomainName": domain}
    return {**data, **facts.data} if data else facts.data


def _object(meaning: Meaning, data: Mapping[str, object]) -> tuple[str, str, str]:
    field = meaning.object
    if not field:
        return "", "", ""
    if field == "Group":
        group = person_name(data)
        return said(data, "TargetSid") or group, group, "group"
    text = said(data, field)
    if not text:
        return "", "", ""
    kind = meaning.object_kind
    if kind == "@":
        kind = said(data, "ObjectType").lower()
    return text, text.rpartition("\\")[2] if kind in _PATHS else "", kind


def person_name(data: Mapping[str, object]) -> str:
    r"""``DOMAIN\\name`` of what the target fields name."""
    name, domain = said(data, "TargetUserName"), said(data, "TargetDomainName")
    return f"{domain}\\{name}" if domain and name else name


def _network(facts: Facts) -> tuple[str, int, str, int, str]:
    data = facts.data
    src, src_port = _end(data, _SRC)
    if not src and "Address" in data:
        src = _address(data["Address"])
    dst, dst_port = _end(data, _DST)
    protocol = data.get("Protocol")
    return src, src_port, dst, dst_port, protocol_word(said(data, "Protocol")) if protocol is not None else ""


def _end(data: Mapping[str, object], names: tuple[tuple[str, str], ...]) -> tuple[str, int]:
    for name, port in names:
        if name in data:
            return _address(data[name]), port_of(data.get(port)) if port else 0
    return "", 0


def _address(value: object) -> str:
    address = ip_of(value)
    return "" if address in _NO_ADDRESS else address


def _keys(facts: Facts, subject: Person, where: str) -> tuple[tuple[str, str], ...]:
    data = facts.data
    pairs: list[tuple[str, str]] = [("custom", record_key(where, facts.channel, facts.record))]
    if subject.id:
        pairs += [("identity", subject.id), ("identity", subject.name)]
        if subject.logon and subject.id not in _EVERYWHERE:
            pairs.append(("session", f"{where}:{subject.logon}"))
    if not _KEYED.isdisjoint(data):
        pairs += _named(data, where)
    return keys_of(pairs) if len(pairs) > 1 or not pairs[0][1] else (pairs[0],)


def _named(data: Mapping[str, object], where: str) -> Iterator[tuple[str, str]]:
    for name in _HOSTS:
        if name in data:
            host = said(data, name).lstrip("\\")
            if host.lower() not in {"localhost", where}:
                yield "host", host
    for name in _GUIDS:
        if name in data:
            guid = said(data, name).strip("{}").lower()
            if guid and guid != _NO_GUID:
                yield "custom", guid
    for name in _DIGESTS:
        if name in data:
            found = _HASHES.findall(said(data, name)[:1000])
            yield from (("hash", value.lower()) for value in found if value.strip("0"))
    linked = said(data, "TargetLinkedLogonId") if "TargetLinkedLogonId" in data else ""
    value = number_in(linked) if linked else None
    if value:
        yield "session", f"{where}:{hex(value)}"


def _message(
    meaning: Meaning,
    facts: Facts,
    actor: Person,
    subject: Person,
    about: str,
    src: str,
    dst: str,
    dst_port: int,
    outcome: str,
) -> str:
    line = meaning.title
    if actor.id:
        line += f" by {actor.name or actor.id}"
    if subject.id and meaning.subject != REQUESTER:
        line += f" for {subject.name or subject.id}"
    if about:
        line += f": {about if len(about) <= 300 else about[:300] + '…'}"
    if facts.computer:
        line += f" on {facts.computer}"
    if src:
        line += f" from {src}"
    if dst:
        line += f" to {dst}:{dst_port}" if dst_port else f" to {dst}"
    details = [text for name in meaning.details if (text := _detail(name, facts))]
    if outcome == "failure" and meaning.outcome != "!":
        details.insert(0, "failed")
    return f"{line}; {', '.join(details)}" if details else line


def _detail(name: str, facts: Facts) -> str:
    if name == "Message":
        return readable(name, facts.message or said(facts.data, name), facts.number)
    text = said(facts.data, name)
    if not text or (name == "Status" and code_words(said(facts.data, "SubStatus"), facts.number)):
        return ""
    return readable(name, text, facts.number)
