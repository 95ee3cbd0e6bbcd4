"""A report as one HTML file: no script, nothing loaded, everything that came from outside written as text.

The one style sheet is allowed by its own digest (:data:`POLICY`), so not even a style could be put in by what a person
wrote. Markdown goes through markdown-it with raw HTML off; images become their text, and only links to web pages and
mail stay links.
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any, Final

from markdown_it import MarkdownIt

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
from vestige.reports.drawing import svg
from vestige.reports.letters import BROKEN, shown
from vestige.reports.models import Hand
from vestige.reports.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_DIGEST: Final = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
"""The content policy a report asks for: its own style sheet, and nothing else of any kind."""
_LINKS: Final = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_EMBEDDED: Final = re.compile(r"\[\[event:([0-9A-Za-z]{26}(?:\.\d{1,5})?)\]\]")


def as_html(blocks: Iterable[Block], title: str, made_at: str) -> Iterator[bytes]:
    """The file, piece by piece.

    Args:
        blocks: what it says.
        title: the document's, for a window and a file of pages.
        made_at: when it was made, RFC 3339.
    """
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="referrer" content="no-referrer"><meta name="generator" content="Vestige">'
        f'<meta name="dcterms.created" content="{escape(made_at)}">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head><body>\n"
    ).encode()
    for block in blocks:
        yield f"{_block(block)}\n".encode()
    yield b"</body></html>\n"


def text(value: str) -> str:
    """Text as text: no markup, nothing that cannot be shown, nothing that turns the order of letters about."""
    return escape(shown(value))


def _block(block: Block) -> str:  # noqa: C901, PLR0911 - one branch for each kind of block
    match block:
        case Title(name, line):
            return (
                f'<header><p class="kind">Case report</p><h1 class="hand">{text(name)}</h1><p>{text(line)}</p></header>'
            )
        case Heading(level, words, anchor, hand):
            where = f' id="{anchor}"' if anchor else ""
            return f"<h{level}{where}{_hand(hand=hand)}>{text(words)}</h{level}>"
        case Stated(words):
            return f"<p>{text(words)}</p>"
        case Written(what, hand):
            return f'<blockquote class="hand"><p class="who">{_who(what, hand)}</p>{markdown(hand.text)}</blockquote>'
        case Facts(rows):
            return f"<dl>{''.join(f'<dt>{text(name)}</dt><dd>{_cell(cell)}</dd>' for name, cell in rows)}</dl>"
        case Table():
            return _table(block)
        case Verbatim(words, small):
            return f'<pre class="small">{text(words)}</pre>' if small else f"<pre>{text(words)}</pre>"
        case Drawing(picture):
            return f"<figure>{svg(picture)}</figure>"
        case Legend():
            return _LEGEND
        case Draft():
            return _draft(block)


def _hand(*, hand: bool) -> str:
    return ' class="hand"' if hand else ""


def _who(what: str, hand: Hand) -> str:
    by = f" by {text(hand.by)}" if hand.by else " by somebody whose name was erased"
    return f"{text(what)}, written{by}{f', {text(hand.at)}' if hand.at else ''}"


def _table(table: Table) -> str:
    head = "".join(f"<th>{text(name)}</th>" for name in table.head)
    rows = "".join(_row(row, table.anchors[number] if table.anchors else "") for number, row in enumerate(table.rows))
    classes = " ".join(name for name, has in (("wide", table.wide), ("fixed", bool(table.widths))) if has)
    looks = f' class="{classes}"' if classes else ""
    columns = "".join(f'<col class="w{width}">' for width in table.widths)
    return f"<table{looks}>{columns}<thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>"


def _row(row: Sequence[Cell], anchor: str) -> str:
    where = f' id="{anchor}"' if anchor else ""
    return f"<tr{where}>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>\n"


def _cell(cell: Cell) -> str:  # noqa: PLR0911 - one branch for each kind of cell
    match cell:
        case Digest(words):
            return f"<code>{text(words)}</code>"
        case Says(words):
            return f'<span class="says">{text(words)}</span>'
        case Link(words, anchor):
            return f'<a href="#{anchor}">{text(words)}</a>'
        case Mark(words, tone):
            return f'<b class="{tone}">{text(words)}</b>'
        case When(at, more):
            return f"<time>{text(at)}</time>{f' <small>{text(more)}</small>' if more else ''}"
        case Hand(words, by):
            if not words.strip():
                return ""
            return f'<span class="hand">{text(words)}</span>{f" <i>({text(by)})</i>" if by else ""}'
        case _:
            return text(cell)


def _draft(form: Draft) -> str:
    blanks = "".join(f"<dt>{text(name)}</dt><dd></dd>" for name in form.blanks)
    body = "".join(f"<p>{text(one)}</p>" for one in form.paragraphs)
    return (
        f'<section class="draft"><p class="warning">{text(form.warning)}</p><h3>{text(form.title)}</h3>{body}'
        f'<dl class="blanks">{blanks}</dl><p class="warning">DRAFT, NOT SIGNED</p></section>'
    )


_LEGEND: Final = (
    '<aside class="legend"><p><b>Who speaks.</b> Words like these are stated by the system.</p>'
    '<p class="hand">Words like these, with a bar beside them or under a heading that says so, were written by people; '
    "the system vouches for who wrote them and when, not for what they say.</p>"
    '<p><span class="says">Words like these are what a record says, or a value somebody entered.</span></p></aside>'
)


def _reader() -> MarkdownIt:
    reader = (
        MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
        .enable("table")
        .disable(["image", "html_inline", "html_block"])
    )
    # What is no link to a web page or to mail stays text: no other scheme is ever written into the file.
    reader.validateLink = lambda url: _LINKS.match(url) is not None  # type: ignore[method-assign]
    rules: Any = reader.renderer
    rules.rules["text"] = lambda tokens, at, *_: text(tokens[at].content)
    rules.rules["code_inline"] = lambda tokens, at, *_: f"<code>{text(tokens[at].content)}</code>"
    rules.rules["fence"] = rules.rules["code_block"] = lambda tokens, at, *_: f"<pre>{text(tokens[at].content)}</pre>\n"
    rules.rules["heading_open"] = rules.rules["heading_close"] = _lowered
    rules.rules["link_open"] = lambda tokens, at, *_: (
        f'<a rel="noopener noreferrer nofollow" href="{escape(BROKEN.sub("", str(tokens[at].attrGet("href"))))}">'
    )
    return reader


def _lowered(tokens: Any, at: int, *_: object) -> str:  # noqa: ANN401 - of a library without types
    """A heading of theirs, as a line that stands out: it is none of the report's."""
    return '<p class="heading">' if tokens[at].nesting == 1 else "</p>\n"


_READER: Final = _reader()


def markdown(written: str) -> str:
    """What a person wrote in Markdown, as HTML that holds nothing but what CommonMark has a sign for."""
    named = _EMBEDDED.sub(lambda match: f"event {match[1].upper()}", BROKEN.sub("\ufffd", written))
    rendered: str = _READER.render(named)
    return rendered
