from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from support.attributing.commits import Commits
from vestige.attribution import (
    Call,
    FileNote,
    Grade,
    History,
    Kind,
    Notes,
    Origin,
    Outcome,
    Range,
    Rewrite,
    Snapshot,
    Worktree,
    rewrites,
    squashes,
)
from vestige.attribution.history import Merged
from vestige.attribution.replay import replay
from vestige.code import Repository
from vestige.model.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

BASE = "".join(f"line_{number}()\n" for number in range(20))
AGENT = Call("c1", "s1")


@pytest.fixture
def made(tmp_path: Path) -> Commits:
    commits = Commits(tmp_path / "work")
    commits.put("app.py", BASE)
    commits.commit()
    return commits


@pytest.fixture
def history(made: Commits) -> History:
    return History(Repository(made.folder), Notes())


def agents_commit(made: Commits, history: History, path: str, text: str, call: Call = AGENT) -> str:
    tree = Worktree(history)
    file = made.folder / path
    tree.see(Snapshot(call, {path: file.read_bytes() if file.exists() else None}, None, made.git("rev-parse", "HEAD")))
    made.put(path, text)
    tree.see(Snapshot(call, {path: text.encode()}, Outcome.OK, made.git("rev-parse", "HEAD")))
    commit = made.commit()
    tree.committed(commit)
    return commit


def agents(history: History, commit: str, path: str = "app.py") -> list[tuple[int, str, str]]:
    return [
        (place, origin.call, str(origin.grade))
        for place, origin in enumerate(history.lines(commit, path).origins, 1) if origin.kind is Kind.AI
    ]  # fmt: skip


def test_a_commit_has_what_was_seen_and_later_ones_have_it_too(made: Commits, history: History) -> None:
    commit = agents_commit(made, history, "app.py", BASE.replace("line_5()\n", "line_5()\nagents_one()\n"))
    assert agents(history, commit) == [(7, "c1", "observed")]
    made.put("other.py", "x = 1\n")
    later = made.commit()
    made.put("app.py", f"top_line()\n{(made.folder / 'app.py').read_text()}")
    last = made.commit()
    assert later not in history.notes
    assert agents(history, later) == [(7, "c1", "observed")]
    assert agents(history, last) == [(8, "c1", "observed")]
    assert {origin.kind for origin in history.lines(last, "app.py").origins} == {Kind.AI, Kind.UNKNOWN}


def test_the_first_commit_and_a_merge_are_attributed(tmp_path: Path) -> None:
    fresh = Commits(tmp_path / "fresh")
    history = History(Repository(fresh.folder), Notes())
    tree = Worktree(history)
    tree.see(Snapshot(AGENT, {"a.py": None}))
    fresh.put("a.py", "first_thing()\nsecond_thing()")
    tree.see(Snapshot(AGENT, {"a.py": b"first_thing()\nsecond_thing()"}, Outcome.OK))
    root = fresh.commit()
    tree.committed(root)
    assert agents(history, root, "a.py") == [(1, "c1", "observed"), (2, "c1", "observed")]
    fresh.git("checkout", "-q", "-b", "side")
    agents_commit(fresh, history, "a.py", "first_thing()\nsecond_thing()\nside_thing()\n", Call("c2", "s2"))
    fresh.git("checkout", "-q", "main")
    agents_commit(fresh, history, "a.py", "main_thing()\nfirst_thing()\nsecond_thing()\n", Call("c3", "s3"))
    fresh.put("a.py", "main_thing()\nfirst_thing()\nsecond_thing()\nside_thing()\n")
    merge = fresh.git("commit-tree", "-p", "main", "-p", "side", "-m", "m", fresh.git("stash", "create") + "^{tree}")
    History(Repository(fresh.folder), history.notes).committed(merge, lambda _: [])
    assert [call for _, call, _ in agents(history, merge, "a.py")] == ["c3", "c1", "c1", "c2"]


