"""The sequence patterns that come with the product, each in a YAML file of its own; read when first asked for."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from vestige.correlate.pattern_file import read_pattern

if TYPE_CHECKING:
    from vestige.correlate.patterns import Pattern


def text_of(name: str) -> str:
    """The text of a built-in pattern, as its file has it.

    Raises:
        KeyError: there is none of that name.
    """
    digest = built_in()[name].digest
    data = (file.read_bytes() for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml"))
    return next(one for one in data if hashlib.sha256(one).hexdigest() == digest).decode()


@cache
def built_in() -> dict[str, Pattern]:
    """Every built-in pattern by its name, in order of names."""
    files = [file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml")]
    patterns = [read_pattern(file.read_bytes(), file.name) for file in files]
    return {pattern.name: pattern for pattern in sorted(patterns, key=lambda one: one.name)}
