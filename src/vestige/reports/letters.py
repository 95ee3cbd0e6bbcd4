"""Letters that a page can show: what came from outside without those that break a document or turn its words about."""

from __future__ import annotations

import re
from typing import Final

BROKEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What HTML and SVG have no place for."""
_TURNING: Final = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Letters that only change in which order others are shown."""


def shown(words: str) -> str:
    """Words of which each letter is seen: what cannot be shown as a sign for that, what turns others as its number."""
    return _TURNING.sub(lambda match: f"U+{ord(match[0]):04X}", BROKEN.sub("\ufffd", words))
