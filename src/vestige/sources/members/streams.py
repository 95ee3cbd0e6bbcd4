"""Byte streams over files, windows of files, and compressed data, that give all that can be read before they fail.

Every stream here obeys one rule the standard library's readers do not: an error is raised only when no readable byte
is left before it. ``read(n)`` may return fewer than ``n`` bytes; only an empty answer means the end. Errors carry
the offset in the decompressed data at which reading stopped.
"""

from __future__ import annotations

import bz2
import contextlib
import io
import lzma
import os
import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from vestige.model.errors import FormatError, InputError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

READ_BYTES = 128 << 10
STEP_BYTES = 1 << 20
"""The most a decompressor hands out at once: memory stays bounded whatever the ratio."""
SMALL_STEP = 64 << 10
XZ_MEMORY = 256 << 20

GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
DEFLATE = b""
"""No magic: what only an archive's directory tells."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a walk: against archives made to exhaust the reader, and folders it must not enter.

    The numbers concern what is decompressed; plain files have none.
    """

    max_ratio: int = 400
    """Decompressed bytes per compressed byte; looked at only above ``ratio_from``, since a repetitive log of honest
    size may well compress several hundred to one."""
    ratio_from: int = 256 << 20
    max_member: int = 64 << 30
    """Decompressed bytes of one member."""
    max_total: int = 512 << 30
    """Decompressed bytes of everything one walk reads."""
    max_members: int = 100_000
    """Members of one archive."""
    besides: frozenset[tuple[int, int]] = frozenset()
    """Folders, by device and inode, that are named and not entered."""


class Budget:
    """How much one walk has decompressed. Reading the same member again does not count twice."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._total = 0

    def account(self) -> Account:
        """The account of one member."""
        return Account(self)

    def spend(self, count: int) -> bool:
        """Take ``count`` bytes; false where the total does not allow them."""
        self._total += count
        return self._total <= self.limits.max_total


class Account:
    """The high-water mark of one member's decompressed bytes, charged to its walk."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._high = 0
        self._refusal: TooLargeError | None = None

    def check(self, made: int, taken: int) -> None:
        """Note that ``made`` bytes came out of ``taken`` compressed ones.

        Raises:
            TooLargeError: one of the limits is passed.
        """
        if self._refusal is not None and made >= (self._refusal.offset or 0):
            raise self._refusal.with_traceback(None)
        if made <= self._high:
            return
        inside = self._budget.spend(made - self._high)
        self._high = made
        self._refusal = self._judge(made, taken, inside)
        if self._refusal is not None:
            raise self._refusal

    def _judge(self, made: int, taken: int, inside: bool) -> TooLargeError | None:
        limits = self._budget.limits
        hint = "raise the limit if this is a log you trust, or unpack it yourself and import the file"
        if made > limits.max_member:
            return TooLargeError(
                "a compressed member is larger than allowed",
                expected=f"at most {limits.max_member} bytes",
                got=f"more than {made}",
                hint=hint,
                offset=made,
            )
        if not inside:
            return TooLargeError(
                "what this import decompresses is more than allowed",
                expected=f"at most {limits.max_total} bytes in all",
                hint=hint,
                offset=made,
            )
        if made > limits.ratio_from and made > limits.max_ratio * max(taken, 1):
            return TooLargeError(
                "compressed data grows like a decompression bomb",
                expected=f"at most {limits.max_ratio} bytes from each compressed byte",
                got=f"{made} from {taken}",
                hint=hint,
                offset=made,
            )
        return None


