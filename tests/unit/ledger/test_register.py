"""The register of erasures: a line an erasure, once, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vestige.ledger.register import LEAF, Erasure, Register
from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

ONE = Erasure(
    "o/0", "E1", [(1, 3), (7, 8)], b"a" * LEAF + b"b" * LEAF + b"c" * LEAF, ["b1"], ["f1"], [(4, 6)], "privacy"
)


def test_a_line_comes_back_once_and_only_to_its_log(tmp_path: Path) -> None:
    register = Register(tmp_path)
    assert register.of(["o/0"]) == []
    register.note(ONE)
    register.note(ONE)
    register.note(ONE._replace(entry="E2", log="o/1"))
    assert Register(tmp_path).of(["o/0"]) == [ONE]
    assert len(register.of(["o/0", "o/1"])) == 2
    assert (tmp_path / "erasures").stat().st_mode & 0o077 == 0


def test_only_the_entries_that_were_erased_are_taken_again() -> None:
    there = [(1, b"a" * 32), (2, b"x" * 32), (7, b"c" * 32), (9, b"a" * 32)]
    assert ONE.still(iter(there)) == [1, 7]


def test_a_torn_line_is_written_again_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    register = Register(tmp_path)
    register.note(ONE)
    file = tmp_path / "erasures"
    with file.open("ab") as stream:
        stream.write(b'{"log":"o/0","entr')
    assert register.of(["o/0"]) == [ONE]
    register.note(ONE._replace(entry="E2"))
    assert [one.entry for one in register.of(["o/0"])] == ["E1", "E2"]
    file.write_bytes(file.read_bytes().replace(b'"leaves"', b'"leavse"', 1))
    with pytest.raises(StorageError, match="damaged"):
        register.of(["o/0"])
