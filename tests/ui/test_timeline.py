"""The timeline screen: what is drawn, asked, chosen and linked, on a server with a planted incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from support.browsing import no_violations, ready

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Planted


def test_the_first_picture_and_the_planted_sign_in(page: Page, truth: Planted) -> None:
    page.goto("/ui/timeline?q=session:idxDemoJordanFromAfar")
    ready(page)
    expect(page.locator(f'[data-event="{truth.login["id"]}"]')).to_be_visible()
    no_violations(page)
