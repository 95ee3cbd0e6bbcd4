"""Checkpoints: published texts and heads, one spelling, and opening only what is ours and signed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestige.model.errors import ProofError
from vestige.proof.checkpoint import (
    Checkpoint,
    format_body,
    open_checkpoint,
    parse_body,
    parse_checkpoint,
    parse_decimal,
    sign_checkpoint,
)
from vestige.proof.merkle import EMPTY_ROOT, MAX_SIZE
from vestige.proof.note import NoteSigner, VerifierKey, encode_base64, parse_note, sign_note

FOLDER = Path(__file__).parents[2] / "vectors/proof"
BODIES = json.loads((FOLDER / "checkpoint-bodies.json").read_text())
NOTES = json.loads((FOLDER / "signed-notes.json").read_text())["notes"]
ROOT = bytes(range(32))
ORIGIN = "vestige.example/t/01KAP0000000000000000000ZZ/0"
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def signer(name: str = ORIGIN, seed: int = 1) -> NoteSigner:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return NoteSigner(VerifierKey(name, private.public_key().public_bytes_raw()), private.sign)


OLD, NEW, WITNESS = signer(), signer(seed=2), signer("witness.example", 3)
HEAD = Checkpoint(ORIGIN, 12345, ROOT)


@pytest.mark.parametrize("row", BODIES["bodies"], ids=lambda r: r["id"])
def test_published_bodies(row: dict[str, Any]) -> None:
    if "refused_here" in row or not row["ok"]:
        with pytest.raises(ProofError):
            parse_body(row["text"])
    origin, size, root, *rest = row["text"].split("\n")
    if root and origin and "\n\n" not in row["text"]:
        text = "\n".join([origin, size, encode_base64(ROOT), *rest])
        if row["ok"]:
            checkpoint = parse_body(text)
            assert format_body(checkpoint) == text
            assert checkpoint == Checkpoint(origin, int(size), ROOT, tuple(rest[:-1]))
        elif "roothash" not in row["id"]:
            with pytest.raises(ProofError):
                parse_body(text)


def test_the_specification_s_example() -> None:
    row = BODIES["example"]
    checkpoint = parse_checkpoint(row["text"].encode())
    assert (checkpoint.origin, checkpoint.size, encode_base64(checkpoint.root)) == (
        row["origin"],
        row["size"],
        row["root"],
    )


def test_a_head_of_the_go_checksum_database() -> None:
    row = next(r for r in NOTES if r["id"] == "sum.golang.org")
    key = VerifierKey.parse(row["keys"][0])
    opened = open_checkpoint(row["note"].encode(), [key], "go.sum database tree")
    assert opened.checkpoint.size == 6476701
    assert opened.signed_by == (key,)
    with pytest.raises(ProofError, match="another log") as caught:
        open_checkpoint(row["note"].encode(), [key], "another database")
    assert (caught.value.expected, caught.value.got) == ("another database", "go.sum database tree")


def test_signing_and_opening() -> None:
    data = sign_checkpoint(HEAD, [OLD])
    assert data.decode().startswith(f"{ORIGIN}\n12345\n{encode_base64(ROOT)}\n\n— {ORIGIN} ")
    assert open_checkpoint(data, [OLD.key], ORIGIN) == (HEAD, (OLD.key,))
    assert parse_checkpoint(data) == HEAD


def test_while_keys_rotate_either_key_opens() -> None:
    data = sign_checkpoint(HEAD, [OLD, NEW, WITNESS])
    for known in ([OLD.key], [NEW.key], [OLD.key, NEW.key], [WITNESS.key]):
        assert open_checkpoint(data, known, ORIGIN).signed_by == tuple(known)
    with pytest.raises(ProofError, match="known key"):
        open_checkpoint(data, [signer(seed=9).key], ORIGIN)


def test_a_signed_text_that_is_no_checkpoint_is_refused() -> None:
    data = sign_note("hello\n", [OLD])
    with pytest.raises(ProofError, match="not a checkpoint"):
        open_checkpoint(data, [OLD.key], ORIGIN)
    with pytest.raises(ProofError):
        parse_checkpoint(data)


def test_the_signature_is_checked_before_the_text_is_believed() -> None:
    body = format_body(HEAD).replace("12345", "12346")
    data = sign_checkpoint(HEAD, [OLD]).replace(b"12345", b"12346")
    assert parse_note(data).text == body
    with pytest.raises(ProofError, match="does not verify"):
        open_checkpoint(data, [OLD.key], ORIGIN)


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": ""},
        {"origin": "a\nb"},
        {"origin": "a\tb"},
        {"size": -1},
        {"size": MAX_SIZE + 1},
        {"root": bytes(31)},
        {"root": b""},
        {"size": 0},
        {"extensions": ("",)},
        {"extensions": ("a\nb",)},
    ],
)
def test_no_log_has_such_a_head(changes: dict[str, Any]) -> None:
    good: dict[str, Any] = {"origin": "o", "size": 1, "root": ROOT, "extensions": ("x",)}
    assert parse_body(format_body(Checkpoint(**good))) == Checkpoint(**good)
    with pytest.raises(ProofError):
        Checkpoint(**{**good, **changes})


def test_the_empty_log_has_one_root() -> None:
    assert parse_body(format_body(Checkpoint("o", 0, EMPTY_ROOT))).size == 0
    with pytest.raises(ProofError, match="empty tree"):
        parse_body(f"o\n0\n{encode_base64(ROOT)}\n")


@pytest.mark.parametrize(
    "size", ["01", "+1", " 1", "1 ", "1_0", "", "-0", "\u0661", "9223372036854775808", "1e3", "0x1"]
)
def test_sizes_have_one_spelling(size: str) -> None:
    assert parse_body(f"o\n1\n{encode_base64(ROOT)}\n").size == 1
    with pytest.raises(ProofError):
        parse_body(f"o\n{size}\n{encode_base64(ROOT)}\n")


def test_the_greatest_log_is_a_log() -> None:
    assert parse_body(format_body(Checkpoint("o", MAX_SIZE, ROOT))).size == MAX_SIZE == 2**63 - 1


def test_numbers() -> None:
    assert [parse_decimal(t, "it") for t in ("0", "10", str(MAX_SIZE))] == [0, 10, MAX_SIZE]
    with pytest.raises(ProofError, match="it is not a number"):
        parse_decimal(str(MAX_SIZE + 1), "it")


lines = st.text(st.characters(min_codepoint=32, codec="utf-8"), min_size=1, max_size=12)


@steady
@given(lines, st.integers(1, MAX_SIZE), st.binary(min_size=32, max_size=32), st.lists(lines, max_size=3))
def test_bodies_round_trip(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert parse_body(format_body(checkpoint)) == checkpoint


@steady
@given(st.text(max_size=80) | st.lists(st.sampled_from(["o", "", "1", "0", encode_base64(ROOT)])).map("\n".join))
def test_parsing_anything_raises_nothing_else(text: str) -> None:
    try:
        checkpoint = parse_body(text)
    except ProofError:
        return
    assert format_body(checkpoint) == text
