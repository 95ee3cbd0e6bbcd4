"""Bad input: each gives a clear message or a quarantined record, and the rest of the import goes on."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from support.program import Vestige

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = b'{"event_type":"auth.login","occurred_at":"2026-04-11T10:00:00Z","actor":{"id":"alice"},"n":%d}'
LONG = 100 << 20


def lines(*records: bytes) -> bytes:
    return b"\n".join(records) + b"\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bad")
    packed = gzip.compress(lines(*[GOOD % n for n in range(5000)]), mtime=0)
    (root / "truncated.jsonl.gz").write_bytes(packed[: len(packed) * 6 // 10])
    (root / "utf8.jsonl").write_bytes(
        lines(GOOD % 1, b'{"event_type":"auth.login","actor":{"id":"\xff\xfe"}}', GOOD % 2)
    )
    (root / "nul.jsonl").write_bytes(lines(GOOD % 3, b"\0\0\0\0", GOOD % 4))
    (root / "long.jsonl").write_bytes(lines(GOOD % 5, b'{"a":"' + b"x" * LONG + b'"}', GOOD % 6))
    (root / "deep.jsonl").write_bytes(lines(GOOD % 7, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, GOOD % 8))
    (root / "duplicate.jsonl").write_bytes(lines(b'{"event_type":"auth.login","event_type":"auth.logout","k":1,"k":2}'))
    (root / "times.jsonl").write_bytes(
        lines(
            b'{"event_type":"auth.login","occurred_at":"1601-01-01T00:00:00Z","case":"1601"}',
            b'{"event_type":"auth.login","occurred_at":"9999-12-31T23:59:59Z","case":"9999"}',
            b'{"event_type":"auth.login","case":"none"}',
            b'{"event_type":"auth.login","occurred_at":"2101-01-01T00:00:00Z","case":"future"}',
        )
    )
    (root / "addresses.jsonl").write_bytes(
        lines(
            b'{"event_type":"auth.login","network":{"src_ip":"2001:DB8:0:0::1"},"case":"v6"}',
            b'{"event_type":"auth.login","network":{"src_ip":"::ffff:192.0.2.9"},"case":"mapped"}',
            b'{"event_type":"auth.login","network":{"src_ip":"999.1.1.1"},"case":"wrong"}',
        )
    )
    rows = [b"2026-04-11T10:00:0%dZ,user%d,in" % (n, n) for n in range(8)]
    (root / "cells.csv").write_bytes(lines(b"datetime,user,action", *rows, b"2026-04-11T10:00:09Z,bob", b"x,y,z,w,v"))
    (root / "empty.log").write_bytes(b"")
    (root / "nobody.bin").write_bytes(bytes(range(256)) * 20)
    (root / "gone.log").symlink_to(root / "nowhere")
    os.mkfifo(root / "pipe.log")
    (root / "good.jsonl").write_bytes(lines(*[GOOD % n for n in range(100, 110)]))
    return root


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Vestige:
    return Vestige(tmp_path_factory.mktemp("store") / "data")


@pytest.fixture(scope="module")
def report(vestige: Vestige, folder: Path) -> Any:
    return vestige.json("import", str(folder), code=3)


def reasons(report: Any, name: str) -> list[str]:
    return [failure["reason"] for failure in report["failures"] if failure["file"].endswith(name)]


def test_every_record_is_accounted_for(report: Any) -> None:
    counted = report["parsed"] + report["unparsed"] + report["duplicates"] + report["skipped"]
    assert report["records"] == counted
    assert report["skipped_files"] == 4


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("truncated.jsonl.gz", "cut short"),
        ("nul.jsonl", ""),
        ("long.jsonl", "kept whole but not parsed"),
        ("deep.jsonl", ""),
        ("empty.log", "empty"),
        ("nobody.bin", "no format"),
        ("gone.log", "symbolic link"),
        ("pipe.log", "named pipe"),
        ("cells.csv", "3"),
    ],
)
def test_each_fault_is_named_with_its_file(report: Any, name: str, said: str) -> None:
    found = reasons(report, name)
    assert found
    assert any(said in reason for reason in found)


def test_what_is_good_came_in(vestige: Vestige, report: Any) -> None:
    assert report["failures_total"] == len(report["failures"])
    values = {event["attributes"].get("n") for event in vestige.lines("search", "actor:alice source:good.jsonl")}
    assert values == set(range(100, 110))
    for source, pair in {"long": {5, 6}, "deep": {7, 8}, "nul": {3, 4}, "utf8": {1, 2}}.items():
        found = vestige.lines("search", f"actor:alice source:{source}.jsonl")
        assert {event["attributes"]["n"] for event in found} == pair, source
    readable = vestige.lines("search", "actor:alice source:truncated.jsonl")
    assert len(readable) > 1000


@pytest.mark.usefixtures("report")
def test_a_record_that_cannot_be_read_is_kept_byte_for_byte(vestige: Vestige) -> None:
    unparsed = vestige.lines("search", "type:record.unparsed")
    raw = {event["source"]: vestige.ok("show", event["id"], "--raw") for event in unparsed}
    assert raw["nul.jsonl"] == b"\0\0\0\0"
    assert raw["deep.jsonl"] == b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    assert len(raw["long.jsonl"]) == LONG + 8
    assert all("occurred_at" not in event for event in unparsed)


@pytest.mark.usefixtures("report")
def test_times_are_not_invented(vestige: Vestige) -> None:
    events = {event["attributes"]["case"]: event for event in vestige.lines("search", "source:times.jsonl")}
    assert {case for case, event in events.items() if "occurred_at" not in event} == {"1601", "9999", "none"}
    assert events["1601"]["time_text"] == "1601-01-01T00:00:00Z"
    assert events["future"]["occurred_at"] == "2101-01-01T00:00:00Z"


@pytest.mark.usefixtures("report")
def test_addresses_are_canonical_or_absent(vestige: Vestige) -> None:
    found = vestige.lines("search", "source:addresses.jsonl")
    addresses = {event["attributes"]["case"]: event.get("network", {}).get("src_ip") for event in found}
    assert addresses == {"v6": "2001:db8::1", "mapped": "192.0.2.9", "wrong": None}
    wrong = next(event for event in found if event["attributes"]["case"] == "wrong")
    assert wrong["attributes"]["network"]["src_ip"] == "999.1.1.1"


@pytest.mark.usefixtures("report")
def test_duplicate_keys_stay_in_the_record(vestige: Vestige) -> None:
    event = vestige.lines("search", "source:duplicate.jsonl")[0]
    assert vestige.ok("show", event["id"], "--raw").count(b'"k"') == 2


@pytest.mark.usefixtures("report")
def test_the_ledger_of_all_this_verifies(vestige: Vestige) -> None:
    assert vestige.json("ledger", "verify")["ok"] is True


def test_usage_errors_say_what_was_expected(vestige: Vestige) -> None:
    assert vestige.run("import", "/nonexistent/path").returncode == 3
    wrong = vestige.run("import", "--format", "nonsense", "/etc/hostname")
    assert (wrong.returncode, b"expected" in wrong.stderr) == (2, True)
    assert vestige.run("search", "actor:(").returncode == 2
    assert vestige.run("show", "01ARZ3NDEKTSV4RRFFQ69G5FAV").returncode == 1
    assert vestige.run("timeline", "--from", "yesterday").returncode == 2


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[None]:
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk needs the right to mount one: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_loses_nothing_acknowledged_and_the_import_goes_on_later(tmp_path: Path) -> None:
    records = 150_000
    file = tmp_path / "many.jsonl"
    file.write_bytes(lines(*[GOOD % n for n in range(records)]))
    place = tmp_path / "disk"
    with small_disk(place):
        vestige = Vestige(place / "data")
        done = vestige.run("import", str(file))
        assert done.returncode == 1, done.stderr
        assert b"No space" in done.stderr or b"full" in done.stderr
        subprocess.run(["mount", "-o", "remount,size=1g", str(place)], check=True)
        report = vestige.json("import", str(file))
        assert report["records"] == records
        assert report["duplicates"] + report["parsed"] == records
        assert report["failures"] == []
        assert vestige.json("ledger", "verify")["ok"] is True
        found = {event["attributes"]["n"] for event in vestige.lines("search", "actor:alice")}
        assert found == set(range(records))


def test_a_report_is_json_even_when_nothing_could_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    done = Vestige(tmp_path / "data").run("import", str(tmp_path / "empty"), "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["records"] == 0


def test_a_zone_nobody_knows_is_refused_before_anything_is_taken_in(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    (tmp_path / "x.log").write_bytes(
        b"Apr 11 10:00:00 host sshd[1]: Failed password for root from 192.0.2.7 port 1 ssh2\n"
    )
    wrong = vestige.run("import", str(tmp_path / "x.log"), "--zone", "Berlin")
    assert wrong.returncode == 2, wrong.stderr
    assert b"Europe/Berlin" in wrong.stderr
    assert vestige.json("import", str(tmp_path / "x.log"), "--zone", "Europe/Berlin")["parsed"] == 1
    (event,) = vestige.lines("search", "user:root")
    assert event["occurred_at"].endswith("08:00:00Z")


def test_what_standard_input_holds_cannot_be_explained(tmp_path: Path) -> None:
    wrong = Vestige(tmp_path / "data").run("import", "-", "--explain", stdin=GOOD % 1)
    assert (wrong.returncode, b"standard input" in wrong.stderr) == (2, True)