class Readable(Protocol):
    """The one method the streams here need of what they read from."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""


class Stream(io.RawIOBase):
    """A stream over a function that makes bytes. Not seekable; ``tell`` counts what was read."""

    def __init__(self, pull: Callable[[], bytes], close: Callable[[], None]) -> None:
        super().__init__()
        self._pull = pull
        self._close = close
        self._held = b""
        self._at = 0
        self._fault: InputError | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes read so far."""
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, at least one unless at the end; all of the rest for -1.

        Raises:
            FormatError: the data is damaged here.
            TooLargeError: a limit is passed here.
        """
        if size < 0:
            parts = []
            while part := self.read(STEP_BYTES):
                parts.append(part)
            return b"".join(parts)
        if not self._held and size:
            self._held = self._more()
        if len(self._held) <= size:
            out, self._held = self._held, b""
        else:
            out, self._held = self._held[:size], self._held[size:]
        self._at += len(out)
        return out

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill a buffer, for readers that bring their own."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _more(self) -> bytes:
        if self._fault is not None:
            raise self._fault
        try:
            return self._pull()
        except InputError as error:
            self._fault = error
            raise

    def close(self) -> None:
        """Release what the stream reads from."""
        if not self.closed:
            self._close()
        super().close()


def binary(stream: Stream) -> BinaryIO:
    """The stream under the type the rest of the program speaks of."""
    return cast("BinaryIO", stream)


def window(descriptor: int, offset: int, size: int | None, name: str) -> Stream:
    """A window of an open file, by positional reads, so that many streams may share one descriptor.

    Args:
        descriptor: the file; the stream duplicates and later closes it.
        offset: where the window begins.
        size: its length, or none: to the end of the file, wherever that is when it is reached.
        name: for messages.
    """
    own = os.dup(descriptor)
    at = offset
    end = None if size is None else offset + size

    def pull() -> bytes:
        nonlocal at
        want = READ_BYTES * 2 if end is None else min(READ_BYTES * 2, end - at)
        if want <= 0:
            return b""
        try:
            data = os.pread(own, want, at)
        except OSError as error:
            raise InputError(
                f"{name} cannot be read on", got=error.strerror or str(error), offset=at - offset
            ) from None
        if not data and end is not None:
            raise FormatError(
                f"{name} is cut short",
                expected=f"{end - offset} bytes",
                got=f"{at - offset}",
                hint="get the file again; what could be read was taken in",
                offset=at - offset,
            )
        at += len(data)
        return data

    return Stream(pull, lambda: os.close(own))


def decompress(source: Readable, close: Callable[[], None], magic: bytes, account: Account, name: str) -> Stream:
    """A stream of what gzip, bzip2, xz or bare deflate data holds; several compressed members on end are one stream.

    Damaged gzip loses no byte before the damage; of damaged bzip2 and xz up to :data:`SMALL_STEP` bytes before it
    are lost inside their libraries. Data that is merely cut short loses nothing in any of them.

    Args:
        source: the compressed bytes.
        close: called when the stream closes.
        magic: :data:`GZIP`, :data:`BZIP2`, :data:`XZ` or :data:`DEFLATE`.
        account: the limits and who pays.
        name: for messages.
    """
    kinds: dict[bytes, Callable[[Readable, Account, str], _Inflater]] = {
        GZIP: _Gunzip,
        BZIP2: _Bunzip,
        XZ: _Unxz,
        DEFLATE: _Deflate,
    }
    return Stream(kinds[magic](source, account, name).pull, close)


class _Inflater(ABC):
    """What the decompressors share: members on end, where they are, how they say what is wrong."""

    magic: bytes
    word: str

    def __init__(self, source: Readable, account: Account, name: str) -> None:
        self._source = source
        self._account = account
        self._name = name
        self._taken = 0
        self._made = 0
        self._input = b""
        self._fresh = True
        self._first = True
        self._fault: InputError | None = None

    def pull(self) -> bytes:
        """The next bytes; none at the end."""
        while self._fault is None:
            if self._fresh and not self._begin():
                return b""
            out = self._step()
            if out:
                self._made += len(out)
                try:
                    self._account.check(self._made, self._taken)
                except TooLargeError as error:
                    self._fault = error
                return out
        raise self._fault

    @abstractmethod
    def _start(self) -> None:
        """Make the state for a new compressed member."""

    @abstractmethod
    def _step(self) -> bytes:
        """Some output; a fault is left in ``_fault`` behind the last readable byte."""

    def _feed(self) -> None:
        data = self._source.read(READ_BYTES)
        self._taken += len(data)
        self._input += data

    def _begin(self) -> bool:
        """Stand at the start of a member; false at the end of the data. Zero padding behind a member is no fault."""
        if not self._first:
            self._input = self._input.lstrip(b"\0")
        while len(self._input) < len(self.magic):
            before = self._taken
            self._feed()
            if not self._first:
                self._input = self._input.lstrip(b"\0")
            if self._taken == before:
                break
        if not self._input:
            return False
        if not self._input.startswith(self.magic):
            self._damage(f"bytes that are no {self.word} data follow", 0)
            return True
        self._start()
        self._fresh = self._first = False
        return True

    def _damage(self, what: str, readable: int) -> None:
        at = self._made + readable
        self._fault = FormatError(
            f"{self._name}: {what} at byte {at} of the decompressed data",
            got=f"{self._taken} compressed bytes read",
            hint="get the file again; what could be read was taken in",
            offset=at,
        )


class _Gunzip(_Inflater):
    """gzip (RFC 1952) by zlib, with a copy of its state per step so that damage costs no readable byte."""

    magic = GZIP
    word = "gzip"
    _wbits = 31

    def _start(self) -> None:
        self._state = zlib.decompressobj(wbits=self._wbits)

    def _step(self) -> bytes:
        if self._fault is not None:
            return b""
        if not self._input:
            self._feed()
        before = self._state.copy()
        data = self._input
        try:
            out = self._state.decompress(data, STEP_BYTES)
        except zlib.error as error:
            out = _salvage(before, data)
            self._damage(f"the {self.word} data is damaged ({_plain(error)})", len(out))
            return out
        if self._state.eof:
            self._input = self._state.unused_data
            self._fresh = True
        else:
            self._input = self._state.unconsumed_tail
            if not data and not out:
                self._damage(f"the {self.word} data is cut short", 0)
        return out


class _Deflate(_Gunzip):
    """The bare deflate data (RFC 1951) of a zip's member: one run, and nothing behind it counts."""

    magic = DEFLATE
    word = "deflate"
    _wbits = -15

    def _begin(self) -> bool:
        if not self._first:
            return False
        self._start()
        self._fresh = self._first = False
        return True


