"""What becomes a data directory, what does not, and who may look into one."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from support.program import Vestige, serving

if TYPE_CHECKING:
    from pathlib import Path

EVENT = b'{"event_type":"auth.login","occurred_at":"2026-04-11T10:00:00Z","actor":{"id":"alice"}}\n'
READS = (
    ["timeline"],
    ["search", "user:root"],
    ["show", "01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    ["export", "-o", "-"],
    ["ledger", "verify"],
    ["ledger", "checkpoint"],
    ["index", "rebuild"],
    ["doctor"],
)


@pytest.mark.parametrize("command", READS, ids=" ".join)
def test_a_mistyped_directory_does_not_become_a_ledger(tmp_path: Path, command: list[str]) -> None:
    done = Vestige(tmp_path / "typo").run(*command)
    assert done.returncode == 1
    assert b"no Vestige data at " in done.stderr
    assert b"`vestige import` or `vestige up` makes one" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_a_start_left_unfinished_is_no_ledger_yet(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "vestige.lock").touch()
    assert Vestige(data).run("timeline").returncode == 1
    assert [path.name for path in data.iterdir()] == ["vestige.lock"]
    assert Vestige(data).json("import", "-", stdin=EVENT)["parsed"] == 1


@pytest.mark.parametrize("command", [["import", "-"], ["up", "--port", "0"]], ids=" ".join)
def test_a_folder_of_something_else_does_not_become_one(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    before = tmp_path.stat().st_mode
    done = Vestige(tmp_path).run(*command, stdin=EVENT)
    assert done.returncode == 1
    assert b"holds something else" in done.stderr
    assert b"thesis.txt" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert tmp_path.stat().st_mode == before


def test_settings_and_an_empty_file_systems_own_folder_are_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "vestige.toml").write_text("limit_members = 10\n")
    (tmp_path / "lost+found").mkdir()
    assert Vestige(tmp_path).json("import", "-", stdin=EVENT)["parsed"] == 1


def modes(data: Path) -> dict[str, int]:
    """Every entry others could reach if the directory above it let them, with what they may do with it."""
    return {
        str(path.relative_to(data)): path.stat().st_mode & 0o077
        for path in (data, *data.iterdir(), *(data / "blobs").rglob("*"), *(data / "signer").rglob("*"))
        if path.name != "seen" and path.stat().st_mode & 0o077
    }


def test_nobody_else_may_look_into_it_whatever_it_was_before(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    umask = os.umask(0o022)
    try:
        with serving(data):
            assert Vestige(data).json("import", "-", stdin=EVENT)["parsed"] == 1
            assert modes(data) == {}
    finally:
        os.umask(umask)
    data.chmod(0o755)
    (data / "vestige.sqlite").chmod(0o644)
    (data / "blobs").chmod(0o755)
    directory = {check["name"]: check for check in Vestige(data).lines("doctor")}["directory"]
    assert (directory["ok"], directory["detail"]) == (True, "readable by its owner only")
    assert modes(data) == {}


def test_a_directory_opened_to_others_meanwhile_is_said_to_be(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data):
        data.chmod(0o755)
        found = [json.loads(line) for line in Vestige(data).ok("doctor", "--json", code=1).splitlines()]
        directory = next(check for check in found if check["name"] == "directory")
        assert directory["ok"] is False
        assert directory["detail"] == f"others may look into {data}"
        assert directory["hint"].startswith("chmod 700 ")


def test_a_folder_that_holds_the_data_directory_is_imported_without_it(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("2026-11-22T16:00:00Z host app[7]: one\n")
    vestige = Vestige(tmp_path / "data")
    for count in (1, 0):
        report = vestige.json("import", str(tmp_path))
        assert (report["files"], report["records"] - report["duplicates"], report["failures"]) == (1, count, [])
    assert [left.partition(": ")[0] for left in report["left_out"]] == [str(tmp_path / "data")]
    done = vestige.run("import", str(tmp_path))
    assert f"left out: {tmp_path / 'data'}: this installation's own directory" in done.stderr.decode()


def test_an_acquired_file_that_was_altered_or_is_gone_fails_the_verification(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("2026-11-22T16:00:00Z host app[7]: one\n" * 50)
    vestige = Vestige(tmp_path / "data")
    vestige.ok("import", str(tmp_path / "a.log"))

    def acquired(code: int) -> tuple[bool, str]:
        report = vestige.json("ledger", "verify", code=code)
        (check,) = [one for one in report["checks"] if one["name"] == "acquired"]
        assert report["ok"] == check["ok"] == (code == 0)
        return check["ok"], check["detail"]

    assert acquired(0) == (True, "1 files of 1900 bytes are as they were acquired")
    (file,) = [path for path in (tmp_path / "data" / "blobs").rglob("*") if path.is_file()]
    whole = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(whole.replace(b"one", b"two", 1))
    assert "a.log" in acquired(4)[1]
    assert "was altered" in acquired(4)[1]
    file.unlink()
    assert "is not there" in acquired(4)[1]
    file.write_bytes(whole)
    assert acquired(0)[0]
