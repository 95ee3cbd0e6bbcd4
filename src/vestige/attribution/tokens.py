"""What of a line is evidence, and what of a change is only form. No language is parsed: words, strings, signs.

A blank line, a lone brace, an ``else:`` are in every file: that they are equal says nothing about who wrote them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKEN: Final = re.compile(
    r""" "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `(?:\\.|[^`\\])*` | \w+ | [^\w\s] """, re.VERBOSE
)
_WORD: Final = re.compile(r"\w+")
_CLOSING: Final = frozenset(")]}")
_PAIRS: Final = frozenset("()")
_WEAK: Final = frozenset(
    """begin break case catch class const continue def default del do done elif else elsif end endif ensure esac except
    export false fi final finally fn for from func function goto if import in int is let loop match module new nil none
    not null od of or pass private public raise rescue return self static std string struct super switch then this throw
    true try type undefined unless until use using val var void when where while with yield and
    as async await""".split()  # noqa: SIM905 - words are read more easily so
)
"""Words of many languages that say nothing by themselves."""


@lru_cache(1 << 16)
def words(line: str) -> tuple[str, ...]:
    """The words of a line that say something: no keywords, no single letters."""
    return tuple(word for word in _WORD.findall(line) if len(word) > 1 and word.lower() not in _WEAK)


@lru_cache(1 << 16)
def evident(line: str) -> bool:
    """Whether an equal line elsewhere is evidence that it is the same one."""
    return sum(len(word) for word in words(line)) >= 3


class Token(NamedTuple):
    """A token of a block of lines."""

    text: str
    line: int
    """Its place in the block."""


def stream(block: Sequence[str], *, loose: bool) -> list[Token]:
    """The tokens of a block that a formatter leaves as they are.

    Left out are space, a comma before a closing bracket, and a semicolon at a line's end; quotes are one kind. If
    ``loose``, parentheses and a last comma too: a formatter adds them where it breaks a line.
    """
    tokens = [Token(_plain(text), at) for at, line in enumerate(block) for text in _TOKEN.findall(line)]
    kept: list[Token] = []
    for place, token in enumerate(tokens):
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if token.text == "," and ((after is None and loose) or (after and after.text in _CLOSING)):
            continue
        if token.text == ";" and (after is None or after.line > token.line):
            continue
        if loose and token.text in _PAIRS:
            continue
        kept.append(token)
    return kept


def _plain(token: str) -> str:
    return f'"{token[1:-1]}"' if len(token) > 1 and token[0] in "'`\"" else token
