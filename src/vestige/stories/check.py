"""The rule of every story: a sentence cites entries that are there, by spans that stand in them; else it is dropped.

Nothing else of a model's answer is believed: not its title, not a claim that something was checked, and no word of what
an entry's text told it to say. A span counts only as it stands, letter for letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.stories.models import LEAST_QUOTE, MOST_QUOTE, MOST_TEXT, Citation, Dropped, Section, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_SENTENCES: Final = 60
MOST_CITATIONS: Final = 10
_SHOWN: Final = 200


class Checked(NamedTuple):
    """What is left of an answer, and what is not."""

    sentences: tuple[Sentence, ...]
    dropped: tuple[Dropped, ...]


def stands_in(quote: str, *texts: str) -> bool:
    """Whether a quote is a span of each of the texts, and long enough to say anything."""
    words = quote.strip()
    if not words or len(quote) > MOST_QUOTE:
        return False
    least = min(LEAST_QUOTE, *(len(text.strip()) for text in texts))
    return len(words) >= least and all(quote in text for text in texts)


def check(answer: Any, texts: Mapping[str, Iterable[str]]) -> Checked:  # noqa: ANN401 - JSON of others
    """The sentences of an answer that rest on what they cite; the others with the reason.

    Args:
        answer: any JSON value, ``{"sentences": [{"section", "text", "citations": [{"id", "quote"}]}]}`` if it is good.
        texts: by the id of an entry that may be cited, the texts in each of which a quote must stand.
    """
    given = answer.get("sentences") if isinstance(answer, dict) else None
    if not isinstance(given, list):
        return Checked((), (Dropped("", "the answer has no list of sentences"),))
    kept: list[Sentence] = []
    dropped: list[Dropped] = []
    for number, one in enumerate(given):
        text = one.get("text") if isinstance(one, dict) else None
        text = " ".join(text.split()) if isinstance(text, str) else ""
        found = f"more than {MOST_SENTENCES} sentences" if number >= MOST_SENTENCES else _sentence(one, text, texts)
        if isinstance(found, Sentence):
            kept.append(found)
        elif len(dropped) < MOST_SENTENCES:
            dropped.append(Dropped(_printable(text[:_SHOWN]), found))
    return Checked(tuple(kept), tuple(dropped))


def _sentence(one: Any, text: str, texts: Mapping[str, Iterable[str]]) -> Sentence | str:  # noqa: ANN401 - as above
    """The sentence, or why it is none."""
    if not isinstance(one, dict) or not text:
        return "it says nothing"
    if len(text) > MOST_TEXT or not text.isprintable():
        return f"it is longer than {MOST_TEXT} characters, or has letters that are not shown"
    if one.get("section") not in list(Section):
        return "its section is none"
    found = _citations(one.get("citations"), texts)
    return found if isinstance(found, str) else Sentence(Section(one["section"]), text, found)


def _citations(given: Any, texts: Mapping[str, Iterable[str]]) -> tuple[Citation, ...] | str:  # noqa: ANN401 - as above
    """What a sentence rests on, or why that is nothing."""
    if not isinstance(given, list) or not 0 < len(given) <= MOST_CITATIONS:
        return (
            f"it cites more than {MOST_CITATIONS} entries" if given and isinstance(given, list) else "it cites nothing"
        )
    found = []
    for cited in given:
        identity, quote = (cited.get("id"), cited.get("quote")) if isinstance(cited, dict) else (None, None)
        if not isinstance(identity, str) or not isinstance(quote, str) or identity not in texts:
            return "it cites an entry that was not given"
        if not stands_in(quote, *texts[identity]):
            return "what it quotes does not stand in the entry"
        found.append(Citation(identity, quote))
    return tuple(found)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
