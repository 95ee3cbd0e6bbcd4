"""Any string as a query: refused with the place of the fault, or answered; never with another tenant's events.

How they are asked: :mod:`support.fuzz.asking`. A part of them goes over HTTP to a server with two tenants. `make test`
tries a sample, `make campaign-fuzz-queries` a million.
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.engine import opened
from support.fuzz.asking import HELD, Logs, Outcome, part
from support.fuzz.queries import Queries
from support.program import serving
from vestige.app import Installation, Settings
from vestige.query import Scope

SEED = 20261126
SAMPLE = 1_200
OVER_HTTP = 50
"""Of so many strings one is sent over HTTP."""


@pytest.mark.campaign
def test_any_string_is_refused_or_answered_from_its_own_log(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    inputs = int(pytestconfig.getoption("--inputs") or SAMPLE)
    seed = int(pytestconfig.getoption("--fuzz-seed") or SEED)
    processes = (os.cpu_count() or 1) if inputs > SAMPLE else 1
    step = -(-inputs // processes)
    parts = [range(start, min(start + step, inputs)) for start in range(0, inputs, step)]
    folders = [str(tmp_path / str(place)) for place in range(len(parts))]
    for folder in folders:
        Path(folder).mkdir()
    # Each in a process of its own: the engine serves one folder per process.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(part, folders, [seed] * len(parts), parts))
    told = sum((outcome.told for outcome in outcomes), Counter())
    print(f"\nseed {seed}: " + ", ".join(f"{count:,} {what}" for what, count in sorted(told.items())))
    assert [breach for outcome in outcomes for breach in outcome.breaches] == []
    assert told["refused"] + told["answered"] == inputs
    assert told["answered"] > inputs // 3
    assert told["refused"] > inputs // 10
    assert told["held against the oracle"] > inputs // HELD // 3


WAYS = (
    "/v1/timeline",
    "/v1/search",
    "/v1/timeline/density",
    "/v1/facets",
    "/v1/timeline/stacks",
    "/v1/timeline/marks",
    "/v1/export",
)


@pytest.mark.campaign
def test_any_string_over_http_is_never_our_failure_and_shows_no_other_tenant(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    inputs = int(pytestconfig.getoption("--inputs") or SAMPLE) // OVER_HTTP
    queries = Queries(int(pytestconfig.getoption("--fuzz-seed") or SEED) + 1)
    data = tmp_path / "data"
    with Installation.open(Settings(data=data)) as installation:
        other = installation.access.first_owner_token(installation.access.ensure_tenant("other"))
    assert other is not None
    marks = [b"mark-of-the-default", b"mark-of-the-other"]
    statuses: Counter[int] = Counter()
    with serving(data) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        tokens = [server.token, other]
        for token, mark, own in zip(tokens, marks, ("of-one", "of-two"), strict=True):
            events: list[dict[str, Any]] = [
                {
                    "occurred_at": f"2026-01-0{1 + n % 9}T00:00:0{n % 10}Z",
                    "event_type": "auth.login",
                    "severity": "high",
                    "actor": {"id": "alice", "name": "bob"},
                    "message": f"alice {mark.decode()}",
                    "attributes": {"n": n, "mark": mark.decode(), "user": {"name": "bob"}},
                }
                for n in range(40)
            ]
            answer = client.post("/v1/ingest/events", json=events, headers={"Authorization": f"Bearer {token}"})
            assert answer.json()["accepted"] == 40, answer.text
            for name in ("shared", own):
                headers = {"Authorization": f"Bearer {token}"}
                case = client.post("/v1/cases", json={"name": name}, headers=headers).raise_for_status().json()["id"]
                body = {"query": "attributes.attributes.n:<20"}
                pinned = client.post(f"/v1/cases/{case}/selection", json=body, headers=headers).raise_for_status()
                assert pinned.json()["pinned"] == 20
        for number in range(inputs):
            mine = number % 2
            answer = client.get(
                WAYS[number // 2 % len(WAYS)],
                params={"q": queries.make(number).encode("utf-8", "surrogatepass")},
                headers={"Authorization": f"Bearer {tokens[mine]}"},
            )
            statuses[answer.status_code] += 1
            assert answer.status_code < 500, (queries.make(number), answer.text)
            assert marks[1 - mine] not in answer.content, queries.make(number)
            if answer.status_code != 200:
                assert answer.json()["code"], (queries.make(number), answer.text)
    print(f"\n{inputs:,} over HTTP: {dict(sorted(statuses.items()))}")
    assert statuses[200] > inputs // 3
    assert set(statuses) <= {200, 400, 422}


def test_a_condition_without_its_scope_would_be_told(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        logs = Logs(index)
        outcome = Outcome(Counter(), [])
        scoped = logs.reader.filter("", Scope(logs.logs[0]))
        logs.ask([(1, "scoped", logs.logs[0], scoped)], outcome)
        assert outcome.breaches == []
        loose = replace(scoped, where="category != 'vestige' AND {log:UInt32} > 0")
        logs.ask([(1, "loose", logs.logs[0], loose)], outcome)
    (breach,) = outcome.breaches
    assert "of another log" in breach
