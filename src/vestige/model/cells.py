"""Cells of tables that people open in a spreadsheet."""

from __future__ import annotations

from typing import Final

_BEGINS: Final = frozenset("=+-@\t\r\n")
"""What a spreadsheet takes for a formula begins so; some skip white space before it (OWASP, "CSV injection")."""


def no_formula(cell: str) -> str:
    """The cell, with an apostrophe before it if a spreadsheet could run it: what events say comes from anywhere."""
    return f"'{cell}" if cell[:1] in _BEGINS else cell
