"""Other processes read what an import appends: to the rows that it would have itself, whatever befalls them."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from vestige.app import ImportOptions, Installation, load_settings
from vestige.ingest import crew as crews
from vestige.ingest.contexts import KeyRule, Reader
from vestige.ingest.crew import Crew, _Process, crew_size, packed, unpacked
from vestige.model.principal import Principal
from vestige.sources import Context, format_named, formats
from vestige.sources.mapping import compile_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vestige.app import Rooms
    from vestige.ingest.crew import Read
    from vestige.ingest.report import ImportReport
    from vestige.ingest.runs import Run

LINES = 20_000
ACCESS = (
    '203.0.113.{n} - user{n} [17/May/2015:10:05:{s:02} +0000] "GET /a/{n}?token=t{n} HTTP/1.1" 200 {n} "-" "agent"\n'
)
AUTH = "May 17 10:05:{s:02} web-{n} sshd[{n}]: Accepted password for user{n} from 203.0.113.{n} port 40{n:03} ssh2\n"

CONTEXT = Context(received_at=1)
MAPPING = r"""
name = "gate"
[records]
split = "lines"
[take]
regex = '(?P<time>\S+) (?P<user>\S+) (?P<act>.*)'
[time]
field = "time"
[fields]
actor.id = "user"
action = "act"
"""


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    monkeypatch.setattr(crews, "WORTH_BYTES", 1)
    monkeypatch.setattr(crews, "cores", lambda: 4)
    with Installation.open(load_settings({}, data=tmp_path / "data")) as installation:
        yield installation.rooms_of_slug(None)


def files(folder: Path, lines: int = LINES) -> list[Path]:
    (folder / "evidence").mkdir()
    made = []
    for name, line in (("access.log", ACCESS), ("auth.log", AUTH)):
        path = folder / "evidence" / name
        path.write_text("".join(line.format(n=n % 250, s=n % 60) for n in range(lines)))
        made.append(path)
    odd = folder / "evidence" / "odd.jsonl"
    odd.write_text('{"time": "2026-05-17T10:00:00Z", "token": "abc", "user": "ann"}\n' * 3000 + "no json\n" * 20)
    return [*made, odd]


def taken(rooms: Rooms, paths: list[Path]) -> ImportReport:
    options = ImportOptions(Principal("test"))
    return rooms.intake.import_paths(paths, options, progress=lambda _: None, stop=threading.Event())


def same_as_here(rooms: Rooms) -> bool:
    """Whether every table of the index is the one that this process computes by itself."""
    rooms.settle()
    return rooms.rebuild_index(lambda *_: None, threading.Event())["equal"] is True


def watched(monkeypatch: pytest.MonkeyPatch, act: Callable[[_Process, Run], None]) -> None:
    """Have something done whenever a run is about to be sent to a process."""
    read = _Process.read

    def watch(process: _Process, run: Run, source: str, sent: bytes) -> Read:
        act(process, run)
        return read(process, run, source, sent)

    monkeypatch.setattr(_Process, "read", watch)


def test_rows_of_other_processes_are_those_that_a_rebuild_gives(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    watched(monkeypatch, lambda process, _: asked.append(process._process.pid))
    report = taken(rooms, files(tmp_path))
    assert (report.records, report.unparsed) == (2 * LINES + 3020, 20)
    assert len(asked) >= 4
    assert 1 < len(set(asked)) <= 3
    assert multiprocessing.active_children() == []
    assert same_as_here(rooms)


@pytest.mark.parametrize("when", ["before it is sent one", "while it is sent one", "while it reads one"])
def test_of_a_process_that_is_killed_nothing_is_lost(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    killed: list[int] = []

    def kill(process: _Process, _: Run) -> None:
        pid = process._process.pid
        assert pid is not None
        killed.append(pid)
        if when.startswith("before"):
            os.kill(pid, signal.SIGKILL)
            return
        # One that is stopped takes nothing from its pipe, which is soon full. One that reads takes longer than that.
        if "sent" in when:
            os.kill(pid, signal.SIGSTOP)
        threading.Timer(0.05, os.kill, (pid, signal.SIGKILL)).start()

    watched(monkeypatch, kill)
    report = taken(rooms, files(tmp_path, 20_000))
    assert killed
    assert (report.records, report.parsed, report.unparsed) == (43_020, 43_000, 20)
    assert multiprocessing.active_children() == []
    assert same_as_here(rooms)


def test_a_run_that_fails_in_another_process_is_read_here(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Run] = []
    read = _Process.read

    def garble(process: _Process, run: Run, source: str, _: bytes) -> Read:
        begun.append(run)
        return read(process, run, source, b"no reader")

    monkeypatch.setattr(_Process, "read", garble)
    assert taken(rooms, files(tmp_path, 3000)).parsed == 9000
    assert begun


def test_what_is_said_of_a_source_meanwhile_is_sent_too() -> None:
    crew, before = Crew(str), Reader(format_named("syslog"), CONTEXT, "syslog/1")
    after = before._replace(clock_offset=5)
    assert [unpacked(crew._as_sent(one)) for one in (before, before, after, before)] == [before, before, after, before]


def test_where_no_process_can_be_started_it_is_read_here(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def refuse(process: object) -> None:
        asked.append(process)
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(_Process, "__init__", refuse)
    assert taken(rooms, files(tmp_path, 3000)).parsed == 9000
    assert asked


def test_what_cannot_be_sent_is_read_here(rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []

    def refuse(*_: object) -> bytes:
        raise pickle.PicklingError("it holds a lock")

    monkeypatch.setattr(crews, "packed", refuse)
    monkeypatch.setattr(_Process, "__init__", started.append)
    assert taken(rooms, files(tmp_path, 3000)).parsed == 9000
    assert not started


@pytest.mark.parametrize("name", sorted(formats()))
def test_every_format_can_be_sent(name: str) -> None:
    reader = Reader(format_named(name), CONTEXT, f"{name}/1", 5, (KeyRule("a.b", "custom", "order"),))
    assert unpacked(packed(reader)) == reader


def test_a_mapping_can_be_sent() -> None:
    form = compile_mapping(MAPPING.encode())
    sent = unpacked(packed(Reader(form, CONTEXT, "mine/1")))
    assert sent.format.version == form.version
    line = b"2026-05-17T10:05:00Z ann logged in"
    assert sent.format.parse([line], CONTEXT) == form.parse([line], CONTEXT)


def test_what_holds_a_lock_cannot_be_sent() -> None:
    with pytest.raises(TypeError):
        packed(Reader(threading.Lock(), CONTEXT, "mine/1"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("most", "cores", "size", "processes"),
    [(4, 8, 1 << 30, 4), (4, 2, 1 << 30, 1), (4, 1, 1 << 30, 0), (0, 8, 1 << 30, 0), (4, 8, 1 << 20, 0)],
)
def test_a_crew_is_for_what_is_worth_it(
    most: int, cores: int, size: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews, "cores", lambda: cores)
    assert crew_size(most, size) == processes


PARENT = """
import time
from vestige.ingest.crew import _Process
if __name__ == "__main__":
    process = _Process()
    print(process._process.pid, flush=True)
    time.sleep(600)
"""


def test_a_process_ends_with_the_one_it_reads_for(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        (child,) = map(int, parent.stdout.readline().split())
        os.kill(child, 0)
        parent.kill()
    deadline = time.monotonic() + 60
    while _alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123 - the kernel's
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
