from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING

import orjson
import pytest

from vestige.demo import DEFAULT_END, LEAST_EVENTS, SCENARIOS, generate, json_lines
from vestige.demo.clock import HOUR, MINUTE, SECOND
from vestige.demo.generate import plan
from vestige.model.errors import ConflictError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unit.demo.conftest import Told

ALL = sorted(SCENARIOS)
PINNED = "ac48c37d9497f645571909f3ff13127501dea7c4b6fdf2e400098dd6a783ccce"


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        whole.update(str(path.relative_to(folder)).encode() + b"\0")
        whole.update(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        whole.update(hashlib.sha256(raw).digest())
    return whole.hexdigest()


@pytest.mark.parametrize("scenario", ALL)
def test_the_same_arguments_give_the_same_bytes_and_another_seed_gives_others(tmp_path: Path, scenario: str) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        generate(tmp_path / name, scenario=scenario, events=600, seed=seed)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_another_process_with_other_hashes_writes_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from vestige.demo import generate; "
        "generate(pathlib.Path(sys.argv[1]), scenario='breach', events=300, seed=-5)"
    )
    for hashes in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", program, str(tmp_path / hashes)], check=True, env=environment)
    assert digest(tmp_path / "1") == digest(tmp_path / "2")


@pytest.mark.parametrize("scenario", ALL)
@pytest.mark.parametrize("events", [100, 101, 1_999, 5_000])
def test_the_truth_counts_what_is_in_the_files(tell: Callable[[str, int], Told], scenario: str, events: int) -> None:
    check_counts(tell(scenario, events), events)


@pytest.mark.parametrize(("scenario", "events"), [("breach", 200_000), ("outage", 50_000), ("fraud", 50_000)])
def test_a_large_story_is_counted_as_exactly(tell: Callable[[str, int], Told], scenario: str, events: int) -> None:
    told = tell(scenario, events)
    check_counts(told, events)
    told.forget()


def check_counts(told: Told, events: int) -> None:
    truth = told.truth
    on_disk = {str(path.relative_to(told.folder)) for path in told.folder.rglob("*") if path.is_file()}
    assert on_disk == {"truth.json"} | {file.path for file in truth.files}
    for file in truth.files:
        raw = (told.folder / file.path).read_bytes()
        assert file.container == ("gzip" if raw.startswith(b"\x1f\x8b") else "plain")
        content = gzip.decompress(raw) if file.container == "gzip" else raw
        assert content.count(b"\n") == file.lines
        assert len(told.records(file.path)) == file.records > 0
        assert (told.folder / file.path).stat().st_mtime_ns == truth.ends_at
    totals = truth.totals
    assert totals.records == sum(file.records for file in truth.files) == events
    assert totals.malformed == len(truth.malformed) == sum(file.malformed for file in truth.files) > 0
    assert totals.duplicates == sum(run.count for run in truth.duplicates) > 0
    assert totals.well_formed == totals.records - totals.malformed
    carried = sum(run.count for run in truth.duplicates if run.count > 1)
    assert totals.planted + totals.background + carried == totals.records
    for source in truth.sources:
        own = [file for file in truth.files if file.source == source.source]
        assert source.records == sum(file.records for file in own)
        assert source.malformed == sum(file.malformed for file in own)
        assert source.duplicates == sum(file.duplicates for file in own)


@pytest.mark.parametrize("scenario", ALL)
def test_the_truth_is_whole_before_the_evidence_is(tmp_path: Path, scenario: str) -> None:
    seen: list[tuple[int, int, bytes, int]] = []

    def progress(done: int, total: int) -> None:
        written = sum(path.stat().st_size for path in (tmp_path / "evidence").rglob("*") if path.is_file())
        seen.append((done, total, (tmp_path / "truth.json").read_bytes(), written))

    truth = generate(tmp_path, scenario=scenario, events=150, seed=1, progress=progress)
    assert {told for _, _, told, _ in seen} == {truth.to_json()}
    assert seen[0][3] < sum((tmp_path / file.path).stat().st_size for file in truth.files)
    assert [done for done, *_ in seen] == sorted({done for done, *_ in seen})
    assert seen[-1][:2] == (150, 150)


def test_the_truth_file_says_what_the_caller_is_told(tell: Callable[[str, int], Told]) -> None:
    told = tell("breach", 1_999)
    read = orjson.loads((told.folder / "truth.json").read_bytes())
    assert read["schema"] == "vestige.demo.truth/1"
    assert (read["scenario"], read["seed"]) == ("breach", 1_999)
    first, step = read["steps"][0], told.truth.steps[0]
    assert (first["order"], first["phase"]) == (1, "vulnerable_line")
    assert first["sighting"]["keys"] == [list(key) for key in step.sighting.keys]
    assert read["totals"]["records"] == 1_999


