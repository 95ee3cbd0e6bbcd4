"""Who wrote a line, how that is known, and what is said of a line that several wrote."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_BYTES: Final = 4 << 20
"""Of a file that is attributed."""
MOST_LINES: Final = 100_000
"""Of a file that is attributed."""


class Kind(StrEnum):
    """Who wrote a line."""

    AI = "ai"
    HUMAN = "human"
    """A person was seen writing it. Never said because nobody else was."""
    MIXED = "mixed"
    """Part of it is an agent's, and part is not, or is not known to be."""
    UNKNOWN = "unknown"


class Grade(StrEnum):
    """How it is known. The later, the weaker."""

    OBSERVED = "observed"
    """Seen before and after, step by step."""
    CARRIED = "carried"
    """It was observed, and found again by its text after history was rewritten or the text had been away."""
    INFERRED = "inferred"
    """Only told: by a transcript, or by others' notes."""


_WEAKER: Final = tuple(Grade)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a line comes from. Of a mixed line, ``session`` and what follows are those of its agent's part."""

    kind: Kind
    grade: Grade | None = None
    """``None`` where the kind is unknown, and only there."""
    session: str = ""
    call: str = ""
    """The tool call; empty where it was one of several at once, or is not told."""
    prompt: str = ""
    agent: str = ""
    """The program, as ``claude-code``."""
    model: str = ""
    person: str = ""
    shared: bool = False
    """Whether others wrote a part of the line: of a piece of it then nobody knows which of them it is."""

    def __post_init__(self) -> None:
        if (self.kind is Kind.UNKNOWN) is not (self.grade is None):
            raise InputError("an origin that contradicts itself", expected="a grade unless it is unknown",
                             got=f"{self.kind}, {self.grade}")  # fmt: skip

    @property
    def who(self) -> tuple[str, ...]:
        """All of it but the grade, and whether others are in it."""
        return (self.kind, self.session, self.call, self.prompt, self.agent, self.model, self.person)

    def at_best(self, grade: Grade) -> Origin:
        """The same, known no better than so."""
        if self.grade is None or _WEAKER.index(self.grade) >= _WEAKER.index(grade):
            return self
        return replace(self, grade=grade)

    def piece(self) -> Origin:
        """Of a line that is only a piece of this one."""
        return Origin(self.kind, self.grade) if self.shared else self


UNKNOWN: Final = Origin(Kind.UNKNOWN)


def blend(parts: Sequence[Origin], last: Origin | None = None) -> Origin:
    """What a line is that has text of several.

    Of agents alone it is theirs, of persons alone theirs. With an agent's and other text in it, it is mixed; otherwise
    nobody knows. It is known no better than the weakest of its parts.

    Args:
        parts: whose text it has.
        last: who changed it last, in whose name it then is. Otherwise it is in the name of whoever has most of it, and
            of those the first.
    """
    everyone = [*([last] if last else []), *parts]
    kinds = {part.kind for part in everyone}
    agents = [part for part in everyone if part.kind in {Kind.AI, Kind.MIXED}]
    if agents:
        chosen = agents[0] if agents[0] is last else _most(agents)
        kind = Kind.AI if kinds == {Kind.AI} else Kind.MIXED
    elif kinds == {Kind.HUMAN}:
        chosen, kind = last or _most(parts), Kind.HUMAN
    else:
        return UNKNOWN
    grade = max((part.grade for part in everyone if part.grade), key=_WEAKER.index)
    shared = any(part.shared for part in everyone) or len({part.who for part in everyone}) > 1
    return replace(chosen, kind=kind, grade=grade, shared=shared)


def _most(parts: Iterable[Origin]) -> Origin:
    return Counter(parts).most_common(1)[0][0]


class Lines(NamedTuple):
    """A file's lines, without their ends, and where each comes from."""

    texts: tuple[str, ...]
    origins: tuple[Origin, ...]

    @classmethod
    def of(cls, texts: Sequence[str], origin: Origin = UNKNOWN) -> Lines:
        """All of one origin."""
        return cls(tuple(texts), (origin,) * len(texts))

    def at_best(self, grade: Grade) -> Lines:
        """The same, known no better than so."""
        return Lines(self.texts, tuple(origin.at_best(grade) for origin in self.origins))


NOTHING: Final = Lines((), ())
"""An empty file, or none."""


def unread(data: bytes) -> str:
    """Why the bytes of a file are not attributed; empty if they are."""
    if len(data) > MOST_BYTES:
        return f"more than {MOST_BYTES} bytes"
    if b"\0" in data:
        return "not text"
    return f"more than {MOST_LINES} lines" if data.count(b"\n") > MOST_LINES else ""


def split(data: bytes) -> tuple[str, ...]:
    """A file's lines as they are compared: bytes that are no UTF-8 are kept apart, ends and a last end left out.

    A carriage return at a line's end is left out too: git puts it in and takes it out by configuration.
    """
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if lines[-1] == "":
        lines.pop()
    return tuple(line.removesuffix("\r") for line in lines)


def digest(texts: Sequence[str]) -> str:
    """Of lines, for finding the same ones again: hexadecimal SHA-256."""
    return sha256("\n".join(texts).encode("utf-8", "surrogateescape")).hexdigest()
