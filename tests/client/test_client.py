"""The client against a real server: everything once, whatever happens in between, and nobody takes it back unseen."""

from __future__ import annotations

import itertools
import json
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.hammer import Killable, held
from support.program import serving
from support.receiving import client_of, events
from vestige.client import BufferFullError, Client, NotSentError, RefusedError, RollbackError
from vestige.model.errors import UnauthenticatedError, UsageError, VestigeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.program import Running

NOBODY = "http://127.0.0.1:9"


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"event_type": "auth.login", "occurred_at": "2026-04-09T12:00:00Z", "session": f"s{number}", **more}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("client") / "data", VESTIGE_LIMIT_EVENTS_BODY_BYTES="200000") as running:
        yield running


def test_events_are_there_after_a_flush(server: Running, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    with Client(server.url, str(server.token), source="app", memory=memory, batch_events=100) as client:
        for number in range(1000):
            client.send(event(number, name="Ärger"))
        client.flush()
        assert (client.acknowledged, client.unsent) == (1000, 0)
    with client_of(server) as reader:
        found = events(reader, "source:app")
    assert [one["session"] for one in found] == [f"s{number}" for number in range(1000)]
    assert json.loads(memory.read_bytes())["note"]


def test_what_the_server_refuses_is_told_with_its_reason(server: Running) -> None:
    with Client(server.url, str(server.token), source="refused") as client:
        client.send(event(1))
        client.send({"no": "type"})
        client.send(event(2, occurred_at="yesterday"))
        with pytest.raises(RefusedError) as caught:
            client.flush()
        assert caught.value.count == 2
        assert json.loads(caught.value.refusals[0][0]) == {"no": "type"}
        assert all(reason for _, reason in caught.value.refusals)
        assert client.acknowledged == 1
        client.send({"alone": "and wrong"})
        with pytest.raises(RefusedError):
            client.flush()
        client.flush()  # told once


def test_a_batch_too_large_for_the_server_is_sent_in_halves(server: Running) -> None:
    with Client(server.url, str(server.token), source="halves", batch_bytes=1 << 20, linger=1) as client:
        for number in range(50):
            client.send(event(number, filler="x" * 20_000))
        client.flush()
        assert client.acknowledged == 50
        client.send(event(99, filler="x" * 300_000))
        with pytest.raises(RefusedError, match="1 events"):
            client.flush()
    with client_of(server) as reader:
        assert len(events(reader, "source:halves")) == 50


def test_a_wrong_token_is_told_and_not_tried_for_ever(server: Running, tmp_path: Path) -> None:
    client = Client(server.url, "vst_wrong")
    client.send(event(1))
    with pytest.raises(UnauthenticatedError):
        client.flush(30)
    with pytest.raises(UnauthenticatedError):
        client.send(event(2))
    with pytest.raises(UnauthenticatedError):
        client.close()
    with pytest.raises(UnauthenticatedError):
        Client(server.url, "vst_wrong", memory=tmp_path / "memory")


def test_memory_is_bounded_and_the_choice_is_the_callers() -> None:
    client = Client(NOBODY, "vst_x", block=False, most_events=3)
    for number in range(3):
        client.send(event(number))
    with pytest.raises(BufferFullError):
        client.send(event(3))
    assert client.unsent == 3
    with pytest.raises(NotSentError):
        client.close(0.1)
    with pytest.raises((UsageError, NotSentError)):
        client.send(event(4))
    small = Client(NOBODY, "vst_x", block=True, most_bytes=1000)
    with pytest.raises(BufferFullError):
        small.send(event(1, filler="x" * 1000))  # would never fit
    small.close(0.1)


def test_who_waits_for_room_gets_it_and_is_let_go_at_the_end(server: Running) -> None:
    with Client(server.url, str(server.token), source="room", most_events=10, batch_events=5, linger=0) as client:
        for number in range(100):
            client.send(event(number))
        client.flush()
        assert client.acknowledged == 100
    stuck = Client(NOBODY, "vst_x", most_events=1)
    stuck.send(event(1))
    told: list[BaseException] = []

    def wait() -> None:
        try:
            stuck.send(event(2))
        except VestigeError as error:
            told.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    with pytest.raises(NotSentError):
        stuck.close(0.3)
    thread.join(10)
    assert not thread.is_alive()
    assert len(told) == 1


def test_it_waits_as_long_as_the_server_asks(server: Running) -> None:
    """A stand-in for the network answers busy twice, then lets the real server answer."""
    asked: list[float] = []
    through = httpx.HTTPTransport()

    class Busy(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(time.monotonic())
            if len(asked) <= 2:
                return httpx.Response(503, headers={"Retry-After": "1"})
            return through.handle_request(request)

    with Client(server.url, str(server.token), source="busy", transport=Busy()) as client:
        client.send(event(1))
        client.flush()
        assert client.acknowledged == 1
    assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(asked[:3]))
    through.close()


def test_killed_under_load_everything_sent_is_there_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    server = Killable(data)
    server.start()
    clients = [
        Client(server.url, server.token, source=f"c{n}", memory=tmp_path / f"m{n}", batch_events=20, watch_every=5)
        for n in range(3)
    ]

    def work(number: int) -> None:
        for turn in range(600):
            clients[number].send(event(number * 1000 + turn))
            time.sleep(0.002)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    kills = 0
    for due in (300, 900):
        while sum(client.acknowledged for client in clients) < due:
            time.sleep(0.005)
        server.kill()
        kills += 1
        server.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close(60)
    server.stop()
    sessions = [json.loads(payload)["session"] for payload in held(data)]
    with capsys.disabled():
        print(f"\nclient: {len(sessions)} held of 1800 sent, {kills} kills", end="")
    assert sorted(sessions) == sorted(f"s{number * 1000 + turn}" for number in range(3) for turn in range(600))


class Home:
    """A data directory whose past can be put back."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.old = folder / "old"
        self.memory = folder / "memory"
        self.server = Killable(self.data)
        self.server.start()

    def client(self, **more: Any) -> Client:
        return Client(self.server.url, self.server.token, memory=self.memory, **more)

    def send(self, *numbers: int) -> None:
        with self.client() as client:
            for number in numbers:
                client.send(event(number))

    def keep(self) -> None:
        self.server.stop()
        shutil.copytree(self.data, self.old, ignore=shutil.ignore_patterns("index*", "vestige.sock"))
        self.server.start()

    def put_back(self, *, signer: bool) -> None:
        self.server.stop()
        if signer:
            shutil.rmtree(self.data)
            shutil.copytree(self.old, self.data)
        else:
            for name in ("vestige.sqlite", "vestige.sqlite-wal", "vestige.sqlite-shm"):
                (self.data / name).unlink(missing_ok=True)
                if (self.old / name).exists():
                    shutil.copy(self.old / name, self.data / name)
        self.server.start()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    made.send(1, 2, 3)
    made.keep()
    made.send(4, 5, 6)
    yield made
    made.server.kill()


def test_an_honest_restart_is_no_rollback(home: Home) -> None:
    home.server.kill()
    home.server.start()
    home.send(7)


def test_a_database_put_back_is_noticed_at_the_next_start(home: Home) -> None:
    home.put_back(signer=False)
    with pytest.raises(RollbackError):
        home.client()


def test_everything_put_back_is_noticed_though_the_server_cannot_know(home: Home) -> None:
    home.put_back(signer=True)
    with pytest.raises(RollbackError, match="shrunk"):
        home.client()


def test_a_fork_that_has_grown_past_what_is_remembered_is_noticed(home: Home) -> None:
    home.put_back(signer=True)
    remembered = home.memory.read_bytes()
    home.memory.unlink()
    home.send(*range(100, 140))
    home.memory.write_bytes(remembered)
    with pytest.raises(RollbackError, match="does not prove"):
        home.client()
    home.memory.unlink()
    home.send(200)  # accepted by a person


def test_what_was_acknowledged_since_the_last_look_must_be_there_too(home: Home) -> None:
    client = home.client(watch_every=1000)
    shutil.rmtree(home.old)
    home.keep()
    client.send(event(7))
    client.flush()
    home.put_back(signer=True)
    # Somebody else's entries fill the place, so that the log is longer than the client remembers.
    with Client(home.server.url, home.server.token) as other:
        for number in range(300, 310):
            other.send(event(number))
    client.send(event(8))
    with pytest.raises(RollbackError):
        client.close(60)


def test_a_damaged_memory_is_told(home: Home) -> None:
    home.memory.write_bytes(b"{}")
    with pytest.raises(RollbackError, match="holds no checkpoint"):
        home.client()
