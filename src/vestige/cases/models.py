"""The nouns of a case, what each may hold, and their bounds.

Times are int64 nanoseconds. ``position`` counts an entry through all epochs of its tenant. Authors are names of
principals, as the ledger has them: nothing a request says of who did something stands there, but in ``claimed``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vestige.model.errors import UsageError
from vestige.model.instant import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable

STATUSES: Final = ("open", "investigating", "closed", "exported", "archived")
"""Any may follow any."""
SHUT: Final = frozenset({"closed", "archived"})
"""Where nothing is added, changed or taken away until the case is opened again."""
NOBODY: Final = ""
"""The author of what a case or an item began with, where the entry that said so was erased."""
NAME_LENGTH: Final = 200
TEXT_LENGTH: Final = 5000
"""Characters of a description or an annotation."""
LISTED: Final = 100
"""Members, and tags."""
MOST_CASES: Final = 100_000
"""Of a tenant."""
MOST_PINS: Final = 1_000_000
"""Of a case."""
BATCH: Final = 500
"""Pins of one entry at most: about 50 kB, which lie in the row and not in a blob."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands."""

    id: str
    name: str
    description: str
    status: str
    owner: str
    members: tuple[str, ...]
    tags: tuple[str, ...]
    claimed: str
    """Who the request that made it said had made it; empty: it said nothing."""
    created_by: str
    created_at: int
    changed_by: str
    changed_at: int
    revision: int
    """How often its own fields were set; what is pinned or said in it does not count."""
    pins: int
    pinned_to: int
    """The position of the last entry that added or took away a pin; -1: none did."""

    def to_json(self) -> dict[str, Any]:
        """The wire form, without what is empty."""
        body: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "status": self.status,
            "owner": self.owner,
            "members": list(self.members),
            "tags": list(self.tags),
            "created_by": self.created_by,
            "created_at": to_text(self.created_at),
            "updated_by": self.changed_by,
            "updated_at": to_text(self.changed_at),
            "revision": self.revision,
            "events": self.pins,
        }
        body |= {"created": "erased"} if self.created_by == NOBODY else {}
        return body | ({"claimed_created_by": self.claimed} if self.claimed else {})


@dataclass(frozen=True, slots=True)
class Pin:
    """An event of a case."""

    position: int
    sub: int
    event: str
    """The event's id."""
    leaf_hash: bytes
    """Of the event's entry, as it was when it was pinned."""
    entry: int
    """The position of the entry that pinned it."""
    annotation: str
    pinned: bool
    """Whether somebody has marked it among the others."""
    added_by: str
    added_at: int
    changed_by: str
    changed_at: int

    def to_json(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "event_id": self.event,
            "leaf_hash": self.leaf_hash.hex(),
            "annotation": self.annotation,
            "pinned": self.pinned,
            "added_by": self.added_by,
            "added_at": to_text(self.added_at),
            "updated_by": self.changed_by,
            "updated_at": to_text(self.changed_at),
        }


@dataclass(frozen=True, slots=True)
class Item:
    """Something people say in a case: a note, a task, a hypothesis, an entity, an indicator."""

    id: str
    kind: str
    body: dict[str, Any]
    entry: int
    """The position of the entry that last said so."""
    added_by: str
    added_at: int
    changed_by: str
    changed_at: int
    revision: int

    def to_json(self) -> dict[str, Any]:
        """The wire form: the item's own fields beside who said them and when."""
        return {
            "id": self.id,
            "kind": self.kind,
            **self.body,
            **({"added": "erased"} if self.added_by == NOBODY else {}),
            "added_by": self.added_by,
            "added_at": to_text(self.added_at),
            "updated_by": self.changed_by,
            "updated_at": to_text(self.changed_at),
            "revision": self.revision,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """An event that is to be pinned: where its entry lies, which of the entry's events it is, and what proves it."""

    event: str
    position: int
    sub: int
    leaf_hash: bytes = field(default=b"")


def text_of(value: str, name: str, most: int, *, least: int = 0) -> str:
    """A text within its bounds.

    Raises:
        UsageError: it is too long, empty where it may not be, or holds what canonical JSON or a database cannot.
    """
    length = len(value)
    if length > most or len(value.strip()) < least or "\x00" in value:
        got = f"{length} characters" + (", U+0000 among them" if "\x00" in value else "")
        raise UsageError(f"{name} is out of bounds", expected=f"{least} to {most} characters", got=got, field=name)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name} is not text", expected="Unicode without half pairs", field=name) from None
    return value


def names_of(values: Iterable[str], name: str) -> tuple[str, ...]:
    """A list of short names, each once, in order of the alphabet.

    Raises:
        UsageError: there are too many, or one is empty or too long.
    """
    found = sorted({text_of(value.strip(), name, NAME_LENGTH, least=1) for value in values})
    if len(found) > LISTED:
        raise UsageError(f"there are too many {name}", expected=f"at most {LISTED}", got=str(len(found)), field=name)
    return tuple(found)


def status_of(value: str) -> str:
    """A status.

    Raises:
        UsageError: it is none.
    """
    return one_of(value.strip().lower(), "status", STATUSES)


def one_of(value: str, name: str, known: Iterable[str]) -> str:
    """One of some words.

    Raises:
        UsageError: it is none of them.
    """
    if value not in known:
        raise UsageError(f"{name} is none", expected=", ".join(known), got=value[:60] or "nothing", field=name)
    return value
