from __future__ import annotations

import re

import pytest

from vestige.model import errors
from vestige.model.errors import InputError, QueryError, VestigeError

CLASSES = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, VestigeError)]


def test_every_code_is_given_once() -> None:
    codes = [cls.code for cls in CLASSES]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_tree_in_the_docstring_is_the_tree(cls: type[VestigeError]) -> None:
    line = re.search(rf"{cls.__name__}\s+{re.escape(cls.code)}\s+(\d+)\s+(\d+)", errors.__doc__ or "")
    assert line is not None, f"{cls.__name__} is not in the docstring with its code"
    assert (int(line[1]), int(line[2])) == (cls.http_status, cls.exit_code)


def test_a_message_gives_both_sides_and_the_next_step() -> None:
    error = InputError("no such thing", expected="a", got="b", hint="do c")
    assert str(error) == "no such thing; expected a; got b"
    assert error.explain().splitlines() == ["no such thing", "  expected: a", "  got:      b", "  next:     do c"]


def test_a_query_error_points_at_the_column() -> None:
    assert QueryError("bad", column=3).column == 3
