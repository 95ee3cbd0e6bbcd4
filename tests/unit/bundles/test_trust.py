from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from support.bundles import answers, by_product, golden, log_key, sealed, small, standalone
from vestige.bundles import Trust, keys_of_text, read_policy
from vestige.model.errors import UsageError
from vestige.proof import Note, Signature, format_note, parse_note

if TYPE_CHECKING:
    from pathlib import Path

KEY = golden()["data/0/keys"].decode().strip()


def witness(number: int) -> tuple[str, Ed25519PrivateKey]:
    """A witness's key on paper, and its private half."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    data = b"\x04" + private.public_key().public_bytes_raw()
    name = f"witness.example/{number}"
    key_id = sha256(name.encode() + b"\n" + data).digest()[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(data).decode()}", private


def cosigned(*numbers: int, at: int = 1_795_363_200) -> dict[str, bytes]:
    """The small bundle with a checkpoint that witnesses cosigned, sealed by the log's key."""
    note = parse_note(small()["data/0/checkpoint"])
    signatures = list(note.signatures)
    for number in numbers:
        text, private = witness(number)
        name, key_id, _ = text.split("+", 2)
        message = f"cosignature/v1\ntime {at}\n{note.text}".encode()
        signatures.append(Signature(name, bytes.fromhex(key_id), at.to_bytes(8, "big") + private.sign(message)))
    made = format_note(Note(note.text, tuple(signatures)))
    old = small()["data/0/checkpoint"]
    return sealed({name: data.replace(old, made) for name, data in small().items()}, log_key())


POLICY = f"""# who must have seen it
log {KEY} https://log.example/
witness w1 {witness(1)[0]} https://w1.example/
witness w2 {witness(2)[0]}
witness w3 {witness(3)[0]}
group two 2 w1 w2 w3
group all all w1 w2 w3
group any any two all
quorum two
"""


def both(policy: str, files: dict[str, bytes], tmp_path: Path) -> tuple[int, frozenset[str]]:
    """What both verifiers say under a policy."""
    trust = Trust()
    read_policy(policy, trust)
    (tmp_path / "policy").write_text(policy)
    one, two = answers(files, trust, standalone().Trust([], str(tmp_path / "policy")))
    assert one == two
    return one.exit, one.failed


@pytest.mark.parametrize(
    ("quorum", "by", "good"),
    [("two", (1, 3), True), ("two", (1,), False), ("all", (1, 2, 3), True), ("all", (1, 2), False),
     ("w2", (2,), True), ("w2", (1, 3), False), ("any", (2, 3), True), ("any", (3,), False), ("none", (), True),
     ("two", (), False)],
)  # fmt: skip
def test_a_quorum_must_have_cosigned(quorum: str, by: tuple[int, ...], good: bool, tmp_path: Path) -> None:
    policy = POLICY.replace("quorum two", f"quorum {quorum}")
    exit_code, failed = both(policy, cosigned(*by), tmp_path)
    assert (exit_code, failed) == ((3, frozenset()) if good else (1, frozenset({"witnesses"})))


def test_a_cosignature_of_something_else_does_not_count(tmp_path: Path) -> None:
    files = cosigned(1, 2)
    note = parse_note(files["data/0/checkpoint"])
    name, key_id, signature = note.signatures[1]
    other = Signature(name, key_id, (int.from_bytes(signature[:8], "big") + 1).to_bytes(8, "big") + signature[8:])
    made = format_note(Note(note.text, (note.signatures[0], other, note.signatures[2])))
    moved = sealed({n: data.replace(files["data/0/checkpoint"], made) for n, data in files.items()}, log_key())
    assert both(POLICY, moved, tmp_path) == (1, frozenset({"witnesses"}))
    assert both(POLICY, files, tmp_path) == (3, frozenset())


def test_without_a_policy_cosignatures_are_ignored() -> None:
    assert by_product(cosigned(1, 2), Trust(keys_of_text(KEY))).exit == 3


@pytest.mark.parametrize(
    "line",
    ["log", "log nokey", "witness w9", f"witness w1 {witness(4)[0]}", f"witness none {witness(4)[0]}",
     f"witness w9 {KEY}", "group g 1", "group g 0 w1", "group g 3 w1 w2", "group g any w8", "group w1 any w2",
     "group g 2 w1 w1", "quorum w8", "quorum", "more words", "group g x w1", f"log {witness(1)[0]}"],
)  # fmt: skip
def test_a_line_that_is_none_of_a_policy_is_refused_by_both(line: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="line 10"):
        read_policy(f"{POLICY}{line}\n", Trust())
    (tmp_path / "policy").write_text(f"{POLICY}{line}\n")
    with pytest.raises((standalone().Bad, ValueError)):
        standalone().Trust([], str(tmp_path / "policy"))


def test_keys_are_read_as_the_ledger_prints_them() -> None:
    for text in (KEY, f"{KEY}\n", f"# mine\n\n{KEY}  epoch 0, from size 0\n", json.dumps({"vkey": KEY, "epoch": 0})):
        assert [str(key) for key in keys_of_text(text)] == [KEY]
        assert [key.text for key in standalone().Trust([text], None).keys] == [KEY]


@pytest.mark.parametrize(
    "text", ["", "\n", "x", KEY[:-4], KEY.replace("+", "-"), '{"key":1}', "{", '["vkey"]', "[" * 5000]
)
def test_what_is_no_key_is_refused_by_both(text: str) -> None:
    with pytest.raises(UsageError, match="verifier key"):
        keys_of_text(text)
    with pytest.raises((standalone().Bad, ValueError, KeyError, TypeError, RecursionError)):
        standalone().Trust([text], None)


@pytest.mark.parametrize(
    "public",
    ["00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f",
     "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
     "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
     "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "ee" + "ff" * 30 + "7f", "02" + "00" * 31],
)  # fmt: skip
def test_keys_that_verifiers_disagree_on_are_refused_by_both(public: str) -> None:
    data = b"\x01" + bytes.fromhex(public)
    key_id = sha256(b"log.example\n" + data).digest()[:4]
    text = f"log.example+{key_id.hex()}+{base64.b64encode(data).decode()}"
    with pytest.raises(UsageError):
        keys_of_text(text)
    with pytest.raises(standalone().Bad):
        standalone().Key(text)
    assert standalone().Key(KEY).text == KEY
