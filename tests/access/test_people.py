"""People: invited, asking, changed, removed, reset; passwords, and what an attacker who guesses gets."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from support.folders import files_of
from support.world import World, world_in
from vestige.access import passwords
from vestige.access.password_logins import FAILURES, SLOT_SECONDS
from vestige.access.roles import ROLES, Role
from vestige.model.errors import InputError, SettingsError, UnauthenticatedError
from vestige.model.instant import Instant, now
from vestige.model.permission import Permission
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = "correct horse battery staple"
OTHER = "a wholly different sentence"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("people") / "data", limit_sign_ins=0) as made:
        made.seed()
        yield made


@pytest.fixture(scope="module")
def nobody(world: World) -> Iterator[httpx.Client]:
    with world.as_token("") as client:
        yield client


def invited(world: World, email: str, role: str = "auditor", who: str = "owner", **more: Any) -> httpx.Response:
    return world.client(who).post("/v1/people", json={"email": email, "role": role} | more)


def joined(world: World, nobody: httpx.Client, email: str, role: str = "auditor") -> None:
    token = invited(world, email, role).json()["token"]
    answer = nobody.post("/v1/people/accept", json={"token": token, "password": GOOD, "name": "N"})
    assert answer.status_code == 201, answer.text


def login(nobody: httpx.Client, email: str, password: str = GOOD, tenant: str = "default") -> httpx.Response:
    answer = nobody.post("/v1/login", json={"email": email, "password": password, "tenant": tenant})
    nobody.cookies.clear()
    return answer


def people(world: World) -> dict[str, dict[str, Any]]:
    return {one["email"]: one for one in world.client("owner").get("/v1/people").json()["people"]}


def test_an_invitation_opens_an_account_once(world: World, nobody: httpx.Client) -> None:
    made = invited(world, " Carl@Example.ORG ", "investigator")
    assert (made.status_code, made.json()["email"]) == (201, "carl@example.org")
    body = {"token": made.json()["token"], "password": GOOD, "name": "Carl"}
    assert nobody.post("/v1/people/accept", json=body).status_code == 201
    assert nobody.post("/v1/people/accept", json=body | {"password": OTHER}).status_code == 401
    assert login(nobody, "CARL@example.org").json()["role"] == "investigator"
    assert login(nobody, "carl@example.org", OTHER).status_code == 401
    assert invited(world, "carl@example.org").status_code == 409
    assert [one["action"] for one in world.acts("person.*") if one.get("resource") == "person:carl@example.org"] == [
        "person.invited", "person.joined",
    ]  # fmt: skip


def test_a_later_invitation_ends_the_earlier_one(world: World, nobody: httpx.Client) -> None:
    first, second = (invited(world, "twice@example.org").json()["token"] for _ in range(2))
    body = {"password": GOOD}
    assert nobody.post("/v1/people/accept", json=body | {"token": first}).status_code == 401
    assert nobody.post("/v1/people/accept", json=body | {"token": second}).status_code == 201


def accepted(nobody: httpx.Client, token: str) -> int:
    return nobody.post("/v1/people/accept", json={"token": token, "password": GOOD}).status_code


@pytest.fixture
def second(world: World, nobody: httpx.Client) -> Iterator[httpx.Client]:
    """A second admin, signed in at a browser, who is gone after."""
    joined(world, nobody, "second-admin@example.org", "admin")
    with httpx.Client(base_url=world.url) as client:
        body = {"email": "second-admin@example.org", "password": GOOD}
        client.headers["X-CSRF-Token"] = client.post("/v1/login", json=body).json()["csrf"]
        yield client
    world.client("owner").delete("/v1/people/second-admin@example.org")


@pytest.mark.parametrize("change", ["removed", "demoted", "promoted", "untouched"])
def test_what_somebody_invited_to_ends_when_they_could_not_any_more(
    world: World, nobody: httpx.Client, second: httpx.Client, change: str
) -> None:
    email = f"by-{change}@example.org"
    token = second.post("/v1/people", json={"email": email, "role": "auditor"}).json()["token"]
    joined(world, nobody, f"reset-{change}@example.org")
    reset = second.post(f"/v1/people/reset-{change}@example.org/reset").json()["token"]
    owner = world.client("owner")
    if change == "removed":
        owner.delete("/v1/people/second-admin@example.org").raise_for_status()
    elif change != "untouched":
        role = {"demoted": "investigator", "promoted": "owner"}[change]
        owner.patch("/v1/people/second-admin@example.org", json={"role": role}).raise_for_status()
    ends = change in {"removed", "demoted"}
    if ends:
        entry = world.acts(f"person.{'removed' if change == 'removed' else 'role_changed'}")[-1]
        assert entry["detail"]["invitations_ended"] == 2
        # Neither does it come back with who made it.
        joined(world, nobody, "second-admin@example.org", "admin") if change == "removed" else owner.patch(
            "/v1/people/second-admin@example.org", json={"role": "admin"}
        )
    waiting = [one["email"] for one in owner.get("/v1/people").json()["invitations"]]
    assert (email in waiting) is not ends
    head = world.head
    assert accepted(nobody, token) == (401 if ends else 201)
    assert accepted(nobody, reset) == (401 if ends else 201)
    if ends:
        assert world.head == head + 2
        refused = world.acts("access.refused")[-1]
        assert refused["resource"] == f"person:reset-{change}@example.org"
        assert "opens nothing" in refused["detail"]["reason"]
    assert (email in people(world)) is not ends


def test_an_invitation_counts_only_while_its_maker_may_make_it(
    world: World, nobody: httpx.Client, second: httpx.Client
) -> None:
    """Looked at again when it is answered: whatever changed a person by another way."""
    tokens = [
        second.post("/v1/people", json={"email": f"again{n}@example.org", "role": "auditor"}).json()["token"]
        for n in range(2)
    ]
    change = "UPDATE access_people SET role = :role WHERE email = 'second-admin@example.org'"
    for role, token, status in (("auditor", tokens[0], 401), ("admin", tokens[1], 201)):
        with world.installation.db.write() as connection:
            connection.execute(sa.text(change), {"role": role})
        assert accepted(nobody, token) == status


def test_what_a_key_invited_to_ends_with_the_key(world: World, nobody: httpx.Client) -> None:
    owner = world.client("owner")
    for end, status in (("revoke", 401), ("rotate", 201)):
        key = owner.post("/v1/admin/keys", json={"name": end, "scopes": ["admin"]}).json()
        with world.as_token(key["token"]) as maker:
            made = maker.post("/v1/people", json={"email": f"by-{end}@example.org", "role": "auditor"}).json()
        if end == "revoke":
            owner.delete(f"/v1/admin/keys/{key['id']}").raise_for_status()
            assert world.acts("key.revoked")[-1]["detail"]["after"]["invitations_ended"] == 1
        else:
            owner.post(f"/v1/admin/keys/{key['id']}/rotate", json={}).raise_for_status()
        assert accepted(nobody, made["token"]) == status, end


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("successor lives", 201),
        ("successor revoked", 401),
        ("successor expires", 401),
        ("expires", 401),
        ("grace", 201),
    ],
)
def test_what_a_key_invited_to_lives_as_long_as_the_key_or_its_successor(
    world: World, nobody: httpx.Client, end: str, status: int
) -> None:
    owner, email = world.client("owner"), f"of-{end.replace(' ', '-')}@example.org"
    key = owner.post("/v1/admin/keys", json={"name": end, "scopes": ["admin"]}).json()
    with world.as_token(key["token"]) as maker:
        made = maker.post("/v1/people", json={"email": email, "role": "admin"}).json()
    last = key["id"]
    for grace in {"expires": (), "grace": (3600,)}.get(end, (0, 0)):
        last = owner.post(f"/v1/admin/keys/{last}/rotate", json={"grace": grace}).json()["id"]
    if end in {"successor revoked", "grace"}:
        owner.delete(f"/v1/admin/keys/{last}").raise_for_status()
        ended = world.acts("key.revoked")[-1]["detail"]["after"].get("invitations_ended", 0)
        # The first key of a grace is in force still, and what it invited to with it.
        assert ended == (0 if end == "grace" else 1)
    elif end.endswith("expires"):
        with world.installation.db.write() as connection:
            connection.execute(sa.text("UPDATE access_keys SET expires_at = 1 WHERE id = :id"), {"id": last})
    assert accepted(nobody, made["token"]) == status
    assert (email in people(world)) is (status == 201)


def test_an_invitation_is_looked_at_again_where_its_key_ended_otherwise(world: World, nobody: httpx.Client) -> None:
    """Without the end that revoking makes: a row of the last key alone says that it is over."""
    owner = world.client("owner")
    tokens = []
    for name in ("kept", "over"):
        key = owner.post("/v1/admin/keys", json={"name": name, "scopes": ["admin"]}).json()
        with world.as_token(key["token"]) as maker:
            body = {"email": f"row-{name}@example.org", "role": "auditor"}
            tokens.append(maker.post("/v1/people", json=body).json()["token"])
        last = owner.post(f"/v1/admin/keys/{key['id']}/rotate", json={}).json()["id"]
    with world.installation.db.write() as connection:
        connection.execute(sa.text("UPDATE access_keys SET revoked_at = 1 WHERE id = :id"), {"id": last})
    assert [accepted(nobody, token) for token in tokens] == [201, 401]


def test_invitations_that_wait_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = len(world.client("owner").get("/v1/people").json()["invitations"])
    monkeypatch.setattr("vestige.access.people.MOST_INVITES", waiting + 2)
    answers = [invited(world, f"bound{number}@example.org") for number in range(4)]
    assert [one.status_code for one in answers] == [201, 201, 422, 422]
    world.client("owner").delete("/v1/people/bound0@example.org").raise_for_status()
    assert invited(world, "bound3@example.org").status_code == 201


def test_an_invitation_nobody_made_is_in_no_ledger(world: World, nobody: httpx.Client, tmp_path: Path) -> None:
    del tmp_path
    head = world.head
    for token in ("x", "vsi_" + "A" * 49):
        assert accepted(nobody, token) == 401
    assert world.head == head
    file = world.installation.settings.data / "refused.jsonl"
    world.installation.refusals.write(due=True)
    assert "POST /v1/people/accept" in file.read_text()


def test_an_invitation_that_is_over_opens_nothing(world: World, nobody: httpx.Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("vestige.access.people.INVITE_SECONDS", 0)
    token = invited(world, "late@example.org").json()["token"]
    assert nobody.post("/v1/people/accept", json={"token": token, "password": GOOD}).status_code == 401
    assert "late@example.org" not in people(world)


def test_an_invitation_is_listed_without_its_secret_and_ended(world: World, nobody: httpx.Client) -> None:
    made = invited(world, "waits@example.org", "owner").json()
    answer = world.client("admin").get("/v1/people")
    (waiting,) = [one for one in answer.json()["invitations"] if one["email"] == "waits@example.org"]
    assert (waiting["purpose"], waiting["role"], waiting["by"]) == ("invite", "owner", "owner@example.org")
    assert made["token"] not in answer.text
    assert world.client("admin").delete("/v1/people/waits@example.org").status_code == 403
    assert world.client("owner").delete("/v1/people/waits@example.org").status_code == 204
    assert nobody.post("/v1/people/accept", json={"token": made["token"], "password": GOOD}).status_code == 401
    assert world.client("owner").delete("/v1/people/waits@example.org").status_code == 404


def test_nobody_makes_somebody_who_may_more(world: World) -> None:
    assert invited(world, "boss@example.org", "owner", "admin").status_code == 403
    assert invited(world, "boss@example.org", "king").status_code == 422
    for email in ("x", "a@b c", "a@" + "b" * 300, "é@example.org", "a\nb@example.org"):
        assert invited(world, email).status_code == 422, email


def test_who_would_give_more_than_they_have_leaves_an_entry(world: World) -> None:
    head = world.head
    refused = invited(world, "boss@example.org", "owner", "admin")
    assert refused.status_code == 403
    assert world.head == head + 1
    entry = world.acts("access.refused")[-1]
    assert (entry["actor"], entry["request"]) == ("admin@example.org", refused.headers["x-request-id"])
    assert (entry["detail"]["method"], entry["detail"]["path"]) == ("POST", "/v1/people")
    assert "more than you may" in entry["detail"]["reason"]


def test_an_admin_touches_no_owner_and_raises_nobody_above_itself(world: World, nobody: httpx.Client) -> None:
    joined(world, nobody, "mid@example.org", "developer")
    admin = world.client("admin")
    assert admin.patch("/v1/people/mid@example.org", json={"role": "owner"}).status_code == 403
    assert admin.patch("/v1/people/admin@example.org", json={"role": "owner"}).status_code == 403
    for method, path, body in (
        ("DELETE", "", None), ("POST", "/reset", None), ("PATCH", "", {"role": "developer"}),
    ):  # fmt: skip
        answer = admin.request(method, f"/v1/people/owner@example.org{path}", json=body)
        assert answer.status_code == 403, method
    assert (people(world)["mid@example.org"]["role"], people(world)["owner@example.org"]["role"]) == (
        "developer", "owner",
    )  # fmt: skip
    assert admin.patch("/v1/people/mid@example.org", json={"role": "auditor"}).status_code == 200


def test_the_last_owner_stays(world: World, nobody: httpx.Client) -> None:
    owner = world.client("owner")
    assert owner.delete("/v1/people/owner@example.org").status_code == 409
    assert owner.patch("/v1/people/owner@example.org", json={"role": "auditor"}).status_code == 409
    joined(world, nobody, "second@example.org", "owner")
    assert owner.delete("/v1/people/second@example.org").status_code == 204
    assert owner.delete("/v1/people/owner@example.org").status_code == 409


def test_whoever_is_removed_is_out_at_once(world: World, nobody: httpx.Client) -> None:
    joined(world, nobody, "gone@example.org")
    answer = nobody.post("/v1/login", json={"email": "gone@example.org", "password": GOOD})
    cookies = dict(answer.cookies)
    nobody.cookies.clear()
    with httpx.Client(base_url=world.url, cookies=cookies) as browser:
        assert browser.get("/v1/timeline").status_code == 200
        assert world.client("admin").delete("/v1/people/gone@example.org").status_code == 204
        assert browser.get("/v1/timeline").status_code == 401
    assert login(nobody, "gone@example.org").status_code == 401
    assert "gone@example.org" not in people(world)
    joined(world, nobody, "gone@example.org", "developer")
    assert people(world)["gone@example.org"]["role"] == "developer"


def test_a_role_that_changed_holds_for_who_is_signed_in(world: World, nobody: httpx.Client) -> None:
    joined(world, nobody, "moved@example.org", "auditor")
    answer = nobody.post("/v1/login", json={"email": "moved@example.org", "password": GOOD})
    cookies = dict(answer.cookies)
    nobody.cookies.clear()
    with httpx.Client(base_url=world.url, cookies=cookies) as browser:
        assert browser.get("/v1/audit").status_code == 200
        world.client("owner").patch("/v1/people/moved@example.org", json={"role": "developer"})
        assert browser.get("/v1/audit").status_code == 403
    change = world.acts("person.role_changed")[-1]["detail"]
    assert (change["before"]["role"], change["after"]["role"]) == ("auditor", "developer")


def test_erasing_is_given_beside_a_role(world: World, nobody: httpx.Client) -> None:
    token = invited(world, "eraser@example.org", "investigator", may_erase=True).json()["token"]
    nobody.post("/v1/people/accept", json={"token": token, "password": GOOD})
    found = world.installation.access.tenant().id
    person = world.installation.people.by_id(found, people(world)["eraser@example.org"]["id"])
    assert person is not None
    assert person.permissions - ROLES[Role.INVESTIGATOR] == {Permission.EVIDENCE_ERASE}
    owner, path = world.client("owner"), "/v1/people/eraser@example.org"
    for body, erases in (
        ({"role": "auditor"}, True),
        ({"role": "investigator", "may_erase": None}, True),
        ({"role": "investigator", "may_erase": False}, False),
        ({"role": "auditor"}, False),
        ({"role": "auditor", "may_erase": True}, True),
    ):
        assert owner.patch(path, json=body).json().get("may_erase", False) is erases, body
    change = world.acts("person.role_changed")[-1]["detail"]
    assert (change["before"]["may_erase"], change["after"]["may_erase"]) == (False, True)


def test_a_reset_takes_the_password_and_lets_another_be_set(world: World, nobody: httpx.Client) -> None:
    joined(world, nobody, "lost@example.org")
    made = world.client("admin").post("/v1/people/lost@example.org/reset").json()
    assert login(nobody, "lost@example.org").status_code == 401
    assert nobody.post("/v1/people/accept", json={"token": made["token"], "password": OTHER}).status_code == 201
    assert login(nobody, "lost@example.org", OTHER).status_code == 200
    assert login(nobody, "lost@example.org").status_code == 401


def test_an_account_is_locked_after_failures_and_the_right_password_then_fails_too(
    world: World, nobody: httpx.Client
) -> None:
    joined(world, nobody, "target@example.org")
    answers = [login(nobody, "target@example.org", f"wrong guess {n}") for n in range(FAILURES)]
    answers.append(login(nobody, "target@example.org"))
    unknown = login(nobody, "unknown@example.org")
    assert {(one.status_code, one.text) for one in [*answers, unknown]} == {(401, unknown.text)}
    failed = [one for one in world.acts("login.failed") if one["resource"] == "person:target@example.org"]
    assert [one["detail"]["reason"] for one in failed] == ["password"] * FAILURES
    assert "locked_until" in people(world)["target@example.org"]
    made = world.client("admin").post("/v1/people/target@example.org/reset").json()
    nobody.post("/v1/people/accept", json={"token": made["token"], "password": OTHER})
    assert login(nobody, "target@example.org", OTHER).status_code == 200


def failures_of(world: World, email: str) -> list[dict[str, Any]]:
    """Entries of sign-ins that failed, as what they say."""
    return [one["detail"] for one in world.acts("login.failed") if one["resource"] == f"person:{email}"]


def unlocked(world: World, email: str) -> None:
    """Let the time of a lock be over."""
    with world.installation.db.write() as connection:
        connection.execute(sa.text("UPDATE access_people SET locked_until = 1 WHERE email = :email"), {"email": email})


@pytest.mark.parametrize(
    "way", ["the right password", "a wrong one", "time alone", "a reset", "removal", "a new password"]
)
def test_what_is_tried_while_an_account_is_locked_is_one_entry(world: World, nobody: httpx.Client, way: str) -> None:
    email = f"locked{way.replace(' ', '')}@example.org"
    joined(world, nobody, email)
    for number in range(FAILURES):
        login(nobody, email, f"wrong guess {number}")
    head = world.head
    assert {login(nobody, email, f"wrong guess {number}").status_code for number in range(4)} == {401}
    assert login(nobody, email).status_code == 401
    assert world.head == head
    if way in {"a reset", "a new password"}:
        token = world.client("admin").post(f"/v1/people/{email}/reset").json()["token"]
    elif way == "removal":
        world.client("admin").delete(f"/v1/people/{email}").raise_for_status()
    else:
        unlocked(world, email)
    if way == "a new password":
        nobody.post("/v1/people/accept", json={"token": token, "password": OTHER}).raise_for_status()
    if way == "time alone":
        world.installation.passwords._written = Instant(0)
        world.installation.passwords.write_locked()
        world.installation.passwords._written = Instant(0)
        world.installation.passwords.write_locked()
    elif way == "the right password":
        assert login(nobody, email).status_code == 200
    elif way == "a wrong one":
        assert login(nobody, email, "wrong guess").status_code == 401
    told = failures_of(world, email)
    locked = [one for one in told if one["reason"] == "locked"]
    assert [one["tries"] for one in locked] == [5]
    assert [one["failures"] for one in told if one["reason"] == "password"][:FAILURES] == [1, 2, 3, 4, 5]


def test_the_time_of_a_lock_is_looked_at_once_a_minute(world: World, nobody: httpx.Client) -> None:
    joined(world, nobody, "often@example.org")
    for _ in range(FAILURES + 1):
        login(nobody, "often@example.org", "wrong guess")
    world.installation.passwords._written = now()
    unlocked(world, "often@example.org")
    world.installation.passwords.write_locked()
    assert "locked" not in [one["reason"] for one in failures_of(world, "often@example.org")]


def test_guesses_at_once_count_as_one_after_another(world: World, nobody: httpx.Client) -> None:
    joined(world, nobody, "race@example.org")
    threads = [
        threading.Thread(target=httpx.post, args=(f"{world.url}/v1/login",), kwargs={
            "json": {"email": "race@example.org", "password": f"wrong guess {n}"}, "timeout": 60,
        })
        for n in range(3 * FAILURES)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one["reason"] for one in failures_of(world, "race@example.org")] == ["password"] * FAILURES
    world.client("admin").post("/v1/people/race@example.org/reset").raise_for_status()
    told = failures_of(world, "race@example.org")[-1]
    assert (told["reason"], told["tries"]) == ("locked", 2 * FAILURES)


def test_an_unknown_address_costs_the_same_work_and_leaves_no_entry(
    world: World, nobody: httpx.Client, monkeypatch: Any
) -> None:
    joined(world, nobody, "known@example.org")
    login(nobody, "who@example.org")
    kept: list[str] = []
    before = Argon2id.verify_phc_encoded

    def counted(password: bytes, text: str, secret: bytes | None = None) -> None:
        kept.append(text.rsplit("$", 2)[0])
        before(password, text, secret)

    class Counted:
        verify_phc_encoded = staticmethod(counted)

    monkeypatch.setattr(passwords, "Argon2id", Counted)
    head = world.head
    for email, tenant in (("who@example.org", "default"), ("known@example.org", "nowhere"), ("x", "default")):
        assert login(nobody, email, "wrong guess", tenant).status_code == 401
    assert world.head == head
    assert login(nobody, "known@example.org", "wrong guess").status_code == 401
    assert world.head == head + 1
    assert len(kept) == 4
    assert len(set(kept)) == 1


@pytest.mark.parametrize("slow", [0.0, 0.1, SLOT_SECONDS + 0.05])
def test_time_does_not_tell_who_has_an_account(world: World, monkeypatch: pytest.MonkeyPatch, slow: float) -> None:
    """A commit that takes long, and only a known account has, shows in no answer's time within a slot."""
    email, logins = f"timed{int(slow * 100)}@example.org", world.installation.passwords
    token = invited(world, email).json()["token"]
    world.client("here").post("/v1/people/accept", json={"token": token, "password": GOOD}).raise_for_status()
    clock, slept = [1000.0], list[float]()

    class Time:
        """Time goes on only by what is done in it."""

        @staticmethod
        def monotonic() -> float:
            return clock[0]

        @staticmethod
        def sleep(seconds: float) -> None:
            slept.append(seconds)
            clock[0] += seconds

    def fits(password: str, kept: str) -> bool:
        clock[0] += 0.04
        return passwords_fit(password, kept)

    def transact(*args: Any) -> Any:
        clock[0] += slow
        return transact_before(*args)

    passwords_fit, transact_before = passwords.fits, world.installation.ledger.transact
    monkeypatch.setattr("vestige.access.password_logins.time", Time)
    monkeypatch.setattr(passwords, "fits", fits)
    monkeypatch.setattr(world.installation.ledger, "transact", transact)

    def tried(who: str, password: str) -> float:
        at = clock[0]
        with contextlib.suppress(UnauthenticatedError):
            logins.sign_in(world.tenant, who, password, Principal("a test"))
        return clock[0] - at

    assert tried("who@example.org", "wrong guess") == pytest.approx(SLOT_SECONDS)
    expected = SLOT_SECONDS if slow < SLOT_SECONDS else 2 * SLOT_SECONDS
    assert tried(email, "wrong guess") == pytest.approx(expected)
    assert len(slept) == 2
    # Whoever is let in waits for nothing.
    assert tried(email, GOOD) == pytest.approx(0.04 + slow)
    assert len(slept) == 2


