"""What mutations start from: the hand-made samples of every format, and pieces of real logs where there are any."""

from __future__ import annotations

import io
import random
from collections import defaultdict
from typing import TYPE_CHECKING

from support.samples import SAMPLES
from vestige.sources import Limits, Member, detect, take_sample, walk

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 3_000
"""Bytes of a real log's beginning: where tables have their headers."""
_LOOKED_AT = 200_000
_MOST = 40
"""Pieces of real logs per format; those of small files come first."""
_LARGE_ENOUGH = 20_000

Seeds = dict[str, tuple[bytes, ...]]


def seeds(corpus: Path | None) -> Seeds:
    """Seeds by the name of the format that recognises them."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for name, members in SAMPLES.items():
        found[name] += members
    if corpus is not None:
        for name, piece in _pieces(corpus):
            if len(found[name]) < _MOST + len(SAMPLES.get(name, ())):
                found[name].append(piece)
    return {name: tuple(pieces) for name, pieces in sorted(found.items())}


def _pieces(corpus: Path) -> list[tuple[str, bytes]]:
    chance = random.Random(2026)
    out: list[tuple[str, bytes]] = []
    for item in walk(corpus, Limits()):
        if not isinstance(item, Member):
            continue
        with item.open() as stream:
            data = stream.read(_LOOKED_AT)
            choice = detect(take_sample(item.name, io.BytesIO(data)))
        if choice.format is None:
            continue
        if choice.format.rendered:
            if len(data) < _LARGE_ENOUGH * 4:
                out.append((choice.format.name, data))
            continue
        head = data[:_HEAD]
        head = head[: head.rfind(b"\n") + 1] or data[:_LARGE_ENOUGH]
        out.append((choice.format.name, head))
        lines = data.split(b"\n")
        for _ in range(2):
            at = chance.randrange(len(lines))
            out.append((choice.format.name, b"\n".join(lines[at : at + chance.randint(1, 5)])[:_LARGE_ENOUGH]))
    return out
