"""Files that a command is given whole, and no larger than what they are for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

INPUT: Final = "-"
"""The name by which standard input is meant."""


def given_bytes(file: Path, what: str, most: int) -> bytes:
    """What a file holds.

    Args:
        file: where it is; ``-`` for standard input.
        what: it is, in words, with the article.
        most: bytes.

    Raises:
        UsageError: it cannot be read, or holds more.
    """
    try:
        if str(file) == INPUT:
            data = sys.stdin.buffer.read(most + 1)
        else:
            with file.open("rb") as stream:
                data = stream.read(most + 1)
    except OSError as error:
        raise UsageError(f"{what} cannot be read", got=f"{file}: {error.strerror}") from None
    if len(data) > most:
        raise UsageError(f"{what} is too long", expected=f"at most {most} bytes", got=f"more in {file}")
    return data


def given_text(file: Path, what: str, most: int) -> str:
    """What a file of text holds, without the mark of its order of bytes that some editors put before it.

    Raises:
        UsageError: as :func:`given_bytes`, or it is not UTF-8, or there is nothing in it.
    """
    try:
        text = given_bytes(file, what, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not UTF-8", expected="text", got=f"byte {error.start} of {file}") from None
    if not text.strip():
        raise UsageError(f"{what} is empty", expected="text", got=f"nothing in {file}")
    return text
