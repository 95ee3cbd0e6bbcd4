"""Parts of the scoreboard: tables whose shares are marked, and lists of what differs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Section:
    """One comparison: what it is, its table, and what there is to say about what differs."""

    title: str
    intro: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    notes: Sequence[str] = field(default=())


def share(same: int, compared: int) -> str:
    """``12/16 = 75.0 %``."""
    return f"{same:,}/{compared:,} = {_percent(same, compared)}" if compared else "none"


def least(same: int, compared: int, percent: int) -> str:
    """Whether a share reaches a target: exact, in whole numbers."""
    return "" if not compared else "hit" if same * 100 >= percent * compared else "**miss**"


def below(part: int, whole: int, percent: int) -> str:
    """Whether a share stays under a bound."""
    return "" if not whole else "hit" if part * 100 < percent * whole else "**miss**"


def _percent(part: int, whole: int) -> str:
    # Cut off, never rounded up: 99.96 % is not 100 %.
    return f"{part * 1000 // whole / 10:.1f} %"


def shown(value: object, most: int = 70) -> str:
    """A value in a table's cell."""
    text = str(value).replace("\n", " ").replace("|", "\\|").replace("`", "'")
    return f"`{text[:most]}{'…' if len(text) > most else ''}`" if text else "nothing"
