"""What a message means: the named groups of the rule it matched, put into the event model's words.

A rule's groups are looked up once, when the rule is read: which of them has a field of its own, which names what was
acted on, which is shown as a detail. Reading a message is then a look into the match by place.

Groups and their meaning: ``user`` acts, ``target`` is acted on; ``ip`` or ``ip2`` and ``port`` are where from, ``dst``
and ``dport`` where to; ``id`` is a number of this host's; ``fp`` a key's fingerprint; ``bad`` says that the user does
not exist, ``pre`` that nobody had signed in, ``alarm`` that the program itself warns; ``parts`` and ``pam`` list
``name=value``; ``what`` decides the type where the rule names none.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vestige.sources.reading.fields import canonical_ip, port_of_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vestige.sources.general.syslog_rules import Rule

Details = tuple[tuple[str, str], ...]


class Meaning(NamedTuple):
    """What a message says, in the event model's words; ``details`` are its parts under their own names."""

    event_type: str
    action: str
    outcome: str = ""
    actor: str = ""
    subject: str = ""
    object_id: str = ""
    object_type: str = ""
    src_ip: str = ""
    src_port: int = 0
    session: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    severity: int = 0
    details: Details = ()
    dst_ip: str = ""
    dst_port: int = 0
    protocol: str = ""


_make = partial(tuple.__new__, Meaning)


def meant(
    event_type: str, action: str, outcome: str, actor: str, subject: str, session: str, details: Details
) -> Meaning:
    """A meaning without object and network: what a line a second says is made quickly."""
    return _make((
        event_type, action, outcome, actor, subject, "", "", "", 0, session, (), 0, details, "", 0, "",
    ))  # fmt: skip


PARTS = re.compile(r"(?<!\w)(\w+)=(\S*)")
_EDITS = {"REPLACE": "resource.changed", "DELETE": "resource.deleted", "LIST": "resource.read"}
_OBJECTS = {
    **{name: name for name in ("command", "group", "program", "device", "module", "package", "domain", "file")},
    "act": "action",
    "lease": "address",
    "mail": "message",
}
"""Groups of a pattern that name what was acted on, and what it then is."""
_SHOWN = frozenset({
    "how", "level", "service", "jail", "record", "lease", "act", "mail", "uid", "device",
    "method", "key", "fp", "reason", "code", "count", "signal", "dst", "dport", "claimed", "sent", "what", "why", "tty",
    "more", "group", "command", "id",
})  # fmt: skip
_BEFORE_LOGIN = frozenset({"auth.logout", "network.connection"})
_NOBODY = -1
"""The place of a group the rule does not have: the empty text behind the last group."""


