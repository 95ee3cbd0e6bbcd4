"""The register of erasures: what was erased, kept outside the database, so that a backup put back does not undo it.

It lies in the signer's directory, which is no part of a backup of evidence. A line an erasure, canonical JSON:

* ``log``, ``entry``: the log's origin, and the id of the ``erasure`` or ``purge`` entry
* ``ranges``: of seqs, as the entry has them
* ``leaves``: the first eight bytes of each leaf hash in these, in hex, one after the other: which entries they were,
  so that others that came to stand at these seqs since are not taken for them
* ``blobs``, ``files``, ``keys``, ``reason``: as the entry has them

It holds no word of any record. A line is durable before an erasure is called done.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.ledger.blobs import sync_directory
from vestige.model.errors import StorageError
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import FileIO
    from pathlib import Path

LEAF: Final = 8
"""Bytes of a leaf hash that are kept."""


class Erasure(NamedTuple):
    """One line."""

    log: str
    entry: str
    ranges: list[tuple[int, int]]
    leaves: bytes
    blobs: list[str]
    files: list[str]
    keys: list[tuple[int, int]]
    reason: str

    def still(self, seq_hashes: Iterator[tuple[int, bytes]]) -> list[int]:
        """Of entries that are there, the seqs of those that were erased."""
        places = (seq for lo, hi in self.ranges for seq in range(lo, hi))
        was = {seq: self.leaves[at * LEAF : (at + 1) * LEAF] for at, seq in enumerate(places)}
        return [seq for seq, leaf_hash in seq_hashes if was.get(seq) == leaf_hash[:LEAF]]


class Register:
    """The file. Safe to share between threads, and between processes that share the directory: one writes at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "erasures"
        self._lock = threading.Lock()
        self._noted: set[str] = set()
        self._seen = 0
        """The entries of the lines in so many bytes at the beginning: what was noted is not read again for each."""

    def note(self, made: Erasure) -> None:
        """Add a line, durably; one of an entry that has one already changes nothing.

        Raises:
            StorageError: the file cannot be written: the erasure is not over yet.
        """
        body: dict[str, Any] = made._asdict() | {
            "leaves": made.leaves.hex(),
            "ranges": [list(pair) for pair in made.ranges],
            "keys": [list(pair) for pair in made.keys],
        }
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock, open(self._path, "a+b", buffering=0, opener=_private) as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
                size = self._catch_up(file)
                if made.entry in self._noted and any(one.entry == made.entry for one in self._read()):
                    return
                whole = self._seen
                if size > whole:
                    # What a crash left of a line says nothing: its erasure is not over, and it is written again.
                    file.truncate(whole)
                line = canonical(body) + b"\n"
                written = file.write(line)
                if written != len(line):
                    file.truncate(whole)
                    raise OSError(errno.ENOSPC, f"{written} of {len(line)} bytes were written")  # noqa: TRY301 - told below
                os.fsync(file)
                self._noted.add(made.entry)
                self._seen = whole + written
            sync_directory(self._directory)
        except OSError as error:
            raise StorageError(
                "the register of erasures cannot be written",
                got=error.strerror or str(error)[:100],
                hint="look at the space and the rights of VESTIGE_SIGNER_DIR; the erasure is gone on with",
            ) from error

    def of(self, origins: Sequence[str]) -> list[Erasure]:
        """The erasures in some logs, the oldest first.

        Raises:
            StorageError: the file cannot be read, or a line of it is none.
        """
        with self._lock:
            return [one for one in self._read() if one.log in origins]

    def _catch_up(self, file: FileIO) -> int:
        """Read the lines that others added since; the size of the file."""
        file.seek(max(self._seen - 1, 0))
        if self._seen and file.read(1) != b"\n":  # another file was put in its place
            self._noted, self._seen = set(), 0
            file.seek(0)
        data = file.read()
        whole = data.rfind(b"\n") + 1
        self._noted |= {one.entry for one in _lines(data[:whole])}
        self._seen += whole
        return self._seen + len(data) - whole

    def _read(self) -> Iterator[Erasure]:
        try:
            data = self._path.read_bytes() if self._path.exists() else b""
        except OSError as error:
            raise StorageError("the register of erasures cannot be read", got=error.strerror or str(error)) from error
        return _lines(data)


def _lines(data: bytes) -> Iterator[Erasure]:
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            body = orjson.loads(line)
            body["ranges"] = [(lo, hi) for lo, hi in body["ranges"]]
            body["keys"] = [(lo, hi) for lo, hi in body["keys"]]
            body["leaves"] = bytes.fromhex(body["leaves"])
            made = Erasure(**body)
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                continue  # torn by a crash: its erasure is not over, and its line is written again
            raise StorageError(
                "the register of erasures was damaged",
                expected="a line an erasure", got=f"line {number}: {str(error)[:60]}",
                hint="put back the signer's directory from a copy, or remove the line if you know what it was",
            ) from error  # fmt: skip
        yield made


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
