"""A case's entities and indicators as a STIX 2.1 bundle (OASIS, ``stix-v2.1-os``).

Indicators become ``indicator`` objects whose pattern is in STIX patterning (section 9); entities become observable
objects (section 6) where STIX has one for their kind. A ``grouping`` (section 4.4) says that they belong to the case,
an ``identity`` who says so. Ids are UUIDv5 of what they stand for, so that the same case gives the same ids: those of
observables in the namespace that section 2.9 prescribes, over its contributing properties; the others in the
installation's own.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.model.instant import NANOS, to_text
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vestige.cases.models import Case, Item

MEDIA_TYPE: Final = "application/stix+json;version=2.1"
OBSERVABLES: Final = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace of observables' ids (section 2.9)."""
_PATTERNS: Final = {
    "ipv4": "ipv4-addr:value", "ipv6": "ipv6-addr:value", "domain": "domain-name:value", "url": "url:value",
    "email": "email-addr:value", "user": "user-account:account_login", "file": "file:name",
    "md5": "file:hashes.MD5", "sha1": "file:hashes.'SHA-1'", "sha256": "file:hashes.'SHA-256'",
    "sha512": "file:hashes.'SHA-512'",
}  # fmt: skip
_DIGESTS: Final = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}


def bundle(case: Case, items: Iterable[Item], server: str) -> Iterator[bytes]:
    """The bundle of a case, an object a line, as it is read: of the items the ids alone are kept.

    The grouping, which names all others, is the last of them.

    Args:
        case: the case.
        items: what is said in it; entities and indicators are taken.
        server: the installation's name, by which its ids are its own.
    """
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"https://{server}/")
    author = {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{uuid.uuid5(namespace, 'identity')}",
        "created": _time(case.created_at),
        "modified": _time(case.created_at),
        "name": server,
        "identity_class": "system",
    }
    yield b'{"type":"bundle","id":' + orjson.dumps(f"bundle--{uuid.uuid5(namespace, case.id)}") + b',"objects":[\n'
    yield orjson.dumps(author)
    refs: dict[str, None] = {}
    changed = case.changed_at
    for item in items:
        changed = max(changed, item.changed_at)
        made = _object(item, namespace, author["id"])
        if made is not None and made["id"] not in refs:
            refs[made["id"]] = None
            yield b",\n" + orjson.dumps(made)
    if refs:  # a grouping of nothing is none (section 4.4: object_refs holds at least one)
        yield b",\n" + orjson.dumps(
            {
                "type": "grouping",
                "spec_version": "2.1",
                "id": f"grouping--{uuid.uuid5(namespace, case.id)}",
                "created_by_ref": author["id"],
                "created": _time(case.created_at),
                "modified": _time(changed),
                "name": case.name,
                "context": "suspicious-activity",
                "object_refs": list(refs),
                **({"description": case.description} if case.description else {}),
                **({"labels": list(case.tags)} if case.tags else {}),
            }
        )
    yield b"\n]}\n"


def _object(item: Item, namespace: uuid.UUID, author: str) -> dict[str, Any] | None:
    if item.kind == "indicator":
        return _indicator(item, namespace, author)
    if item.kind == "entity":
        return _observable(item.body["type"], item.body["value"])
    return None


def _indicator(item: Item, namespace: uuid.UUID, author: str) -> dict[str, Any]:
    kind, value = item.body["type"], item.body["value"]
    text = item.body.get("text", "")
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid5(namespace, item.id)}",
        "created_by_ref": author,
        "created": _time(item.added_at),
        "modified": _time(item.changed_at),
        "name": f"{kind} {value}",
        "indicator_types": ["unknown"],
        "pattern": f"[{_PATTERNS[kind]} = {quoted(value)}]",
        "pattern_type": "stix",
        "valid_from": _time(item.added_at),
        **({"description": text} if text else {}),
    }


def quoted(text: str) -> str:
    """A text as a string of STIX patterning (section 9.1)."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _observable(kind: str, value: str) -> dict[str, Any] | None:
    """An entity as STIX knows it; ``None`` for a kind that it has no object for (a session, a token, a commit)."""
    match kind:
        case "ip":
            return _made("ipv6-addr" if ":" in value else "ipv4-addr", {"value": value})
        case "host":
            # Section 6.4 wants a domain name; a bare host name is one of a single label.
            return _made("domain-name", {"value": value})
        case "identity" if "@" in value:
            return _made("email-addr", {"value": value})
        case "identity":
            return _made("user-account", {"account_login": value})
        case "hash" if len(value) in _DIGESTS:
            return _made("file", {"hashes": {_DIGESTS[len(value)]: value}})
        case _:
            return None


def _made(kind: str, contributing: dict[str, Any]) -> dict[str, Any]:
    identity = uuid.uuid5(OBSERVABLES, canonical(contributing).decode())
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{identity}", **contributing}


def _time(at: int) -> str:
    """Milliseconds, which every reader of STIX takes (section 3.2 asks for three digits at least)."""
    seconds, rest = divmod(at, NANOS)
    return to_text(seconds * NANOS).removesuffix("Z") + f".{rest // 1_000_000:03d}Z"
