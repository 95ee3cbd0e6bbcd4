"""A log that changes its columns midway, into a real store: each row is read by the columns it was written under,
whatever happens to the import in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.prepared import Prepared
from support.program import Vestige, environment

if TYPE_CHECKING:
    from collections.abc import Iterable

SUPPORT = Path(__file__).resolve().parents[2] / "support"
SHORT = "#Fields: date time c-ip cs-method cs-uri-stem sc-status"
LONG = "#Fields: date time s-ip cs-method cs-uri-stem c-ip sc-status time-taken"
MANY = 24_000
"""Rows of one header: more than two batches, so that an import can be killed between two of them."""


def short_row(number: int) -> str:
    return f"2026-01-01 10:00:{number % 60:02} 192.0.2.1 GET /short/{number} 200"


def long_row(number: int) -> str:
    return f"2026-01-01 11:00:{number % 60:02} 203.0.113.9 GET /long/{number} 192.0.2.2 404 7"


def text(*parts: Iterable[str] | str) -> bytes:
    lines = [line for part in parts for line in ([part] if isinstance(part, str) else part)]
    return ("\n".join(lines) + "\n").encode()


TURNING = text(SHORT, map(short_row, range(3)), LONG, map(long_row, range(MANY)), SHORT, map(short_row, range(3, 5)))
RECORDS = TURNING.count(b"\n")


def counts(report: dict[str, Any]) -> tuple[int, ...]:
    return tuple(report[name] for name in ("records", "parsed", "unparsed", "skipped", "duplicates"))


def paths(vestige: Vestige, query: str) -> set[str]:
    return {event["object"]["id"] for event in vestige.lines("search", query, "--limit", "1000")}


def killed(data: Path, file: Path, size: int) -> None:
    """Import, and kill the importer once the log has this many entries."""
    read, write = os.pipe()
    child = Prepared(
        [sys.executable, str(SUPPORT / "killed_import.py"), str(data), str(file), str(write)],
        pass_fds=[write],
        stderr=subprocess.PIPE,
        env=environment(),
    )
    os.close(write)
    reached = False
    with os.fdopen(read) as pipe:
        for line in pipe:
            reached = reached or (line.startswith("ack ") and int(line[4:]) >= size)
            if reached:
                child.send_signal(signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL, "the import was over before it was killed"


@pytest.fixture
def vestige(tmp_path: Path) -> Vestige:
    return Vestige(tmp_path / "data")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "u_ex260101.log"
    path.write_bytes(TURNING)
    return path


def test_each_row_is_read_by_its_own_columns_and_a_second_import_adds_nothing(vestige: Vestige, log: Path) -> None:
    report = vestige.json("import", str(log))
    assert counts(report) == (RECORDS, RECORDS - 3, 0, 3, 0)
    assert report["formats"] == {"iis": 1}
    assert paths(vestige, "ip:192.0.2.1") == {f"/short/{number}" for number in range(5)}
    (event,) = vestige.lines("search", "ip:192.0.2.2 object:/long/12345")
    assert (event["network"]["src_ip"], event["network"]["dst_ip"]) == ("192.0.2.2", "203.0.113.9")
    assert event["outcome"] == "failure"
    assert counts(vestige.json("import", str(log))) == (RECORDS, 0, 0, 0, RECORDS)


def test_an_import_killed_after_a_turn_goes_on_under_the_columns_it_had_come_to(vestige: Vestige, log: Path) -> None:
    killed(vestige.data, log, 9_000)
    records, parsed, unparsed, _, duplicates = counts(vestige.json("import", str(log)))
    assert (records, unparsed) == (RECORDS, 0)
    assert 9_000 < duplicates < MANY
    assert parsed == RECORDS - duplicates - 1  # the last #Fields line
    (event,) = vestige.lines("search", f"object:/long/{MANY - 1}")
    assert (event["network"]["src_ip"], event["network"]["dst_ip"]) == ("192.0.2.2", "203.0.113.9")
    assert vestige.json("ledger", "verify")["ok"] is True


def test_a_grown_file_goes_on_under_its_last_columns_and_turns_again(vestige: Vestige, tmp_path: Path) -> None:
    log = tmp_path / "u_ex.log"
    begun = text(SHORT, map(short_row, range(40)), LONG, map(long_row, range(5)))
    log.write_bytes(begun)
    vestige.json("import", str(log))
    log.write_bytes(begun + text(map(long_row, range(5, 8)), SHORT, short_row(40)))
    assert counts(vestige.json("import", str(log))) == (52, 4, 0, 1, 47)
    assert paths(vestige, "ip:192.0.2.2") == {f"/long/{number}" for number in range(8)}
    again = begun + text(map(long_row, range(5, 8)), SHORT, short_row(40), short_row(41))
    log.write_bytes(again)
    assert counts(vestige.json("import", str(log))) == (53, 1, 0, 0, 52)
    assert {"/short/40", "/short/41"} <= paths(vestige, "ip:192.0.2.1")
