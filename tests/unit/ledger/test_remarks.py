"""What was erased is found by its position, however many ranges there are, and the first who took it is named."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, cast

import orjson
import pytest

from vestige.ledger import Kind
from vestige.ledger.models import StoredEntry
from vestige.ledger.remarks import Remarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.ledger.entries import Entries

BASE = 1000
"""Where the epoch begins: positions are seqs and this."""


class Bodies:
    """A ledger that has what is to be opened, and no acts."""

    def opened(self, entry: StoredEntry) -> bytes:
        assert entry.payload is not None
        return entry.payload

    def read(self, *_: object) -> list[StoredEntry]:
        return []


def taking(remarks: Remarks, seq: int, ranges: Sequence[tuple[int, int]]) -> None:
    body = orjson.dumps({"ranges": ranges, "reason": "privacy"})
    leaf = b'{"at":"2026-04-11T10:00:00Z"}'
    remarks.take(StoredEntry(seq, f"E{seq}", Kind.ERASURE, "", leaf, b"", body, b"", None, BASE + seq))


@pytest.mark.parametrize("count", [3, 500])
def test_each_place_is_found_and_no_other(count: int) -> None:
    chance = random.Random(count)
    remarks = Remarks(cast("Entries", Bodies()), "T")
    was: dict[int, str] = {}
    for seq in range(5_000, 5_008):
        starts = sorted(chance.sample(range(4_000), count))
        # Also such as meet earlier ones, which no log has that verifies.
        ranges = [(lo, min(lo + chance.randint(1, 30), *(two for two in starts if two > lo), 4_001)) for lo in starts]
        taking(remarks, seq, ranges)
        for lo, hi in ranges:
            for place in range(lo, hi):
                was.setdefault(place, f"E{seq}")
    for place in range(4_002):
        found = remarks.erased(BASE + place)
        assert (found and found["entry"]) == was.get(place), place
    assert remarks.erased(0) is None


def test_many_ranges_cost_no_more_to_ask_than_few() -> None:
    remarks = Remarks(cast("Entries", Bodies()), "T")
    begun = time.process_time()
    taking(remarks, 500_000, [(2 * at, 2 * at + 1) for at in range(200_000)])
    for place in range(0, 400_000, 400):
        assert remarks.erased(BASE + place) is not None
        assert remarks.erased(BASE + place + 1) is None
    assert time.process_time() - begun < 3  # of which a scan would take ten
