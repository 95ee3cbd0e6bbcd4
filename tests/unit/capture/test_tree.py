"""What differs is known after any change, whether the kernel told of it or Git was asked."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from support.capturing import git, person
from vestige.capture import repository as asking
from vestige.capture import tree as module
from vestige.capture import watch
from vestige.capture.repository import find
from vestige.capture.tree import Tree, paths_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    with person(tmp_path) as ann:
        folder = ann.repository()
        for name in ("b.py", "lib/c.py", "lib/deep/d.py"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
        (folder / ".gitignore").write_text("*.log\nbuild/\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "files")
        yield folder


def asked(folder: Path) -> set[str]:
    """What Git says of everything: the truth."""
    return {path.decode() for path in paths_of(git(folder, *module._ALL).encode())}


def seen(tree: Tree) -> set[str]:
    state = tree.look()
    assert state.complete
    return {path.decode() for path in state.differing}


def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The calls of Git from now on."""
    calls: list[tuple[str, ...]] = []
    real = asking.git

    def count(folder: Path, *words: str, given: bytes | None = None) -> bytes | None:
        calls.append(words)
        return real(folder, *words, given=given)

    monkeypatch.setattr(module, "git", count)
    return calls


def test_where_nothing_changed_git_is_not_asked(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree(find(repository))
    assert seen(tree) == set()
    calls = counted(monkeypatch)
    assert seen(tree) == set()
    (repository / "a.py").write_text("changed")
    assert seen(tree) == {"a.py"}
    (repository / "x.log").write_text("ignored")
    (repository / "new.py").write_text("new")
    assert seen(tree) == {"a.py", "new.py"}
    assert not any("ls-files" in words for words in calls)
    assert tree.look().head == git(repository, "rev-parse", "HEAD")
    tree.close()


def overwritten(path: Path) -> None:
    with path.open("r+") as file:
        file.write("B")


STEPS: dict[str, Any] = {
    "edit": lambda folder: (folder / "a.py").write_text("edited"),
    "edit back": lambda folder: (folder / "a.py").write_text("one = 1\ntwo = 2\n"),
    "in place": lambda folder: overwritten(folder / "b.py"),
    "remove": lambda folder: (folder / "lib/c.py").unlink(),
    "new": lambda folder: (folder / "lib/new.py").write_text("new"),
    "new folder": lambda folder: (
        (folder / "far/away").mkdir(parents=True),
        (folder / "far/away/e.py").write_text("e"),
    ),
    "in the new folder": lambda folder: (folder / "far/away/f.py").write_text("f"),
    "ignored folder": lambda folder: ((folder / "build/x").mkdir(parents=True), (folder / "build/x/y").write_text("y")),
    "folder moved": lambda folder: (folder / "lib/deep").rename(folder / "lib/moved"),
    "in the moved folder": lambda folder: (folder / "lib/moved/g.py").write_text("g"),
    "moved out": lambda folder: (folder / "far").rename(folder.parent / "out"),
    "file moved in": lambda folder: (folder.parent / "out/away/e.py").rename(folder / "back.py"),
    "folder gone": lambda folder: shutil.rmtree(folder / "lib/moved"),
    "mode": lambda folder: (folder / "a.py").chmod(0o755),
    "staged": lambda folder: git(folder, "add", "-A"),
    "rules": lambda folder: (folder / ".gitignore").write_text("*.txt\n"),
    "commit": lambda folder: git(folder, "commit", "-qam", "more"),
    "branch": lambda folder: git(folder, "checkout", "-q", "-B", "other", "HEAD~1"),
    "reset": lambda folder: git(folder, "reset", "-q", "--hard", "main"),
}


def test_whatever_is_done_what_differs_is_known(repository: Path) -> None:
    tree = Tree(find(repository))
    seen(tree)
    for name, step in STEPS.items():
        step(repository)
        truth = asked(repository)
        assert truth <= seen(tree), name
        # What was touched and is as it was may be named: whoever reads it sees that it is.
        assert seen(tree) - truth <= {"a.py"}, name
        assert tree.look().head == git(repository, "rev-parse", "HEAD")
    tree.close()


def test_many_steps_at_once_in_any_order(repository: Path) -> None:
    chance = random.Random(7)
    tree = Tree(find(repository))
    seen(tree)
    for number in range(30):
        for _ in range(chance.randint(1, 6)):
            path = repository / chance.choice(["a.py", "b.py", "n/o.py", "n/p/q.py", "x.log", "lib/r.py"])
            if path.exists() and chance.random() < 0.4:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(str(number))
            if chance.random() < 0.1 and (repository / "n").exists():
                shutil.rmtree(repository / "n")
        assert asked(repository) <= seen(tree), number
        assert seen(tree) - asked(repository) <= {"a.py", "b.py", "lib/c.py"}
    tree.close()


def test_where_the_kernel_lost_count_git_is_asked(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST_TOUCHED", 3)
    tree = Tree(find(repository))
    seen(tree)
    for number in range(10):
        (repository / f"n{number}.py").write_text("n")
    assert seen(tree) == {f"n{number}.py" for number in range(10)}
    (repository / "m.py").write_text("m")
    assert "m.py" in seen(tree)
    tree.close()


def test_where_nothing_can_be_watched_git_is_asked(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST_FOLDERS", 1)
    tree = Tree(find(repository))
    (repository / "a.py").write_text("x")
    assert seen(tree) == {"a.py"}
    (repository / "b.py").write_text("x")
    assert seen(tree) == {"a.py", "b.py"}
    tree.close()


def test_where_git_does_not_answer_that_is_said(repository: Path) -> None:
    tree = Tree(find(repository))
    seen(tree)
    (repository / ".git/HEAD").write_text("nothing")
    assert not tree.look().complete
    tree.close()


def test_of_a_repository_without_a_commit_everything_differs(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a").write_text("a")
    tree = Tree(find(folder))
    assert (seen(tree), tree.look().head) == ({"a"}, "")
    tree.close()
