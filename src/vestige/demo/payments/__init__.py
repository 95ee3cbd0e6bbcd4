"""A second story for the demonstration: an outage that leads to a line of code, and the line to a prompt.

It is told by a Git repository, by what capture's hooks heard at its people's desks, by the agent's transcripts, and by
what a pipeline and the service declared: each in the form its real source has, so that who wrote the line is found out
and never read from here. :data:`Payments.truth` is what ought to be found. The same seed gives the same commit ids.

Top-down: :mod:`~vestige.demo.payments.outage` tells what happened; :mod:`~vestige.demo.payments.history` who changed
what, over :mod:`~vestige.demo.payments.desk` and :mod:`~vestige.demo.payments.sitting`;
:mod:`~vestige.demo.payments.repository` keeps the commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.demo.cast import Cast
from vestige.demo.clock import DEFAULT_END, Span
from vestige.demo.payments.desk import Heard, Seen
from vestige.demo.payments.history import LINE, PATH, write
from vestige.demo.payments.outage import tell as told_by_events
from vestige.demo.payments.repository import BRANCH, NAME, Commit
from vestige.demo.story import Story

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BRANCH", "NAME", "Commit", "Found", "Heard", "Payments", "Seen", "tell"]

_HOURS: Final = 72


@dataclass(frozen=True, slots=True)
class Found:
    """What whoever walks from the outage to the prompt ought to find."""

    commit: str
    path: str
    line: int
    text: str
    session: str
    call: str
    prompt: str
    """Its words."""


@dataclass(frozen=True, slots=True)
class Payments:
    """The story as its sources have it."""

    events: dict[str, bytes]
    """By source the JSON lines it declares."""
    transcripts: dict[str, bytes]
    """By file name, as the agent keeps them."""
    heard: tuple[Heard, ...]
    """What hooks were handed, in order."""
    bundle: bytes
    """The repository as a Git bundle."""
    head: str
    """Its newest commit."""
    truth: Found

    def write(self, folder: Path) -> None:
        """Write what is imported as files, below a folder."""
        (folder / "payments").mkdir(parents=True)
        (folder / "claude").mkdir()
        for name, lines in self.events.items():
            (folder / "payments" / f"{name}.jsonl").write_bytes(lines)
        for name, lines in self.transcripts.items():
            (folder / "claude" / name).write_bytes(lines)


def tell(seed: int, end: int = DEFAULT_END) -> Payments:
    """The story that ends at an instant (ns)."""
    cast = Cast.of(seed)
    story = Story(seed, Span.ending(end, _HOURS), 0, {})
    history = write(seed, cast, story.at)
    events = told_by_events(story, cast, history, story.at)
    culprit = history.culprit
    assert culprit is not None  # noqa: S101 - `write` made it
    line = culprit.line_of(PATH, LINE)
    session = next(one.id for one in history.sittings if history.call.encode() in one.transcript)
    return Payments(
        events=events,
        transcripts={one.file_name: one.transcript for one in history.sittings},
        heard=tuple(history.heard),
        bundle=history.repository.bundle(),
        head=history.repository.head.oid,
        truth=Found(
            commit=culprit.oid,
            path=PATH,
            line=line,
            text=culprit.files[PATH].split("\n")[line - 1],
            session=session,
            call=history.call,
            prompt=history.prompts[culprit.oid],
        ),
    )
