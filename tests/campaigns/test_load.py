"""Readers and writers of the declared timeline at once: no server error, nothing acknowledged lost, nobody turned away.

No rate is configured, so no answer may be 429. The times printed are of this machine as it is; nothing is asserted of
them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.program import serving

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = float(os.environ.get("VESTIGE_TEST_LOAD_SECONDS", "3"))
WHOLE = SECONDS >= 60
READERS, WRITERS = (200, 20) if WHOLE else (40, 4)
READS = (
    "/timeline?limit=20",
    "/timeline?category=scan.completed&limit=20",
    "/timeline?trace_id=trace-{trace}",
    "/timeline?details.findings=3&limit=5",
    "/v1/search?q=type:notify.sent&limit=20",
    "/healthz",
)
PATIENCE = 120.0


@dataclass
class Seen:
    """What everybody saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def take(self, answer: httpx.Response) -> bool:
        self.statuses[answer.status_code] += 1
        if answer.status_code in {200, 201, 304}:
            return True
        self.problems.append(answer.text[:300])
        return False


async def read(client: httpx.AsyncClient, seen: Seen, until: float, number: int) -> None:
    tags: dict[str, str] = {}
    while time.monotonic() < until:
        path = READS[number % len(READS)].format(trace=number % WRITERS)
        begun = time.monotonic()
        answer = await client.get(path, headers={"If-None-Match": tags[path]} if path in tags else {})
        seen.reads.append(time.monotonic() - begun)
        if seen.take(answer) and "etag" in answer.headers:
            tags[path] = answer.headers["etag"]
        number += 1


async def write(client: httpx.AsyncClient, seen: Seen, until: float, number: int) -> None:
    sent = 0
    while time.monotonic() < until:
        events: list[dict[str, Any]] = [
            {
                "timestamp": f"2025-11-01T10:{number:02}:{sent % 60:02}Z",
                "category": ("scan.completed", "notify.sent")[place % 2],
                "trace_id": f"trace-{number}",
                "details": {"findings": place, "channel": "#load", "writer": number, "sent": sent, "place": place},
            }
            for place in range(5)
        ]
        begun = time.monotonic()
        answer = await client.post("/timeline/events", content=json.dumps(events))
        seen.writes.append(time.monotonic() - begun)
        if seen.take(answer):
            results = answer.json()["results"]
            assert [one["status"] for one in results] == ["accepted"] * len(events), results
            seen.acknowledged |= {one["id"] for one in results}
        sent += 1


async def everybody(url: str, token: str) -> tuple[Seen, float]:
    seen = Seen()
    context = ssl.create_default_context()
    async with contextlib.AsyncExitStack() as stack:
        # A client each, as people are: what many share one connection pool for, the pool would be measured by.
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE, verify=context
                )
            )
            for _ in range(WRITERS + READERS)
        ]
        begun = time.monotonic()
        until = begun + SECONDS
        async with asyncio.TaskGroup() as group:
            for number, client in enumerate(clients):
                group.create_task((write if number < WRITERS else read)(client, seen, until, number))
        return seen, time.monotonic() - begun


def at(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] * 1000


@pytest.mark.campaign
def test_many_read_and_write_at_once_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        assert running.token is not None
        seen, took = asyncio.run(everybody(running.url, running.token))
        headers = {"Authorization": f"Bearer {running.token}"}
        export = httpx.get(f"{running.url}/timeline/export", headers=headers, timeout=PATIENCE)
        verified = httpx.get(f"{running.url}/v1/ledger/verify", headers=headers, timeout=PATIENCE).json()
    kept = {json.loads(line)["id"] for line in export.text.splitlines()}
    print(f"\n{READERS} readers, {WRITERS} writers, {took:.0f} s: {len(seen.reads)} reads, {len(seen.writes)} writes")
    for name, times in (("read", seen.reads), ("write", seen.writes)):
        print(f"{name}: p50 {at(times, 0.5):.0f} ms, p99 {at(times, 0.99):.0f} ms")
    print(f"statuses {dict(seen.statuses)}; {len(seen.acknowledged)} events acknowledged, {len(kept)} kept")
    assert seen.problems == []
    assert set(seen.statuses) <= {200, 201, 304}
    assert len(seen.acknowledged) > 20
    assert kept == seen.acknowledged
    assert verified["ok"]
