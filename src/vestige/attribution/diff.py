"""Which lines of a text are those of another: anchors first, as in patience and histogram diff.

Lines that are unique on both sides and say something hold the two texts together; between them, the rarest run of
lines; what touches an anchor goes with it. Blank lines, lone braces and the like never are an anchor.

References: Bram Cohen's patience diff; ``org.eclipse.jgit.diff.HistogramDiff`` (the idea of the rarest run).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.attribution.tokens import evident

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CHAIN: Final = 16
"""A line that is there more often than this is no anchor."""


class _Box(NamedTuple):
    """Lines ``a`` to ``b`` of the old text against ``c`` to ``d`` of the new."""

    a: int
    b: int
    c: int
    d: int


class Hunk(NamedTuple):
    """Lines that were replaced: old ones from ``a`` to ``b`` by new ones from ``c`` to ``d``."""

    a: int
    b: int
    c: int
    d: int


def align(old: Sequence[str], new: Sequence[str]) -> list[int]:
    """Of each new line the place of the old one that it is, or -1. Places grow."""
    match = [-1] * len(new)
    todo = [_Box(0, len(old), 0, len(new))]
    while todo:
        box = _start(old, new, todo.pop(), match)
        # At the end of the text nothing holds a lone brace: it may belong to what was appended.
        bare = box.b == len(old)
        box = _end(old, new, box, match, bare=bare)
        if box.a == box.b or box.c == box.d:
            continue
        anchors = _unique(old, new, box) or _rarest(old, new, box)
        if not anchors:
            _end(old, new, box, match, bare=False)
            continue
        at, to = box.a, box.c
        for a, c in anchors:
            match[c] = a
            todo.append(_Box(at, a, to, c))
            at, to = a + 1, c + 1
        todo.append(_Box(at, box.b, to, box.d))
    return match


def evidenced(old: Sequence[str], match: Sequence[int]) -> list[int]:
    """The same without runs of lines of which none says anything."""
    kept = list(match)
    start = 0
    for at in range(1, len(match) + 1):
        if at < len(match) and match[at] == match[at - 1] + 1 and match[at - 1] >= 0:
            continue
        run = match[start:at]
        if not any(place >= 0 and evident(old[place]) for place in run):
            kept[start:at] = [-1] * (at - start)
        start = at
    return kept


def hunks(size: int, match: Sequence[int]) -> Iterator[Hunk]:
    """What lies between the lines that stayed, where there is something on either side. ``size`` is the old text's."""
    a = c = 0
    for to, at in [*((to, at) for to, at in enumerate(match) if at >= 0), (len(match), size)]:
        if at > a or to > c:
            yield Hunk(a, at, c, to)
        a, c = at + 1, to + 1


def _start(old: Sequence[str], new: Sequence[str], box: _Box, match: list[int]) -> _Box:
    """A box without the lines at its start that are equal."""
    a, b, c, d = box
    while a < b and c < d and old[a] == new[c]:
        match[c] = a
        a, c = a + 1, c + 1
    return _Box(a, b, c, d)


def _end(old: Sequence[str], new: Sequence[str], box: _Box, match: list[int], *, bare: bool) -> _Box:
    """A box without the lines at its end that are equal; if ``bare``, only where one of them says something."""
    a, b, c, d = box
    count = 0
    while a < b - count and c < d - count and old[b - 1 - count] == new[d - 1 - count]:
        count += 1
    if bare and not any(evident(old[at]) for at in range(b - count, b)):
        return box
    for back in range(1, count + 1):
        match[d - back] = b - back
    return _Box(a, b - count, c, d - count)


def _unique(old: Sequence[str], new: Sequence[str], box: _Box) -> list[tuple[int, int]]:
    """The longest row of lines that are unique on both sides and stand in one order."""
    theirs = Counter(old[box.a : box.b])
    ours = Counter(new[box.c : box.d])
    places = {old[at]: at for at in range(box.a, box.b) if theirs[old[at]] == 1}
    pairs = [
        (places[line], to)
        for to in range(box.c, box.d)
        if (line := new[to]) in places and ours[line] == 1 and evident(line)
    ]
    ends: list[int] = []
    tails: list[int] = []
    before = [-1] * len(pairs)
    for number, (at, _) in enumerate(pairs):
        where = bisect_left(ends, at)
        before[number] = tails[where - 1] if where else -1
        ends[where : where + 1] = [at]
        tails[where : where + 1] = [number]
    row: list[tuple[int, int]] = []
    number = tails[-1] if tails else -1
    while number >= 0:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]


def _rarest(old: Sequence[str], new: Sequence[str], box: _Box) -> list[tuple[int, int]]:
    """The run of equal lines with the rarest line in it that says something; of those the longest."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for at in range(box.a, box.b):
        places[old[at]].append(at)
    best: tuple[int, int, int, int] | None = None
    to = box.c
    while to < box.d:
        after = to + 1
        line = new[to]
        if evident(line) and 0 < len(places.get(line, ())) <= _CHAIN:
            for at in places[line]:
                a, c = at, to
                while a > box.a and c > box.c and old[a - 1] == new[c - 1]:
                    a, c = a - 1, c - 1
                b, d = at + 1, to + 1
                while b < box.b and d < box.d and old[b] == new[d]:
                    b, d = b + 1, d + 1
                after = max(after, d)
                rarity = min(len(places[old[place]]) for place in range(a, b) if evident(old[place]))
                if best is None or (-rarity, b - a) > best[:2]:
                    best = (-rarity, b - a, a, c)
        to = after
    if best is None:
        return []
    _, length, a, c = best
    return [(a + place, c + place) for place in range(length)]
