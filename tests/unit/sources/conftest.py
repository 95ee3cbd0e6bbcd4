"""Streams and records for the tests of this room."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

import pytest

from vestige.model.errors import InputError
from vestige.sources import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vestige.model.event import Record

RECEIVED = 1_764_000_000_000_000_000  # 2025-11-24T16:00:00Z


class Drip(io.RawIOBase):
    """A stream that gives its bytes in reads of the sizes asked for, over and over, whatever the reader wants."""

    def __init__(self, data: bytes, sizes: Sequence[int], fault: Exception | None = None) -> None:
        super().__init__()
        self._data = data
        self._sizes = list(sizes) or [len(data) or 1]
        self._fault = fault
        self._at = 0
        self._turn = 0

    def read(self, size: int = -1, /) -> bytes:
        if self._at >= len(self._data) and self._fault is not None:
            raise self._fault
        want = self._sizes[self._turn % len(self._sizes)]
        self._turn += 1
        out = self._data[self._at : self._at + (want if size < 0 else min(size, want))]
        self._at += len(out)
        return out


@pytest.fixture(scope="session")
def drip() -> type[Drip]:
    return Drip


@pytest.fixture(scope="session")
def rebuilt() -> Callable[[bytes, Iterable[Sequence[Record]], int], bytes]:
    """Joins records with the bytes of the input that lie between them, and checks order and numbering on the way."""

    def join(data: bytes, batches: Iterable[Sequence[Record]], start: int = 0) -> bytes:
        at, parts = start, [data[:start]]
        expected = None
        for record in (record for batch in batches for record in batch):
            assert record.payload
            assert record.offset >= at
            assert expected is None or record.number == expected
            expected = record.number + 1
            parts += [data[at : record.offset], record.payload]
            at = record.offset + len(record.payload)
        return b"".join(parts) + data[at:]

    return join


@pytest.fixture(scope="session")
def payloads_until_error() -> Callable[[Iterable[Sequence[Record]]], tuple[list[bytes], InputError | None]]:
    """Takes records until the splitter raises; the payloads, and the error."""

    def take(batches: Iterable[Sequence[Record]]) -> tuple[list[bytes], InputError | None]:
        payloads: list[bytes] = []
        try:
            for batch in batches:
                payloads += [record.payload for record in batch]
        except InputError as error:
            return payloads, error
        return payloads, None

    return take


@pytest.fixture(scope="session")
def bytes_until_error() -> Callable[[BinaryIO], tuple[bytes, InputError | None]]:
    """Reads a stream until it raises; the bytes, and the error."""

    def take(stream: BinaryIO) -> tuple[bytes, InputError | None]:
        out = b""
        try:
            with stream:
                while part := stream.read(500):
                    out += part
        except InputError as error:
            return out, error
        return out, None

    return take


@pytest.fixture
def context() -> Context:
    return Context(received_at=RECEIVED)
