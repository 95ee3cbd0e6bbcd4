r"""The Sleuth Kit's bodyfile 3.x, as ``fls -m``, ``mactime``'s kin and many triage tools write it: one file a line.

Fields, joined by ``|``::

    MD5|name|inode|mode_as_string|UID|GID|size|atime|mtime|ctime|crtime

A line gives an event for each distinct one of its times, named by the letters of the times that are this instant
(``M.C.``: modified and changed): ``file.created``, ``file.changed``, ``file.attributes_changed`` or ``file.read``, the
act that explains most of them. Times are seconds since 1970 with or without a fraction; 0, -1 and nothing mean that the
file system holds none. A line without any is one undated event, and so are times that cannot be read.

A name may hold the separator, so a line is taken apart from its right end. ``\|`` and ``\\`` in names whose every
backslash escapes something are read as the characters they stand for; ``(deleted)`` becomes a tag, a link's target
stays in the attributes. UID and GID are those of the owner, who is not known to have done anything.

References: wiki.sleuthkit.org (Body file), sleuthkit/tools/timeline/mactime.base.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import MAX_INSTANT, NANOS
from vestige.sources.forensic.plaso_time import NOT_A_TIME
from vestige.sources.forensic.plaso_types import kind_of_macb
from vestige.sources.reading.fields import make_event
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.timefield import EXACT, MISSING, OUT_OF_RANGE, UNREADABLE

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_NAMES = ("md5", "name", "inode", "mode", "uid", "gid", "size", "atime", "mtime", "ctime", "crtime")
_LETTERS = "AMCB"
_TIME = re.compile(r"(-?)(\d{1,20})(?:\.(\d{1,20}))?")
_PATH = 65_536
"""The longest name whose escapes are read."""
_UNSET = frozenset({"", "0", "-1", "-"})
_ESCAPED = re.compile(r"[^\\]*+(?:\\[\\|x][^\\]*+)*+")
_ESCAPE = re.compile(r"\\([\\|])")
_DELETED = re.compile(r" \((deleted(?:-realloc)?)\)$")
_MD5 = re.compile(r"[0-9a-fA-F]{32}")


def _fields(text: str) -> list[str] | None:
    """The eleven fields of a line, or none."""
    left, *right = text.rsplit("|", 9)
    digest, mark, name = left.partition("|")
    return [digest, name, *right] if mark and len(right) == 9 else None


def _is_body(text: str) -> bool:
    if text[:1] == "#":
        return False
    fields = _fields(text)
    if fields is None or not (fields[0] in {"", "0"} or _MD5.fullmatch(fields[0])):
        return False
    times = fields[7:]
    return any(times) and all(value in _UNSET or _TIME.fullmatch(value) for value in times)


def _instant(text: str) -> tuple[int | None, str]:
    """The instant of a time, or none with the tag that says why; no tag where none is set."""
    if text in _UNSET:
        return None, ""
    found = _TIME.fullmatch(text)
    if found is None:
        return None, UNREADABLE
    sign, whole, fraction = found.groups()
    at = int(whole) * NANOS + int((fraction or "")[:9].ljust(9, "0"))
    if not at:
        return None, ""
    return (None, OUT_OF_RANGE) if at > MAX_INSTANT else (-at if sign else at, "")


def _read(text: str, _: Clock) -> Reading:
    if text[0] == "#":
        return Skipped("a comment")
    fields = _fields(text)
    if fields is None:
        return Unparsed(f"no bodyfile line: expected 11 fields joined by |, got {text.count('|') + 1}")
    if fields[1] == "name" and fields[0] == "MD5":
        return Skipped("the field names")
    groups: dict[int, tuple[str, str]] = {}
    unread: dict[str, tuple[str, str]] = {}
    for letter, value in zip(_LETTERS, fields[7:], strict=True):
        at, tag = _instant(value)
        if at is not None:
            groups[at] = groups.get(at, ("", value))[0] + letter, groups.get(at, ("", value))[1]
        elif tag:
            unread[value] = unread.get(value, ("", ""))[0] + letter, tag
    common = _Common(fields)
    events = [common.event(letters, at, value, "") for at, (letters, value) in sorted(groups.items())]
    events += [common.event(letters, None, value, tag) for value, (letters, tag) in unread.items()]
    if not events:
        return common.event("", None, "", NOT_A_TIME)
    return events[0] if len(events) == 1 else tuple(events)


class _Common:
    """What all events of one line share."""

    def __init__(self, fields: list[str]) -> None:
        name, mode = fields[1], fields[3]
        self._attributes = orjson.dumps(dict(zip(_NAMES, fields, strict=True))).decode()
        self._told = f"{name} ({mode}, {fields[6]} bytes)"
        path = _ESCAPE.sub(r"\1", name) if "\\" in name and len(name) <= _PATH and _ESCAPED.fullmatch(name) else name
        found = _DELETED.search(path[-24:])
        self._tags = (f"file:{found[1]}",) if found is not None else ()
        path = path[: -len(found[0])] if found is not None else path
        self._path = path.partition(" -> ")[0] if mode[:1] == "l" else path
        self._kind = "directory" if mode[:1] == "d" else "link" if mode[:1] == "l" else "file"
        digest = fields[0].lower()
        self._keys = (("hash", digest),) if len(digest) == 32 and digest.strip("0") else ()

    def event(self, letters: str, at: int | None, text: str, tag: str) -> Event:
        """The event of the times that are one instant."""
        macb = "".join(letter if letter in letters else "." for letter in "MACB")
        return make_event((
            kind_of_macb(letters) or "file.attributes_changed", at, text, MISSING if at is None else EXACT, None,
            macb, "", 0, "", "", "", "", "", "", self._path, "", self._kind, "", "", 0, 0, "", "", "", "", "", "", "",
            f"{macb} {self._told}", (*self._tags, tag) if tag else self._tags, self._attributes, self._keys,
        ))  # fmt: skip


FORMAT = LineRecords(
    name="bodyfile",
    version="1",
    source_name=None,
    mine=_is_body,
    seen="bodyfile lines",
    read=_read,
    confidence=0.95,
)
