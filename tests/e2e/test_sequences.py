"""Sequences on the demonstration, whose truth was written before any parser ran: the planted ones and nothing else."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from support.program import Vestige, serving
from vestige.demo import generate
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = int(os.environ.get("VESTIGE_TEST_SEEDS", "2"))
EVENTS = 5000
PLANTED = {
    "breach": {
        "spray-contested": {"password_spray", "first_success", "mfa_fatigue"},
        "mfa-fatigue": {"mfa_fatigue"},
        "log-tampering": {"logging_disabled"},
        "data-exfiltration": {"bulk_export"},
    },
    "outage": {
        "bad-deploy": {"deploy", "errors", "rollback"},
        "traffic-shift-queue-failure": {"traffic_shift", "queue_failure"},
    },
    "fraud": {
        "shared-device-cluster": {"shared_device", "payment_anomaly"},
        "card-testing": {"card_testing"},
        "payment-after-session-change": {"payment_anomaly"},
    },
}
"""Which sequences each story has, and of which of its phases their events are."""


@dataclass
class Tally:
    """What all seeds came to."""

    found: int = 0
    right: int = 0
    wanted: int = 0
    met: int = 0
    events: int = 0
    planted: int = 0


TALLY = Tally()


@pytest.mark.parametrize("scenario", PLANTED)
@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_the_planted_sequences_are_found_and_nothing_else(tmp_path: Path, scenario: str, seed: int) -> None:
    generate(tmp_path / "demo", scenario=scenario, events=EVENTS, seed=seed)
    with serving(tmp_path / "data"):  # commands speak to it, and so start quickly
        hold(Vestige(tmp_path / "data"), tmp_path, scenario, seed)


def hold(vestige: Vestige, tmp_path: Path, scenario: str, seed: int) -> None:
    vestige.ok("import", str(tmp_path / "demo" / "evidence"), code=3)
    truth = json.loads((tmp_path / "demo" / "truth.json").read_text())
    near = {record["at"] for one in truth["near_misses"] for record in one["records"]}
    found = vestige.lines("sequences", "scan")
    shown = {event["id"]: at(event) for event in vestige.lines("timeline") if "occurred_at" in event}
    met, right = set(), 0
    for one in found:
        phases = PLANTED[scenario].get(one["pattern"], set())
        times = {step["sighting"]["at"] for step in truth["steps"] if step["phase"] in phases}
        evidence = [shown[event] for event in one["evidence"]]
        ends = {evidence[0], evidence[-1]}
        TALLY.events, TALLY.planted = TALLY.events + len(evidence), TALLY.planted + len(times.intersection(evidence))
        assert [parse_rfc3339(one[name])[0] for name in ("started_at", "ended_at")] == [min(ends), max(ends)]
        # Where something innocent happened in the same instant, the time does not tell the two apart.
        mostly = 2 * sum(time in times for time in evidence) > len(evidence)
        if ends <= times and mostly and (near - times).isdisjoint(evidence):
            met.add(one["pattern"])
            right += 1
    wanted = PLANTED[scenario].keys()
    TALLY.found, TALLY.right = TALLY.found + len(found), TALLY.right + right
    TALLY.wanted, TALLY.met = TALLY.wanted + len(wanted), TALLY.met + len(met)
    print(f"{scenario} seed {seed}: {len(found)} found, {right} right, {len(met)} of {len(wanted)} planted; ", end="")
    print(f"so far precision {TALLY.right / max(TALLY.found, 1):.3f}, recall {TALLY.met / TALLY.wanted:.3f}, ", end="")
    print(f"planted of the evidence {TALLY.planted} of {TALLY.events}")
    assert met == wanted
    assert right == len(found), [one for one in found if one["pattern"] not in wanted]
    # Looked for again, all of it is found again and none of it is new; and it is what the ledger keeps.
    again = vestige.lines("sequences", "scan")
    assert [one | {"new": True} for one in again] == found
    assert not any(one["new"] for one in again)
    kept = vestige.lines("detections")
    assert {one["id"] for one in kept} == {one["id"] for one in found}


def at(event: dict[str, Any]) -> int:
    return parse_rfc3339(event["occurred_at"])[0]
