"""Arguments that cannot be meant, told by the names people gave them under; each beside one that can."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from vestige.cli import main, verify
from vestige.cli.backup import _telling
from vestige.cli.options import Globals
from vestige.cli.progress import Progress
from vestige.settings import load

if TYPE_CHECKING:
    from pathlib import Path

SERVER = ("--server", "http://127.0.0.1:1", "--token", "x")


@pytest.mark.parametrize("server", ["garbage", "ftp://host", "http://", "https:///path", "user:pass@host"])
def test_a_server_that_is_none_is_a_fault_of_the_command_line(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--server", server, "--token", "x"]) == 2
    said = capsys.readouterr().err
    assert "names no server" in said
    assert "pass" not in said
    assert main(["doctor", *SERVER]) == 1, "one that does not answer is another thing"
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--since", "--until"])
@pytest.mark.parametrize("command", ["sessions", "stats"])
def test_a_time_that_is_none_is_told_by_the_options_name(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["agent", command, option, "garbage", *SERVER]) == 2
    assert f"{option} is not a time" in capsys.readouterr().err
    assert main(["agent", command, option, "2026-11", *SERVER]) == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_told_with_its_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = {"blocked": False, "passed": True, "results": [], "judged": [], "gone": True, "repository": "r"}
    monkeypatch.setattr(verify, "_asked", lambda *_, **__: dict(gone))
    asked = ["verify", "--commits", "1" * 40, *SERVER]
    for option in ("--sarif", "--summary"):
        path = tmp_path / "nowhere" / "x"
        assert main([*asked, option, str(path)]) == 2
        said = capsys.readouterr().err
        assert f"what {option} names cannot be written" in said
        assert f"got:      {path}: No such file or directory" in said
        assert said.count("cannot be written") == 1, "it is said once"
        assert main([*asked, option, str(tmp_path / "x")]) == 0
    assert (tmp_path / "x").stat().st_size > 0


def test_a_folder_whose_name_is_no_text_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = str(tmp_path / "caf\udce9")
    assert main(["backup", named, *SERVER]) == 2
    assert "is no text" in capsys.readouterr().err
    assert main(["backup", str(tmp_path / "café"), *SERVER]) == 1


def test_progress_has_no_rate_before_there_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = iter(range(100))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = Progress(Globals(), lines=True)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
    tell = _telling(progress)
    tell("files", 1, 10)
    assert "/s" not in capsys.readouterr().err
    tell("files", 4, 10)
    assert "4/s" in capsys.readouterr().err


@pytest.mark.parametrize("token", ["caf\xe9", "qx zy", "qx\nzy"])
def test_a_token_that_no_header_can_hold_is_refused_at_the_start(token: str) -> None:
    """Else every sending of spans would fail, behind everybody's back."""
    with pytest.raises(Exception, match="otlp_token is no token") as caught:
        load({"VESTIGE_OTLP_TOKEN": token})
    assert token not in str(caught.value)
    long = "e" * 5000
    assert load({"VESTIGE_OTLP_TOKEN": long}).otlp_token == long
