"""A witness answers as C2SP's tlog-witness says, remembers before it signs, and cosigns no two trees of one size."""

from __future__ import annotations

import json
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from support.homes import TENANT, Home, sqlite_home
from support.vouching import add, key_of, small
from vestige.anchors.witness import MOST_BYTES, Witness
from vestige.ledger.keys import SigningKey
from vestige.model.errors import BusyError, IntegrityError, SettingsError, StorageError, UsageError
from vestige.proof import Checkpoint, parse_checkpoint, parse_note, sign_checkpoint
from vestige.proof.note import encode_base64

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vestige.ledger import Ledger

NAME = "witness.example/w"
AT = 1_795_363_200


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    (tmp_path / "home").mkdir()
    place = sqlite_home(tmp_path / "home")
    yield place
    place.close()


@pytest.fixture
def ledger(home: Home) -> Ledger:
    return small(home)


@pytest.fixture
def witness(ledger: Ledger, tmp_path: Path) -> Iterator[Witness]:
    made = Witness(tmp_path / "w", NAME, [key_of(ledger)], lambda: AT * 10**9)
    yield made
    made.close()


def request(old: int, path: Sequence[bytes], note: bytes) -> bytes:
    lines = [f"old {old}", *map(encode_base64, path)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + note


def grown(ledger: Ledger, old: int, count: int = 3) -> tuple[bytes, int]:
    """A request with what the log has grown by, and its size."""
    add(ledger, count)
    made = ledger.checkpoint(TENANT)
    path = ledger.consistency(TENANT, old, made.size) if old else []
    return request(old, path, made.note.encode()), made.size


def test_it_cosigns_what_grows_and_says_when(ledger: Ledger, witness: Witness) -> None:
    size = 0
    for _ in range(4):
        body, larger = grown(ledger, size)
        status, answer, media = witness.add_checkpoint(body)
        assert (status, media) == (200, "text/plain; charset=utf-8")
        note = ledger.latest_checkpoint(TENANT)
        assert note is not None
        assert witness.key.time_of(parse_note(note.note.encode() + answer)) == AT
        size = larger
    seen = witness.seen(key_of(ledger).name)
    assert seen is not None
    assert (seen.size, seen.root) == (size, ledger.checkpoint(TENANT).root)
    again = request(size, [], ledger.checkpoint(TENANT).note.encode())
    assert witness.add_checkpoint(again).status == 200


def test_each_refusal_has_its_status_and_changes_nothing(ledger: Ledger, witness: Witness) -> None:
    first, size = grown(ledger, 0)
    assert witness.add_checkpoint(first).status == 200
    note = ledger.checkpoint(TENANT).note.encode()
    second, larger = grown(ledger, size)
    newer = ledger.checkpoint(TENANT).note.encode()
    path = ledger.consistency(TENANT, size, larger)
    other = SigningKey("vestige.example/t/other/0", b"o" * 32)
    stranger = SigningKey(key_of(ledger).name, b"s" * 32)
    head = parse_checkpoint(newer)
    forked = Checkpoint(head.origin, size, b"f" * 32)
    refused: list[tuple[int, bytes]] = [
        (400, b""), (400, b"old 1"), (400, b"old x\n\n" + note),
        (400, b"new 0\n\n" + note), (400, b"old 01\n\n" + note),
        (400, request(size, [b"h" * 31], newer)), (400, request(size, [b"h" * 32] * 64, newer)),
        (400, request(larger + 1, path, newer)), (400, request(0, [], b"no note")),
        (400, request(0, [], b"a\n\n" + note)),
        (400, b"x" * (MOST_BYTES + 1)),
        (404, request(0, [], sign_checkpoint(Checkpoint(other.verifier.name, 1, b"r" * 32), [other.note_signer()]))),
        (403, request(size, path, sign_checkpoint(head, [stranger.note_signer()]))),
        (403, request(size, path, newer[:-10] + b"AAAAAAAA=\n")),
        (409, request(0, [], newer)), (409, request(size - 1, path, newer)), (409, request(larger, [], newer)),
        (422, request(size, path[:-1], newer)), (422, request(size, [*path, b"h" * 32], newer)),
        (422, request(size, [b"h" * 32] * len(path), newer)), (422, request(size, [], newer)),
    ]  # fmt: skip
    for status, body in refused:
        answer = witness.add_checkpoint(body)
        assert answer.status == status, (status, body[:60], answer)
        if status == 409:
            assert (answer.body, answer.media_type) == (f"{size}\n".encode(), "text/x.tlog.size")
        seen = witness.seen(head.origin)
        assert seen is not None
        assert seen.size == size
    signer = SigningKey(head.origin, b"k" * 32)
    two = Witness(witness._directory.parent / "w2", NAME, [signer.verifier])
    try:
        assert two.add_checkpoint(request(0, [], sign_checkpoint(forked, [signer.note_signer()]))).status == 200
        fork = sign_checkpoint(Checkpoint(head.origin, size, b"g" * 32), [signer.note_signer()])
        assert two.add_checkpoint(request(size, [], fork)) == (409, f"{size}\n".encode(), "text/x.tlog.size")
        assert two.add_checkpoint(request(0, [b"h" * 32], fork)).status == 409
    finally:
        two.close()
    assert witness.add_checkpoint(second).status == 200


def test_a_first_request_has_no_proof(ledger: Ledger, witness: Witness) -> None:
    note = ledger.checkpoint(TENANT).note.encode()
    assert witness.add_checkpoint(request(0, [b"h" * 32], note)).status == 422
    assert witness.add_checkpoint(request(0, [], note)).status == 200


def test_it_remembers_before_it_signs(ledger: Ledger, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = {name: getattr(__import__("os"), name) for name in ("fsync", "rename")}

    def noted(name: str) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            order.append(name)
            return real[name](*arguments, **more)

        return call

    class Signs:
        def sign(self, message: bytes) -> bytes:
            order.append("sign")
            return private.sign(message)

    private = witness._private
    monkeypatch.setattr("os.fsync", noted("fsync"))
    monkeypatch.setattr("pathlib.Path.rename", noted("rename"))
    monkeypatch.setattr(witness, "_private", Signs())
    body = request(0, [], ledger.checkpoint(TENANT).note.encode())
    order.clear()
    assert witness.add_checkpoint(body).status == 200
    assert order == ["fsync", "rename", "fsync", "sign"]

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    following, _ = grown(ledger, 6)
    order.clear()
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="did not sign"):
        witness.add_checkpoint(following)
    assert "sign" not in order


def test_it_remembers_over_a_restart_and_one_process_has_it(ledger: Ledger, tmp_path: Path) -> None:
    body, size = grown(ledger, 0)
    one = Witness(tmp_path / "w", NAME, [key_of(ledger)])
    assert one.add_checkpoint(body).status == 200
    with pytest.raises(BusyError, match="another process"):
        Witness(tmp_path / "w", NAME, [key_of(ledger)])
    one.close()
    two = Witness(tmp_path / "w", NAME, [key_of(ledger)])
    assert two.key == one.key
    assert two.add_checkpoint(body) == (409, f"{size}\n".encode(), "text/x.tlog.size")
    file = tmp_path / "w" / f"{sha256(key_of(ledger).name.encode()).hexdigest()[:40]}.json"
    good = file.read_bytes()
    for damaged in (b"", b"{}", json.dumps({"origin": "x", "root": "0" * 64, "size": 1}).encode(), good[:-8]):
        file.write_bytes(damaged)
        with pytest.raises(IntegrityError, match="damaged"):
            two.add_checkpoint(body)
    file.write_bytes(good)
    assert two.add_checkpoint(body).status == 409
    two.close()


def test_of_many_at_once_none_takes_back_what_another_was_told(ledger: Ledger, witness: Witness) -> None:
    """Eight logs' worth of requests from size 0, of rising sizes: one is cosigned, and the others are told its size."""
    bodies, sizes = [], []
    for _ in range(8):
        add(ledger, 2)
        made = ledger.checkpoint(TENANT)
        bodies.append(request(0, [], made.note.encode()))
        sizes.append(made.size)
    answers: list[Any] = [None] * 8

    def ask(number: int) -> None:
        answers[number] = witness.add_checkpoint(bodies[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = [number for number, answer in enumerate(answers) if answer.status == 200]
    seen = witness.seen(key_of(ledger).name)
    assert seen is not None
    assert [sizes[number] for number in good] == [seen.size]
    assert {answer.body for answer in answers if answer.status == 409} == {f"{seen.size}\n".encode()}


def test_its_key_is_private_and_may_be_brought(ledger: Ledger, tmp_path: Path) -> None:
    made = Witness(tmp_path / "w", NAME, [])
    made.close()
    file = tmp_path / "w" / "key.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "key.pem").write_bytes(file.read_bytes())
    with pytest.raises(SettingsError, match="others may read"):
        Witness(tmp_path / "mine", NAME, [key_of(ledger)])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_a_name_must_be_a_keys(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name is none"):
        Witness(tmp_path / "w", name, [])
    good = Witness(tmp_path / "w", NAME, [])
    assert str(good.key).startswith(f"{NAME}+")
    good.close()
