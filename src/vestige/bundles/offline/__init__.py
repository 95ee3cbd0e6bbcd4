"""The verifier that lies in every bundle: one file, which knows nothing of this program.

It is written in parts and put together here: the first as it is, then what the others import of the standard library
beyond that, then the rest of each.
"""

from __future__ import annotations

from pathlib import Path

_MARK = "# -- "
_PARTS = ("formats.py", "container.py", "trust.py", "log.py", "checks.py")
_TYPING = "from typing import "


def verifier() -> bytes:
    """``verify.py``, whole."""
    first, *others = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _PARTS)
    lines = first.splitlines()
    (typing,) = (line for line in lines if line.startswith(_TYPING))
    imports: set[str] = set()
    names = set(typing.removeprefix(_TYPING).split(", "))
    bodies = []
    for part in others:
        head, mark, rest = part.partition(_MARK)
        imports |= {line for line in head.splitlines() if line.startswith("import ") and line not in lines}
        names |= {name for line in head.splitlines() if line.startswith(_TYPING)
                  for name in line.removeprefix(_TYPING).split(", ")}  # fmt: skip
        bodies.append(f"{mark}{rest}")
    first = first.replace(typing, _TYPING + ", ".join(sorted(names - {"TYPE_CHECKING"})), 1)
    return "\n\n".join([first, "".join(f"{line}\n" for line in sorted(imports)), *bodies]).encode()
