r"""Regular expressions from people: how long one may take is told by its form, before it ever sees a record.

Python's engine tries every way a text can be divided among repeats that overlap. So:

* a repeat of something that itself repeats or branches (``(a+)+``, ``(a|ab)*``) is refused: its cost is exponential;
* references back to a group are refused: nothing bounds them;
* of the other repeats those count that may hand characters on to what follows (``.*`` before anything, ``\w+`` before
  a letter; not ``\S+`` before a blank), and one more if another repeat has to be gone through after the last of them
  (a final ``.*`` has not: it takes whatever is left). With k of them the cost is at most the text's length to the power
  of k: three are refused, with two a text of up to 8 KiB is matched, else one of up to 1 MiB;
* each optional part or choice that overlaps with what follows may double that: it halves the length, and more than six
  are refused.

A longer record is unparsed.

Possessive repeats (``.*+``) and atomic groups never hand back, so they do not count.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, NamedTuple

_Tree = Any
"""A part of the library's tree: tuples of an operation and what it holds, of many shapes."""
_PARSER: _Tree = import_module("re._parser")
"""The tree of an expression; the library's own reading of it, which nothing public gives."""

_OTHER = 128
"""Stands for every character above ASCII."""
_ALL = frozenset(range(_OTHER + 1))
_DIGITS = frozenset(b"0123456789")
_SPACES = frozenset(b" \t\n\r\f\v")
_WORDS = _DIGITS | frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") | {_OTHER}
_CATEGORIES = {
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_NOT_DIGIT": _ALL - _DIGITS,
    "CATEGORY_SPACE": _SPACES,
    "CATEGORY_NOT_SPACE": _ALL - _SPACES,
    "CATEGORY_WORD": _WORDS,
    "CATEGORY_NOT_WORD": _ALL - (_WORDS - {_OTHER}),
}
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")
_LIMITS = (1 << 20, 1 << 20, 8 << 10)
_DOUBLINGS = 6


class Bounded(NamedTuple):
    """An expression and the longest text it is used on."""

    pattern: re.Pattern[str]
    longest: int


def bounded(text: str) -> Bounded:
    """An expression whose cost is bounded.

    Raises:
        ValueError: it is none, or its cost has no bound; the message says which part and what to write instead.
    """
    try:
        pattern = re.compile(text, re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"no regular expression: {error}") from None
    tree = _PARSER.parse(text, re.DOTALL)
    power, doublings = _cost(_marks(list(tree), _END))
    if power >= len(_LIMITS) or doublings > _DOUBLINGS:
        raise ValueError(
            f"{power} repeats and {doublings} optional parts overlap with what follows them, at most 2 and 6 may:"
            " write what a part may hold ([^]]* instead of .*?), or make a repeat possessive (.*+)"
        )
    return Bounded(pattern, _LIMITS[power] >> doublings)


def _cost(marks: str) -> tuple[int, int]:
    """The power of the length, and the doublings, from the marks of an expression's parts."""
    overlapping, last = marks.count(_OVERLAPS), marks.rfind(_OVERLAPS)
    return overlapping + (overlapping > 0 and _SCANS in marks[last:]), marks.count(_DOUBLES)


_END = frozenset({-1})
_OVERLAPS, _SCANS, _DOUBLES = "o", "s", "d"


def _name(op: object) -> str:
    return str(op)


def _marks(items: list[_Tree], after: frozenset[int]) -> str:
    """What each repeat, option and choice of a sequence costs; ``after`` is what may begin behind it, -1 the end."""
    out = ""
    for op, value in reversed(items):
        out = _mark(_name(op), value, after) + out
        first, empty = _first([(op, value)])
        after = first | after if empty else first
    return out


