"""Cosignatures of both kinds, held against keys and a signature that other programs made."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vestige.model.errors import ProofError
from vestige.proof import Note, Signature, parse_note
from vestige.proof.cosignature import WitnessKey, cosign, signature_line, with_signatures
from vestige.proof.mldsa import SecondKey, message_of

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "proof"
# A public witness's key, as transparency-dev/formats has it among its tests.
REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
KEY = WitnessKey("witness.example/w1", PRIVATE.public_key().public_bytes_raw())
TEXT = "example.com/log\n3\nE7ERCtFloiK1fdb+B6/dLG0pM1nmIR0ETKBSauCjtVw=\n"


def test_somebody_elses_keys_and_signature_are_read_as_they_meant_them() -> None:
    assert str(WitnessKey.parse(REMORA)) == REMORA
    said = json.loads((VECTORS / "mldsa-subtree.json").read_text())
    key = SecondKey.parse(said["vkey"])
    assert str(key) == said["vkey"]
    line = base64.b64decode(said["signature"])
    assert line[:4] == key.key_id
    root = base64.b64decode(said["root"])
    key.verify(message_of(key.name, said["origin"], said["end"], root, said["start"]), line[12:])
    for wrong in (
        message_of("other", said["origin"], said["end"], root, said["start"]),
        message_of(key.name, "other", said["end"], root, said["start"]),
        message_of(key.name, said["origin"], said["end"] + 1, root, said["start"]),
        message_of(key.name, said["origin"], said["end"], bytes(32), said["start"]),
        message_of(key.name, said["origin"], said["end"], root),
    ):
        with pytest.raises(ProofError, match="does not verify"):
            key.verify(wrong, line[12:])


def test_a_cosignature_says_when_and_covers_every_line() -> None:
    made = cosign(TEXT, KEY, PRIVATE.sign, 1_795_363_200)
    assert len(made.signature) == 72
    assert KEY.time_of(Note(TEXT, (made,))) == 1_795_363_200
    assert KEY.time_of(parse_note(f"{TEXT}\n".encode() + signature_line(made).encode())) == 1_795_363_200
    assert KEY.time_of(Note(f"{TEXT}more\n", (made,))) is None
    later = made._replace(signature=(1_795_363_201).to_bytes(8, "big") + made.signature[8:])
    assert KEY.time_of(Note(TEXT, (later,))) is None
    assert KEY.time_of(Note(TEXT, (later, made))) == 1_795_363_200
    assert KEY.time_of(Note(TEXT, (made._replace(name="witness.example/w2"),))) is None
    assert KEY.time_of(Note(TEXT, (made._replace(signature=made.signature[:-1]),))) is None
    beyond = (2**63).to_bytes(8, "big") + PRIVATE.sign(f"cosignature/v1\ntime {2**63}\n{TEXT}".encode())
    assert KEY.time_of(Note(TEXT, (made._replace(signature=beyond),))) is None
    with pytest.raises(ProofError, match="not by its key"):
        cosign(TEXT, KEY, Ed25519PrivateKey.generate().sign, 1)


def test_signatures_are_put_behind_those_there_are_and_none_twice() -> None:
    own = Signature("example.com/log", b"abcd", b"x" * 64)
    note = f"{TEXT}\n".encode() + signature_line(own).encode()
    first, second = (cosign(TEXT, KEY, PRIVATE.sign, at) for at in (1, 2))
    both = with_signatures(note, [first, second])
    assert both.startswith(note)
    assert parse_note(both).signatures == (own, first)
    assert with_signatures(both, [second]) == both
    assert with_signatures(note, []) == note


@pytest.mark.parametrize(
    "text",
    ["", "a+b", REMORA[:-4], REMORA.replace("+BO", "+AO"), REMORA.replace("da77", "da78"),
     REMORA.replace("da77", "DA77"),
     REMORA.replace("remora", "re mora"), "w+00000000+" + base64.b64encode(bytes([4, *[0] * 32])).decode()],
)  # fmt: skip
def test_what_is_no_witness_key_is_refused(text: str) -> None:
    with pytest.raises(ProofError):
        WitnessKey.parse(text)
