"""A density's bytes say what the density says."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from vestige.timeline import Density, packed


def unpacked(data: bytes) -> tuple[dict[str, Any], list[list[int]]]:
    """Read the bytes as the documentation describes them, with nothing of ours."""
    assert data[:8] == b"VDEN1\0\0\0"
    (size,) = struct.unpack_from("<I", data, 8)
    head = json.loads(data[12 : 12 + size])
    body = data[12 + size :]
    assert (12 + size) % 8 == 0
    counts = struct.unpack(f"<{len(body) // 4}I", body)
    width = head["buckets"]
    return head, [list(counts[at : at + width]) for at in range(0, len(counts), width)] if width else []


@pytest.mark.parametrize("other", [[], [7, 0, 2**40]])
def test_every_count_and_name_comes_back(other: list[int]) -> None:
    lanes = {"é\U0001f600": [1, 2, 3], "": [0, 0, 2**32 - 1]}
    density = Density(-5, 2**62, -7, 2**60, 3, lanes, other, 12)
    head, counts = unpacked(packed(density))
    assert (int(head["start_ns"]), int(head["end_ns"])) == (-5, 2**62)
    assert (int(head["origin_ns"]), int(head["width_ns"]), head["total"]) == (-7, 2**60, 12)
    assert head["lanes"] == list(lanes)
    assert head["other"] == bool(other)
    assert counts == [*lanes.values(), *([[7, 0, 2**32 - 1]] if other else [])]


def test_nothing_has_bytes_too() -> None:
    head, counts = unpacked(packed(Density(0, 0, 0, 1, 0)))
    assert (head["buckets"], head["lanes"], counts) == (0, [], [])
