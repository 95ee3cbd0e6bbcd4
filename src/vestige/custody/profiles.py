"""Modes of retention and verification, as data: what each asks for, by which text, and of when that is.

A mode is a floor. It is no word on whether anybody complies with anything; it says what an installation holds itself
to.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Final, NamedTuple


class Profile(NamedTuple):
    """What a mode asks for."""

    name: str
    title: str
    retention_days: int
    """The least retention; 0: none is asked for."""
    verify_days: int
    """How many days at most lie between two verifications of the whole ledger; 0: none is asked for."""
    write_once: bool
    """Whether it asks for a copy that nobody can overwrite or delete."""
    about: str
    source: str
    """The text it is by, in words; empty where there is none."""
    dated: str
    """When that text is of, as far as it states that."""


def _read() -> dict[str, Profile]:
    said = tomllib.loads((files(__package__) / "profiles.toml").read_text(encoding="utf-8"))
    return {one["name"]: Profile(**one) for one in said["profile"]}


PROFILES: Final = _read()
