"""The client itself: one thread sends what the buffer holds, batch by batch, in the order it was given.

A batch carries an ``Idempotency-Key`` of its own and is sent again, unchanged, until it is answered: a server that was
killed between its commit and its answer adds nothing the second time. It waits between two tries, twice as long each
time and as long as ``Retry-After`` says. What cannot be mended by sending again (a wrong token, a rollback of the
ledger) ends the sending: the next call says so, and what was not sent is still counted.
"""

from __future__ import annotations

import json
import random
import secrets
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from vestige.client.answers import LONGEST_WAIT, raise_for, retry_after
from vestige.client.buffer import Buffer, BufferFullError
from vestige.client.watch import Acknowledged, Watch
from vestige.model.errors import InputError, StorageError, TooLargeError, UsageError, VestigeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

PATH = "/v1/ingest/events"
FIRST_WAIT = 0.1
KEPT_REFUSALS = 100
Answer = TypeVar("Answer")


class RefusedError(InputError):
    """The server took the batches, but not some events of them; ``refusals`` holds the first with the reasons."""

    def __init__(self, count: int, refusals: list[tuple[bytes, str]]) -> None:
        super().__init__(f"{count} events were refused", got=refusals[0][1][:200] if refusals else "")
        self.count = count
        self.refusals = refusals


class NotSentError(StorageError):
    """Time was up before everything was acknowledged."""


