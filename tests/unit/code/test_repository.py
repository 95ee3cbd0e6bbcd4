from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.attributing.commits import Commits
from vestige.code import Change, Repository, check_oid, check_path, program, repository
from vestige.model.errors import BusyError, InputError, NotFoundError, TooLargeError

if TYPE_CHECKING:
    from pathlib import Path

LONG = "".join(f"line {number}\n" for number in range(40))


@pytest.fixture
def made(tmp_path: Path) -> Commits:
    return Commits(tmp_path / "work")


def test_what_a_commit_changes_is_told_by_path(made: Commits) -> None:
    for path, text in (
        ("gone.txt", "x\n"),
        ("mode.sh", "y\n"),
        ("old name.txt", LONG),
        ("stays.txt", "z\n"),
        ("many.txt", LONG),
    ):
        made.put(path, text)
    first = made.commit()
    (made.folder / "gone.txt").unlink()
    (made.folder / "mode.sh").chmod(0o755)
    made.git("mv", "old name.txt", "new\tname.txt")
    made.put("fresh.txt", "-- removed look\n++ b/added look\nno end")
    made.put("many.txt", LONG.replace("line 3\n", "three\n").replace("line 33\n", "++ b/x\n"))
    second = made.commit()
    there = Repository(made.folder)
    changes = {change.path: change for change in there.changes(first, second)}
    assert set(changes) == {"mode.sh", "new\tname.txt", "fresh.txt", "many.txt"}
    assert changes["new\tname.txt"] == Change("R", "new\tname.txt", "old name.txt", there.entry(first, "old name.txt"))
    assert (changes["fresh.txt"].status, changes["fresh.txt"].before) == ("A", "")
    assert changes["mode.sh"].blob == there.entry(first, "mode.sh")
    assert there.blob(changes["fresh.txt"].blob) == b"-- removed look\n++ b/added look\nno end"
    assert {change.path for change in there.changes("", first)} == {
        "gone.txt",
        "mode.sh",
        "old name.txt",
        "stays.txt",
        "many.txt",
    }
    assert there.parents(first) == ()
    assert there.parents(second) == (first,)
    assert there.commits(second, first) == [second]
    assert there.touched(second, "stays.txt") == first
    assert there.entry(second, "gone.txt") == ""


def test_a_merge_has_its_parents_and_no_patch(made: Commits) -> None:
    made.put("a", "1\n")
    base = made.commit()
    made.git("checkout", "-q", "-b", "side")
    made.put("b", "2\n")
    side = made.commit()
    made.git("checkout", "-q", "main")
    made.put("c", "3\n")
    main = made.commit()
    made.git("merge", "-q", "--no-edit", "side")
    there = Repository(made.folder)
    merge = there.resolve()
    assert there.parents(merge) == (main, side)
    assert there.patch_id(merge) == ""
    assert [change.path for change in there.changes(main, merge)] == ["b"]
    made.git("checkout", "-q", "-b", "picked", base)
    made.put("d", "4\n")
    made.commit()
    made.git("cherry-pick", side)
    picked = there.resolve()
    assert picked != side
    assert there.patch_id(picked) == there.patch_id(side) != ""
    assert there.patch_id(main) != there.patch_id(side)


@pytest.mark.parametrize("revision", ["--help", "-x", "a..b", "", "HEAD; ls", "x" * 300, "HEAD\n"])
def test_what_is_no_revision_is_refused(made: Commits, revision: str) -> None:
    made.commit()
    assert Repository(made.folder).resolve("HEAD~0")
    with pytest.raises(InputError):
        Repository(made.folder).resolve(revision)


def test_what_is_not_there_is_said_to_be_so(made: Commits, tmp_path: Path) -> None:
    made.commit()
    with pytest.raises(NotFoundError):
        Repository(made.folder).resolve("nothing")
    with pytest.raises(InputError, match="git"):
        Repository(made.folder).blob("f" * 40)
    with pytest.raises(InputError, match="git"):
        Repository(tmp_path / "elsewhere").parents("f" * 40)


def test_names_of_objects_and_paths_are_held_to_their_form() -> None:
    assert check_oid("a" * 64)
    assert check_path("--output=x/y z")
    for oid in ("HEAD", "a" * 39, "a" * 41, "--all", "A" * 40):
        with pytest.raises(InputError):
            check_oid(oid)
    for path in ("", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "a\0b", "a" * 5000):
        with pytest.raises(InputError):
            check_path(path)


def test_a_path_is_neither_an_option_nor_a_pattern(made: Commits) -> None:
    for path in ("--output=x", "*", ":(top)a", "b"):
        made.put(path, f"{path}\n")
    commit = made.commit()
    there = Repository(made.folder)
    for path in ("--output=x", "*", ":(top)a"):
        assert there.blob(there.entry(commit, path)).decode() == f"{path}\n"
        assert there.touched(commit, path) == commit
    assert there.entry(commit, "?") == ""
    assert there.touched(commit, "?") == ""


def test_a_repository_runs_nothing_of_its_own(made: Commits, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    script.chmod(0o755)
    made.put("a.txt", LONG)
    made.put(".gitattributes", "*.txt diff=trap filter=trap\n")
    first = made.commit()
    made.put("a.txt", f"{LONG}more\n")
    second = made.commit()
    for key in ("core.fsmonitor", "diff.external", "diff.trap.command", "diff.trap.textconv", "filter.trap.smudge",
                "core.pager",
                "core.sshCommand", "uploadpack.packObjectsHook"):  # fmt: skip
        made.git("config", key, str(script))
    for hook in (made.folder / ".git" / "hooks").iterdir():
        hook.unlink()
    (made.folder / ".git" / "hooks" / "post-index-change").symlink_to(script)
    there = Repository(made.folder)
    assert there.patch_id(second)
    assert there.changes(first, second)
    assert there.blob(there.entry(second, "a.txt")).endswith(b"more\n")
    assert there.resolve() == second
    assert not trap.exists()
    # The trap works: git itself would have sprung it.
    made.git("diff", "--ext-diff", first, second)
    assert trap.exists()


def test_answers_are_bounded(made: Commits, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("a.txt", LONG)
    commit = made.commit()
    there = Repository(made.folder)
    oid = there.entry(commit, "a.txt")
    monkeypatch.setattr(repository, "MOST_BLOB", len(LONG) - 1)
    with pytest.raises(TooLargeError):
        there.blob(oid)
    monkeypatch.setattr(repository, "MOST_BLOB", len(LONG))
    assert there.blob(oid) == LONG.encode()
    monkeypatch.setattr(program, "MOST", 10)
    with pytest.raises(TooLargeError):
        there.message(commit)
    monkeypatch.setattr(program, "MOST", 1000)
    assert there.message(commit) == "change\n"


def test_a_call_that_takes_too_long_is_ended(made: Commits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(program, "SECONDS", 0.2)
    with pytest.raises(BusyError):
        Repository(made.folder).resolve()
