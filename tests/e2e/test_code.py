"""``vestige code``: a working copy is pushed, looked through, and pushed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.attributing.commits import Commits
from support.inside import Inside

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_working_copy_is_pushed_and_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Commits(tmp_path / "work")
    made.put("src/a.py", "def f():\n    return 1\n")
    first = made.commit()
    made.put("src/a.py", "def f():\n    return 2\n")
    second = made.commit()
    vestige = Inside(tmp_path / "data")
    vestige.ok("import", str(made.folder / "src" / "a.py"), code=3)  # makes the data directory
    monkeypatch.chdir(made.folder)
    told = vestige.json("code", "push")
    name = told["repository"]["name"]
    assert (name, told["received"]["refs"]) == (f"root:{first}", 1)
    assert vestige.json("code", "push")["received"] is None
    assert [one["name"] for one in vestige.lines("code", "list")] == [name]
    assert [one["name"] for one in vestige.lines("code", "tree", name)] == ["src"]
    assert [one["name"] for one in vestige.lines("code", "tree", name, "src", "--rev", first)] == ["a.py"]
    shown = vestige.json("code", "show", name, "src/a.py")
    assert (shown["lines"][1], shown["attribution"]["summary"]["unknown"]) == ("    return 2", 2)
    assert "·     2      return 1" in vestige.ok("code", "show", name, "src/a.py", "--rev", first).decode()
    assert [one["oid"] for one in vestige.lines("code", "log", name, "src/a.py")] == [second, first]
    assert len(vestige.ok("code", "log", name, "--limit", "1").splitlines()) == 1
    assert vestige.run("code", "show", name, "none")[0] == 1
    assert vestige.run("code", "tree", "nobody")[0] == 1
    assert vestige.run("code", "fetch", name)[0] == 1
    mirrored = vestige.json("code", "mirror", "host/far", "--url", "https://example.org/far.git")
    assert mirrored["url"] == "https://example.org/far.git"
    assert vestige.run("code", "mirror", "host/far", "--url", "file:///etc")[0] == 1
    assert vestige.json("code", "push", "--repository", "host/named")["repository"]["name"] == "host/named"
