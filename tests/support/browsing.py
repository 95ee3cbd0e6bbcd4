"""The interface in a real browser: a server with the demonstration, people to sign in as, and what a page did wrong.

The demonstration is imported once per run and copied by every worker; its server ends with the tests, also if they are
killed. A browser belongs to a module, since one thread can drive one only, and others drive theirs.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from support.program import Vestige, ended, environment
from vestige.app import DataDirLock
from vestige.demo import generate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

ROOT: Final = Path(__file__).resolve().parents[2]
AXE: Final = ROOT / "ui/node_modules/axe-core/axe.min.js"
BUILT: Final = ROOT / "src/vestige/web/static/index.html"
PICTURES: Final = ROOT / "docs/pictures"
EVENTS: Final = int(os.environ.get("VESTIGE_TEST_UI_EVENTS", "20000"))
PICTURED: Final = os.environ.get("VESTIGE_TEST_PICTURES") == "1"
SEED: Final = 2026
PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - a test's own
ROLES: Final = ("owner", "admin", "developer", "auditor", "investigator")
SIZE: Final = (1440, 900)
LONGEST_S: Final = 300 + EVENTS // 4000
"""What one test may take before its browser is ended, so that nothing waits for ever."""
PATIENCE_MS: Final = 45_000
READS_ALL_MS: Final = 90_000 + EVENTS // 5
"""Patience with what reads every entry there is: it takes as long as there are many."""
_MARK: Final = "--vestige-test"

SHOWN_LETTERS: Final = 4000
LAST_REQUESTS: Final = 60
"""How much of a page and of its requests is told beside a test that failed."""
FIELDS: Final = """() => [...document.querySelectorAll("input, textarea, select, button:disabled")]
  .map((one) => `${one.name || one.type || one.textContent}=${(one.value ?? "").slice(0, 80)}`).join("; ")"""
WATCHING: Final = """
addEventListener("securitypolicyviolation", (one) =>
  console.error(`content policy: ${one.violatedDirective} refused ${one.blockedURI} ${one.sample}`))
"""


def lacking() -> str:
    """What is missing to look at the interface; empty if nothing is. Builds it if its sources changed."""
    if shutil.which("chromium") is None:
        return "no chromium on this machine (Debian: chromium)"
    done = subprocess.run(
        [sys.executable, "hatch_build.py", "--dev"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr
    if not BUILT.is_file() or not AXE.is_file():
        return f"the interface is not built, or its packages are not installed: {done.stderr.strip() or 'make ui'}"
    return ""


@dataclass(frozen=True)
class Shown:
    """A server under way, and what is true of what it holds."""

    url: str
    data: Path
    truth: dict[str, Any]
    cookies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @cached_property
    def here(self) -> httpx.Client:
        """The interface of the server as its own machine's user: everything of the default tenant."""
        return _here(self.data)

    def get(self, path: str, /, **params: Any) -> Any:
        """An answer that must be one."""
        answer = self.here.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def search(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """The events a query finds, the oldest first."""
        found: list[dict[str, Any]] = self.get("/v1/search", q=query, order="asc", limit=1000, **params)["events"]
        return found

    def signed_in(self, role: str) -> list[dict[str, Any]]:
        """The cookies of a person of a role, who signs in once."""
        if role not in self.cookies:
            with httpx.Client(base_url=self.url, timeout=60) as client:
                answer = client.post("/v1/login", json={"email": f"{role}@example.test", "password": PASSWORD})
                assert answer.status_code == 200, answer.text
                self.cookies[role] = [
                    {"name": name, "value": value, "url": self.url} for name, value in client.cookies.items()
                ]
        return self.cookies[role]


@dataclass(frozen=True)
class Planted:
    """What the generator wrote about its story before any parser ran, and the server's events of it."""

    server: Shown

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The acts of the incident, in the order they happened (:mod:`vestige.demo.truth`)."""
        steps: list[dict[str, Any]] = self.server.truth["steps"]
        return steps

    @cached_property
    def login(self) -> dict[str, Any]:
        """The intruder's sign-in: the one event the whole story hangs on."""
        (event,) = self.server.search("session:idxDemoJordanFromAfar type:auth.login")
        assert event["occurred_at"] in {step["sighting"]["at_text"] for step in self.steps}
        return event

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Every planted act as the server has it, in the order of the steps."""
        return [self.event(step) for step in self.steps]

    def event(self, step: dict[str, Any]) -> dict[str, Any]:
        """The server's event of a step: the one of its time, of its type where several are."""
        told = step["sighting"]
        found = self.server.search("", start=told["at_text"], end=text_of(told["at"] + 1))
        same = [event for event in found if event["event_type"] == told["event_type"]]
        return (same or found)[0]


def text_of(at: int) -> str:
    """RFC 3339 of nanoseconds since 1970, as the server writes it."""
    whole, fraction = divmod(at, 10**9)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return f"{text}.{fraction:09}".rstrip("0") + "Z" if fraction else f"{text}Z"


def _here(data: Path) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(DataDirLock(data).socket))
    return httpx.Client(transport=transport, base_url="http://here", timeout=60)