class Client:
    """Sends events to a Vestige server.

    Args:
        url: the server.
        token: ``vst_…``.
        source: the source's name.
        memory: a file that remembers the ledger's last checkpoint; none: the server is taken at its word.
        block: whether :meth:`send` waits while the buffer is full; if not it raises ``BufferFullError``.
        most_events: events that may wait in memory.
        most_bytes: bytes of them.
        batch_events: most events of one request.
        batch_bytes: most bytes of one.
        linger: seconds a batch may wait for more.
        watch_every: batches between two looks at the ledger.
        timeout: seconds a request may take.
        transport: for another road than TCP.

    Raises:
        RollbackError: the ledger is not the one that ``memory`` remembers, or has shrunk.
        VestigeError: the server answers, and refuses.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        source: str = "declared",
        memory: Path | None = None,
        block: bool = True,
        most_events: int = 100_000,
        most_bytes: int = 64 << 20,
        batch_events: int = 500,
        batch_bytes: int = 4 << 20,
        linger: float = 0.2,
        watch_every: int = 50,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=timeout, transport=transport
        )
        self._source = source
        self._block = block
        self._batch = batch_events, batch_bytes, linger
        self._buffer = Buffer(most_events, most_bytes)
        self._watch = Watch(self._http, memory) if memory is not None else None
        self._watch_every = watch_every
        self._stop = threading.Event()
        """Nothing is sent any more."""
        self._given_up = threading.Event()
        """Nobody waits for what is being sent any more."""
        self._failure: VestigeError | None = None
        self._refused = 0
        self._refusals: list[tuple[bytes, str]] = []
        self._lock = threading.Lock()
        self._key = secrets.token_hex(16)
        self._number = 0
        self._chance = random.Random()  # noqa: S311 - spreads retries, no secret
        self.acknowledged = 0
        """Events that are in the ledger."""
        self._looked = self._watch is None or self._look(self._watch)
        self._thread = threading.Thread(target=self._run, name="vestige-client", daemon=True)
        self._thread.start()

    @property
    def unsent(self) -> int:
        """Events given to :meth:`send` that are not acknowledged yet."""
        return self._buffer.unsent

    def send(self, event: Mapping[str, Any]) -> None:
        """Take an event; it is sent soon.

        Raises:
            BufferFullError: there is no room for it, and waiting is not wanted.
            VestigeError: what ended the sending.
        """
        payload = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        self._raise()
        if self._stop.is_set():
            raise UsageError("the client is closed")
        try:
            self._buffer.put(payload, block=self._block, stopped=self._stop.is_set)
        except BufferFullError:
            self._raise()
            raise
        self._raise()

    def flush(self, timeout: float | None = None) -> None:
        """Wait until everything sent so far is in the ledger.

        Args:
            timeout: seconds; none: for ever.

        Raises:
            NotSentError: time was up.
            RefusedError: the server refused some events since the last call.
            VestigeError: what ended the sending.
        """
        empty = self._buffer.wait_empty(timeout, self._stop.is_set)
        self._raise()
        if not empty:
            raise NotSentError("not everything was acknowledged in time", got=f"{self.unsent} events are not")
        with self._lock:
            count, refusals = self._refused, self._refusals
            self._refused, self._refusals = 0, []
        if count:
            raise RefusedError(count, refusals)

    def close(self, timeout: float | None = None) -> None:
        """Send what waits, look at the ledger once more, and end.

        Raises:
            VestigeError: as :meth:`flush`; the client is closed all the same.
        """
        try:
            self.flush(timeout)
        finally:
            self._buffer.close()
            self._given_up.set()
            self._thread.join()
            try:
                if self._watch is not None and self._failure is None:
                    self._watch.check()
            except httpx.HTTPError as error:
                raise NotSentError("the ledger could not be looked at once more", got=str(error)[:200]) from None
            finally:
                self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look(self, watch: Watch) -> bool:
        """Look at the ledger at the start; whether the server answered. If not, it is done before anything is sent."""
        try:
            watch.check()
        except httpx.HTTPError:
            return False
        except VestigeError:
            self._http.close()
            raise
        return True

    # -- the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        batches = 0
        try:
            if self._watch is not None and not self._looked:
                self._until_answered(self._watch.check)
            while not self._given_up.is_set() and (batch := self._buffer.take(*self._batch)):
                self._send(batch, self._next_key())
                self._buffer.done()
                batches += 1
                if self._watch is not None and batches % self._watch_every == 0:
                    self._until_answered(self._watch.check)
        except VestigeError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - told to whoever calls next; an error that nobody sees loses events
            self._failure = StorageError("the client failed", got=f"{type(error).__name__}: {error}"[:200])
        finally:
            self._stop.set()

    def _next_key(self) -> str:
        self._number += 1
        return f"{self._key}-{self._number}"

    def _send(self, batch: list[bytes], key: str) -> None:
        try:
            answer = self._until_answered(lambda: self._post(batch, key))
        except TooLargeError:
            if len(batch) == 1:
                self._refuse(batch[0], "the event is too large for the server")
                return
            # Refused whole, so the halves are new batches.
            half = len(batch) // 2
            self._send(batch[:half], key + "a")
            self._send(batch[half:], key + "b")
            return
        results = answer["results"]
        for payload, result in zip(batch, results, strict=True):
            if result["status"] in {"refused", "conflict"}:
                self._refuse(payload, str(result.get("reason", result["status"])))
            else:
                self.acknowledged += 1
        if self._watch is not None:
            taken = [one for one in results if one["status"] == "accepted"]
            if taken:
                self._watch.acknowledged(Acknowledged.of(taken[-1]))

    def _refuse(self, payload: bytes, reason: str) -> None:
        with self._lock:
            self._refused += 1
            if len(self._refusals) < KEPT_REFUSALS:
                self._refusals.append((payload, reason))

    def _post(self, batch: list[bytes], key: str) -> Any:  # noqa: ANN401 - JSON
        answer = self._http.post(
            PATH,
            content=b"\n".join(batch),
            headers={"Idempotency-Key": key, "X-Source-Id": self._source, "Content-Type": "application/x-ndjson"},
        )
        if answer.headers.get("content-type", "").startswith(("application/json", "application/problem+json")):
            found = answer.json()
            if "results" in found:  # of a single event the status is its own
                return found
        raise_for(answer)
        raise StorageError("the server's answer is none", got=f"{answer.status_code}: {answer.text[:100]}")

    def _until_answered(self, act: Callable[[], Answer]) -> Answer:
        """Do it again, ever more slowly, until the server answers or the client is closed.

        Raises:
            VestigeError: the server refuses.
        """
        wait = FIRST_WAIT
        while True:
            asked = 0.0
            try:
                return act()
            except httpx.HTTPStatusError as error:
                asked, said = retry_after(error.response), f"{error.response.status_code}"
            except httpx.TransportError as error:
                said = f"{type(error).__name__}: {error}"
            if self._given_up.wait(max(asked, wait * self._chance.uniform(0.5, 1))):
                raise NotSentError("the client was closed before the server answered", got=said[:200])
            wait = min(wait * 2, LONGEST_WAIT)

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure
