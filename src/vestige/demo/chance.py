"""Chance that repeats: every draw comes from a stream named by the seed and by what it is for.

Only ``getrandbits``, ``random`` and ``randbytes`` are drawn from, whose sequences the language keeps from version
to version. A stream per source and minute makes any minute computable alone: that is how the plan can state a
record's place before anything is written.
"""

from __future__ import annotations

import struct
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

HEX = "0123456789abcdef"
ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def stream(seed: int, *names: str | int) -> Random:
    """The stream of draws that belongs to these names under this seed."""
    return Random("/".join(str(part) for part in (seed, *names)))  # noqa: S311 - a story, not a secret


def words(rng: Random, count: int) -> tuple[int, ...]:
    """``count`` draws of 64 bits, each enough to choose everything about one record."""
    return struct.unpack(f"<{count}Q", rng.randbytes(8 * count))


def pick(rng: Random, choices: Sequence[T]) -> T:
    """One of the choices, each as likely."""
    return choices[int(rng.random() * len(choices))]


def shuffled(rng: Random, items: Sequence[T]) -> list[T]:
    """The items in a drawn order."""
    keyed = sorted((rng.random(), place) for place in range(len(items)))
    return [items[place] for _, place in keyed]


def text(rng: Random, length: int, alphabet: str = HEX) -> str:
    """A drawn text over an alphabet."""
    return "".join(pick(rng, alphabet) for _ in range(length))


def uuid(rng: Random) -> str:
    """A drawn UUID of version 4."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def table(weighted: Sequence[tuple[T, int]], size: int) -> tuple[T, ...]:
    """A look-up table of ``size`` places in which each item has its share, so that choosing is one index."""
    total = sum(weight for _, weight in weighted)
    out: list[T] = []
    reached = 0
    for item, weight in weighted:
        reached += weight
        out += [item] * (reached * size // total - len(out))
    return tuple(out)
