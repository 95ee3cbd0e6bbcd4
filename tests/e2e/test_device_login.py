"""`vestige login` in a terminal, and a real browser that lets it in: with a password, and by a provider."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from support.openid import openid_provider, settings_file
from support.program import PATIENCE, Vestige, environment, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

GOOD = "correct horse battery staple"
PHONE = {"width": 390, "height": 844}
KEPT = os.environ.get("VESTIGE_TEST_SCREENSHOTS", "")
"""A directory to keep pictures of the pages in."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        # Tests may run as root, where Chromium's own sandbox cannot be.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An installation with Ann, who has a password, and whose address a provider knows."""
    folder = tmp_path_factory.mktemp("device")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with openid_provider(folder, f"{url}/ui/login/openid/callback") as provider:
        file = settings_file(folder, provider.url)
        told = {"VESTIGE_PUBLIC_URL": url, "VESTIGE_OIDC_FILE": str(file), "VESTIGE_LIMIT_SIGN_INS": "0"}
        with serving(folder / "data", "--port", str(port), **told) as running:
            assert running.url == url
            here = Vestige(folder / "data")
            invited = here.json("user", "invite", "ann@example.org", "--role", "auditor")["token"]
            here.ok("user", "accept", "--invitation", invited, "--password", GOOD, "--name", "Ann")
            yield url


class Terminal:
    """`vestige login` under way: what it shows, and how it ends."""

    def __init__(self, server: str, home: Path) -> None:
        self.env = environment(XDG_CONFIG_HOME=str(home), VESTIGE_SERVER=server)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vestige", "login"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.page = self.process.stderr.readline().decode().strip().rpartition(" ")[2]
        self.code = self.process.stdout.readline().decode().strip()

    def ended(self) -> tuple[int, str]:
        """How it ended, and what it said last."""
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors.decode()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "vestige", *arguments], capture_output=True, env=self.env, check=False
        )


@pytest.fixture
def terminal(server: str, tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(server, tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.communicate()


def kept(page: Page, name: str) -> None:
    if KEPT:
        page.screenshot(path=f"{KEPT}/{name}.png")


def opened(browser: Browser, **more: Any) -> Page:
    """A window on a phone, in which every word of a script or a refused resource is a failure."""
    page = browser.new_context(viewport=PHONE, ignore_https_errors=True, **more).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(20_000)
    return page


def test_a_person_lets_the_command_line_in_with_a_password(
    server: str, terminal: Terminal, browser: Browser, tmp_path: Path
) -> None:
    page = opened(browser, color_scheme="light")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(terminal.page)
    expect(page).to_have_title("Sign in - Vestige")
    kept(page, "sign-in")
    page.get_by_label("E-mail address").fill("ann@example.org")
    page.get_by_label("Password").fill("a wrong password of mine")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("signs nobody in")
    kept(page, "wrong-password")
    expect(page.get_by_label("E-mail address")).to_have_value("ann@example.org")
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading")).to_have_text("Let a program in?")
    expect(page.get_by_text(terminal.code)).to_be_visible()
    expect(page.get_by_text(f"vestige on {os.uname().nodename}")).to_be_visible()
    expect(page.get_by_text("127.0.0.1")).to_be_visible()
    kept(page, "confirm")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Let it in").click()
    expect(page.get_by_role("heading")).to_have_text("It is let in")
    kept(page, "done")
    code, words = terminal.ended()
    assert (code, "signed in as ann@example.org" in words) == (0, True), words
    file = tmp_path / "vestige" / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    who = terminal.run("whoami", "--json")
    assert json.loads(who.stdout)["name"] == "ann@example.org"
    token = json.loads(file.read_bytes())[server]
    other = httpx.post(f"{server}/v1/login/device", json={}).json()
    bearer = {"Authorization": f"Bearer {token}"}
    asked = {"user_code": other["user_code"]}
    assert httpx.post(f"{server}/v1/login/device/approve", json=asked, headers=bearer).status_code == 403
    assert terminal.run("logout").returncode == 0
    assert json.loads(file.read_bytes()) == {}
    # What the browser has to say against our own pages: nothing but of the refused password and of no icon.
    assert [text for text in said if "401" not in text and "404" not in text] == []


def test_a_person_lets_the_command_line_in_by_a_provider(terminal: Terminal, browser: Browser) -> None:
    page = opened(browser, color_scheme="dark")
    page.goto(terminal.page)
    kept(page, "sign-in-dark")
    page.get_by_role("link", name="Sign in with The Provider").click()
    expect(page.get_by_role("heading")).to_have_text("Let a program in?")
    kept(page, "confirm-dark")
    page.get_by_role("button", name="Let it in").click()
    expect(page.get_by_role("heading")).to_have_text("It is let in")
    assert terminal.ended()[0] == 0
    assert json.loads(terminal.run("whoami", "--json").stdout)["name"] == "ann@example.org"


def test_a_person_denies_what_they_did_not_start(server: str, terminal: Terminal, browser: Browser) -> None:
    page = opened(browser)
    page.goto(f"{server}/ui/login/device")
    page.get_by_label("E-mail address").fill("ann@example.org")
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill("BBBB-BBBB")
    kept(page, "code")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("No program waits")
    page.get_by_label("Code").fill(terminal.code.lower())
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading")).to_have_text("It is denied")
    code, words = terminal.ended()
    assert (code, "denied" in words) == (1, True), words
    assert terminal.run("whoami").returncode == 2


def test_without_a_browser_a_password_lets_it_in(server: str, terminal: Terminal, tmp_path: Path) -> None:
    wrong = subprocess.run(
        [sys.executable, "-m", "vestige", "login", "--approve", terminal.code, "--email", "ann@example.org"],
        input=b"a wrong password of mine\n", capture_output=True, env=terminal.env, check=False,
    )  # fmt: skip
    assert wrong.returncode == 1
    right = subprocess.run(
        [sys.executable, "-m", "vestige", "login", "--approve", terminal.code],
        input=f"ann@example.org\n{GOOD}\n".encode(), capture_output=True, env=terminal.env, check=False,
    )  # fmt: skip
    assert (right.returncode, b"is let in as you" in right.stderr) == (0, True), right.stderr
    assert terminal.ended()[0] == 0
    assert (tmp_path / "vestige" / "credentials.json").is_file()
    assert server