def prepared(folder: Path) -> Path:
    """A folder with the demonstration imported and people in it, made by whoever comes first."""
    ready, made = folder / "ready", folder / "made"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            shutil.rmtree(made, ignore_errors=True)
            generate(made / "demo", scenario="breach", events=EVENTS, seed=SEED)
            vestige = Vestige(made / "data")
            vestige.ok("import", str(made / "demo/evidence"), code=3)
            ready.touch()
    return made


def admit(data: Path) -> None:
    """People of every role, ``ROLE@example.test``, each with the same password."""
    with _here(data) as here:
        for role in ROLES:
            invited = here.post("/v1/people", json={"email": f"{role}@example.test", "role": role})
            assert invited.status_code < 300, invited.text
            body = {"token": invited.json()["token"], "password": PASSWORD, "name": role.capitalize()}
            accepted = here.post("/v1/people/accept", json=body)
            assert accepted.status_code < 300, accepted.text


@contextlib.contextmanager
def serving(data: Path, truth: dict[str, Any], *options: str) -> Iterator[Shown]:
    """`vestige up` on a free port; the kernel ends it if these tests are killed."""
    command = [sys.executable, "-m", "vestige", "up", "--port", "0", "--data", str(data), *options]
    if (setpriv := shutil.which("setpriv")) is not None:
        command = [setpriv, "--pdeathsig", "TERM", "--", *command]
    with (data.parent / "up.err").open("wb") as said:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment(VESTIGE_LIMIT_SIGN_INS="0", PYTHONFAULTHANDLER="1"),
        )
    try:
        assert process.stdout is not None
        first = process.stdout.readline().decode().strip()
        assert first.startswith("listening on "), first + (data.parent / "up.err").read_text()
        shown = Shown(first.removeprefix("listening on "), data, truth)
        admit(data)
        yield shown
        shown.here.close()
        ended(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextlib.contextmanager
def demonstration(shared: Path, own: Path) -> Iterator[Shown]:
    """A server of this worker's own, with the demonstration that all of the run share."""
    made = prepared(shared)
    shutil.copytree(made / "data", own / "data", symlinks=True)
    truth = json.loads((made / "demo/truth.json").read_text())
    # Imported already, so the option adds nothing but the words on the screen that all of it is made up.
    options = ("--demo", "--events", str(EVENTS)) if PICTURED else ()
    with serving(own / "data", truth, *options) as shown:
        yield shown


@contextlib.contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Debian's Chromium, drawing by software; afterwards none of its processes is there any more."""
    mark = f"{_MARK}={os.getpid()}"
    path = shutil.which("chromium")
    with sync_playwright() as playwright:
        # Tests may run as root, where Chromium's own sandbox cannot be.
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", mark, *more]
        )
        yield browser
        browser.close()
    until = time.monotonic() + 10
    while left := processes(mark):
        assert time.monotonic() < until, f"Chromium left {left}"
        time.sleep(0.05)


