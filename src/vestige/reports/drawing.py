"""The picture of a timeline as SVG: a lane for each source, a bar for what happened in each stretch of time.

Plain shapes with attributes: no style, no script, no text but the names of sources, escaped. Lanes are scaled together,
by the square root of the counts, so that one event beside ten thousand is still seen.
"""

from __future__ import annotations

from html import escape
from math import sqrt
from typing import TYPE_CHECKING, Final

from vestige.model.instant import to_text
from vestige.reports.letters import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.reports.models import Picture

LEFT, RIGHT, TOP, LANE, FOOT = 150, 14, 8, 30, 34
WIDTH: Final = 960
TICKS: Final = 4
_INK, _PALE, _BAR, _TEXT = "#1b2733", "#d5dde4", "#1f6feb", "#4a5a68"
_NAME: Final = 22
"""Characters of a source's name."""


def svg(picture: Picture) -> str:
    """The picture."""
    return "".join(_parts(picture))


def _parts(picture: Picture) -> Iterator[str]:
    count = max((len(band.counts) for band in picture.bands), default=0) or 1
    most = max((number for band in picture.bands for number in band.counts), default=0) or 1
    height = TOP + LANE * len(picture.bands) + FOOT
    step = (WIDTH - LEFT - RIGHT) / count
    total = sum(sum(band.counts) for band in picture.bands)
    title = f"{total:,} dated events by source, from {_time(picture, 0)} to {_time(picture, count)}"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" font-family="DejaVu Sans, sans-serif" font-size="11"><title>{escape(title)}</title>'
    )
    bottom = TOP + LANE * len(picture.bands)
    for tick in range(TICKS + 1):
        x = LEFT + (WIDTH - LEFT - RIGHT) * tick / TICKS
        anchor = "start" if tick == 0 else "end" if tick == TICKS else "middle"
        day, _, hour = _time(picture, count * tick / TICKS).removesuffix("Z").partition("T")
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom + 4}" stroke="{_PALE}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="{anchor}" fill="{_TEXT}">{day}</text>'
        yield f'<text x="{x:.1f}" y="{bottom + 29}" text-anchor="{anchor}" fill="{_TEXT}">{hour} UTC</text>'
    for number, band in enumerate(picture.bands):
        base = TOP + LANE * (number + 1)
        name = band.name if len(band.name) <= _NAME else f"{band.name[: _NAME - 1]}…"
        yield f'<text x="{LEFT - 8}" y="{base - 9}" text-anchor="end" fill="{_INK}">{escape(shown(name))}</text>'
        yield f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - RIGHT}" y2="{base}" stroke="{_PALE}"/>'
        for at, events in enumerate(band.counts):
            if events:
                tall = max(3.0, (LANE - 5) * sqrt(events / most))
                yield (
                    f'<rect x="{LEFT + at * step:.1f}" y="{base - tall:.1f}" width="{max(step - 0.4, 1.6):.1f}" '
                    f'height="{tall:.1f}" fill="{_BAR}"/>'
                )
    yield "</svg>"


def _time(picture: Picture, stretch: float) -> str:
    """The time at which a stretch begins, to the second."""
    at = picture.start + int(picture.width * stretch)
    return to_text(at // 1_000_000_000 * 1_000_000_000)
