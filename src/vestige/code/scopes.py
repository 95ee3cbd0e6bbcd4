"""What a file is made of: functions, classes and methods with their lines; and how its text is coloured.

The parser runs in a process of its own (:mod:`~vestige.code.parsing`), bounded in bytes, time and memory. A file whose
language is not known, or that is beyond the bounds, has no scopes, and it is said why.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections import OrderedDict
from typing import Final, NamedTuple

import orjson

MOST_BYTES: Final = 1 << 20
"""Of a file that is parsed."""
SECONDS: Final = 10.0
"""For one file, with the start of the process."""
KEPT: Final = 500
"""Files whose answer is remembered: an object's text never changes."""
_AT_ONCE: Final = 2
_ENDINGS: Final = {
    "py": "python", "pyi": "python", "js": "javascript", "mjs": "javascript", "cjs": "javascript", "jsx": "javascript",
    "ts": "typescript", "mts": "typescript", "cts": "typescript", "tsx": "tsx", "go": "go", "rs": "rust",
    "java": "java", "c": "c", "h": "c", "cc": "cpp", "cpp": "cpp", "cxx": "cpp", "hh": "cpp", "hpp": "cpp",
    "hxx": "cpp", "cs": "csharp", "rb": "ruby", "rake": "ruby", "php": "php", "sh": "bash", "bash": "bash",
}  # fmt: skip
_NAMES: Final = {"Rakefile": "ruby", "Gemfile": "ruby", ".bashrc": "bash", ".profile": "bash", "PKGBUILD": "bash"}
_SHEBANG: Final = re.compile(rb"#! *[\w./-]*?(?:/|env +(?:-S +)?)(python|node|bash|sh|ruby|php)[0-9.]*(?:\s|$)")
_SHELLS: Final = {b"python": "python", b"node": "javascript", b"bash": "bash", b"sh": "bash", b"ruby": "ruby",
                  b"php": "php"}  # fmt: skip


class Scope(NamedTuple):
    """A part of a file that has a name."""

    name: str
    """With the names of what it is in, parted by dots."""
    kind: str
    start: int
    """Its first line, from 1; decorators are part of it."""
    end: int


class Made(NamedTuple):
    """What a file is made of."""

    language: str
    scopes: tuple[Scope, ...]
    colours: list[tuple[int, int, int, str]]
    """Line, from and to in units of UTF-16, and ``comment``, ``string``, ``number`` or ``keyword``."""
    unscoped: str = ""
    """Why nothing is known of it."""


class Scopes:
    """What files are made of, remembered by their objects. Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Made] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    @staticmethod
    def language(path: str, data: bytes) -> str:
        """The language of a file, by its name or its first line; empty if none that is known."""
        name = path.rsplit("/", 1)[-1]
        found = _NAMES.get(name) or _ENDINGS.get(name.rsplit(".", 1)[-1].lower() if "." in name else "", "")
        if found:
            return found
        shell = _SHEBANG.match(data[:200].split(b"\n", 1)[0])
        return _SHELLS[shell[1]] if shell else ""

    def of(self, blob: str, path: str, data: bytes) -> Made:
        """What a file is made of.

        Args:
            blob: its object.
            path: its name in the repository.
            data: its bytes.
        """
        language = self.language(path, data)
        if not language:
            return Made("", (), [], "its language is not known")
        if len(data) > MOST_BYTES:
            return Made(language, (), [], f"more than {MOST_BYTES} bytes")
        with self._lock:
            known = self._kept.get((blob, language))
            if known is not None:
                self._kept.move_to_end((blob, language))
                return known
        with self._turns:
            made = _parse(language, data)
        with self._lock:
            self._kept[blob, language] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


def _parse(language: str, data: bytes) -> Made:
    own = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, with a module of ours
            [sys.executable, "-P", "-m", "vestige.code.parsing", language],
            input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS, check=False, env=own,
        )  # fmt: skip
        if done.returncode:
            return Made(language, (), [], "it could not be parsed within the bounds")
        told = orjson.loads(done.stdout)
    except (subprocess.TimeoutExpired, OSError, orjson.JSONDecodeError):
        return Made(language, (), [], "it could not be parsed within the bounds")
    return Made(language, tuple(Scope(*one) for one in told["scopes"]), told["colours"])
