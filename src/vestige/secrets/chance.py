"""Texts of a shape, made by chance: ``ghp_«alnum:36»``.

A rule's examples are written so, because a file of ready-made secrets would itself be found by every scanner.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_LOWER: Final = string.ascii_lowercase + string.digits
ALPHABETS: Final = {
    "digit": string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "lower": _LOWER,
    "upper": string.ascii_uppercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "alnum": string.ascii_letters + string.digits,
    "url": string.ascii_letters + string.digits + "_-",
    "base64": string.ascii_letters + string.digits + "+/",
}
_SLOT: Final = re.compile("«([A-Za-z0-9]+):([0-9]{1,4})»")


def fill(shape: str, random: Random) -> str:
    """The shape with each slot filled in.

    Raises:
        KeyError: a slot names an alphabet there is not.
    """
    return "".join(text for text, _ in parts(shape, random))


def parts(shape: str, random: Random) -> Iterator[tuple[str, bool]]:
    """The shape in pieces, each with whether chance made it.

    Raises:
        KeyError: as ``fill``.
    """
    position = 0
    for slot in _SLOT.finditer(shape):
        yield shape[position : slot.start()], False
        yield "".join(random.choices(ALPHABETS[slot[1]], k=int(slot[2]))), True
        position = slot.end()
    yield shape[position:], False
