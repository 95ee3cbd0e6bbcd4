from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import zlib
from typing import TYPE_CHECKING

import pytest

from vestige.model.errors import FormatError, InputError, TooLargeError
from vestige.sources.members.streams import BZIP2, DEFLATE, GZIP, XZ, Budget, Limits, Stream, decompress, window

if TYPE_CHECKING:
    from pathlib import Path

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = b"".join(b"line %d of %d\n" % (n, random.Random(n).getrandbits(40)) for n in range(20_000))
PACKERS: dict[bytes, Callable[[bytes], bytes]] = {GZIP: gzip.compress, BZIP2: bz2.compress, XZ: lzma.compress}


def unpacked(data: bytes, magic: bytes, limits: Limits | None = None) -> Stream:
    account = Budget(limits or Limits()).account()
    return decompress(io.BytesIO(data), lambda: None, magic, account, "it")


def readable(stream: Stream) -> tuple[bytes, InputError | None]:
    """All bytes up to the error, and the error."""
    parts = []
    try:
        while part := stream.read(70_000):
            parts.append(part)
    except InputError as error:
        return b"".join(parts), error
    return b"".join(parts), None


@pytest.mark.parametrize("magic", PACKERS)
def test_several_compressed_members_are_one_stream(magic: bytes) -> None:
    pack = PACKERS[magic]
    assert readable(unpacked(pack(TEXT), magic)) == (TEXT, None)
    assert readable(unpacked(pack(b"one\n") + pack(b"") + pack(TEXT), magic)) == (b"one\n" + TEXT, None)
    assert readable(unpacked(pack(b"padded") + b"\0" * 1024, magic)) == (b"padded", None)


@pytest.mark.parametrize("magic", PACKERS)
def test_cut_short_gives_everything_readable_and_then_the_offset(magic: bytes) -> None:
    packed = PACKERS[magic](TEXT)
    out, error = readable(unpacked(packed[: len(packed) * 2 // 3], magic))
    assert TEXT.startswith(out)
    assert isinstance(error, FormatError)
    assert error.offset == len(out)
    assert "cut short" in str(error)
    assert f"byte {len(out)}" in str(error)
    if magic == GZIP:
        reference = zlib.decompressobj(wbits=31)
        assert out == reference.decompress(packed[: len(packed) * 2 // 3])


def test_every_possible_cut_of_a_gzip_is_an_error_but_at_the_ends() -> None:
    packed = gzip.compress(b"hello, hello, hello", mtime=0)
    for size in range(len(packed) + 1):
        out, error = readable(unpacked(packed[:size], GZIP))
        assert b"hello, hello, hello".startswith(out)
        assert (error is None) == (size in {0, len(packed)})


def test_damage_inside_a_gzip_costs_no_byte_before_it() -> None:
    packed = bytearray(gzip.compress(TEXT, mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    out, error = readable(unpacked(bytes(packed), GZIP))
    assert isinstance(error, FormatError)
    assert error.offset == len(out)
    assert len(out) > len(TEXT) // 4
    wrong_sum = bytearray(gzip.compress(b"all of it", mtime=0))
    wrong_sum[-8] ^= 1
    out, error = readable(unpacked(bytes(wrong_sum), GZIP))
    assert out == b"all of it"
    assert "damaged" in str(error)


@pytest.mark.parametrize("magic", PACKERS)
def test_what_follows_and_is_not_compressed_is_reported(magic: bytes) -> None:
    out, error = readable(unpacked(PACKERS[magic](b"good") + b"rubbish behind", magic))
    assert out == b"good"
    assert isinstance(error, FormatError)
    assert error.offset == 4


def test_bare_deflate_ends_where_it_ends() -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(TEXT) + packer.flush()
    assert readable(unpacked(packed + b"the next member", DEFLATE)) == (TEXT, None)
    out, error = readable(unpacked(packed[:-40], DEFLATE))
    assert TEXT.startswith(out)
    assert isinstance(error, FormatError)


def test_an_error_stays_once_it_was_raised() -> None:
    stream = unpacked(gzip.compress(b"x" * 100)[:-3], GZIP)
    readable(stream)
    with pytest.raises(FormatError):
        stream.read(1)


def test_a_bomb_is_stopped_and_an_honest_log_is_not() -> None:
    bomb = gzip.compress(b"\0" * (8 << 20))
    small = Limits(max_ratio=100, ratio_from=4 << 20)
    out, error = readable(unpacked(bomb, GZIP, small))
    assert isinstance(error, TooLargeError)
    assert 0 < len(out) <= (5 << 20)
    assert readable(unpacked(bomb, GZIP, Limits(max_ratio=100, ratio_from=64 << 20)))[1] is None
    assert readable(unpacked(bomb, GZIP))[1] is None


def test_sizes_are_bounded_by_member_and_in_all_and_reading_twice_counts_once() -> None:
    packed = gzip.compress(TEXT)
    assert isinstance(readable(unpacked(packed, GZIP, Limits(max_member=1000)))[1], TooLargeError)
    budget = Budget(Limits(max_total=len(TEXT)))
    first = budget.account()
    for _ in range(3):
        assert readable(decompress(io.BytesIO(packed), lambda: None, GZIP, first, "one"))[1] is None
    second = budget.account()
    assert isinstance(readable(decompress(io.BytesIO(packed), lambda: None, GZIP, second, "two"))[1], TooLargeError)


def test_a_window_gives_its_part_of_a_file_and_says_when_that_is_short(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with window(descriptor, 2, 5, "f") as stream:
            assert (stream.read(3), stream.tell(), stream.read(), stream.read(1)) == (b"234", 3, b"56", b"")
        with window(descriptor, 8, None, "f") as stream:
            assert stream.readinto(buffer := bytearray(10)) == 2
            assert buffer[:2] == b"89"
        out, error = readable(window(descriptor, 8, 5, "f"))
        assert out == b"89"
        assert isinstance(error, FormatError)
        assert error.offset == 2
    finally:
        os.close(descriptor)
