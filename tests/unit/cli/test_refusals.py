"""What commands refuse, in words that say what was expected and what came; and what they take beside it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from support.inside import Inside, inside
from support.world import world_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = bytes(range(32))
SIGNING = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with world_in(tmp_path_factory.mktemp("refusals") / "data") as made, inside(made) as found:
        yield found


@pytest.mark.parametrize(("one", "other"), [("--two-persons", "--one-person"), ("--sealed", "--clear")])
def test_a_rule_that_contradicts_itself_is_refused(vestige: Inside, one: str, other: str) -> None:
    before = vestige.json("custody", "show")
    code, _, said = vestige.run("custody", "set", "--hours", "7", one, other)
    assert code == 2
    assert f"{one} and {other} contradict one another\n  expected: one of them\n  got:      both" in said
    assert vestige.json("custody", "show") == before


def test_each_half_of_a_rule_is_taken_by_itself(vestige: Inside) -> None:
    assert vestige.json("custody", "set", "--hours", "9")["hours"] == 9
    assert vestige.json("custody", "set", "--sealed") | {"hours": 0} == {
        "two_persons": False,
        "hours": 0,
        "sealed": True,
    }
    assert vestige.json("custody", "set", "--clear", "--one-person")["sealed"] is False
    assert vestige.json("custody", "set", "--two-persons")["two_persons"] is True


@pytest.mark.parametrize(
    ("held", "came"),
    [
        (b"", "0 bytes in base64"),
        (base64.b64encode(KEY[:-1]), "31 bytes in base64"),
        (KEY.hex().encode(), "64 hexadecimal digits"),
        (KEY, "32 bytes that are no base64"),
        (SIGNING, "a PEM file, as signing keys and certificates have it"),
        (b"x" * 20_001, "10000 bytes or more"),
    ],
)
def test_a_file_without_a_key_encryption_key_wraps_nothing(
    vestige: Inside, tmp_path: Path, held: bytes, came: str
) -> None:
    file = tmp_path / "key"
    file.write_bytes(held)
    file.chmod(0o600)
    code, _, said = vestige.run("ledger", "rewrap", str(file))
    assert code == 2
    assert f"this file holds no key-encryption key: {file}" in said
    assert "expected: a file of mode 0600 with 32 bytes in base64" in said
    assert f"got:      {came}" in said
    assert "next:     make one with: (umask 077; openssl rand -base64 32 > FILE)" in said
    assert not held or held.decode("latin-1").strip()[:20] not in said.replace(str(file), "").replace(came, "")


def test_a_key_file_that_others_may_read_wraps_nothing_and_the_right_one_does(vestige: Inside, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(base64.b64encode(KEY) + b"\n")
    file.chmod(0o644)
    code, _, said = vestige.run("ledger", "rewrap", str(file))
    assert (code, f"chmod 600 {file}" in said) == (2, True)
    file.chmod(0o600)
    assert len(vestige.json("ledger", "rewrap", str(file))["kek"]) == 16
