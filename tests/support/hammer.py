"""Senders at work while the server is killed with -9 and started again, on the same port and data directory."""

from __future__ import annotations

import base64
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from support.prepared import Prepared, ran
from support.program import environment

if TYPE_CHECKING:
    from collections.abc import Callable

SUPPORT = Path(__file__).resolve().parent
SECONDS = 120


class Killable:
    """A server that can be killed and comes back where it was.

    What it says on standard error is kept beside its data directory, in :attr:`said`.
    """

    def __init__(self, data: Path, **env: str) -> None:
        self.data = data
        self.said = data.with_name(f"{data.name}.stderr")
        self._env = env
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self.command = ["-m", "vestige"]
        """How Python is to run the program."""
        self.options: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        place = ["--port", str(self.port), "--data", str(self.data)]
        with self.said.open("ab") as said:
            process = self._process = Prepared(
                [sys.executable, *self.command, "up", *place, *self.options],
                stdout=subprocess.PIPE,
                stderr=said,
                env=environment(**self._env),
            )
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith(b"listening on "), (first, self.said.read_text()[-4000:])
        if not self.token:
            self.token = process.stdout.readline().decode().strip()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def pause(self, seconds: float) -> None:
        """Let it stand still for so long, as a machine does whose memory is moved, or which swaps."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(SECONDS)
            assert process.stdout is not None
            process.stdout.close()


class Outcome(NamedTuple):
    """What the senders were told, and what is there."""

    acknowledged: int
    retried: int
    """Sends whose answer was lost or refused, and that were made again."""
    held: list[bytes]
    """The payloads in the log, in order."""


def hammer(
    server: Killable,
    data: Path,
    send: Callable[[int, int], object],
    *,
    kills: int = 2,
    senders: int = 4,
    sends: int = 60,
) -> Outcome:
    """Let senders send, kill the server as often as asked while they do, and see what is there afterwards.

    ``send(sender, number)`` returns once its records are acknowledged and raises if they are not: it is then called
    again, as any client would.
    """
    done = [0]
    retried = [0]
    lock = threading.Lock()
    failures: list[BaseException] = []
    deadline = time.monotonic() + SECONDS

    def work(sender: int) -> None:
        for number in range(sends):
            while True:
                try:
                    send(sender, number)
                except Exception as error:  # noqa: BLE001 - whatever a client raises, it sends again
                    with lock:
                        retried[0] += 1
                    if time.monotonic() > deadline:
                        failures.append(error)
                        return
                    time.sleep(0.05)
                else:
                    break
            with lock:
                done[0] += 1

    threads = [threading.Thread(target=work, args=(sender,)) for sender in range(senders)]
    for thread in threads:
        thread.start()
    killed = 0
    for kill in range(kills):
        due = senders * sends * (kill + 1) // (kills + 1)
        while done[0] < due and not failures and time.monotonic() < deadline:
            time.sleep(0.002)
        assert failures == []
        assert any(thread.is_alive() for thread in threads), "the kill came too late"
        server.kill()
        killed += 1
        server.start()
    for thread in threads:
        thread.join()
    server.stop()
    assert failures == []
    assert killed == kills
    return Outcome(done[0], retried[0], held(data))


def held(data: Path) -> list[bytes]:
    """The evidence of a data directory nobody serves; it must verify and be in the index."""
    run = ran([sys.executable, str(SUPPORT / "received.py"), str(data)], env=environment())
    assert run.returncode == 0, run.stderr.decode()
    report = json.loads(run.stdout)
    assert report["verified"]
    assert report["lag"] == 0
    return [base64.b64decode(payload) for payload in report["payloads"]]