def test_a_story_ends_when_it_is_told_to(tmp_path: Path) -> None:
    end = DEFAULT_END + 9 * 24 * HOUR
    moved = generate(tmp_path / "a", scenario="breach", events=200, seed=3, end=end + 59 * SECOND)
    usual = generate(tmp_path / "b", scenario="breach", events=200, seed=3)
    assert (usual.ends_at, moved.ends_at) == (DEFAULT_END, end)
    assert moved.ends_at - moved.starts_at == 72 * HOUR
    shifted = [step.sighting.at - (end - DEFAULT_END) for step in moved.steps]
    assert shifted == [step.sighting.at for step in usual.steps]
    assert (tmp_path / "a/evidence/linux/auth.log").read_bytes().splitlines()[-1].startswith(b"Nov 29 ")


def test_syslog_days_are_padded_with_a_space(tmp_path: Path) -> None:
    end = DEFAULT_END + 43 * 24 * HOUR  # 2027-01-02
    generate(tmp_path, scenario="breach", events=2_000, seed=3, end=end)
    lines = b"".join((tmp_path / "evidence/linux" / name).read_bytes() for name in ("auth.log.1", "auth.log"))
    assert b"\nJan  1 " in lines
    assert b"\nDec 31 " in lines


@pytest.mark.parametrize(
    ("wrong", "field", "expected"),
    [
        ({"scenario": "heist"}, "scenario", "breach or outage or fraud"),
        ({"events": LEAST_EVENTS - 1}, "events", "at least 100"),
        ({"end": 71 * HOUR}, "end", "nanoseconds since 1970 that leave room for the story"),
        ({"end": 2**63}, "end", "nanoseconds since 1970 that leave room for the story"),
    ],
)
def test_what_cannot_be_told_is_refused(tmp_path: Path, wrong: dict[str, object], field: str, expected: str) -> None:
    right = {"scenario": "breach", "events": LEAST_EVENTS, "seed": 1, "end": 72 * HOUR}
    with pytest.raises(UsageError) as caught:
        generate(tmp_path, **{**right, **wrong})  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.expected) == (field, expected)
    assert not any(tmp_path.iterdir())
    assert generate(tmp_path, **right).starts_at == 0  # type: ignore[arg-type]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    with pytest.raises(ConflictError):
        generate(tmp_path, scenario="fraud", events=100, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    generate(tmp_path / "new" / "folder", scenario="fraud", events=100, seed=1)


def test_a_plan_tells_the_truth_without_writing() -> None:
    plans, truth = plan(scenario="outage", events=10_000_000, seed=1)
    assert truth.totals.records == 10_000_000
    assert [one.channel.source for one in plans] == [source.source for source in truth.sources]


def test_writing_takes_no_more_memory_for_more_records(tmp_path: Path) -> None:
    def peak(events: int) -> int:
        tracemalloc.start()
        generate(tmp_path / str(events), scenario="outage", events=events, seed=1)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    small, large = peak(1_000), peak(15_000)
    assert large < small + 2_000_000


def test_json_lines_are_declared_events_of_about_400_bytes_rising_in_time() -> None:
    lines = list(json_lines(3, 20_000))
    assert len(lines) == len(set(lines)) == 20_000
    assert 350 < sum(map(len, lines)) / len(lines) < 500
    events = [orjson.loads(line) for line in lines]
    needed = {"event_type", "occurred_at", "actor", "network", "device", "session", "trace_id", "message", "severity"}
    assert all(needed < set(event) for event in events)
    assert all("\n" not in line.decode() for line in lines[:100])
    times = [event["occurred_at"] for event in events]
    assert times == sorted(times)
    assert times[-1] < "2026-11-20T18:00:00.000Z"
    assert times[0] >= "2026-10-21T18:00:00.000Z"
    signed_in = [event for event in events if event["event_type"] == "auth.login"]
    assert all(event["message"].startswith(event["actor"]["name"] + " signed in") for event in signed_in)


def test_json_lines_depend_on_the_seed_alone() -> None:
    assert list(json_lines(3, 500)) == list(json_lines(3, 500))
    assert list(json_lines(3, 500)) != list(json_lines(4, 500))
    # What measurements of different days are made on must stay the same.
    assert hashlib.sha256(b"\n".join(json_lines(1, 1_000))).hexdigest() == PINNED


def test_json_lines_of_a_shorter_time_are_as_many() -> None:
    lines = list(json_lines(3, 1_000, days=1, end=DEFAULT_END - MINUTE))
    assert len(lines) == 1_000
    assert orjson.loads(lines[0])["occurred_at"] >= "2026-11-19T17:59:00.000Z"


def test_json_lines_stream_in_flat_memory() -> None:
    def peak(events: int) -> int:
        tracemalloc.start()
        for _ in json_lines(1, events, days=2):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    small, large = peak(3_000), peak(30_000)
    assert large < small + 1_000_000
