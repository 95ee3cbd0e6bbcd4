"""Patterns of paths, as policies write them.

Paths are Git's: relative to the repository, with ``/`` between names. A pattern without ``/`` matches a name at any
depth, one with ``/`` is a path from the repository's root; ``*`` and ``?`` stay within a name, ``**`` does not. What
matches a folder matches all that is in it. Letters match in either case and in either form of Unicode: a file system
may take two such names for one, and a pattern is there to find a path, not to let it by.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import re2

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST: Final = 300
"""Characters of a pattern."""


def matching(paths: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Those of some paths that match any of the patterns."""
    compiled = [_compiled(one) for one in patterns]
    return [path for path in paths if any(one.search(folded(path)) for one in compiled)]


def folded(path: str) -> str:
    """A path without what file systems may take no notice of."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())


def check(pattern: str) -> str:
    """A pattern.

    Raises:
        ValueError: no path of a repository can match it.
    """
    parts = pattern.removeprefix("/").removesuffix("/").split("/")
    if any(part in {"", ".", ".."} for part in parts):
        raise ValueError("a path within the repository is needed, without . and .. and empty names")
    if "\\" in pattern or "\0" in pattern:
        raise ValueError("names are parted by /, and nothing is escaped")
    if pattern.startswith("!"):
        raise ValueError("a pattern cannot be turned round")
    return pattern


@cache
def _compiled(pattern: str) -> re2._Regexp:
    whole = folded(pattern)
    anchored = "/" in whole.removesuffix("/")
    bare = whole.removeprefix("/").removesuffix("/")
    parts = bare.split("/")
    text = "^" if anchored else "(?:^|/)"
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:[^/]+/)*"
        else:
            text += _name(part) + ("" if last else "/")
    options = re2.Options()
    options.dot_nl = True
    return re2.compile(text + "(?:/|$)", options)


def _name(part: str) -> str:
    found = ""
    at = 0
    while at < len(part):
        if part.startswith("**", at):
            found, at = found + ".*", at + 2
        elif part[at] == "*":
            found, at = found + "[^/]*", at + 1
        elif part[at] == "?":
            found, at = found + "[^/]", at + 1
        else:
            found, at = found + re2.escape(part[at]), at + 1
    return found