def test_a_renamed_file_keeps_its_lines(made: Commits, history: History) -> None:
    agents_commit(made, history, "app.py", f"{BASE}agents_one()\n")
    made.git("mv", "app.py", "lib.py")
    made.put("lib.py", f"top_line()\n{(made.folder / 'lib.py').read_text()}")
    commit = made.commit()
    assert agents(history, commit, "lib.py") == [(22, "c1", "observed")]
    history.committed(commit, lambda _: [])
    assert agents(history, commit, "lib.py") == [(22, "c1", "observed")]
    assert agents(history, commit, "app.py") == []


def test_a_rebased_commit_a_picked_one_and_a_squash_are_found_without_anything_told(
    made: Commits, history: History
) -> None:
    base = made.git("rev-parse", "HEAD")
    made.git("checkout", "-q", "-b", "side")
    one = agents_commit(made, history, "app.py", BASE.replace("line_5()\n", "line_5()\nagents_one()\n"))
    two = agents_commit(made, history, "new.py", "agents_two()\n", Call("c2", "s2"))
    made.git("checkout", "-q", "main")
    made.put("app.py", f"upstream()\n{BASE}")
    onto = made.commit()
    made.git("checkout", "-q", "side")
    made.git("rebase", "-q", "main")
    news = made.git("rev-list", "--reverse", f"{onto}..HEAD").split()
    found = history.matched([one, two], news)
    assert found == [Rewrite(news[0], (one,)), Rewrite(news[1], (two,))]
    history.rewritten(found)
    assert agents(history, news[0]) == [(8, "c1", "carried")]
    assert agents(history, news[1], "new.py") == [(1, "c2", "carried")]
    made.git("checkout", "-q", "main")
    made.git("merge", "-q", "--squash", two)
    squash = made.commit()
    found = history.matched([one, two], [squash])
    assert found == [Rewrite(squash, (two, one))]
    history.rewritten(found)
    assert agents(history, squash) == [(8, "c1", "carried")]
    assert agents(history, squash, "new.py") == [(1, "c2", "carried")]
    assert base not in history.notes


def resolved_by_a_forge(made: Commits, history: History) -> tuple[str, str]:
    """A branch with a commit nobody saw at its end, squashed with a change to what it had: its end, and the squash."""
    made.git("checkout", "-q", "-b", "side")
    agents_commit(made, history, "app.py", BASE.replace("line_5()\n", "line_5()\nagents_one()\n"))
    made.put("by_hand.py", "y = 2\n")
    head = made.commit()
    made.git("checkout", "-q", "main")
    made.put("app.py", BASE.replace("line_5()\n", "upstream_five()\n"))
    made.commit()
    made.put("app.py", BASE.replace("line_5()\n", "upstream_five()\nagents_one()\n"))
    made.put("by_hand.py", "y = 2\n")
    return head, made.commit()


def test_a_squash_that_changes_something_else_than_the_branch_is_found_where_a_forge_tells_of_it(
    made: Commits, history: History
) -> None:
    head, squash = resolved_by_a_forge(made, history)
    assert history.elsewhere(squash) == []
    right = Merged(head, squash, "e1")
    others = [Merged(head, "a" * 40, "e2"), Merged("b" * 40, squash, "e3")]
    assert squashes(Repository(made.folder), [right, *others]) == {squash: right}
    told = History(Repository(made.folder), history.notes, merged={squash: head})
    found = told.elsewhere(squash)
    assert [(one.new, one.olds[0]) for one in found] == [(squash, head)]
    assert told.by_forge == {squash}
    told.rewritten(found)
    assert agents(told, squash) == [(7, "c1", "carried")]
    assert {origin.kind for origin in told.lines(squash, "by_hand.py").origins} == {Kind.UNKNOWN}


def test_a_squash_behind_a_merge_is_what_the_merge_brought_and_a_plain_merge_made_nothing(
    made: Commits, history: History
) -> None:
    head, squash = resolved_by_a_forge(made, history)
    tree = made.git("rev-parse", f"{squash}^{{tree}}")
    base = made.git("rev-parse", f"{squash}^")
    behind = made.git("commit-tree", "-p", base, "-p", squash, "-m", "m", tree)
    plain = made.git("commit-tree", "-p", base, "-p", head, "-m", "m", tree)
    repository = Repository(made.folder)
    assert squashes(repository, [Merged(head, behind, "e")]) == {squash: Merged(head, behind, "e")}
    assert squashes(repository, [Merged(head, plain, "e")]) == {}


