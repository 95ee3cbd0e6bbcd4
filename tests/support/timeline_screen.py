"""The timeline screen as its tests use it: what its address says, where time lies on it, what its list shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import expect

from support.browsing import ready, text_of
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
RESTS_MS = 400
"""Longer than the page waits until it takes a hand to rest (`RESTS_MS` of its `view.ts`)."""


@dataclass(frozen=True)
class Screen:
    """The timeline in a page."""

    page: Page

    def open(self, **asked: str) -> Screen:
        """Go to the timeline with what its address is to say (``from_`` for ``from``), and wait until it is drawn."""
        self.page.goto(f"/ui/timeline?{urlencode({name.rstrip('_'): value for name, value in asked.items()})}")
        ready(self.page)
        return self

    def over(self, start: int, end: int, **asked: str) -> Screen:
        """Go to a stretch of time, in nanoseconds since 1970."""
        return self.open(from_=text_of(start), to=text_of(end), **asked)

    @property
    def address(self) -> dict[str, str]:
        """What the address says."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    @property
    def span(self) -> tuple[int, int]:
        """The stretch of time in the address."""
        found = self.address
        return parse_rfc3339(found["from"])[0], parse_rfc3339(found["to"])[0]

    def moved(self, was: tuple[int, int]) -> tuple[int, int]:
        """The stretch in the address once it is another; it follows when the hand rests.

        On a busy machine a hand rests between two steps of a drag, too: what it did last is in the address only when
        the page has waited for as long as it waits for a rest.
        """
        self.page.evaluate("(rest) => new Promise((then) => setTimeout(then, rest))", RESTS_MS)
        self.page.wait_for_function(
            "([from, to]) => { const p = new URLSearchParams(location.search);"
            " return p.get('from') && (p.get('from') !== from || p.get('to') !== to); }",
            arg=[text_of(was[0]), text_of(was[1])],
        )
        return self.span

    @property
    def area(self) -> Locator:
        """Where the lanes are drawn."""
        return self.page.locator(".lanes .area")

    @property
    def box(self) -> FloatRect:
        """Where that lies on the screen."""
        box = self.area.bounding_box()
        assert box is not None
        return box

    @property
    def query(self) -> Locator:
        """Where one asks."""
        return self.page.get_by_role("combobox", name="Query")

    def row(self, event: str) -> Locator:
        """The row of an event in the list."""
        return self.page.locator(f'[data-event="{event}"]')

    @property
    def rows(self) -> Locator:
        """The rows of events that are drawn."""
        return self.page.locator("[data-event]")

    def chosen(self, event: str) -> None:
        """An event is the one that is chosen, in the list and in the address."""
        expect(self.row(event)).to_have_attribute("aria-selected", "true")
        expect(self.page).to_have_url(re.compile(f"event={event}"))
