"""The steps of the schema: one behind the other, each with a number of its own."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from vestige.db import migrate
from vestige.db.migrations import versions


def test_every_step_has_a_number_of_its_own_and_follows_the_one_before() -> None:
    names = sorted(file.stem for file in Path(versions.__path__[0]).glob("v[0-9]*_*.py"))
    assert [name[1:5] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    before = None
    for name in names:
        step = import_module(f"{versions.__name__}.{name}")
        assert (step.revision, step.down_revision) == (name[1:5], before)
        before = step.revision
    assert before == migrate.head()
