"""Lines with who wrote them, for a person: a sign, how it is known, at which prompt; below them, the prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vestige.cli.options import say, shown
from vestige.model.errors import NotFoundError

if TYPE_CHECKING:
    from vestige.cli.connection import Connection
    from vestige.cli.options import Globals

SIGNS: Final = {"ai": "A", "human": "H", "mixed": "M", "unknown": "·"}
NOBODY: Final[dict[str, Any]] = {"class": "unknown", "grade": ""}
_PROMPTS: Final = 20
"""Prompts whose first words are shown."""
_WORDS: Final = 100


def by_line(told: dict[str, Any]) -> list[dict[str, Any]]:
    """What is known of each line of a file, from an answer of ``…/lines``."""
    found = [NOBODY] * told["lines"]
    for one in told["ranges"]:
        found[one["start"] - 1 : one["end"]] = [one] * (one["end"] - one["start"] + 1)
    return found


class Whose:
    """Numbers the prompts of the lines it is shown, and tells them at the end."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, dict[str, Any]]] = {}

    def line(self, one: dict[str, Any], number: str, text: str) -> str:
        """A line, with who wrote it before it."""
        which = ""
        if one.get("prompt"):
            place, _ = self._places.setdefault(one["prompt"], (len(self._places) + 1, one))
            which = f"[{place}]"
        return shown(
            f"{SIGNS[one['class']]} {one['grade']:8} {which:5} {one.get('call', '')[:16]:16} {number} | {text}"
        )

    def tell(self, options: Globals, connection: Connection) -> None:
        """Say the sessions and prompts that were named."""
        for prompt, (place, one) in list(self._places.items())[:_PROMPTS]:
            say(options, shown(f"[{place}] session {one['session']}, prompt {prompt}: {_words(connection, prompt)}"))


def _words(connection: Connection, prompt: str) -> str:
    """The first words of a prompt, as far as one may read them."""
    try:
        said = str(connection.get(f"/v1/events/{prompt}").get("message", ""))
    except NotFoundError:
        return "it is gone"
    return said if len(said) <= _WORDS else f"{said[:_WORDS]}…"
