"""Sets of seqs as half-open ranges: what is erased, what is held, which numbers a sender has used."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def ranges_of(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers in any order as disjoint, rising, half-open ranges."""
    out: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if out and out[-1][1] == number:
            out[-1] = (out[-1][0], number + 1)
        else:
            out.append((number, number + 1))
    return out


def without(ranges: Iterable[tuple[int, int]], taken: RangeSet) -> list[tuple[int, int]]:
    """Rising, disjoint, half-open ranges without the values of a set."""
    out: list[tuple[int, int]] = []
    for lo, hi in ranges:
        at = lo
        for a, b in taken.within(lo, hi):
            if at < a:
                out.append((at, a))
            at = b
        if at < hi:
            out.append((at, hi))
    return out


class RangeSet:
    """Disjoint, rising, half-open ranges. Adding at the end is cheap; anywhere else costs a shift of what follows."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __contains__(self, value: int) -> bool:
        place = bisect_right(self._starts, value) - 1
        return place >= 0 and value < self._ends[place]

    def add(self, lo: int, hi: int) -> None:
        """Add every value in ``[lo, hi)``; ranges that touch become one."""
        first = bisect_left(self._ends, lo)
        last = bisect_right(self._starts, hi)
        if first < last:
            lo = min(lo, self._starts[first])
            hi = max(hi, self._ends[last - 1])
        self._starts[first:last] = [lo]
        self._ends[first:last] = [hi]

    def meets(self, lo: int, hi: int) -> bool:
        """Whether any value in ``[lo, hi)`` is in the set."""
        place = bisect_left(self._starts, hi) - 1
        return place >= 0 and self._ends[place] > lo

    def within(self, lo: int, hi: int) -> list[tuple[int, int]]:
        """What of ``[lo, hi)`` is in the set, as rising ranges."""
        first, last = bisect_right(self._ends, lo), bisect_left(self._starts, hi)
        return [(max(a, lo), min(b, hi)) for a, b in zip(self._starts[first:last], self._ends[first:last], strict=True)]

    def count(self) -> int:
        """How many values there are."""
        return sum(self._ends) - sum(self._starts)

    def holes(self) -> list[tuple[int, int]]:
        """The ranges that lie between the least and the greatest value and are not in the set."""
        return list(zip(self._ends, self._starts[1:], strict=False))
