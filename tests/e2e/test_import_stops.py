"""An import that is interrupted, or whose index cannot be written, says what is safely in, and goes on later."""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

import vestige.ingest.crew
from support.prepared import Prepared
from support.program import Vestige, environment
from vestige.app import ImportOptions, Installation
from vestige.model.errors import StorageError
from vestige.model.principal import Principal
from vestige.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = 200_000
PATIENCE = 120.0


@pytest.mark.parametrize(("asked", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_import_says_what_is_in_and_goes_on(tmp_path: Path, asked: signal.Signals, code: int) -> None:
    data, file = tmp_path / "data", tmp_path / "many.jsonl"
    file.write_bytes(b"".join(b'{"event_type":"auth.login","n":%d}\n' % n for n in range(RECORDS)))

    def entries() -> int:
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(data / "vestige.sqlite")) as rows:
            return int(rows.execute("SELECT max(size) FROM ledger_head").fetchone()[0] or 0)
        return 0

    command = [sys.executable, "-m", "vestige", "import", str(file), "--data", str(data)]
    with Prepared(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        deadline = time.monotonic() + PATIENCE
        while not data.exists() or entries() < 15_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(asked)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, errors
    said = re.search(
        r"interrupted: at least ([0-9,]+) records are safely in; run the same import again", errors.decode()
    )
    assert said is not None, errors
    known = int(said[1].replace(",", ""))
    report = Vestige(data).json("import", str(file))
    assert 0 < known <= report["duplicates"] < RECORDS
    assert report["duplicates"] + report["parsed"] == RECORDS


def test_what_is_safely_in_is_said_whoever_meets_the_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file of one batch only the reader is left to fail, after the last batch was committed."""

    def full(*_: object) -> None:
        raise StorageError("No space left on device", hint="free some")

    file = tmp_path / "few.jsonl"
    file.write_bytes(b"".join(b'{"event_type":"auth.login","n":%d}\n' % n for n in range(10)))
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        monkeypatch.setattr(vestige.ingest.crew, "add_run", full)
        with pytest.raises(StorageError) as caught:
            rooms.intake.import_paths(
                [file], ImportOptions(Principal("local:0")), progress=lambda _: None, stop=threading.Event()
            )
    assert caught.value.hint.startswith("10 records are safely in; mend the cause and run the same import again")
