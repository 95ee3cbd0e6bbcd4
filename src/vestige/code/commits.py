"""Commits, read from their objects rather than from a printed form that a hostile name could imitate.

An object's head is lines of a word and a value, where a line that begins with a space goes on with the one before;
after an empty line comes the message (git-commit-tree(1)). Who and when is ``NAME <MAIL> SECONDS ZONE``. The time is
the commit's own: what its author's or committer's clock said, never when it came here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from vestige.model.errors import FormatError

_WHO: Final = re.compile(
    rb"(?P<name>.*?) ?<(?P<mail>[^<>]*)>(?: (?P<seconds>-?[0-9]{1,12}) (?P<zone>[+-][0-9]{4}))?.*", re.DOTALL
)
_PARAGRAPHS: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_TRAILER: Final = re.compile(r"([A-Za-z0-9-]{1,100})[ \t]*:[ \t]*(.*)")
_SIGNED: Final = ((b"-----BEGIN PGP", "pgp"), (b"-----BEGIN SSH", "ssh"), (b"-----BEGIN SIGNED MESSAGE", "x509"))
MOST_MESSAGE: Final = 64 << 10
"""Bytes of a message that are shown."""


@dataclass(frozen=True, slots=True)
class Person:
    """An author or committer, and when, as the commit says."""

    name: str
    mail: str
    at: str
    """ISO 8601 with the offset it was written in; empty if it states no time that can be."""

    def to_json(self) -> dict[str, str]:
        """What is told of them."""
        return {"name": self.name, "mail": self.mail, "at": self.at}


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str
    cut: bool = False
    """Whether the message is longer than is shown."""
    signature: str = ""
    """``pgp``, ``ssh``, ``x509`` or ``other`` if it bears one; whether that is good is not looked at."""

    @property
    def trailers(self) -> list[tuple[str, str]]:
        """Name and value of each line ``Name: value`` of its last paragraph, if that has no other lines.

        A line that begins with a space goes on with the one before. The first paragraph is never one.
        """
        *before, last = _PARAGRAPHS.split(self.message.replace("\r\n", "\n").strip("\n"))
        found: list[tuple[str, str]] = []
        for line in last.split("\n") if before else ():
            match = _TRAILER.fullmatch(line)
            if match is not None:
                found.append((match[1], match[2].strip()))
            elif line[:1] in {" ", "\t"} and found:
                found[-1] = found[-1][0], f"{found[-1][1]} {line.strip()}"
            else:
                return []
        return found

    @property
    def subject(self) -> str:
        """Its first line."""
        return self.message.partition("\n")[0].rstrip("\r")

    def to_json(self) -> dict[str, object]:
        """All of it."""
        told: dict[str, object] = {
            "oid": self.oid,
            "tree": self.tree,
            "parents": list(self.parents),
            "author": self.author.to_json(),
            "committer": self.committer.to_json(),
            "subject": self.subject,
            "message": self.message,
        }
        return told | ({"message_cut": True} if self.cut else {})


def read_commit(oid: str, data: bytes) -> Commit:
    """A commit from its object.

    Raises:
        FormatError: it is none.
    """
    head, _, message = data.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    last: list[bytes] = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and last:
            last[-1] += b"\n" + line[1:]
            continue
        word, _, value = line.partition(b" ")
        last = fields.setdefault(word, [])
        last.append(value)
    if b"tree" not in fields:
        raise FormatError("the object is no commit", expected="a tree", got=repr(head[:40]))
    coding = _coding(fields.get(b"encoding", [b""])[0])
    return Commit(
        oid,
        fields[b"tree"][0].decode("ascii", "replace"),
        tuple(one.decode("ascii", "replace") for one in fields.get(b"parent", [])),
        _person(fields.get(b"author", [b""])[0], coding),
        _person(fields.get(b"committer", [b""])[0], coding),
        message[:MOST_MESSAGE].decode(coding, "replace"),
        len(message) > MOST_MESSAGE,
        _signature((fields.get(b"gpgsig") or fields.get(b"gpgsig-sha256") or [b""])[0]),
    )


def _signature(value: bytes) -> str:
    """Of which form a signature is; empty for none."""
    return next((name for head, name in _SIGNED if value.startswith(head)), "other") if value else ""


def _coding(named: bytes) -> str:
    try:
        name = named.decode("ascii").strip() or "utf-8"
        # Only codings of text: "hex" and its like are no encodings of a message.
        return name if isinstance("".encode(name), bytes) and b"".decode(name) == "" else "utf-8"
    except (LookupError, UnicodeError, ValueError, TypeError):
        return "utf-8"


def _person(value: bytes, coding: str) -> Person:
    found = _WHO.fullmatch(value)
    if found is None:
        return Person(value.decode(coding, "replace")[:1000], "", "")
    at = "" if found["seconds"] is None else _time(int(found["seconds"]), found["zone"].decode())
    return Person(found["name"].decode(coding, "replace")[:1000], found["mail"].decode(coding, "replace")[:1000], at)


def _time(seconds: int, zone: str) -> str:
    """A commit's time with its own offset; one that cannot be is none, one of an impossible offset is in UTC."""
    minutes = (int(zone[1:3]) * 60 + int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
    offset = timezone(timedelta(minutes=minutes)) if abs(minutes) < 24 * 60 else UTC
    try:
        return datetime.fromtimestamp(seconds, offset).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""
