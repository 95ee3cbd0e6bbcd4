"""Framing against what was sent, whatever the chunks: the frames are the messages, byte for byte."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.receivers.framing import Decoder, Frame, Part, cut

BOUND = 40
CONTENT = st.binary(max_size=3 * BOUND)
LINES = CONTENT.map(lambda text: text.replace(b"\n", b" "))
MESSAGES = st.one_of(st.tuples(st.just("counted"), CONTENT), st.tuples(st.just("line"), LINES))
CUTS = st.lists(st.integers(0, 2000), max_size=40)


def sent(messages: list[tuple[str, bytes]]) -> tuple[bytes, list[Frame]]:
    """The bytes on the wire, and what must come out: told apart from the decoder's own way of going at it."""
    wire = bytearray()
    frames = []
    for framing, content in messages:
        message = b"<13>" + content
        if framing == "counted":
            wire += b"%d " % len(message)
        frames += [Frame(one.payload, len(wire) + one.offset, one.part) for one in cut(message, BOUND)]
        wire += message
        if framing == "line":
            wire += b"\n"
    return bytes(wire), frames


def decoded(wire: bytes, cuts: list[int], *, clean: bool = True) -> list[Frame]:
    decoder = Decoder(BOUND)
    frames = []
    for begin, end in pairwise([0, *sorted(at for at in cuts if at < len(wire)), len(wire)]):
        frames += decoder.feed(wire[begin:end])
        assert decoder.held <= BOUND + 12
    return frames + decoder.end(clean=clean)


@given(st.lists(MESSAGES, max_size=12), CUTS)
def test_mixed_framing_gives_back_every_message_whatever_the_chunks(
    messages: list[tuple[str, bytes]], cuts: list[int]
) -> None:
    wire, frames = sent(messages)
    assert decoded(wire, cuts) == frames


@given(st.binary(max_size=600), CUTS, st.booleans())
def test_any_bytes_give_the_same_frames_whatever_the_chunks(wire: bytes, cuts: list[int], clean: bool) -> None:
    frames = decoded(wire, cuts, clean=clean)
    assert frames == decoded(wire, [], clean=clean)
    assert frames == decoded(wire, list(range(len(wire))), clean=clean)
    at = 0
    for frame in frames:
        assert wire[frame.offset : frame.offset + len(frame.payload)] == frame.payload
        assert frame.offset >= at
        assert 0 < len(frame.payload) <= BOUND
        # Nothing is left out but separators: line feeds, lone carriage returns, counts.
        assert not wire[at : frame.offset].strip(b"\r\n 0123456789")
        at = frame.offset + len(frame.payload)
    assert not wire[at:].strip(b"\r\n 0123456789")


@pytest.mark.parametrize(
    ("wire", "payloads"),
    [
        (b"5 packets lost\n<13>x\n", [b"5 packets lost", b"<13>x"]),
        (b"2026-11-22 10:00:00 a b: c\n", [b"2026-11-22 10:00:00 a b: c"]),
        (b"5 <13>a5 <13>b\n\r\n<14>c\r\n", [b"<13>a", b"<13>b", b"<14>c\r"]),
        (b"6 <13>a\n6 <13>b\n", [b"<13>a\n", b"<13>b\n"]),
        (b"0 <13>a\n", [b"0 <13>a"]),
        (b"12345678901 <13>a\n", [b"12345678901 <13>a"]),
    ],
)
def test_what_is_a_count_and_what_is_not(wire: bytes, payloads: list[bytes]) -> None:
    frames = decoded(wire, [])
    assert [frame.payload for frame in frames] == payloads
    assert {frame.part for frame in frames} == {Part.WHOLE}


@pytest.mark.parametrize(
    ("wire", "clean", "part"),
    [
        (b"<13>no line feed", True, Part.WHOLE),
        (b"<13>no line feed", False, Part.TORN),
        (b"30 <13>no end", True, Part.TORN),
        (b"<13>" + b"x" * BOUND + b"tail", True, Part.PIECE),
        (b"12", True, Part.WHOLE),
    ],
)
def test_a_connection_that_ends_within_a_frame(wire: bytes, clean: bool, part: Part) -> None:
    frames = decoded(wire, [], clean=clean)
    assert frames[-1].part is part
    assert wire.endswith(frames[-1].payload)


def test_a_frame_of_the_bound_is_whole_and_one_byte_more_is_pieces() -> None:
    for size, parts in ((BOUND, [Part.WHOLE]), (BOUND + 1, [Part.PIECE, Part.PIECE])):
        message = b"<1>" + b"x" * (size - 3)
        for wire in (message + b"\n", b"%d " % size + message):
            frames = decoded(wire, [])
            assert [frame.part for frame in frames] == parts
            assert b"".join(frame.payload for frame in frames) == message


def test_a_trickle_into_a_large_frame_costs_no_more_than_the_bytes() -> None:
    decoder = Decoder(1 << 18)
    found = []
    for _ in range(1 << 18):
        found += decoder.feed(b"x")
    assert [len(frame.payload) for frame in found + decoder.feed(b"\n")] == [1 << 18]
