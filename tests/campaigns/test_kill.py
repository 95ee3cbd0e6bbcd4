"""kill -9 in every phase of an import: nothing acknowledged is lost or doubled, and every derived table is right.

`make test` kills four times, `make campaign-kill` 100 times; the phase of each kill is printed.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from support.evtx_copies import earlier, turned
from support.made_evtx import event, file_of
from support.prepared import Prepared, ran
from support.samples.windows import LOGON

SUPPORT = Path(__file__).resolve().parents[1] / "support"
PHASES = ("blob", "transaction", "projection", "checkpoint")
SEED = 20260411
RECORDS = 25_000
LATEST = {"blob": 12, "transaction": 30, "projection": 20, "checkpoint": 4}
"""Up to which step of its phase a kill may wait in a new file; of one that was begun fewer are left."""
RUNS = 4
"""Imports of one file: three are killed and the next goes on where it stopped."""
FILES = 3
"""Files of one store. A fresh store now and then keeps the checks short; within one, files follow each other."""


def make_file(path: Path, chance: random.Random) -> None:
    """Records of our own shape, a few of them above 64 KiB so that there are blobs to be killed in."""
    with path.open("w") as out:
        for number in range(RECORDS):
            event = {
                "event_type": "auth.login",
                "occurred_at": f"2026-04-11T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
                "actor": {"id": f"user{chance.randrange(200)}"},
                "network": {"src_ip": f"192.0.2.{chance.randrange(1, 255)}"},
                "nonce": f"{path.name}-{number}",
            }
            if number % 2500 == 1234:
                event["blob"] = "x" * 70_000
            out.write(json.dumps(event) + "\n")


def run_until(data: Path, file: Path, phase: str, step: int, batch: int = 0) -> tuple[bool, int]:
    """Import until the step of the phase, and kill there. Whether the kill came in time, and the size acknowledged."""
    read, write = os.pipe()
    child = Prepared(
        [sys.executable, str(SUPPORT / "killed_import.py"), str(data), str(file), str(write), str(batch)],
        pass_fds=[write],
        stderr=subprocess.PIPE,
    )
    os.close(write)
    acknowledged, seen, killed = 0, 0, False
    with os.fdopen(read) as pipe:
        for line in pipe:
            word = line.strip()
            if word.startswith("ack "):
                acknowledged = int(word[4:])
            if word == phase and not killed:
                seen += 1
                if seen >= step:
                    child.send_signal(signal.SIGKILL)
                    killed = True
    _, errors = child.communicate()
    assert killed or child.returncode == 0, errors.decode()
    return killed, acknowledged


def check(data: Path, acknowledged: int, files: list[Path]) -> dict[str, object]:
    command = [sys.executable, str(SUPPORT / "check_store.py"), str(data), str(acknowledged), *map(str, files)]
    done = ran(command)
    assert done.returncode == 0, done.stderr.decode()
    report: dict[str, object] = json.loads(done.stdout)
    return report


@pytest.mark.campaign
def test_kill_nine_in_every_phase_loses_and_doubles_nothing(
    tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = request.config.getoption("--kills")
    chance = random.Random(SEED)
    done = dict.fromkeys(PHASES, 0)
    data = tmp_path / "data"
    files: list[Path] = []
    run = 0
    while sum(done.values()) < kills:
        if run % (RUNS * FILES) == 0:
            data, files = tmp_path / f"data{run}", []
        if run % RUNS == 0:
            files.append(tmp_path / f"{data.name}-{len(files)}.jsonl")
            make_file(files[-1], chance)
        phase = min(PHASES, key=lambda name: (done[name], PHASES.index(name)))
        step = chance.randint(1, max(1, LATEST[phase] >> run % RUNS))
        killed, acknowledged = run_until(data, files[-1], phase, step)
        report = check(data, acknowledged, files)
        with capsys.disabled():
            print(f"\n{'killed' if killed else 'ended '} {phase:<12} step {step:<3} size {report['size']}", end="")
        assert report["problems"] == [], (phase, step)
        done[phase] += killed
        run += 1 if killed else RUNS - run % RUNS  # a file that is all in has no step left to be killed at
    # The control: left alone, the last import goes on to the end and everything is there.
    killed, acknowledged = run_until(data, files[-1], "never", 1)
    report = check(data, acknowledged, files)
    assert not killed
    assert report["problems"] == []
    assert report["records"][str(files[-1])] == RECORDS  # type: ignore[index]
    with capsys.disabled():
        print(f"\nkills by phase: {done}")
    assert min(done.values()) >= kills // len(PHASES)


EVENTS, EVENT_BATCH = 15, 150
"""Events a chunk, and records a batch of the import that is killed."""


@pytest.mark.campaign
def test_kill_nine_while_a_grown_event_log_is_added_loses_and_doubles_nothing(
    tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = max(4, request.config.getoption("--kills") // 4)
    chance = random.Random(SEED)
    whole = event_log()
    (chunks,) = struct.unpack_from("<H", whole, 42)
    done = dict.fromkeys(PHASES, 0)
    run = 0
    while sum(done.values()) < kills:
        if run % RUNS == 0:
            data = tmp_path / f"data{run}"
            log = tmp_path / "log.evtx"
            log.write_bytes(earlier(whole, chunks // 3, 5))
            run_until(data, log, "never", 1)
            log.write_bytes(whole)
        phase = min(PHASES, key=lambda name: (done[name], PHASES.index(name)))
        killed, acknowledged = run_until(data, log, phase, chance.randint(1, LATEST[phase]), EVENT_BATCH)
        report = check(data, acknowledged, [log])
        with capsys.disabled():
            print(f"\n{'killed' if killed else 'ended '} {phase:<12} size {report['size']}", end="")
        assert report["problems"] == [], phase
        done[phase] += killed
        run += 1 if killed else RUNS - run % RUNS
    run_until(data, log, "never", 1)
    log.write_bytes(turned(whole, chunks // 2))
    killed, acknowledged = run_until(data, log, "never", 1)
    log.write_bytes(whole)
    report = check(data, acknowledged, [log])
    assert not killed
    assert report["problems"] == []
    assert report["records"] == {str(log): report["expected"]}
    with capsys.disabled():
        print(f"\nkills by phase: {done}, {report['expected']} records")


def event_log() -> bytes:
    """A real event log where the corpus is at hand, else one made by hand."""
    corpus = os.environ.get("VESTIGE_TEST_CORPUS", "")
    real = Path(corpus) / "windows-evtx" / "security.evtx.gz"
    if corpus and real.is_file():
        return gzip.decompress(real.read_bytes())
    return file_of(
        [event(4624, LOGON, record=first + i) for i in range(EVENTS)] for first in range(1, 24 * EVENTS, EVENTS)
    )
