"""Signed notes: the specification's and Go's cases, what verification must not soften, and hostile bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestige.model.errors import ProofError
from vestige.proof.note import (
    MAX_NOTE,
    MAX_SIGNATURES,
    Note,
    NoteSigner,
    Signature,
    VerifierKey,
    check_key_name,
    decode_base64,
    encode_base64,
    format_note,
    parse_note,
    sign_note,
    verify_note,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/proof/signed-notes.json").read_text())
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def signer(name: str, seed: int = 1) -> NoteSigner:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return NoteSigner(VerifierKey(name, private.public_key().public_bytes_raw()), private.sign)


ALICE, BOB = signer("example.com/alice"), signer("example.com/bob", 2)
SIGNED = sign_note("One line.\n\nAnd another.\n", [ALICE, BOB])


def note_bytes(row: dict[str, Any]) -> bytes:
    text: str = row["note"]
    head, _, last = text[:-1].rpartition("\n")
    return f"{head}\n{(last + chr(10)) * row.get('copies_of_last_line', 1)}".encode() if last else text.encode()


@pytest.mark.parametrize("row", VECTORS["notes"], ids=lambda r: r["id"])
def test_published_notes(row: dict[str, Any]) -> None:
    keys = [VerifierKey.parse(key) for key in row["keys"]]
    if "signed_by" in row:
        note = parse_note(note_bytes(row))
        assert [key.name for key in verify_note(note, keys)] == row["signed_by"]
        assert format_note(note) == note_bytes(row)
        return
    with pytest.raises(ProofError) as caught:
        verify_note(parse_note(note_bytes(row)), keys)
    assert caught.value.expected
    if row.get("parses"):
        assert parse_note(note_bytes(row)).text.count("\n") == 4


@pytest.mark.parametrize("row", VECTORS["keys"], ids=lambda r: r["key"][:40])
def test_published_keys(row: dict[str, Any]) -> None:
    if row["ok"]:
        assert str(VerifierKey.parse(row["key"])) == row["key"]
    else:
        with pytest.raises(ProofError):
            VerifierKey.parse(row["key"])


def test_a_published_signing_key_makes_the_published_note() -> None:
    row = VECTORS["signing"]
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(row["seed"]))
    assert sign_note(row["text"], [NoteSigner(VerifierKey.parse(row["key"]), private.sign)]) == row["note"].encode()


def test_no_part_and_no_neighbour_of_a_key_is_a_key() -> None:
    text = VECTORS["signing"]["key"]
    for i in range(len(text)):
        for j in range(i + 1, len(text) + 1):
            if j - i < len(text):
                with pytest.raises(ProofError):
                    VerifierKey.parse(text[i:j])
        with pytest.raises(ProofError):
            VerifierKey.parse(text[:i] + chr(ord(text[i]) + 1) + text[i + 1 :])


def test_a_key_s_id_is_lower_case_hexadecimal() -> None:
    name, key_id, rest = str(ALICE.key).split("+", 2)
    assert key_id != key_id.upper()
    with pytest.raises(ProofError):
        VerifierKey.parse(f"{name}+{key_id.upper()}+{rest}")


def test_signing_and_verifying() -> None:
    note = parse_note(SIGNED)
    assert note.text == "One line.\n\nAnd another.\n"
    assert [s.name for s in note.signatures] == ["example.com/alice", "example.com/bob"]
    assert verify_note(note, [BOB.key, ALICE.key]) == (ALICE.key, BOB.key)
    assert verify_note(note, [BOB.key]) == (BOB.key,)
    assert verify_note(note, [BOB.key, BOB.key]) == (BOB.key,)


def test_at_least_one_known_key_is_needed() -> None:
    stranger = signer("example.com/alice", 3)  # the same name, another key, so another id
    with pytest.raises(ProofError, match="known key") as caught:
        verify_note(parse_note(SIGNED), [stranger.key])
    assert str(stranger.key.key_id.hex()) in caught.value.expected
    assert ALICE.key.key_id.hex() in caught.value.got
    with pytest.raises(ProofError, match="known key"):
        verify_note(parse_note(SIGNED), [])


def replace(note: Note, at: int, **changes: Any) -> Note:
    signatures = list(note.signatures)
    signatures[at] = signatures[at]._replace(**changes)
    return Note(note.text, tuple(signatures))


def test_a_bad_signature_by_a_known_key_refuses_the_whole_note() -> None:
    note = parse_note(SIGNED)
    bad = replace(note, 1, signature=bytes(64))
    with pytest.raises(ProofError, match="does not verify"):
        verify_note(bad, [ALICE.key, BOB.key])
    assert verify_note(bad, [ALICE.key]) == (ALICE.key,)
    with pytest.raises(ProofError, match="does not verify"):
        verify_note(Note(note.text + "More.\n", note.signatures), [ALICE.key])


@pytest.mark.parametrize("length", [1, 63, 65, 128])
def test_a_signature_has_64_bytes(length: int) -> None:
    note = parse_note(SIGNED)
    wrong = (note.signatures[0].signature * 2)[:length]
    with pytest.raises(ProofError, match="does not verify"):
        verify_note(replace(note, 0, signature=wrong), [ALICE.key])


def test_a_known_key_signs_once() -> None:
    note = parse_note(SIGNED)
    doubled = Note(note.text, (*note.signatures, note.signatures[0]))
    with pytest.raises(ProofError, match="two signatures"):
        verify_note(doubled, [ALICE.key])
    assert verify_note(doubled, [BOB.key]) == (BOB.key,)


def test_known_keys_must_be_told_apart() -> None:
    twin = VerifierKey(ALICE.key.name, BOB.key.public_key)
    object.__setattr__(twin, "key_id", ALICE.key.key_id)
    with pytest.raises(ProofError, match="share a name"):
        verify_note(parse_note(SIGNED), [ALICE.key, twin])


def test_sixteen_post_quantum_signatures_fit() -> None:
    note = parse_note(SIGNED)
    large = [Signature(f"pq{i}.example", bytes([i] * 4), bytes(5000)) for i in range(16)]
    data = format_note(Note(note.text, (*large, *note.signatures)))
    assert len(data) > 16 * 5000
    assert verify_note(parse_note(data), [ALICE.key]) == (ALICE.key,)


def test_sizes_are_capped() -> None:
    assert (MAX_NOTE, MAX_SIGNATURES) == (1_048_576, 64)
    note = parse_note(SIGNED)
    many = Note(note.text, tuple(Signature(f"s{i}", b"1234", b"x") for i in range(MAX_SIGNATURES)))
    assert len(parse_note(format_note(many)).signatures) == MAX_SIGNATURES
    with pytest.raises(ProofError, match="too many"):
        format_note(Note(note.text, (*many.signatures, note.signatures[0])))
    fitting = SIGNED.replace(b"One line.", b"x" * (MAX_NOTE - len(SIGNED) + 9))
    assert len(fitting) == MAX_NOTE
    parse_note(fitting)
    with pytest.raises(ProofError, match="too long"):
        parse_note(b"x" + fitting)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("One", "On\re"),
        ("One", "On\te"),
        ("One", "On\x00e"),
        ("\n\n—", "\n—"),
        ("\n\n— example.com/alice", "\n\n- example.com/alice"),
        ("— example.com/alice", "—example.com/alice"),
        ("— example.com/alice", "—  example.com/alice"),
        ("— example.com/alice", "— example.com+alice"),
        ("— example.com/alice", "— example.com/\u2003alice"),
        ("— example.com/alice", "— "),
        ("— example.com/alice ", "— example.com/alice"),
        ("=\n", "\n"),
        ("=\n", "==\n"),
        ("=\n", "= \n"),
        ("=\n", "=\n\n"),
        ("\n— example.com/bob", "\n \n— example.com/bob"),
    ],
)
def test_another_spelling_is_refused(old: str, new: str) -> None:
    whole = SIGNED.decode()
    assert old in whole
    with pytest.raises(ProofError):
        parse_note(whole.replace(old, new).encode())


@pytest.mark.parametrize("data", [b"", b"\n", b"\n\n", b"\n\n\n", b"text\n\n", b"\xff" + SIGNED, SIGNED[:-1]])
def test_no_notes(data: bytes) -> None:
    with pytest.raises(ProofError):
        parse_note(data)


def test_base64_has_one_spelling() -> None:
    assert decode_base64("YQ==", "it") == b"a"
    assert decode_base64("", "it") == b""
    for text in ("YR==", "YQ", "YQ=", "YQ==\n", " YQ==", "Y-__", "YQ==YQ==", "é"):
        with pytest.raises(ProofError, match="it is not base64"):
            decode_base64(text, "it")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x01", "\ud800"])
def test_names_that_name_no_key(name: str) -> None:
    with pytest.raises(ProofError):
        check_key_name(name)
    with pytest.raises(ProofError):
        VerifierKey(name, ALICE.key.public_key)


@pytest.mark.parametrize("text", ["", "no newline", "a\rb\n", "\ud800\n"])
def test_texts_that_cannot_be_signed(text: str) -> None:
    asked = []

    def sign(message: bytes) -> bytes:
        asked.append(message)
        return ALICE.sign(message)

    with pytest.raises(ProofError):
        sign_note(text, [NoteSigner(ALICE.key, sign)])
    assert not asked


def test_a_note_needs_a_signer() -> None:
    with pytest.raises(ProofError):
        sign_note("text\n", [])


@pytest.mark.parametrize("wrong", [b"", bytes(64), bytes(63)])
def test_a_faulty_signer_publishes_nothing(wrong: bytes) -> None:
    with pytest.raises(ProofError, match="does not verify"):
        sign_note("text\n", [NoteSigner(ALICE.key, lambda _message: wrong)])
    with pytest.raises(ProofError, match="does not verify"):
        sign_note("text\n", [NoteSigner(ALICE.key, BOB.sign)])


@pytest.mark.parametrize(
    "note",
    [
        Note("text", (Signature("a", b"1234", b"x"),)),
        Note("text\n", ()),
        Note("text\n", (Signature("a", b"123", b"x"),)),
        Note("text\n", (Signature("a", b"1234", b""),)),
        Note("text\n", (Signature("a b", b"1234", b"x"),)),
        Note("\ud800\n", (Signature("a", b"1234", b"x"),)),
    ],
)
def test_parts_that_make_no_note(note: Note) -> None:
    with pytest.raises(ProofError):
        format_note(note)


def check_fuzzed(data: bytes) -> None:
    try:
        note = parse_note(data)
    except ProofError:
        return
    assert format_note(note) == data
    try:
        verify_note(note, [ALICE.key])
    except ProofError:
        return
    assert note.text == parse_note(SIGNED).text


@steady
@given(st.binary(max_size=200) | st.text(max_size=120).map(str.encode))
def test_parsing_anything_raises_nothing_else(data: bytes) -> None:
    check_fuzzed(data)


@settings(steady, max_examples=300)
@given(st.integers(0, len(SIGNED) - 1), st.integers(0, len(SIGNED)), st.binary(max_size=4))
def test_parsing_a_damaged_note_raises_nothing_else(start: int, end: int, new: bytes) -> None:
    check_fuzzed(SIGNED[:start] + new + SIGNED[end:])


def signers_of(data: bytes) -> tuple[VerifierKey, ...]:
    """None if the note is refused. A flip in a name or id only turns that signer into a stranger."""
    try:
        return verify_note(parse_note(data), [ALICE.key, BOB.key])
    except ProofError:
        return ()


def test_no_flipped_bit_leaves_a_note_that_both_signed() -> None:
    assert len(signers_of(SIGNED)) == 2
    for at in range(len(SIGNED)):
        for bit in range(8):
            data = bytearray(SIGNED)
            data[at] ^= 1 << bit
            assert len(signers_of(bytes(data))) < 2, f"accepted with bit {bit} of byte {at} flipped"


@steady
@given(st.text(max_size=80))
def test_parsing_any_key_raises_nothing_else(text: str) -> None:
    with pytest.raises(ProofError):
        VerifierKey.parse(text)


@steady
@given(st.binary(max_size=60))
def test_base64_round_trips(data: bytes) -> None:
    assert decode_base64(encode_base64(data), "it") == data
