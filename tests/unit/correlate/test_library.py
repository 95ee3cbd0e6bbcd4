"""The built-in patterns, each on what it is for and on what is nearly that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.engine import opened
from support.sequence_log import Act, SequenceLog, act
from vestige.correlate.library import built_in
from vestige.model.instant import NANOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index

ANN, BOB = {"actor_id": "ann"}, {"actor_id": "bob"}
TO_ANN = {"subject_id": "ann", "outcome": "success"}
OK, BAD = {"outcome": "success"}, {"outcome": "failure"}
DEVICE = {"device_id": "d1"}


def paid(at: float, cents: int, card: str = "c", **fields: object) -> Act:
    return act(at, "payment.made", attributes=f'{{"amount_cents":{cents},"card":"{card}"}}', **OK, **fields)


def service(at: float, kind: str, **fields: object) -> Act:
    return act(at, kind, attributes='{"service":"orders"}', **fields)


def in_okta(country: str, city: str = "Wien") -> str:
    return json.dumps({"client": {"geographicalContext": {"city": city, "country": country}}})


def in_entra(country: str) -> str:
    return json.dumps({"properties": {"location": {"countryOrRegion": country}}})


CASES: dict[str, list[Act]] = {
    "brute-force-success": [
        *(act(60.0 * n, "auth.login_failed", **ANN, **BAD) for n in range(5)),
        act(400, "auth.login", **ANN, **OK),
    ],
    "spray-contested": [
        *(act(60.0 * n, "auth.login_failed", actor_id=f"user{n}", **BAD) for n in range(7)),
        act(500, "auth.login_failed", **ANN, **BAD),
        act(600, "auth.login", **ANN, **OK),
        act(700, "auth.mfa", **ANN, **BAD),
    ],
    "mfa-fatigue": [
        *(act(60.0 * n, "auth.mfa", **ANN, **BAD) for n in range(3)),
        act(300, "auth.mfa", **ANN, **OK),
    ],
    "two-countries-okta": [
        act(0, "auth.login", attributes=in_okta("Austria"), **ANN, **OK),
        act(900, "auth.login", attributes=in_okta("Peru"), **ANN, **OK),
    ],
    "two-countries-entra": [
        act(0, "auth.login", attributes=in_entra("AT"), **ANN, **OK),
        act(900, "auth.login", attributes=in_entra("PE"), **ANN, **OK),
    ],
    "shared-device-cluster": [act(600.0 * n, "session.opened", actor_id=f"user{n}", **DEVICE) for n in range(4)],
    "card-testing": [paid(600.0 * n, 100, f"card{n}", **DEVICE) for n in range(5)],
    "payment-after-session-change": [
        act(0, "auth.login", **BOB, **OK, **DEVICE),
        act(600, "auth.login", **ANN, **OK, **DEVICE),
        paid(900, 90_000, **ANN, **DEVICE),
    ],
    "traffic-shift-queue-failure": [
        act(0, "traffic.shifted", **OK),
        *(act(300.0 + n, "queue.failed", severity=2, **BAD) for n in range(3)),
    ],
    "bad-deploy": [
        service(0, "deploy.completed", **OK),
        *(service(900.0 + n, "service.error", severity=3, **BAD) for n in range(3)),
        service(3600, "deploy.rolled_back", **OK),
    ],
    "principal-credential-use": [
        act(0, "account.created", **TO_ANN, **BOB),
        act(60, "account.credential_changed", **TO_ANN, **BOB),
        act(600, "data.read", **ANN, **OK),
    ],
    "privilege-persistence": [
        act(0, "access.granted", **TO_ANN, **BOB),
        act(600, "schedule.created", **ANN, **OK),
    ],
    "log-tampering": [act(0, "logging.disabled", **ANN, **BAD)],
    "data-exfiltration": [
        act(0, "data.export", **ANN, **OK),
        *(act(600.0 + n, "data.read", object_id=f"part{n}", **ANN, **OK) for n in range(5)),
    ],
    "token-moved": [
        act(0, "data.read", src_ip="192.0.2.1", keys=(("token", "t1"),)),
        act(600, "data.read", src_ip="203.0.113.9", keys=(("token", "t1"),)),
    ],
    "session-moved": [
        act(0, "data.read", src_ip="192.0.2.1", session="s1"),
        act(600, "data.read", src_ip="203.0.113.9", session="s1"),
    ],
    "secret-sweep": [act(60.0 * n, "secret.read", object_id=f"secret{n}", **ANN) for n in range(5)],
}
"""Of each pattern one match, in order of time, with nothing to spare."""
ORDERED = [name for name in CASES if len(built_in()[name].taken) > 1 and built_in()[name].strict and name not in {
    "two-countries-okta", "two-countries-entra", "token-moved", "session-moved",
}]  # fmt: skip
"""Those that are not the same backwards."""
LONGER = [name for name, case in CASES.items() if len(case) > 1]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("library")) as index:
        yield index


def found(index: Index, name: str, acts: list[Act]) -> list[list[int]]:
    return SequenceLog(index, acts).found(built_in()[name])


def test_every_pattern_has_a_case_and_says_what_it_is() -> None:
    assert CASES.keys() == {name for name in built_in() if not name.startswith("aws-")}
    assert len(built_in()) >= 16
    for pattern in built_in().values():
        assert len(pattern.description) > 60
        assert pattern.title[0].isupper()
        assert all(step.where for step in pattern.steps)


@pytest.mark.parametrize("name", CASES)
def test_it_finds_what_it_is_for_with_every_event_as_evidence(index: Index, name: str) -> None:
    acts = CASES[name]
    assert found(index, name, acts) == [list(range(len(acts)))]


@pytest.mark.parametrize("name", LONGER)
def test_not_when_any_one_event_is_missing(index: Index, name: str) -> None:
    acts = CASES[name]
    for place in range(len(acts)):
        assert found(index, name, acts[:place] + acts[place + 1 :]) == [], place


@pytest.mark.parametrize("name", ORDERED)
def test_not_in_another_order(index: Index, name: str) -> None:
    acts = CASES[name]
    times = [one.at for one in acts]
    backwards = [one._replace(at=at) for one, at in zip(acts, reversed(times), strict=True)]
    assert found(index, name, backwards) == []


@pytest.mark.parametrize("name", LONGER)
def test_in_the_last_moment_of_the_window_and_not_a_second_later(index: Index, name: str) -> None:
    acts, pattern = CASES[name], built_in()[name]
    within = pattern.within / NANOS
    slack = within - ((acts[-1].at or 0) - (acts[0].at or 0))
    # The first event is put as far back as the window reaches: gaps bind only between later ones.
    edge = [acts[0]._replace(at=(acts[0].at or 0) - slack), *acts[1:]]
    gapped = any(pattern.steps[place].gap is not None for place in pattern.taken[1:2])
    if gapped and pattern.steps[pattern.taken[0]].needs == 1:
        pytest.fail("the edge must not be hidden by a gap")
    assert found(index, name, edge) == [list(range(len(acts)))]
    assert found(index, name, [edge[0]._replace(at=(edge[0].at or 0) - 1), *edge[1:]]) == []


@pytest.mark.parametrize("name", [name for name in LONGER if built_in()[name].by])
def test_not_when_somebody_or_something_else_has_a_part_in_it(index: Index, name: str) -> None:
    acts = CASES[name]
    other = {
        "actor_id": "eve", "subject_id": "eve", "device_id": "d9", "session": "s9", "keys": (("token", "t9"),),
        "attributes": '{"service":"search","amount_cents":90000,"card":"c9"}',
    }  # fmt: skip
    by = {"identity": {"actor_id", "subject_id"}, "device": {"device_id"}, "session": {"session"},
          "token": {"keys"}, "attributes.service": {"attributes"}}[built_in()[name].by[0].name]  # fmt: skip
    for place in (0, len(acts) - 1):
        one = acts[place]
        changed = one._replace(fields=one.fields | {field: other[field] for field in by & one.fields.keys()})
        assert changed != one
        assert found(index, name, [*acts[:place], changed, *acts[place + 1 :]]) == [], place


@pytest.mark.parametrize(
    ("name", "place", "change"),
    [
        ("spray-contested", 8, {"actor_id": "stranger"}),
        ("spray-contested", 9, {"actor_id": "user1"}),
        ("two-countries-okta", 1, {"attributes": in_okta("Austria", "Linz")}),
        ("two-countries-okta", 1, {"attributes": "{}"}),
        ("two-countries-okta", 1, {"outcome": "failure"}),
        ("two-countries-entra", 1, {"attributes": in_entra("AT")}),
        ("session-moved", 1, {"src_ip": "192.0.200.9"}),
        ("payment-after-session-change", 2, {"actor_id": "bob"}),
        ("payment-after-session-change", 0, {"actor_id": "ann"}),
        ("payment-after-session-change", 2, {"attributes": '{"amount_cents":49999}'}),
        ("card-testing", 4, {"attributes": '{"amount_cents":501,"card":"card4"}'}),
        ("card-testing", 4, {"attributes": '{"amount_cents":100,"card":"card0"}'}),
        ("shared-device-cluster", 3, {"actor_id": "user0"}),
        ("secret-sweep", 4, {"object_id": "secret0"}),
        ("data-exfiltration", 0, {"outcome": "failure"}),
        ("traffic-shift-queue-failure", 3, {"severity": 1}),
        ("bad-deploy", 3, {"severity": 2}),
    ],
)
def test_not_when_what_tells_it_apart_is_missing(
    index: Index, name: str, place: int, change: dict[str, object]
) -> None:
    acts = list(CASES[name])
    acts[place] = acts[place]._replace(fields=acts[place].fields | change)
    assert found(index, name, acts) == []


def test_what_others_do_in_between_changes_nothing(index: Index) -> None:
    acts = CASES["brute-force-success"]
    others = act(150, "auth.login", **BOB, **OK)
    assert found(index, "brute-force-success", [*acts[:3], others, *acts[3:]]) == [[0, 1, 2, 4, 5, 6]]


def test_guessing_that_works_twice_is_told_once_if_it_goes_on_and_twice_after_a_pause(index: Index) -> None:
    acts = CASES["brute-force-success"]
    again = act(450, "auth.login", **ANN, **OK)
    assert found(index, "brute-force-success", [*acts, again]) == [[0, 1, 2, 3, 4, 5]]
    more = [*acts, *(one._replace(at=(one.at or 0) + 500) for one in acts)]
    assert found(index, "brute-force-success", more) == [list(range(12))]
    later = [*acts, *(one._replace(at=(one.at or 0) + 400 + 901) for one in acts)]
    assert found(index, "brute-force-success", later) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]


def test_a_roll_out_into_errors_that_were_there_before_is_not_told(index: Index) -> None:
    acts = CASES["bad-deploy"]
    errors = [service(at, "service.error", severity=3, **BAD) for at in (-600, -300, -60)]
    assert found(index, "bad-deploy", sorted([*errors, *acts], key=lambda one: one.at or 0)) == []
    # Two are no more than a service has on any day, and older ones have nothing to do with it.
    assert found(index, "bad-deploy", [*errors[:2], *acts]) == [[2, 3, 4, 5, 6]]
    older = [one._replace(at=(one.at or 0) - 900) for one in errors]
    assert found(index, "bad-deploy", [*older, *acts]) == [[3, 4, 5, 6, 7]]
    # Of two roll-outs, the one in the middle of the errors is not their cause.
    second = service(1000, "deploy.completed", **OK)
    more = [service(1100 + n, "service.error", severity=3, **BAD) for n in range(3)]
    assert found(index, "bad-deploy", [*acts[:4], second, *more, acts[4]]) == [[0, 5, 6, 7, 8]]