def _mark(op: str, value: _Tree, after: frozenset[int]) -> str:
    if op.startswith("GROUPREF"):
        raise ValueError("a reference back to a group has no bound: write the text out, or two expressions")
    if op in _REPEATS:
        return _repeat(value, after)
    if op == "BRANCH":
        return _choice([list(branch) for branch in value[1]], after)
    if op in {"ASSERT", "ASSERT_NOT"}:
        return _marks(list(value[1]), _END) + _SCANS
    if op == "SUBPATTERN":
        return _marks(list(value[3]), after)
    if op in {"ATOMIC_GROUP", "POSSESSIVE_REPEAT"}:
        inner = list(value if op == "ATOMIC_GROUP" else value[2])
        return (_marks(inner, after) if _varies(inner) else "") + _SCANS
    return ""


def _choice(branches: list[list[_Tree]], after: frozenset[int]) -> str:
    """The worst branch, and a doubling if the first character does not tell which one it is."""
    seen: frozenset[int] = frozenset()
    doubles = False
    for branch in branches:
        first, empty = _first(branch)
        first = first | after if empty else first
        doubles = doubles or bool(first & seen)
        seen |= first
    worst = max((_marks(branch, after) for branch in branches), key=_cost)
    return worst + (_DOUBLES if doubles else "")


def _repeat(value: _Tree, after: frozenset[int]) -> str:
    least, most, body = value
    inner = list(body)
    first, _ = _first(inner)
    if int(most) <= 1:
        return _marks(inner, after) + (_DOUBLES if least != most and first & after else "")
    if _varies(inner):
        raise ValueError(
            "a repeat of something that itself repeats or branches has no bound ((a+)+, (a|ab)*):"
            " make the inner one possessive, as in (?:\\.\\d++)*"
        )
    if least == most or (after == _END and first == _ALL):
        return ""
    return _OVERLAPS if first & after or -1 in after else _SCANS


def _varies(items: list[_Tree]) -> bool:
    """Whether a sequence can match in more than one way."""
    for op, value in items:
        name = _name(op)
        if name in _REPEATS and value[0] != value[1]:
            return True
        if name == "BRANCH":
            return True
        inside = (
            value[3] if name == "SUBPATTERN" else value[2] if name in _REPEATS or name == "POSSESSIVE_REPEAT" else None
        )
        if inside is not None and _varies(list(inside)):
            return True
    return False


def _first(items: list[_Tree]) -> tuple[frozenset[int], bool]:
    """What a sequence may begin with, and whether it may be empty."""
    found: frozenset[int] = frozenset()
    for op, value in items:
        chars, empty = _begins(_name(op), value)
        found |= chars
        if not empty:
            return found, False
    return found, True


def _begins(op: str, value: _Tree) -> tuple[frozenset[int], bool]:
    if op in _REPEATS or op == "POSSESSIVE_REPEAT":
        chars, empty = _first(list(value[2]))
        return chars, empty or value[0] == 0
    if op == "SUBPATTERN":
        return _first(list(value[3]))
    if op == "ATOMIC_GROUP":
        return _first(list(value))
    if op == "BRANCH":
        parts = [_first(list(branch)) for branch in value[1]]
        return frozenset().union(*(chars for chars, _ in parts)), any(empty for _, empty in parts)
    if op in {"AT", "ASSERT", "ASSERT_NOT"}:
        return frozenset(), True
    return _chars(op, value), False


def _chars(op: str, value: _Tree) -> frozenset[int]:
    """The characters one element stands for."""
    if op == "LITERAL":
        return frozenset({min(value, _OTHER)})
    if op == "NOT_LITERAL":
        return _ALL - {value}
    if op == "IN":
        found: frozenset[int] = frozenset()
        negated = False
        for kind, part in value:
            name = _name(kind)
            if name == "NEGATE":
                negated = True
            elif name == "RANGE":
                found |= frozenset(min(code, _OTHER) for code in range(part[0], min(part[1], _OTHER) + 1))
            elif name == "CATEGORY":
                found |= _CATEGORIES.get(_name(part), _ALL)
            else:
                found |= _chars(name, part)
        return (_ALL - found) | {_OTHER} if negated else found
    return _ALL