class _Bunzip(_Inflater):
    """bzip2."""

    magic = BZIP2
    word = "bzip2"

    def _start(self) -> None:
        self._state: bz2.BZ2Decompressor | lzma.LZMADecompressor = bz2.BZ2Decompressor()

    def _step(self) -> bytes:
        if self._fault is not None:
            return b""
        if self._state.needs_input and not self._input:
            self._feed()
            if not self._input:
                self._damage(f"the {self.word} data is cut short", 0)
                return b""
        data, self._input = self._input, b""
        try:
            out = self._state.decompress(data, SMALL_STEP)
        except (OSError, ValueError, EOFError, lzma.LZMAError) as error:
            self._damage(f"the {self.word} data is damaged ({_plain(error)})", 0)
            return b""
        if self._state.eof:
            self._input = self._state.unused_data
            self._fresh = True
        return out


class _Unxz(_Bunzip):
    """xz, with a bound on the dictionary a header may ask for."""

    magic = XZ
    word = "xz"

    def _start(self) -> None:
        self._state = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


def _salvage(state: zlib._Decompress, data: bytes) -> bytes:
    """What a step that failed gives when fed byte by byte: everything before the damage."""
    parts: list[bytes] = []
    with contextlib.suppress(zlib.error):
        parts.extend(state.decompress(data[index : index + 1]) for index in range(len(data)))
    return b"".join(parts)


def _plain(error: Exception) -> str:
    return str(error).rpartition(": ")[2] or type(error).__name__
