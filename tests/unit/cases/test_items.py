"""What may be said in a case, on both sides of each bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.cases.items import FIELDS, KINDS, MOST_EMBEDDED, NOTE_LENGTH, body_of, embedded, shown_in
from vestige.model.errors import UsageError

EVENT = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.mark.parametrize(
    ("kind", "given", "body"),
    [
        ("note", {"text": "a"}, {"text": "a"}),
        ("note", {"text": "a" * NOTE_LENGTH, "title": "t"}, {"text": "a" * NOTE_LENGTH, "title": "t"}),
        ("task", {"title": "t", "due": "2026-05-01"}, {"title": "t", "status": "open", "due": "2026-05-01T00:00:00Z"}),
        ("hypothesis", {"title": "h"}, {"title": "h", "verdict": "open"}),
        ("entity", {"type": "IP", "value": " 192.0.2.1 "}, {"type": "ip", "value": "192.0.2.1"}),
        ("indicator", {"type": "ipv4", "value": "192.0.2.1"}, {"type": "ipv4", "value": "192.0.2.1"}),
        ("indicator", {"type": "ipv4", "value": "192.0.2.9/24"}, {"type": "ipv4", "value": "192.0.2.0/24"}),
        ("indicator", {"type": "ipv6", "value": "2001:DB8::0001"}, {"type": "ipv6", "value": "2001:db8::1"}),
        ("indicator", {"type": "sha256", "value": "A" * 64}, {"type": "sha256", "value": "a" * 64}),
        ("indicator", {"type": "domain", "value": "Evil.Example."}, {"type": "domain", "value": "evil.example"}),
        ("indicator", {"type": "url", "value": "https://x/'"}, {"type": "url", "value": "https://x/'"}),
    ],
)
def test_what_may_be_said(kind: str, given: dict[str, str], body: dict[str, str]) -> None:
    assert body_of(kind, given) == body
    assert body_of(kind, {}, body) == body
    assert set(body) <= set(FIELDS[kind])


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("memo", {"text": "a"}, "kind"),
        ("note", {}, "text"),
        ("note", {"text": " "}, "text"),
        ("note", {"text": "a" * (NOTE_LENGTH + 1)}, "text"),
        ("note", {"text": "a", "verdict": "open"}, "verdict"),
        ("note", {"text": "a\x00"}, "text"),
        ("note", {"text": "\ud800"}, "text"),
        ("task", {"title": "t", "due": "soon"}, "due"),
        ("task", {"title": "t", "status": "maybe"}, "status"),
        ("hypothesis", {"title": "h", "verdict": "true"}, "verdict"),
        ("entity", {"type": "person", "value": "x"}, "type"),
        ("indicator", {"type": "ipv4", "value": "2001:db8::1"}, "value"),
        ("indicator", {"type": "ipv4", "value": "192.0.2.300"}, "value"),
        ("indicator", {"type": "sha256", "value": "a" * 63}, "value"),
        ("indicator", {"type": "md5", "value": "g" * 32}, "value"),
        ("indicator", {"type": "domain", "value": "no domain"}, "value"),
        ("indicator", {"type": "url", "value": "x"}, "value"),
        ("indicator", {"type": "email", "value": "x"}, "value"),
    ],
)
def test_what_may_not_be_said(kind: str, given: dict[str, str], field: str) -> None:
    with pytest.raises(UsageError) as caught:
        body_of(kind, given)
    assert caught.value.field == field


@given(st.sampled_from(sorted(KINDS)), st.dictionaries(st.sampled_from(["title", "text", "type", "value"]), st.text()))
def test_what_was_accepted_is_accepted_again_as_it_is(kind: str, given: dict[str, str]) -> None:
    try:
        body = body_of(kind, given)
    except UsageError:
        return
    assert body_of(kind, body) == body


def test_events_of_a_note_are_found_and_put_in() -> None:
    text = f"see [[event:{EVENT.lower()}.2]], [[event:{EVENT}]], [[event:short]] and [[event:{EVENT}]]"
    assert embedded(text) == [f"{EVENT}.2", EVENT]
    assert shown_in(text, lambda event: f"<{event}>") == f"see <{EVENT}.2>, <{EVENT}>, [[event:short]] and <{EVENT}>"


def test_a_note_shows_so_many_events_and_no_more() -> None:
    many = [f"[[event:{EVENT}.{number}]]" for number in range(1, MOST_EMBEDDED + 2)]
    assert len(embedded(" ".join(many[:-1]))) == MOST_EMBEDDED
    with pytest.raises(UsageError, match="too many events"):
        embedded(" ".join(many))
