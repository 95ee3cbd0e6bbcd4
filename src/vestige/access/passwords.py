"""Passwords: kept as Argon2id, never in clear; refused if they are short, plain, or known to have leaked.

Parameters are those of OWASP's Password Storage Cheat Sheet (19 MiB, two passes, one lane); a text in PHC form carries
its own, so that they can be raised later. Checking costs the same whether there is such a person or not.

What has leaked is looked up offline: in a file the operator names (``VESTIGE_BREACHED_PASSWORDS``) in the form of Have
I Been Pwned's download "ordered by hash", upper-case SHA-1 in hex, a colon and a count per line. It is searched where
it lies, some thirty reads for its billion lines. No list is shipped: a small one would refuse little that the rules
here do not.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import threading
import unicodedata
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from vestige.model.errors import InputError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

SHORTEST: Final = 12
LONGEST: Final = 256
"""Characters. A bound, because hashing costs memory and time."""
FEWEST: Final = 6
"""Different characters: fewer are a pattern and no password."""
_MEMORY_KIB: Final = 19 * 1024
_AT_ONCE: Final = threading.BoundedSemaphore(2)
"""Each check holds its memory; more at once would only wait for each other."""
_LINE: Final = 64
"""Bytes of the longest line of a list of leaked passwords."""
_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiopasdfghjklzxcvbnm")


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _AT_ONCE:
        return Argon2id(
            salt=os.urandom(16), length=32, iterations=2, lanes=1, memory_cost=_MEMORY_KIB
        ).derive_phc_encoded(_bytes(password))


def fits(password: str, kept: str) -> bool:
    """Whether a password is the one that was kept; if none was, the same work is done for nothing."""
    with _AT_ONCE:
        try:
            Argon2id.verify_phc_encoded(_bytes(password[:LONGEST]), kept or _nobody())
        except InvalidKey:
            return False
    return bool(kept)


def check(password: str, email: str, leaked: Path | None) -> None:
    """Refuse a password that would soon be guessed.

    Args:
        password: as typed.
        email: whose; it must not stand in the password.
        leaked: the operator's list of leaked passwords, if there is one.

    Raises:
        InputError: it may not be used, and why.
        SettingsError: the list cannot be read, or is none.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise _refused(f"{SHORTEST} to {LONGEST} characters", f"{len(password)}")
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(set(folded)) < FEWEST:
        raise _refused(f"at least {FEWEST} different characters", "fewer")
    if _is_run(folded):
        raise _refused("no row of the alphabet, of digits or of keys", "one")
    name = email.partition("@")[0].casefold()
    if len(name) > 2 and name in folded:
        raise _refused("a password without the address in it", "one with it")
    if leaked is not None and is_leaked(password, leaked):
        raise _refused("a password that is on no list of leaked ones", "one that is")


def is_leaked(password: str, file: Path) -> bool:
    """Whether the list has a password, by its SHA-1; found by halving the file.

    Raises:
        SettingsError: the file cannot be read, or its lines are not of the form.
    """
    wanted = hashlib.sha1(password.encode("utf-8", "replace"), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with file.open("rb") as lines:
            low, high = 0, os.fstat(lines.fileno()).st_size
            while low < high:
                middle = (low + high) // 2
                at, line = _line_from(lines, middle)
                if not line or at >= high:
                    high = middle
                elif line[:40] < wanted:
                    low = at + len(line)
                elif line[:40] > wanted:
                    high = middle
                else:
                    return True
    except OSError as error:
        raise SettingsError(
            "the list of leaked passwords cannot be read", got=error.strerror or "", field="breached_passwords"
        ) from None
    return False


def _line_from(lines: BinaryIO, offset: int) -> tuple[int, bytes]:
    """The first line that begins at or behind an offset, and where it begins."""
    if offset:
        lines.seek(offset - 1)
        offset += len(lines.readline(_LINE)) - 1
    lines.seek(offset)
    line = lines.readline(_LINE)
    if line and not all(sign in b"0123456789ABCDEF" for sign in line[:40]):
        raise SettingsError(
            "the list of leaked passwords is not of the form",
            expected="lines of upper-case SHA-1 in hex, a colon and a count, in order",
            field="breached_passwords",
        )
    return offset, line


def _is_run(text: str) -> bool:
    """Whether at least half of the text goes on from one character to the next as a row does."""
    steps = [one + other for one, other in itertools.pairwise(text)]
    rows = {row[place : place + 2] for row in _RUNS for place in range(len(row) - 1)}
    rows |= {pair[::-1] for pair in rows}
    return sum(step in rows for step in steps) * 2 > len(steps)


def _refused(expected: str, got: str) -> InputError:
    return InputError(
        "this password may not be used", expected=expected, got=got, hint="several unrelated words make a good one",
        field="password",
    )  # fmt: skip


def _bytes(password: str) -> bytes:
    """The same bytes for the same text, however a keyboard composes it."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


@functools.cache
def _nobody() -> str:
    """What is checked against where there is nobody: its work is done once and not at every start."""
    return hashed("of nobody at all")
