"""What is looked at around a call of a tool, and what a record says of it.

A tool that names its files is looked at by those; one that only reads, not at all; a shell, and whatever is not known,
by all that differs from the last commit. A record names each file with what it held (:mod:`vestige.capture.contents`),
none for a file that is not there, and each file whose text is not kept with the reason: nothing is left out in silence.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vestige.capture.contents import MOST, Content, Unkept, content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from vestige.capture.tree import Tree
    from vestige.secrets import Redactor

MOST_FILES: Final = 500
"""Files of one look."""
MOST_BYTES: Final = 8 << 20
"""Bytes that are read at one look."""
_REMEMBERED: Final = 50_000
"""Files whose text is known by their state, and texts that are known to have been kept."""
_UNSETTLED: Final = 100_000_000
"""Nanoseconds within which a file may change twice and bear the same time."""
BEFORE: Final = frozenset({"pretooluse", "beforetool"})
AFTER: Final = frozenset({"posttooluse", "posttoolusefailure", "aftertool"})
_NAMING: Final[Mapping[str, str]] = {
    "edit": "file_path",
    "multiedit": "file_path",
    "write": "file_path",
    "notebookedit": "notebook_path",
    "writefile": "file_path",
    "replace": "file_path",
}
"""Tools that name their file, and where."""
_READING: Final = frozenset(
    """read glob grep ls notebookread webfetch websearch todowrite todoread askuserquestion bashoutput taskoutput
    exitplanmode enterplanmode toolsearch readfile readmanyfiles listdirectory searchfilecontent grepsearch
    googlewebsearch savememory writetodos askuser viewimage updateplan""".split()  # noqa: SIM905
)
"""Tools that change no file of the working tree."""


@dataclass(slots=True)
class Look:
    """Files as they were at one moment."""

    when: str
    """``before`` a call or ``after`` it."""
    files: dict[str, str | None] = field(default_factory=dict)
    """By path what a file held; none where there is no such file."""
    left_out: dict[str, str] = field(default_factory=dict)
    """By path why what it held is not kept."""
    whole: bool = False
    """Whether all that differed from ``head`` is among these, so that the rest was as it is there."""
    head: str = ""
    new: dict[str, Content] = field(default_factory=dict)
    """What was not kept before, by path."""

    def to_json(self) -> dict[str, Any]:
        """As a record says it."""
        said: dict[str, Any] = {"when": self.when, "whole": self.whole, "files": self.files}
        if self.head:
            said["head"] = self.head
        if self.left_out:
            said["left_out"] = self.left_out
        return said


class Looking:
    """Looks at files of one working tree. Safe to use from many threads.

    Args:
        root: the working tree.
        tree: what differs in it.
        redactor: takes secrets out.
        key: of digests.
    """

    def __init__(self, root: Path, tree: Tree, redactor: Redactor, key: bytes) -> None:
        self._root = os.fsencode(root)
        self._tree = tree
        self._redactor = redactor
        self._key = key
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[tuple[int, ...], str]] = OrderedDict()
        self._kept: OrderedDict[str, None] = OrderedDict()

    def look(self, event: str, tool: str, given: object, directory: str) -> Look | None:
        """What a call may change, or has changed; none if it is none that changes files.

        Args:
            event: the hook's, in small letters without separators.
            tool: its name.
            given: what it is called with.
            directory: in which relative paths are meant.
        """
        when = "before" if event in BEFORE else "after" if event in AFTER else ""
        name = tool.replace("_", "").lower()
        if not when or name in _READING:
            return None
        look = Look(when)
        if name in _NAMING:
            named = given.get(_NAMING[name]) if isinstance(given, dict) else None
            path = self._relative(named, directory) if isinstance(named, str) and named else None
            if path is not None:
                self._fill(look, [path])
                return look
            if isinstance(named, str):
                look.left_out[named[:1000]] = "outside the working tree"
                return look
        state = self._tree.look()
        look.head = state.head
        if not state.complete:
            look.left_out["*"] = "Git did not answer"
            return look
        self._fill(look, sorted(state.differing))
        look.whole = not look.left_out
        return look

    def kept(self, look: Look) -> None:
        """Remember what was kept, so that it is not kept again."""
        with self._lock:
            for one in look.new.values():
                self._kept[one.ref] = None
            while len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        """Something that was kept is gone: keep everything again."""
        with self._lock:
            self._kept.clear()

    def _relative(self, named: str, directory: str) -> bytes | None:
        path = os.path.join(os.fsencode(directory), os.fsencode(named))  # noqa: PTH118 - bytes
        folder = os.path.realpath(os.path.dirname(path))  # noqa: PTH120
        found = os.path.relpath(os.path.join(folder, os.path.basename(path)), os.path.realpath(self._root))  # noqa: PTH118, PTH119
        inside = not found.startswith(b"../") and found not in {b"..", b"."}
        return found if inside and b".git" not in found.split(b"/") else None

    def _fill(self, look: Look, paths: Iterable[bytes]) -> None:
        left = MOST_BYTES
        for number, path in enumerate(paths):
            name = path.decode("utf-8", "backslashreplace")
            if number >= MOST_FILES:
                look.left_out["*"] = f"more than {MOST_FILES} files"
                return
            try:
                ref, one, size = self._ref(path, left)
            except FileNotFoundError:
                look.files[name] = None
            except Unkept as why:
                look.left_out[name] = str(why)
            except OSError as error:
                look.left_out[name] = error.strerror or type(error).__name__
            else:
                left -= size
                look.files[name] = ref
                if one is not None:
                    look.new[name] = one

    def _ref(self, path: bytes, left: int) -> tuple[str, Content | None, int]:
        """What a file holds: its name, itself unless it was kept before, and how many bytes were read."""
        full = os.path.join(self._root, path)  # noqa: PTH118
        about = os.lstat(full)
        if not stat.S_ISREG(about.st_mode):
            raise Unkept("no regular file")
        if about.st_size > MOST:
            raise Unkept(f"larger than {MOST} bytes")
        state = about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino
        with self._lock:
            known = self._known.get(path)
            if known is not None and known[0] == state and known[1] in self._kept:
                return known[1], None, 0
        if about.st_size > left:
            raise Unkept(f"more than {MOST_BYTES} bytes at one look")
        with open(full, "rb", opener=_no_link) as file:
            data = file.read(MOST + 1)
        one = content(data, self._redactor, self._key)
        settled = time.time_ns() - about.st_mtime_ns > _UNSETTLED
        with self._lock:
            if settled:
                self._known[path] = state, one.ref
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            new = None if one.ref in self._kept else one
        return one.ref, new, len(data)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
