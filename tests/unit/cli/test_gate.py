"""What the gate reads of Git's hooks, and what it keeps of pushes while no server answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from vestige.cli import gate
from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OLD, NEW = "0" * 40, "1" * 40
REFUSED = "vestige-refused"
UPDATES = [{"ref": "refs/heads/main", "old": OLD, "new": NEW}]


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/a\u2028b", "refs/heads/a\x85b", "refs/heads/ä"])
def test_a_line_of_pre_receive_is_what_git_ends_as_one(ref: str) -> None:
    update = {"old": OLD, "new": NEW, "ref": ref}
    assert gate._received(f"{OLD} {NEW} {ref}\n{NEW} {OLD} refs/tags/t\n") == [
        update,
        {"old": NEW, "new": OLD, "ref": "refs/tags/t"},
    ]
    assert gate._pushed(f"{ref} {NEW} {ref} {OLD}\n") == [update]


@pytest.mark.parametrize(
    "line", [f"{OLD} {NEW}", f"{OLD} {NEW} a b", f"{OLD}  refs/heads/main", "\n", "x", f"{OLD} {NEW} a\n\n"]
)
def test_what_is_no_line_of_pre_receive_is_an_error_of_ours(line: str) -> None:
    assert gate._received("") == []
    with pytest.raises(InputError, match="no line of Git's hook pre-receive"):
        gate._received(f"{line}\n")


def reasons(lines: Sequence[str]) -> list[str]:
    return [orjson.loads(line)["reason"] for line in lines]


def test_what_is_kept_while_it_is_told_is_told_the_next_time(tmp_path: Path) -> None:
    nothing = gate._missed(tmp_path)
    assert nothing.lines == ()
    gate._heard(tmp_path, nothing)
    gate._note(tmp_path, UPDATES, "one")
    first = gate._missed(tmp_path)
    assert reasons(first.lines) == ["one"]
    gate._note(tmp_path, UPDATES, "two")  # by another push
    gate._heard(tmp_path, first)
    second = gate._missed(tmp_path)
    assert reasons(second.lines) == ["two"]
    # Told by two at once: the slower one lets be what it told, not what came since.
    gate._heard(tmp_path, first)
    assert reasons(gate._missed(tmp_path).lines) == ["two"]
    gate._heard(tmp_path, second)
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_told_is_kept_until_it_was(tmp_path: Path) -> None:
    gate._note(tmp_path, UPDATES, "one")
    assert reasons(gate._missed(tmp_path).lines) == ["one"]
    gate._note(tmp_path, UPDATES, "nobody answered")
    again = gate._missed(tmp_path)
    assert reasons(again.lines) == ["one"]
    gate._heard(tmp_path, again)
    assert reasons(gate._missed(tmp_path).lines) == ["nobody answered"]


@pytest.mark.parametrize(("lines", "left"), [(gate.MOST_TOLD, 0), (gate.MOST_TOLD + 1, 2), (250, 151)])
def test_how_many_lines_are_left_out_is_told(tmp_path: Path, lines: int, left: int) -> None:
    for number in range(lines):
        gate._note(tmp_path, UPDATES, str(number))
    told = gate._missed(tmp_path).lines
    assert len(told) == gate.MOST_TOLD
    if left:
        assert told[0] == f"{left} earlier ones are left out"
    assert reasons(told[bool(left) :]) == [str(number) for number in range(left, lines)]


def test_the_file_has_an_end_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_REFUSED", 400)
    for number in range(50):
        gate._note(tmp_path, UPDATES, str(number))
    assert (tmp_path / REFUSED).stat().st_size < 800
    kept = (tmp_path / REFUSED).read_text().splitlines()
    assert reasons(kept) == [*map(str, range(len(kept) - 1)), "the file is full: later ones are left out"]
