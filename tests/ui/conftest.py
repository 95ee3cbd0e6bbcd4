"""One server with the demonstration per worker, one browser per file, a context of its own for every test.

``page`` is signed in as the owner. ``open_page`` gives others: another role, size or theme. A test fails on any error
on the console, anything the content policy refused, and any answer that is the server's fault; ``troubles.allow`` lets
pass what a test brings about. ``VESTIGE_TEST_UI=all`` (``make e2e``) runs also what is marked ``long``;
``VESTIGE_TEST_UI_PREPARED=FOLDER`` keeps the imported demonstration there, for the next run to begin with.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from playwright.sync_api import expect

from support.browsing import (
    LONGEST_S,
    PATIENCE_MS,
    SIZE,
    Planted,
    Shown,
    Troubles,
    chromium,
    demonstration,
    lacking,
    no_longer_than,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser, Page

WHOLE = os.environ.get("VESTIGE_TEST_UI") == "all"
REBUILT_S = 600
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is in this folder, and leave out what is long unless the whole is asked for."""
    own = [item for item in items if item.path.parent.name == "ui"]
    for item in own:
        item.add_marker(pytest.mark.ui)
    left = [] if WHOLE else [item for item in own if item.get_closest_marker("long")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a test that failed stand its pages, and what they had asked for."""
    report = yield
    troubles = getattr(item, "funcargs", {}).get("troubles")
    if call.when == "call" and report.failed and troubles is not None:
        report.sections.append(("Pages", troubles.told()))
    return report


@pytest.fixture(scope="session")
def able() -> None:
    """There is a browser, and an interface to look at with it."""
    missing = lacking()
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


@pytest.fixture(scope="session")
def server(able: None, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Shown]:
    del able
    base = tmp_path_factory.getbasetemp()
    kept = os.environ.get("VESTIGE_TEST_UI_PREPARED")
    shared = Path(kept) if kept else (base if worker_id == "master" else base.parent) / "interface"
    with demonstration(shared, tmp_path_factory.mktemp("ui")) as shown:
        yield shown


@pytest.fixture(scope="module", autouse=True)
def level(server: Shown) -> None:
    """What tests before had computed again (a redaction, another clock) is there: after a minute, of a million."""
    until = time.monotonic() + REBUILT_S
    while lag := server.get("/v1/sources").get("index_lag"):
        assert time.monotonic() < until, f"the index is {lag} entries behind"
        time.sleep(0.5)


@pytest.fixture(scope="session")
def truth(server: Shown) -> Planted:
    """What was planted in the demonstration, and by which ids the server knows it."""
    return Planted(server)


@pytest.fixture(scope="module")
def browser(able: None) -> Iterator[Browser]:
    del able
    with chromium() as started:
        yield started


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


class Opener(Protocol):
    """Gives a page of a browser of its own."""

    def __call__(
        self,
        role: str = "owner",
        *,
        size: tuple[int, int] = SIZE,
        theme: str = "dark",
        server: Shown | None = None,
        touch: bool = False,
    ) -> Page: ...


@pytest.fixture
def open_page(server: Shown, browser: Browser, troubles: Troubles) -> Iterator[Opener]:
    """Pages for a person of a role (``""``: nobody), with their size and theme, of this server or another."""
    contexts = []
    mine = server

    def opened(
        role: str = "owner",
        *,
        size: tuple[int, int] = SIZE,
        theme: str = "dark",
        server: Shown | None = None,
        touch: bool = False,
    ) -> Page:
        asked = server or mine
        context = browser.new_context(
            base_url=asked.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="light" if theme == "light" else "dark",
            locale="en-GB",
            timezone_id="UTC",
            has_touch=touch,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        if role:
            context.add_cookies(asked.signed_in(role))  # type: ignore[arg-type]
        page = context.new_page()
        troubles.watch(page)
        return page

    with no_longer_than(LONGEST_S):
        yield opened
        for context in contexts:
            context.close()
    troubles.check()


@pytest.fixture
def page(open_page: Opener) -> Page:
    """A page of the owner's, at the size of a desk."""
    return open_page()