def test_who_asks_is_told_nothing_and_somebody_decides(world: World, nobody: httpx.Client) -> None:
    def ask(email: str, tenant: str = "default") -> tuple[int, Any]:
        answer = nobody.post("/v1/people/requests", json={"email": email, "note": "please", "tenant": tenant})
        return answer.status_code, answer.json()

    assert ask("new@example.org") == ask("owner@example.org") == ask("new@example.org", "nowhere")
    assert ask("new@example.org") == (202, {"status": "received"})
    waiting = world.client("admin").get("/v1/people/requests").json()["requests"]
    assert [one["email"] for one in waiting] == ["new@example.org", "owner@example.org"]
    path = f"/v1/people/requests/{waiting[0]['id']}"
    assert world.client("admin").post(path, json={"role": "owner"}).status_code == 403
    made = world.client("admin").post(path, json={"role": "developer"}).json()
    assert nobody.post("/v1/people/accept", json={"token": made["token"], "password": GOOD}).status_code == 201
    assert people(world)["new@example.org"]["role"] == "developer"
    declined = world.client("admin").post(f"/v1/people/requests/{waiting[1]['id']}", json={})
    assert declined.json() == {"decision": "declined"}
    assert world.client("admin").post(path, json={"role": "developer"}).status_code == 404
    assert world.client("admin").get("/v1/people/requests").json() == {"requests": []}


