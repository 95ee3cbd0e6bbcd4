"""The holder of the data directory is killed while a command speaks to it."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support.prepared import Prepared
from support.program import Vestige, environment
from vestige.cli.connection import connect
from vestige.cli.options import Globals
from vestige.model.errors import VestigeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EVENTS = 6000
"""More than a page of the command line's."""
PATIENCE = 120.0
# httpcore leaves a socket whose connect() was refused to the garbage collector, which says so.
REFUSED = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def lines(count: int, session: str) -> bytes:
    return b"".join(
        b'{"event_type":"auth.login","session":"%s","n":%d}\n' % (session.encode(), n) for n in range(count)
    )


@contextlib.contextmanager
def holder(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "vestige", "up", "--port", "0", "--data", str(data)]
    with Prepared(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"listening on")
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def command(data: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    full = [sys.executable, "-m", "vestige", *arguments, "--data", str(data)]
    pipe = subprocess.PIPE
    # Unbuffered: what readline() had taken ahead, communicate() would not give.
    with Prepared(full, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0) as process:
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def filled(data: Path) -> Path:
    assert Vestige(data).json("import", "-", stdin=lines(EVENTS, "here"))["parsed"] == EVENTS
    return data


def test_a_list_goes_on_where_the_holder_left_it(filled: Path) -> None:
    """The command stands at the full pipe of its first page while the holder dies."""
    with holder(filled) as held, command(filled, "search", "session:here", "--json") as searching:
        assert searching.stdout is not None
        first = searching.stdout.readline()
        held.kill()
        held.wait()
        rest, errors = searching.communicate(timeout=PATIENCE)
        # On a busy machine the next holder may say that its index lags; nothing else.
        assert searching.returncode == 0, errors
        assert all(b"index lags" in line for line in errors.splitlines()), errors
        found = [json.loads(line)["id"] for line in (first + rest).splitlines()]
        assert len(found) == len(set(found)) == EVENTS


def test_an_import_of_files_is_made_again_and_takes_nothing_twice(data: Path, tmp_path: Path) -> None:
    count = 60_000
    file = tmp_path / "file.jsonl"
    file.write_bytes(lines(count, "file"))

    def entries() -> int:
        with contextlib.closing(sqlite3.connect(data / "vestige.sqlite")) as reading:
            return int(reading.execute("SELECT count(*) FROM ledger_entries").fetchone()[0])

    with holder(data) as held, command(data, "import", str(file), "--json") as importing:
        until(lambda: entries() > 1000)
        held.kill()
        assert entries() < count
        out, errors = importing.communicate(timeout=PATIENCE)
    assert importing.returncode == 0, errors
    assert b"importing again" in errors
    report = json.loads(out)
    assert report["records"] == report["parsed"] + report["duplicates"] == count
    assert report["duplicates"] > 0
    assert len(Vestige(data).lines("search", "session:file")) == count


def test_what_cannot_be_sent_again_is_said_with_what_is_known(data: Path) -> None:
    body = lines(1000, "sent")
    with holder(data) as held, command(data, "import", "-") as importing:
        assert importing.stdin is not None
        os.write(importing.stdin.fileno(), body[: len(body) // 2])
        until(lambda: any(file.stat().st_size for file in (data / "spool").glob("*")))
        held.kill()
        held.wait()
        _, errors = importing.communicate(body[len(body) // 2 :], timeout=PATIENCE)
    assert importing.returncode == 1
    assert b"ended before it had answered" in errors
    assert b"nothing is taken twice" in errors
    assert Vestige(data).json("import", "-", stdin=body)["parsed"] == 1000


@REFUSED
def test_a_rebuild_is_not_made_again_unless_it_never_began(filled: Path) -> None:
    options = Globals(data=filled)
    with holder(filled) as held, connect(options, "test") as connection:
        messages = connection.stream("/v1/index/rebuild", known="what is known")
        assert "progress" in next(messages)
        held.kill()
        with pytest.raises(VestigeError, match="before it had answered") as caught:
            list(messages)
        assert caught.value.hint == "what is known"
    with holder(filled) as held, connect(options, "test") as connection:
        held.kill()
        held.wait()
        *_, last = connection.stream("/v1/index/rebuild", known="")
        assert last["report"]["equal"] is True


@REFUSED
def test_two_holders_in_a_row_may_end(filled: Path) -> None:
    with holder(filled) as first, connect(Globals(data=filled), "test") as connection:
        first.kill()
        first.wait()
        with holder(filled) as second:
            assert connection.get("/v1/timeline/count", q="session:here")["undated"] == EVENTS
            second.kill()
            second.wait()
            assert connection.get("/v1/timeline/count", q="session:here")["undated"] == EVENTS
        assert connection.local
