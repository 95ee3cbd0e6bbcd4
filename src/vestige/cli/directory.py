"""The road to a data directory: the socket of whoever holds it, or the holding of it.

A holder may end between two requests of a command, or between being found and being asked: a long import that is over,
a server that is restarted or killed. The road is then opened again, which ends with the next holder or with this
process as the holder. It is not opened again where this process is the holder: its own failure would only repeat.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Self

import httpx

from vestige.app import DataDirLock, load_settings, refuse_foreign, require_installation, short_path
from vestige.cli.connection import Road, trusted

if TYPE_CHECKING:
    from types import TracebackType

    from vestige.cli.options import Globals

WAIT_SECONDS = 10.0
LOCAL_SECONDS = 3600.0
"""A verification of a large ledger may take its time."""


class DirectoryRoad(Road):
    """Open it by entering it.

    Args:
        options: which directory.
        command: what the lock names as the holder, if this process becomes it.
        headers: of every request.
        makes: whether the command may make the directory if there is none.
    """

    local = True

    def __init__(self, options: Globals, command: str, headers: dict[str, str], *, makes: bool) -> None:
        self._settings = load_settings(data=options.data)
        self._lock = DataDirLock(self._settings.data)
        self._command = command
        self._headers = headers
        self._makes = makes
        self._stack = contextlib.ExitStack()
        self._holding = False

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def again(self, error: httpx.TransportError) -> bool:
        """Open the road again if the holder is gone.

        Raises:
            BusyError: the next holder does not answer within 10 seconds.
        """
        if self._holding or isinstance(error, httpx.TimeoutException):
            return False
        self._stack.close()
        self._open()
        return True

    def _open(self) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        if self._makes:
            refuse_foreign(self._settings)
        elif not self._lock.is_there():
            require_installation(self._settings)
        while True:
            if self._lock.acquire(self._command):
                self._hold()
                return
            if self._lock.socket.exists() and self._find():
                return
            if time.monotonic() > deadline:
                raise self._lock.busy()
            time.sleep(0.05)

    def _hold(self) -> None:
        # Read here: it is the whole product, and where somebody else holds the directory it is not needed.
        from vestige.api import Server, create_api  # noqa: PLC0415
        from vestige.app import Installation  # noqa: PLC0415

        self._holding = True
        with contextlib.ExitStack() as stack:
            stack.callback(self._lock.release)
            if not self._makes:
                # Only now: whoever held the directory until here may have been making it.
                require_installation(self._settings)
            installation = stack.enter_context(Installation.open(self._settings))
            server = Server(create_api(installation), self._settings, self._lock.socket)
            server.start()
            stack.callback(server.stop)
            self.client = self._dial(stack)
            self._stack = stack.pop_all()

    def _find(self) -> bool:
        """Whether the holder answers; it is then whom the client speaks to."""
        with contextlib.ExitStack() as stack:
            try:
                client = self._dial(stack)
                found = client.get("/healthz", timeout=WAIT_SECONDS).is_success
            except (httpx.TransportError, OSError):
                return False
            if found:
                self.client = client
                self._stack = stack.pop_all()
            return found

    def _dial(self, stack: contextlib.ExitStack) -> httpx.Client:
        path = stack.enter_context(short_path(self._lock.socket))
        return stack.enter_context(
            httpx.Client(
                transport=httpx.HTTPTransport(uds=path, verify=trusted(plain=True)),
                base_url="http://vestige",
                headers=self._headers,
                timeout=LOCAL_SECONDS,
            )
        )
