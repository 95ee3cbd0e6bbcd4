"""Earlier copies of an event log: what a live one was before it grew, its header and last chunk as they were then."""

from __future__ import annotations

import struct
import zlib

HEADER, CHUNK, FIRST = 4096, 65536, 512


def earlier(data: bytes, chunks: int, records: int | None = None) -> bytes:
    """A file's first chunks, of the last of them only so many records, with the header that belongs to them."""
    kept = [bytearray(data[at : at + CHUNK]) for at in range(HEADER, HEADER + chunks * CHUNK, CHUNK)]
    if records is not None:
        _shorten(kept[-1], records)
    head = bytearray(data[:HEADER])
    struct.pack_into("<QQ", head, 16, chunks - 1, struct.unpack_from("<Q", kept[-1], 32)[0] + 1)
    struct.pack_into("<H", head, 42, chunks)
    struct.pack_into("<I", head, 124, zlib.crc32(head[:120]))
    return bytes(head) + b"".join(bytes(chunk) for chunk in kept)


def turned(data: bytes, chunks: int) -> bytes:
    """A file whose first chunks were moved behind the others in use, as in a log that began to overwrite its oldest."""
    cut, end = HEADER + chunks * CHUNK, len(data)
    while data[end - CHUNK : end].count(0) == CHUNK:
        end -= CHUNK
    return data[:HEADER] + data[cut:end] + data[HEADER:cut] + data[end:]


def _shorten(chunk: bytearray, records: int) -> None:
    at = last = FIRST
    for _ in range(records):
        last, at = at, at + struct.unpack_from("<I", chunk, at + 4)[0]
    number = struct.unpack_from("<Q", chunk, last + 8)[0]
    chunk[at:] = bytes(CHUNK - at)
    struct.pack_into("<Q", chunk, 16, number)
    struct.pack_into("<Q", chunk, 32, number)
    struct.pack_into("<III", chunk, 44, last, at, zlib.crc32(chunk[FIRST:at]))
    struct.pack_into("<I", chunk, 124, zlib.crc32(chunk[:120] + chunk[128:FIRST]))
