"""What many commits change of their own, from two calls of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.attributing.commits import Commits
from vestige.code import Browsing, own
from vestige.code.commits import read_commit

if TYPE_CHECKING:
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