def test_one_branch_that_was_merged_twice_has_each_commit_told_by_its_own_delivery(
    made: Commits, history: History
) -> None:
    head, first = resolved_by_a_forge(made, history)
    tree = made.git("rev-parse", f"{first}^{{tree}}")
    second = made.git("commit-tree", "-p", made.git("rev-parse", f"{first}^"), "-m", "once more", tree)
    merges = [Merged(head, first, "e1"), Merged(head, second, "e2"), Merged(head, second, "e3")]
    found = squashes(Repository(made.folder), merges)
    assert {commit: one.entry for commit, one in found.items()} == {first: "e1", second: "e3"}
    # Without a record of who wrote the branch there is nothing to carry, and so nothing is told of either.
    told = replay(Repository(made.folder), (), lambda _: None, heads=[first, second], merges=merges)
    assert told.merged == {first: head, second: head}
    assert told.told.get(first) in {None, "e1"}


def test_what_a_forge_says_of_a_branch_gives_no_line_that_is_not_in_it(made: Commits, history: History) -> None:
    made.git("checkout", "-q", "-b", "side")
    agents_commit(made, history, "app.py", f"{BASE}agents_one()\n")
    head = made.commit()
    made.git("checkout", "-q", "main")
    made.put("app.py", f"{BASE}persons_own()\n")
    other = made.commit()
    lied = History(Repository(made.folder), history.notes, merged={other: head})
    lied.rewritten(lied.elsewhere(other))
    assert agents(lied, other) == []


def test_a_commit_resolved_by_hand_is_named_by_its_message_and_what_is_new_in_it_is_unknown(
    made: Commits, history: History
) -> None:
    made.git("checkout", "-q", "-b", "side")
    one = agents_commit(made, history, "app.py", BASE.replace("line_5()\n", "agents_one()\nagents_two()\n"))
    made.git("checkout", "-q", "main")
    made.put("app.py", BASE.replace("line_5()\n", "agents_one()\nby_hand_alone()\n"))
    new = made.commit("-m", f"(cherry picked from commit {one})")
    assert history.matched([one], [new]) == [Rewrite(new, (one,))]
    history.rewritten(history.matched([one], [new]))
    assert agents(history, new) == [(6, "c1", "carried")]
    assert history.lines(new, "app.py").origins[6].kind is Kind.UNKNOWN


def test_what_a_hook_tells_is_put_together_by_new_commit() -> None:
    assert rewrites([("a", "x"), ("b", "x"), ("c", "y")]) == [Rewrite("x", ("b", "a")), Rewrite("y", ("c",))]


def test_a_file_that_is_no_text_is_noted_with_the_reason(made: Commits, history: History) -> None:
    made.put("a.bin", b"\0\1")
    commit = made.commit()
    history.committed(commit, lambda _: [])
    note = history.notes.get(commit, "a.bin")
    assert note is not None
    assert note.unread == "not text"
    assert history.lines(commit, "a.bin").texts == ()


def test_a_note_of_another_text_does_not_answer(made: Commits, history: History) -> None:
    commit = agents_commit(made, history, "app.py", f"{BASE}agents_one()\n")
    note = history.notes.get(commit, "app.py")
    assert note is not None
    history.notes.put(commit, "app.py", FileNote("f" * 40, note.ranges))
    assert agents(history, commit) == []


def test_others_notes_fill_what_is_unknown_and_nothing_else(made: Commits, history: History) -> None:
    commit = agents_commit(made, history, "app.py", f"{BASE}agents_one()\n")
    theirs = Origin(Kind.AI, Grade.INFERRED, session="x")
    with pytest.raises(FormatError):
        history.imported(commit, {"app.py": (Range(1, 22, theirs),)})
    with pytest.raises(FormatError):
        history.imported(commit, {"none.py": (Range(1, 1, theirs),)})
    history.imported(commit, {"app.py": (Range(20, 21, theirs),)})
    assert agents(history, commit) == [(20, "", "inferred"), (21, "c1", "observed")]
    made.put("app.py", f"top_line()\n{(made.folder / 'app.py').read_text()}")
    assert agents(history, made.commit()) == [(21, "", "inferred"), (22, "c1", "observed")]


