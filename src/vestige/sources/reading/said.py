"""What a program's messages mean, as a table: one rule a line, ``type | outcome | action | pattern``.

A pattern is a regular expression that matches a message from its beginning; rules are tried in order. An empty action
is given by the pattern's group ``action``. What other groups mean is the format's business.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Rule(NamedTuple):
    """One thing a program says."""

    kind: str
    outcome: str
    action: str
    pattern: re.Pattern[str]


class Meaning(NamedTuple):
    """What a message was understood to say."""

    kind: str
    outcome: str
    action: str
    parts: dict[str, str]
    """The pattern's named groups that matched something."""


def rules_of(table: str) -> tuple[Rule, ...]:
    """The rules of a table; a line that begins with a space goes on with the pattern before it."""
    out = []
    for line in table.strip().replace("\n  ", "").splitlines():
        kind, outcome, action, pattern = (part.strip() for part in line.split("|", 3))
        out.append(Rule(kind, outcome, action, re.compile(pattern, re.DOTALL)))
    return tuple(out)


def meaning_of(message: str, rules: tuple[Rule, ...]) -> Meaning | None:
    """The first rule a message fits."""
    for kind, outcome, action, pattern in rules:
        found = pattern.match(message)
        if found is not None:
            parts = {name: value for name, value in found.groupdict().items() if value}
            return Meaning(kind, outcome, action or parts.pop("action", "")[:200], parts)
    return None
