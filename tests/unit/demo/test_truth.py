"""What the truth says against what the files hold: every step at its place, every defect a real one."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from typing import TYPE_CHECKING

import orjson
import pytest

from vestige.demo import SCENARIOS
from vestige.demo.cast import FAMILY_ADDRESS, INTRUDER_ADDRESS, SCANNER_ADDRESS, SPRAY_ADDRESSES
from vestige.demo.scenarios.fraud import DEVICE
from vestige.model.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unit.demo.conftest import Told
    from vestige.demo.truth import Sighting

ALL = sorted(SCENARIOS)
SIZES = [100, 1_999, 5_000]
SECOND = 10**9


def sightings(told: Told) -> Iterator[Sighting]:
    yield from (step.sighting for step in told.truth.steps)
    for near in told.truth.near_misses:
        yield from near.records


@pytest.fixture(params=[(scenario, size) for scenario in ALL for size in SIZES], ids=lambda p: f"{p[0]}-{p[1]}")
def told(request: pytest.FixtureRequest, tell: Callable[[str, int], Told]) -> Told:
    return tell(*request.param)


def test_every_act_stands_where_it_is_said_to_and_says_what_it_is_said_to(told: Told) -> None:
    for sighting in sightings(told):
        payload = told.records(sighting.file)[sighting.number]
        assert told.times(sighting.file)[sighting.number] == sighting.at
        text = payload.decode()
        assert sighting.actor in text
        for kind, value in sighting.keys:
            assert value in text, kind
        assert sighting.event_type in VOCABULARY
        if payload.startswith(b'{"event_type"'):
            document = orjson.loads(payload)
            assert document["event_type"] == sighting.event_type
            assert document.get("outcome", "") == sighting.outcome
            assert document["actor"]["id"] == sighting.actor


def test_no_record_is_two_acts(told: Told) -> None:
    places = Counter((sighting.file, sighting.number) for sighting in sightings(told))
    assert set(places.values()) == {1}


def test_acts_are_told_in_the_order_in_which_they_happened(told: Told) -> None:
    steps = told.truth.steps
    assert [step.order for step in steps] == list(range(1, len(steps) + 1))
    assert [step.sighting.true_at for step in steps] == sorted(step.sighting.true_at for step in steps)
    assert all(told.truth.starts_at <= sighting.true_at < told.truth.ends_at for sighting in sightings(told))


def test_a_record_differs_from_the_truth_by_its_source_clock_and_resolution_alone(told: Told) -> None:
    errors = {source.source: source.clock_error_ns for source in told.truth.sources}
    assert {clock.source: clock.error_ns for clock in told.truth.clocks} == {s: e for s, e in errors.items() if e}
    assert len(told.truth.clocks) == 1
    for sighting in sightings(told):
        assert -SECOND < sighting.at - sighting.true_at - errors[sighting.source] <= 0


def test_files_stand_in_order_of_arrival_but_for_what_is_said_to_be_late_or_twice(told: Told) -> None:
    apart = {(late.file, late.number) for late in told.truth.late}
    apart |= {(bad.file, bad.number) for bad in told.truth.malformed}
    apart |= {(run.file, run.number + n) for run in told.truth.duplicates for n in range(run.count)}
    for file in told.truth.files:
        times = [time for number, time in enumerate(told.times(file.path)) if (file.path, number) not in apart]
        known = [time for time in times if time is not None]
        assert len(known) == len(times)
        assert known == sorted(known)


def test_late_records_stand_below_later_ones(told: Told) -> None:
    assert len(told.truth.late) >= 3
    for late in told.truth.late:
        times = told.times(late.file)
        assert times[late.number] == late.at
        below = times[late.number + 1 :]
        source = next(file.source for file in told.truth.files if file.path == late.file)
        error = next(one.clock_error_ns for one in told.truth.sources if one.source == source)
        others = {(other.file, other.number) for other in told.truth.late}
        for number, time in enumerate(below, late.number + 1):
            if time is not None and (late.file, number) not in others:
                assert time >= late.arrived_at + error - SECOND
        assert late.arrived_at > late.at - error


def test_malformed_records_are_malformed_and_no_others_are(told: Told) -> None:
    bad = {(one.file, one.number) for one in told.truth.malformed}
    found = {
        (file.path, number)
        for file in told.truth.files
        for number, time in enumerate(told.times(file.path))
        if time is None
    }
    assert found == bad
    assert len(bad) == len(told.truth.malformed)


def test_duplicates_are_duplicates_and_nothing_else_is(told: Told) -> None:
    excess: Counter[str] = Counter()
    for run in told.truth.duplicates:
        copies = told.records(run.file)[run.number : run.number + run.count]
        assert copies == told.records(run.of_file)[run.of_number : run.of_number + run.count]
        assert len(copies) == run.count
    for source in told.truth.sources:
        records = [
            payload for file in told.truth.files if file.source == source.source for payload in told.records(file.path)
        ]
        excess[source.source] = len(records) - len(set(records))
        assert excess[source.source] == source.duplicates


def test_nothing_in_the_evidence_is_real(told: Told) -> None:
    fictional = [
        ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8")
    ]
    bad = {(one.file, one.number) for one in told.truth.malformed}
    for file in told.truth.files:
        good = [payload for n, payload in enumerate(told.records(file.path)) if (file.path, n) not in bad]
        text = b"\n".join(good).decode()
        text = re.sub(r"(Chrome|Version|Safari|AppleWebKit|Firefox|Gecko|aws-\S+|Python|Linux)/[\d.]+", "", text)
        for address in set(re.findall(r"(?<![\d.])\d+\.\d+\.\d+\.\d+(?![\d.])", text)):
            assert any(ipaddress.ip_address(address) in net for net in fictional), address
        for address in set(re.findall(r'"((?:[0-9a-f]{1,4})?:[0-9a-f:]+)"', text)):
            assert ipaddress.ip_address(address) in ipaddress.ip_network("2001:db8::/32")
        assert {domain for domain in re.findall(r"@([a-z.]+)", text) if "." in domain} <= {
            "example.com",
            "example.net",
            "example.org",
        }
        keys = set(re.findall(r"(?:AKIA|ASIA)[A-Z0-9]+", text))
        assert all(re.fullmatch(r"A[KS]IADEMO[A-Z2-7]{5}EXAMPLE", key) for key in keys)


PHASES = {
    "breach": [
        "vulnerable_line",
        "deploy",
        "password_spray",
        "first_success",
        "mfa_fatigue",
        "token_issued",
        "repository_access",
        "credential_found",
        "role_assumed",
        "logging_disabled",
        "bulk_export",
    ],
    "outage": ["deploy", "traffic_shift", "queue_failure", "errors", "rollback", "recovery"],
    "fraud": ["account_cluster", "shared_device", "card_testing", "payment_anomaly", "alert"],
}


def test_the_story_is_told_in_its_phases(told: Told) -> None:
    phases = list(dict.fromkeys(step.phase for step in told.truth.steps))
    assert phases == PHASES[told.truth.scenario]


def named(told: Told) -> dict[str, tuple[Sighting, ...]]:
    return {near.name: near.records for near in told.truth.near_misses}


def of_phase(told: Told, phase: str) -> list[Sighting]:
    return [step.sighting for step in told.truth.steps if step.phase == phase]


@pytest.mark.parametrize("size", SIZES)
def test_the_breach_happens_as_told(tell: Callable[[str, int], Told], size: int) -> None:
    told = tell("breach", size)
    spray = of_phase(told, "password_spray")
    assert {sighting.outcome for sighting in spray} == {"failure"}
    assert {dict(sighting.keys)["ip"] for sighting in spray} == set(SPRAY_ADDRESSES)
    assert len({sighting.actor for sighting in spray}) >= 10
    assert [s.outcome for s in of_phase(told, "mfa_fatigue")] == ["failure"] * 6 + ["success"]
    exports = of_phase(told, "bulk_export")
    assert [s.event_type for s in exports] == ["data.export"] + ["data.read"] * (len(exports) - 1)
    # The wrong clock shows: what was pushed was not yet committed.
    [commit] = [
        s for s in of_phase(told, "vulnerable_line") if s.event_type == "agent.command" and "commit" in dict(s.keys)
    ]
    pushed = of_phase(told, "deploy")[0]
    assert dict(commit.keys)["commit"] == dict(pushed.keys)["commit"]
    assert pushed.true_at > commit.true_at
    assert pushed.at < commit.at
    # One act of the incident reached its file late.
    late = {(late.file, late.number) for late in told.truth.late}
    assert [s.event_type for s in of_phase(told, "credential_found") if (s.file, s.number) in late] == ["service.error"]


@pytest.mark.parametrize("size", SIZES)
def test_what_only_looks_like_the_breach_is_innocent(tell: Callable[[str, int], Told], size: int) -> None:
    told = tell("breach", size)
    near = named(told)
    assert set(near) == {
        "look_alike_user",
        "look_alike_colleague",
        "travel_login",
        "scanner",
        "shared_address_service",
        "innocent_deploy",
        "failed_export",
    }
    assert {sighting.outcome for sighting in near["scanner"]} == {"failure"}
    planted = {(s.file, s.number) for s in sightings(told)}
    again = {(run.file, run.number + n) for run in told.truth.duplicates for n in range(run.count)}
    for file in told.truth.files:
        for number, payload in enumerate(told.records(file.path)):
            if SCANNER_ADDRESS.encode() in payload:
                assert b"Failed password" in payload
            hostile = any(ip.encode() in payload for ip in (*SPRAY_ADDRESSES, INTRUDER_ADDRESS, SCANNER_ADDRESS))
            assert not hostile or (file.path, number) in planted | again
    assert {s.outcome for s in near["failed_export"]} == {"failure"}
    assert {dict(s.keys)["ip"] for s in near["shared_address_service"]} == {INTRUDER_ADDRESS}
    guilty = {dict(s.keys)["commit"] for s in of_phase(told, "deploy")}
    assert guilty.isdisjoint(dict(s.keys)["commit"] for s in near["innocent_deploy"])


def test_the_victim_has_ordinary_days_at_known_addresses(tell: Callable[[str, int], Told]) -> None:
    told = tell("breach", 5_000)
    path = "evidence/okta/system_log.jsonl"
    records = zip(told.records(path), told.times(path), strict=True)
    before = [orjson.loads(one) for one, time in records if time and b'"jordan.ember@example.com"' in one]
    usual = [event for event in before if event["client"]["ipAddress"] not in {INTRUDER_ADDRESS, *SPRAY_ADDRESSES}]
    assert len(usual) > 1


@pytest.mark.parametrize("size", SIZES)
def test_the_outage_happens_as_told(tell: Callable[[str, int], Told], size: int) -> None:
    told = tell("outage", size)
    queue = of_phase(told, "queue_failure")
    [killed, gone] = [s for s in queue if "Out of memory" in payload_of(told, s) or "is gone" in payload_of(told, s)]
    assert (killed.source, gone.source) == ("syslog", "broker")
    assert gone.true_at > killed.true_at
    assert gone.at < killed.at
    assert [s.event_type for s in of_phase(told, "rollback")] == ["deploy.rolled_back"]
    assert set(named(told)) == {"innocent_deploy", "disk_warning", "reboot", "broken_import", "old_alarm"}


@pytest.mark.parametrize("size", SIZES)
def test_the_fraud_happens_as_told(tell: Callable[[str, int], Told], size: int) -> None:
    told = tell("fraud", size)
    cluster = {s.actor for s in of_phase(told, "account_cluster")}
    assert len(cluster) >= 4
    assert {s.actor for s in of_phase(told, "shared_device")} == cluster
    assert {dict(s.keys)["device"] for s in of_phase(told, "shared_device")} == {DEVICE}
    assert {s.outcome for s in of_phase(told, "card_testing")} == {"success", "failure"}
    planted = {(s.file, s.number) for s in sightings(told)}
    for file in told.truth.files:
        for number, payload in enumerate(told.records(file.path)):
            assert DEVICE.encode() not in payload or (file.path, number) in planted
    near = named(told)
    assert set(near) == {"shared_address", "shared_device_family", "travelling_customer"}
    innocent = {s.actor for records in near.values() for s in records}
    assert innocent.isdisjoint(cluster)
    assert {dict(s.keys)["ip"] for s in near["shared_device_family"]} == {FAMILY_ADDRESS}
    campus = {dict(s.keys)["ip"] for s in near["shared_address"]}
    assert campus <= {dict(s.keys)["ip"] for s in of_phase(told, "account_cluster")}
    # The wrong clock shows: the alert is about a payment that is yet to come.
    paid, alert = near["travelling_customer"][1:]
    assert paid.true_at < alert.true_at
    assert paid.at > alert.at


def payload_of(told: Told, sighting: Sighting) -> str:
    return told.records(sighting.file)[sighting.number].decode()
