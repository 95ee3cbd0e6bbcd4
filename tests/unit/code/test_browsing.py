"""Trees, commits and their changes on real repositories, with names and lines that imitate what git prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.attributing.commits import Commits
from vestige.code import Browsing, browsing
from vestige.code.commits import read_commit
from vestige.code.diffs import Changed, with_hunks
from vestige.model.errors import FormatError, InputError, NotFoundError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

LONG = "".join(f"line {number}\n" for number in range(40))


@pytest.fixture
def made(tmp_path: Path) -> Commits:
    return Commits(tmp_path / "work")


def shown(made: Commits, oid: str, parent: int = 1, path: str = "") -> dict[str, Changed]:
    there = Browsing(made.folder)
    commit = there.read([oid])[0]
    files, count = there.changed(commit, parent)
    assert count == len(files)
    return {one.path: one for one in there.diff(commit, files, parent, path)}


def signs(one: Changed) -> list[str]:
    return [line.kind + line.text for hunk in one.hunks for line in hunk.lines]


def test_every_kind_of_change_is_told_as_data(made: Commits) -> None:
    for path, text in (
        ("gone.txt", "x\ny\n"), ("mode.sh", "y\n"), ("old name.txt", LONG), ("many.txt", LONG), ("no end", "a"),
        ("dashes.sql", "keep\n-- a comment\nkeep too\n"), ("type", "text\n"), ("picture", b"\0\1"),
    ):  # fmt: skip
        made.put(path, text)
    first = made.commit()
    (made.folder / "gone.txt").unlink()
    (made.folder / "mode.sh").chmod(0o755)
    made.git("mv", "old name.txt", "new\tname\n.txt")
    made.put("many.txt", LONG.replace("line 3\n", "three\n").replace("line 33\n", "++ b/x\n"))
    made.put("no end", "a\n")
    made.put("dashes.sql", "keep\n++ b/many.txt\nkeep too\n")
    made.put("fresh.txt", "diff --git a/x b/x\n@@ -1 +1 @@\n-- removed look\nno end")
    made.put("picture", b"\0\2")
    (made.folder / "type").unlink()
    (made.folder / "type").symlink_to("fresh.txt")
    second = made.commit()
    found = shown(made, second)
    assert {path: one.status for path, one in found.items()} == {
        "gone.txt": "deleted", "mode.sh": "modified", "new\tname\n.txt": "renamed", "many.txt": "modified",
        "no end": "modified", "dashes.sql": "modified", "fresh.txt": "added", "picture": "modified", "type": "retyped",
    }  # fmt: skip
    assert found["mode.sh"].modes == ("100644", "100755")
    assert found["mode.sh"].hunks == ()
    assert (found["new\tname\n.txt"].before, found["new\tname\n.txt"].hunks) == ("old name.txt", ())
    assert signs(found["dashes.sql"]) == [" keep", "--- a comment", "+++ b/many.txt", " keep too"]
    assert signs(found["fresh.txt"]) == ["+diff --git a/x b/x", "+@@ -1 +1 @@", "+-- removed look", "+no end"]
    assert [line.no_newline for line in found["fresh.txt"].hunks[0].lines] == [False, False, False, True]
    assert signs(found["no end"]) == ["-a", "+a"]
    assert [line.no_newline for line in found["no end"].hunks[0].lines] == [True, False]
    assert [(hunk.old, hunk.new) for hunk in found["many.txt"].hunks] == [((1, 7), (1, 7)), ((31, 7), (31, 7))]
    assert [(hunk.old, hunk.new) for hunk in found["fresh.txt"].hunks] == [((0, 0), (1, 4))]
    new = [line for hunk in found["many.txt"].hunks for line in hunk.lines if line.kind == "+"]
    assert [(line.new, line.old, line.text) for line in new] == [(4, None, "three"), (34, None, "++ b/x")]
    assert (found["picture"].added, found["picture"].hunks) == (None, ())
    assert (found["gone.txt"].blobs[1], found["gone.txt"].removed) == ("", 2)
    assert signs(found["type"]) == ["-text", "+fresh.txt"]
    initial = shown(made, first)
    assert {one.status for one in initial.values()} == {"added"}
    assert signs(initial["dashes.sql"]) == ["+keep", "+-- a comment", "+keep too"]
    alone = shown(made, second, path="new\tname\n.txt")
    assert [(one.status, one.before) for one in alone.values()] == [("renamed", "old name.txt")]
    assert set(shown(made, second, path="many.txt")) == {"many.txt"}


def test_a_merge_is_told_against_each_commit_it_rests_on(made: Commits) -> None:
    made.put("a", "1\n")
    made.commit()
    made.git("checkout", "-q", "-b", "side")
    made.put("b", "2\n")
    made.commit()
    made.git("checkout", "-q", "main")
    made.put("c", "3\n")
    made.commit()
    made.git("merge", "-q", "--no-ff", "-m", "together", "side")
    merge = made.git("rev-parse", "HEAD")
    assert set(shown(made, merge, 1)) == {"b"}
    assert set(shown(made, merge, 2)) == {"c"}
    with pytest.raises(UsageError):
        shown(made, merge, 3)


def test_a_diff_that_is_too_long_says_which_files_it_leaves_out(made: Commits, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("a", "1\n")
    made.put("b", LONG)
    oid = made.commit()
    assert not any(one.omitted for one in shown(made, oid).values())
    monkeypatch.setattr(browsing, "MOST_PATCH", 300)
    found = shown(made, oid)
    assert (signs(found["a"]), found["a"].omitted) == (["+1"], "")
    assert found["b"].hunks == ()
    assert found["b"].omitted


@given(st.binary(max_size=300))
def test_a_patch_that_is_none_is_refused(data: bytes) -> None:
    one = Changed("modified", "a", "", ("100644", "100644"), ("0" * 40, "1" * 40))
    try:
        told = with_hunks([one], data)
    except FormatError:
        return
    assert data.startswith(b"diff --git ")
    assert told[0].path == "a"


def test_what_a_commit_says_of_itself_is_read_from_its_object(made: Commits) -> None:
    made.put("a", "1\n")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "one\n\nauthor Eve <e@x> 1 +0000", "--date", "1112911993 -0730",
             "--author", "Ann <ann@example.org>")  # fmt: skip
    commit = Browsing(made.folder).read([made.git("rev-parse", "HEAD")])[0]
    assert commit.author.to_json() == {
        "name": "Ann", "mail": "ann@example.org", "at": "2005-04-07T14:43:13-07:30",
    }  # fmt: skip
    assert (commit.subject, "Eve" in commit.message, commit.parents) == ("one", True, ())


@pytest.mark.parametrize(
    ("line", "at"),
    [
        (b"A <a@b> 0 +0000", "1970-01-01T00:00:00+00:00"), (b"A <a@b> 99999999999999 +0000", ""),
        (b"A <a@b> 0 +9900", "1970-01-01T00:00:00+00:00"), (b"A <a@b>", ""), (b"nothing", ""),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_is_none(line: bytes, at: str) -> None:
    commit = read_commit("0" * 40, b"tree " + b"0" * 40 + b"\nauthor " + line + b"\ncommitter " + line + b"\n\nx\n")
    assert commit.author.at == at


@given(st.binary(max_size=400))
def test_any_bytes_are_a_commit_or_refused(data: bytes) -> None:
    try:
        read_commit("0" * 40, b"tree 0\n" + data).to_json()
    except FormatError:
        pytest.fail("it has a tree")
    with pytest.raises(FormatError):
        read_commit("0" * 40, b"x" + data)


def test_trees_and_pages_of_commits(made: Commits) -> None:
    oids = []
    for number in range(5):
        made.put("sub/f.txt" if number % 2 else "top.txt", f"{number}\n")
        oids.append(made.commit())
    made.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    (made.folder / "link").symlink_to("top.txt")
    made.git("add", "link")
    made.git("commit", "-q", "-m", "odd")
    tip = made.git("rev-parse", "HEAD")
    there = Browsing(made.folder)
    assert [(one.name, one.kind) for one in there.tree(tip)] == [
        ("sub", "folder"), ("link", "link"), ("module", "module"), ("top.txt", "file"),
    ]  # fmt: skip
    assert [one.name for one in there.tree(tip, "sub")] == ["f.txt"]
    for path in ("top.txt", "none"):
        with pytest.raises(NotFoundError):
            there.tree(tip, path)
    for path in ("../x", "sub/../../x", "/etc", "a\0b", ""):
        with pytest.raises(InputError):
            there.lookup(tip, path)
    pages = there.listed(tip, "", 0, 4) + there.listed(tip, "", 4, 4)
    assert pages == [tip, *reversed(oids)]
    assert there.listed(tip, "sub/f.txt", 0, 10) == [oids[3], oids[1]]
    found = there.read(pages)
    assert there.totals(found)[oids[4]] == browsing.Totals(1, 1, 1)
    assert [one.oid for one in found] == pages
    with pytest.raises(NotFoundError):
        there.read(["1" * 40])


def test_refs_are_found_by_any_name_and_by_nothing_else(made: Commits) -> None:
    made.put("a", "1\n")
    first = made.commit()
    made.git("branch", "höhe#1")
    made.git("tag", "-a", "v1", "-m", "tag")
    second = made.commit()
    there = Browsing(made.folder)
    assert [there.commit_of(name) for name in ("", "main", "refs/heads/main", second[:10])] == [second] * 4
    assert [there.commit_of(name) for name in ("höhe#1", "v1", first)] == [first] * 3
    assert there.head() == "refs/heads/main"
    for name in ("--upload-pack=x", "main..v1", "-n1", "main\0", "a b", ":/change", "HEAD:a"):
        with pytest.raises(InputError):
            there.commit_of(name)
    for name in ("none", "1" * 40, "main^{tree}"):
        with pytest.raises(NotFoundError):
            there.commit_of(name)


def test_the_commits_that_last_changed_lines_are_named_that_of_most_lines_first(made: Commits) -> None:
    made.put("a.py", LONG)
    first = made.commit()
    made.put("a.py", LONG.replace("line 3\n", "three\n\tf00d0f00d0f00d0f00d0f00d0f00d0f00d0f00d0f 1 1\n"))
    second = made.commit()
    there = Browsing(made.folder)
    assert there.last_changed(second, "a.py", 1, 41) == [first, second]
    assert there.last_changed(second, "a.py", 4, 5) == [second]
    assert there.last_changed(second, "a.py", 40, 41) == [first]
    with pytest.raises(InputError):
        there.last_changed(second, "a.py", 90, 91)
