"""A story by template: what was gathered, each in a sentence that quotes the entry it is from. No model, no guess."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vestige.stories.models import TEMPLATE, Citation, Section, Sentence, Story, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vestige.stories.models import About, Evidence

_LATER: Final = {
    "code.reviewed": "It was reviewed or merged",
    "code.pushed": "It was pushed",
    "deploy.started": "Its roll-out began",
    "deploy.completed": "It was rolled out",
    "service.error": "An error named it",
    "commit.seal": "What it changes, and who wrote it, was sealed",
    "session.seal": "The session was sealed",
    "policy.decided": "The policies in force were asked about it",
}
_FIELDS: Final = {
    "commit.seal": re.compile(r'"(?:ai_lines|lines)":[0-9]+'),
    "session.seal": re.compile(r'"entries":[0-9]+'),
    "policy.decided": re.compile(r'"(?:blocked|passed)":(?:true|false)'),
}
"""Of entries that are JSON, what of it is quoted."""
_MOST_FIELDS: Final = 2


@dataclass(slots=True)
class Turn:
    """What somebody asked of an agent, and what came of it as far as it belongs to the story."""

    session: str
    agent: str = ""
    prompt: Evidence | None = None
    plans: list[Evidence] = field(default_factory=list)
    said: list[Evidence] = field(default_factory=list)
    """What the agent said before its last change, in order."""
    concluded: Evidence | None = None
    """What it said last, after its last change."""
    denied: list[Evidence] = field(default_factory=list)
    failed: list[Evidence] = field(default_factory=list)
    edits: list[Evidence] = field(default_factory=list)
    ran: list[Evidence] = field(default_factory=list)
    """Commands."""
    others: list[Evidence] = field(default_factory=list)
    """Subagents, models, rewinds: what else turned its course."""

    @property
    def evidence(self) -> list[Evidence]:
        """All of it."""
        ends = [one for one in (self.prompt, self.concluded) if one is not None]
        return [*ends, *self.plans, *self.said, *self.denied, *self.failed, *self.edits, *self.ran, *self.others]


@dataclass(slots=True)
class Gathered:
    """All that a story is told from."""

    about: About
    turns: list[Turn] = field(default_factory=list)
    commits: list[Evidence] = field(default_factory=list)
    later: list[Evidence] = field(default_factory=list)
    """What names the commits: roll-outs, reviews, errors, seals, decisions."""
    unknown: list[str] = field(default_factory=list)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What may be cited, each entry once."""
        turns = [one for turn in self.turns for one in turn.evidence]
        return tuple({one.id: one for one in (*turns, *self.commits, *self.later)}.values())


def tell(found: Gathered) -> Story:
    """The story of what was gathered."""
    sentences = [*_status(found), *_context(found), *_options(found), *_decision(found), *_consequences(found)]
    return Story(found.about, TEMPLATE, tuple(sentences), found.evidence, tuple(found.unknown))


def _status(found: Gathered) -> Iterable[Sentence]:
    if found.about.kind == "commit":
        yield from _each(Section.STATUS, "It is a commit of the repository", found.commits[:1])
    elif found.commits:
        yield from _each(Section.STATUS, "It is in the repository; last to change it was the commit", found.commits[:1])


def _context(found: Gathered) -> Iterable[Sentence]:
    for turn in found.turns:
        yield from _each(Section.CONTEXT, f"In session {_name(turn.session)} the developer asked", _one(turn.prompt))


def _options(found: Gathered) -> Iterable[Sentence]:
    for turn in found.turns:
        who = _agent(turn)
        yield from _each(Section.OPTIONS, f"{who} planned", turn.plans)
        yield from _each(Section.OPTIONS, f"{who} said before the change", turn.said)
        yield from _each(Section.OPTIONS, "It was not allowed", turn.denied)
        yield from _each(Section.OPTIONS, "It was tried and failed", turn.failed)
        yield from _each(Section.OPTIONS, "The course was changed", turn.others)


def _decision(found: Gathered) -> Iterable[Sentence]:
    for turn in found.turns:
        who = _agent(turn)
        yield from _each(Section.DECISION, f"{who} made the change", turn.edits)
        yield from _each(Section.DECISION, f"{who} ran", turn.ran)
        yield from _each(Section.DECISION, f"{who} said afterwards", _one(turn.concluded))
    yield from _each(Section.DECISION, "The commit says", found.commits)


def _consequences(found: Gathered) -> Iterable[Sentence]:
    for one in found.later:
        yield from _each(Section.CONSEQUENCES, _LATER.get(one.kind, f"Afterwards ({one.kind}) it was named"), [one])


def _each(section: Section, lead: str, cited: Sequence[Evidence]) -> Iterable[Sentence]:
    """A sentence for each entry: what it is, and its own words."""
    for one in cited:
        quotes = _quotes(one)
        if quotes:
            said = ", ".join(
                f"\N{LEFT DOUBLE QUOTATION MARK}{_line(quote)}\N{RIGHT DOUBLE QUOTATION MARK}" for quote in quotes
            )
            yield Sentence(section, f"{lead}: {said}.", tuple(Citation(one.id, quote) for quote in quotes))


def _quotes(one: Evidence) -> list[str]:
    """What is quoted of an entry: its beginning, or of JSON the fields that say something."""
    form = _FIELDS.get(one.kind)
    if form is not None:
        return list(dict.fromkeys(form.findall(one.text)))[:_MOST_FIELDS]
    quote = span(one.text)
    return [quote] if quote else []


def _one(found: Evidence | None) -> Sequence[Evidence]:
    return () if found is None else (found,)


def _agent(turn: Turn) -> str:
    return _name(turn.agent) if turn.agent else "The agent"


def _name(text: str) -> str:
    return _line(text)[:80]


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
