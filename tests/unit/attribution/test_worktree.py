from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from vestige.attribution import Call, Grade, History, Kind, Notes, Outcome, Snapshot, Worktree, brings, worktree
from vestige.code import Repository

if TYPE_CHECKING:
    from pathlib import Path

CALL = Call("c1", "s1", "p1", "claude-code", "m1")
OLD, NEW = b"first_line()\nlast_line()\n", b"first_line()\nnew_line()\nlast_line()\n"


@pytest.fixture
def tree(tmp_path: Path) -> Worktree:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return Worktree(History(Repository(tmp_path), Notes()))


def kinds(tree: Worktree, path: str = "app.py") -> list[str]:
    return [str(origin.kind) for origin in tree.lines(path).origins]


def call(
    tree: Worktree, before: bytes | None, after: bytes | None, of: Call = CALL, path: str = "app.py", **more: object
) -> None:
    tree.see(Snapshot(of, {path: before}))
    tree.see(Snapshot(of, {path: after}, Outcome.OK, **more))  # type: ignore[arg-type]


def test_what_changed_during_a_call_is_the_calls(tree: Worktree) -> None:
    call(tree, OLD, NEW)
    assert kinds(tree) == ["unknown", "ai", "unknown"]
    origin = tree.lines("app.py").origins[1]
    assert (origin.grade, origin.session, origin.call, origin.prompt, origin.agent, origin.model) == (
        Grade.OBSERVED, "s1", "c1", "p1", "claude-code", "m1",
    )  # fmt: skip


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.FAILED, Outcome.LOST])
def test_what_changed_during_a_call_that_did_not_go_well_counts_for_nobody(tree: Worktree, outcome: Outcome) -> None:
    tree.see(Snapshot(CALL, {"app.py": OLD}))
    tree.see(Snapshot(CALL, {"app.py": NEW}, outcome))
    assert kinds(tree) == ["unknown"] * 3


def test_a_call_of_which_nothing_is_heard_again_ends_with_its_session(tree: Worktree) -> None:
    tree.see(Snapshot(CALL, {"app.py": OLD}))
    tree.lost("another")
    call(tree, OLD, NEW, Call("c2", "s2"), "other.py")
    assert kinds(tree, "other.py") == []
    tree.lost("s1")
    assert kinds(tree, "other.py") == ["unknown", "ai", "unknown"]


def test_what_changed_between_calls_is_unknown_and_what_an_editor_saw_is_a_persons(tree: Worktree) -> None:
    call(tree, OLD, OLD)
    call(tree, NEW, NEW)
    assert kinds(tree) == ["unknown"] * 3
    call(tree, NEW, NEW + b"typed_line()\n", Call("e1", person="a@example.com"))
    assert kinds(tree) == ["unknown"] * 3 + ["human"]


def test_what_changed_during_two_calls_is_an_agents_and_no_calls(tree: Worktree) -> None:
    for outcome, kind in ((Outcome.OK, "ai"), (Outcome.FAILED, "unknown")):
        path = f"{outcome}.py"
        tree.see(Snapshot(CALL, {path: OLD}))
        tree.see(Snapshot(Call("c2", "s1"), {path: OLD}))
        tree.see(Snapshot(Call("c2", "s1"), {path: NEW}, outcome))
        tree.see(Snapshot(CALL, {path: NEW + b"after_that()\n"}, Outcome.OK))
        assert kinds(tree, path) == ["unknown", kind, "unknown", "ai"]
        origins = tree.lines(path).origins
        assert (origins[1].call, origins[3].call) == ("", "c1")


def test_what_a_tool_found_already_is_not_its_own(tree: Worktree) -> None:
    call(tree, OLD, NEW + b"tool_line()\n", original={"app.py": NEW})
    assert kinds(tree) == ["unknown", "unknown", "unknown", "ai"]


def test_what_a_person_changed_before_it_was_written_is_mixed(tree: Worktree) -> None:
    call(tree, OLD, NEW, changed=True)
    assert kinds(tree) == ["unknown", "mixed", "unknown"]


def test_without_a_look_before_a_tools_own_word_is_inferred_and_a_shells_change_unknown(tree: Worktree) -> None:
    call(tree, OLD, OLD)
    tree.see(
        Snapshot(Call("c2", "s1"), {"app.py": NEW + b"not_said()\n"}, Outcome.OK, stated={"app.py": ("new_line()",)})
    )
    assert kinds(tree) == ["unknown", "ai", "unknown", "unknown"]
    assert tree.lines("app.py").origins[1].grade is Grade.INFERRED
    tree.see(Snapshot(Call("c3", "s1"), {"app.py": NEW + b"not_said()\nmore_of_it()\n"}, Outcome.OK))
    assert kinds(tree)[-1] == "unknown"


