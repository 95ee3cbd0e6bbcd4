"""What a mode asks for is held, told as it stands, and packed for a period; a mode is lowered by the owner alone."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from support.world import World, world_in
from vestige.app import verify_bundle
from vestige.app.upkeep import DAY_SECONDS, FULL
from vestige.custody.profiles import PROFILES
from vestige.model.instant import NANOS, now, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("compliance") / "data") as made:
        yield made


def points(world: World) -> dict[str, dict[str, Any]]:
    return {one["point"]: one for one in world.client("auditor").get("/v1/compliance").json()["points"]}


def test_a_profile_that_asks_for_something_names_its_text_and_when_that_is_of() -> None:
    asking = [one for one in PROFILES.values() if one.retention_days or one.verify_days or one.write_once]
    assert [one.name for one in asking] == ["pci_dss", "sr_11_7", "sox"]
    assert all(one.source and one.dated for one in asking)
    assert {one.name: (one.retention_days, one.verify_days) for one in asking} == {
        "pci_dss": (365, 1), "sr_11_7": (1095, 7), "sox": (2555, 1),
    }  # fmt: skip


def test_a_mode_sets_the_floor_and_the_schedule_and_leaves_the_rest(world: World) -> None:
    owner = world.client("owner")
    owner.put("/v1/retention", json={"mode": "none", "days": 400}).raise_for_status()
    owner.put("/v1/retention", json={"sources": [{"name": "seed", "days": 500}]})
    before = owner.get("/v1/retention").json()
    assert owner.put("/v1/retention", json={"mode": "sox", "days": 365}).status_code == 422
    assert owner.put("/v1/retention", json={"mode": "sox", "signing": False}).status_code == 422
    assert owner.get("/v1/retention").json() == before
    after = owner.put("/v1/retention", json={"mode": "sox"}).json()
    assert (after["days"], after["purge"]) == (2555, before["purge"])
    assert owner.put("/v1/retention", json={"purge": "off"}).json()["mode"] == "sox"
    runner = world.installation.upkeep.runner
    (full,) = [one for one in runner.states(world.tenant) if one["name"] == FULL]
    assert full["every_seconds"] == DAY_SECONDS
    owner.put("/v1/retention", json={"mode": "sr_11_7"}).raise_for_status()
    (full,) = [one for one in runner.states(world.tenant) if one["name"] == FULL]
    assert full["every_seconds"] == min(7 * DAY_SECONDS, world.installation.settings.verify_full_seconds)


def test_the_owner_alone_lowers_a_mode(world: World) -> None:
    owner, admin = world.client("owner"), world.client("admin")
    owner.put("/v1/retention", json={"mode": "sr_11_7"}).raise_for_status()
    assert admin.put("/v1/retention", json={"mode": "sox", "days": 3000}).status_code == 200
    refusal = admin.put("/v1/retention", json={"mode": "sr_11_7"})
    assert (refusal.status_code, owner.get("/v1/retention").json()["mode"]) == (403, "sox")
    assert "tenant.manage" in refusal.text
    assert owner.put("/v1/retention", json={"mode": "sr_11_7"}).json()["mode"] == "sr_11_7"


def test_how_a_mode_stands_is_told_point_by_point(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, rooms = world.client("owner"), world.installation.rooms(world.tenant)
    owner.put("/v1/retention", json={"mode": "pci_dss"}).raise_for_status()
    assert points(world)["verification"]["held"] is None
    world.client("here").post(f"/v1/jobs/{FULL}/run").raise_for_status()
    world.client("here").post("/v1/ledger/checkpoint").raise_for_status()
    told = points(world)
    assert {name: one["held"] for name, one in told.items()} == {
        "retention": True, "verification": True, "signing": True, "write-once copy": False,
    }  # fmt: skip
    assert "VESTIGE_ARCHIVE_URL" in told["write-once copy"]["found"]
    assert owner.get(f"/v1/events/{told['verification']['entry']}").status_code == 200
    floor = PROFILES["pci_dss"]._replace(retention_days=100_000)
    monkeypatch.setitem(PROFILES, "pci_dss", floor)
    assert points(world)["retention"]["held"] is False
    monkeypatch.undo()
    compliance = rooms.compliance
    compliance._clock = lambda: now() + 26 * 3600 * NANOS
    try:
        late = points(world)
    finally:
        compliance._clock = now
    assert late["verification"]["held"] is False
    assert "comply" not in json.dumps(told)


def test_the_evidence_of_a_period_is_its_acts_and_proves_itself(world: World, tmp_path: Path) -> None:
    owner, auditor = world.client("owner"), world.client("auditor")
    owner.put("/v1/retention", json={"mode": "none"}).raise_for_status()
    start = to_text(now())
    key = owner.post("/v1/admin/keys", json={"name": "pack", "scopes": ["ingest"]}).json()
    owner.delete(f"/v1/admin/keys/{key['id']}").raise_for_status()
    end = to_text(now())
    owner.post("/v1/admin/keys", json={"name": "later", "scopes": ["ingest"]}).raise_for_status()
    report = auditor.get("/v1/compliance/report", params={"from": start, "to": end}).json()
    assert {one["action"]: one["count"] for one in report["acts"]} == {"key.created": 1, "key.revoked": 1}
    assert report["groups"] == {"people": 2}
    assert [one["acts"] for one in report["people"]] == [2]
    ids = [entry["id"] for one in report["acts"] for entry in one["entries"]]
    packed = auditor.get("/v1/compliance/pack", params={"from": start, "to": end})
    packed.raise_for_status()
    assert packed.headers["X-Vestige-Records"] == "3"
    file = tmp_path / "pack.zip"
    file.write_bytes(packed.content)
    keys = [one["vkey"] for one in auditor.get("/v1/ledger/keys").json()]
    assert verify_bundle(file, keys)["exit"] == 0
    with zipfile.ZipFile(io.BytesIO(packed.content)) as bundle:
        payloads = [json.loads(bundle.read(name)) for name in bundle.namelist() if name.endswith(".bin")]
    assert sorted(one["act"] for one in payloads) == ["compliance.reported", "key.created", "key.revoked"]
    (stated,) = [one["detail"] for one in payloads if one["act"] == "compliance.reported"]
    assert stated["acts"] == {"key.created": 1, "key.revoked": 1}
    assert ids == [owner.get(f"/v1/events/{one}").json()["id"] for one in ids]
    later = auditor.get("/v1/compliance/pack", params={"from": end, "to": "2099-01-01"})
    with zipfile.ZipFile(io.BytesIO(later.content)) as bundle:
        payloads = [json.loads(bundle.read(name)) for name in bundle.namelist() if name.endswith(".bin")]
    (stated,) = [
        one["detail"] for one in payloads if one["act"] == "compliance.reported" and one["detail"]["from"] >= end
    ]
    counted = Counter(one["act"] for one in payloads if one is not payloads[-1])
    assert dict(counted) == stated["acts"]
    empty = auditor.get("/v1/compliance/report", params={"from": end, "to": start})
    assert (empty.status_code, empty.json()["code"]) == (422, "input")
