"""Clocks that stand apart become visible by what several sources saw, and the commands told mend them."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from support import skewed
from support.inside import Inside


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Inside:
    folder = tmp_path_factory.mktemp("skew")
    (folder / "logs").mkdir()
    skewed.write(folder / "logs")
    vestige = Inside(folder / "data")
    vestige.ok("import", str(folder / "logs"), "--year", "2026")
    return vestige


@pytest.fixture(scope="module")
def pairs(day: Inside) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["a"], one["b"]): one for one in day.lines("source", "skew")}


def test_a_host_that_says_z_and_means_local_time_is_a_zone_error(pairs: Any) -> None:
    one = pairs["fw.jsonl", "idp.jsonl"]
    assert (one["verdict"], one["suspect"]) == ("zone_error", "fw.jsonl")
    assert one["says"] == "stamps of fw.jsonl state their zone but look like UTC+02:00"
    assert abs(one["offset_ns"] - 7200 * 10**9) < 10**9
    assert (one["pairs"], one["share"], one["kinds"]) == (skewed.ACTS, 1.0, ["flow", "login", "session"])
    assert one["mend"].startswith("vestige source set fw.jsonl --clock-offset=-7200s --evidence ")
    assert len(one["evidence"]) == 3


def test_a_clock_that_runs_fast_is_skewed(pairs: Any) -> None:
    one = pairs["app.jsonl", "idp.jsonl"]
    assert (one["verdict"], one["suspect"]) == ("clock_skew", "app.jsonl")
    assert abs(one["offset_ns"] - 93 * 10**9) < 10**9
    assert one["says"].startswith("the clock of app.jsonl is 9")
    assert one["says"].endswith("s fast")


def test_a_source_whose_zone_is_assumed_is_told_its_zone(pairs: Any) -> None:
    one = pairs["idp.jsonl", "sshd.log"]
    assert (one["verdict"], one["suspect"], one["why"]) == ("zone_error", "sshd.log", "its zone is assumed")
    assert one["says"] == "stamps of sshd.log are read as UTC but look like UTC+02:00"
    assert one["mend"] == "vestige source set sshd.log --zone +02:00"


def test_what_is_in_step_rare_or_without_order_is_left_alone(pairs: Any) -> None:
    assert pairs["idp.jsonl", "proxy.jsonl"]["verdict"] == "in_step"
    assert pairs["idp.jsonl", "rare.jsonl"]["verdict"] == "too_few"
    assert pairs["crowd.jsonl", "idp.jsonl"]["verdict"] == "unsteady"
    for names in (("idp.jsonl", "proxy.jsonl"), ("idp.jsonl", "rare.jsonl"), ("crowd.jsonl", "idp.jsonl")):
        assert "mend" not in pairs[names]


def test_a_person_reads_it_and_nothing_was_changed(day: Inside, pairs: Any) -> None:
    said = day.ok("source", "skew").decode()
    assert "fw.jsonl and idp.jsonl: likely a zone error" in said
    assert "idp.jsonl and rare.jsonl: too few acts seen by both to say" in said
    assert f"mend: {pairs['fw.jsonl', 'idp.jsonl']['mend']}" in said
    assert all(one["settings"] == {} for one in day.lines("source", "list"))


def test_the_commands_told_mend_it(day: Inside, pairs: Any) -> None:
    for names in (("fw.jsonl", "idp.jsonl"), ("app.jsonl", "idp.jsonl"), ("idp.jsonl", "sshd.log")):
        report = day.json(*shlex.split(pairs[names]["mend"])[1:])
        assert report["changed"]["events"] == skewed.ACTS
        assert report["changed"]["added"] == report["changed"]["removed"] == 0
    verdicts = {(one["a"], one["b"]): one["verdict"] for one in day.lines("source", "skew")}
    for names in (("fw.jsonl", "idp.jsonl"), ("app.jsonl", "idp.jsonl"), ("idp.jsonl", "sshd.log")):
        assert verdicts[names] == "in_step", names
    event = day.lines("search", "source:fw.jsonl", "session:session-0")[0]
    assert event["clock_offset"] == "-7200s"
    assert event["time_text"].startswith("2026-03-02")
    assert event["time_text"] != event["occurred_at"]
