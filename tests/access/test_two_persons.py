"""The two-person rule over HTTP: what one may no longer do alone, and how two do it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.world import world_in
from vestige.access import people_store, store
from vestige.access.tokens import new_token, token_digest
from vestige.custody.retention import DAY
from vestige.model.ids import new_ulid
from vestige.model.instant import NANOS, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from support.world import World


HOUR = 3600 * NANOS


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("two") / "data") as made:
        yield made
        for name in ("second", "third"):
            if name in made.clients:
                made.clients[name].close()


def record(world: World) -> str:
    event = {"event_type": "a.b", "message": "soon gone"}
    return str(world.client("here").post("/v1/ingest/events", json=event).json()["results"][0]["id"])


def report(answer: httpx.Response) -> dict[str, Any]:
    """The last line of a stream."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.text.splitlines()[-1])
    return found


@pytest.fixture
def strict(world: World) -> Iterator[World]:
    """A tenant that asks for two persons."""
    said = {"two_persons": True, "hours": 5, "sealed": False}
    answer = world.client("owner").put("/v1/custody", json=said)
    assert (answer.status_code, answer.json()) == (200, said)
    yield world
    proposed = world.client("owner").put("/v1/custody", json={"two_persons": False, "propose": True}).json()["proposed"]
    done = report(world.client("admin").post(f"/v1/custody/proposals/{proposed['id']}/approve"))
    assert done["report"]["two_persons"] is False


def test_alone_nobody_does_it_and_two_do(strict: World) -> None:
    admin, owner = strict.client("admin"), strict.client("owner")
    made = record(strict)
    erasure = {"ids": [made], "reason": "privacy"}
    hold = admin.post("/v1/holds", json={"q": "session:nobody", "reason": "litigation"}).json()["id"]
    alone = (
        admin.post("/v1/erasures", json=erasure),
        admin.post("/v1/redactions", json=erasure),
        admin.post(f"/v1/holds/{hold}/release", json={"reason": "done"}),
        owner.put("/v1/custody", json={"two_persons": False}),
    )
    assert [(one.status_code, one.json()["code"]) for one in alone] == [(409, "conflict.two_persons")] * 4
    proposed = report(admin.post("/v1/erasures", json=erasure | {"propose": True}))["report"]["proposed"]
    path = f"/v1/custody/proposals/{proposed['id']}"
    assert (proposed["act"], proposed["state"], proposed["body"]["ids"]) == ("erase", "open", [made])
    own = admin.post(f"{path}/approve")
    assert (own.status_code, "a second person" in own.text) == (403, True)
    assert strict.client("investigator").post(f"{path}/approve").status_code == 403
    assert "erased" not in owner.get(f"/v1/events/{made}").json()
    done = report(owner.post(f"{path}/approve"))["report"]
    assert (done["act"], done["records"]) == ("erase", 1)
    shown = owner.get(f"/v1/events/{made}").json()
    assert shown["status"] == "erased"
    again = owner.post(f"{path}/approve")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    trail = owner.get("/v1/audit", params={"action": "evidence.erased"}).json()["entries"][0]["detail"]
    assert (trail["proposal"], trail["proposed_by"]) == (proposed["id"], proposed["proposed_by"])


def test_what_was_agreed_to_and_cannot_be_any_more_is_told(strict: World) -> None:
    admin, owner = strict.client("admin"), strict.client("owner")
    made = record(strict)
    body = {"ids": [made], "reason": "privacy", "propose": True}
    proposed = report(admin.post("/v1/erasures", json=body))["report"]["proposed"]["id"]
    hold = admin.post("/v1/holds", json={"q": "type:a.b", "reason": "litigation"}).json()["id"]
    failed = report(owner.post(f"/v1/custody/proposals/{proposed}/approve"))
    assert failed["problem"]["code"] == "conflict.held"
    states = {one["id"]: one["state"] for one in owner.get("/v1/custody/proposals").json()["proposals"]}
    assert states[proposed] == "failed"
    release = admin.post(f"/v1/holds/{hold}/release", json={"reason": "done", "propose": True}).json()["proposed"]["id"]
    assert owner.get(f"/v1/holds/{hold}").json()["in_force"]
    report(owner.post(f"/v1/custody/proposals/{release}/approve"))
    assert not owner.get(f"/v1/holds/{hold}").json()["in_force"]


