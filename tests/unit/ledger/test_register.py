"""The register of erasures: a line an erasure, once, whole or not at all."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest

from vestige.ledger.register import LEAF, Erasure, Register
from vestige.model.errors import StorageError

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


def test_a_line_that_was_written_in_part_is_an_error_and_goes_again(tmp_path: Path) -> None:
    register = Register(tmp_path)
    register.note(ONE)
    size = (tmp_path / "erasures").stat().st_size
    script = f"""
import resource, signal, sys
from vestige.ledger.register import Register
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_register import ONE
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size + 50}, {size + 50}))
Register(Path({str(tmp_path)!r})).note(ONE._replace(entry="E2"))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "register of erasures cannot be written" in done.stderr
    assert (tmp_path / "erasures").stat().st_size == size
    register.note(ONE._replace(entry="E2"))
    assert [one.entry for one in register.of(["o/0"])] == ["E1", "E2"]


def test_a_process_waits_for_the_line_another_writes(tmp_path: Path) -> None:
    register = Register(tmp_path)
    register.note(ONE)
    begun = threading.Event()

    def late() -> None:
        begun.set()
        register.note(ONE._replace(entry="E2"))

    with (tmp_path / "erasures").open("ab", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(b'{"log":"o/0","entr')  # half of a line, as another process writes it
        thread = threading.Thread(target=late)
        thread.start()
        begun.wait()
        thread.join(0.3)
        assert thread.is_alive()
        assert (tmp_path / "erasures").read_bytes().endswith(b'"entr')
        other.truncate(other.seek(0, 2) - 18)
    thread.join()
    assert [one.entry for one in register.of(["o/0"])] == ["E1", "E2"]


def test_a_line_is_read_once_however_many_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register, other, read = Register(tmp_path), Register(tmp_path), list[bytes]()
    loads = orjson.loads

    def counting(line: bytes) -> object:
        read.append(line)
        return loads(line)

    monkeypatch.setattr("vestige.ledger.register.orjson.loads", counting)
    for number in range(50):
        register.note(ONE._replace(entry=f"E{number}"))
    assert len(read) == 0
    other.note(ONE._replace(entry="of another process"))
    assert len(read) == 50
    register.note(ONE._replace(entry="E50"))
    assert len(read) == 51
    register.note(ONE._replace(entry="of another process"))
    # Where an older copy was put in its place, what that has not is written again.
    file = tmp_path / "erasures"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:10]))
    register.note(ONE._replace(entry="E50"))
    register.note(ONE._replace(entry="E30"))
    assert [one.entry for one in register.of(["o/0"])] == [*(f"E{number}" for number in range(10)), "E50", "E30"]
