"""What every receiver of other systems' protocols shares: how a request comes in, and how it is held to its bounds.

A receiver authenticates before it reads, reads no more than it may hold, answers after the commit, and pushes back
instead of dropping: beyond the requests one receiver has in flight, or the bytes all of them hold, it answers "busy"
with ``Retry-After``, in its protocol's own form (:class:`Receiving`).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, NamedTuple

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from vestige.api.callers import Caller, Need
from vestige.api.coding import WINDOW, coding_of, inflate, too_large
from vestige.api.problems import invalid, noted, respond
from vestige.app import Context, Settings, Stream, Taken, split_json
from vestige.model.errors import (
    BusyError,
    InputError,
    UnauthenticatedError,
    VestigeError,
)
from vestige.model.permission import Permission
from vestige.model.vocabulary import refuse_own_source

WEBHOOKS = "webhooks"
_APART = frozenset({WEBHOOKS})
"""Receivers that must read before they know who sends: what they hold is counted apart, so that strangers who fill it
take nothing from senders with a token."""
SOURCE = "x-source-id"
SOURCE_LENGTH = 200
_DOCUMENT = Context(received_at=0, extra=(("layout", "document"),))


class Gates:
    """How much the receivers of one process have in flight. Safe to use from many threads.

    Args:
        requests: most requests of one receiver at once.
        most_bytes: most bytes of bodies, decompressed or not, that all of them hold at once.
    """

    def __init__(self, requests: int, most_bytes: int) -> None:
        self._requests = requests
        self._most = most_bytes
        self._lock = threading.Lock()
        self._in_flight: Counter[str] = Counter()
        self._held: Counter[str] = Counter()

    @classmethod
    def of(cls, settings: Settings) -> Gates:
        """As the settings say."""
        return cls(settings.limit_receiver_requests, settings.limit_receiver_bytes)

    @contextlib.contextmanager
    def enter(self, receiver: str) -> Iterator[Held]:
        """Count a request for as long as it lasts.

        Raises:
            BusyError: the receiver has as many as it takes.
        """
        with self._lock:
            if self._in_flight[receiver] >= self._requests:
                raise BusyError(
                    "this receiver has as many requests as it takes",
                    expected=f"at most {self._requests} at once",
                    hint="send it again after the time Retry-After names, or raise VESTIGE_LIMIT_RECEIVER_REQUESTS",
                )
            self._in_flight[receiver] += 1
        held = Held(self, receiver if receiver in _APART else "")
        try:
            yield held
        finally:
            with self._lock:
                self._in_flight[receiver] -= 1
                self._held[held.pool] -= held.size

    def take(self, pool: str, count: int) -> None:
        """Count more bytes as held.

        Raises:
            BusyError: that would be more than all may hold.
        """
        with self._lock:
            if self._held[pool] + count > self._most:
                raise BusyError(
                    "the receivers hold as many bytes as they may",
                    expected=f"at most {self._most}",
                    hint="send it again after the time Retry-After names, or raise VESTIGE_LIMIT_RECEIVER_BYTES",
                )
            self._held[pool] += count


class Held:
    """What one request holds."""

    def __init__(self, gates: Gates, pool: str) -> None:
        self._gates = gates
        self.pool = pool
        self.size = 0

    def add(self, count: int) -> None:
        """Hold more bytes.

        Raises:
            BusyError: all receivers together hold too much.
        """
        self._gates.take(self.pool, count)
        self.size += count


@contextlib.contextmanager
def entered(request: Request, receiver: str) -> Iterator[Held]:
    """Count a request among its receiver's.

    Raises:
        BusyError: there are as many as it takes.
    """
    gates: Gates = request.app.state.gates
    with gates.enter(receiver) as held:
        yield held


async def body_of(request: Request, held: Held, most: int) -> bytes:
    """The request's body, decompressed.

    Raises:
        TooLargeError: more than ``most`` bytes, before or after decompression.
        MediaError: a content coding that is unknown.
        FormatError: bytes that are not of it.
        BusyError: the receivers hold as much as they may.
    """
    coding = coding_of(request)
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise too_large(most)
        held.add(len(chunk))
        parts.append(chunk)
    body = b"".join(parts)
    if coding and body:
        return await run_in_threadpool(inflate, body, WINDOW[coding], most, held.add)
    return body


class SchemeError(UnauthenticatedError):
    """Credentials of a kind that is not taken here."""


def token_of(request: Request, schemes: Sequence[str]) -> str:
    """Our token, however the protocol's clients carry one: empty if the header is missing.

    ``Basic`` carries it as the password, ``ApiKey`` bare or, as Elasticsearch's clients do, as base64 of ``id:token``.

    Raises:
        SchemeError: a header of another scheme, or one that cannot be read.
    """
    header = request.headers.get("authorization", "")
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if not header:
        return ""
    if scheme.lower() not in schemes or not value:
        raise SchemeError(
            "the Authorization header cannot be read",
            expected=" or ".join(f"{name.title()} …" for name in schemes),
            got=f"the scheme {scheme[:20]!r}",
        )
    if scheme.lower() == "basic" or (scheme.lower() == "apikey" and not value.startswith("vst_")):
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            text = ""
        return text.partition(":")[2] or "none"
    return value


def caller_by(*schemes: str) -> Need:
    """A dependency that lets in who may write, by a token in one of these schemes of the ``Authorization`` header."""
    return Need(Permission.EVIDENCE_WRITE, token_of=lambda request: token_of(request, schemes))


class Batch(NamedTuple):
    """Records of one request that go into one stream."""

    payloads: list[bytes]
    offsets: list[int]
    numbers: list[int]
    keys: list[Sequence[bytes]] | None = None

    @classmethod
    def new(cls, *, keyed: bool = False) -> Batch:
        """None yet."""
        return cls([], [], [], [] if keyed else None)

    def add(self, payload: bytes, offset: int, key: Sequence[bytes] = ()) -> None:
        """One more; its number is its place here."""
        self.numbers.append(len(self.payloads))
        self.payloads.append(payload)
        self.offsets.append(offset)
        if self.keys is not None:
            self.keys.append(key)


def values_of(body: bytes) -> Iterator[tuple[bytes, int]]:
    """The exact bytes of each JSON value of a body, and where it begins; of a top-level array, of each element."""
    for records in split_json(io.BytesIO(body), context=_DOCUMENT):
        for record in records:
            yield record.payload, record.offset


async def append(caller: Caller, stream: Stream, batch: Batch) -> list[Taken]:
    """Append a request's records, and wait for the commit.

    Raises:
        ForbiddenError: the caller's key is bound to other sources.
    """
    if caller.sources:
        await run_in_threadpool(caller.may_write, stream.source)
    return await run_in_threadpool(
        caller.rooms.intake.receive,
        stream,
        batch.payloads,
        offsets=batch.offsets,
        numbers=batch.numbers,
        keys=batch.keys,
    )


def source_of(request: Request, default: str) -> str:
    """The source's name: what ``X-Source-Id`` says, or the receiver's own.

    Raises:
        InputError: the name is too long.
        UsageError: it is the installation's own.
    """
    name = request.headers.get(SOURCE, "").strip() or default
    if len(name) > SOURCE_LENGTH:
        raise InputError(
            "the source's name is too long",
            expected=f"at most {SOURCE_LENGTH} characters",
            got=f"{len(name)}",
            field="X-Source-Id",
        )
    refuse_own_source(name, "X-Source-Id")
    return name


class Receiving(APIRoute):
    """A route whose errors are answered in its protocol's own form: a subclass gives :meth:`failed`."""

    def failed(self, request: Request, error: VestigeError) -> Response:
        """The answer to an error."""
        del request
        return respond(error)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, its errors answered here."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except VestigeError as error:
                return self.failed(request, noted(request, error))
            except RequestValidationError as error:
                return self.failed(request, noted(request, invalid(error)))

        return handler
