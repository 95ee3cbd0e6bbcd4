"""The capture program: one for a user, started by the first hook, ended by itself.

It holds what is slow to make (the rules of secrets, what differs in a working tree) and what must not lie about (what
hooks said, until its secrets are out). It proves at its start that it finds secrets; where it does not, it takes
nothing, says so in a file that ``vestige agent status`` and Git hooks show, and ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.capture.places import Places, sync_folder
from vestige.capture.sending import Sender
from vestige.capture.spool import Spool
from vestige.capture.taking import Message, Taking
from vestige.model.errors import BusyError, StorageError, VestigeError
from vestige.secrets import Redactor, load_rules, selftest

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE: Final = 600.0
"""Seconds without a hook after which the program ends, if nothing waits."""
IDLE_WAITING: Final = 4 * 3600.0
"""The same if something waits to be sent."""
_MOST_BYTES: Final = (16 << 20) + (1 << 20)
_PATIENCE: Final = 30.0
_AT_ONCE: Final = 16


class Program:
    """The program under way.

    Args:
        places: the user's folders.
        token_for: as :class:`~vestige.capture.sending.Sender` takes it.
        idle: seconds, instead of ``IDLE``.

    Raises:
        BusyError: another one runs.
        StorageError: it has no place to keep anything.
        VestigeError: it does not find secrets.
    """

    def __init__(self, places: Places, token_for: Callable[[str, str], str], *, idle: float = IDLE) -> None:
        places.make()
        self._places = places
        self._idle = idle
        self._lock = _locked(places)
        try:
            key = places.key()
            redactor = Redactor(load_rules(), key)
            selftest(redactor)
        except Exception as error:
            # Whatever it is: a person must see that nothing is captured.
            with contextlib.suppress(OSError):
                places.refused.write_text(f"{str(error) or type(error).__name__}\n")
            os.close(self._lock)
            raise
        places.refused.unlink(missing_ok=True)
        self._spool = Spool(places.spool)
        self._taking = Taking(self._spool, places.spool, redactor, key)
        self._sender = Sender(self._spool, places.state / "refused-events", self._taking.about, token_for, self._trim)
        self._used = time.monotonic()
        # Not an event: a signal's handler sets it, and may not wait for a lock.
        self._stop = False
        self._unkept = 0

    def run(self) -> None:
        """Serve until nobody needs it, or it is asked to end."""
        # A socket's path may have no more than 107 bytes.
        os.chdir(self._places.state)
        self._places.socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            before = os.umask(0o177)
            try:
                listening.bind(self._places.socket.name)
            finally:
                os.umask(before)
            listening.listen(128)
            listening.settimeout(0.5)
            self._lost()
            self._sender.start()
            with ThreadPoolExecutor(_AT_ONCE) as workers:
                while not self._stop and not self._over():
                    with contextlib.suppress(TimeoutError):
                        road, _ = listening.accept()
                        self._used = time.monotonic()
                        workers.submit(self._serve, road)
                # Nobody new finds it; who found it is answered.
                self._places.socket.unlink(missing_ok=True)
                listening.settimeout(0)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        workers.submit(self._serve, listening.accept()[0])
        self._sender.stop()
        self._taking.close()
        os.close(self._lock)

    def stop(self) -> None:
        """Ask it to end."""
        self._stop = True

    def _over(self) -> bool:
        return time.monotonic() - self._used > (IDLE_WAITING if self._spool.size else self._idle)

    def _serve(self, road: socket.socket) -> None:
        with road:
            road.settimeout(_PATIENCE)
            directory = ""
            try:
                message = Message.read(_received(road))
                directory = message.directory
                answer = self._answer(message)
            except (OSError, VestigeError) as error:
                self._unkept += 1
                answer = f"no {error}".encode()[:500]
            except Exception as error:  # noqa: BLE001 - told, and counted: nothing goes in silence
                self._unkept += 1
                answer = f"no {type(error).__name__}".encode()
                with contextlib.suppress(OSError):
                    self._taking.missed([(time.time_ns(), directory)])
            with contextlib.suppress(OSError):  # the hook may not have waited
                road.sendall(answer + b"\n")

    def _answer(self, message: Message) -> bytes:
        if message.what in {"agent", "git"}:
            self._taking.take(message)
            return b"ok"
        if message.what == "stop":
            self._stop = True
        elif message.what == "flush":
            self._sender.flush()
        return orjson.dumps(self._status())

    def _status(self) -> dict[str, Any]:
        sent = self._sender.sent
        waiting = []
        for name, one in self._spool.waiting().items():
            about = self._taking.about(name)
            waiting.append(
                {
                    "repository": about.get("name", ""),
                    "server": about.get("server", ""),
                    "events": one.events,
                    "bytes": one.size,
                    "since": one.since,
                    "error": sent.errors.get(name, ""),
                }
            )
        return {
            "running": True,
            "pid": os.getpid(),
            "taken": self._taking.taken,
            "not_kept": self._unkept,
            "sent": sent.events,
            "last_sent": sent.last_sent,
            "error": sent.error,
            "waiting": waiting,
        }

    def _trim(self) -> None:
        """Hold the spool within its bounds, and say what went."""
        gone = self._spool.trim(time.time())
        if gone:
            self._taking.dropped(gone)

    def _lost(self) -> None:
        """Say what hooks could hand to nobody."""
        try:
            lines = self._places.lost.read_bytes().splitlines()
        except OSError:
            return
        parts = [line.partition(b" ") for line in lines]
        self._taking.missed([(int(at), os.fsdecode(directory)) for at, _, directory in parts if at.isdigit()])
        self._places.lost.unlink(missing_ok=True)
        sync_folder(self._places.state)


def _locked(places: Places) -> int:
    """The lock, held."""
    try:
        lock = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError("the lock of capture cannot be made", got=error.strerror or "") from None
    for _ in range(10):
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        time.sleep(0.05)  # a hook holds it for a moment, to see whether somebody does
    os.close(lock)
    raise BusyError("the capture program runs already")


def _received(road: socket.socket) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := road.recv(1 << 16):
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            raise StorageError("more than a hook hands over", expected=f"{_MOST_BYTES} bytes")
    return b"".join(parts)
