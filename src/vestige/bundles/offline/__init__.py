"""The verifier that lies in every bundle: one file, which knows nothing of this program.

It is written in two halves, formats and checks, and put together here: the first half as it is, then what the second
imports of the standard library beyond that, then the rest of the second.
"""

from __future__ import annotations

from pathlib import Path

_MARK = "# -- "


def verifier() -> bytes:
    """``verify.py``, whole."""
    first, second = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("formats.py", "checks.py"))
    head, mark, rest = second.partition(_MARK)
    known = set(first.splitlines())
    imports = "".join(f"{line}\n" for line in head.splitlines() if line.startswith("import ") and line not in known)
    return f"{first}\n\n{imports}\n{mark}{rest}".encode()
