"""What is watched: a file, a pattern, a folder, and nothing that lies below a folder that is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vestige.receivers.watched import Watch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A log beside a data directory that holds logs of its own, at two depths, and a link into it."""
    folder = tmp_path / "logs"
    for name in ("app.log", "data/engine.log", "data/index/a.log", "data/index/a.log.1", "datalog/b.log"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"2026-11-22T16:00:00Z host app[1]: a\n")
    (folder / "link").symlink_to(folder / "data" / "index")
    (folder / "linked.log").symlink_to(folder / "data" / "index" / "a.log")
    return folder


def found(logs: Path, path: str) -> list[str]:
    status = (logs / "data").stat()
    watch = Watch(str(logs / path), frozenset({(status.st_dev, status.st_ino)}))
    return [one.removeprefix(f"{logs}/") for one, _ in watch.files()]


@pytest.mark.parametrize(
    "path",
    [
        "data",
        "data/index",
        "link",
        "data/index/a.log",
        "data/index/later.log",
        "link/a.log",
        "linked.log",
        "data/*.log",
        "data/**/*.log",
        "l*k/*.log*",
        "datalog/../data/*.log",
    ],
)
def test_nothing_below_a_folder_that_is_left_out_is_watched(logs: Path, path: str) -> None:
    assert found(logs, path) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".", ["app.log", "linked.log", "datalog/b.log"]),
        ("**/*.log", ["app.log", "datalog/b.log", "linked.log"]),
        ("app.log", ["app.log"]),
        ("later.log", ["later.log"]),
        ("data*/*.log", ["datalog/b.log"]),
    ],
)
def test_what_lies_beside_it_is_watched(logs: Path, path: str, expected: list[str]) -> None:
    # A link that was not named itself is a path, and is not followed by who looks at what it is.
    assert sorted(name.removeprefix("./") for name in found(logs, path)) == sorted(expected)


def test_only_what_was_named_itself_and_is_left_out_is_told(logs: Path) -> None:
    status = (logs / "data").stat()
    besides = frozenset({(status.st_dev, status.st_ino)})
    for path, own in (("data", True), ("linked.log", True), ("data/later.log", True), (".", False), ("**/*", False)):
        assert Watch(str(logs / path), besides).own == own, path


def test_nothing_of_another_installation_is_watched(logs: Path) -> None:
    other = logs / "other"
    (other / "blobs").mkdir(parents=True)
    (other / "blobs" / "a.log").touch()
    assert "other/blobs/a.log" in found(logs, ".")
    (other / "vestige.lock").touch()
    (other / "vestige.sqlite").touch()
    assert not any(name.startswith("other") for name in found(logs, "."))
