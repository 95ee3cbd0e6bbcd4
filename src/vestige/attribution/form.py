"""Changes of form: which lines of a hunk are old ones with other space, quotes, commas or breaks.

The tokens of both sides are laid side by side from the start and from the end, as far as they are equal and end with a
line on both sides. Each new line there is whose its words are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

from vestige.attribution.origins import blend
from vestige.attribution.tokens import stream, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.attribution.origins import Origin
    from vestige.attribution.tokens import Token


def reformed(before: Sequence[str], origins: Sequence[Origin], after: Sequence[str]) -> dict[int, Origin]:
    """By place the new lines that are old ones in another form.

    Args:
        before: the old lines of a hunk.
        origins: theirs.
        after: the new lines.
    """
    if not before or not after:
        return {}
    pairs = _pairs(stream(before, loose=False), stream(after, loose=False), len(before), len(after))
    if pairs is None and len(before) != len(after):
        # Where lines were broken up or drawn together, brackets come and go: taken only for the whole of a hunk.
        theirs, ours = stream(before, loose=True), stream(after, loose=True)
        equal = [token.text for token in theirs] == [token.text for token in ours] and _says(ours)
        pairs = list(zip(theirs, ours, strict=True)) if equal else None
    parts: defaultdict[int, set[int]] = defaultdict(set)
    for old, new in pairs or ():
        parts[old.line].add(new.line)
    owners: defaultdict[int, list[tuple[str, Origin]]] = defaultdict(list)
    for old, new in pairs or ():
        origin = origins[old.line]
        owners[new.line].append((new.text, origin.piece() if len(parts[old.line]) > 1 else origin))
    return {
        line: blend([origin for text, origin in tokens if words(text)] or [origin for _, origin in tokens])
        for line, tokens in owners.items()
    }


def _pairs(theirs: list[Token], ours: list[Token], old: int, new: int) -> list[tuple[Token, Token]] | None:
    """The tokens that are the same ones, from the start and from the end; ``None`` if there are none."""
    starts, ends = _bounds(theirs, old), _bounds(ours, new)
    same = _equal(theirs, ours)
    head = max(count for count in starts & ends if count <= same)
    if not _says(ours[:head]):
        head = 0
    room = min(len(theirs), len(ours)) - head
    same = min(_equal(theirs[::-1], ours[::-1]), room)
    tail = max(
        (len(ours) - at for at in ends if len(ours) - at <= same and len(theirs) - len(ours) + at in starts), default=0
    )
    if not _says(ours[len(ours) - tail :]):
        tail = 0
    if not head and not tail:
        return None
    return [
        *zip(theirs[:head], ours[:head], strict=True),
        *zip(theirs[len(theirs) - tail :], ours[len(ours) - tail :], strict=True),
    ]


def _equal(theirs: Sequence[Token], ours: Sequence[Token]) -> int:
    """So many tokens are equal from the start."""
    short = min(len(theirs), len(ours))
    return next((at for at in range(short) if theirs[at].text != ours[at].text), short)


def _bounds(tokens: Sequence[Token], lines: int) -> set[int]:
    """After how many tokens a line ends."""
    counts = Counter(token.line for token in tokens)
    return set(accumulate([0, *(counts[line] for line in range(lines))]))


def _says(tokens: Sequence[Token]) -> bool:
    """Whether there is a word among the tokens: signs alone are equal everywhere."""
    return any(words(token.text) for token in tokens)
