"""Who wrote what, known from the text alone: the harness's own memory, which never asks the code under test.

Every word that a line is about holds the number of the writing it comes from, so the writers of a line are those of its
numbers, wherever git took it. Lines without a number (braces, blank lines) and lines that were written twice have a
set of writers instead: any of them is right.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from vestige.attribution import Kind, Origin

if TYPE_CHECKING:
    import random

PERSON: Final = "person"
_NUMBER: Final = re.compile(r"k(\d+)[a-z]")
BARE: Final = ("", "}", "    }", "else:", "    return result", "    pass", "});", "# ---")
VOCABULARY: Final = ("value", "self", "result", "config", "handler", "request", "response", "index", "name", "data")


class Truth:
    """The writers of everything that was written."""

    def __init__(self) -> None:
        self._writers: list[str] = []
        self._copies: defaultdict[str, set[str]] = defaultdict(set)
        self.void: set[str] = set()
        """Calls that failed: what they wrote nevertheless must not be called theirs."""

    def write(self, writer: str, rng: random.Random) -> str:
        """A line nobody wrote before, or now and then one that everybody writes."""
        if rng.random() < 0.12:
            line = rng.choice(BARE)
            self.copy(line, writer)
            return line
        number = self._number(writer)
        a, b, c = (f"k{number}{letter}" for letter in "abc")
        some, other = rng.sample(VOCABULARY, 2)
        return rng.choice(
            (
                f"{a} = {some}.{b}({other}, {c})",
                f"    {a} = compute({b}, '{c} {other}', {some})",
                f"def {a}({some}, {b}, {other}=None):",
                f"    return {a}({some}) + {b}[{other}]",
                f"    if {a}.{some} and not {b}:",
                f"# {a} {some} the {b} of the {other}",
                f'        raise ValueError(f"{a} {{{some}}} {b}")',
                f"{a}",
            )
        )

    def touch(self, line: str, writer: str, rng: random.Random) -> str:
        """A line that somebody writes into."""
        word = f"k{self._number(writer)}z"
        places = [at for at, letter in enumerate(line) if letter == " " and line[:at].strip()]
        at = rng.choice(places) if places and rng.random() < 0.5 else len(line)
        return self.form(f"{line[:at]} {word}{line[at:]}", line)

    def form(self, line: str, source: str) -> str:
        """A line that was made of another: if that was written twice, it is not known of which copy."""
        if source.strip() in self._copies:
            self._copies[line.strip()] |= self.writers(source) | self.writers(line)
        return line

    def copy(self, line: str, *writers: str) -> None:
        """A line that is there, and is written once more."""
        own = self.writers(line)
        self._copies[line.strip()] |= own | set(writers)

    def piece(self, line: str, source: str) -> None:
        """A part of a line that a formatter made a line of its own."""
        self.form(line, source)
        if not _NUMBER.search(line):
            self._copies[line.strip()] |= self.writers(source)

    def _number(self, writer: str) -> int:
        self._writers.append(writer)
        return len(self._writers) - 1

    def writers(self, line: str) -> set[str]:
        """Who wrote a line, or part of it."""
        return {self._writers[int(number)] for number in _NUMBER.findall(line)} | self._copies.get(line.strip(), set())

    def sure(self, line: str) -> bool:
        """Whether each of the writers wrote a part of this very line."""
        return line.strip() not in self._copies and bool(_NUMBER.search(line))

    def agents(self, line: str) -> bool:
        """Whether it is an agent's alone, for sure."""
        return self.sure(line) and PERSON not in self.writers(line)

    def allows(self, line: str, origin: Origin) -> bool:
        """Whether what is said of a line is so."""
        writers = self.writers(line)
        if origin.kind is Kind.UNKNOWN:
            return True
        if origin.call in self.void:
            return False
        if origin.kind is Kind.HUMAN:
            return writers == {PERSON} if self.sure(line) else PERSON in writers
        named = origin.call in writers if origin.call else bool(writers - {PERSON})
        if origin.kind is Kind.AI:
            return named and (PERSON not in writers or not self.sure(line))
        return named or not self.sure(line)
