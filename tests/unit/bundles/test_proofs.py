"""The quick reading of a proof gives what the strict one gives, and nothing where that would refuse."""

from __future__ import annotations

import json
import random

import pytest

from support.bundles import golden
from vestige.bundles import layout
from vestige.bundles.proofs import SHAPES, Plain, Proofs
from vestige.model.errors import ProofError
from vestige.proof import (
    TlogProof,
    canonical,
    format_tlog_proof,
    parse_body,
    parse_canonical,
    parse_note,
    parse_tlog_proof,
)

NOTE = golden()["data/0/checkpoint"]
SIZE = parse_body(parse_note(NOTE).text).size
PROOFS = {seq: data for seq in range(SIZE) if (data := golden().get(layout.proof(0, seq))) is not None}


def strict(data: bytes, seq: int) -> Plain | None:
    """The same by the strict readings."""
    try:
        proof = parse_tlog_proof(data)
        extra = parse_canonical(proof.extra or b"")
    except ProofError:
        return None
    good = (proof.index, proof.checkpoint) == (seq, NOTE) and tuple(extra) in SHAPES
    return Plain({key: str(value) for key, value in extra.items()}, proof.path) if good else None


def test_the_proofs_of_a_bundle_are_plain_in_any_order() -> None:
    order = [seq for seq, data in PROOFS.items() if (found := strict(data, seq)) is not None and "salt" in found.extra]
    assert len(order) > 5
    chance = random.Random(7)
    reader = Proofs(SIZE, NOTE)
    for _ in range(20):
        for seq in order:
            found = reader.plain(PROOFS[seq], seq)
            assert found is not None
            assert found == strict(PROOFS[seq], seq)
        chance.shuffle(order)


def test_a_proof_with_any_byte_altered_is_read_strictly_or_not_at_all() -> None:
    chance = random.Random(8)
    reader = Proofs(SIZE, NOTE)
    before, seq = max(seq for seq in PROOFS if seq < 18), 18
    data, left = PROOFS[seq], 0
    for at in range(len(data)):
        assert before != seq
        reader.plain(PROOFS[before], before)
        spoiled = data[:at] + bytes((data[at] ^ 1 << chance.randrange(8),)) + data[at + 1 :]
        found = reader.plain(spoiled, seq)
        assert found in (None, strict(spoiled, seq)), at
        left += found is None
    assert left > len(data) // 2
    assert reader.plain(data, seq) == strict(data, seq)
    for number in (seq - 1, seq + 1):
        assert reader.plain(data, number) is None
    assert reader.plain(data + b"\n", seq) is None
    assert reader.plain(b"", seq) is None


LEAF, SALT = '{"a":"b"}', "0" * 64


@pytest.mark.parametrize(
    ("extra", "plain"),
    [(canonical({"leaf": LEAF, "salt": SALT}), True), (canonical({"leaf": "\u00e4\u20ac", "salt": SALT}), True),
     (canonical({"leaf": "a\\b", "salt": SALT}), False), (canonical({"leaf": "a\nb", "salt": SALT}), False),
     (canonical({"leaf": LEAF}), False), (canonical({"leaf": LEAF, "salt": SALT[:-1]}), False),
     (canonical({"leaf": LEAF, "more": SALT}), False), (canonical({"leaf": LEAF, "salt": '"' * 32}), False),
     (json.dumps({"leaf": LEAF, "salt": SALT}).encode(), False),
     (b'{"leaf":"a\nb","salt":"' + SALT.encode() + b'"}', False),
     (b'{"leaf":"\\u0041","salt":"' + SALT.encode() + b'"}', False),
     (b'{"leaf":"\xff","salt":"' + SALT.encode() + b'"}', False),
     (b'{"leaf":"a"b","salt":"' + SALT.encode() + b'"}', False),
     (b'{"leaf":"a","leaf":"b","salt":"' + SALT.encode() + b'"}', False)],
)  # fmt: skip
def test_extra_lines_that_are_spelled_otherwise_are_not_plain(extra: bytes, plain: bool) -> None:
    path = parse_tlog_proof(PROOFS[18]).path
    data = format_tlog_proof(TlogProof(18, path, NOTE, extra))
    found = Proofs(SIZE, NOTE).plain(data, 18)
    assert (found is not None) == plain
    if found is not None:
        assert found == strict(data, 18)
