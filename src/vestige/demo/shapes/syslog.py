"""A syslog file: RFC 3164 lines as rsyslog writes them, without a year and without an offset.

``Nov 20 09:24:11 export-1 sudo: ...``. The clocks of all hosts run in UTC; a reader has to be told so, and takes the
year from the file's age. Times have whole seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.cast import HOSTS
from vestige.demo.chance import table
from vestige.demo.clock import SECOND, SECONDS, moment
from vestige.demo.writing import Entry, Writing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.demo.writing import Keys

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PIDS = 4_000_000
"""Linux counts to 2^22 and begins again; no second holds that many of our lines, so no two lines are the same."""


class Syslog:
    """The collected log of all hosts, its background drawn from the kinds of line given."""

    def __init__(self, source: str, lines: Sequence[tuple[Callable[[int, bytes], bytes], int]]) -> None:
        self.source = source
        self._lines = table(lines, 128)
        self._hosts = tuple(name.encode() + b" " for name, _ in HOSTS)

    def line(
        self,
        host: str,
        tag: str,
        text: str,
        *,
        event_type: str,
        outcome: str = "",
        actor: str = "",
        keys: Keys = (),
    ) -> Writing:
        """One line of a host's program; ``tag`` is its name, with the process id in brackets if it gives one."""

        def write(at: int) -> Entry:
            stamp = f"{_day(at)}{moment(at):%H:%M:%S}"
            payload = f"{stamp} {host} {tag}: {text}".encode()
            who: Keys = (("identity", actor),) if actor else ()
            found = (*who, ("host", host), *keys)
            return Entry(payload, at // SECOND * SECOND, event_type, outcome, actor, found)

        return Writing(self.source, write)

    def minute(self, start: int, offsets: list[int], draws: tuple[int, ...], first: int) -> list[bytes]:
        """See :class:`vestige.demo.writing.Shape`."""
        prefix = f"{_day(start)}{moment(start):%H:%M:}".encode()
        hosts, lines = self._hosts, self._lines
        out = []
        for number, (offset, draw) in enumerate(zip(offsets, draws, strict=True), first):
            body = lines[draw & 127](draw >> 16, b"%d" % (1000 + number % _PIDS))
            out.append(prefix + SECONDS[offset // 1000] + b" " + hosts[draw >> 8 & 15] + body)
        return out


def _day(at: int) -> str:
    civil = moment(at)
    return f"{_MONTHS[civil.month - 1]} {civil.day:2} "
