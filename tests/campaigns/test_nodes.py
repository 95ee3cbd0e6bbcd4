"""Four nodes on one PostgreSQL, with their blobs in one bucket, while everything around them fails and clients send.

Each node has a data directory and an index of its own; ledger, keys and the signer's memory they share. A client sends
to any of them, and what is not acknowledged again, to any other. Faults (:mod:`support.faults.kinds`) are brought about
in rounds. After each round the clients hold still: every acknowledged event must be there once and under the id that
was told, and the log must verify. At the end each index, row by row, must have what the ledger has.

`make test` brings about 10 faults, `make campaign-nodes` 1,000; seed, faults and answers are printed, and what this
machine does not allow.
"""

from __future__ import annotations

import random
import resource
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from support.faults.kinds import KINDS, Kind
from support.faults.world import World, world
from support.program import Vestige

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.hammer import Killable

pytestmark = pytest.mark.campaign
NODES = 4
CLIENTS = 6
EACH = 3
"""Events of one request."""
ROUND = 5
"""Faults between two looks at what is there."""
SEED = 20261127
SECONDS = 600
"""Within which a request is acknowledged at last, and an index has what it lacked."""
TIMEOUT = httpx.Timeout(15, connect=3)
LARGE = 70_000
"""Bytes of an event that lies in a blob."""
REFUSALS = {429, 500, 503, 507}
"""What a node may answer of which something fails: nothing was acknowledged, and it may be sent again."""


class Sent(NamedTuple):
    """A request's events, and the ids they were acknowledged under."""

    names: list[str]
    ids: list[str]


class Client(threading.Thread):
    """Sends until it is told to end, each request until it is acknowledged, and some of them again after that."""

    def __init__(self, number: int, nodes: Sequence[Killable], token: str, seed: int) -> None:
        super().__init__(name=f"client-{number}")
        self._number = number
        self._nodes = nodes
        self._headers = {"Authorization": f"Bearer {token}"}
        self._chance = random.Random(seed + number)
        self.stop = threading.Event()
        self.sends = threading.Event()
        """Cleared to let it hold still once its request is acknowledged."""
        self.sends.set()
        self.still = threading.Event()
        """Set while it does."""
        self.acknowledged: list[Sent] = []
        self.said: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self) -> None:
        try:
            self._run()
        finally:
            self.still.set()

    def _run(self) -> None:
        request = 0
        with httpx.Client(timeout=TIMEOUT, headers=self._headers, trust_env=False) as client:
            while not self.stop.is_set():
                if not self.sends.is_set():
                    self.still.set()
                    self.sends.wait()
                    self.still.clear()
                    continue
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
            if answer.status_code not in REFUSALS:
                self.wrong.append(f"{key}: {answer.status_code} {answer.text[:300]}")
                return None
            time.sleep(0.05)
        self.wrong.append(f"{key} was never acknowledged")
        return None


def test_nothing_is_lost_doubled_or_forked(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    faults, seed = pytestconfig.getoption("faults"), pytestconfig.getoption("faults_seed") or SEED
    chance, brought = random.Random(seed), Counter[str]()
    with world(tmp_path, NODES) as around:
        clients = [Client(number, around.nodes, around.nodes[0].token, seed) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            for turn, kinds in enumerate(_rounds(faults, around, chance)):
                for kind in kinds:
                    time.sleep(chance.uniform(0.1, 0.5))
                    kind.bring(around, chance)
                    brought[kind.name] += 1
                _hold_still(clients)
                told = _told(clients)
                node = around.nodes[turn % NODES]
                assert _held(node) == told, node.url
                _verified(node, around.env)
                said = ", ".join(kind.name for kind in kinds)
                print(f"round {turn + 1}: {said}; {len(told)} events acknowledged", flush=True)
                for client in clients:
                    client.sends.set()
        finally:
            for client in clients:
                client.stop.set()
                client.sends.set()
            answers = sum((client.said for client in clients), Counter[str]())
            print(f"seed {seed}: {sum(brought.values())} faults {dict(brought)}; answers {dict(answers)}")
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            print(f"{used.ru_utime + used.ru_stime:.0f} s of processor time so far by nodes that ended, and PostgreSQL")
            print(f"not done here: {'; '.join(_undone(around)) or 'nothing'}")
        for client in clients:
            client.join()
        told = _told(clients)
        assert len(told) > CLIENTS * EACH, "nothing was shown"
        assert around.store.keys(around.bucket), "no event lay in a blob"
        for node in around.nodes:
            assert _held(node) == told, node.url
        for node in around.nodes:
            node.stop()
        for node in around.nodes:  # each index, row by row, against what the ledger gives
            checked = Vestige(node.data).run("integrity", "check", "--index", stdin=b"", **around.env)
            assert checked.returncode == 0, checked.stdout + checked.stderr
        _verified(around.nodes[0], around.env)


def _rounds(faults: int, around: World, chance: random.Random) -> list[list[Kind]]:
    """Which faults, round by round: every kind that can be done here before any comes a second time by chance alone."""
    able = [kind for kind in KINDS if not kind.missing(around)]
    first = chance.sample(able, len(able))
    chosen = (first + chance.choices(able, [kind.weight for kind in able], k=faults))[:faults]
    return [chosen[at : at + ROUND] for at in range(0, faults, ROUND)]


def _undone(around: World) -> list[str]:
    return [*around.without, *(f"{kind.name}: {why}" for kind in KINDS if (why := kind.missing(around)))]


def _hold_still(clients: list[Client]) -> None:
    """Let every client's request be acknowledged, and then no other be sent."""
    for client in clients:
        client.still.clear()
        client.sends.clear()
    for client in clients:
        assert not client.is_alive() or client.still.wait(2 * SECONDS)
    assert [wrong for client in clients for wrong in client.wrong] == []


def _told(clients: list[Client]) -> dict[str, str]:
    """Every acknowledged event, and the id that was told of it."""
    sent = [one for client in clients for one in [*client.acknowledged]]
    return {name: own for one in sent for name, own in zip(one.names, one.ids, strict=True)}


def _verified(node: Killable, env: dict[str, str]) -> None:
    checked = Vestige(node.data).run("ledger", "verify", "--json", stdin=b"", **env)
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
    headers = {"Authorization": f"Bearer {node.token}"}
    with httpx.Client(base_url=node.url, timeout=60, headers=headers, trust_env=False) as client:
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
