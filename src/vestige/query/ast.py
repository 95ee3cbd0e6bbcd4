"""What a query means, as a tree of frozen nodes. Every node is valid: names and values were checked on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vestige.query.fields import Field


class Op(StrEnum):
    """How a field's value is compared."""

    IS = "="
    AT_LEAST = ">="
    ABOVE = ">"
    AT_MOST = "<="
    BELOW = "<"


@dataclass(frozen=True, slots=True)
class All:
    """Every event: the empty query."""


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word: said in the message, or an identity, host or address of exactly that name."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A word in the message: all its tokens, next to each other if there are several."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Text in quotes: a part of the message, whatever the case."""

    text: str


@dataclass(frozen=True, slots=True)
class Glob:
    """A bare word with ``*``: a part of the message of that shape. ``parts`` are the texts between the stars."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """A field compared with a value: what the field's type made of the text. Only attributes have order here."""

    field: Field
    op: Op
    value: str


@dataclass(frozen=True, slots=True)
class Between:
    """A number, severity or time from ``low`` up to, not including, ``high``; ``None`` is without bound."""

    field: Field
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Addresses:
    """An address from ``low`` to ``high``, both included and of one version."""

    field: Field
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Like:
    """A field whose text has a shape; ``parts`` are the texts between the stars."""

    field: Field
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """A field that is stated at all."""

    field: Field


@dataclass(frozen=True, slots=True)
class HasKey:
    """An event with a correlation key, named by kind and value."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class InLedger:
    """Own acts are asked for too. True of every event; the compiler widens the scope."""


@dataclass(frozen=True, slots=True)
class InCase:
    """An event that is pinned in a case, given by id or name. ``column`` is where the case is named, from 1."""

    case: str
    column: int


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not the part."""

    part: Node


Node = (
    All
    | Word
    | Said
    | Phrase
    | Glob
    | Compare
    | Between
    | Addresses
    | Like
    | Exists
    | HasKey
    | InLedger
    | InCase
    | And
    | Or
    | Not
)


def walk(node: Node) -> list[Node]:
    """The node and all below it, parents first."""
    found: list[Node] = [node]
    for place in found:
        match place:
            case And(parts) | Or(parts):
                found.extend(parts)
            case Not(part):
                found.append(part)
            case _:
                pass
    return found
