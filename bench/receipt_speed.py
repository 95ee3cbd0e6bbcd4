"""The row ``receipt``: how long a sender waits from an event of its own to a signed proof that the log has it.

One event is appended, and its receipt is asked for: a checkpoint is signed over it at once, so what comes back is an
inclusion proof that nobody has to wait for again. So many times one after another, while another client appends at a
stated rate; over HTTP to one running server, and within the process, on either database. Each receipt is verified under
the log's published key after the clock has stopped: a proof that does not hold is not measured.
"""

from __future__ import annotations

import base64
import statistics
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
from bench.parts import Measure

from support.program import serving
from vestige.app import Installation, Settings
from vestige.model.principal import Principal
from vestige.proof import VerifierKey, parse_tlog_proof, verify_tlog_proof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.parts import Bench

TIMES, QUICK_TIMES = 300, 60
WARM = 5
"""Receipts before the first that counts: the first of a log also makes its keys be read."""
BESIDE = 20
"""Requests a second of the other client,"""
BATCH = 10
"""of so many events each."""
MOST_MS = 2000.0
BY = Principal("bench")

Got = tuple[str, bytes]
"""An entry's id, and the proof that came of it."""


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    times = QUICK_TIMES if bench.quick else TIMES
    out = []
    for engine in ("sqlite", "postgresql"):
        for way in ("over_http", "in_process"):
            bench.say(f"receipt: {times} times, {way.replace('_', ' ')}, {engine}")
            made = bench.server.create() if engine == "postgresql" else ""
            try:
                found = bench.part(
                    f"bench.receipt_speed:{way}",
                    folder=str(bench.place(f"receipt-{engine}")),
                    url=bench.server.url(made) if made else "",
                    times=times,
                )
            finally:
                if made:
                    bench.server.drop(made)
            out += _measures(f"{way.replace('_', ' ')}, {engine}", found)
    return out


def over_http(folder: str, url: str, times: int) -> dict[str, Any]:
    """As a sender has it: ``POST /v1/ingest/events``, then ``GET /v1/ledger/receipt/{entry}``, of a running server."""
    env = {"VESTIGE_DATABASE_URL": url} if url else {}
    with serving(Path(folder) / "data", **env) as server:
        headers = {"Authorization": f"Bearer {server.token}"}

        def client() -> httpx.Client:
            return httpx.Client(base_url=server.url, headers=headers, timeout=60)

        def post(through: httpx.Client, body: bytes) -> list[dict[str, Any]]:
            answer = through.post("/v1/ingest/events", content=body).raise_for_status()
            return list(answer.json()["results"])

        with client() as mine, client() as others:

            def ask(body: bytes) -> Got:
                entry = str(post(mine, body)[0]["id"])
                return entry, mine.get(f"/v1/ledger/receipt/{entry}").raise_for_status().content

            with beside(lambda body: post(others, body)) as sent:
                seconds, got = _asked(ask, times)
            keys = mine.get("/v1/ledger/keys").raise_for_status().json()

            def leaf(entry: str) -> bytes:
                return base64.b64decode(mine.get(f"/v1/events/{entry}/opening").raise_for_status().json()["leaf"])

            _check(got, keys, leaf)
    return {"seconds": seconds} | sent


def in_process(folder: str, url: str, times: int) -> dict[str, Any]:
    """The same within one process, without HTTP: ``Intake.declare``, then ``LedgerView.receipt``."""
    with Installation.open(Settings(data=Path(folder) / "data", database_url=url)) as installation:
        rooms = installation.rooms_of_slug(None)

        def declare(body: bytes) -> str:
            return rooms.intake.declare(body, source="declared", by=BY, idempotency_key="")[0].id

        def ask(body: bytes) -> Got:
            entry = declare(body)
            return entry, rooms.ledger.receipt(entry).encode()

        with beside(declare) as sent:
            seconds, got = _asked(ask, times)

        def leaf(entry: str) -> bytes:
            return base64.b64decode(rooms.opening(entry)["leaf"])

        _check(got, rooms.ledger.keys(), leaf)
    return {"seconds": seconds} | sent


@contextmanager
def beside(send: Callable[[bytes], object]) -> Iterator[dict[str, float]]:
    """Another client that sends at a steady rate, until the block is left; then how many events a second it got in."""
    told: dict[str, float] = {}
    over, failed = threading.Event(), list[BaseException]()
    sent = 0

    def go_on() -> None:
        nonlocal sent
        at = time.perf_counter()
        try:
            while not over.is_set():
                send(b"\n".join(_event("beside", sent + number) for number in range(BATCH)))
                sent += BATCH
                at += 1 / BESIDE
                over.wait(max(0.0, at - time.perf_counter()))
        except BaseException as error:  # noqa: BLE001 - told by the main thread, whatever it is
            failed.append(error)

    other = threading.Thread(target=go_on)
    other.start()
    began = time.perf_counter()
    try:
        yield told
    finally:
        over.set()
        took = time.perf_counter() - began
        other.join()
    if failed:
        raise failed[0]
    told["beside"] = sent / took


def _asked(ask: Callable[[bytes], Got], times: int) -> tuple[list[float], list[Got]]:
    """Seconds of each receipt, and what came."""
    for number in range(WARM):
        ask(_event("warm", number))
    seconds, got = [], []
    for number in range(times):
        body = _event("mine", number)
        began = time.perf_counter()
        got.append(ask(body))
        seconds.append(time.perf_counter() - began)
    return seconds, got


def _check(got: list[Got], keys: list[dict[str, Any]], leaf: Callable[[str], bytes]) -> None:
    """Hold each proof against the log's key and the entry it is said to be of.

    Raises:
        ProofError: one does not hold.
    """
    known = [VerifierKey.parse(key["vkey"]) for key in keys]
    for entry, proof in got:
        verify_tlog_proof(parse_tlog_proof(proof), leaf(entry), known, known[0].name)


def _event(actor: str, number: int) -> bytes:
    return orjson.dumps(
        {"event_type": "data.read", "occurred_at": "2026-11-26T12:00:00Z", "actor": actor,
         "message": f"{actor} read {number}", "attributes": {"n": number, "filling": "x" * 200}}
    )  # fmt: skip


def _measures(name: str, found: dict[str, Any]) -> list[Measure]:
    samples = sorted(seconds * 1000 for seconds in found["seconds"])
    late = samples[min(len(samples) - 1, int(len(samples) * 0.99))]
    note = f"{len(samples)} times; beside {found['beside']:.0f} events/s"
    return [
        Measure(f"event to receipt, {name}, p99", late, "ms", most=MOST_MS, samples=samples, note=note),
        Measure(f"event to receipt, {name}, p50", statistics.median(samples), "ms"),
    ]
