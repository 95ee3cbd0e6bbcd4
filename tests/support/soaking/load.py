"""What a soak sends: a mix of declared events, bulk evidence and questions, as fast as answers come or at a fixed rate.

At a fixed rate the time of a request is counted from when it was **due**, not from when it could be sent: a server that
stands still for a second makes everybody wait who would have come within it, and a client that waits with it would
see one slow answer alone (G. Tene, "How NOT to Measure Latency", 2013: coordinated omission).
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVENTS, LINES = 100, 500
"""Records of one request of ``events``, and of ``lines``."""
FILE = 10_000
"""Records of one file that a log is filled with beforehand."""
ROUND = ("event",) * 8 + ("events",) * 2 + ("lines",) + ("page",) * 4 + ("search",) * 2 + ("density",) + ("show",) * 2
"""Of so many requests each round is made, in an order of its own."""
KINDS = tuple(dict.fromkeys(ROUND))
RECORDS = {"event": 1, "events": EVENTS, "lines": LINES}
RECORDS_A_REQUEST = sum(RECORDS.get(kind, 0) for kind in ROUND) / len(ROUND)
MOST_IN_FLIGHT = 48
PATIENCE = 120.0
BUSY = frozenset({429, 503})
"""Answers after which any client sends again; the request goes on to be due when it was."""
IMPORTING = b'"code":"busy"'
"""In the answer to lines that came while others were taken in; its status is told before that is known."""
MOST_REST = 2.0
"""Seconds for which a connection is kept unused: servers close those that rest, five seconds being usual."""
MOST_TOLD = 20
SEED = 20261127


class Request(NamedTuple):
    """One request, and how many records it adds."""

    kind: str
    method: str
    path: str
    body: bytes
    headers: dict[str, str]
    records: int


@dataclass
class Seen:
    """What came of the requests."""

    records: int = 0
    """Acknowledged."""
    requests: int = 0
    busy: int = 0
    wrong: list[str] = field(default_factory=list)
    importing: threading.Lock = field(default_factory=threading.Lock)
    _recent: deque[str] = field(default_factory=lambda: deque(maxlen=1000))
    _times: dict[str, list[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, kind: str, seconds: float) -> None:
        with self._lock:
            self._times.setdefault(kind, []).append(seconds)

    def taken(self) -> dict[str, list[float]]:
        """The times since it was last asked, by kind; in seconds."""
        with self._lock:
            times, self._times = self._times, {}
            return times

    def add(self, records: int, ids: list[str]) -> None:
        with self._lock:
            self.requests += 1
            self.records += records
            self._recent.extend(ids)

    def some(self) -> list[str]:
        """Ids of events that were acknowledged not long ago."""
        with self._lock:
            return list(self._recent)

    def complain(self, what: str) -> None:
        with self._lock:
            if len(self.wrong) < MOST_TOLD:
                self.wrong.append(what)


class Mix:
    """The requests, by number. Names repeat as those of an estate do; what grows is the log, and not its cast."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._numbers = itertools.count()

    def next_number(self) -> int:
        return next(self._numbers)

    def request(self, number: int) -> Request:
        chance = random.Random(SEED + number // len(ROUND))
        return self.of_kind(chance.sample(ROUND, len(ROUND))[number % len(ROUND)], number)

    def of_kind(self, kind: str, number: int) -> Request:
        chance = random.Random(SEED - number - 1)
        if kind in RECORDS:
            return self._sent(kind, number, chance)
        path = {
            "page": "/v1/timeline?order=desc&limit=100",
            "search": f"/v1/search?q=host:web-{chance.randrange(20)}&order=desc&limit=100",
            "density": f"/v1/timeline/density?buckets=300&q=host:web-{chance.randrange(20)}",
            "show": "/v1/events/" + (chance.choice(self._seen.some()) if kind == "show" else ""),
        }[kind]
        return Request(kind, "GET", path, b"", {}, 0)

    def lines(self, number: int, count: int, chance: random.Random) -> Request:
        """A file of so many lines of a web server's log."""
        body = "".join(_line(number, place, chance) for place in range(count)).encode()
        return Request("lines", "POST", "/v1/ingest/raw", body, {"X-Source-Id": "soak-web"}, count)

    def _sent(self, kind: str, number: int, chance: random.Random) -> Request:
        if kind == "lines":
            return self.lines(number, LINES, chance)
        count = RECORDS[kind]
        events = [_event(number, place, chance) for place in range(count)]
        body = json.dumps(events if kind == "events" else events[0]).encode()
        return Request(kind, "POST", "/v1/ingest/events", body, {"X-Source-Id": "soak-events"}, count)


def _event(number: int, place: int, chance: random.Random) -> dict[str, Any]:
    return {
        "event_type": chance.choice(("auth.login", "data.read", "deploy.finished", "job.done")),
        "occurred_at": datetime.now(UTC).isoformat(),
        "actor": {"id": f"user-{chance.randrange(200)}"},
        "device": {"id": f"web-{chance.randrange(20)}"},
        "network": {"src_ip": f"203.0.113.{chance.randrange(250)}"},
        "trace_id": f"trace-{number // 50}",
        "severity": chance.choice(("info", "low", "medium")),
        "message": f"request {number}, part {place}, took {chance.randrange(900)} ms",
    }


def _line(number: int, place: int, chance: random.Random) -> str:
    now = datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    path = f"/shop/item-{chance.randrange(300)}?request={number}-{place}"
    address, user = f"198.51.100.{chance.randrange(250)}", f"user-{chance.randrange(200)}"
    status, size = chance.choice((200, 200, 200, 304, 404, 500)), chance.randrange(100, 90_000)
    return f'{address} - {user} [{now}] "GET {path} HTTP/1.1" {status} {size} "-" "Mozilla/5.0 (X11; Linux x86_64)"\n'


class Sender:
    """One connection, kept open; a broken one is made anew."""

    def __init__(self, url: str, token: str, seen: Seen) -> None:
        self._at = urlsplit(url)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._seen = seen
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def ask(self, request: Request) -> bytes | None:
        """Send it until it is taken; the body of its answer, or none if it was wrong."""
        while True:
            try:
                status, body = self._once(request)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                self._seen.complain(f"{request.kind}: {error!r}")
                return None
            if status not in BUSY and not (request.kind == "lines" and IMPORTING in body):
                break
            self._seen.busy += 1
            time.sleep(0.2)
        if status not in {200, 201}:
            self._seen.complain(f"{request.kind}: {status} {body[:300]!r}")
            return None
        return body

    def send(self, request: Request) -> None:
        """Send it until it is taken, and count it."""
        # A tenant imports one file after another: who sends lines waits here, and not by asking again and again.
        with self._seen.importing if request.kind == "lines" else contextlib.nullcontext():
            body = self.ask(request)
        if body is None:
            return
        ids: list[str] = []
        if request.kind == "lines":
            report = json.loads(body.splitlines()[-1]).get("report", {})
            if report.get("parsed") != request.records:
                self._seen.complain(f"lines: {body[-300:]!r}")
                return
        elif request.records:
            told = json.loads(body)
            if told["accepted"] != request.records:
                self._seen.complain(f"{request.kind}: {body[:300]!r}")
                return
            ids = [one["id"] for one in told["results"]]
        self._seen.add(request.records, ids)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _once(self, request: Request) -> tuple[int, bytes]:
        if time.monotonic() > self._used + MOST_REST:
            self.close()
        if self._connection is None:
            assert self._at.hostname is not None
            self._connection = http.client.HTTPConnection(self._at.hostname, self._at.port, timeout=PATIENCE)
        self._connection.request(request.method, request.path, request.body or None, self._headers | request.headers)
        answer = self._connection.getresponse()
        body = answer.read()
        self._used = time.monotonic()
        return answer.status, body


@dataclass(frozen=True)
class Load:
    """Who sends what to whom."""

    url: str
    token: str
    seen: Seen
    mix: Mix

    @classmethod
    def to(cls, url: str, token: str) -> Load:
        seen = Seen()
        return cls(url, token, seen, Mix(seen))

    @contextlib.contextmanager
    def steady(self, rate: float, seconds: float) -> Iterator[Callable[[], bool]]:
        """Requests a second, evenly, while the block is in; whether all were answered. They are waited for."""
        begun, first = time.monotonic(), self.mix.next_number() + 1

        def work(sender: Sender) -> None:
            while (number := self.mix.next_number()) < first + rate * seconds:
                due = begun + (number - first) / rate
                time.sleep(max(0.0, due - time.monotonic()))
                request = self.mix.request(number)
                sender.send(request)
                self.seen.took(request.kind, time.monotonic() - due)

        threads = self._start(work, MOST_IN_FLIGHT)
        try:
            yield lambda: not any(thread.is_alive() for thread in threads)
        finally:
            for thread in threads:
                thread.join()

    def pressed(self, clients: int, seconds: float) -> None:
        """So many clients, each of which sends again as soon as it is answered; once at least."""
        until = time.monotonic() + seconds

        def work(sender: Sender) -> None:
            while True:
                sender.send(self.mix.request(self.mix.next_number()))
                if time.monotonic() >= until:
                    return

        for thread in self._start(work, clients):
            thread.join()

    def _start(self, work: Callable[[Sender], None], count: int) -> list[threading.Thread]:
        def run() -> None:
            sender = Sender(self.url, self.token, self.seen)
            try:
                work(sender)
            except BaseException as error:
                self.seen.complain(f"a client ended: {error!r}")
                raise
            finally:
                sender.close()

        threads = [threading.Thread(target=run, name=f"client-{number}") for number in range(count)]
        for thread in threads:
            thread.start()
        return threads


class Step(NamedTuple):
    """What so many clients came to."""

    clients: int
    records: float
    """Acknowledged and in the index, a second, the time until the index had them all included."""
    requests: float
    behind: float
    """Seconds after the last answer until the index had everything."""
    bounded: bool


def fill(load: Load, lag: Callable[[], float], records: int) -> None:
    """Have so many records taken in as files, and everything sent and asked once.

    The first of each kind opens stores and reads programs; and the engine's caches grow with the index up to their
    bounds, as do the parts it writes anew whenever it merges. That belongs to a log's first hours and is no leak.
    """
    with contextlib.closing(Sender(load.url, load.token, load.seen)) as sender:
        for kind in KINDS:
            sender.send(load.mix.of_kind(kind, load.mix.next_number()))
        for size in [FILE] * (records // FILE):
            sender.send(load.mix.lines(load.mix.next_number(), size, random.Random(SEED)))
    caught_up(lag)


def caught_up(lag: Callable[[], float]) -> None:
    until = time.monotonic() + PATIENCE
    while lag():
        assert time.monotonic() < until, "the index does not catch up"
        time.sleep(0.05)


def rested(load: Load) -> None:
    """Have the log verified, its index too, as a server does a minute after it was begun and then by the hour and day:
    what it does while that goes on is not what it can do."""
    with httpx.Client(
        base_url=load.url, headers={"Authorization": f"Bearer {load.token}"}, timeout=PATIENCE * 5
    ) as client:
        for name in ("verify", "verify-full", "verify-index"):
            until = time.monotonic() + PATIENCE * 5
            while True:
                told = json.loads(client.post(f"/v1/jobs/{name}/run").text.strip().rpartition("\n")[2])
                if told.get("problem", told).get("code") != "busy":  # not by the schedule just now
                    break
                assert time.monotonic() < until, told
                time.sleep(1)
            assert told["report"]["ok"], told


def capacity(load: Load, lag: Callable[[], float], seconds: float, clients: tuple[int, ...]) -> list[Step]:
    """How much comes through with ever more clients, each for so many seconds.

    A step is bounded if the index had everything within a fifth of the step's time after the last answer: what it takes
    to catch up must not grow with how long one goes on.
    """
    steps = []
    for count in clients:
        begun, records, requests = time.monotonic(), load.seen.records, load.seen.requests
        load.pressed(count, seconds)
        sent = time.monotonic()
        caught_up(lag)
        ended = time.monotonic()
        took, behind = ended - begun, ended - sent
        steps.append(
            Step(
                count,
                (load.seen.records - records) / took,
                (load.seen.requests - requests) / took,
                behind,
                behind <= seconds / 5,
            )
        )
    return steps
