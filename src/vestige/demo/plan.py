"""Where every record comes to stand, known before any is written.

The background of a source is shared over the minutes of the span; each minute's own stream of chance gives the times
in it. A planted record therefore has a rank in its minute that costs one minute's draws to find, and a place in its
file that costs two sums. Records of a file stand in the order in which they arrived, by true time.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from vestige.demo import clock
from vestige.demo.chance import UPPER, stream, text, words
from vestige.demo.clock import MILLI, MINUTE
from vestige.demo.shapes.cloudtrail import file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.demo.clock import Span
    from vestige.demo.scenario import Channel
    from vestige.demo.story import Planted
    from vestige.demo.writing import Shape

EVIDENCE = "evidence"
_PERIODS = (360, 60, 15, 5, 1)
_FILE_RECORDS = 20_000
"""A CloudTrail file covers the longest of the periods (minutes) that keeps it below this many records."""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One file: the minutes ``first`` to ``last`` (exclusive) of its channel, after ``carried`` older records."""

    path: str
    first: int
    last: int
    carried: int
    records: int


@dataclass(frozen=True, slots=True)
class Place:
    """A planted record and where it stands."""

    planted: Planted
    file: int
    number: int


class ChannelPlan:
    """One source, wholly laid out.

    ``rotated`` is the minute of the rotation and ``carried`` how many records the second file repeats; both matter
    to the ``rotated`` layout alone.
    """

    def __init__(
        self,
        channel: Channel,
        shape: Shape,
        span: Span,
        seed: int,
        background: int,
        planted: Sequence[Planted],
        *,
        rotated: int,
        carried: int,
    ) -> None:
        self.channel = channel
        self.shape = shape
        self.span = span
        self.seed = seed
        self.counts = span.allot(background)
        self.planted: dict[int, list[Planted]] = {}
        for one in sorted(planted, key=lambda one: one.arrives_at):
            self.planted.setdefault(span.minute_of(one.arrives_at), []).append(one)
        sizes = (count + len(self.planted.get(minute, ())) for minute, count in enumerate(self.counts))
        self._before = list(accumulate(sizes, initial=0))
        self.files = self._lay_out(rotated, carried)

    def offsets(self, minute: int) -> tuple[list[int], tuple[int, ...]]:
        """The times (ms into it) and the draws of one minute's background."""
        count = self.counts[minute]
        if not count:
            return [], ()
        rng = stream(self.seed, self.channel.source, minute)
        return clock.offsets(rng, count), words(rng, count)

    def rank(self, minute: int, offsets: list[int]) -> list[int]:
        """Before how many background records of its minute each planted record arrives."""
        start = self.span.start + minute * MINUTE
        return [bisect_right(offsets, (one.arrives_at - start) // MILLI) for one in self.planted.get(minute, ())]

    def places(self) -> list[Place]:
        """Where each planted record stands, in order of arrival."""
        out = []
        firsts = [file.first for file in self.files]
        for minute, ones in self.planted.items():
            index = bisect_right(firsts, minute) - 1
            file = self.files[index]
            base = file.carried + self._before[minute] - self._before[file.first]
            ranks = self.rank(minute, self.offsets(minute)[0])
            out += [Place(one, index, base + rank + n) for n, (one, rank) in enumerate(zip(ones, ranks, strict=True))]
        return out

    def _lay_out(self, rotated: int, carried: int) -> list[FilePlan]:
        path, end = f"{EVIDENCE}/{self.channel.path}", self.span.minutes
        if self.channel.layout == "plain":
            return [self._file(path, 0, end, 0)]
        if self.channel.layout == "rotated":
            return [self._file(path + ".1", 0, rotated, 0), self._file(path, rotated, end, carried)]
        busiest = max(self.counts)
        period = next((period for period in _PERIODS if period * busiest <= _FILE_RECORDS), 1)
        rng = stream(self.seed, self.channel.source, "files")
        files = []
        for first in range(0, end, period):
            name = file_name(self.span.start + first * MINUTE, text(rng, 16, UPPER))
            files.append(self._file(f"{path}/{name}", first, min(first + period, end), 0))
        return [file for file in files if file.records]

    def _file(self, path: str, first: int, last: int, carried: int) -> FilePlan:
        return FilePlan(path, first, last, carried, self._before[last] - self._before[first] + carried)
