"""Following a log that logrotate turns under load, with the follower killed: every line once, byte for byte."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.evidence import evidence
from support.log_writer import line
from support.prepared import Prepared
from support.program import Vestige, environment, serving
from support.syslog import environment as client_environment
from support.syslog import program
from vestige.model.errors import NotFoundError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WRITER = Path(__file__).resolve().parents[1] / "support" / "log_writer.py"
SECONDS = 90.0
SEED = 20261122
WAYS = {
    "rename": "create 0640",
    "rename and compress": "create 0640\ncompress",
    "rename by date": "create 0640\ndateext\ndateformat -%s",
    "copy": "copytruncate",
    "copy and compress": "copytruncate\ncompress",
    "copy by date": "copytruncate\ndateext\ndateformat -%s",
}


def until(what: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@contextlib.contextmanager
def following(data: Path, *paths: Path | str) -> Iterator[subprocess.Popen[bytes]]:
    process = Prepared(
        [sys.executable, "-m", "vestige", "import", "--follow", "--json", "--data", str(data), *map(str, paths)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ready(process: subprocess.Popen[bytes]) -> None:
    """Wait until it says that it follows."""
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith(b"following"), first


def told(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """End it as Ctrl-C does; its report."""
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=SECONDS)
    assert process.returncode in {0, 3}, errors.decode()
    report: dict[str, Any] = json.loads(out)
    assert report["records"] == sum(report[name] for name in ("parsed", "unparsed", "duplicates", "skipped"))
    return report


def kept(data: Path) -> list[bytes]:
    with contextlib.suppress(StorageError, NotFoundError):  # it is being made
        return [one.payload for one in evidence(data)] if (data / "vestige.sqlite").exists() else []
    return []


def settle(data: Path) -> list[bytes]:
    """What is there once nothing has come for a while."""
    before: list[bytes] = []
    since = time.monotonic()
    while time.monotonic() - since < 10:
        after = kept(data)
        if len(after) != len(before):
            before, since = after, time.monotonic()
        time.sleep(0.5)
    return before


class Rotation:
    """The real logrotate over one log."""

    def __init__(self, folder: Path, log: Path, way: str, pid: int) -> None:
        self._program = program("logrotate")
        self._config, self._state = folder / "logrotate.conf", folder / "logrotate.state"
        hup = "" if way.startswith("copy") else f"postrotate\n kill -HUP {pid} || true\nendscript"
        self._config.write_text(f"{log} {{\nsu root root\nrotate 1000\nmissingok\nnotifempty\n{WAYS[way]}\n{hup}\n}}\n")
        self._config.chmod(0o644)

    def turn(self) -> None:
        subprocess.run(
            [self._program, "-f", "-s", str(self._state), str(self._config)],
            check=False,  # by date it refuses a second turn within a second
            capture_output=True,
            env=client_environment(),
        )


def in_files(folder: Path) -> Counter[bytes]:
    found: Counter[bytes] = Counter()
    for path in folder.glob("app.log*"):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found.update(content.split(b"\n"))
    del found[b""]
    return found


WHOLE = os.environ.get("VESTIGE_TEST_ROTATIONS") == "all"
"""Every way of rotating, and all lines (`make campaign-follow`); otherwise a sample of both."""
CASES = [(way, what) for way in WAYS for what in ("file", "folder")]
SAMPLE = [("rename and compress", "folder"), ("copy", "file")]


@pytest.mark.campaign
@pytest.mark.parametrize(("way", "what"), CASES if WHOLE else SAMPLE)
def test_a_rotated_log_under_load_with_the_follower_killed(
    tmp_path: Path, way: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    log = logs / "app.log"
    chance = random.Random(f"{SEED} {way} {what}")
    total, rate, kills, turns = (15_000, 600, 3, 12) if WHOLE else (5_000, 600, 1, 4)
    writer = subprocess.Popen([sys.executable, str(WRITER), str(log), str(total), str(rate)])
    try:
        rotation = Rotation(tmp_path, log, way, writer.pid)
        until(log.exists)
        target = log if what == "file" else logs
        for run in range(kills + 1):
            with following(data, target) as follower:
                if run == 0:
                    until(lambda: kept(data) != [])  # what was rotated before anybody followed is nobody's business
                for _ in range(turns // (kills + 1)):
                    time.sleep(chance.uniform(0.8, 1.8))
                    rotation.turn()
                if run < kills:
                    time.sleep(chance.uniform(0.0, 1.5))
                    follower.kill()
                    follower.wait()
                    if chance.random() < 0.5:
                        rotation.turn()  # while nobody follows
                else:
                    ready(follower)
                    writer.wait(SECONDS)
                    rotation.turn()
                    found = settle(data)
                    report = told(follower)
    finally:
        writer.kill()
        writer.wait()
    counts = Counter(found)
    wanted = {line(number) for number in range(total)}
    there = in_files(logs)
    doubled = {payload[:60]: count for payload, count in counts.items() if count > 1}
    lost = [payload for payload in there if payload in wanted and payload not in counts]
    saved = sum(payload not in there for payload in counts)
    with capsys.disabled():
        print(
            f"\n{way}, {what}: {len(counts)} records, {saved} of them in no file, {len(wanted - there.keys())} lines",
            end="",
        )
        print(" that logrotate lost", end="")
    assert lost == []
    assert doubled == {}
    # Lines that a truncation cut are the writer's only broken ones; by renaming none is.
    strange = [payload for payload in counts if payload not in wanted]
    assert strange == [] or way.startswith("copy")
    if not way.startswith("copy"):
        assert len(counts) == total
    assert report["failures"] == []
    assert Vestige(data).json("ledger", "verify")["ok"]


def write(path: Path, text: bytes) -> None:
    with path.open("ab", buffering=0) as out:
        out.write(text)


def test_lines_are_there_within_a_second_and_a_torn_one_waits(tmp_path: Path) -> None:
    log, data = tmp_path / "app.log", tmp_path / "data"
    with following(data, log) as follower:
        ready(follower)
        write(log, b"2026-11-22T16:00:00Z host app[1]: one\n2026-11-22T16:00:01Z host app[1]: tw")
        began = time.monotonic()
        until(lambda: len(kept(data)) == 1)
        assert time.monotonic() - began < 5, "a second, and what a busy machine adds"
        time.sleep(2)
        assert len(kept(data)) == 1
        write(log, b"o\n  and its second line\n2026-11-22T16:00:02Z host app[1]: three\n")
        until(lambda: len(kept(data)) == 3)
        report = told(follower)
    assert kept(data) == [
        b"2026-11-22T16:00:00Z host app[1]: one",
        b"2026-11-22T16:00:01Z host app[1]: two\n  and its second line",
        b"2026-11-22T16:00:02Z host app[1]: three",
    ]
    assert (report["records"], report["parsed"], report["failures"]) == (3, 3, [])
    # An import finds that nothing is new, and a follower goes on where the ledger ends.
    again = Vestige(data).json("import", str(log))
    assert (again["records"], again["duplicates"]) == (3, 3)
    write(log, b"2026-11-22T16:00:03Z host app[1]: four\n")
    with following(data, log) as follower:
        until(lambda: len(kept(data)) == 4)
        report = told(follower)
    assert (report["records"], report["duplicates"]) == (4, 3)


def test_imports_of_the_same_file_and_of_others_meanwhile_double_nothing(tmp_path: Path) -> None:
    """Two followers of one growing file, an import of it again and again, and of other files beside it."""
    log, data = tmp_path / "app.log", tmp_path / "data"
    total, others = 6000, 10
    with serving(data):
        writer = subprocess.Popen([sys.executable, str(WRITER), str(log), str(total), "1000"])
        until(log.exists)
        with following(data, log) as follower, following(data, log) as second:
            ready(follower)
            ready(second)
            imported = 0
            while writer.poll() is None or imported < others:
                imported += 1
                other = tmp_path / f"other-{imported}.log"
                write(other, b"".join(b"2026-11-22T16:00:00Z other app[%d]: %d\n" % (imported, n) for n in range(100)))
                taken = Vestige(data).json("import", str(other))
                assert (taken["records"], taken["duplicates"]) == (100, 0)
                Vestige(data).json("import", str(log))
            found = settle(data)
            report = told(follower)
            told(second)
    # An import takes a last line as it finds it; all others are whole, and once.
    counts = Counter(found)
    assert [counts[line(number)] for number in range(total)] == [1] * total
    mine = Counter({payload: count for payload, count in counts.items() if b" other app[" not in payload})
    assert all(line_begins(payload) for payload in mine)
    assert len(counts) - len(mine) == 100 * imported
    assert 0 < report["records"] <= total + len(counts)


def line_begins(payload: bytes) -> bool:
    found = re.search(rb"number (\d+)", payload)
    return found is None or line(int(found[1])).startswith(payload)


def test_a_server_that_is_killed_does_not_end_the_following(tmp_path: Path) -> None:
    log, data = tmp_path / "app.log", tmp_path / "data"
    write(log, b"2026-11-22T16:00:00Z host app[1]: one\n")
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(AssertionError), serving(data) as server:
            follower = stack.enter_context(following(data, log))
            until(lambda: len(kept(data)) == 1)
            server.process.kill()
            server.process.wait()
        write(log, b"2026-11-22T16:00:01Z host app[1]: two\n")
        until(lambda: len(kept(data)) == 2)
        report = told(follower)
    assert (report["records"], report["duplicates"]) == (2, 1)


def test_a_pattern_finds_files_that_come_later_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    with following(data, f"{logs}/*.log") as follower:
        ready(follower)
        write(logs / "a.log", b"2026-11-22T16:00:00Z host app[1]: a\n")
        write(logs / "b.txt", b"2026-11-22T16:00:00Z host app[1]: not asked for\n")
        write(logs / "c.log", bytes(range(256)) * 300 + b"\n")
        (logs / "d.log").write_bytes(gzip.compress(b"2026-11-22T16:00:00Z host app[1]: d\n"))
        until(lambda: len(kept(data)) == 2)
        time.sleep(4)
        report = told(follower)
    assert sorted(payload[-1:] for payload in kept(data)) == [b"a", b"d"]
    assert [Path(failure["file"]).name for failure in report["failures"]] == ["c.log"]


def test_a_folder_that_holds_the_data_directory_is_followed_without_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with following(data, tmp_path) as follower:
        ready(follower)
        write(tmp_path / "a.log", b"2026-11-22T16:00:00Z host app[1]: a\n")
        until(lambda: len(kept(data)) == 1)
        time.sleep(4)
        report = told(follower)
    assert (report["files"], report["records"], report["failures"]) == (1, 1, [])


def test_a_new_log_in_the_place_of_a_compressed_one_on_disk_is_followed_line_by_line(tmp_path: Path) -> None:
    """As where logrotate deletes the oldest copy and the file system gives its inode to the new log."""
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    packed, log = logs / "old.log.gz", logs / "app.log"
    packed.write_bytes(gzip.compress(b"2026-11-22T16:00:00Z host app[7]: packed\n" * 40))
    with following(data, logs):
        until(lambda: len(kept(data)) == 40)
        packed.write_bytes(b"")
        packed.rename(log)
        deadline = time.monotonic() + 30
        number = 0
        while len(kept(data)) == 40:
            assert time.monotonic() < deadline, "a log that is never silent was not taken in"
            write(log, b"2026-11-22T16:00:01Z host app[7]: new %d\n" % number)
            number += 1
            time.sleep(0.1)


def test_files_up_to_the_bound_are_followed_and_the_next_is_told(tmp_path: Path) -> None:
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    for number in range(3):
        write(logs / f"{number}.log", b"2026-11-22T16:00:00Z host app[1]: %d\n" % number)
    with serving(data, VESTIGE_LIMIT_FOLLOWED_FILES="2"), following(data, logs) as follower:
        until(lambda: len(kept(data)) == 2)
        time.sleep(2)
        report = told(follower)
        assert len(kept(data)) == 2
    assert [Path(failure["file"]).name for failure in report["failures"]] == ["2.log"]
    assert "VESTIGE_LIMIT_FOLLOWED_FILES" in report["failures"][0]["reason"]


def test_what_cannot_be_followed_is_refused(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    assert vestige.run("import", "--follow", "-").returncode == 2
    assert vestige.run("import", "--follow", "x", "--server", "http://127.0.0.1:9", "--token", "x").returncode == 2
