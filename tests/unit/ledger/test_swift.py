"""The fast road must never pass what the strict road refuses."""

from __future__ import annotations

import random
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.ledger.leaves import Template, commitments
from vestige.ledger.models import Sender
from vestige.ledger.swift import Block
from vestige.model.ids import ulid_run

ORIGIN = "vestige.example/t/01KAP00000000000000000TENA/0"
COUNT = 12


def rows(
    count: int = COUNT, senders: list[Sender | None] | None = None, **changes: Any
) -> tuple[list[list[Any]], list[list[Any]]]:
    chance = random.Random(7)
    payloads = [chance.randbytes(20 + i) for i in range(count)]
    salts = [chance.randbytes(32) for _ in range(count)]
    ids, _ = ulid_run(0, 1_795_000_000_000, count, chance.randbytes)
    fields = {"source": "S", "acquisition": "A", "media_type": "text/plain", "origin": ORIGIN, "at": _at(0), **changes}
    leaves = Template(**fields).leaves(
        commitments(salts, [sha256(payload).digest() for payload in payloads]),
        ids,
        list(map(len, payloads)),
        list(range(count)),
        [i * 9 for i in range(count)],
        range(100, 100 + count),
        senders,
    )
    entries = [
        [100 + i, ids[i], "evidence", fields["source"], leaves[i], sha256(b"\x00" + leaves[i]).digest()]
        for i in range(count)
    ]
    held: list[list[Any]] = [[100 + i, salts[i], payloads[i], None] for i in range(count)]
    return entries, held


def _at(second: int) -> str:
    return f"2026-11-22T16:00:{second:02}.123456Z"


def reach(entries: list[list[Any]], held: list[list[Any]], start: int = 0) -> int:
    block = Block([tuple(row) for row in entries])
    assert block.join([tuple(row) for row in held])
    return block.run(start, ORIGIN)


@pytest.mark.parametrize("changes", [{}, {"source": ""}, {"acquisition": ""}, {"source": "caf\u00e9\u2028"}])
def test_a_good_run_passes_whole(changes: dict[str, Any]) -> None:
    assert reach(*rows(**changes)) == COUNT


def numbered() -> list[Sender | None]:
    return [Sender(1000 + i, "ab12" if i % 2 else "") if i != 5 else None for i in range(COUNT)]


@pytest.mark.parametrize("source", ["S", ""])
def test_a_run_that_its_senders_number_passes_whole_and_tells_their_numbers(source: str) -> None:
    entries, held = rows(senders=numbered(), source=source)
    block = Block([tuple(row) for row in entries])
    assert block.join([tuple(row) for row in held])
    assert block.run(0, ORIGIN) == COUNT
    assert block.senders == {
        (source, ""): [1000, 1002, 1004, 1006, 1008, 1010],
        (source, "ab12"): [1001, 1003, 1007, 1009, 1011],
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b',"sseq":1003', b',"sseq":01003'),
        (b',"sseq":1003', b',"sseq":1003.0'),
        (b',"sseq":1003', b',"sseq":-1'),
        (b',"sseq":1003', b""),
        (b'"sep":"ab12",', b'"sep":"",'),
        (b'"sep":"ab12",', b'"sep":"\\u0061b12",'),
        (b'"sep":"ab12","seq":103', b'"seq":103,"sep":"ab12"'),
        (b',"sseq":1003,"v":1', b',"v":1,"sseq":1003'),
        (b',"sseq":1003', b',"sseq":1003,"sseq":1003'),
    ],
)
def test_a_run_ends_before_a_leaf_whose_senders_number_is_written_otherwise(old: bytes, new: bytes) -> None:
    entries, held = rows(senders=numbered())
    assert old in entries[3][4]
    entries[3][4] = entries[3][4].replace(old, new)
    assert reach(entries, held) <= 3


def test_a_run_ends_where_the_commit_does() -> None:
    entries, held = rows()
    later, _ = rows(at=_at(1))
    entries[7:] = later[7:]
    assert reach(entries, held) == 7
    assert reach(entries, held, 7) == COUNT


def test_a_block_joins_only_its_own_payloads() -> None:
    entries, held = rows()
    block = Block([tuple(row) for row in entries])
    assert not block.join([tuple(row) for row in held[:-1]])
    held[3][0] = 999
    assert not block.join([tuple(row) for row in held])


