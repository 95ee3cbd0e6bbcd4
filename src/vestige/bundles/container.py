"""Opening a bundle that anybody may have made: a folder or a zip, nothing of which is believed.

Refused before anything is read: links and special files, names that lead out of the folder or that two systems could
read as one, files given twice, entries of a zip that overlap, encrypted ones, methods other than stored and deflated,
and more bytes than the zip's own length explains. Nothing is ever written or unpacked to disk.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from vestige.bundles import layout
from vestige.bundles.bounds import Bounds
from vestige.bundles.plain import PIECE, plain_zip
from vestige.bundles.zipped import DAMAGE, LibraryZip
from vestige.model.errors import NotFoundError, ProofError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from vestige.bundles.report import Report


class Container(Protocol):
    """A set of named files."""

    names: frozenset[str]

    def open(self, name: str) -> IO[bytes]:
        """Read a file from its beginning."""

    def whole(self, name: str) -> bytes | None:
        """All of a file that is no longer than :data:`PIECE`; None: it is, or has to be opened to be read."""

    def close(self) -> None:
        """Let go of it."""


def open_container(path: Path, bounds: Bounds | None = None) -> Container:
    """The folder or zip at a path, if it is safe to read.

    Args:
        path: where it lies.
        bounds: what a zip may ask of us; as much as any bundle may, if not given.

    Raises:
        NotFoundError: nothing is there.
        FormatError: it is neither a folder nor a zip.
        ProofError: it holds what no bundle holds.
        TooLargeError: it is a zip beyond the bounds.
    """
    if path.is_dir():
        return _Folder(path)
    if not path.is_file():
        raise NotFoundError(
            "there is no such bundle",
            expected="a folder or a zip",
            got=os.fsencode(path).decode("utf-8", "replace")[:200],
        )
    bounds = bounds or Bounds()
    return plain_zip(path, bounds) or LibraryZip(path, bounds)


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = layout.check_names(self._walk(path, ""))

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            name = prefix + os.fsencode(entry.name).decode("utf-8", "replace")
            if entry.is_dir(follow_symlinks=False):
                layout.check_names([name])
                yield from self._walk(Path(entry.path), f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name
            else:
                raise ProofError("a link or special file", expected="files and folders", got=ascii(name[:80]))

    def open(self, name: str) -> IO[bytes]:
        # Between the listing and this, the file may have become a link.
        return os.fdopen(os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")

    def whole(self, name: str) -> bytes | None:
        with self.open(name) as file:
            data = file.read(PIECE + 1)
        return data if len(data) <= PIECE else None

    def close(self) -> None:
        pass


class Bag:
    """A container whose manifests are whole both ways; every file is held against its digest as it is read.

    Args:
        container: the files.
        report: where faults are noted.
    """

    def __init__(self, container: Container, report: Report) -> None:
        self._container = container
        self._report = report
        self._digests: dict[str, bytes] = {}
        self._read: set[str] = set()
        self.tag_digest = ""
        """SHA-256 of the tag manifest, in hex."""

    def begin(self) -> bool:
        """Read the manifests. Whether they and the files name each other exactly; if not, nothing more can be said."""
        report, names = self._report, self._container.names
        before = sum(report.counts.values())
        others = {name for name in names if not name.startswith("data/")}
        expected = {*layout.TAG_FILES, layout.TAG_MANIFEST, layout.STATEMENT}
        for name in sorted(expected - names):
            report.add("container", "a file is missing", file=name)
        for name in sorted(others - expected):
            report.add("container", "a file that belongs to no bundle", file=name)
        tags, of_tags = self._manifest(layout.TAG_MANIFEST) if layout.TAG_MANIFEST in names else ({}, b"")
        listed, of_files = self._manifest(layout.MANIFEST) if layout.MANIFEST in names else ({}, b"")
        self.tag_digest = of_tags.hex()
        self._compare(layout.TAG_MANIFEST, tags, set(layout.TAG_FILES))
        # Of a hundred thousand records, sets of all names and their differences take long: first whether there are any.
        same = len(listed) + len(others) == len(names) and others.isdisjoint(listed) and names.issuperset(listed)
        if not same:
            self._compare(layout.MANIFEST, listed, names - others)
        if tags.get(layout.MANIFEST) == of_files:
            self._read.add(layout.MANIFEST)  # as every other, it is read once
        self._digests = listed
        self._digests |= tags
        return sum(report.counts.values()) == before

    def _compare(self, file: str, has: dict[str, bytes], wants: AbstractSet[str]) -> None:
        """Note what a manifest has too few and too many."""
        for name in sorted(wants - has.keys()):
            self._report.add("container", "no manifest lists it", file=name, expected=f"a line of {file}")
        for name in sorted(has.keys() - wants):
            self._report.add("container", "a manifest lists what is not there", file=name, got=f"a line of {file}")

    def _manifest(self, name: str) -> tuple[dict[str, bytes], bytes]:
        """What a manifest lists, and its own digest."""
        found: dict[str, bytes] = {}
        digest = sha256()
        try:
            with self._container.open(name) as file:
                for number, line in enumerate(_lines(file, digest.update), 1):
                    parsed = layout.parse_listed(line)
                    if parsed is None or parsed[0] in found:
                        self._report.add(
                            "container", f"line {number} is none of a manifest, or a second one of a file", file=name,
                            expected="64 lower-case hexadecimal digits, two spaces, a name", got=ascii(line[:120]),
                        )  # fmt: skip
                        break
                    found[parsed[0]] = parsed[1]
        except DAMAGE as error:
            self._report.add("container", "the file cannot be read", file=name, got=str(error))
        return found, digest.digest()

    @property
    def files(self) -> int:
        """How many files there are: no more entries than that can have a proof."""
        return len(self._container.names)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._container.names

    def read(self, name: str, most: int = layout.MAX_TEXT) -> bytes | None:
        """A whole file; None if there is none or it is not what the manifest says, which is then noted."""
        whole = self._good(name)
        if whole is not None and len(whole) <= most:
            return whole
        pieces: list[bytes] = []
        return b"".join(pieces) if self._run(name, most, pieces.append) is not None else None

    def digest(self, name: str) -> tuple[bytes, int] | None:
        """SHA-256 and length of a file of any length; None as above."""
        whole = self._good(name)
        return self._run(name, None, None) if whole is None else (self._digests[name], len(whole))

    def bare(self, name: str) -> bytes:
        """A file no manifest lists, up to the bound of a text."""
        try:
            with self._container.open(name) as file:
                return file.read(layout.MAX_TEXT)
        except DAMAGE as error:
            self._report.add("container", "the file cannot be read", file=name, got=str(error))
            return b""

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a file of any length, each held to a bound; its digest is looked at by :meth:`finish`."""
        with self._container.open(name) as file:
            while line := file.readline(layout.MAX_LINE):
                yield line.decode("ascii", "replace")

    def finish(self) -> None:
        """Hold every file that nobody has read against its digest, and note those nobody asked for."""
        for name in sorted(self._digests.keys() - self._read):
            self.digest(name)

    def unasked(self, prefix: str = "data/") -> list[str]:
        """Files whose names begin so, and that nothing so far has asked for."""
        read = self._read
        return sorted([name for name in self._digests if name.startswith(prefix) and name not in read])

    def _good(self, name: str) -> bytes | None:
        """A short file that is what the manifest says; None of every other, about which nothing is noted yet."""
        listed = self._digests.get(name)
        if listed is None:
            return None
        self._read.add(name)
        try:
            data = self._container.whole(name)
        except DAMAGE:
            return None
        return data if data is not None and sha256(data).digest() == listed else None

    def _run(self, name: str, most: int | None, keep: Callable[[bytes], None] | None) -> tuple[bytes, int] | None:
        listed = self._digests.get(name)
        if listed is None:
            return None
        digest, length = sha256(), 0
        try:
            for chunk in self._chunks(name):
                digest.update(chunk)
                length += len(chunk)
                if most is not None and length > most:
                    self._report.add(
                        "container", "the file is too long", file=name, expected=f"at most {most} bytes", got="more"
                    )
                    return None
                if keep is not None:
                    keep(chunk)
        except DAMAGE as error:
            self._report.add("container", "the file cannot be read", file=name, got=str(error))
            return None
        found = digest.digest()
        if found != listed:
            self._report.add(
                "container", "the file is not the one its manifest lists", file=name, expected=listed.hex(),
                got=found.hex(),
            )  # fmt: skip
            return None
        return found, length

    def _chunks(self, name: str) -> Iterator[bytes]:
        """A file piece by piece."""
        with self._container.open(name) as file:
            while len(chunk := file.read(PIECE)) == PIECE:
                yield chunk
            yield chunk  # both kinds of files give fewer only at their end


def _lines(file: IO[bytes], see: Callable[[bytes], object]) -> Iterator[bytes]:
    """The lines of a manifest; the last is none where it has no end, or is longer than any."""
    rest = b""
    while chunk := file.read(PIECE):
        see(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line + b"\n"
        if len(rest) > layout.MAX_LINE:
            break
    if rest:
        yield rest
