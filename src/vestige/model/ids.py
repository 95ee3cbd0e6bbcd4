"""ULIDs: 48 bits of Unix milliseconds, 80 bits of chance, 26 characters of Crockford base 32.

Source: the ULID specification (github.com/ulid/spec). Entry ids are made under a log's head lock and rise with
``seq``, so that an id also orders (ledger.md section 2).
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
_MAX = 2**128 - 1
_ULID = re.compile(f"[0-7][{ALPHABET}]{{25}}")


def encode_ulid(value: int) -> str:
    """The 26 characters of a 128-bit value."""
    if not 0 <= value <= _MAX:
        raise ValueError("a ULID has 128 bits")
    pairs = _PAIRS
    parts = []
    for _ in range(13):
        parts.append(pairs[value & 1023])
        value >>= 10
    parts.reverse()
    return "".join(parts)


def decode_ulid(text: str) -> int:
    """The 128-bit value of 26 canonical (upper-case) characters.

    Raises:
        ValueError: not a ULID.
    """
    if len(text) != 26 or text[0] > "7":
        raise ValueError(f"not a ULID: {text[:40]!r}")
    value = 0
    for letter in text:
        digit = _VALUE.get(letter)
        if digit is None:
            raise ValueError(f"not a ULID: {text[:40]!r}")
        value = value << 5 | digit
    return value


def is_ulid(text: str) -> bool:
    """Whether the text is a canonical ULID."""
    return _ULID.fullmatch(text) is not None


def new_ulid(millis: int) -> str:
    """A fresh ULID for the given Unix time in milliseconds."""
    return encode_ulid((millis & 0xFFFFFFFFFFFF) << 80 | secrets.randbits(80))


def ulid_run(
    last: int, millis: int, count: int, entropy: Callable[[int], bytes] = secrets.token_bytes
) -> tuple[list[str], int]:
    """``count`` rising ULIDs, all above ``last``, and the value of the final one.

    The run starts at a fresh random value in the given millisecond, or just above ``last`` if the clock stands
    still or went back. Cost is one table look-up per id but for each carry.
    """
    start = (millis & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(entropy(10), "big") >> 1
    value = start if start > last else last + 1
    pairs = _PAIRS
    out: list[str] = []
    while count > 0:
        prefix = encode_ulid(value)[:22]
        low = value & 0xFFFFF
        take = min(count, 0x100000 - low)
        out += [prefix + pairs[x >> 10] + pairs[x & 1023] for x in range(low, low + take)]
        value += take
        count -= take
    return out, value - 1
