"""Audit logs, findings and activity of services whose JSON differs only in where each thing stands: a table.

Each :class:`Service` is a row (``saas_identity.py``; ``saas_work.py``: collaboration; ``saas_code.py``: code, data and
administration; ``saas_security.py``: detectors, gateways, and AWS's JSON logs) and becomes a format of its own name
and source name. A row says

* how one object is recognised: alternatives of conditions that must all hold. ``path`` is there, ``path=a|b`` is one
  of these texts, ``path^text`` begins so, ``path~text`` contains it, ``!path`` is not there;
* under which paths (the first that holds something wins) stand the act, the time, who, whom, what, from where, and
  how it ended;
* what the service's acts are in the vocabulary; an act the row does not name is told by its words
  (:mod:`~vestige.sources.cloud.acts`), and ``otherwise`` says what is left.

An outcome is what the service states; where it states none, a sign-in or a word such as *failed* in the act tells it,
and nothing else is taken for success.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.model.event import Event
from vestige.sources.cloud.acts import kind_by_words, table, with_outcome, words_of
from vestige.sources.cloud.audit import (
    aliases,
    dig,
    first,
    first_ip,
    first_time,
    items,
    joined,
    paths,
    sentence,
    tags_with,
    words,
)
from vestige.sources.reading.fields import keys_of, outcome_of, port_of, severity_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vestige.model.event import Reading
    from vestige.sources.cloud.audit import Path
    from vestige.sources.reading.timefield import Clock

    Test = Callable[[Mapping[str, object]], bool]

_WON = frozenset(words("succeeded success successful succeed"))
_LOST = frozenset(
    words("failed failure fail denied rejected blocked error incorrect refused unsuccessful unauthorized")
)
_ENDINGS = {"no_error": "success", "login_no_error": "success", "yes": "success", "no": "failure", "none": "",
            "finished": "success", "allowed": "success", "block": "failure", "quarantined": "failure",
            "noerror": "success", "servfail": "failure", "nxdomain": "failure", "passed": "success"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Service:
    """One row. Texts are paths set apart by spaces, unless said otherwise."""

    name: str
    """The format's name."""
    source: str
    """The natural name of a source of it."""
    seen: str
    """What its records are called in a report."""
    mine: tuple[str, ...]
    """Alternatives; of each, all conditions must hold."""
    confidence: float = 0.9
    act: str = ""
    kind: str = ""
    """The event type of every record, where there is but one."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Acts (in lower case, set apart by white space) by event type."""
    words: str = ""
    """Further fields whose words tell, with the act's, what it was."""
    otherwise: str = "resource.changed"
    when: str = ""
    actor: str = ""
    actor_name: str = ""
    actor_type: str = ""
    also: str = ""
    """Other names of the same actor."""
    subject: str = ""
    subject_name: str = ""
    thing: str = ""
    thing_name: str = ""
    thing_type: str = ""
    ip: str = ""
    dst_ip: str = ""
    src_port: str = ""
    dst_port: str = ""
    protocol: str = ""
    device: str = ""
    device_name: str = ""
    host: str = ""
    session: str = ""
    trace: str = ""
    outcome: str = ""
    why: str = ""
    """What it says of a failure."""
    severity: str = ""
    steps: tuple[float, ...] = ()
    """Where severity is a number: from which number on it is low, medium, high, critical."""
    says: str = ""
    """The service's own sentence; else one is made of the parts."""
    tokens: str = ""
    hashes: str = ""
    ids: str = ""
    """Keys of no other kind: event ids, flow ids."""


def service_format(row: Service) -> JsonRecords:
    """The format of a row."""
    tests = tuple(tuple(_condition(text) for text in alternative.split()) for alternative in row.mine)

    def mine(record: Mapping[str, object]) -> bool:
        return any(all(test(record) for test in alternative) for alternative in tests)

    reader = _Reader(row)
    return JsonRecords(
        name=row.name,
        version="1",
        source_name=row.source,
        mine=mine,
        seen=row.seen,
        read=reader.read,
        confidence=row.confidence,
    )


def _condition(text: str) -> Test:
    """One condition of a row's ``mine``; ``_`` stands for a space in what is compared."""
    if text.startswith("!"):
        (absent,) = paths(text[1:])
        return lambda record: dig(record, absent) is None
    for sign in ("=", "^", "~"):
        name, found, wanted = text.partition(sign)
        if found:
            return _compared(paths(name)[0], sign, wanted)
    (present,) = paths(text)
    return lambda record: dig(record, present) is not None


def _compared(path: Path, sign: str, wanted: str) -> Test:
    words = tuple(word.lower() for word in wanted.split("|"))

    def test(record: Mapping[str, object]) -> bool:
        said = text_of(dig(record, path)).lower()
        if sign == "=":
            return said in words
        return said.startswith(words) if sign == "^" else any(word in said for word in words)

    return test


