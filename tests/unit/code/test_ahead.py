"""What is asked ahead is what would have been answered, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.attributing.commits import Commits
from vestige.code import Repository
from vestige.code.ahead import FEWEST, ask

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_asked_ahead_is_what_is_answered_later(tmp_path: Path) -> None:
    made = Commits(tmp_path / "work")
    made.put("a.txt", "1\n2\n3\n4\n5\n")
    made.put('odd "name"\n/ü.txt', "x\n")
    oids = [made.commit()]
    made.git("checkout", "-qb", "side")
    made.put("side.txt", "s\n")
    oids.append(made.commit())
    made.git("checkout", "-q", "main")
    made.git("mv", "a.txt", "b.txt")
    (made.folder / "b.txt").chmod(0o755)
    (made.folder / "link").symlink_to("b.txt")
    oids.append(made.commit())
    made.git("merge", "-q", "--no-ff", "-m", "both", "side")
    oids.append(made.git("rev-parse", "HEAD"))
    made.git("rm", "-q", "b.txt")
    made.put("big.txt", "y" * (300 << 10))
    oids += [made.commit(), made.commit()]

    ahead = Repository(made.folder)
    ask(ahead, [*oids, "7" * 40])
    answers = {words: out for words, out in ahead._answers.items() if words[0] != "holds"}
    assert {words[0] for words in answers} == {"rev-list", "diff-tree", "ls-tree"}
    for words, out in answers.items():
        assert Repository(made.folder)._run(*words)[:2] == (0, out), words
    assert len(ahead._blobs) == 3
    for oid, data in ahead._blobs.items():
        assert Repository(made.folder).blob(oid) == data
    assert all(ahead.holds(oid) for oid in oids)
    assert not ahead.knows(("holds", "7" * 40))
    assert ahead.patch_ids(oids) == Repository(made.folder).patch_ids(oids)
    few = Repository(made.folder)
    ask(few, oids[: FEWEST - 1])
    assert not few.knows(("holds", oids[0]))
