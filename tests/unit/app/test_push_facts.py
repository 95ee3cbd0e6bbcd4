"""What is gathered of a commit, at its bounds: what is left out is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from vestige.agents.session import Edit, Step
from vestige.app.push_facts import after_last_edit, unattributed
from vestige.code import Commit, Own
from vestige.code.added import Added
from vestige.code.commits import Person
from vestige.model.errors import TooLargeError

if TYPE_CHECKING:
    from vestige.code import Browsing
    from vestige.policy.facts import Commit as Known

BLOB = "b" * 40


class Blobs:
    """Files by their bytes; ``None`` is one that is too large."""

    def __init__(self, data: bytes | None) -> None:
        self._data = data

    def blob(self, _: str) -> bytes:
        """The one there is."""
        if self._data is None:
            raise TooLargeError("the file is too large")
        return self._data


def known(data: bytes | None = b"", runs: Any = (), message: str = "work", **more: Any) -> Known:
    """A commit of one file."""
    person = Person("Ann", "ann@example.org", "")
    commit = Commit("1" * 40, "2" * 40, (), person, person, message)
    changed = Own((Added("a.txt", "added", "100644", BLOB, runs, **more),))
    return unattributed(cast("Browsing", Blobs(data)), commit, changed)


@pytest.mark.parametrize(
    ("data", "lines", "unread", "too_long"),
    [
        (b"a\nb", 2, "", False),
        (b"a\n" * 100_000, 100_000, "", False),
        (b"a\n" * 100_001, 0, "more than 100000 lines", True),
        (b"a" * (4 << 20), 1, "", False),
        (b"a" * ((4 << 20) + 1), 0, "more than 4194304 bytes", True),
        (None, 0, "too long to be looked at", True),
        (b"a\0b", 0, "not text", False),
        (b"\0" * ((4 << 20) + 1), 0, "not text", False),
    ],
    ids=range(8),
)
def test_a_file_that_is_no_text_has_no_lines_and_one_that_is_too_long_says_so(
    data: bytes | None, lines: int, unread: str, too_long: bool
) -> None:
    (file,) = known(data, opaque=True).files
    assert (file.total, file.unread, file.too_long) == (lines, unread, too_long)


@pytest.mark.parametrize(("count", "cut"), [(50, False), (51, True)])
def test_spans_that_are_left_out_are_told(count: int, cut: bool) -> None:
    (file,) = known(runs=tuple((2 * n, 2 * n) for n in range(1, count + 1))).files
    assert (file.total, len(file.spans), file.spans_cut) == (count, 50, cut)


@pytest.mark.parametrize(("count", "cut"), [(100, False), (101, True)])
def test_trailers_that_are_left_out_are_told(count: int, cut: bool) -> None:
    found = known(message="work\n\n" + "".join(f"T-{n}: x\n" for n in range(count)))
    assert (len(found.trailers), found.message_cut) == (100, cut)


def step(tool: str, at: int | None, outcome: str = "success", *, edit: bool = False, use: str = "") -> Step:
    """A call."""
    edits = {"a.py": Edit("a.py", "success")} if edit else {}
    return Step("agent.tool_use", at, (at or 0, 0, 0), tool=tool, outcome=outcome, use=use, edits=edits)


EDIT = step("Edit", 5, edit=True)


@pytest.mark.parametrize(
    ("sessions", "found"),
    [
        ([[EDIT, step("Lint", 6)]], {"Lint": 1}),
        ([[step("Lint", 4), EDIT]], {}),
        ([[EDIT, step("Lint", None), step("Lint", 7, "failure")]], {"Lint": 1}),
        ([[step("Lint", 6)]], None),
        ([[step("Write", 5, use="w1"), step("Lint", 6)]], {"Lint": 1}),
        # Of another session, by the times that both state.
        ([[EDIT], [step("Lint", 6)]], {"Lint": 1}),
        ([[EDIT], [step("Lint", 4)]], {}),
        ([[EDIT], [step("Lint", 5)]], {}),
        ([[EDIT], [step("Lint", None)]], {}),
        ([[step("Edit", None, edit=True)], [step("Lint", 6)]], {}),
        ([[EDIT, step("Lint", 6)], [step("Edit", 7, edit=True)]], {}),
        ([[EDIT, step("Lint", 8)], [step("Edit", 7, edit=True), step("Scan", 9)]], {"Lint": 1, "Scan": 1}),
        ([], None),
    ],
    ids=range(13),
)
def test_what_was_called_after_the_last_edit_of_all_sessions(
    sessions: list[list[Step]], found: dict[str, int] | None
) -> None:
    assert after_last_edit(sessions, {"w1"}) == found