class _Reader:
    """Reads records by a row whose paths were taken apart once."""

    def __init__(self, row: Service) -> None:
        self._row = row
        self._kinds = table({kind: acts.lower() for kind, acts in row.kinds.items()})
        self._kind_of = lru_cache(maxsize=4096)(self._kind)

    def read(self, record: dict[str, object], text: str, clock: Clock) -> Reading:
        row = self._row

        def said(names: str) -> str:
            return first(record, paths(names)) if names else ""

        act = said(row.act)
        outcome, ending = self._outcome(record)
        kind = row.kind or self._kind_of(act, said(row.words))
        kind = with_outcome(kind, outcome)
        if not outcome:
            outcome = self._told(kind, act)
            kind = with_outcome(kind, outcome)
        stamp = first_time(record, paths(row.when), clock)
        actor, name = said(row.actor), said(row.actor_name)
        actor = actor or name
        subject, subject_name = said(row.subject), said(row.subject_name)
        subject, subject_name = ("", "") if subject in {actor, name} else (subject, subject_name)
        thing, thing_name = said(row.thing), said(row.thing_name)
        src_ip = first_ip(record, paths(row.ip)) if row.ip else ""
        dst_ip = first_ip(record, paths(row.dst_ip)) if row.dst_ip else ""
        about = joined([subject_name or subject, thing_name or thing], 2) or dst_ip
        own = said(row.says)
        shown = own or act.replace("_", " ") or row.seen
        why = said(row.why) if outcome == "failure" else ""
        return Event(
            kind,
            stamp.at,
            stamp.text,
            stamp.quality,
            action=act,
            outcome=outcome,
            severity=self._severity(record),
            actor_id=actor,
            actor_name=name,
            actor_type=said(row.actor_type),
            subject_id=subject,
            subject_name=subject_name,
            subject_type="user" if subject else "",
            object_id=thing,
            object_name=thing_name,
            object_type=said(row.thing_type),
            src_ip=src_ip,
            dst_ip=dst_ip,
            src_port=_port(record, row.src_port),
            dst_port=_port(record, row.dst_port),
            protocol=said(row.protocol).lower(),
            device_id=said(row.device),
            device_name=said(row.device_name),
            host=said(row.host),
            session=said(row.session),
            trace_id=said(row.trace),
            message=sentence(shown, name or actor, "" if own else about, src_ip,
                             (why or ending) if outcome == "failure" else ""),
            tags=tags_with(stamp),
            attributes=text,
            keys=keys_of([
                *aliases(_texts(record, row.also), actor, name),
                *(("token", value) for value in _texts(record, row.tokens)),
                *(("hash", value) for value in _texts(record, row.hashes)),
                *(("custom", value) for value in _texts(record, row.ids)),
            ]),
        )  # fmt: skip

    def _kind(self, act: str, more: str) -> str:
        found = self._kinds.get(act.lower().replace(" ", "_"))
        if found:
            return found
        return kind_by_words(f"{act} {more}" if more else act, self._row.otherwise)

    def _outcome(self, record: Mapping[str, object]) -> tuple[str, str]:
        """What the service says of how it ended, and its word for it."""
        for path in paths(self._row.outcome) if self._row.outcome else ():
            value = dig(record, path)
            said = text_of(value)
            if not said:
                continue
            if said.isdigit() and len(said) == 3:
                return ("failure" if int(said) >= 400 else "success"), said
            word = said.lower()
            found = _ENDINGS.get(word) or outcome_of(value)
            if found:
                return found, said
            parts = words_of(said)
            if not _LOST.isdisjoint(parts):
                return "failure", said
            if not _WON.isdisjoint(parts):
                return "success", said
        return "", ""

    @staticmethod
    def _told(kind: str, act: str) -> str:
        """How it ended by the type and the words of the act."""
        told = words_of(act)
        if kind in {"auth.login_failed", "access.denied", "network.denied"} or not _LOST.isdisjoint(told):
            return "failure"
        return "success" if kind == "auth.login" or not _WON.isdisjoint(told) else ""

    def _severity(self, record: Mapping[str, object]) -> int:
        row = self._row
        if not row.severity:
            return 0
        said = first(record, paths(row.severity))
        if row.steps:
            whole, _, fraction = said.partition(".")
            if whole.isdigit() and len(whole) < 6 and (not fraction or fraction.isdigit()):
                return sum(1 for step in row.steps if float(said) >= step)
        return severity_of(said)


def _port(record: Mapping[str, object], names: str) -> int:
    return next((port for path in paths(names) if (port := port_of(dig(record, path)))), 0) if names else 0


def _texts(record: Mapping[str, object], names: str) -> list[str]:
    """Every text under these paths; of a list each."""
    found: list[str] = []
    for path in paths(names) if names else ():
        value = dig(record, path)
        for item in items(value) if isinstance(value, list) else (value,):
            text = text_of(item)
            if text and len(found) < 50:
                found.append(text)
    return found
