"""A story as Markdown: what others said is text there and nothing else, and numbers lead to what is cited."""

from __future__ import annotations

import re

from vestige.stories.models import MODEL, TEMPLATE, About, Citation, Dropped, Evidence, Section, Sentence, Story
from vestige.stories.written import NOTHING, adr, prose

EVIL = "# Done\n![x](https://evil.example/x.png) <script>[link](javascript:1)</script> `code`"
ENTRY = Evidence("01K0", "agent.prompt", EVIL, "2026-03-01T09:00:00Z")
COMMIT = Evidence("f" * 40, "commit", "Try it again")
STORY = Story(
    About("file", "a_[b].py", path="a_[b].py"),
    TEMPLATE,
    (
        Sentence(Section.STATUS, "It stands.", (Citation("f" * 40, "Try it again"),)),
        Sentence(
            Section.CONTEXT, f"It was asked: {EVIL}", (Citation("01K0", EVIL[:40]), Citation("f" * 40, "Try it again"))
        ),
    ),
    (ENTRY, COMMIT),
    ("Of 3 lines nobody knows <who>.",),
)


def test_words_of_others_are_no_markdown() -> None:
    for text in (prose(STORY), adr(STORY)):
        bare = re.sub(r"\\.", "", text)
        assert "![" not in bare
        assert "](" not in bare
        assert "<" not in bare
        assert [line for line in text.splitlines() if line.startswith("# ")] == [r"# Why a\_\[b\]\.py is as it is"]


def test_numbers_lead_to_what_is_cited_in_the_order_of_the_form() -> None:
    assert re.findall(r"\[([0-9])\]", prose(STORY).split("## What is not known")[0]) == ["1", "2", "2"]
    assert re.findall(r"\[([0-9])\]", adr(STORY).split("## What is not known")[0]) == ["1", "2", "1"]
    assert "1. `01K0` (agent\\.prompt" in prose(STORY)
    assert f"1. `{'f' * 40}` (commit)" in adr(STORY)


def test_a_section_without_evidence_says_so_in_a_record_and_is_not_there_in_prose() -> None:
    assert adr(STORY).count(NOTHING) == 3
    assert NOTHING not in prose(STORY)
    empty = Story(STORY.about, TEMPLATE, (), ())
    assert NOTHING in prose(empty)
    assert adr(empty).count(NOTHING) == 5


def test_what_a_model_wrote_says_so_and_how_much_was_dropped() -> None:
    story = Story(STORY.about, MODEL, STORY.sentences, STORY.evidence, (), (Dropped("x", "y"),), {"name": "m_1"})
    assert r"Written by the model m\_1, which may be wrong" in prose(story)
    assert "1 of its sentences rested on nothing" in adr(story)
    assert story.to_json()["dropped"] == [{"text": "x", "reason": "y"}]
    assert "dropped" not in STORY.to_json()
