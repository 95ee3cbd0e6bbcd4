"""Four nodes on one PostgreSQL, with their blobs in one bucket, killed, paused and cut off while clients send.

Each node has a data directory and an index of its own; ledger, keys and the signer's memory they share. A client sends
to any of them, and what is not acknowledged again, to any other. Afterwards every acknowledged event is there once and
under the id that was told, the log verifies, and each index has what the ledger has.

`make test` brings about 8 faults, `make campaign-nodes` 300; seed and faults are printed.
"""

from __future__ import annotations

import base64
import contextlib
import os
import random
import shutil
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from support.bucket import Buckets, buckets
from support.hammer import Killable
from support.postgres import Postgres
from support.program import Vestige
from vestige.db import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.campaign
NODES = 4
CLIENTS = 6
EACH = 3
"""Events of one request."""
SEED = 20261127
SECONDS = 180
LARGE = 70_000
"""Bytes of an event that lies in a blob."""


class Sent(NamedTuple):
    """A request's events, and the ids they were acknowledged under."""

    names: list[str]
    ids: list[str]


class Client(threading.Thread):
    """Sends until it is told to end, each request until it is acknowledged, and some of them again after that."""

    def __init__(self, number: int, nodes: list[Killable], token: str) -> None:
        super().__init__(name=f"client-{number}")
        self._number = number
        self._nodes = nodes
        self._headers = {"Authorization": f"Bearer {token}"}
        self._chance = random.Random(SEED + number)
        self.stop = threading.Event()
        self.acknowledged: list[Sent] = []
        self.said: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self) -> None:
        request = 0
        with httpx.Client(timeout=30, headers=self._headers) as client:
            while not self.stop.is_set():
                request += 1
                key = f"{self._number}-{request}"
                names = [f"{key}-{place}" for place in range(EACH)]
                body = [
                    {
                        "event_type": "data.read",
                        "occurred_at": "2026-05-17T10:00:00Z",
                        "actor": f"client-{self._number}",
                        "nonce": name,
                        **({"large": "x" * LARGE} if request % 10 == 5 else {}),
                    }
                    for name in names
                ]
                ids = self._until_acknowledged(client, key, body)
                if ids is None:
                    return
                self.acknowledged.append(Sent(names, ids))
                if request % 7 == 0:
                    again = self._until_acknowledged(client, key, body)
                    if again is not None and again != ids:
                        self.wrong.append(f"{key}: {ids}, and then {again}")
                time.sleep(0.02)

    def _until_acknowledged(self, client: httpx.Client, key: str, body: list[dict[str, str]]) -> list[str] | None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            node = self._chance.choice(self._nodes)
            try:
                answer = client.post(f"{node.url}/v1/ingest/events", json=body, headers={"Idempotency-Key": key})
            except httpx.HTTPError as error:
                self.said[type(error).__name__] += 1
                time.sleep(0.05)
                continue
            self.said[str(answer.status_code)] += 1
            if answer.is_success:
                return [one["id"] for one in answer.json()["results"]]
            if answer.status_code not in {429, 500, 503}:
                self.wrong.append(f"{key}: {answer.status_code} {answer.text[:300]}")
                return None
            time.sleep(0.05)
        self.wrong.append(f"{key} was never acknowledged")
        return None


