"""The program as it is started: read from nothing by a Python of its own, which most tests spare themselves.

They fork it from a process that has read it (:mod:`support.prepared`); that it can be read, and what its end says, is
shown here. The other end of the comparison is that a fork behaves like the program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support.prepared import Prepared, ran
from support.program import environment, serving
from vestige.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVENT = b'{"event_type":"auth.login","occurred_at":"2026-04-11T10:00:00Z","actor":{"id":"alice"}}\n'
PATIENCE = 60


def started(command: list[str], *, stdin: bytes = b"", **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=PATIENCE, **options)


def vestige(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "vestige", *map(str, arguments)]


WAYS = pytest.mark.parametrize("run", [started, ran], ids=["started", "prepared"])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_can_be_read_by_itself(command: str) -> None:
    done = started(vestige(command, "--help"), env=environment())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(f"Usage: vestige {command}".encode())


@WAYS
def test_what_a_command_says_and_how_it_ends(run: Callable[..., Any], tmp_path: Path) -> None:
    """Exit codes 0, 1, 2, 3 and 4, and each stream by itself."""
    data, env = tmp_path / "data", environment()
    empty = tmp_path / "empty.log"
    empty.touch()
    one = run(vestige("import", "-", "--json", "--data", data), stdin=EVENT, env=env)
    assert (one.returncode, one.stdout[:1], one.stderr) == (0, b"{", b"")
    found = run(vestige("search", "actor:alice", "--data", data), env=env)
    assert (found.returncode, found.stdout.count(b"\n"), found.stderr) == (0, 1, b"")
    none = run(vestige("show", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--data", data), env=env)
    assert (none.returncode, none.stdout, none.stderr[:9]) == (1, b"", b"vestige: ")
    assert run(vestige("search", "actor:(", "--data", data), env=env).returncode == 2
    assert run(vestige("import", empty, "--data", data), env=env).returncode == 3
    for file in (data / "signer").glob("*.json"):
        file.unlink()
    assert run(vestige("ledger", "checkpoint", "--data", data), env=env).returncode == 4


@WAYS
def test_settings_and_the_working_directory_are_those_it_is_given(run: Callable[..., Any], tmp_path: Path) -> None:
    env = environment(VESTIGE_DATA="here")
    assert run(vestige("import", "-"), stdin=EVENT, env=env, cwd=tmp_path).returncode == 0
    assert (tmp_path / "here" / "vestige.sqlite").exists()
    refused = run(vestige("search", "x"), env=environment(VESTIGE_DATA="there"), cwd=tmp_path)
    assert (refused.returncode, b"no Vestige data at there" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("kind", "asked", "code"),
    [
        (subprocess.Popen, signal.SIGTERM, 0),
        (Prepared, signal.SIGTERM, 0),
        (Prepared, signal.SIGINT, 0),
        (Prepared, signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_a_server_has_an_id_of_its_own_and_ends_when_it_is_told(
    kind: Callable[..., subprocess.Popen[bytes]], asked: signal.Signals, code: int, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    pipe = subprocess.PIPE
    command = vestige("up", "--port", 0, "--data", data)
    with kind(command, stdout=pipe, stderr=pipe, env=environment()) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline().startswith(b"listening on ")
            assert f'"pid": {server.pid},' in (data / "vestige.lock").read_text()
            assert server.poll() is None
            os.kill(server.pid, asked)
            _, errors = server.communicate(timeout=PATIENCE)
        finally:
            server.kill()
    assert (server.returncode, b"stopping" in errors) == (code, code == 0)


def test_a_signal_is_heard_whatever_the_main_thread_is_doing() -> None:
    """Waiting for an event holds its lock for some instructions, and a handler that waits for it never ends."""
    script = (
        "import signal; from vestige.api import stop_signals; stop = stop_signals()\n"
        "with stop._cond: signal.raise_signal(signal.SIGTERM)\n"
        "print(stop.wait(60))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, env=environment(), check=True, timeout=PATIENCE)
    assert done.stdout == b"True\n"


def test_a_command_that_finds_a_server_reads_no_parser(tmp_path: Path) -> None:
    data = tmp_path / "data"
    told = "import sys; from vestige.cli import main; main(sys.argv[1:]); print('vestige.sources' in sys.modules)"
    alone = [sys.executable, "-c", told, "import", "-", "--data", str(data)]
    assert started(alone, stdin=EVENT, env=environment()).stdout.endswith(b"True\n")
    with serving(data):
        served = [sys.executable, "-c", told, "search", "alice", "--data", str(data)]
        done = started(served, env=environment())
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (0, b"False", b"")


def test_a_program_that_fails_says_where(tmp_path: Path) -> None:
    script = tmp_path / "fails.py"
    script.write_text("import sys\nprint(sys.argv[1:], __name__, flush=True)\nraise ValueError('as asked')\n")
    for run in (started, ran):
        done = run([sys.executable, str(script), "a", "b"])
        assert (done.returncode, done.stdout) == (1, b"['a', 'b'] __main__\n")
        assert done.stderr.rstrip().endswith(b"ValueError: as asked")


def test_nothing_else_of_its_parent_is_open_in_a_fork(tmp_path: Path) -> None:
    script = tmp_path / "open.py"
    script.write_text("import os\nprint([n for n in range(3, 1000) if os.path.exists(f'/proc/self/fd/{n}')])\n")
    read, write = os.pipe()
    with Prepared([sys.executable, str(script)], stdout=subprocess.PIPE, pass_fds=[write]) as process:
        os.close(write)
        out, _ = process.communicate()
    os.close(read)
    assert json.loads(out) == [write]


def test_a_fork_that_is_killed_is_its_parents_to_wait_for(tmp_path: Path) -> None:
    script = tmp_path / "waits.py"
    script.write_text("import time\ntime.sleep(600)\n")
    with Prepared([sys.executable, str(script)]) as process:
        assert process.poll() is None
        process.kill()
        assert process.wait(PATIENCE) == -signal.SIGKILL
