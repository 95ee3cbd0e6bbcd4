"""What people say in a case, and what each kind of it may hold.

A note is Markdown; ``[[event:ID]]`` in it stands for a live event, whose leaf hash is kept with the note. A hypothesis
has evidence for and against it and a verdict. Entities and indicators are what the case is about: what met whom, and
what others should look for.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

from vestige.cases.models import NAME_LENGTH, TEXT_LENGTH, one_of, text_of
from vestige.model.errors import UsageError
from vestige.model.event import KeyKind
from vestige.model.instant import parse_bound, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTE_LENGTH: Final = 50_000
"""Characters of a note."""
VALUE_LENGTH: Final = 2048
MOST_ITEMS: Final = 10_000
"""Of a case."""
PAGE_LENGTH: Final = 4_000_000
"""Characters of items, as they are stored, after which a page of them ends."""
MOST_EMBEDDED: Final = 100
"""Events that one note shows."""
MOST_EVIDENCE: Final = 500
"""Events for and against one hypothesis."""
TASK_STATES: Final = ("open", "doing", "done", "dropped")
VERDICTS: Final = ("open", "supported", "refuted", "inconclusive")
SIDES: Final = ("for", "against")
_HASHES: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
INDICATORS: Final = ("ipv4", "ipv6", "domain", "url", "email", "user", "file", *_HASHES)
_EMBEDDED: Final = re.compile(r"\[\[event:([0-9A-Za-z]{26}(?:\.\d{1,5})?)\]\]")
_DOMAIN: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))+")


def embedded(text: str) -> list[str]:
    """The ids of the events a note shows, each once, in order.

    Raises:
        UsageError: there are too many.
    """
    found = list(dict.fromkeys(one.upper() for one in _EMBEDDED.findall(text)))
    if len(found) > MOST_EMBEDDED:
        raise UsageError(
            "a note shows too many events", expected=f"at most {MOST_EMBEDDED}", got=str(len(found)), field="text"
        )
    return found


def shown_in(text: str, render: Callable[[str], str]) -> str:
    """A note's text with each embedded event put in as ``render`` writes it."""
    return _EMBEDDED.sub(lambda match: render(match[1].upper()), text)


def _note(given: Mapping[str, str]) -> dict[str, str]:
    text = text_of(given.get("text", ""), "text", NOTE_LENGTH, least=1)
    embedded(text)
    return {"title": text_of(given.get("title", ""), "title", NAME_LENGTH), "text": text}


def _task(given: Mapping[str, str]) -> dict[str, str]:
    due = given.get("due", "").strip()
    return {
        "title": text_of(given.get("title", ""), "title", NAME_LENGTH, least=1),
        "text": text_of(given.get("text", ""), "text", TEXT_LENGTH),
        "status": one_of(given.get("status", "open"), "status", TASK_STATES),
        "assignee": text_of(given.get("assignee", ""), "assignee", NAME_LENGTH),
        "due": to_text(parse_bound(due, field="due")) if due else "",
    }


def _hypothesis(given: Mapping[str, str]) -> dict[str, str]:
    return {
        "title": text_of(given.get("title", ""), "title", TEXT_LENGTH, least=1),
        "text": text_of(given.get("text", ""), "text", TEXT_LENGTH),
        "verdict": one_of(given.get("verdict", "open"), "verdict", VERDICTS),
        "reason": text_of(given.get("reason", ""), "reason", TEXT_LENGTH),
    }


def _entity(given: Mapping[str, str]) -> dict[str, str]:
    return {
        "type": one_of(given.get("type", "").lower(), "type", [str(kind) for kind in KeyKind]),
        "value": text_of(given.get("value", "").strip(), "value", VALUE_LENGTH, least=1),
        "text": text_of(given.get("text", ""), "text", TEXT_LENGTH),
    }


def _indicator(given: Mapping[str, str]) -> dict[str, str]:
    kind = one_of(given.get("type", "").lower(), "type", INDICATORS)
    value = text_of(given.get("value", "").strip(), "value", VALUE_LENGTH, least=1)
    return {
        "type": kind,
        "value": _indicated(kind, value),
        "text": text_of(given.get("text", ""), "text", TEXT_LENGTH),
    }


def _indicated(kind: str, value: str) -> str:
    """An indicator's value in the one form it is looked for in.

    Raises:
        UsageError: it is no value of that kind.
    """
    wrong = UsageError(f"that is no {kind}", expected=f"a value of type {kind}", got=value[:80], field="value")
    if kind in {"ipv4", "ipv6"}:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise wrong from None
        if network.version != int(kind[-1]):
            raise wrong
        return str(network) if "/" in value else str(network.network_address)
    if kind in _HASHES:
        digest = value.lower()
        if len(digest) != _HASHES[kind] or not set(digest) <= set("0123456789abcdef"):
            raise wrong
        return digest
    if kind == "domain":
        name = value.lower().rstrip(".")
        if not _DOMAIN.fullmatch(name):
            raise wrong
        return name
    if (kind == "email" and "@" not in value) or (kind == "url" and "://" not in value):
        raise wrong
    return value


KINDS: Final[dict[str, Callable[[Mapping[str, str]], dict[str, str]]]] = {
    "note": _note,
    "task": _task,
    "hypothesis": _hypothesis,
    "entity": _entity,
    "indicator": _indicator,
}
FIELDS: Final = {
    "note": ("title", "text"),
    "task": ("title", "text", "status", "assignee", "due"),
    "hypothesis": ("title", "text", "verdict", "reason"),
    "entity": ("type", "value", "text"),
    "indicator": ("type", "value", "text"),
}
"""What may be said of each kind."""


def body_of(kind: str, given: Mapping[str, str], before: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The fields of an item, checked; of one that is changed, what is not given stays.

    Raises:
        UsageError: there is no such kind, a field is not one of its own, or has a value it cannot have.
    """
    one_of(kind, "kind", KINDS)
    foreign = sorted(set(given) - set(FIELDS[kind]))
    if foreign:
        raise UsageError(
            f"{foreign[0]} is no field of {'an' if kind[0] in 'aei' else 'a'} {kind}",
            expected=", ".join(FIELDS[kind]),
            got=", ".join(foreign)[:80],
            field=foreign[0],
        )
    kept = {name: str(before[name]) for name in FIELDS[kind] if before is not None and name in before}
    return {name: value for name, value in KINDS[kind](kept | dict(given)).items() if value}
