"""Patterns of names: ``*`` and nothing else."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.patterns import matches


@given(st.text("ab*", max_size=6), st.text("ab", max_size=6))
def test_a_star_is_any_text_as_the_shells_is(pattern: str, text: str) -> None:
    assert matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)


@pytest.mark.parametrize(("pattern", "other"), [("a?c", "abc"), ("a[bc]d", "abd"), ("[!x]", "a"), ("a-*?", "a-b")])
def test_nothing_else_has_a_meaning(pattern: str, other: str) -> None:
    assert matches(pattern, pattern)
    assert not matches(pattern, other)
