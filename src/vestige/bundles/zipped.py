"""A zip that anybody may have made, as the library reads it: what no bundle holds is refused before it is read."""

from __future__ import annotations

import stat
import zipfile
import zlib
from operator import attrgetter
from typing import IO, TYPE_CHECKING, Final

from vestige.bundles import layout
from vestige.bundles.bounds import Bounds, ListBound
from vestige.model.errors import FormatError, ProofError

if TYPE_CHECKING:
    from pathlib import Path

DAMAGE: Final = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)
"""What reading a damaged zip can raise."""


class LibraryZip:
    """The files of a zip, in its one folder.

    Raises:
        FormatError: it is no zip.
        ProofError: it holds what no bundle holds.
        TooLargeError: it is beyond the bounds.
    """

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
        except DAMAGE as error:
            raise FormatError("not a zip", expected="a zip that is whole", got=str(error)[:120]) from error

    def _checked(self, length: int) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        # The name as it stands in the zip: what the library makes of it ends at a zero byte.
        layout.check_names(info.orig_filename.removesuffix("/") for info in infos)
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
        for info in sorted(infos, key=attrgetter("header_offset")):
            if info.header_offset < end:
                raise ProofError("two files of the zip overlap", expected="each its own bytes", got=info.filename)
            end = info.header_offset + layout.LOCAL_HEADER + len(info.filename) + info.compress_size
        tops = {info.filename.partition("/")[0] for info in infos}
        if len(tops) > 1 or any("/" not in info.filename for info in files):
            raise ProofError("not one bag", expected="one folder that holds all", got=", ".join(sorted(tops))[:120])
        return {info.filename.partition("/")[2]: info for info in files}

    def open(self, name: str) -> IO[bytes]:
        """Read a file from its beginning."""
        # Every file is opened to be read, and one is short of the bytes that all of them may have.
        self._bounds.check_time()
        return self._zip.open(self._infos[name])

    def whole(self, name: str) -> bytes | None:  # noqa: ARG002 - of no name
        """None: the library reads what is opened."""
        return None

    def close(self) -> None:
        """Let go of it."""
        self._zip.close()
        self._file.close()