def test_text_that_was_away_comes_back_as_whose_it_was(tree: Worktree) -> None:
    call(tree, OLD, NEW)
    call(tree, OLD, OLD)
    call(tree, NEW, NEW)
    origin = tree.lines("app.py").origins[1]
    assert (origin.kind, origin.grade, origin.call) == (Kind.AI, Grade.CARRIED, "c1")
    call(tree, NEW, OLD)
    call(tree, OLD, NEW + b"and_more()\n", Call("c9", "s9"))
    assert [origin.call for origin in tree.lines("app.py").origins] == ["", "c1", "", "c9"]


def test_a_file_that_a_call_moves_or_copies_is_no_text_of_its(tree: Worktree) -> None:
    tree.see(Snapshot(CALL, {"old.py": OLD, "new.py": None}))
    tree.see(Snapshot(CALL, {"old.py": None, "new.py": NEW}, Outcome.OK))
    assert kinds(tree, "new.py") == ["unknown", "ai", "unknown"]
    call(tree, None, NEW, Call("c2", "s2"), "copy.py")
    assert [origin.call for origin in tree.lines("copy.py").origins] == ["", "c1", ""]


def test_paths_are_whole_names(tree: Worktree) -> None:
    call(tree, OLD, NEW, path="src/lib.rs")
    tree.see(Snapshot(CALL, {"src/mylib.rs": NEW}))
    tree.see(Snapshot(CALL, {"src/mylib.rs": NEW.replace(b"new_", b"own_")}, Outcome.LOST))
    assert kinds(tree, "src/mylib.rs")[1] != "human"
    assert tree.lines("lib.rs").texts == ()


def test_what_sed_changes_in_place_is_the_shells_call(tree: Worktree, tmp_path: Path) -> None:
    files = {"lib.rs": b"let a = 1;\nlet b = 2;\n}\n", "mylib.rs": b"let a = 1;\n}\n"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    shell = Call("c7", "s1")
    tree.see(Snapshot(shell, dict(files), whole=True))
    subprocess.run(["sed", "-i", "s/let b = 2;/static ANSWER: u8 = 42;/", "lib.rs"], cwd=tmp_path, check=True)
    after: dict[str, bytes | None] = {name: (tmp_path / name).read_bytes() for name in files}
    tree.see(Snapshot(shell, after, Outcome.OK, whole=True))
    assert [(origin.kind, origin.call) for origin in tree.lines("lib.rs").origins] == [
        (Kind.UNKNOWN, ""), (Kind.AI, "c7"), (Kind.UNKNOWN, ""),
    ]  # fmt: skip
    # The file whose name only ends alike is not touched by it.
    assert kinds(tree, "mylib.rs") == ["unknown"] * len(tree.lines("mylib.rs").texts)


def test_a_command_that_brings_text_from_git_wrote_none_of_it(tree: Worktree) -> None:
    call(tree, OLD, NEW, Call("c1", "s1", bringing=True))
    assert kinds(tree) == ["unknown"] * 3


@pytest.mark.parametrize(
    "command",
    ["git stash pop", "cd x && git -C repo checkout main", "git -c a=b pull", "/usr/bin/git merge x", "patch -p1 < a",
     "make; git reset --hard", "bash -c 'git rebase x'", "echo $(git cherry-pick x)"],
)  # fmt: skip
def test_commands_that_bring_text(command: str) -> None:
    assert brings(command)


@pytest.mark.parametrize(
    "command",
    ["sed -i s/a/b/ x", "git commit -am 'stash pop'", "git add -A && git commit -m x", "git status", "black .",
     "echo git", "ls 'x"],
)  # fmt: skip
def test_commands_that_bring_none(command: str) -> None:
    assert not brings(command)


def test_calls_of_which_nothing_is_heard_for_long_are_lost(tree: Worktree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worktree, "_WAITING", 5)
    tree.see(Snapshot(CALL, {"app.py": OLD}))
    for number in range(2):
        call(tree, OLD, NEW, Call(f"o{number}", "s2"), f"other{number}.py")
    assert tree.lines("other0.py").texts == ()
    call(tree, OLD, NEW, Call("o2", "s2"), "other2.py")
    assert kinds(tree, "other0.py") == kinds(tree, "other2.py") == ["unknown", "ai", "unknown"]
    call(tree, NEW, NEW)
    assert kinds(tree) == ["unknown"] * 3


def test_a_denied_call_takes_nothing_from_one_that_ran_meanwhile(tree: Worktree) -> None:
    tree.see(Snapshot(Call("c2", "s2"), {"app.py": OLD}))
    tree.see(Snapshot(CALL, {"app.py": OLD}))
    tree.see(Snapshot(CALL, {"app.py": NEW}, Outcome.OK))
    tree.see(Snapshot(Call("c2", "s2"), {"app.py": NEW}, Outcome.DENIED))
    assert [origin.call for origin in tree.lines("app.py").origins] == ["", "c1", ""]