@pytest.mark.parametrize("place", [0, 1, 5, COUNT - 1])
@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("entries", 1, "01M81ZRQ7P6MS8H8NQYVD7JX5C"),
        ("entries", 2, "audit"),
        ("entries", 3, "T"),
        ("held", 1, b"\x00" * 32),
        ("held", 2, b"other"),
        ("held", 2, None),
        ("held", 3, "0" * 32),
    ],
)
def test_a_row_that_disagrees_does_not_pass(place: int, table: str, column: int, value: Any) -> None:
    entries, held = rows()
    {"entries": entries, "held": held}[table][place][column] = value
    assert reach(entries, held) <= place


@given(st.integers(0, COUNT - 1), st.data())
def test_no_flipped_bit_of_a_leaf_passes(place: int, data: st.DataObject) -> None:
    entries, held = rows()
    leaf = bytearray(entries[place][4])
    bit = data.draw(st.integers(0, len(leaf) * 8 - 1))
    leaf[bit // 8] ^= 1 << bit % 8
    entries[place][4] = bytes(leaf)
    assert not place < reach(entries, held) or _only_a_number(bytes(leaf), rows()[0][place][4])


def _only_a_number(leaf: bytes, before: bytes) -> bool:
    """Number and offset are taken from the leaf itself; its hash is what guards them."""
    places = [i for i in range(len(leaf)) if leaf[i] != before[i]]
    start = before.index(b'"n":')
    return all(start < i < before.index(b',"refs"') for i in places)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"n":5', b'"n":05'),
        (b'"n":5', b'"n":5.0'),
        (b'"n":5', b'"n":-5'),
        (b'"n":5', b'"n":9007199254740993'),
        (b'"off":45', b'"off":45 '),
        (b'"refs":[]', b'"refs":["01M81ZRQ7P6MS8H8NQYVD7JX5C"]'),
        (b'"v":1}', b'"v":1,"x":1}'),
        (b'"v":1}', b'"v":1}\n'),
    ],
)
def test_another_spelling_does_not_pass(old: bytes, new: bytes) -> None:
    entries, held = rows()
    assert old in entries[5][4]
    entries[5][4] = entries[5][4].replace(old, new)
    assert reach(entries, held) == 0


def test_ids_must_rise_and_be_ulids() -> None:
    for ids in (["X"] * 2, ["8" * 26] * 2):
        entries, held = rows()
        for place, made in zip((10, 11), ids, strict=True):
            entries[place][4] = entries[place][4].replace(entries[place][1].encode(), made.encode())
            entries[place][1] = made
        assert reach(entries, held) <= 10
    entries, held = rows()
    lower = entries[11][1].lower()
    entries[11][4] = entries[11][4].replace(entries[11][1].encode(), lower.encode())
    entries[11][1] = lower
    assert reach(entries, held) <= 11


def test_one_odd_row_costs_its_run_a_few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    inner = Block._equal

    def counted(self: Block, template: Any, source: str, start: int, end: int) -> bool:
        looked.append(end - start)
        return inner(self, template, source, start, end)

    monkeypatch.setattr(Block, "_equal", counted)
    for column, value in ((2, b"other"), (3, "0" * 32)):
        entries, held = rows(500)
        held[300][column] = value
        block = Block([tuple(row) for row in entries])
        assert block.join([tuple(row) for row in held])
        looked.clear()
        place, strict = 0, []
        while place < 500:
            end = block.run(place, ORIGIN)
            if end == place:
                strict.append(place)
            place = max(end, place + 1)
        assert 300 in strict
        assert len(strict) <= 8
        assert sum(looked) < 6 * 500


def test_bytes_that_are_no_text_do_not_pass() -> None:
    entries, held = rows()
    entries[4][4] = entries[4][4][:-20] + b"\xff" * 20
    assert reach(entries, held) == 0


def test_boundaries_cannot_shift() -> None:
    entries, held = rows()
    entries[3][4], entries[4][4] = entries[3][4] + b"\n" + entries[4][4][:10], entries[4][4][10:]
    assert reach(entries, held) == 0
