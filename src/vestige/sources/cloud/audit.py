"""What the formats of audit logs share: finding a field by its path, a person's line, and an identity's aliases.

A path names fields with points (``actor.user.email``). Each name is looked for as written and in lower case, because
several log collectors fold the names of what they store; a list on the way stands for its first element, and text that
is itself a JSON object is opened. Nothing here raises on any value.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from vestige.sources.reading.fields import EMPTY, ip_of, text_of
from vestige.sources.reading.timefield import NO_STAMP, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vestige.sources.reading.timefield import Clock

    Path = tuple[str, ...]
    Paths = tuple[Path, ...]

_LONGEST_INNER = 1 << 20
"""Characters of JSON text inside JSON that are still opened."""


@lru_cache(maxsize=4096)
def paths(*names: str) -> Paths:
    """Paths from their written form: several in one text are set apart by spaces, ``|`` stands for the point."""
    return tuple(tuple(part.replace("|", ".") for part in name.split(".")) for text in names for name in text.split())


def words(text: str) -> tuple[str, ...]:
    """The words of a table's cell."""
    return tuple(text.split())


def dig(record: object, path: Path) -> object:
    """The value at a path, or none."""
    node = record
    for name in path:
        if type(node) is not dict:
            node = opened(node)
        value = node.get(name)
        node = node.get(name.lower()) if value is None else value
        if node is None:
            return None
    return node


def opened(value: object) -> Mapping[str, object]:
    """The object in a value: itself, the first element of a list, or what a JSON text says; else an empty one."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str) and value[:1] in {"{", "["} and len(value) < _LONGEST_INNER:
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return EMPTY
        if isinstance(value, list):
            value = value[0] if value else None
    return value if isinstance(value, dict) else EMPTY


def items(value: object) -> list[object]:
    """The elements of a list, also of one written as JSON text; a single object counts as a list of one."""
    if isinstance(value, str) and value[:1] in {"{", "["} and len(value) < _LONGEST_INNER:
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return []
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) else []


def has(record: Mapping[str, object], *names: str) -> bool:
    """Whether a record has all of these fields, as written or in lower case."""
    return all(name in record or name.lower() in record for name in names)


def first(record: Mapping[str, object], wanted: Paths) -> str:
    """The first of several paths that holds a text, number or truth value; of a list of texts its first."""
    for path in wanted:
        value = dig(record, path)
        if isinstance(value, list) and value:
            value = value[0]
        if value is not None:
            text = text_of(value)
            if text and text not in {"null", "-"}:
                return text
    return ""


def first_ip(record: Mapping[str, object], wanted: Paths) -> str:
    """The first of several paths that holds an address."""
    for path in wanted:
        value = dig(record, path)
        address = ip_of(value) if value is not None else ""
        if address:
            return address
    return ""


def first_time(record: Mapping[str, object], wanted: Paths, clock: Clock) -> Stamp:
    """The first of several paths that holds a readable time; else the first that holds something unreadable."""
    unread = NO_STAMP
    for path in wanted:
        value = dig(record, path)
        if value is None:
            continue
        stamp = clock.read(value)
        if stamp.at is None and isinstance(value, str) and value.rstrip().endswith("(UTC)"):
            stamp = in_utc(value.rstrip().removesuffix("(UTC)"), clock)._replace(text=value)
        if stamp.at is not None:
            return stamp
        if stamp.text and not unread.text:
            unread = stamp
    return unread


def in_utc(stamp_text: str, clock: Clock) -> Stamp:
    """A time whose format's own specification says that it is UTC, whether or not the text does."""
    bare = stamp_text.strip()
    stamp = clock.read_text(bare + "Z") if "T" in bare or " " in bare else clock.read_text(bare)
    if stamp.at is None:
        stamp = clock.read_text(bare)
    return stamp._replace(text=stamp_text)


def named_values(value: object, name: str = "name", content: str = "value") -> dict[str, object]:
    """``[{"name": n, "value": v}, …]`` as an object, or the value if it is an object already."""
    if isinstance(value, str):
        value = items(value)
    if isinstance(value, dict):
        return value
    found: dict[str, object] = {}
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            key = item.get(name, item.get(name.title()))
            if isinstance(key, str):
                held = next((item[each] for each in (content, content.title()) if each in item), None)
                if held is None:
                    held = next((item[each] for each in item if each.lower().endswith(content)), None)
                found[key] = held
    return found


def aliases(names: Iterable[str], *known: str) -> list[tuple[str, str]]:
    """Identity keys for the other names of somebody whose id and name are known."""
    return [("identity", name) for name in names if name and name not in known]


def tags_with(stamp: Stamp) -> tuple[str, ...]:
    """The tag of a time that could not be used."""
    return (stamp.tag,) if stamp.tag else ()


def sentence(did: str, who: str = "", about: str = "", origin: str = "", ending: str = "") -> str:
    """One line for a person: what was done, by whom, on what, from where, and how it ended."""
    parts = [did]
    if who:
        parts.append(f"by {who}")
    if about and about != who:
        parts.append(f"on {about}")
    if origin:
        parts.append(f"from {origin}")
    line = " ".join(parts)
    return f"{line}: {ending}" if ending else line


def joined(texts: Sequence[str], most: int = 3) -> str:
    """A few texts in a row, and how many more there are."""
    shown = [text for text in texts if text]
    more = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {more} more" if more > 0 else "")
