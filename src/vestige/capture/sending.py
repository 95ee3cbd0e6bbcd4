"""Sends what waits: segment by segment, until each is answered, and into the ledger once.

What a server will never take is put aside, not thrown away, and told; what it does not take now is tried again, ever
more slowly. What agents said goes in as a file would (``/v1/ingest/raw``: the same bytes again add nothing), what
capture says as declared events, under the segment's name as ``Idempotency-Key``.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx
import orjson

from vestige.capture.records import OWN
from vestige.capture.repository import source_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vestige.capture.spool import Segment, Spool

LINGER: Final = 2.0
"""Seconds for which events are gathered."""
_FIRST_WAIT: Final = 2.0
_LONGEST_WAIT: Final = 300.0
_AGAIN: Final = frozenset({401, 403, 404, 408, 425, 429, 500, 502, 503, 504})
"""Answers that may be another one later; a key that is not known yet, or no more, among them."""
_TIMEOUT: Final = 60.0


@dataclass(slots=True)
class Sent:
    """How sending goes."""

    last_sent: float = 0.0
    """Seconds since 1970; 0 if nothing was sent since the start."""
    events: int = 0
    error: str = ""
    """The last error, until something was sent after it."""
    errors: dict[str, str] = field(default_factory=dict)
    """By repository why it waits."""


class NotNow(Exception):  # noqa: N818 - an answer, not a fault
    """Why something is not sent now; ``wait`` is how many seconds the server asks for."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


class Never(Exception):  # noqa: N818 - as above
    """Why a server will not take something."""


class Sender:
    """Sends a user's spool from a thread of its own.

    Args:
        spool: what waits.
        refused: a folder for what no server takes.
        about: what is known of a spool's repository: ``name``, ``server``.
        token_for: the token for a server and a repository's name; empty if there is none.
        on_look: called before each look at the spool.
    """

    def __init__(
        self,
        spool: Spool,
        refused: Path,
        about: Callable[[str], dict[str, str]],
        token_for: Callable[[str, str], str],
        on_look: Callable[[], None],
    ) -> None:
        self._spool = spool
        self._refused = refused
        self._about = about
        self._token_for = token_for
        self._on_look = on_look
        self._http = httpx.Client(timeout=_TIMEOUT, follow_redirects=False)
        self._stop = threading.Event()
        self._one = threading.Lock()
        self._waits: dict[str, tuple[float, float]] = {}
        """By repository until when it waits, and how long that was."""
        self._chance = random.Random()  # noqa: S311 - spreads retries, no secret
        self.sent = Sent()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being sent is sent to its end, or sent again later."""
        self._stop.set()
        self._thread.join(_TIMEOUT)
        self._http.close()

    def flush(self) -> None:
        """Try everything now."""
        self._waits.clear()
        self._round()

    def _run(self) -> None:
        while not self._stop.wait(LINGER):
            try:
                self._round()
            except Exception as error:  # noqa: BLE001 - told by `status`; what waits still waits
                self.sent.error = f"{type(error).__name__}: {error}"[:300]

    def _round(self) -> None:
        with self._one:
            self._on_look()
            for name in self._spool.waiting():
                if self._waits.get(name, (0.0, 0.0))[0] <= time.monotonic():
                    self._send_all(name)

    def _send_all(self, name: str) -> None:
        """Send what waits of a repository. Its segment is closed only now: while it waits, it grows."""
        for segment in self._spool.closed(name):
            if self._stop.is_set():
                return
            try:
                self._send(segment)
            except NotNow as why:
                self._put_off(name, str(why), why.wait)
                return
            except Never as why:
                self._put_aside(segment, str(why))
            self._waits.pop(name, None)
            self.sent.errors.pop(name, None)

    def _put_off(self, name: str, why: str, asked: float) -> None:
        before = self._waits.get(name, (0.0, _FIRST_WAIT / 2))[1]
        wait = min(before * 2, _LONGEST_WAIT)
        self._waits[name] = time.monotonic() + max(asked, wait * self._chance.uniform(0.5, 1)), wait
        self.sent.error = self.sent.errors[name] = why

    def _put_aside(self, segment: Segment, why: str) -> None:
        self._refused.mkdir(mode=0o700, exist_ok=True)
        (self._refused / segment.path.name).write_bytes(segment.path.read_bytes())
        (self._refused / segment.path.name).chmod(0o600)
        self._spool.done(segment)
        self.sent.error = f"refused for good: {why}"

    def _send(self, segment: Segment) -> None:
        about = self._about(segment.repository)
        server, name = about.get("server", ""), about.get("name", "")
        if not server:
            raise NotNow("no server is named: `vestige agent init --server URL`", _LONGEST_WAIT / 5)
        token = self._token_for(server, name)
        if not token:
            raise NotNow(f"no key for {server}: `vestige agent init --server URL`", _LONGEST_WAIT / 5)
        found = segment.records()
        if found:
            headers = {"Authorization": f"Bearer {token}"}
            self._post(segment, server.rstrip("/"), headers, source_of(name), found)
        self._spool.done(segment)
        self.sent.last_sent = time.time()
        self.sent.events += len(found)
        self.sent.error = ""

    def _post(self, segment: Segment, server: str, headers: dict[str, str], source: str, found: list[bytes]) -> None:
        body = b"\n".join(found) + b"\n"
        own = segment.stream == OWN
        headers |= (
            {"X-Source-Id": source, "Idempotency-Key": segment.key, "Content-Type": "application/x-ndjson"}
            if own
            else {"X-Source-Id": quote(source, safe=""), "X-Filename": segment.path.name}
        )
        try:
            answer = self._http.post(f"{server}/v1/ingest/{'events' if own else 'raw'}", content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NotNow(f"{server} does not answer: {type(error).__name__}") from None
        said = _lines(answer.content)
        if own and any("results" in one for one in said):
            _judge(said[0]["results"])
            return
        if answer.status_code in _AGAIN:
            raise NotNow(_told(answer, said), _asked(answer))
        if not answer.is_success:
            raise Never(_told(answer, said))
        if not own and not any("report" in one for one in said):
            raise NotNow(_told(answer, said))


def _judge(results: list[dict[str, Any]]) -> None:
    """Whether all events of a request are in the ledger.

    Raises:
        Never: some are refused.
    """
    bad = [one for one in results if one.get("status") not in {"accepted", "duplicate"}]
    if bad:
        raise Never(f"{len(bad)} of {len(results)} events: {bad[0].get('reason', '')}"[:300])


def _lines(content: bytes) -> list[dict[str, Any]]:
    """The JSON objects of an answer, which is one of them, or one a line."""
    found = []
    for line in content.splitlines():
        try:
            one = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(one, dict):
            found.append(one)
    return found


def _told(answer: httpx.Response, said: list[dict[str, Any]]) -> str:
    problem: dict[str, Any] = next((one.get("problem", one) for one in said if "problem" in one or "title" in one), {})
    words = " ".join(str(problem.get(name, "")) for name in ("title", "got", "hint"))
    return f"{answer.status_code} {words}".strip()[:300]


def _asked(answer: httpx.Response) -> float:
    told = answer.headers.get("retry-after", "")
    return min(float(told), _LONGEST_WAIT) if told.isascii() and told.isdigit() else 0.0
