from __future__ import annotations

import pytest

from vestige.cli.options import explained
from vestige.model.errors import QueryError, UsageError


@pytest.mark.parametrize(
    ("query", "column", "lines"),
    [
        ("usr:root", 1, ["  query:    usr:root", "            ^ column 1"]),
        ("a OR", 5, ["  query:    a OR", "                ^ column 5"]),
        ("日本 usr:a", 4, ["  query:    日本 usr:a", "                 ^ column 4"]),
        ("e\u0301 usr:a", 4, ["  query:    e\u0301 usr:a", "              ^ column 4"]),
        ("\x1b usr:a", 3, ["  query:    \\x1b usr:a", "                 ^ column 3"]),
        ("x" * 99 + ":", 100, [f"  query:    …{'x' * 40}:", f"{' ' * 53}^ column 100"]),
        (":" + "x" * 99, 1, [f"  query:    :{'x' * 39}…", "            ^ column 1"]),
        ("", 7, ["  column:   7"]),
        ("short", 7, ["  column:   7"]),
        ("short", 0, ["  column:   0"]),
    ],
)
def test_a_fault_in_a_query_is_pointed_at(query: str, column: int, lines: list[str]) -> None:
    error = QueryError("it is wrong", column=column, expected="right", got="wrong", hint="right it", query=query)
    first, *place, expected, got, following = explained(error).split("\n")
    assert (first, expected, got, following) == (
        "it is wrong",
        "  expected: right",
        "  got:      wrong",
        "  next:     right it",
    )
    assert place == lines


def test_other_errors_point_at_nothing() -> None:
    assert explained(UsageError("no", got="x\ny")) == "no\n  got:      x\\ny"