def test_keeping_for_less_and_purging_take_two(strict: World) -> None:
    admin, owner = strict.client("admin"), strict.client("owner")
    made = record(strict)
    strict.client("here").post(
        "/v1/ingest/events", json={"event_type": "a.b"}, headers={"X-Source-Id": "web"}
    ).raise_for_status()
    retention = strict.installation.rooms(strict.tenant).retention
    assert admin.put("/v1/retention", json={"days": 500}).json()["days"] == 500  # for longer: by one
    assert admin.put("/v1/retention", json={"sources": [{"name": "web", "days": 600}]}).is_success
    shorter = ({"days": 499}, {"purge": "on"}, {"sources": [{"name": "web", "days": 599}]},
               {"sources": [{"name": "web"}]})  # fmt: skip
    alone = [*(admin.put("/v1/retention", json=one) for one in shorter),
             admin.post("/v1/retention/run", json={"dry_run": False})]  # fmt: skip
    assert [(one.status_code, one.json()["code"]) for one in alone] == [(409, "conflict.two_persons")] * 5
    assert report(admin.post("/v1/retention/run", json={}))["report"]["would_purge"] == 0
    assert (retention.policy().days, retention.policy().purge) == (500, False)
    assert admin.put("/v1/retention", json={"mode": "none", "days": 0, "propose": True}).status_code == 422

    said = {"days": 1, "sources": [{"name": "web"}], "propose": True}
    proposed = admin.put("/v1/retention", json=said).json()["proposed"]
    assert admin.post(f"/v1/custody/proposals/{proposed['id']}/approve").status_code == 403
    done = report(owner.post(f"/v1/custody/proposals/{proposed['id']}/approve"))["report"]
    assert (done["act"], done["days"], retention.policy().sources) == ("retention", 1, {})
    act = strict.acts("retention.set")[-1]["detail"]
    assert (act["proposal"], act["proposed_by"]) == (proposed["id"], proposed["proposed_by"])
    retention._clock = lambda: now() + 3 * DAY
    try:
        purge = report(admin.post("/v1/retention/run", json={"dry_run": False, "propose": True}))["report"]["proposed"]
        assert "erased" not in owner.get(f"/v1/events/{made}").json()
        done = report(owner.post(f"/v1/custody/proposals/{purge['id']}/approve"))["report"]
        assert (done["act"], done["purged"] >= 2) == ("purge", True)
    finally:
        retention._clock = now
    assert owner.get(f"/v1/events/{made}").json()["status"] == "erased"
    assert strict.acts("evidence.purged")[-1]["detail"]["proposal"] == purge["id"]
    assert admin.put("/v1/retention", json={"days": 400, "mode": "pci_dss"}).is_success
    assert admin.put("/v1/retention", json={"mode": "none"}).json()["code"] == "forbidden"
    assert owner.put("/v1/retention", json={"mode": "none"}).json()["code"] == "conflict.two_persons"


