"""Progress where nobody looks: a line now and then, if the work asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.cli import progress as module
from vestige.cli.options import Globals
from vestige.cli.progress import Progress

if TYPE_CHECKING:
    import pytest


def told(capsys: pytest.CaptureFixture[str], options: Globals, *, lines: bool) -> list[str]:
    with Progress(options, lines=lines) as progress:
        for done in range(3):
            progress.show({"done": done, "of": 2})
    return capsys.readouterr().err.splitlines()


def test_a_pipe_is_told_in_lines_if_the_work_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "LINE_SECONDS", 0.0)
    lines = told(capsys, Globals(), lines=True)
    assert [line.split()[-2:] for line in lines] == [["0%", "0"], ["50%", "1"], ["100%", "2"]]
    assert told(capsys, Globals(), lines=False) == []
    assert told(capsys, Globals(quiet=True), lines=True) == []


def test_lines_do_not_flood(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(module, "LINE_SECONDS", 3600.0)
    assert told(capsys, Globals(), lines=True) == []
