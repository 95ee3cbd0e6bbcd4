"""One step of a text: from lines whose origins are known to the lines after it.

What is equal stays whose it was; so does what was moved, and what only has another form. A line that keeps words of
one that is gone is of both. What is left is of whoever made the step, if that is known.

Where two origins are equally possible, the answer is unknown: of equal lines of which one was removed nobody can tell
which stayed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.attribution.diff import Hunk, align, evidenced, hunks
from vestige.attribution.form import reformed
from vestige.attribution.origins import NOTHING, UNKNOWN, Lines, Origin, blend
from vestige.attribution.tokens import evident, stream, words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_HALF: Final = 0.5
_POSTINGS: Final = 64
"""A word that is in more of the removed lines than this says nothing about which of them it comes from."""


class How(IntEnum):
    """Why a line has the origin it has: the lower, the better."""

    SAME = 0
    FORM = 1
    """Another form of lines that were there, or moved."""
    TOUCHED = 2
    """It keeps words of a line that was there."""
    NEW = 3


class Step(NamedTuple):
    """A text after a step."""

    lines: Lines
    how: tuple[How, ...]


def advance(
    old: Lines,
    new: Sequence[str],
    actor: Origin = UNKNOWN,
    *,
    gone: Mapping[str, Origin] | None = None,
    stated: Collection[str] | None = None,
    strict: bool = False,
) -> Step:
    """The lines after a step, and where each comes from.

    Args:
        old: the lines before.
        new: the texts after.
        actor: who made the step; what nobody is known to have made is unknown.
        gone: lines that went away elsewhere in the same step, without space around them: they may have come here.
        stated: the lines that the actor says it wrote, as :func:`said` has them, where it says so. What it does not
            name is not its own: somebody else wrote at the same time.
        strict: whether equal lines need evidence that they are the same ones: where the two texts are not known to
            be one step apart.
    """
    match = align(old.texts, new)
    if strict:
        match = evidenced(old.texts, match)
    found = [(UNKNOWN, How.NEW) if at < 0 else (old.origins[at], How.SAME) for at in match]
    for to in _undecided(old, new, match):
        found[to] = (UNKNOWN, How.SAME)
    if -1 in match:
        stayed = {at for at in match if at >= 0}
        removed = [at for at in range(len(old.texts)) if at not in stayed]
        moved, rare, bare = _moved(old, removed, gone or {}), _rare(old, removed), _bare(old, removed)
        for hunk in hunks(len(old.texts), match):
            form = reformed(old.texts[hunk.a : hunk.b], old.origins[hunk.a : hunk.b], new[hunk.c : hunk.d])
            resembled = _resembling(old, new, hunk)
            for to in range(hunk.c, hunk.d):
                line = new[to].strip()
                writer = actor if stated is None or _said(line) in stated else UNKNOWN
                if to - hunk.c in form:
                    found[to] = (form[to - hunk.c], How.FORM)
                elif line in moved and evident(line):
                    found[to] = (moved[line], How.FORM)
                elif kept := [*resembled(to), *(rare[word] for word in dict.fromkeys(words(line)) if word in rare)]:
                    found[to] = (blend(kept, writer), How.TOUCHED)
                elif any(origin.who != writer.who for origin in bare.get(line, ())):
                    found[to] = (UNKNOWN, How.NEW)
                else:
                    found[to] = (writer, How.NEW)
    origins, how = zip(*found, strict=True) if found else ((), ())
    return Step(Lines(tuple(new), origins), how)


def said(lines: Collection[str]) -> frozenset[str]:
    """Lines that an actor says it wrote, as :func:`advance` compares them: in any form."""
    return frozenset(_said(line) for line in lines)


def _said(line: str) -> str:
    return " ".join(token.text for token in stream([line], loose=True))


def compose(text: Sequence[str], sources: Sequence[Lines], *, agree: int = 0, whole: bool = True) -> Step:
    """The lines of a text that was put together from others: a commit from a working tree, a merge from its sides.

    Args:
        text: the texts of its lines.
        sources: what it may come from, the best first. The first that has a line, has it.
        agree: so many of the first must not contradict each other: where they do, the line is unknown.
        whole: whether a source that is the text as it stands answers for all of it.
    """
    if whole:
        for source in sources:
            if source.texts == tuple(text):
                return Step(source, (How.SAME,) * len(text))
    origins: list[Origin] = [UNKNOWN] * len(text)
    best = [How.NEW] * len(text)
    for number, source in enumerate(sources):
        if number >= agree and all(why is How.SAME for why in best):
            break
        step = advance(source, text, strict=True)
        for to, why in enumerate(step.how):
            if why < best[to]:
                origins[to], best[to] = step.lines.origins[to], why
            elif why is How.SAME and number < agree and origins[to].who != step.lines.origins[to].who:
                origins[to] = UNKNOWN
    return Step(Lines(tuple(text), tuple(origins)), tuple(best))


def removals(old: Lines, new: Sequence[str]) -> dict[str, Origin]:
    """The lines that a step takes away, without space around them, for :func:`advance` of another file."""
    stayed = {at for at in align(old.texts, new) if at >= 0}
    return _moved(old, [at for at in range(len(old.texts)) if at not in stayed], {})


def _moved(old: Lines, removed: Sequence[int], gone: Mapping[str, Origin]) -> dict[str, Origin]:
    """Of each line that went away its origin; unknown where equal ones had different origins."""
    found = dict(gone)
    for at in removed:
        line, origin = old.texts[at].strip(), old.origins[at]
        if evident(line):
            found[line] = origin if found.get(line, origin).who == origin.who else UNKNOWN
    return found


def _rare(old: Lines, removed: Sequence[int]) -> dict[str, Origin]:
    """Words that one line of the whole text had, which went away: they say where a line comes from."""
    counts = Counter(word for line in old.texts for word in set(words(line)))
    return {
        word: old.origins[at] for at in removed for word in words(old.texts[at]) if counts[word] == 1 and len(word) > 2
    }


def _bare(old: Lines, removed: Sequence[int]) -> dict[str, list[Origin]]:
    """The lines that say nothing and went away. Whether an equal one stayed, moved or is new, nobody can tell."""
    found: defaultdict[str, list[Origin]] = defaultdict(list)
    for at in removed:
        if not evident(line := old.texts[at].strip()):
            found[line].append(old.origins[at])
    return found


def _resembling(old: Lines, new: Sequence[str], hunk: Hunk) -> Callable[[int], list[Origin]]:
    """The origin of the removed line, if any, that a new one shares at least half of its words with."""
    sizes = {at: len(set(words(old.texts[at]))) for at in range(hunk.a, hunk.b)}
    having: defaultdict[str, list[int]] = defaultdict(list)
    for at in sizes:
        for word in set(words(old.texts[at])):
            having[word].append(at)

    def find(to: int) -> list[Origin]:
        own = set(words(new[to]))
        shared = Counter(at for word in own for at in having.get(word, ())[:_POSTINGS])
        shares = [
            (count / max(sizes[at], len(own)), -abs(at - hunk.a - to + hunk.c), at) for at, count in shared.items()
        ]
        best = max(shares, default=(0.0, 0, -1))
        return [old.origins[best[2]]] if best[0] >= _HALF else []

    return find


def _undecided(old: Lines, new: Sequence[str], match: Sequence[int]) -> list[int]:
    """The lines that stayed where fewer of their equals are left than there were, and those had different origins.

    Counted between lines that are unique on both sides: what those enclose cannot have crossed them.
    """
    theirs, ours = Counter(old.texts), Counter(new)
    anchors = [
        (at, to) for to, at in enumerate(match)
        if at >= 0 and theirs[new[to]] == 1 and ours[new[to]] == 1 and evident(new[to])
    ]  # fmt: skip
    lost = {text for text, count in theirs.items() if count > 1}
    if not lost:
        return []
    found: list[int] = []
    for (a, c), (b, d) in pairwise([(-1, -1), *anchors, (len(old.texts), len(new))]):
        places: defaultdict[str, list[int]] = defaultdict(list)
        for at in range(a + 1, b):
            if old.texts[at] in lost:
                places[old.texts[at]].append(at)
        doubtful = {
            text
            for text, all_of in places.items()
            if len(all_of) > 1 and len({old.origins[at].who for at in all_of}) > 1
        }
        if not doubtful:
            continue
        left = Counter(new[to] for to in range(c + 1, d) if new[to] in doubtful)
        found += [
            to for to in range(c + 1, d)
            if match[to] >= 0 and new[to] in doubtful and left[new[to]] < len(places[new[to]])
        ]  # fmt: skip
    return found


def likest(text: Sequence[str], among: Sequence[Lines]) -> Lines:
    """Of known files the one a new one was made from: it holds at least half of its lines that say something."""
    own = {line.strip() for line in text if evident(line)}
    best, share = NOTHING, 0
    for lines in among:
        common = len(own.intersection(line.strip() for line in lines.texts))
        if common > share:
            best, share = lines, common
    return best if own and share * 2 >= len(own) else NOTHING