def test_a_mode_that_asks_for_less_by_the_time_it_is_agreed_to_takes_the_owner(strict: World) -> None:
    owner, admin = strict.client("owner"), strict.client("admin")
    retention = strict.installation.rooms(strict.tenant).retention
    with signed_in_anew(strict, "fourth@example.org") as fourth:
        begun = owner.put("/v1/retention", json={"mode": "none", "days": 4000, "propose": True}).json()["proposed"][
            "id"
        ]
        report(admin.post(f"/v1/custody/proposals/{begun}/approve"))  # the owner proposed it: an admin agrees
        assert retention.policy().mode == "none"

        def proposed(who: httpx.Client) -> str:
            return str(who.put("/v1/retention", json={"mode": "none", "propose": True}).json()["proposed"]["id"])

        early, late, theirs = proposed(admin), proposed(admin), proposed(owner)
        same = report(fourth.post(f"/v1/custody/proposals/{proposed(admin)}/approve"))  # it asks for no less yet
        assert same["report"]["mode"] == "none"
        assert owner.put("/v1/retention", json={"mode": "sox"}).json()["mode"] == "sox"
        refused = fourth.post(f"/v1/custody/proposals/{early}/approve")
        assert (refused.status_code, "tenant.manage" in refused.text) == (403, True)
        assert strict.acts("access.refused")[-1]["detail"]["permission"] == "tenant.manage"
        # Between that question and the act itself the mode may change too.
        lowers = strict.installation.rooms(strict.tenant).agreeing
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lowers, "lowers", lambda _: False)
            failed = report(fourth.post(f"/v1/custody/proposals/{late}/approve"))["problem"]
        assert (failed["code"], "tenant.manage" in failed["expected"]) == ("forbidden", True)
        assert retention.policy().mode == "sox"
        # It still waits for who may.
        report(owner.post(f"/v1/custody/proposals/{early}/approve"))
        assert retention.policy().mode == "none"
        assert owner.put("/v1/retention", json={"mode": "sox"}).is_success
        report(fourth.post(f"/v1/custody/proposals/{theirs}/approve"))
        assert retention.policy().mode == "none"


def test_a_redaction_and_its_end_take_two(strict: World) -> None:
    investigator, admin = strict.client("investigator"), strict.client("admin")
    made = record(strict)
    body = {"ids": [made], "fields": ["message"], "reason": "privacy", "propose": True}
    proposed = report(investigator.post("/v1/redactions", json=body))["report"]["proposed"]["id"]
    report(admin.post(f"/v1/custody/proposals/{proposed}/approve"))
    (redaction,) = admin.get(f"/v1/events/{made}").json()["redacted"]
    path = f"/v1/redactions/{redaction['entry']}/lift"
    assert investigator.post(path, json={"reason": "mistake"}).json()["code"] == "conflict.two_persons"
    lift = report(investigator.post(path, json={"reason": "mistake", "propose": True}))["report"]["proposed"]["id"]
    assert admin.post(f"/v1/custody/proposals/{lift}/decline").json()["state"] == "declined"
    assert "redacted" in admin.get(f"/v1/events/{made}").json()
    lift = report(investigator.post(path, json={"reason": "mistake", "propose": True}))["report"]["proposed"]["id"]
    report(admin.post(f"/v1/custody/proposals/{lift}/approve"))
    assert "redacted" not in admin.get(f"/v1/events/{made}").json()


def test_keys_that_came_through_the_same_hands_are_no_two_persons(strict: World) -> None:
    def made_with(client: httpx.Client, name: str) -> str:
        answer = client.post("/v1/admin/keys", json={"name": name, "scopes": ["admin"]})
        return str(answer.json()["token"])

    with (
        strict.as_token(made_with(strict.client("admin"), "chain one")) as first,
        strict.as_token(made_with(first, "chain two")) as second,
        strict.as_token(made_with(second, "chain three")) as third,
        strict.as_token(made_with(first, "chain beside")) as beside,
        strict.as_token(made_with(strict.client("owner"), "another's")) as other,
    ):
        body = {"ids": [record(strict)], "reason": "privacy", "propose": True}
        for one in (first, third, beside):
            proposed = report(one.post("/v1/redactions", json=body))["report"]["proposed"]["id"]
            for approver in (first, second, third, beside, strict.client("admin")):
                answer = approver.post(f"/v1/custody/proposals/{proposed}/approve")
                assert (answer.status_code, "a second person" in answer.text) == (403, True)
        report(other.post(f"/v1/custody/proposals/{proposed}/approve"))


