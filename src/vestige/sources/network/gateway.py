"""What CEF and LEEF share: the syslog header before them, and what kind of event a gateway's own words mean.

Neither format has a field that tells the kind of event for all vendors: the event's name, its category and what was
done are words of the vendor. They are looked through for words that mean one thing across vendors, the surest first:
sign-ins, accounts, detections, then traffic. What no word tells is told by the fields: two endpoints are a connection.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from vestige.model.event import Outcome
from vestige.sources.reading.fields import outcome_of
from vestige.sources.reading.timefield import NO_STAMP, Clock, Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = re.compile(
    r"(?:<\d{1,3}>)?(?:\d{1,2} )?"
    r"([A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\s]{0,16})"
    r"\s+(\S{1,255})(?=\s|$)"
)


class Prefix(NamedTuple):
    """What a syslog header before the event states."""

    stamp: str
    host: str


def prefix_of(text: str) -> Prefix:
    """The stamp and host of a syslog header; empty where there is none."""
    found = _PREFIX.match(text)
    return Prefix(found[1], found[2]) if found is not None else Prefix("", "")


def stamp_of(text: str, clock: Clock) -> Stamp:
    """A time in any of the ways these formats write it; one without a year is RFC 3164's."""
    if not text:
        return NO_STAMP
    if text[0].isalpha() and text[:3].isalpha() and not _YEAR.search(text):
        return clock.short(text)
    return clock.read_text(text)


_YEAR = re.compile(r"\b\d{4}\b")
_LONG = 400


def when(
    fields: Mapping[str, str], begun: tuple[str, ...], received: str, header: str, clock: Clock
) -> tuple[Stamp, int | None]:
    """When it happened and, if the fields tell it apart, when the device took note of it.

    Args:
        fields: the event's.
        begun: names of fields that say when it happened, the surest first.
        received: the field that says when the device received it; also the time of an event that states no other.
        header: the syslog header's stamp, for events that state none at all.
        clock: reads them.
    """
    noted = stamp_of(fields.get(received, ""), clock)
    unread = noted
    for name in begun:
        stamp = stamp_of(fields.get(name, ""), clock)
        if stamp.at is not None:
            return stamp, noted.at
        if stamp.text and not unread.text:
            unread = stamp
    if noted.at is not None:
        return noted, None
    shipped = stamp_of(header, clock)
    return (shipped, None) if shipped.at is not None else (unread, None)


_FAILED = re.compile(
    r"\b(?:block|den(?:y|ied)|drop|reject|refus|quarantin|prevent|reset|terminat|fail|invalid|unsuccess|clean)"
)
_DONE = re.compile(r"\b(?:allow|permit|accept|pass(?:ed)?\b|success|grant|alert(?:ed)?$|monitor)")


def outcome(stated: str, act: str, name: str) -> str:
    """How it ended: as stated, by what the device did, by the event's name, in this order."""
    return _outcome(stated[:_LONG], act[:_LONG], name[:_LONG])


@lru_cache(maxsize=4096)
def _outcome(stated: str, act: str, name: str) -> str:
    found = outcome_of(stated) if stated else ""
    if found:
        return found
    for words in (stated.lower(), act.lower(), name.lower()):
        if _FAILED.search(words):
            return Outcome.FAILURE
        if _DONE.search(words):
            return Outcome.SUCCESS
    return Outcome.UNKNOWN if stated or act else Outcome.NONE


_SUSPICIOUS = (
    r"malware|virus|trojan|exploit|intrusion|attack|threat|ransom|botnet|phish|suspicious|command and control|injection"
    r"|cross[- ]site|\bxss\b|brute[- ]?force|spyware|\bworm|anomal|\bi[dp]s\b|detect|port ?scan|\balert\b|vulnerab"
    r"|backdoor|correlation|violation|reconnaissance|\bspam\b|wildfire"
)
_WORDS = (
    ("auth.logout", r"log(?:ged)?[- ]?(?:out|off)|sign(?:ed)?[- ]?out"),
    ("auth.mfa", r"\bmfa\b|two[- ]factor|second factor|one[- ]time pass"),
    ("account.credential_changed", r"password (?:was )?(?:chang|reset|set)|(?:chang|reset)\w* (?:of )?password"),
    ("account.disabled", r"(?:account|user) (?:was )?(?:lock|disabl|suspend)|(?:lock|disabl)\w* (?:account|user)"),
    ("account.enabled", r"(?:account|user) (?:was )?(?:unlock|enabl)|(?:unlock|enabl)\w* (?:account|user)"),
    ("account.created", r"(?:account|user|group) (?:was )?(?:creat|add)|(?:creat|add)\w* (?:account|user|group)"),
    ("account.deleted", r"(?:account|user|group) (?:was )?(?:delet|remov)|(?:delet|remov)\w* (?:account|user|group)"),
    ("auth", r"\blog[- ]?[io]n\b|logged[- ]?[io]n|sign(?:ed)?[- ]?in\b|authenticat|\bauth\b"),
    (
        "alert.raised",
        _SUSPICIOUS,
    ),
    ("network.dns", r"\bdns\b"),
    ("network.dhcp", r"\bdhcp\b"),
    ("policy.changed", r"(?:policy|rule|config\w*|setting)s? (?:was |were )?(?:chang|modif|updat|creat|delet|add)"),
    ("network.email", r"\be?-?mail\b|\bsmtp\b"),
    ("session.opened", r"\bvpn\b.*(?:connect|start|up)|session (?:start|open|creat)"),
    ("session.closed", r"\bvpn\b.*(?:disconnect|end|down)|session (?:end|clos|terminat)"),
    ("file.deleted", r"file (?:was )?delet"),
    ("file.created", r"file (?:was )?(?:creat|writ|upload)"),
    ("file.read", r"file (?:was )?(?:read|access|open|download)"),
    ("process.started", r"process (?:was )?(?:start|creat|launch|execut)"),
    ("network.http", r"\bhttps?\b|\burl\b|\bweb\b|\bproxy\b"),
    ("traffic", r"traffic|connection|\bflow\b|firewall|\bsession\b|packet|netflow|\bnat\b"),
    ("access.denied", r"access denied|unauthori[sz]ed|permission denied|forbidden"),
    ("service.error", r"\berror\b|\bfailure\b|crash"),
    ("service.status", r"\bsystem\b|health|status|heartbeat|service|license|update|started|stopped|restart|audit"),
)  # fmt: skip
_RULES = tuple((kind, re.compile(words)) for kind, words in _WORDS)


def kind_of(words: str, ended: str, *, linked: bool) -> str:
    """The event type.

    Args:
        words: the name, category and act of the event.
        ended: the outcome.
        linked: whether both endpoints are known.
    """
    return _kind(words[:_LONG], ended, linked)


@lru_cache(maxsize=4096)
def _kind(words: str, ended: str, linked: bool) -> str:
    text = words.lower().replace("_", " ").replace("/", " ")
    kind = next((kind for kind, rule in _RULES if rule.search(text)), "traffic" if linked else "event.generic")
    failed = ended == Outcome.FAILURE
    if kind == "auth":
        return "auth.login" if ended == Outcome.SUCCESS else "auth.login_failed" if failed else "auth.attempted"
    if kind == "traffic":
        return "network.denied" if failed else "network.connection"
    return "network.denied" if failed and kind == "network.http" and not linked else kind
