"""The newest commits of several branches together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.attributing.commits import Commits
from vestige.code import Repository

if TYPE_CHECKING:
    from pathlib import Path


def test_the_newest_of_all_branches_are_taken_and_none_twice(tmp_path: Path) -> None:
    made = Commits(tmp_path / "work")
    made.put("a", "1\n")
    base = made.commit()
    made.git("checkout", "-q", "-b", "side")
    made.put("b", "1\n")
    side = made.commit()
    made.git("checkout", "-q", "main")
    made.put("a", "2\n")
    main = made.commit()
    repository = Repository(made.folder)
    assert repository.newest([], 10) == []
    found = repository.newest([side, main, base], 10)
    assert (found[0], sorted(found)) == (base, sorted([base, side, main]))
    assert base not in repository.newest([base, side, main], 2)