class World(NamedTuple):
    """What faults befall."""

    nodes: list[Killable]
    postgres: Postgres
    database: str
    store: Buckets

    def fault(self, chance: random.Random) -> str:
        """Bring one about, a little after the last; which it was."""
        time.sleep(chance.uniform(0.1, 0.5))
        node = chance.choice(self.nodes)
        kind = chance.choice(("kill", "kill", "pause", "pause", "index lost", "cut", "bucket away", "crash"))
        if kind in {"kill", "index lost"}:
            node.kill()
            if kind == "index lost":
                shutil.rmtree(node.data / "index")
            node.start()
        elif kind == "pause":
            node.pause(chance.uniform(0.2, 2.0))
        elif kind == "cut":
            self.postgres.cut(self.database)
        elif kind == "bucket away":
            self.store.away(chance.uniform(0.2, 2.0))
        elif self.postgres.is_ours:
            self.postgres.crash()
        else:
            return "none: the database is not ours to crash"
        return kind


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A server of its own: it is ended, too."""
    made = Postgres.start()
    yield made
    made.stop()


def test_nothing_is_lost_doubled_or_forked(postgres: Postgres, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    faults, chance = pytestconfig.getoption("faults"), random.Random(SEED)
    name = postgres.create()
    with Database.open(postgres.url(name)) as db:
        db.migrate()
    with buckets() as store, contextlib.ExitStack() as stack:
        bucket = store.create()
        env = store.env | {
            "VESTIGE_DATABASE_URL": postgres.url(name),
            "VESTIGE_BLOBS_URL": f"s3://{bucket}/evidence",
            "VESTIGE_SIGNER_DIR": str(tmp_path / "signer"),
            "VESTIGE_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
        }
        nodes = [Killable(tmp_path / f"node-{number}", **env) for number in range(NODES)]
        for node in nodes:
            node.token = nodes[0].token  # the first to start makes it
            node.start()
            stack.callback(node.stop)
        clients = [Client(number, nodes, nodes[0].token) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        world = World(nodes, postgres, name, store)
        brought = Counter(world.fault(chance) for _ in range(faults))
        for client in clients:
            client.stop.set()
        for client in clients:
            client.join()
        sent = [one for client in clients for one in client.acknowledged]
        said = sum((client.said for client in clients), Counter())
        print(f"seed {SEED}: {dict(brought)}; {len(sent)} requests of {EACH} events acknowledged; answers {dict(said)}")
        assert [wrong for client in clients for wrong in client.wrong] == []
        assert len(sent) > CLIENTS, "nothing was shown"
        assert store.keys(bucket), "no event lay in a blob"
        told = {name: own for one in sent for name, own in zip(one.names, one.ids, strict=True)}
        for node in nodes:
            held = _held(node)
            assert {name: held.get(name) for name in told} == told
        for node in nodes:
            node.stop()
        for number in range(NODES):  # each index, row by row, against what the ledger gives
            checked = Vestige(tmp_path / f"node-{number}").run("integrity", "check", "--index", stdin=b"", **env)
            assert checked.returncode == 0, checked.stdout + checked.stderr
        checked = Vestige(tmp_path / "node-0").run("ledger", "verify", "--json", stdin=b"", **env)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def _held(node: Killable) -> dict[str, str]:
    """What a node's index has of the clients' events, once it says that it lacks nothing: their ids; no name twice."""
    deadline, least = time.monotonic() + SECONDS, 0
    while True:
        found, lag = _found(node)
        if not lag:
            return found
        if not least or lag < least:  # one whose index was lost last has all of it to read
            deadline, least = time.monotonic() + SECONDS, lag
        assert time.monotonic() < deadline, f"{node.url} lacks {lag} entries, and none came in {SECONDS} s"
        time.sleep(0.5)


def _found(node: Killable) -> tuple[dict[str, str], int]:
    """The events that a node answers with, and how many entries it says they may lack."""
    found: dict[str, str] = {}
    lag = 0
    params: dict[str, str | int] = {"q": "type:data.read", "limit": 1000}
    with httpx.Client(base_url=node.url, timeout=60, headers={"Authorization": f"Bearer {node.token}"}) as client:
        while True:
            page = client.get("/v1/search", params=params).raise_for_status().json()
            lag = max(lag, page.get("index_lag", 0))
            for event in page["events"]:
                name = event["attributes"]["nonce"]
                assert name not in found, f"{name} is there twice: {found[name]}, {event['id']}"
                found[name] = event["id"]
            if not page.get("next_cursor"):
                return found, lag
            params["cursor"] = page["next_cursor"]
