"""The blocks a report is set out in. A shape is a way of writing each of them; a voice is a kind of cell or block.

:class:`Stated`, :class:`Facts`, :class:`Digest` and plain cells are the system's words; :class:`Written` and
:class:`~vestige.reports.models.Hand` a person's; :class:`Says` those of the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vestige.reports.models import Hand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.reports.models import Picture


@dataclass(frozen=True, slots=True)
class Digest:
    """An id, a digest, a key: to be compared letter by letter."""

    text: str


@dataclass(frozen=True, slots=True)
class Says:
    """What the evidence says of itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Something told elsewhere in the report."""

    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that should be seen: a state or a verdict."""

    text: str
    tone: str
    """``good``, ``bad``, ``open``."""


@dataclass(frozen=True, slots=True)
class When:
    """A time, and what is to be said of how it came about."""

    at: str
    more: str = ""


Cell = str | Digest | Says | Link | Mark | When | Hand


@dataclass(frozen=True, slots=True)
class Title:
    """The report's own name, and what it is."""

    name: str
    line: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, the first level being 2. ``hand``: its words are a person's."""

    level: int
    text: str
    anchor: str = ""
    hand: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """A paragraph of ours."""

    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a person wrote, in Markdown."""

    what: str
    hand: Hand


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values."""

    rows: Sequence[tuple[str, Cell]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head.

    ``anchors`` names each row, if given. ``wide`` asks for a page turned on its side. ``widths`` are the columns',
    in hundredths: a long table without them takes minutes to lay out, since every cell is measured first.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    anchors: Sequence[str] = ()
    wide: bool = False
    widths: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text to be kept byte for byte, such as a signed note; ``small``: a long list of digests."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture of the timeline."""

    picture: Picture


@dataclass(frozen=True, slots=True)
class Legend:
    """Which looks are whose voice."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that nobody has signed: its title, its paragraphs, and the lines to be filled in by hand."""

    title: str
    warning: str
    paragraphs: Sequence[str]
    blanks: Sequence[str]


Block = Title | Heading | Stated | Written | Facts | Table | Verbatim | Drawing | Legend | Draft
