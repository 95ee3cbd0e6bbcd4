"""Retention: floors are kept, a dry run changes nothing, a purge takes what is past and leaves what is held."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from support.folders import bytes_of
from support.world import World, world_in
from vestige.app.retention import SET, worm_of
from vestige.custody.profiles import PROFILES
from vestige.custody.retention import DAY, MOST_BYTES, Policy
from vestige.jobs import LostTurnError
from vestige.ledger import act_entry
from vestige.model.errors import ForbiddenError, InputError
from vestige.model.instant import now, to_micro_text
from vestige.model.permission import Permission
from vestige.model.principal import Principal
from vestige.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLANTED = "quokka-7741-marsupial"
HELD = "numbat-9920-held"


def changed(policy: Policy, **said: Any) -> Policy:
    return policy.changed(**({"days": None, "mode": None, "purge": None, "sources": {}} | said))


def test_what_nobody_said_is_400_days_and_no_purge() -> None:
    assert (Policy().days, Policy().purge, Policy().mode) == (400, False, "none")


@pytest.mark.parametrize("mode", [name for name, one in PROFILES.items() if one.retention_days])
def test_a_floor_is_never_gone_below(mode: str) -> None:
    floor = PROFILES[mode].retention_days
    policy = changed(Policy(), mode=mode)
    assert policy.days == max(400, floor)
    assert changed(policy, days=floor).days == floor
    for said in ({"days": floor - 1}, {"sources": {"web": floor - 1}}):
        with pytest.raises(InputError, match="cannot be kept"):
            changed(policy, **said)
    assert changed(policy, sources={"web": floor + 1}).sources == {"web": floor + 1}


def test_a_mode_raises_what_was_kept_for_less_and_beside_it_nothing_lower_may_be_said() -> None:
    short = changed(Policy(), days=30, sources={"web": 7})
    sox = changed(short, mode="sox")
    assert (sox.days, sox.sources) == (2555, {"web": 2555})
    with pytest.raises(InputError, match="2555 to"):
        changed(short, mode="sox", days=365)
    assert changed(sox, sources={"web": None}).sources == {}
    with pytest.raises(InputError, match="no such mode"):
        changed(short, mode="hipaa")


def test_days_have_bounds() -> None:
    assert changed(Policy(), days=36_500).days == 36_500
    for days in (0, 36_501):
        with pytest.raises(InputError):
            changed(Policy(), days=days)


def test_a_policy_is_read_back_as_it_was_stated() -> None:
    policy = changed(Policy(), days=500, purge=True, sources={"wäb": 450})
    assert Policy.from_json(policy.to_json()) == policy
    assert policy.cutoffs(1000 * DAY) == (to_micro_text(500 * DAY), {"wäb": to_micro_text(550 * DAY)})


def test_a_policy_that_lies_in_a_blob_is_in_force_all_the_same(world: World) -> None:
    retention = world.installation.rooms(world.tenant).retention
    before = retention.policy()
    many = {f"source-{number:04d}-{'x' * 150}": 500 for number in range(900)}
    entry = act_entry(
        SET, Principal("local:0"), {"after": Policy(days=700, sources=many).to_json(), "before": before.to_json()}
    )
    (made,) = world.installation.ledger.transact(world.tenant, lambda _: [entry]).items
    assert world.installation.ledger.entry(world.tenant, made.ids[0]).blob is not None
    assert (retention.policy().days, retention.policy().sources) == (700, many)
    entry = act_entry(SET, Principal("local:0"), {"after": before.to_json(), "before": before.to_json()})
    world.installation.ledger.transact(world.tenant, lambda _: [entry])
    assert retention.policy() == before


def test_a_policy_has_a_bound_in_bytes() -> None:
    name = "s" * 1000
    few, rest = {f"{number:04d}{name}": 500 for number in range(900)}, {f"{number}{name}": 500 for number in range(200)}
    assert len(changed(Policy(), sources=few).sources) == 900
    with pytest.raises(InputError, match=f"too large|{MOST_BYTES}"):
        changed(Policy(), sources=few | rest)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Settings(), "names no store"),
        (Settings(archive_url="file:///x"), "a directory"),
        (Settings(archive_url="s3://b/p"), "is 0"),
        (Settings(archive_url="s3://b/p", archive_lock_days=400), ""),
    ],
)
def test_what_is_no_write_once_store_is_said(settings: Settings, why: str) -> None:
    assert why in worm_of(settings)
    assert bool(why) == bool(worm_of(settings))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("retention") / "data") as made:
        yield made


def send(world: World, source: str, *messages: str) -> list[str]:
    events = [{"event_type": "a.b", "message": message} for message in messages]
    answer = world.client("here").post("/v1/ingest/events", json=events, headers={"X-Source-Id": source}).json()
    return [one["id"] for one in answer["results"]]


def run(world: World, *, dry: bool) -> dict[str, Any]:
    answer = world.client("owner").post("/v1/retention/run", json={"dry_run": dry})
    (report,) = [line for line in answer.text.splitlines() if '"report"' in line or '"problem"' in line]
    found: dict[str, Any] = json.loads(report)
    return dict(found["report"])


def test_a_purge_takes_what_is_past_but_what_is_held_and_leaves_nothing_of_it(world: World, tmp_path: Path) -> None:
    owner, retention = world.client("owner"), world.installation.rooms(world.tenant).retention
    file = tmp_path / "old.log"
    file.write_text(f"2026-01-01T00:00:00Z host app: {PLANTED} in a file\n")
    world.client("here").post("/v1/imports", json={"paths": [str(file)], "source": "files"}).raise_for_status()
    gone = send(world, "web", f"{PLANTED} one", "plain")
    held = send(world, "web", f"{HELD} kept")
    longer = send(world, "vault", "kept for longer")
    owner.post("/v1/holds", json={"q": HELD, "reason": "litigation"}).raise_for_status()
    changed = owner.put("/v1/retention", json={"sources": [{"name": "vault", "days": 800}]})
    assert changed.json()["sources"] == [{"name": "vault", "days": 800}]
    assert run(world, dry=True)["past_retention"] == 0  # the control: everything is new
    retention._clock = lambda: now() + 500 * DAY
    try:
        head, entries = world.head, world.installation.ledger.head(world.tenant)
        plan = run(world, dry=True)
        assert (plan["past_retention"], plan["would_purge"], plan["kept_by_holds"]) == (4, 3, 1)
        assert [one["records"] for one in plan["holds"]] == [1]
        assert {one["source"]: one["records"] for one in plan["sources"]} == {"files": 1, "web": 3}
        assert (world.head, entries) == (head, head)
        assert PLANTED.encode() in bytes_of(world.installation.settings.data)
        assert runner(world)["past_retention"] == 4  # purge is off: the job only counts
        assert owner.get(f"/v1/events/{gone[0]}").json()["message"] == f"{PLANTED} one"
        owner.put("/v1/retention", json={"purge": "on"}).raise_for_status()
        done = runner(world)
        assert done == {"purge": "on", "past_retention": 4, "purged": 3, "kept_by_holds": 1}
        assert runner(world)["purged"] == 0
    finally:
        retention._clock = now
    assert owner.get(f"/v1/events/{held[0]}").json()["message"] == f"{HELD} kept"
    assert owner.get(f"/v1/events/{longer[0]}").json()["message"] == "kept for longer"
    assert PLANTED not in owner.get(f"/v1/events/{gone[0]}").text
    assert PLANTED.encode() not in bytes_of(world.installation.settings.data)
    (act,) = [one for one in world.acts() if one["action"] == "evidence.purged"]
    assert act["detail"]["entries"] == 3
    assert act["detail"]["policy"]["days"] == 400
    report = world.installation.upkeep.runner.run(world.tenant, "verify-full", threading.Event())
    assert report["ok"], report
    assert world.installation.rooms(world.tenant).custody.unfinished() == []


def test_a_file_with_a_held_record_stays_whole_until_that_is_purged_too(world: World, tmp_path: Path) -> None:
    owner, here = world.client("owner"), world.client("here")
    retention, blobs = world.installation.rooms(world.tenant).retention, world.installation.settings.data / "blobs"

    def kept() -> set[str]:
        return {str(path) for path in blobs.rglob("*") if path.is_file()}

    before, word = kept(), "potoroo-3317-held"
    lines = ["2026-01-01T00:00:01Z host app: plain", f"2026-01-01T00:00:02Z host app: {word}"]
    grown, other = tmp_path / "grown.log", tmp_path / "other.log"
    for file, said in ((grown, lines[:1]), (grown, lines), (other, lines[:1])):  # what is held came in by the second
        file.write_text("\n".join(said) + "\n")
        here.post("/v1/imports", json={"paths": [str(file)], "source": file.stem}).raise_for_status()
    hold = owner.post("/v1/holds", json={"q": word, "reason": "litigation"}).json()["id"]
    files = kept() - before
    retention._clock = lambda: now() + 500 * DAY
    try:
        done = run(world, dry=False)
        assert (done["purged"], done["files_dropped"]) == (2, 1)  # the control: of the other log nothing is held
        assert (len(files - kept()), len(files & kept()) > 0) == (1, True)
        owner.post(f"/v1/holds/{hold}/release", json={"reason": "over"}).raise_for_status()
        assert run(world, dry=False)["purged"] == 1
    finally:
        retention._clock = now
    assert files & kept() == set()


def test_a_runner_that_lost_its_lease_purges_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, rooms = world.client("owner"), world.installation.rooms(world.tenant)
    (past,) = send(world, "web", "past by then")
    owner.put("/v1/retention", json={"purge": "on"}).raise_for_status()
    monkeypatch.setattr(rooms.retention, "_clock", lambda: now() + 500 * DAY)
    purged, looked = len(world.acts("evidence.purged")), rooms.custody._indexed

    def taken() -> int:
        with world.installation.db.write(world.tenant) as connection:  # as if this process had slept through its lease
            connection.exec_driver_sql("UPDATE jobs SET fence = fence + 1 WHERE name = 'retention'")
        return looked()

    with monkeypatch.context() as patch:
        patch.setattr(rooms.custody, "_indexed", taken)
        with pytest.raises(LostTurnError):
            runner(world)
    assert owner.get(f"/v1/events/{past}").json()["message"] == "past by then"
    assert (len(world.acts("evidence.purged")), rooms.custody.unfinished()) == (purged, [])
    with world.installation.db.write(world.tenant) as connection:
        connection.exec_driver_sql("UPDATE jobs SET lease_until = 0 WHERE name = 'retention'")
    assert runner(world)["purged"] >= 1  # the control: whoever has the job purges it
    assert owner.get(f"/v1/events/{past}").json()["status"] == "erased"


def runner(world: World) -> dict[str, Any]:
    return world.installation.upkeep.runner.run(world.tenant, "retention", threading.Event())


def test_a_source_nobody_knows_is_refused_and_a_mode_without_its_store_is_said(world: World) -> None:
    owner = world.client("owner")
    send(world, "known", "x")
    refused = owner.put("/v1/retention", json={"sources": [{"name": "nobody", "days": 500}]})
    assert refused.status_code == 404
    assert owner.put("/v1/retention", json={"sources": [{"name": "known", "days": 500}]}).is_success
    assert "warning" not in owner.get("/v1/retention").json()
    pci = owner.put("/v1/retention", json={"mode": "pci_dss"}).json()
    assert pci["floor_days"] == 365
    assert "asks for a write-once copy, and there is none" in pci["warning"]
    assert owner.put("/v1/retention", json={"days": 364}).status_code == 422
    assert owner.put("/v1/retention", json={"days": 365}).json()["days"] == 365


def test_only_who_may_erase_runs_the_job_that_does(world: World) -> None:
    upkeep = world.installation.upkeep
    upkeep.permit("retention", {Permission.EVIDENCE_ERASE})
    upkeep.permit("verify", set())
    with pytest.raises(ForbiddenError):
        upkeep.permit("retention", {Permission.LEDGER_MANAGE})
