"""What a file held at one moment, without its secrets, so that its lines can still be told from one another.

A text is kept once for each thing it says: by its blob's id, as Git has it, where it holds no secret; else by a keyed
digest, as an unkeyed one of a text that is known but for a password would let the password be guessed. Lines stay where
they were: a secret over several lines becomes as many, and of each line that was changed a keyed digest stands beside
the text. Who holds the key can then say whether a line is that one; nobody else learns anything.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.secrets import Redactor, Report

MOST: Final = 256 << 10
"""Bytes of a file that is kept."""
_LINE: Final = b"vestige/line/v1\n"
_TEXT: Final = b"vestige/text/v1\n"
GONE: Final = "[redacted]"
"""A line of a secret that another line's marker stands for."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file's text, fit to be kept."""

    ref: str
    """``git:`` and the blob's id (SHA-1), or ``keyed:`` and a digest."""
    text: str
    changed: dict[str, str]
    """Of each line that held a secret, by its number from 1: a keyed digest of the line as it was."""
    report: Report


class Unkept(Exception):  # noqa: N818 - an answer, not a fault
    """Why a file's text is not kept."""


def blob_id(data: bytes) -> str:
    """What Git calls a blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def content(data: bytes, redactor: Redactor, key: bytes) -> Content:
    """A file's text without its secrets.

    Args:
        data: the file.
        redactor: takes them out.
        key: of digests.

    Raises:
        Unkept: it is too large, or no text.
    """
    if len(data) > MOST:
        raise Unkept(f"larger than {MOST} bytes")
    try:
        said = data.decode()
    except UnicodeDecodeError:
        raise Unkept("no text in UTF-8") from None
    if "\0" in said:
        raise Unkept("binary")
    clean, report = redactor.text(said)
    if not report:
        return Content(f"git:{blob_id(data)}", said, {}, report)
    before = said.split("\n")
    after = aligned(before, clean.split("\n"))
    changed = {
        str(number): hmac.new(key, _LINE + line.encode(), hashlib.sha256).hexdigest()[:32]
        for number, (line, now) in enumerate(zip(before, after, strict=True), 1)
        if line != now
    }
    ref = f"keyed:{hmac.new(key, _TEXT + data, hashlib.sha256).hexdigest()[:40]}"
    return Content(ref, "\n".join(after), changed, report)


def aligned(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The lines of a redacted text, each at the place it had: as many as there were before, and none that was not.

    Args:
        before: the lines of the text.
        after: those of the redacted text, in which a marker may stand for several.
    """
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    result = list(after[:head])
    for _, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        result += [*new[c:d], *[GONE] * (b - a)][: b - a]
    return result + list(after[len(after) - tail :])
