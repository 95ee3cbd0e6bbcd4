"""Opening a bundle that anybody may have made: a folder or a zip, nothing of which is believed.

Refused before anything is read: links and special files, names that lead out of the folder or that two systems could
read as one, files given twice, entries of a zip that overlap, encrypted ones, methods other than stored and deflated,
and more bytes than the zip's own length explains. Nothing is ever written or unpacked to disk.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol

from vestige.bundles import layout
from vestige.bundles.bounds import Bounds, ListBound
from vestige.model.errors import FormatError, NotFoundError, ProofError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vestige.bundles.report import Report

_CHUNK: Final = 1 << 20
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_HEADER: Final = 30
"""Bytes of a zip entry's local header without its name."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)
"""What reading a damaged zip can raise."""


class Container(Protocol):
    """A set of named files."""

    names: frozenset[str]

    def open(self, name: str) -> IO[bytes]:
        """Read a file from its beginning."""

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
    return _Zip(path, bounds or Bounds())


def check_names(names: Iterable[str]) -> frozenset[str]:
    """Refuse names that no bundle has, and two that some system takes for one.

    Raises:
        ProofError: which.
    """
    folded: set[str] = set()
    known: set[str] = set()
    for name in names:
        if len(name) > layout.MAX_NAME or not all(layout.SEGMENT.fullmatch(part) for part in name.split("/")):
            raise ProofError(
                "a name leads out of the bundle, or is none of a bundle's",
                expected="letters, digits, '.', '_' and '-', parted by '/'", got=ascii(name[:80]),
            )  # fmt: skip
        if name.lower() in folded:
            raise ProofError("a file is given twice", expected="each name once, in whatever case", got=name)
        folded.add(name.lower())
        known.add(name)
        if len(known) > layout.MAX_FILES:
            raise ProofError("there are too many files", expected=f"at most {layout.MAX_FILES}", got="more")
    return frozenset(known)


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = check_names(self._walk(path, ""))

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            name = prefix + os.fsencode(entry.name).decode("utf-8", "replace")
            if entry.is_dir(follow_symlinks=False):
                check_names([name])
                yield from self._walk(Path(entry.path), f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name
            else:
                raise ProofError("a link or special file", expected="files and folders", got=ascii(name[:80]))

    def open(self, name: str) -> IO[bytes]:
        # Between the listing and this, the file may have become a link.
        return os.fdopen(os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")

    def close(self) -> None:
        pass


class _Zip:
    def __init__(self, path: Path, bounds: Bounds) -> None:
        self._bounds = bounds
        try:
            self._file = ListBound(path, bounds)
        except OSError as error:
            raise FormatError("not a zip", expected="a file that can be read", got=error.strerror or "") from error
        try:
            self._zip = self._opened()
            self._file.list_read()
            self._infos = self._checked(path.stat().st_size)
            self.names = frozenset(self._infos)
        except BaseException:
            self._file.close()
            raise

    def _opened(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self._file)
        except _DAMAGE as error:
            raise FormatError("not a zip", expected="a zip that is whole", got=str(error)[:120]) from error

    def _checked(self, length: int) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        # The name as it stands in the zip: what the library makes of it ends at a zero byte.
        check_names(info.orig_filename.removesuffix("/") for info in infos)
        files = [info for info in infos if not info.is_dir()]
        for info in infos:
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in {0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG}:
                raise ProofError("a link or special file", expected="files and folders", got=info.filename)
            if info.flag_bits & 0x41 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise ProofError(
                    "a file is packed in a way no bundle is", expected="stored or deflated, not encrypted",
                    got=f"{info.filename}: method {info.compress_type}, flags {info.flag_bits}",
                )  # fmt: skip
        total = sum(info.file_size for info in infos)
        if total > length * layout.MAX_RATIO + layout.SLACK:
            raise ProofError(
                "the zip holds more than its length explains",
                expected=f"at most {layout.MAX_RATIO} times {length} bytes", got=f"{total} bytes",
            )  # fmt: skip
        self._bounds.check_unpacked(total)
        end = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise ProofError("two files of the zip overlap", expected="each its own bytes", got=info.filename)
            end = info.header_offset + _HEADER + len(info.filename) + info.compress_size
        tops = {info.filename.partition("/")[0] for info in infos}
        if len(tops) > 1 or any("/" not in info.filename for info in files):
            raise ProofError("not one bag", expected="one folder that holds all", got=", ".join(sorted(tops))[:120])
        return {info.filename.partition("/")[2]: info for info in files}

    def open(self, name: str) -> IO[bytes]:
        # Every file is opened to be read, and one is short of the bytes that all of them may have.
        self._bounds.check_time()
        return self._zip.open(self._infos[name])

    def close(self) -> None:
        self._zip.close()
        self._file.close()


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
        data = {name for name in names if name.startswith("data/")}
        expected = {*layout.TAG_FILES, layout.TAG_MANIFEST, layout.STATEMENT}
        for name in sorted(expected - names):
            report.add("container", "a file is missing", file=name)
        for name in sorted(names - data - expected):
            report.add("container", "a file that belongs to no bundle", file=name)
        tags = self._manifest(layout.TAG_MANIFEST) if layout.TAG_MANIFEST in names else {}
        listed = self._manifest(layout.MANIFEST) if layout.MANIFEST in names else {}
        for file, has, wants in (
            (layout.TAG_MANIFEST, tags, set(layout.TAG_FILES)), (layout.MANIFEST, listed, data),
        ):  # fmt: skip
            for name in sorted(wants - has.keys()):
                report.add("container", "no manifest lists it", file=name, expected=f"a line of {file}")
            for name in sorted(has.keys() - wants):
                report.add("container", "a manifest lists what is not there", file=name, got=f"a line of {file}")
        self._digests = tags | listed
        return sum(report.counts.values()) == before

    def _manifest(self, name: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        digest = sha256()
        try:
            with self._container.open(name) as file:
                number = 0
                while line := file.readline(layout.MAX_LINE + 1):
                    number += 1
                    digest.update(line)
                    parsed = _manifest_line(line)
                    if parsed is None or parsed[0] in found:
                        self._report.add(
                            "container", f"line {number} is none of a manifest, or a second one of a file", file=name,
                            expected="64 lower-case hexadecimal digits, two spaces, a name", got=ascii(line[:120]),
                        )  # fmt: skip
                        break
                    found[parsed[0]] = parsed[1]
        except _DAMAGE as error:
            self._report.add("container", "the file cannot be read", file=name, got=str(error))
        if name == layout.TAG_MANIFEST:
            self.tag_digest = digest.hexdigest()
        return found

    @property
    def files(self) -> int:
        """How many files there are: no more entries than that can have a proof."""
        return len(self._container.names)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._container.names

    def read(self, name: str, most: int = layout.MAX_TEXT) -> bytes | None:
        """A whole file; None if there is none or it is not what the manifest says, which is then noted."""
        pieces: list[bytes] = []
        return b"".join(pieces) if self._run(name, most, pieces.append) is not None else None

    def digest(self, name: str) -> tuple[bytes, int] | None:
        """SHA-256 and length of a file of any length; None as above."""
        return self._run(name, None, None)

    def bare(self, name: str) -> bytes:
        """A file no manifest lists, up to the bound of a text."""
        try:
            with self._container.open(name) as file:
                return file.read(layout.MAX_TEXT)
        except _DAMAGE as error:
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

    def unasked(self) -> list[str]:
        """Files under ``data/`` that nothing so far has asked for."""
        return sorted(name for name in self._digests.keys() - self._read if name.startswith("data/"))

    def _run(self, name: str, most: int | None, keep: Callable[[bytes], None] | None) -> tuple[bytes, int] | None:
        if name not in self._digests:
            return None
        self._read.add(name)
        digest, length = sha256(), 0
        try:
            with self._container.open(name) as file:
                whole = False
                while not whole:
                    chunk = file.read(_CHUNK)
                    whole = len(chunk) < _CHUNK  # both kinds of files give fewer only at their end
                    digest.update(chunk)
                    length += len(chunk)
                    if most is not None and length > most:
                        self._report.add(
                            "container", "the file is too long", file=name, expected=f"at most {most} bytes", got="more"
                        )
                        return None
                    if keep is not None:
                        keep(chunk)
        except _DAMAGE as error:
            self._report.add("container", "the file cannot be read", file=name, got=str(error))
            return None
        if digest.digest() != self._digests[name]:
            self._report.add(
                "container", "the file is not the one its manifest lists", file=name,
                expected=self._digests[name].hex(), got=digest.hexdigest(),
            )  # fmt: skip
            return None
        return digest.digest(), length


def _manifest_line(line: bytes) -> tuple[str, bytes] | None:
    """Name and digest of a line, if it is one."""
    try:
        text = line.decode("ascii")
    except UnicodeDecodeError:
        return None
    digest, gap, name = text[:64], text[64:66], text[66:]
    if gap != "  " or not name.endswith("\n") or not _DIGEST.fullmatch(digest):
        return None
    name = name[:-1]
    good = 0 < len(name) <= layout.MAX_NAME and all(layout.SEGMENT.fullmatch(part) for part in name.split("/"))
    return (name, bytes.fromhex(digest)) if good else None
