"""What is looked at around a call, and that what is not looked at is said."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from support.capturing import SECRET, git, person
from vestige.capture import snapshots
from vestige.capture.contents import MOST, blob_id
from vestige.capture.repository import find
from vestige.capture.snapshots import Looking
from vestige.capture.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.secrets import Redactor


def ref(data: bytes) -> str:
    return f"git:{blob_id(data)}"


PRE, POST = "pretooluse", "posttooluse"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with person(tmp_path) as ann:
        yield ann.repository()


@pytest.fixture
def looking(folder: Path, redactor: Redactor) -> Iterator[Looking]:
    repository = find(folder)
    tree = Tree(repository)
    yield Looking(repository.root, tree, redactor, b"k" * 32)
    tree.close()


def test_a_tool_that_names_its_file_is_looked_at_by_that(looking: Looking, folder: Path) -> None:
    (folder / "other.py").write_text("other")
    given = {"file_path": str(folder / "a.py")}
    before = looking.look(PRE, "Edit", given, str(folder))
    assert before is not None
    assert before.files == {"a.py": ref(b"one = 1\ntwo = 2\n")}
    assert (before.when, before.whole, before.left_out) == ("before", False, {})
    assert [one.text for one in before.new.values()] == ["one = 1\ntwo = 2\n"]
    looking.kept(before)
    (folder / "a.py").write_text("one = 3\n")
    after = looking.look(POST, "Edit", given, str(folder))
    assert after is not None
    assert (after.when, after.files) == ("after", {"a.py": ref(b"one = 3\n")})


def test_a_file_that_is_not_there_is_said_to_be_none(looking: Looking, folder: Path) -> None:
    look = looking.look(PRE, "Write", {"file_path": "new/x.py"}, str(folder))
    assert look is not None
    assert (look.files, look.new) == ({"new/x.py": None}, {})


@pytest.mark.parametrize("tool", ["Bash", "mcp__files__write", "apply_patch", "run_shell_command", "Whatever", ""])
def test_a_shell_and_what_is_not_known_is_looked_at_by_all_that_differs(
    looking: Looking, folder: Path, tool: str
) -> None:
    (folder / "a.py").unlink()
    (folder / "new.py").write_text("new")
    look = looking.look(POST, tool, {"command": "x"}, str(folder))
    assert look is not None
    assert (look.files, look.whole) == ({"a.py": None, "new.py": ref(b"new")}, True)
    assert look.head == git(folder, "rev-parse", "HEAD")


@pytest.mark.parametrize("tool", ["Read", "Grep", "WebFetch", "read_file", "TodoWrite"])
def test_a_tool_that_only_reads_is_not_looked_at(looking: Looking, folder: Path, tool: str) -> None:
    assert looking.look(PRE, tool, {"file_path": str(folder / "a.py")}, str(folder)) is None


@pytest.mark.parametrize("event", ["stop", "sessionstart", "userpromptsubmit", ""])
def test_what_is_no_call_is_not_looked_at(looking: Looking, folder: Path, event: str) -> None:
    assert looking.look(event, "Edit", {"file_path": str(folder / "a.py")}, str(folder)) is None


@pytest.mark.parametrize("named", ["../out.py", "/etc/hostname", ".git/config", "link/x"])
def test_a_file_outside_is_not_read_and_that_is_said(looking: Looking, folder: Path, named: str) -> None:
    (folder.parent / "out.py").write_text("out")
    (folder / "link").symlink_to(folder.parent)
    look = looking.look(PRE, "Edit", {"file_path": named}, str(folder))
    assert look is not None
    assert (look.files, look.left_out) == ({}, {named: "outside the working tree"})


def test_what_is_no_text_is_said(looking: Looking, folder: Path) -> None:
    (folder / "binary").write_bytes(b"\0\1")
    (folder / "large").write_bytes(b"x" * (MOST + 1))
    (folder / "link").symlink_to("a.py")
    os.mkfifo(folder / "pipe")
    (folder / "text").write_text("t")
    look = looking.look(POST, "Bash", {}, str(folder))
    assert look is not None
    assert (look.files, look.whole) == ({"text": ref(b"t")}, False)
    assert look.left_out == {"binary": "binary", "large": f"larger than {MOST} bytes", "link": "no regular file"}
    named = looking.look(POST, "Edit", {"file_path": "pipe"}, str(folder))
    assert named is not None
    assert named.left_out == {"pipe": "no regular file"}


def test_too_many_and_too_much_is_said(looking: Looking, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MOST_FILES", 2)
    for name in "xyz":
        (folder / name).write_text(name)
    look = looking.look(POST, "Bash", {}, str(folder))
    assert look is not None
    assert (set(look.files), look.left_out, look.whole) == ({"x", "y"}, {"*": "more than 2 files"}, False)
    monkeypatch.setattr(snapshots, "MOST_FILES", 10)
    monkeypatch.setattr(snapshots, "MOST_BYTES", 2)
    look = looking.look(POST, "Bash", {}, str(folder))
    assert look is not None
    assert (set(look.files), set(look.left_out)) == ({"x", "y"}, {"z"})


def test_a_text_is_kept_once_and_again_when_it_was_lost(looking: Looking, folder: Path) -> None:
    (folder / "a.py").write_text(f"token = '{SECRET}'\n")
    for _ in range(2):
        look = looking.look(POST, "Bash", {}, str(folder))
        assert look is not None
        assert list(look.new) == ["a.py"]
        assert SECRET not in look.new["a.py"].text
    assert look is not None
    looking.kept(look)
    look = looking.look(POST, "Bash", {}, str(folder))
    assert look is not None
    assert look.new == {}
    looking.forget()
    look = looking.look(POST, "Bash", {}, str(folder))
    assert look is not None
    assert list(look.new) == ["a.py"]


def test_a_change_that_leaves_time_and_size_is_seen(looking: Looking, folder: Path) -> None:
    path = folder / "a.py"
    refs = set()
    for letter in "abcdef":
        path.write_text(letter)
        os.utime(path, ns=(time.time_ns(),) * 2)
        look = looking.look(POST, "Edit", {"file_path": "a.py"}, str(folder))
        assert look is not None
        looking.kept(look)
        refs.add(look.files["a.py"])
    assert len(refs) == 6
