"""Which files of a working tree were touched since the last look, told by the kernel (inotify(7)).

Asking Git reads the state of every file; in a repository of 20,000 that takes longer than a hook may. The kernel notes
each change before the call that made it returns, so whoever asks afterwards misses none.

What is not noticed is said, never guessed: where the kernel's queue ran over, a folder could not be watched, or there
are too many, the answer is none, and Git is asked about everything. Writes through a mapped file are noticed when it is
closed; writes by other machines on a shared file system are not.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_FOLDERS: Final = 20_000
MOST_TOUCHED: Final = 2_000
"""Paths of one answer; of more, Git is asked about everything."""
_MODIFY, _ATTRIB, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_OVERFLOW, _IGNORED, _ONLYDIR, _ISDIR = 0x4000, 0x8000, 0x1000000, 0x40000000
_MASK: Final = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _ONLYDIR
_HEAD: Final = struct.Struct("iIII")


class Watch:
    """Watches folders of a working tree.

    Args:
        root: the working tree.
        folders: what to watch, relative to it; the root itself is one of them (empty).

    Raises:
        OSError: the kernel does not watch: no such call here, or too many watches.
    """

    def __init__(self, root: bytes, folders: Iterable[bytes]) -> None:
        self._root = root
        self._libc = ctypes.CDLL(None, use_errno=True)
        try:
            self._descriptor: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except AttributeError:
            raise OSError("no inotify on this system") from None
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._folders: dict[int, bytes] = {}
        self._broken = False
        try:
            for folder in folders:
                self._add(folder)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Watch no more."""
        os.close(self._descriptor)

    def touched(self) -> tuple[set[bytes], set[bytes]] | None:
        """Files touched since the last call, and folders that came or went; none where that cannot be told.

        Once it cannot be told, it never can again: make another watch.
        """
        files: set[bytes] = set()
        folders: set[bytes] = set()
        while not self._broken:
            try:
                data = os.read(self._descriptor, 1 << 16)
            except BlockingIOError:
                break
            at = 0
            while at < len(data):
                number, mask, _, length = _HEAD.unpack_from(data, at)
                at += _HEAD.size + length
                name = data[at - length : at].rstrip(b"\0")
                if mask & _OVERFLOW:
                    self._broken = True
                elif mask & _IGNORED:
                    self._folders.pop(number, None)
                elif name and name != b".git" and number in self._folders:
                    path = os.path.join(self._folders[number], name)  # noqa: PTH118 - bytes
                    (folders if mask & _ISDIR else files).add(path)
            if len(files) > MOST_TOUCHED:
                self._broken = True
        return None if self._broken else (files, folders)

    def enter(self, folder: bytes) -> list[bytes] | None:
        """Watch a new folder and all in it; the files that are there already. None if that cannot be done."""
        found: list[bytes] = []
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            try:
                self._add(here)
                entries = list(os.scandir(os.path.join(self._root, here)))  # noqa: PTH118
            except FileNotFoundError:
                continue  # gone again
            except OSError:
                self._broken = True
                return None
            for entry in entries:
                path = os.path.join(here, entry.name)  # noqa: PTH118
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != b".git":
                        waiting.append(path)
                else:
                    found.append(path)
            if len(found) > MOST_TOUCHED:
                self._broken = True
                return None
        return found

    def _add(self, folder: bytes) -> None:
        if len(self._folders) >= MOST_FOLDERS:
            raise OSError(f"more than {MOST_FOLDERS} folders")
        number = self._libc.inotify_add_watch(
            self._descriptor, ctypes.c_char_p(os.path.join(self._root, folder)), ctypes.c_uint32(_MASK)  # noqa: PTH118
        )  # fmt: skip
        if number < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        self._folders[number] = folder
