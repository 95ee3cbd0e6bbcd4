"""What many commits change of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.attributing.commits import Commits
from vestige.code import Browsing, added, own, program
from vestige.code.commits import read_commit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path) -> Commits:
    return Commits(tmp_path / "work")


def told(made: Commits, *oids: str) -> list[list[tuple[str, str, tuple[tuple[int, int], ...]]]]:
    browsing = Browsing(made.folder)
    found = own(browsing, browsing.read(oids))
    assert not any(one.cut for one in found.values())
    return [[(file.path, file.status, file.runs) for file in found[oid].files] for oid in oids]


def test_lines_names_and_kinds(made: Commits) -> None:
    made.put("a.txt", "1\n2\n3\n")
    made.put("gone.txt", "x\n")
    made.put("empty", "")
    first = made.commit()
    made.put("a.txt", "0\n1\n3\n4\n5")
    made.put('odd "name"\n/ü.txt', "-- a\n++ b\n@@ -1 +1 @@\ndiff --git a/x b/x\n" + "1" * 40 + "\n")
    made.git("rm", "-q", "gone.txt")
    second = made.commit()
    made.git("mv", "a.txt", "b.txt")
    (made.folder / "empty").unlink()
    (made.folder / "empty").symlink_to("b.txt")
    third = made.commit()
    fourth = made.commit()
    odd = ('odd "name"\n/ü.txt', "added", ((1, 5),))
    assert told(made, first, second, third, fourth) == [
        [("a.txt", "added", ((1, 3),)), ("empty", "added", ()), ("gone.txt", "added", ((1, 1),))],
        [("a.txt", "modified", ((1, 1), (4, 5))), ("gone.txt", "deleted", ()), odd],
        [("a.txt", "deleted", ()), ("b.txt", "added", ((1, 5),)), ("empty", "retyped", ((1, 1),))],
        [],
    ]  # fmt: skip


def test_a_merge_has_what_neither_side_has(made: Commits) -> None:
    made.put("a.txt", "".join(f"{n}\n" for n in range(9)))
    base = made.commit()
    made.git("checkout", "-qb", "side")
    made.put("a.txt", "side\n" + "".join(f"{n}\n" for n in range(1, 9)))
    made.put("side.txt", "s\n")
    side = made.commit()
    made.git("checkout", "-q", "main")
    made.put("a.txt", "".join(f"{n}\n" for n in range(8)) + "main\n")
    main = made.commit()
    made.git("merge", "-q", "--no-ff", "-m", "clean", "side")
    clean = made.git("rev-parse", "HEAD")
    made.git("reset", "-q", "--hard", main)
    made.git("merge", "-q", "--no-ff", "--no-commit", "side")
    made.put("a.txt", "side\n" + "".join(f"{n}\n" for n in range(1, 8)) + "main\nevil\n")
    made.put("evil.txt", "e\n")
    evil = made.commit()
    assert told(made, base, side, main, clean, evil)[3:] == [
        [], [("a.txt", "modified", ((10, 10),)), ("evil.txt", "added", ((1, 1),))],
    ]  # fmt: skip


def two_sides(made: Commits, theirs: dict[str, str], ours: dict[str, str]) -> None:
    """A base, and what each side makes of it, ``ours`` being checked out."""
    made.put("lib/fix.py", "open\n2\n3\n")
    made.put("lib/old.py", "old\n")
    made.put("both.txt", "".join(f"{n}\n" for n in range(9)))
    base = made.commit()
    for branch, files in (("side", theirs), ("ours", ours)):
        made.git("checkout", "-qB", branch, base)
        for path, text in files.items():
            made.put(path, text)
        made.commit()


def merged(made: Commits, *words: str, tree: dict[str, str] | None = None, gone: tuple[str, ...] = ()) -> str:
    """A merge of the side into what is checked out, with these files put in place of what it would have."""
    first, second = made.git("rev-parse", "ours"), made.git("rev-parse", "side")
    start = made.git("merge-tree", "--write-tree", first, second) if not words else made.git("rev-parse", *words)
    made.git("read-tree", "--reset", "-u", start)
    for path, text in (tree or {}).items():
        made.put(path, text)
    for path in gone:
        (made.folder / path).unlink()
    made.git("add", "-A")
    oid = made.git("commit-tree", "-m", "merge", "-p", first, "-p", second, made.git("write-tree"))
    made.git("reset", "-q", "--hard")
    return oid


def test_a_merge_that_throws_one_side_away_brings_old_content_back(made: Commits) -> None:
    two_sides(
        made,
        {"lib/fix.py": "shut\n2\n3\n", "lib/new.py": "new\n", "side.txt": "s\n"},
        {"ours.txt": "o\n", "both.txt": "".join(f"{n}\n" for n in range(9)) + "ours\n"},
    )
    clean = merged(made)
    none = merged(made, "ours^{tree}")
    theirs = merged(made, "side^{tree}")
    folder = merged(made, tree={"lib/fix.py": "open\n2\n3\n"}, gone=("lib/new.py",))
    assert told(made, clean, none, theirs, folder) == [
        [],
        [("lib/fix.py", "modified", ((1, 1),)), ("lib/new.py", "deleted", ()), ("side.txt", "deleted", ())],
        [("both.txt", "modified", ()), ("ours.txt", "deleted", ())],
        [("lib/fix.py", "modified", ((1, 1),)), ("lib/new.py", "deleted", ())],
    ]


def test_of_a_conflict_the_files_are_the_merges_own_whatever_is_chosen(made: Commits) -> None:
    text = [f"{n}\n" for n in range(9)]
    two_sides(
        made,
        {"both.txt": "".join([*text[:8], "side\n"]), "lib/fix.py": "shut\n2\n3\n", "lib/old.py": "changed\n"},
        {"both.txt": "".join(["fixed\n", *text[1:8], "ours\n"])},
    )
    made.git("rm", "-q", "lib/old.py")
    made.commit()
    whole = ["fixed\n", *text[1:8]]

    def chosen(lines: list[str], **other: str) -> list[tuple[str, str, tuple[tuple[int, int], ...]]]:
        oid = merged(made, "side^{tree}", tree={"both.txt": "".join(lines), **other})
        return told(made, oid)[0]

    # Kept though the other side had it removed: all its lines are told.
    kept = ("lib/old.py", "added", ((1, 1),))
    assert chosen([*whole, "ours\n"]) == [("both.txt", "modified", ()), kept]
    assert chosen([*whole, "both\n", "mine\n"]) == [("both.txt", "modified", ((9, 10),)), kept]
    # Beside the conflict what one side mended is as it was again.
    assert chosen([*text[:8], "side\n"]) == [("both.txt", "modified", ((1, 1),)), kept]
    gone = merged(made, "side^{tree}", tree={"both.txt": "".join([*whole, "ours\n"])}, gone=("lib/old.py",))
    assert told(made, gone) == [[("both.txt", "modified", ()), ("lib/old.py", "deleted", ())]]


def test_histories_that_share_nothing_are_joined_as_they_are(made: Commits) -> None:
    two_sides(made, {}, {"ours.txt": "o\n"})
    made.git("checkout", "-q", "--orphan", "side2")
    made.git("rm", "-rqf", ".")
    made.put("alone.txt", "a\n")
    made.commit()
    made.git("branch", "-f", "side", "side2")
    made.git("checkout", "-q", "--detach", "ours")
    made.git("merge", "-q", "--no-ff", "--allow-unrelated-histories", "-m", "joined", "side")
    joined = made.git("rev-parse", "HEAD")
    assert told(made, joined, merged(made, "ours^{tree}")) == [[], [("alone.txt", "deleted", ())]]


def test_where_it_cannot_be_made_once_more_all_that_differs_from_a_side_is_its_own(
    made: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_sides(made, {"side.txt": "s\n", "both.txt": "0\nside\n"}, {"both.txt": "0\n1\nours\n"})
    made.git("checkout", "-qB", "third", "ours~")
    made.put("third.txt", "t\n1\n")
    made.commit()
    made.git("checkout", "-q", "--detach", "ours")
    made.git("merge", "-q", "-s", "ours", "--no-ff", "-m", "three", "side", "third")
    octopus = made.git("rev-parse", "HEAD")
    found = [
        ("both.txt", "modified", ((2, 3),)), ("side.txt", "deleted", ()), ("third.txt", "deleted", ()),
    ]  # fmt: skip
    assert told(made, octopus) == [found]
    clean = merged(made, "side^{tree}", tree={"both.txt": "0\n1\nours\n"})
    assert told(made, clean) == [[("both.txt", "modified", ())]]
    monkeypatch.setattr(added, "MERGE_SECONDS", 0)
    assert told(made, clean) == [[("both.txt", "modified", ((2, 3),)), ("side.txt", "added", ((1, 1),))]]


def test_a_merge_costs_one_call_and_is_made_apart(made: Commits, monkeypatch: pytest.MonkeyPatch) -> None:
    two_sides(made, {"side.txt": "s\n"}, {"lib/fix.py": "shut\n2\n3\n"})
    tips = [merged(made, "ours^{tree}")]
    for number in range(2):
        made.git("checkout", "-q", "side")
        made.put(f"more-{number}.txt", "m\n")
        made.commit()
        made.git("checkout", "-q", "ours")
        made.git("merge", "-q", "--no-ff", "-m", "clean", "side")
        tips.append(made.git("rev-parse", "HEAD"))
    made.git("gc", "-q")
    # A second working tree has its objects where the first has.
    made.git("worktree", "add", "-q", "--detach", "../a:b", "HEAD")
    calls: list[str] = []
    run = program.run

    def counted(folder: Path, words: Sequence[str], **more: Any) -> program.Done:
        calls.append(words[0])
        return run(folder, words, **more)

    before = made.git("count-objects")
    browsing = Browsing(made.folder.parent / "a:b")
    commits = browsing.read(tips)
    monkeypatch.setattr(program, "run", counted)
    found = own(browsing, commits)
    assert [[file.path for file in found[oid].files] for oid in tips] == [["side.txt"], [], []]
    assert (calls.count("merge-tree"), len(calls)) == (3, 6)
    assert made.git("count-objects") == before


def test_what_a_repository_says_of_its_files_hides_no_lines(made: Commits) -> None:
    made.put(".gitattributes", "*.py -diff\n*.bin binary\n")
    made.put("a.py", "x = 1\n")
    made.put("a.bin", b"\0\1")
    oid = made.commit()
    browsing = Browsing(made.folder)
    files = {one.path: one for one in own(browsing, browsing.read([oid]))[oid].files}
    assert files["a.py"].runs == ((1, 1),) or files["a.py"].opaque
    assert (files["a.bin"].runs, files["a.bin"].opaque) == ((), True)


@pytest.mark.parametrize(
    ("message", "trailers"),
    [
        (
            "subject\n\nbody\n\nSigned-off-by: A <a@b>\nReviewed-by: B\n",
            [("Signed-off-by", "A <a@b>"), ("Reviewed-by", "B")],
        ),
        ("subject\n\nReviewed-by: B\n  and more\n", [("Reviewed-by", "B and more")]),
        ("Signed-off-by: A\n", []),
        ("subject\n\nSigned-off-by: A\nand a word\n", []),
        ("subject\n\nSigned-off-by: A\n\nlast words\n", []),
        ("subject\r\n\r\nX: y\r\n", [("X", "y")]),
        ("", []),
    ],
)
def test_trailers_are_the_last_paragraph(message: str, trailers: list[tuple[str, str]]) -> None:
    head = b"tree " + b"1" * 40 + b"\nauthor A <a@b> 1 +0000\ngpgsig -----BEGIN SSH SIGNATURE-----\n x\n\n"
    commit = read_commit("2" * 40, head + message.encode())
    assert (commit.trailers, commit.signature) == (trailers, "ssh")