def test_a_commit_made_inside_of_a_call_waits_for_its_end(made: Commits, history: History) -> None:
    head = made.git("rev-parse", "HEAD")
    tree = Worktree(history)
    tree.see(Snapshot(AGENT, {}, None, head, whole=True))
    made.put("app.py", f"{BASE}agents_one()\n")
    commit = made.commit()
    tree.committed(commit)
    assert commit not in history.notes
    tree.see(Snapshot(AGENT, {}, Outcome.OK, commit, whole=True))
    assert agents(history, commit) == [(21, "c1", "observed")]


def test_what_a_command_checks_out_that_was_not_made_here_is_not_its_own(made: Commits, history: History) -> None:
    head = made.git("rev-parse", "HEAD")
    made.git("checkout", "-q", "-b", "theirs")
    made.put("app.py", f"{BASE}somebodys()\n")
    made.put("theirs.py", "somebody_elses()\n")
    theirs = made.commit()
    made.git("checkout", "-q", "main")
    tree = Worktree(history)
    # A script that hides what it does: `make update`.
    tree.see(Snapshot(AGENT, {}, None, head, whole=True))
    made.git("merge", "-q", "--ff-only", "theirs")
    tree.see(Snapshot(AGENT, {}, Outcome.OK, theirs, whole=True))
    assert {origin.kind for path in ("app.py", "theirs.py") for origin in tree.lines(path).origins} == {Kind.UNKNOWN}


def test_a_staged_part_has_its_own_lines_whatever_the_file_is_by_then(made: Commits, history: History) -> None:
    head = made.git("rev-parse", "HEAD")
    tree = Worktree(history)
    texts = [
        BASE,
        f"agents_one()\n{BASE}",
        f"agents_one()\n{BASE}agents_two()\n",
        f"{BASE}agents_two()\nagents_three()\n",
    ]
    for number, (before, after) in enumerate(itertools.pairwise(texts)):
        call = Call(f"c{number}", "s1")
        tree.see(Snapshot(call, {"app.py": before.encode()}, None, head))
        tree.see(Snapshot(call, {"app.py": after.encode()}, Outcome.OK, head))
        made.put("app.py", after)
        if number == 0:
            made.git("add", "-A")
    made.git("commit", "-q", "-m", "a part")
    part = made.git("rev-parse", "HEAD")
    tree.committed(part)
    assert agents(history, part) == [(1, "c0", "observed")]
    rest = made.commit()
    tree.committed(rest)
    assert agents(history, rest) == [(21, "c1", "observed"), (22, "c2", "observed")]


def test_an_agent_that_amends_inside_of_a_call_is_seen_when_that_ends(made: Commits, history: History) -> None:
    head = made.git("rev-parse", "HEAD")
    tree = Worktree(history)
    tree.see(Snapshot(AGENT, {}, None, head, whole=True))
    made.put("app.py", f"{BASE}agents_one()\n")
    old = made.commit()
    tree.committed(old)
    new = made.commit("--amend", "-m", "another message")
    tree.committed(new)
    tree.rewritten(rewrites([(old, new)]))
    assert new not in history.notes
    tree.see(Snapshot(AGENT, {}, Outcome.OK, new, whole=True))
    assert agents(history, old) == agents(history, new) == [(21, "c1", "observed")]
    later = Call("c2", "s1")
    tree.see(Snapshot(later, {}, None, new, whole=True))
    made.put("app.py", f"{BASE}agents_one()\nagents_two()\n")
    commit = made.commit()
    tree.committed(commit)
    tree.see(Snapshot(later, {"app.py": (made.folder / "app.py").read_bytes()}, Outcome.OK, commit, whole=True))
    assert agents(history, commit) == [(21, "c1", "observed"), (22, "c2", "observed")]