def processes(mark: str) -> list[int]:
    """The processes that were started with an argument."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "cmdline").read_bytes().split(b"\0") and _is_alive(folder):
                found.append(int(folder.name))
    return found


def _is_alive(folder: Path) -> bool:
    return (folder / "stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}


@contextlib.contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """End this process's browser if the block takes longer: what waits for it then fails."""

    def end() -> None:
        for process in processes(f"{_MARK}={os.getpid()}"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Troubles:
    """What pages of a test did that none should: errors on the console, what the policy refused, failing answers."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        self._pages: list[Page] = []
        self._asked: list[tuple[float, Request, list[str]]] = []

    def allow(self, pattern: str) -> None:
        """Let pass what a test brings about on purpose."""
        self._allowed.append(re.compile(pattern))

    def watch(self, page: Page) -> None:
        """Listen to all of a page."""
        self._pages.append(page)
        page.add_init_script(WATCHING)
        page.on("request", self._began)
        page.on("requestfinished", lambda asked: self._ended(asked, "answered"))
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    def check(self) -> None:
        """Nothing happened that was not allowed."""
        left = [one for one in self.found if not any(pattern.search(one) for pattern in self._allowed)]
        assert not left, "\n".join(left)

    def told(self) -> str:
        """What the pages showed last, and what they had asked for: beside a test that failed."""
        lines = []
        for page in self._pages:
            with contextlib.suppress(PlaywrightError):
                shown = page.locator("body").inner_text(timeout=5000)[:SHOWN_LETTERS]
                fields = page.evaluate(FIELDS)
                lines.append(f"{page.url}\n{shown}\nfields: {fields}")
        for at, asked, end in self._asked[-LAST_REQUESTS:]:
            lines.append(
                f"{at - self._asked[0][0]:8.2f} s {asked.method} {asked.url}: {end[0] if end else 'NO ANSWER'}"
            )
        return "\n".join(lines)

    def _began(self, asked: Request) -> None:
        self._asked.append((time.monotonic(), asked, []))

    def _ended(self, asked: Request, how: str) -> None:
        for at, one, end in reversed(self._asked):
            if one is asked:
                end.append(f"{how} after {time.monotonic() - at:.2f} s")
                return

    def _said(self, said: ConsoleMessage) -> None:
        # The browser's own line about an answer says nothing of which answer; that is told below.
        if said.type == "error" and not said.text.startswith("Failed to load resource"):
            self._note(f"console: {said.text}")

    def _failed(self, asked: Request) -> None:
        self._ended(asked, f"failed ({asked.failure})")
        # A page lets go of what it no longer needs.
        if asked.failure != "net::ERR_ABORTED":
            self._note(f"no answer: {asked.url} ({asked.failure})")

    def _answered(self, answer: Response) -> None:
        # A page may be refused evidence, and says so; it is never to ask for a file that is not there.
        if answer.status >= (500 if "/v1/" in answer.url else 400):
            self._note(f"answer {answer.status}: {answer.url}")

    def _note(self, text: str) -> None:
        self.found.append(text)


def ready(page: Page, *, fine: bool = False) -> None:
    """Wait until the timeline is drawn, or drawn as finely as it will be."""
    page.wait_for_selector(f"html[data-{'fine' if fine else 'ready'}]", state="attached")


def no_violations(page: Page, *, within: str = "body") -> None:
    """What axe finds against accessibility in a page as it is now: nothing."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        """async (within) => {
             const { violations } = await axe.run(within, { resultTypes: ["violations"] });
             const told = (node) => `${node.target.join(" ")}: ${node.failureSummary}`;
             return violations.map((one) => [one.id, one.help, ...one.nodes.slice(0, 4).map(told)]);
           }""",
        within,
    )
    assert not found, "\n".join("\n   ".join(one) for one in found)


def picture(page: Page, name: str) -> None:
    """Keep a picture of a page for the documentation, if pictures are asked for."""
    if PICTURED:
        PICTURES.mkdir(exist_ok=True)
        # What is asked for one after another comes without a pause; a picture is of all of it.
        page.wait_for_load_state("networkidle")
        # A screen has few colours: a palette of them takes a third of the bytes and cannot be told from it.
        taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        taken.quantize(256, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)
