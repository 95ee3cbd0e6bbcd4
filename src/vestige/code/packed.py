"""The head of a Git bundle: which refs it brings, and which commits it rests on.

``# v2 git bundle``, or ``# v3 git bundle`` and lines ``@capability``; then lines ``-OID comment`` of what is needed and
``OID REF`` of what comes; an empty line; a pack. A shallow or filtered bundle holds less than its refs stand for and is
refused. Reference: gitformat-bundle(5).
"""

from __future__ import annotations

import os
import re
from typing import IO, Final, NamedTuple

from vestige.model.errors import FormatError, TooLargeError

MOST_HEAD: Final = 16 << 20
"""Bytes of a bundle before its pack."""
MOST_TIPS: Final = 100_000
"""Refs of one bundle, and commits it rests on."""
REF_LENGTH: Final = 500
_SIGNATURES: Final = {b"# v2 git bundle\n": 2, b"# v3 git bundle\n": 3}
_OIDS: Final = {"sha1": re.compile(rb"[0-9a-f]{40}"), "sha256": re.compile(rb"[0-9a-f]{64}")}
_BAD_REF: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$|^/|^\.|^-|/-")


class Head(NamedTuple):
    """What a bundle says of itself."""

    object_format: str
    refs: dict[str, str]
    """By name, the object."""
    needs: tuple[str, ...]
    pack_at: int
    """Where the pack begins."""


def check_ref(name: str) -> str:
    """The full name of a ref (git-check-ref-format(1)).

    Raises:
        FormatError: it is none.
    """
    if name != "HEAD" and (not name.startswith("refs/") or len(name) > REF_LENGTH or _BAD_REF.search(name)):
        raise FormatError("no name of a ref", expected="such as refs/heads/main", got=repr(name[:80]))
    return name


def read_head(stream: IO[bytes]) -> Head:
    """The head of a bundle.

    Raises:
        FormatError: it is none, or one of less than its refs stand for.
        TooLargeError: it names too much.
    """
    version = _SIGNATURES.get(stream.readline(64))
    if version is None:
        raise FormatError("no Git bundle", expected="# v2 git bundle", hint="`vestige code push` makes one")
    object_format = "sha1"
    refs: dict[str, str] = {}
    needs: list[str] = []
    while True:
        line = stream.readline(REF_LENGTH + 1000)
        if stream.tell() > MOST_HEAD or len(refs) + len(needs) > MOST_TIPS:
            raise TooLargeError("the bundle names too much", expected=f"at most {MOST_TIPS} refs")
        if not line.endswith(b"\n"):
            raise FormatError("the bundle ends within its head, or a line of it is too long", got=repr(line[:80]))
        if line == b"\n":
            break
        if line.startswith(b"@") and version == 3:
            object_format = _capability(line)
            continue
        oid, _, rest = line[:-1].removeprefix(b"-").partition(b" ")
        if not _OIDS[object_format].fullmatch(oid):
            raise FormatError("no line of a bundle's head", expected="an object and a ref", got=repr(line[:80]))
        if line.startswith(b"-"):
            needs.append(oid.decode())
        else:
            refs[check_ref(os.fsdecode(rest))] = oid.decode()
    if not refs:
        raise FormatError("the bundle brings no ref", expected="one or more")
    return Head(object_format, refs, tuple(needs), stream.tell())


def _capability(line: bytes) -> str:
    word, _, value = line[1:-1].partition(b"=")
    if word == b"object-format" and value.decode("ascii", "replace") in _OIDS:
        return value.decode()
    raise FormatError(
        "the bundle needs what is not taken here", expected="all objects its refs stand for", got=repr(line[:80])
    )
