"""Rates: a bucket for each address and key, 429 with the seconds to wait beyond; and the log of who is nobody."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.world import World, world_in
from vestige.access import refusals
from vestige.access.limits import MOST_NAMES, Buckets
from vestige.access.refusals import Refusals
from vestige.api import rates
from vestige.api.limits import SMALL_BYTES

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from pathlib import Path

    from vestige.api.rates import Rates


def test_a_bucket_gives_what_it_holds_and_then_what_it_gains() -> None:
    at = [0.0]
    buckets = Buckets(2, 4, lambda: at[0])
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 1]
    assert buckets.take("b") == 0
    at[0] = 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 1]
    at[0] = 100.0
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 1]
    assert Buckets(0.1, 1, lambda: at[0]).take("a") == 0
    slow = Buckets(0.1, 1, lambda: at[0])
    assert [slow.take("a"), slow.take("a")] == [0, 10]
    assert [Buckets(0, 0).take("a") for _ in range(9)] == [0] * 9


def test_only_so_many_names_are_remembered() -> None:
    buckets = Buckets(1, 1)
    for number in range(MOST_NAMES + 10):
        buckets.take(str(number))
    assert len(buckets._buckets) == MOST_NAMES


def stopped(world: World) -> World:
    """The same, its buckets gaining nothing any more: a slow machine must not fill them again."""
    at = time.monotonic()
    made: Rates = world.api.state.rates
    for buckets in (made.addresses, made.keys, made.sign_ins, made.polls):
        buckets._clock = lambda: at
    return world


def test_beyond_the_rate_of_a_key_is_429_and_only_that_key(tmp_path: Path) -> None:
    with world_in(tmp_path / "data", limit_key_requests=3) as world:
        stopped(world)
        reader = world.client("key:read")
        answers = [reader.get("/v1/sources") for _ in range(12)]
        refused = [one for one in answers if one.status_code == 429]
        assert {one.status_code for one in answers} == {200, 429}
        assert len(answers) - len(refused) == 6
        assert refused[0].json()["code"] == "rate"
        assert int(refused[0].headers["retry-after"]) >= 1
        assert world.client("auditor").get("/v1/sources").status_code == 200
        assert all(world.client("here").get("/v1/sources").status_code == 200 for _ in range(12))
        assert world.acts("access.refused") == []
        sender = world.client("key:ingest")
        told = [sender.post("/services/collector/event", content=b'{"event":"x"}') for _ in range(12)]
        late = next(one for one in told if one.status_code == 429)
        assert (late.json()["code"], late.headers["retry-after"]) == (9, "1")
        logs = sender.post("/v1/logs", json={}, headers={"Content-Type": "application/json"})
        assert (logs.status_code, logs.headers["retry-after"]) == (429, "1")


def test_beyond_the_rate_of_an_address_nothing_is_looked_up(tmp_path: Path) -> None:
    with world_in(tmp_path / "data", limit_address_requests=3) as world:
        stopped(world)
        answers = [httpx.get(f"{world.url}/v1/sources") for _ in range(10)]
        assert {one.status_code for one in answers} == {401, 429}
        assert [one.status_code for one in answers[:6]] == [401] * 6
        late = next(one for one in answers if one.status_code == 429)
        assert late.headers["content-type"] == "application/problem+json"
        assert "retry-after" in late.headers
        assert len(late.headers["x-request-id"]) == 26


def test_what_is_read_of_who_proves_nothing_is_little(tmp_path: Path) -> None:
    with world_in(tmp_path / "data") as world:
        for path in ("/v1/login", "/v1/people/requests", "/v1/login/device"):
            for size, status in ((SMALL_BYTES - 100, 415), (SMALL_BYTES + 1, 413)):
                assert httpx.post(f"{world.url}{path}", content=b" " * size).status_code == status, (path, size)
            unstated = iter([b" " * SMALL_BYTES, b" "])
            answer = httpx.post(f"{world.url}{path}", content=unstated)
            assert (answer.status_code, answer.json()["code"]) == (413, "input.too_large")


def test_tries_to_sign_in_are_few(tmp_path: Path) -> None:
    with world_in(tmp_path / "data", limit_sign_ins=5) as world:
        stopped(world)
        body = {"email": "who@example.org", "password": "wrong guess"}
        answers = [httpx.post(f"{world.url}/v1/login", json=body).status_code for _ in range(8)]
        assert answers[:5] == [401] * 5
        assert answers[5:] == [429] * 3
        assert httpx.post(f"{world.url}/v1/people/requests", json={"email": "a@b.c"}).status_code == 429


def test_programs_that_wait_use_up_nobodys_tries(tmp_path: Path) -> None:
    with world_in(tmp_path / "data", limit_sign_ins=3, limit_device_polls=5) as world:
        stopped(world)
        begun = httpx.post(f"{world.url}/v1/login/device", json={}).json()
        told = {"device_code": begun["device_code"]}
        polls = [httpx.post(f"{world.url}/v1/login/device/token", json=told) for _ in range(8)]
        assert [one.status_code for one in polls] == [409] * 5 + [429] * 3
        assert (polls[-1].json()["code"], "DEVICE_POLLS" in polls[-1].json()["expected"]) == ("rate", True)
        assert int(polls[-1].headers["retry-after"]) >= 1
        body = {"email": "who@example.org", "password": "wrong guess"}
        answers = [httpx.post(f"{world.url}/v1/login", json=body).status_code for _ in range(4)]
        assert answers == [401, 401, 429, 429]


@pytest.mark.parametrize(("host", "name"), [
    ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::", "2001:db8:1:2::/64"),
    ("2001:db8:1:3::1", "2001:db8:1:3::/64"), ("::1", "::/64"), ("fe80::1%eth0", "fe80::/64"),
    ("::ffff:192.0.2.1", "192.0.2.1"), ("", ""), ("testclient", "testclient"),
])  # fmt: skip
def test_a_network_of_ipv6_is_one_address(host: str, name: str) -> None:
    assert rates.whose(host) == name


def test_whoever_has_a_network_of_addresses_has_one_bucket(tmp_path: Path) -> None:
    with world_in(tmp_path / "data", limit_address_requests=2, limit_sign_ins=2) as world:
        stopped(world)

        def ask(host: str, method: str = "GET", path: str = "/healthz") -> int:
            told: list[int] = []

            async def receive() -> dict[str, Any]:
                return {"type": "http.request", "body": b"{}"}

            async def send(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    told.append(message["status"])

            scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
                     "headers": [(b"content-type", b"application/json")], "client": (host, 1), "scheme": "http",
                     "server": ("127.0.0.1", 80), "http_version": "1.1", "root_path": ""}  # fmt: skip
            asyncio.run(world.api(scope, receive, send))
            return told[0]

        assert [ask(f"2001:db8::{number}") for number in range(6)] == [200] * 4 + [429] * 2
        assert [ask(f"2001:db8:0:{number}::1") for number in range(1, 6)] == [200] * 5
        begun = [ask(f"2001:db8:9::{number}", "POST", "/v1/login/device") for number in range(4)]
        assert begun == [201, 201, 429, 429]


def test_refusals_of_nobody_are_folded_and_in_no_ledger(tmp_path: Path) -> None:
    with world_in(tmp_path / "data") as world:
        head = world.head
        for _ in range(5):
            httpx.get(f"{world.url}/v1/sources")
        httpx.get(f"{world.url}/v1/audit", headers={"Authorization": "Bearer secret-in-a-header"})
        world.installation.refusals.write(due=True)
        assert world.head == head
        text = (tmp_path / "data" / "refused.jsonl").read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        assert sum(line["refused"] for line in lines) == 6
        assert {line["address"] for line in lines} == {"127.0.0.1"}
        assert "secret-in-a-header" not in text


def test_the_log_of_refusals_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_ADDRESSES", 3)
    monkeypatch.setattr(refusals, "MOST_BYTES", 100)
    log = Refusals(tmp_path / "refused.jsonl")
    for number in range(10):
        for path in range(20):
            log.note(f"192.0.2.{number}", f"GET /{path}")
    log.write(due=True)
    lines = [json.loads(line) for line in (tmp_path / "refused.jsonl").read_text().splitlines()]
    assert [line["address"] for line in lines] == ["192.0.2.0", "192.0.2.1", "192.0.2.2", "others"]
    assert sum(line["refused"] for line in lines) == 200
    assert max(len(line["of"]) for line in lines) == refusals.MOST_KINDS + 1
    log.note("192.0.2.0", "GET /")
    log.write(due=True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["refused.jsonl", "refused.jsonl.1"]