def _decide(world: World, path: str, body: dict[str, str]) -> httpx.Response:
    return world.client("owner").post(path, json=body)


def test_of_two_who_decide_at_once_one_does(world: World, nobody: httpx.Client) -> None:
    for round_ in range(3):
        email = f"raced{round_}@example.org"
        nobody.post("/v1/people/requests", json={"email": email, "tenant": "default"}).raise_for_status()
        (waiting,) = world.client("owner").get("/v1/people/requests").json()["requests"]
        path = f"/v1/people/requests/{waiting['id']}"
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(partial(_decide, world, path), ({"role": "auditor"}, {})))
        assert sorted(one.is_success for one in told) == [False, True]
        assert {one.status_code for one in told} <= {200, 201, 404, 409}
        invitations = [one for one in world.client("owner").get("/v1/people").json()["people"] if one["email"] == email]
        assert not invitations or told[0].is_success


def test_requests_that_wait_are_bounded(world: World, nobody: httpx.Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("vestige.access.people.MOST_REQUESTS", 2)
    for number in range(4):
        answer = nobody.post("/v1/people/requests", json={"email": f"many{number}@example.org"})
        assert answer.status_code == 202
    assert len(world.client("admin").get("/v1/people/requests").json()["requests"]) == 2


@pytest.mark.parametrize(
    ("password", "good"),
    [
        (GOOD, True), ("Tr0ub4dor&3xyz", True), ("пароль из нескольких слов", True), ("x" * 11, False),
        ("aaaaaaaaaaaaaaaa", False), ("abcabcabcabcabc", False), ("abcdefghijklmnop", False), ("1234567890123", False),
        ("qwertyuiopasdfgh", False), ("zyxwvutsrqponmlk", False), ("jordan is the best", False),
        ("a" * 100 + "bcdefgh" * 30, False),
    ],
)  # fmt: skip
def test_a_password_that_would_be_guessed_is_refused(password: str, good: bool) -> None:
    if good:
        passwords.check(password, "jordan@example.org", None)
        return
    with pytest.raises(InputError) as refused:
        passwords.check(password, "jordan@example.org", None)
    assert password not in str(refused.value)


def test_a_leaked_password_is_found_in_a_list_of_any_length(tmp_path: Path) -> None:
    leaked = [f"password number {n}" for n in range(2000)]
    digests = sorted(hashlib.sha1(one.encode(), usedforsecurity=False).hexdigest().upper() for one in leaked)
    file = tmp_path / "leaked.txt"
    for end in ("\n", "\r\n"):
        file.write_bytes("".join(f"{one}:{n}{end}" for n, one in enumerate(digests)).encode())
        assert all(passwords.is_leaked(one, file) for one in leaked)
        assert not any(passwords.is_leaked(f"another number {n}", file) for n in range(500))
    file.write_bytes(digests[0].encode())
    assert sum(passwords.is_leaked(one, file) for one in leaked) == 1
    file.write_bytes(b"")
    assert not passwords.is_leaked(leaked[0], file)
    file.write_text("\n".join(f"{one}:1" for one in digests))
    with pytest.raises(InputError, match="may not be used"):
        passwords.check(leaked[7], "a@example.org", file)


@pytest.mark.parametrize("content", [b"not a list\n" * 10, None])
def test_a_list_that_is_none_is_an_error_and_not_silence(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "leaked.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match="leaked passwords"):
        passwords.check(GOOD, "a@example.org", file)


def test_a_kept_password_is_argon2id_and_fits_however_it_is_composed() -> None:
    kept = passwords.hashed("Müller geht nach Hause")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.fits("Mu\u0308ller geht nach Hause", kept)
    assert not passwords.fits("Muller geht nach Hause", kept)
    assert not passwords.fits("", "")
    assert kept != passwords.hashed("Müller geht nach Hause")


def test_no_password_stands_anywhere_in_the_data(world: World, nobody: httpx.Client) -> None:
    secret = "a planted sentence for the search"  # noqa: S105 - what the test looks for
    token = invited(world, "planted@example.org").json()["token"]
    nobody.post("/v1/people/accept", json={"token": token, "password": secret})
    login(nobody, "planted@example.org", secret)
    files = list(files_of(world.installation.settings.data))
    assert len(files) > 5
    for file, content in files:
        assert secret.encode() not in content, file
        assert token.encode() not in content, file
