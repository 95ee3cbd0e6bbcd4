"""The verifications a server makes by itself: each fault is found and located, beside the untouched log that passes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest

from support.alarms import Alarms, listening_for_alarms
from support.world import EVENTS, World, world_in
from vestige.integrity import Mark, alarm, mark_of
from vestige.jobs import LostTurnError
from vestige.model.errors import OutgoingError, ProofError, SettingsError
from vestige.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "nobody else knows this"  # noqa: S105 - made up


@pytest.fixture(scope="module")
def alarms() -> Iterator[Alarms]:
    with listening_for_alarms() as made:
        yield made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, alarms: Alarms) -> Iterator[World]:
    settings = {"alarm_url": alarms.url, "alarm_secret": SECRET, "alarm_networks": "127.0.0.0/8"}
    with world_in(tmp_path_factory.mktemp("integrity") / "data", **settings) as made:
        made.seed()
        yield made


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "FIRST_WAIT", 0.01)


def run(world: World, name: str) -> dict[str, Any]:
    return world.installation.upkeep.runner.run(world.tenant, name, threading.Event())


def raw(world: World, *statements: tuple[str, tuple[Any, ...]]) -> None:
    """SQL past every trigger."""
    path = world.installation.db.path
    assert path is not None
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for sql, parameters in statements:
        connection.execute(sql, parameters)
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()


def payload_of(world: World, event: str) -> tuple[int, bytes]:
    entry = world.installation.ledger.entry(world.tenant, event)
    assert entry.payload is not None
    return entry.seq, entry.payload


def rebuilt(world: World) -> None:
    """An index of what the ledger holds now: it had read what other tests tampered with."""
    world.installation.rooms(world.tenant).rebuild_index(lambda *_: None, threading.Event())


def acts(world: World, name: str) -> list[dict[str, Any]]:
    return [one for one in world.acts() if one["action"] == name]


def test_a_row_altered_since_the_last_verification_is_found_at_its_entry(world: World, alarms: Alarms) -> None:
    assert run(world, "verify")["ok"]
    before = world.seed()[1]
    seq, payload = payload_of(world, before)
    raw(world, ("UPDATE ledger_payloads SET payload = ? WHERE seq = ?", (payload.replace(b"bob", b"eve"), seq)))
    alarms.came.clear()
    found = run(world, "verify")
    assert (found["ok"], found["first_bad_seq"]) == (False, seq)
    assert f"the payload of entry {seq} is not the one committed to" in found["reason"]
    assert found["alarm"] == "taken at try 1"
    assert world.client("owner").get("/v1/integrity").json()["verdict"] == "failed"
    doctor = {one["name"]: one for one in world.client("owner").get("/v1/doctor").json()}
    assert not doctor["job verify"]["ok"]
    assert 'vestige_integrity_ok{check="verify"} 0' in world.client("owner").get("/metrics").text
    raw(world, ("UPDATE ledger_payloads SET payload = ? WHERE seq = ?", (payload, seq)))
    control = run(world, "verify")
    assert (control["ok"], control["first_bad_seq"]) == (True, None)
    assert world.client("owner").get("/v1/integrity").json()["verdict"] == "good"
    assert "job verify" not in {one["name"] for one in world.client("owner").get("/v1/doctor").json()}
    assert 'vestige_integrity_ok{check="verify"} 1' in world.client("owner").get("/metrics").text
    (entry,) = acts(world, "integrity.failed")
    assert entry["detail"]["first_bad_seq"] == seq
    assert entry["id"] == json.loads(alarms.came[0][1])["entry"]


@pytest.mark.parametrize("what", ["leaf", "leaf_hash", "gone", "missing payload"])
def test_whatever_is_wrong_with_what_is_new_is_located(world: World, what: str) -> None:
    assert run(world, "verify")["ok"]
    seq, payload = payload_of(world, world.seed()[2])
    db = world.installation.db
    with db.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM ledger_entries WHERE seq = ?", (seq,)).mappings().one()
        pos, salt = connection.exec_driver_sql("SELECT pos, salt FROM ledger_payloads WHERE seq = ?", (seq,)).one()
    stored = {name: value for name, value in row.items() if name not in {"log", "seq"}}
    columns = ", ".join(stored)
    back = (f"INSERT INTO ledger_entries ({columns}) VALUES ({', '.join('?' * len(stored))})", tuple(stored.values()))
    tampering: dict[str, tuple[str, tuple[Any, ...]]] = {
        "leaf": ("UPDATE ledger_entries SET leaf = ? WHERE seq = ?", (bytes(row["leaf"]).replace(b"1", b"2"), seq)),
        "leaf_hash": ("UPDATE ledger_entries SET leaf_hash = ? WHERE seq = ?", (b"\x00" * 32, seq)),
        "gone": ("DELETE FROM ledger_entries WHERE seq = ?", (seq,)),
        "missing payload": ("DELETE FROM ledger_payloads WHERE seq = ?", (seq,)),
    }
    raw(world, tampering[what])
    found = run(world, "verify")
    assert (found["ok"], found["first_bad_seq"]) == (False, seq), found
    if what == "missing payload":
        raw(world, ("INSERT INTO ledger_payloads (pos, payload, salt) VALUES (?, ?, ?)", (pos, payload, salt)))
    else:
        raw(world, ("DELETE FROM ledger_entries WHERE seq = ?", (seq,)), back)
    assert run(world, "verify")["ok"]


def test_a_row_below_the_mark_is_the_full_verification_s_to_find(world: World) -> None:
    seq, payload = payload_of(world, world.seed()[1])
    assert run(world, "verify")["ok"]
    raw(world, ("UPDATE ledger_payloads SET payload = ? WHERE seq = ?", (payload + b" ", seq)))
    assert run(world, "verify")["ok"]
    found = run(world, "verify-full")
    assert (found["ok"], found["first_bad_seq"], found["checks"]) == (False, seq, ["payloads"])
    raw(world, ("UPDATE ledger_payloads SET payload = ? WHERE seq = ?", (payload, seq)))
    assert run(world, "verify-full")["ok"]


def test_a_tampered_tile_is_found(world: World) -> None:
    events = [{"event_type": "a.b", "n": n} for n in range(300)]
    world.client("here").post("/v1/ingest/events", json=events).raise_for_status()
    with world.installation.db.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM ledger_tiles ORDER BY level, idx LIMIT 1").mappings().one()
    blob = next(name for name, value in row.items() if isinstance(value, bytes) and len(value) > 100)
    altered = b"\x00" * 32 + bytes(row[blob])[32:]
    raw(world, (f"UPDATE ledger_tiles SET {blob} = ? WHERE level = 0", (altered,)))
    found = run(world, "verify-full")
    assert not found["ok"]
    assert "tiles" in found["checks"]
    assert found["first_bad_seq"] is not None or found["interval"] is not None
    raw(world, (f"UPDATE ledger_tiles SET {blob} = ? WHERE level = 0", (bytes(row[blob]),)))
    assert run(world, "verify-full")["ok"]


def test_a_tampered_row_of_the_index_is_found_by_its_event_and_leaves_the_index_as_it_was(world: World) -> None:
    event = world.seed()[1]
    index = world.installation.index
    rebuilt(world)
    assert run(world, "verify-index")["ok"]
    sql = (
        f"ALTER TABLE {index.database}.events UPDATE actor_id = '{{}}' WHERE id = '{event}' SETTINGS mutations_sync = 1"
    )
    index.engine.command(sql.format("eve"))
    found = run(world, "verify-index")
    assert not found["ok"]
    assert event in {one["id"] for one in found["events"]}
    assert {one["field"] for one in found["events"]} == {"actor_id"}
    assert "events" in found["tables"]
    assert "stale" not in found
    rebuilt(world)
    assert run(world, "verify-index")["ok"]


def test_the_index_goes_on_after_it_was_compared_as_if_nothing_had_been(world: World) -> None:
    rooms, index = world.installation.rooms(world.tenant), world.installation.index
    rebuilt(world)
    for _ in range(3):
        world.seed()
        assert rooms.settle() == 0
        assert run(world, "verify-index")["ok"]
        log = world.installation.ledger.log(world.tenant).first
        assert rooms.settle() == 0
        assert index.torn(log) == []
        world.seed()
        assert rooms.settle() == 0
        assert index.watermark(log) == world.head


def test_a_tampered_derived_table_is_named(world: World) -> None:
    index = world.installation.index
    rebuilt(world)
    assert run(world, "verify-index")["ok"]
    index.engine.command(f"ALTER TABLE {index.database}.hour_source DELETE WHERE 1 SETTINGS mutations_sync = 1")
    found = run(world, "verify-index")
    assert (found["ok"], list(found["tables"])) == (False, ["hour_source"])
    assert found["tables"]["hour_source"]["rows"] == 0
    rebuilt(world)
    assert run(world, "verify-index")["ok"]


def test_rows_of_another_parser_version_are_no_damage(world: World) -> None:
    index = world.installation.index
    rebuilt(world)
    index.engine.command(
        f"ALTER TABLE {index.database}.events UPDATE parser = concat(parser, 'x'), message = 'older' "
        "WHERE event_type = 'auth.login' SETTINGS mutations_sync = 1"
    )
    found = run(world, "verify-index")
    assert found["ok"]
    assert found["stale"] > 0
    assert "vestige index rebuild" in found["reason"]
    rebuilt(world)


def test_a_quiet_log_does_not_grow_by_being_watched(world: World) -> None:
    assert run(world, "verify")["ok"]
    size = world.head
    again = run(world, "verify")
    assert (again["ok"], again["entries"], world.head) == (True, 0, size)
    world.seed()
    assert run(world, "verify")["entries"] >= len(EVENTS)
    assert world.head > size + len(EVENTS)


def test_a_mark_that_was_altered_is_not_gone_on_from(world: World) -> None:
    assert run(world, "verify")["ok"]
    world.seed()
    with world.installation.db.write() as connection:
        connection.exec_driver_sql("""UPDATE jobs SET result = '{"mark":"01KAP00000000000000000ZZZZ"}'""")
    assert run(world, "verify")["entries"] >= world.head - 2  # everything


def broken_alarm(world: World, alarms: Alarms, answers: list[int]) -> Callable[[], dict[str, Any]]:
    seq, payload = payload_of(world, world.seed()[1])
    raw(world, ("UPDATE ledger_payloads SET payload = ? WHERE seq = ?", (payload + b" ", seq)))
    alarms.came.clear()
    alarms.answers[:] = answers

    def mended() -> dict[str, Any]:
        alarms.answers.clear()
        raw(world, ("UPDATE ledger_payloads SET payload = ? WHERE seq = ?", (payload, seq)))
        return run(world, "verify")

    return mended


def test_an_alarm_is_signed_and_sent_again_until_it_is_taken(world: World, alarms: Alarms) -> None:
    assert run(world, "verify")["ok"]
    mended = broken_alarm(world, alarms, [500, 503])
    found = run(world, "verify")
    assert found["alarm"] == "taken at try 3"
    assert len({headers["webhook-id"] for headers, _ in alarms.came}) == 1
    for headers, body in alarms.came:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(SECRET.encode(), signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert SECRET not in body.decode() + str(headers)
        said = json.loads(body)
        assert (said["type"], said["check"], said["first_bad_seq"]) == (
            "integrity.failed", "verify", found["first_bad_seq"],
        )  # fmt: skip
    assert mended()["ok"]


def test_an_alarm_nobody_takes_fails_the_job_which_is_tried_again(world: World, alarms: Alarms) -> None:
    assert run(world, "verify")["ok"]
    mended = broken_alarm(world, alarms, [500] * alarm.TRIES)
    with pytest.raises(OutgoingError, match="not taken"):
        run(world, "verify")
    assert len(alarms.came) == alarm.TRIES
    state = next(one for one in world.client("owner").get("/v1/jobs").json()["jobs"] if one["name"] == "verify")
    assert (state["state"], state["failures"]) == ("failed", 1)
    assert "the alarm was not taken" in state["error"]
    assert SECRET not in json.dumps(state)
    assert mended()["ok"]


def test_a_verification_that_lost_its_turn_leaves_no_entry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    upkeep = world.installation.upkeep
    world.seed()
    real = type(upkeep)._record

    def late(*arguments: Any) -> str:
        with world.installation.db.write() as connection:
            connection.exec_driver_sql("UPDATE jobs SET fence = fence + 1 WHERE name = 'verify'")
        return real(*arguments)

    monkeypatch.setattr(type(upkeep), "_record", late)
    size = world.head
    with pytest.raises(LostTurnError):
        run(world, "verify")
    assert world.head == size
    monkeypatch.undo()
    with world.installation.db.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET lease_until = 0 WHERE name = 'verify'")
    assert run(world, "verify")["ok"]
    assert world.head == size + 1


def test_a_mark_holds_its_frontier_against_its_root(world: World) -> None:
    mark = mark_of(world.installation.ledger, world.tenant, 5)
    said = mark.to_json()
    assert Mark.from_json(said) == mark
    for name, value in (("root", "0" * 64), ("size", 4), ("frontier", "zz"), ("frontier", "00")):
        with pytest.raises(ProofError):
            Mark.from_json(said | {name: value})


def test_an_alarm_s_url_needs_a_secret(tmp_path: Path) -> None:
    url = {"VESTIGE_ALARM_URL": "https://alarms.example/x"}
    with pytest.raises(SettingsError, match="secret"):
        load(url | {"VESTIGE_ALARM_SECRET": "short"}, data=tmp_path)
    assert load(url | {"VESTIGE_ALARM_SECRET": SECRET}, data=tmp_path).alarm_secret == SECRET
    assert SECRET not in repr(load(url | {"VESTIGE_ALARM_SECRET": SECRET}, data=tmp_path))
