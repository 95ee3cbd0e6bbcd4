"""Bodies that come compressed: gzip and deflate, by ``Content-Encoding`` (RFC 9110, section 8.4), within bounds."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from vestige.model.errors import FormatError, MediaError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request

WINDOW: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""zlib's window bits by content coding."""
_SLICE: Final = 64 << 10
_PIECE: Final = 1 << 20


def coding_of(request: Request) -> str:
    """How a request's body is compressed: a name of :data:`WINDOW`, or empty if it is not.

    Raises:
        MediaError: in a way nobody here undoes.
    """
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity", *WINDOW}:
        raise MediaError(
            "the body's content coding is not known here",
            expected="gzip, deflate or identity",
            got=coding[:40],
            field="Content-Encoding",
        )
    return coding if coding in WINDOW else ""


def inflate(data: bytes, window: int, most: int, grown: Callable[[int], None]) -> bytes:
    """Decompress, in bounded pieces.

    Args:
        data: one compressed stream.
        window: zlib's window bits.
        most: bytes above which this is given up.
        grown: told of every piece's size before the next.

    Raises:
        TooLargeError: it decompresses to more than ``most``.
        FormatError: it is not, or not wholly, what it says it is.
    """
    parts: list[bytes] = []
    size = 0
    decoder = zlib.decompressobj(window)

    def keep(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        if size > most:
            raise too_large(most)
        grown(len(piece))
        parts.append(piece)

    try:
        for start in range(0, len(data), _SLICE):
            rest = data[start : start + _SLICE]
            while rest and not decoder.eof:
                keep(decoder.decompress(rest, _PIECE))
                rest = decoder.unconsumed_tail
            if decoder.eof and (decoder.unused_data or start + _SLICE < len(data)):
                raise FormatError("bytes follow the compressed body", expected="one stream and nothing behind it")
        while piece := b"" if decoder.eof else decoder.decompress(b"", _PIECE):
            keep(piece)
    except zlib.error as error:
        raise FormatError("the body is not compressed as it says", got=str(error)) from None
    if not decoder.eof:
        raise FormatError("the compressed body ends early", expected="all of it", got=f"{size} bytes of it")
    return b"".join(parts)


def too_large(most: int) -> TooLargeError:
    """The error of a body that is longer than ``most`` bytes, as it comes or decompressed."""
    return TooLargeError("the body is too large", expected=f"at most {most} bytes", hint="send it in several requests")