class Said:
    """One rule, ready to make meanings of matches."""

    def __init__(self, rule: Rule) -> None:
        groups = rule.pattern.groupindex
        self.match: Callable[[str], re.Match[str] | None] = rule.pattern.fullmatch
        self._kind, self._outcome = rule.event_type, rule.outcome
        # An action may hold what was found: its first text, then places of groups, each with the text behind it.
        self._action, *rest = re.split(r"\{(\w+)\}", rule.action)
        self._found = tuple((groups[name] - 1, text) for name, text in zip(rest[::2], rest[1::2], strict=True))
        self._shown = tuple((name, groups[name] - 1) for name in groups if name in _SHOWN)
        self._objects = tuple((groups[name] - 1, kept) for name, kept in _OBJECTS.items() if name in groups)
        self._service = rule.event_type.startswith("service.")
        self._opened = rule.event_type.startswith("session.")
        self._warns = "alarm" in groups or "why" in groups
        place = {name: number - 1 for name, number in groups.items()}.get
        self._user, self._target = place("user", _NOBODY), place("target", _NOBODY)
        self._ip, self._ip2, self._port = place("ip", _NOBODY), place("ip2", _NOBODY), place("port", _NOBODY)
        self._dst, self._dport = place("dst", _NOBODY), place("dport", _NOBODY)
        self._id, self._print = place("id", _NOBODY), place("fp", _NOBODY)
        self._pre, self._bad, self._what = place("pre", _NOBODY), place("bad", _NOBODY), place("what", _NOBODY)
        self._alarm, self._why = place("alarm", _NOBODY), place("why", _NOBODY)
        self._listed = place("parts", place("pam", _NOBODY))

    def meaning(self, found: re.Match[str], host: str, session: str) -> Meaning:
        """The meaning of a match; groups without a field of their own become details."""
        values = (*found.groups(""), "")
        kind, action = self._kind, self._action
        if values[self._pre] and kind in _BEFORE_LOGIN:
            kind = "auth.probe"
        elif not kind:
            kind = _EDITS.get(values[self._what], "log.line")
        for place, text in self._found:
            action += values[place] + text
        details = [(name, values[place]) for name, place in self._shown if values[place]]
        if values[self._bad]:
            details.append(("invalid_user", "true"))
        actor, subject, address = (
            values[self._user].strip(),
            values[self._target],
            values[self._ip] or values[self._ip2],
        )
        object_id, object_type = self._object(values)
        listed = values[self._listed]
        if listed:
            named = dict(sudo_parts(listed) if "COMMAND=" in listed or "TTY=" in listed else listed_parts(listed))
            details += named.items()
            actor, subject = actor or named.get("user", ""), subject or named.get("USER", "")
            address = address or named.get("rhost", "")
            if "COMMAND" in named:
                object_id, object_type = named["COMMAND"], "command"
        fingerprint, number = values[self._print], values[self._id]
        port, dst, dport = values[self._port], values[self._dst], values[self._dport]
        return _make((
            kind, action, self._outcome, actor, subject, object_id, object_type,
            canonical_ip(address) if address else "",
            port_of_text(port) if port else 0,
            f"{host}:{number}" if number and host else "" if self._service else session,
            (("hash", fingerprint),) if fingerprint else (),
            2 if self._warns and (values[self._alarm] or "NOT in sudoers" in values[self._why]) else 0,
            tuple(details),
            canonical_ip(dst) if dst else "",
            port_of_text(dport) if dport else 0,
            "",
        ))  # fmt: skip

    def _object(self, values: tuple[str, ...]) -> tuple[str, str]:
        """What was acted on: a command, a group, a service, or what else a pattern names."""
        for place, kept in self._objects:
            if values[place]:
                return values[place], kept
        if self._service:
            what = values[self._what]
            return (what, "service") if what else ("", "")
        return values[self._what] if self._opened else "", ""


class Sayings:
    """What one kind of program says: its rules in order, found by a message's first word."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        said = [(rule.first_word, Said(rule)) for rule in rules]
        words = {word for word, _ in said if word}
        self._any = tuple(one for word, one in said if not word)
        self._by_word = {word: tuple(one for own, one in said if own in {"", word}) for word in words}

    def meaning(self, message: str, host: str, session: str) -> Meaning | None:
        """The meaning of a message by the first rule that matches it."""
        for one in self._by_word.get(message.partition(" ")[0], self._any):
            found = one.match(message)
            if found is not None:
                return one.meaning(found, host, session)
        return None


def listed_parts(text: str) -> list[tuple[str, str]]:
    """``name=value`` pairs of a text, those with a value."""
    return [(name, value.rstrip(",")) for name, value in PARTS.findall(text) if value.rstrip(",")]


def sudo_parts(text: str) -> list[tuple[str, str]]:
    """``TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=…``; the command is the rest, whatever it holds."""
    head, mark, command = text.partition("COMMAND=")
    parts = []
    for piece in head.split(" ; "):
        name, equals, value = piece.strip().partition("=")
        if equals:
            parts.append((name, value.removesuffix(" ;")))
    return [*parts, ("COMMAND", command)] if mark else parts
