"""The sequence patterns that come with the product, each in a YAML file of its own; read when first asked for."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from vestige.correlate.pattern_file import read_pattern

if TYPE_CHECKING:
    from vestige.correlate.patterns import Pattern


@cache
def built_in() -> dict[str, Pattern]:
    """Every built-in pattern by its name, in order of names."""
    files = [file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml")]
    patterns = [read_pattern(file.read_bytes(), file.name) for file in files]
    return {pattern.name: pattern for pattern in sorted(patterns, key=lambda one: one.name)}
