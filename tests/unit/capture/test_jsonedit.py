"""A member is put in and taken out of JSON that somebody wrote, and every other byte stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.capture.jsonedit import added, parse, without
from vestige.model.errors import InputError

VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
DOCUMENT = st.dictionaries(st.text(max_size=5), VALUE, max_size=4).filter(lambda one: "hooks" not in one)
FORM = st.sampled_from([{"indent": None}, {"indent": 2}, {"indent": "\t"}, {"indent": 4, "ensure_ascii": False}])


@given(DOCUMENT, FORM, st.sampled_from(["", "\n", "\r\n"]))
def test_the_places_of_a_document_are_those_of_its_parts(document: dict[str, Any], form: Any, end: str) -> None:
    text = json.dumps(document, **form) + end
    assert parse(text).plain() == document


@given(DOCUMENT, FORM, VALUE)
def test_what_is_added_is_there_and_nothing_else_changed(document: dict[str, Any], form: Any, value: Any) -> None:
    text = json.dumps(document, **form)
    once = added(text, ("hooks", "Event"), value)
    assert json.loads(once) == document | {"hooks": {"Event": [value]}}
    twice = added(once, ("hooks", "Event"), "more")
    assert json.loads(twice) == document | {"hooks": {"Event": [value, "more"]}}
    assert without(twice, ("hooks", "Event", 1)) == once
    # Space between the braces of an object that was empty is nobody's.
    assert without(once, ("hooks",)) == (text if document else "{}")


@given(st.dictionaries(st.text(max_size=5), VALUE, min_size=1, max_size=5), FORM, st.data())
def test_what_is_taken_out_is_gone_and_the_rest_is_there(document: dict[str, Any], form: Any, data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(document)))
    left = {key: value for key, value in document.items() if key != name}
    assert json.loads(without(json.dumps(document, **form), (name,))) == left


def test_the_form_of_the_document_is_taken_up() -> None:
    assert added('{\n\t"a": 1\n}\n', ("hooks",), 2) == '{\n\t"a": 1,\n\t"hooks": [\n\t\t2\n\t]\n}\n'
    assert added('{\r\n    "a": {}\r\n}', ("a", "b"), 2) == (
        '{\r\n    "a": {\r\n        "b": [\r\n            2\r\n        ]\r\n    }\r\n}'
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "{", '{"a":1,}', '// no\n{"a":1}', '{"a":1,"a":2}', "[" * 300 + "]" * 300]
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


@pytest.mark.parametrize("text", ['{"hooks": 3}', '{"hooks": []}', '{"hooks": {"E": {}}}'])
def test_another_form_than_is_asked_for_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        added(text, ("hooks", "E"), 1)
