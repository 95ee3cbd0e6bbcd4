"""The filters of the declared timeline as terms of the one filter language."""

from __future__ import annotations

import re
from typing import Final

from vestige.model.errors import UsageError
from vestige.sources import GROUP_TAG
from vestige.sources.general.declared_timeline import NAME as FORMAT

DETAILS: Final = "details."
MOST_DETAILS: Final = 20
_PATH: Final = re.compile(r"[A-Za-z0-9_@$-]{1,100}(?:\.[A-Za-z0-9_@$-]{1,100}){0,13}")
_OURS: Final = f"parser:{FORMAT}"


def quoted(text: str) -> str:
    """A text as a value of the language, whatever is in it.

    Raises:
        UsageError: it is empty.
    """
    if not text:
        raise UsageError("a filter is empty", expected="a value, or no such parameter")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def of_category(name: str) -> str:
    """Events of a kind, of a kind's category, or of the group their producer named."""
    value = quoted(name)
    return f"(category:{value} OR type:{value} OR tag:{quoted(GROUP_TAG + name)})"


def of_detail(path: str, value: str) -> str:
    """Events in whose details a value stands at a path.

    Raises:
        UsageError: that is no path.
    """
    if _PATH.fullmatch(path) is None:
        raise UsageError(
            "that is no path within details",
            expected="names of letters, digits, _ and -, joined by dots: details.rekor_uuid",
            got=path[:80],
            field=(DETAILS + path)[:100],
        )
    term = quoted(value)
    return f"(({_OURS} attributes.details.{path}:{term}) OR (NOT {_OURS} attributes.{path}:{term}))"
