"""What a scenario is told with: acts at their true times, and the traces they leave.

A story knows when it ends and which clocks are wrong; it collects planted records. Where they come to stand is the
plan's matter. Story time is told as on a clock, day 0 being the day that ends the story at 18:00.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vestige.demo.chance import stream
from vestige.demo.clock import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.demo.clock import Span
    from vestige.demo.writing import Entry, Writing

_END_OF_DAY_0 = 18 * HOUR


@dataclass(frozen=True, slots=True)
class Planted:
    """One record that is not background.

    ``role`` is ``step``, ``near_miss``, ``filler`` (an ordinary record planted for its lateness), ``malformed`` or
    ``repeat`` (a second delivery of the same bytes). ``name`` is the step's phase, the near miss's name or the damage.
    """

    role: str
    name: str
    what: str
    source: str
    true_at: int
    arrives_at: int
    payload: bytes
    entry: Entry
    again: Planted | None = None
    """The first delivery, of a ``repeat``."""

    @property
    def is_late(self) -> bool:
        """Whether it reached its file after its time."""
        return self.arrives_at > self.true_at and self.role != "repeat"


class Story:
    """The telling of one incident.

    Args:
        seed: as of everything else.
        span: the time the story fills.
        size: how many records there will be in all; how long repeated acts are drawn out depends on it.
        errors: sources with a wrong clock, as clock minus truth in ns.
    """

    def __init__(self, seed: int, span: Span, size: int, errors: Mapping[str, int]) -> None:
        self.planted: list[Planted] = []
        self.reasons: dict[str, str] = {}
        self._rng = stream(seed, "story")
        self._span = span
        self._size = size
        self._errors = errors

    def at(self, clock: str, day: int = 0) -> int:
        """The instant (ns) of a clock time ``hh:mm[:ss[.mmm]]`` on a day of the story; yesterday is -1."""
        hours, minutes, seconds = (*clock.split(":"), "0")[:3]
        whole, _, fraction = seconds.partition(".")
        of_day = int(hours) * HOUR + int(minutes) * MINUTE + int(whole) * SECOND + int(f"{fraction:0<9}")
        return self._span.end - _END_OF_DAY_0 + day * DAY + of_day

    def amount(self, least: int, most: int) -> int:
        """How often a repeated act happens: ``least`` in the smallest story, up to ``most`` in a large one."""
        return min(most, least + self._size // 200)

    def spread(self, count: int, first: int, last: int) -> list[int]:
        """``count`` instants from ``first`` on, before ``last``, at uneven intervals, rising."""
        width = (last - first) // count
        return [first + n * width + int(self._rng.random() * width) // SECOND * SECOND for n in range(count)]

    def step(self, phase: str, at: int, what: str, writing: Writing, *, arrives: int | None = None) -> None:
        """One act of the incident."""
        self._plant("step", phase, what, at, writing, arrives)

    def near_miss(self, name: str, why: str, at: int, writing: Writing) -> None:
        """A record of something innocent; records of one name belong together."""
        self.reasons[name] = why
        self._plant("near_miss", name, why, at, writing, None)

    def late(self, at: int, arrives: int, writing: Writing) -> None:
        """An ordinary record that reaches its file late."""
        self._plant("filler", "late", "", at, writing, arrives)

    def twice(self, at: int, again: int, writing: Writing) -> None:
        """An ordinary record that is delivered a second time, unchanged, at a later instant."""
        self._plant("filler", "twice", "", at, writing, None)
        first = self.planted[-1]
        self.planted.append(Planted("repeat", "twice", "", first.source, at, again, first.payload, first.entry, first))

    def damaged(self, at: int, damage: str, writing: Writing) -> None:
        """A record that is not whole: ``cut`` off, ``garbage``, ``zeros``, or two cut ones ``joined``."""
        entry = writing.write(at + self._errors.get(writing.source, 0))
        whole = entry.payload
        cut = whole[: len(whole) * 3 // 5]
        payload = {
            "cut": cut,
            "garbage": bytes(0x80 | byte for byte in self._rng.randbytes(48)),
            "zeros": bytes(64),
            "joined": cut + cut,
        }[damage]
        self.planted.append(Planted("malformed", damage, "", writing.source, at, at, payload, entry))

    def _plant(self, role: str, name: str, what: str, at: int, writing: Writing, arrives: int | None) -> None:
        entry = writing.write(at + self._errors.get(writing.source, 0))
        when = at if arrives is None else arrives
        self.planted.append(Planted(role, name, what, writing.source, at, when, entry.payload, entry))
