"""The interface as the installed program serves it: what was built, to a browser that was let in by a demonstration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from support.program import Running, serving
from vestige.web import STATIC

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A demonstration under way, and the link it printed."""
    with serving(tmp_path_factory.mktemp("demo") / "data", "--demo", "--events", "1000") as running:
        assert running.process.stdout is not None
        yield running, running.process.stdout.readline().decode().strip()


def test_the_link_of_a_demonstration_lets_a_browser_in(demo: tuple[Running, str]) -> None:
    running, line = demo
    word, _, link = line.partition(" ")
    assert (word, link.startswith(f"{running.url}/ui/login/demo?code=")) == ("open", True)
    assert str(running.token).startswith("vst_")
    with httpx.Client(base_url=running.url, headers=HTML, timeout=60) as browser:
        page = browser.get(link)
        told = dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', page.text))
        assert browser.get("/v1/whoami").status_code == 401
        answer = browser.post("/ui/login/demo", data=told)
        assert (answer.status_code, answer.headers["location"]) == (303, "/ui/")
        found = browser.get("/v1/whoami").json()
    assert (found["name"], found["role"], found["demonstration"]) == ("demo@example.test", "owner", True)


def test_what_was_built_is_served(demo: tuple[Running, str]) -> None:
    running, _ = demo
    built = (STATIC / "index.html").is_file()
    # `make dev` builds it wherever there are sources.
    assert built or not (ROOT / "ui" / "package.json").is_file()
    with httpx.Client(base_url=running.url, headers=HTML, timeout=60, follow_redirects=True) as browser:
        page = browser.get("/")
        assert page.url.path == "/ui/"
        if not built:
            assert (page.status_code, "make ui" in page.text) == (503, True)
            return
        assert (page.status_code, page.content) == (200, (STATIC / "index.html").read_bytes())
        assert browser.get("/ui/verify?x=1").content == page.content
        named = set(re.findall(r'(?:src|href)="(/ui/[^"]+)"', page.text))
        assert [one for one in named if one.startswith("/ui/assets/")]
        for one in named:
            answer = browser.get(one)
            assert answer.status_code == 200
            assert answer.content == (STATIC / one.removeprefix("/ui/")).read_bytes()
            assert ("immutable" in answer.headers["cache-control"]) is one.startswith("/ui/assets/")
        # The policy lets nothing stand in the page itself.
        assert not re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", page.text)
