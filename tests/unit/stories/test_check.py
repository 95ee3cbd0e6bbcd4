"""The rule: what is left of any answer quotes only what stands in the entries it cites."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.stories.check import MOST_SENTENCES, check, stands_in
from vestige.stories.models import LEAST_QUOTE, MOST_QUOTE, Section, span

TEXTS = {
    "a": ("The developer asked for a retry.",),
    "b": ("Tried three times, then gave up.", "Tried three times"),
    "c": ("ok",),
}
_WORDS = [text for texts in TEXTS.values() for text in texts]
_SPANS = st.one_of(
    st.sampled_from(_WORDS).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(
            lambda at: text[min(at) : max(at)]
        )
    ),
    st.text(max_size=500),
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_CITATION = st.fixed_dictionaries({"id": st.sampled_from([*TEXTS, "d"]), "quote": _SPANS})
_SENTENCE = st.fixed_dictionaries(
    {
        "section": st.sampled_from([*Section, "other"]) | _ANYTHING,
        "text": st.text(max_size=700) | _ANYTHING,
        "citations": st.lists(_CITATION | _ANYTHING, max_size=12) | _ANYTHING,
    }
)
_ANSWER = st.fixed_dictionaries({"sentences": st.lists(_SENTENCE | _ANYTHING, max_size=8) | _ANYTHING}) | _ANYTHING


@given(_ANSWER)
def test_whatever_a_model_answers_every_quote_that_is_left_stands_in_its_entry(answer: Any) -> None:
    found = check(answer, TEXTS)
    for sentence in found.sentences:
        assert sentence.text
        assert sentence.text.isprintable()
        assert sentence.citations
        for cited in sentence.citations:
            assert all(cited.quote in text for text in TEXTS[cited.id])
            assert cited.quote.strip()
    sentences = answer.get("sentences") if isinstance(answer, dict) else None
    count = len(sentences) if isinstance(sentences, list) else 1
    assert len(found.sentences) + len(found.dropped) == count
    assert all(one.reason for one in found.dropped)


@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_a_sentence_that_quotes_its_entry_is_kept(identity: str, data: st.DataObject) -> None:
    text = TEXTS[identity][-1]
    length = data.draw(st.integers(min(LEAST_QUOTE, len(text)), len(text)))
    begin = data.draw(st.integers(0, len(text) - length))
    quote = text[begin : begin + length]
    one = {"section": "decision", "text": "It is so.", "citations": [{"id": identity, "quote": quote}]}
    kept = check({"sentences": [one]}, TEXTS).sentences
    assert bool(kept) is (len(quote.strip()) >= min(LEAST_QUOTE, len(text)))


def test_of_an_entry_a_quote_must_stand_in_all_its_texts() -> None:
    assert stands_in("Tried three", *TEXTS["b"])
    assert not stands_in("then gave up", *TEXTS["b"])


@pytest.mark.parametrize("quote", ["", "   ", "a", "Tried", "x" * (MOST_QUOTE + 1), "tried three times"])
def test_a_quote_that_says_nothing_or_too_much_is_none(quote: str) -> None:
    assert not stands_in(quote, "Tried three times, then gave up." + "x" * 500)
    assert stands_in("Tried three times", "Tried three times, then gave up.")


def test_no_more_sentences_are_taken_than_there_may_be() -> None:
    one = {"section": "context", "text": "It is so.", "citations": [{"id": "c", "quote": "ok"}]}
    found = check({"sentences": [one] * (MOST_SENTENCES + 2)}, TEXTS)
    assert (len(found.sentences), len(found.dropped)) == (MOST_SENTENCES, 2)


@given(st.text(max_size=900), st.integers(1, 300))
def test_the_span_of_a_text_stands_in_it(text: str, most: int) -> None:
    found = span(text, most)
    assert found in text
    assert len(found) <= most
    assert bool(found) is bool(text.strip())
