"""ISO 8601 weeks, Monday to Sunday, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WEEK: Final = re.compile(r"([0-9]{4})-W([0-9]{2})")


class Week(NamedTuple):
    """A week of ISO 8601's calendar."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-W{self.number:02}"

    @property
    def monday(self) -> date:
        """Its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def end(self) -> str:
        """The receipt time, as leaves state it, at which the next week begins."""
        return f"{(self.monday + timedelta(days=7)).isoformat()}T00:00:00.000000Z"

    def following(self) -> Week:
        """The week after."""
        return Week(*(self.monday + timedelta(days=7)).isocalendar()[:2])

    @classmethod
    def parse(cls, text: str) -> Week:
        """The week of a text like ``2026-W47``.

        Raises:
            InputError: it is none.
        """
        found = _WEEK.fullmatch(text)
        try:
            week = cls(int(found[1]), int(found[2])) if found else None
            if week is not None and week.monday.year:
                return week
        except ValueError:
            pass
        raise InputError("that is no week", expected="such as 2026-W47", got=text[:40], field="week")


def told(weeks: Sequence[Week], most: int = 20) -> str:
    """Rising weeks in words, those that follow one another as a stretch: ``2026-W40 to 2026-W44, 2026-W46``."""
    stretches: list[tuple[Week, Week]] = []
    for week in weeks:
        if stretches and stretches[-1][1].following() == week:
            stretches[-1] = stretches[-1][0], week
        else:
            stretches.append((week, week))
    words = [str(first) if first == last else f"{first} to {last}" for first, last in stretches]
    more = [f"{len(words) - most} more before"] if len(words) > most else []
    return ", ".join([*more, *words[-most:]]) or "none: no week has been archived yet"


def week_of(at: str) -> Week:
    """The week of a receipt time as leaves state it."""
    return Week(*datetime.fromisoformat(at).astimezone(UTC).isocalendar()[:2])
