"""A report as Markdown: for wikis and tickets. What a person wrote stands in quotes under a line that names them.

Raw HTML is written as text, pictures are not loaded, and what evidence says is code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vestige.reports.blocks import (
    Block,
    Cell,
    Digest,
    Draft,
    Drawing,
    Facts,
    Heading,
    Legend,
    Link,
    Mark,
    Says,
    Stated,
    Table,
    Title,
    Verbatim,
    When,
    Written,
)
from vestige.reports.letters import shown
from vestige.reports.models import Hand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_HEADING: Final = re.compile(r"^(\s{0,3})(#{1,6})(?=\s)", re.MULTILINE)
_ELSEWHERE: Final = re.compile(r"(\])([(:])(?!\s*(?:https?|mailto):)", re.IGNORECASE)
"""Where a link, or the definition of one, leads to no web page and no mail."""
_BARS: Final = "▁▂▃▄▅▆▇█"
_STRETCHES: Final = 60
"""Signs of a lane."""


def as_markdown(blocks: Iterable[Block]) -> Iterator[bytes]:
    """The file, piece by piece."""
    for block in blocks:
        yield f"{_block(block)}\n\n".encode("utf-8", "replace")


def _block(block: Block) -> str:  # noqa: C901, PLR0911 - one branch for each kind of block
    match block:
        case Title(name, line):
            return f"# {plain(name)}\n\n{plain(line)}"
        case Heading(level, words):
            return f"{'#' * level} {plain(words)}"
        case Stated(words):
            return plain(words)
        case Written(what, hand):
            by = plain(hand.by) or "somebody whose name was erased"
            quoted = "".join(f"> {line}\n" for line in tamed(hand.text).splitlines())
            return f"> **{plain(what)}, written by {by}{f', {hand.at}' if hand.at else ''}:**\n>\n{quoted}".rstrip()
        case Facts(rows):
            return "\n".join(f"- {plain(name)}: {_cell(cell)}" for name, cell in rows)
        case Table():
            return _table(block)
        case Verbatim(words):
            return fenced(words.rstrip())
        case Drawing(picture):
            width = max(len(name.name) for name in picture.bands) if picture.bands else 0
            lanes = "\n".join(f"{code_safe(band.name):<{width}} {_lane(band.counts)}" for band in picture.bands)
            return fenced(lanes)
        case Legend():
            return _LEGEND
        case Draft():
            return _draft(block)


def _lane(counts: Sequence[int]) -> str:
    """A lane in letters: the fullest stretch is the tallest sign, an empty one a blank."""
    each = -(-len(counts) // _STRETCHES)
    sums = [sum(counts[at : at + each]) for at in range(0, len(counts), each)]
    most = max(sums, default=0) or 1
    return "".join(_BARS[min(7, 8 * number // (most + 1))] if number else "·" for number in sums)


def _table(table: Table) -> str:
    lines = [f"| {' | '.join(plain(name) for name in table.head)} |", f"|{'---|' * len(table.head)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in table.rows]
    return "\n".join(lines)


def _cell(cell: Cell) -> str:
    match cell:
        case Digest(words):
            return " ".join(code(one) for one in words.split("\n"))
        case Says(words):
            return code(words)
        case Link(words) | Mark(words):
            return plain(words)
        case When(at, more):
            return plain(f"{at} ({more})" if more else at)
        case Hand(words, by):
            return f"*{plain(words)}*{f' ({plain(by)})' if by else ''}" if words.strip() else ""
        case _:
            return plain(cell)


def _draft(form: Draft) -> str:
    body = "\n\n".join(plain(one) for one in form.paragraphs)
    blanks = "\n".join(f"- {plain(name)}: \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_" for name in form.blanks)
    return f"**{plain(form.warning)}**\n\n### {plain(form.title)}\n\n{body}\n\n{blanks}\n\n**DRAFT, NOT SIGNED**"


_LEGEND: Final = (
    "Who speaks: plain words are stated by the system. What stands in quotes under a line that names its author, in "
    "italics, or under a heading that says so, was written by people; the system vouches for who wrote it and when, "
    "not for what it says. `Code` is what a record says, a value somebody entered, or a digest."
)


def plain(words: str) -> str:
    """Words in one line, without markup of their own."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", line)


def fenced(words: str) -> str:
    """Lines as code, between fences that nothing in them can close."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", words)), default=0))
    return f"{fence}\n{words}\n{fence}"


def code(words: str) -> str:
    """Words as code, in one line, in a table's cell too."""
    line = code_safe(words).strip()
    if not line:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", line)), default=0))
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{pad}{line}{pad}{fence}".replace("\\|", "\\ |").replace("|", "\\|")


def code_safe(words: str) -> str:
    """Words in one line, of letters that can be shown."""
    return "".join(letter if letter.isprintable() else " " for letter in words)


def tamed(words: str) -> str:
    """What a person wrote in Markdown: below our headings, without raw HTML, no pictures, links to pages only."""
    lowered = _HEADING.sub(lambda match: f"{match[1]}{'#' * min(6, len(match[2]) + 3)}", shown(words))
    text = lowered.replace("<", "&lt;").replace("![", "!\\[")
    return _ELSEWHERE.sub(lambda match: f"{match[1]}\\{match[2]}", text)
