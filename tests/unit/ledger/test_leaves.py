from __future__ import annotations

import json
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from vestige.ledger import Draft, Kind, Sender
from vestige.ledger.leaves import Template, commitment, commitments, leaf
from vestige.ledger.strict import read_leaf
from vestige.model.errors import InputError, TooLargeError
from vestige.proof import canonical

AT = "2026-11-22T16:00:00.123456Z"
ID = "01M81ZRQ7P6MS8H8NQYVD7JX5C"
ORIGIN = "vestige.example/t/01KAP00000000000000000TENA/0"
DIGEST = "0f" * 32

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(0, 2**53 - 1)


def one(draft: Draft, length: int = 5, seq: int = 7) -> bytes:
    return leaf(draft, at=AT, commitment_hex=DIGEST, length=length, entry_id=ID, origin=ORIGIN, seq=seq)


@given(
    source=texts,
    acquisition=texts,
    media_type=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    rows=st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=5),
)
def test_a_templates_leaves_are_the_canonical_ones(
    source: str, acquisition: str, media_type: str, rows: list[tuple[int, int, int, int]]
) -> None:
    template = Template(source=source, acquisition=acquisition, media_type=media_type, origin=ORIGIN, at=AT)
    lengths, ns, offs, seqs = (list(column) for column in zip(*rows, strict=True))
    made = template.leaves([DIGEST] * len(rows), [ID] * len(rows), lengths, ns, offs, seqs)
    for data, (length, number, offset, seq) in zip(made, rows, strict=True):
        draft = Draft(
            Kind.EVIDENCE, b"", media_type, source=source, acquisition=acquisition, offset=offset, number=number
        )
        assert data == one(draft, length, seq)
        assert data == rfc8785.dumps(json.loads(data))
        assert data == canonical(json.loads(data))
        assert read_leaf(data)["seq"] == seq


@given(
    source=texts,
    rows=st.lists(st.tuples(numbers, st.none() | st.builds(Sender, numbers, texts)), min_size=1, max_size=5),
)
def test_a_templates_numbered_leaves_are_the_canonical_ones(source: str, rows: list[tuple[int, Sender | None]]) -> None:
    template = Template(source=source, acquisition="A", media_type="m", origin=ORIGIN, at=AT)
    count = len(rows)
    seqs, senders = [row[0] for row in rows], [row[1] for row in rows]
    made = template.leaves([DIGEST] * count, [ID] * count, [5] * count, [2] * count, [3] * count, seqs, senders)
    for data, (seq, sender) in zip(made, rows, strict=True):
        draft = Draft(Kind.EVIDENCE, b"", "m", source=source, acquisition="A", offset=3, number=2)
        if sender is not None:
            draft = replace(draft, sender_seq=sender.number, sender_epoch=sender.epoch)
        assert data == one(draft, 5, seq)
        assert read_leaf(data)["seq"] == seq


def test_a_senders_number_is_bounded() -> None:
    template = Template(source="", acquisition="", media_type="m", origin=ORIGIN, at=AT)
    for number in (-1, 2**53):
        with pytest.raises(InputError):
            template.leaves([DIGEST], [ID], [0], [0], [0], [0], [Sender(number, "e")])


def test_absent_means_absent() -> None:
    assert set(json.loads(one(Draft(Kind.AUDIT, b"")))) == {
        "at",
        "c",
        "id",
        "kind",
        "len",
        "log",
        "mt",
        "refs",
        "seq",
        "v",
    }
    full = Draft(
        Kind.EVIDENCE,
        b"",
        source="S",
        acquisition="A",
        offset=0,
        number=0,
        refs=("R",),
        sender_seq=0,
        sender_epoch="E",
    )
    assert {"src", "acq", "off", "n", "sseq", "sep"} < set(json.loads(one(full)))


def test_a_leaf_is_at_most_4_kib_exactly() -> None:
    room = 4096 - len(one(Draft(Kind.EVIDENCE, b"", source="s"))) + 1
    assert len(one(Draft(Kind.EVIDENCE, b"", source="s" * room))) == 4096
    with pytest.raises(TooLargeError):
        one(Draft(Kind.EVIDENCE, b"", source="s" * (room + 1)))

    def batch(count: int) -> list[bytes]:
        template = Template(source="s" * count, acquisition="", media_type="m", origin=ORIGIN, at=AT)
        return template.leaves([DIGEST], [ID], [5], [0], [0], [7])

    room = 4096 - len(batch(1)[0]) + 1
    assert len(batch(room)[0]) == 4096
    with pytest.raises(TooLargeError):
        batch(room + 1)


@pytest.mark.parametrize(("number", "offset"), [(-1, 0), (0, -1), (2**53, 0), (0, 2**53)])
def test_numbers_are_bounded(number: int, offset: int) -> None:
    template = Template(source="", acquisition="", media_type="m", origin=ORIGIN, at=AT)
    assert template.leaves([DIGEST], [ID], [0], [2**53 - 1], [2**53 - 1], [0])
    assert template.leaves([], [], [], [], [], []) == []
    with pytest.raises(InputError):
        template.leaves([DIGEST], [ID], [0], [number], [offset], [0])


def test_a_lone_surrogate_is_refused() -> None:
    template = Template(source="\ud800", acquisition="", media_type="m", origin=ORIGIN, at=AT)
    with pytest.raises(InputError):
        template.leaves([DIGEST], [ID], [0], [0], [0], [0])


def test_the_commitment_is_salted_and_separated() -> None:
    salt, digest = b"\x01" * 32, b"\x02" * 32
    assert commitments([salt], [digest]) == [commitment(salt, digest).hex()]
    assert commitment(salt, digest) != commitment(b"\x03" * 32, digest)
    assert (
        commitment(salt, digest).hex() == "e614f68f41a60745835b9f1a712f10ee61522029d38eb354f5ad072dc87b0f97"
    )  # sha256sum
