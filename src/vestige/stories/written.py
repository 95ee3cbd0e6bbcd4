"""A story as Markdown: prose, or a decision record (ADR). Each sentence is followed by the numbers of what it cites.

Words of entries are others' words: in Markdown every letter that could mean something to it is escaped, so that a
prompt is no link, no picture and no heading here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vestige.stories.models import MODEL, Section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.stories.models import Sentence, Story

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&:@])")
_HEADS: Final = {
    Section.CONTEXT: "What was asked",
    Section.OPTIONS: "What was considered",
    Section.DECISION: "What was done",
    Section.CONSEQUENCES: "What came of it",
    Section.STATUS: "Where it stands",
}
_ADR: Final = {
    Section.STATUS: "Status",
    Section.CONTEXT: "Context",
    Section.OPTIONS: "Options considered",
    Section.DECISION: "Decision",
    Section.CONSEQUENCES: "Consequences",
}
NOTHING: Final = "The evidence says nothing of this."


def escaped(text: str) -> str:
    """Text that Markdown takes as it is."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return _SPECIAL.sub(r"\\\1", line)


def prose(story: Story) -> str:
    """The story by what happened; sections of which nothing is known are left to what is not known."""
    numbers = _numbers(story, _HEADS)
    told = [f"# {escaped(story.title)}", "", *_by(story)]
    for section, head in _HEADS.items():
        found = [one for one in story.sentences if one.section is section]
        if found:
            told += [f"## {head}", "", " ".join(_cited(one, numbers) for one in found), ""]
    if not story.sentences:
        told += [NOTHING, ""]
    return "\n".join([*told, *_rest(story, numbers)])


def adr(story: Story) -> str:
    """The story as a decision record; a section of which nothing is known says so."""
    numbers = _numbers(story, _ADR)
    told = [f"# {escaped(story.title)}", "", *_by(story)]
    for section, head in _ADR.items():
        found = [f"- {_cited(one, numbers)}" for one in story.sentences if one.section is section]
        told += [f"## {head}", "", *(found or [NOTHING]), ""]
    return "\n".join([*told, *_rest(story, numbers)])


def _by(story: Story) -> list[str]:
    if story.by != MODEL:
        return ["Told by template: each sentence quotes the entry it rests on.", ""]
    count = len(story.dropped)
    left = f" {count} of its sentences rested on nothing they cited, and were dropped." if count else ""
    name = escaped(str(story.model.get("name", "")))
    return [f"Written by the model {name}, which may be wrong: each sentence rests on what it quotes.{left}", ""]


def _rest(story: Story, numbers: dict[tuple[str, str], int]) -> list[str]:
    told: list[str] = []
    if story.unknown:
        told += ["## What is not known", "", *(f"- {escaped(one)}" for one in story.unknown), ""]
    if numbers:
        kinds = {one.id: one for one in story.evidence}
        told += ["## Evidence", ""]
        for (identity, quote), number in numbers.items():
            one = kinds[identity]
            at = f", {escaped(one.at)}" if one.at else ""
            told.append(f'{number}. `{identity}` ({escaped(one.kind)}{at}): "{escaped(quote)}"')
        told.append("")
    return told


def _cited(one: Sentence, numbers: dict[tuple[str, str], int]) -> str:
    marks = "".join(f"[{numbers[cited.id, cited.quote]}]" for cited in one.citations)
    return f"{escaped(one.text)} {marks}"


def _numbers(story: Story, order: Iterable[Section]) -> dict[tuple[str, str], int]:
    """What is cited, numbered in the order it is told; the same span of one entry has one number."""
    found: dict[tuple[str, str], int] = {}
    told = [one for section in order for one in story.sentences if one.section is section]
    for sentence in told:
        for cited in sentence.citations:
            found.setdefault((cited.id, cited.quote), len(found) + 1)
    return found
