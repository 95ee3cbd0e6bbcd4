"""How deeply JSON may be nested: what is read must be writable again, and every walk over it must end.

The writers and walks here are recursive, and some stop at 254 levels (orjson) or at the interpreter's thousand. No log
known nests a fifth of :data:`DEEPEST`; what does more is kept byte for byte and not taken apart.
"""

from __future__ import annotations

import re
from typing import Final

DEEPEST: Final = 100
"""Levels of objects and lists within each other."""
TOO_DEEP: Final = f"nested more than {DEEPEST} levels deep"
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


def too_deep(text: str) -> bool:
    """Whether a JSON text has more levels than :data:`DEEPEST`. Nearly always told by counting what opens one."""
    if text.count("{") + text.count("[") <= DEEPEST:
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        sign = text[token.start()]
        if sign in "{[":
            depth += 1
            if depth > DEEPEST:
                return True
        elif sign != '"':
            depth -= 1
    return False