def test_a_key_of_ones_own_is_no_second_person(strict: World) -> None:
    admin = strict.client("admin")
    made = record(strict)
    wanted = {"name": "mine", "scopes": ["admin"]}
    token = admin.post("/v1/admin/keys", json=wanted).json()["token"]
    body = {"ids": [made], "reason": "privacy", "propose": True}
    proposed = report(admin.post("/v1/redactions", json=body))["report"]["proposed"]["id"]
    with strict.as_token(token) as mine:
        answer = mine.post(f"/v1/custody/proposals/{proposed}/approve")
    assert (answer.status_code, "a second person" in answer.text) == (403, True)
    report(strict.client("owner").post(f"/v1/custody/proposals/{proposed}/approve"))


def person(world: World, who: str, email: str, role: str = "admin") -> httpx.Client:
    """Somebody whom another invited, and who came."""
    token = world.client(who).post("/v1/people", json={"email": email, "role": role}).json()["token"]
    accept(world, token)
    return signed_in(world, email)


def signed_in_anew(world: World, email: str) -> httpx.Client:
    """An admin who was let in long ago, and not by who proposes."""
    made = person(world, "owner", email)
    with world.installation.db.write() as connection:
        connection.exec_driver_sql("UPDATE access_invites SET created_at = created_at - ?", (10 * HOUR,))
    return made


def accept(world: World, token: str) -> None:
    answer = {"token": token, "password": "correct horse battery staple", "name": "N"}
    world.client("here").post("/v1/people/accept", json=answer).raise_for_status()


def signed_in(world: World, email: str) -> httpx.Client:
    """A client with a token of a person's own."""
    tenant, at, token = world.tenant, now(), new_token()
    with world.installation.db.write() as connection:
        found = people_store.by_email(connection, tenant, email)
        assert found is not None
        row = store.KeyRow(new_ulid(at // 1_000_000), tenant, email, token_digest(token), at, (), person=found.id)
        store.add_key(connection, row)
    return world.as_token(token)


def test_nobody_agrees_with_whom_they_invited_not_long_before(strict: World) -> None:
    """Whoever may invite can invite a second self: neither way about, nor by a third, as long as a proposal waits."""
    owner, admin, made = strict.client("owner"), strict.client("admin"), record(strict)
    second = person(strict, "owner", "second@example.org", "owner")
    strict.clients["second"] = second  # who invites, and is closed
    third = strict.clients["third"] = person(strict, "second", "third@example.org")
    body = {"ids": [made], "reason": "privacy", "propose": True}

    def proposed(who: httpx.Client) -> str:
        return str(report(who.post("/v1/erasures", json=body))["report"]["proposed"]["id"])

    mine, theirs, by_third = proposed(owner), proposed(second), proposed(third)
    for who, which in ((second, mine), (third, mine), (owner, theirs), (owner, by_third), (second, by_third)):
        refused = who.post(f"/v1/custody/proposals/{which}/approve")
        assert (refused.status_code, "within the 5 hours before it was proposed" in refused.text) == (403, True)
    for which in (theirs, by_third):
        assert admin.post(f"/v1/custody/proposals/{which}/decline").is_success
    # Those who were there before are not refused, and nobody is once that time is over.
    assert report(admin.post(f"/v1/custody/proposals/{mine}/approve"))["report"]["records"] == 1
    made = record(strict)
    body["ids"] = [made]
    with strict.installation.db.write() as connection:
        connection.exec_driver_sql("UPDATE access_invites SET created_at = created_at - ?", (5 * HOUR,))
    mine = proposed(owner)
    # A reset lets in as an invitation does.
    (identity,) = [one["id"] for one in owner.get("/v1/people").json()["people"] if one["email"] == "third@example.org"]
    accept(strict, owner.post(f"/v1/people/{identity}/reset").json()["token"])
    with signed_in(strict, "third@example.org") as again:
        assert again.post(f"/v1/custody/proposals/{mine}/approve").status_code == 403
    assert report(second.post(f"/v1/custody/proposals/{mine}/approve"))["report"]["records"] == 1
    states = {one["id"]: one["state"] for one in owner.get("/v1/custody/proposals").json()["proposals"]}
    assert states[mine] == "done"
