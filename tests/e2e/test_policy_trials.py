"""Policies tried before they are in force: what they would say is what a push is then told; nothing is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support.judged import DOCUMENT, PAYMENTS, REPOSITORY, TRACED, Judged, judged, settled
from support.world import World, world_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

AI = f"""
version: 1
policy:
- {{name: few, type: ai_percentage_threshold, threshold: 10, repositories: ["{REPOSITORY}"]}}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("trials") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def planted(world: World, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judged(world.client("here"), tmp_path_factory.mktemp("judged"))


def tried(client: httpx.Client, **said: Any) -> Any:
    answer = settled(client, "/v1/policies/test", json={"repository": REPOSITORY, **said})
    assert answer.status_code == 200, answer.text
    return answer.json()


def head(world: World) -> int:
    return world.installation.ledger.head(world.tenant)


def test_of_pushes_the_recorded_facts_are_judged_and_nothing_is_written(world: World, planted: Judged) -> None:
    before = head(world)
    found = tried(world.client("auditor"), text=DOCUMENT.replace('action = "warn"', 'action = "block"'), pushes=5)
    assert [(one["name"], one["state"]) for one in found["policies"]] == [(TRACED, "same"), (PAYMENTS, "changed")]
    assert [(one["decision"], one["was"], one["blocked"]) for one in found["pushes"]] == [
        (planted.warned, "warned", True), (planted.blocked, "blocked", True)
    ]  # fmt: skip
    assert "commits" not in found
    assert head(world) == before


def test_of_commits_what_a_trial_says_is_what_a_push_is_then_told(world: World, planted: Judged) -> None:
    owner = world.client("owner")
    first, second = planted.commits
    before = head(world)
    whole = tried(owner, text=AI, commits=True)["commits"]
    assert [one["oid"] for one in whole["commits"]] == [first, second]
    newest = tried(owner, text=AI, commits=True, last=1)["commits"]
    assert [one["oid"] for one in newest["commits"]] == [second]
    part = tried(owner, text=AI, commits=True, range=f"{first[:10]}..main")["commits"]
    assert part["results"] == newest["results"]
    assert (part["blocked"], [one["result"] for one in part["results"]]) == (True, ["fail"])
    assert head(world) == before
    owner.post("/v1/policies", json={"text": AI}).raise_for_status()
    update = {"ref": "refs/heads/main", "old": first, "new": second}
    told = settled(owner, "/v1/policies/check", json={"repository": REPOSITORY, "updates": [update]}).json()
    assert [one for one in told["results"] if one["policy"] == "few"] == part["results"]
    owner.delete("/v1/policies/few").raise_for_status()
    gone = owner.get("/v1/policies/versions", params={"policy": "few"}).json()
    assert (gone["in_force"], [one["revision"] for one in gone["versions"]]) == (False, [1])


def test_a_waiver_in_force_counts_in_a_trial(world: World, planted: Judged) -> None:
    owner = world.client("owner")
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    waived = {"policy": PAYMENTS, "repository": REPOSITORY, "commit": planted.commits[1], "until": until, "reason": "y"}
    waiver = owner.post("/v1/policies/waivers", json=waived).raise_for_status().json()["id"]

    def said() -> list[str]:
        (push, _) = tried(owner, text=DOCUMENT, pushes=2)["pushes"]
        return [one["result"] for one in push["results"] if one["policy"] == PAYMENTS]

    assert said() == ["waived"]
    owner.delete(f"/v1/policies/waivers/{waiver}").raise_for_status()
    assert said() == ["fail"]


@pytest.mark.parametrize(
    ("said", "status", "what"),
    [
        ({"text": 'version = 1\n[[policy]]\nname = "a"\ntype = "nothing"\n'}, 422, "line 4: "),
        ({"text": DOCUMENT, "commits": True, "range": "a...b"}, 422, "no range"),
        ({"text": DOCUMENT, "commits": True, "range": "..main"}, 422, "no range"),
        ({"text": DOCUMENT, "commits": True, "range": "none..main"}, 404, ""),
        ({"text": DOCUMENT, "commits": True, "repository": "example.org/none"}, 404, "no such repository"),
        ({"text": DOCUMENT, "pushes": 21}, 422, ""),
        ({"text": DOCUMENT, "commits": True, "last": 201}, 422, ""),
    ],
)
def test_what_cannot_be_tried_is_refused(
    world: World, planted: Judged, said: dict[str, Any], status: int, what: str
) -> None:
    del planted
    before = head(world)
    answer = settled(world.client("owner"), "/v1/policies/test", json={"repository": REPOSITORY, **said})
    assert answer.status_code == status
    assert what in answer.json()["title"]
    assert head(world) == before


def test_who_may_not_read_code_tries_nothing(world: World, planted: Judged) -> None:
    del planted
    for who in ("key:policy", "key:read", "developer"):
        answer = world.client(who).post("/v1/policies/test", json={"text": DOCUMENT, "repository": REPOSITORY})
        assert answer.status_code == 403, who
    assert tried(world.client("policy_admin"), text=DOCUMENT)["policies"][0]["name"] == TRACED
