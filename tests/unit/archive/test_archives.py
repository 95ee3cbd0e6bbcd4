"""Archives: weeks by receipt, whole or not there, verified by one file; what was erased is in none of them."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from support.folders import files_of
from support.world import World, world_in
from vestige.app import archives as archives_module
from vestige.app import spool
from vestige.app.archives import LEASE, Archives
from vestige.archive import Store, Week, verify, week_of
from vestige.archive.offline import verifier, verify_archive
from vestige.archive.viewer import MOST_EVENTS, Viewer
from vestige.jobs import LostTurnError
from vestige.model.errors import BusyError, ConflictError, InputError, StorageError
from vestige.model.instant import NANOS, now
from vestige.model.principal import Principal
from vestige.proof.note import NoteSigner, VerifierKey, sign_note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAY = 86_400 * NANOS
PLANTED = "bilby-5582-macrotis"
BY = Principal("local:0")


def test_weeks_are_those_of_iso_8601() -> None:
    assert str(week_of("2026-01-01T00:00:00.000000Z")) == "2026-W01"
    assert str(week_of("2027-01-03T23:59:59.999999Z")) == "2026-W53"
    assert Week.parse("2026-W53").end == "2027-01-04T00:00:00.000000Z"
    assert str(Week.parse("2026-W53").following()) == "2027-W01"
    for text in ("2026-W54", "2026-47", "2026-W00", "../x", ""):
        with pytest.raises(InputError, match="no week"):
            Week.parse(text)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path / "data", archive_url=f"file://{tmp_path / 'store'}") as made:
        yield made


def archives(world: World) -> Archives:
    return world.installation.rooms(world.tenant).archives


def at(world: World, days: int) -> None:
    """Let it be so many days later, for receipts and for archives."""
    world.installation.ledger._clock = lambda: now() + days * DAY
    world.installation.ledger._lanes.clear()
    archives(world).clock = lambda: now() + days * DAY


def send(world: World, *messages: str) -> list[str]:
    events = [{"event_type": "a.b", "message": message} for message in messages]
    answer = world.client("here").post("/v1/ingest/events", json=events, headers={"X-Source-Id": "web"}).json()
    return [one["id"] for one in answer["results"]]


def create(world: World) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 60
    while world.installation.rooms(world.tenant).settle() and time.monotonic() < deadline:
        pass  # on a busy machine the index is up later than a person waits
    made: list[dict[str, Any]] = archives(world).create(BY)["created"]
    return made


def keys(world: World) -> list[str]:
    return [key.vkey for key in world.installation.ledger.keys(world.tenant)]


def everything(folder: Path) -> bytes:
    """Every byte of a folder, decompressed too."""
    out = b""
    for path, data in files_of(folder):
        out += data + (gzip.decompress(data) if path.suffix == ".gz" else b"")
        if path.suffix == ".parquet":
            out += str(pq.read_table(path).to_pylist()).encode()
    return out


def erase(world: World, *ids: str) -> None:
    answer = world.client("owner").post("/v1/erasures", json={"ids": list(ids), "reason": "privacy"})
    assert '"report"' in answer.text, answer.text


def test_each_week_that_is_over_is_archived_once_and_the_next_goes_on_from_it(world: World, tmp_path: Path) -> None:
    send(world, "first", "second")
    assert create(world) == []  # the week is not over
    at(world, 8)
    send(world, "third")
    (first,) = create(world)
    assert (first["from"], first["records"], first["erased"]) == (0, 2, 0)
    assert create(world) == []
    at(world, 20)
    made = create(world)
    ends = [one["to"] for one in (first, *made)]
    assert [one["from"] for one in made] == ends[:-1]
    assert [one["week"] for one in archives(world).all()] == [first["week"], *(one["week"] for one in made)]
    assert {one["verdict"] for one in archives(world).verify()} == {"verified"}
    kit = tmp_path / "kit"
    kit.mkdir()
    assert archives(world).fetch(made[0]["week"], kit)["exit"] == 0
    assert verify(kit, [])["exit"] == 2
    command = [sys.executable, "-I", str(kit / "verify_archive.py"), "--key", keys(world)[0], str(kit)]
    alone = subprocess.run(command, capture_output=True, check=False)
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert pq.read_table(kit / "events.parquet").column("message").to_pylist() == ["third"]
    assert b"third" in gzip.decompress((kit / "events.ndjson.gz").read_bytes())
    acts = [one for one in world.acts() if one["action"] == "archive.created"]
    assert [one["detail"]["week"] for one in acts] == [first["week"], *(one["week"] for one in made)]


def test_a_clock_that_was_set_back_gives_no_week_two_archives(world: World) -> None:
    ends = []
    for days, message in ((14, "later"), (0, "earlier"), (28, "after"), (7, "earlier still")):
        at(world, days)
        send(world, message)
        ends.append(world.head)
    at(world, 60)
    made = create(world)
    assert [one["from"] for one in made] == [0, *(one["to"] for one in made[:-1])]
    assert len({one["week"] for one in made}) == len(made) >= 2
    assert made[-1]["to"] >= ends[-1]
    assert sum(one["records"] for one in made) == 4
    assert {one["verdict"] for one in archives(world).verify()} == {"verified"}
    at(world, 1)
    send(world, "much later, by a clock set back")
    at(world, 90)
    create(world)
    assert sum(one["records"] for one in archives(world).all()) == 5
    assert len({one["week"] for one in archives(world).all()}) == len(archives(world).all())


def test_what_is_erased_leaves_its_archive_and_the_rest_stays_proved(world: World, tmp_path: Path) -> None:
    gone, kept = send(world, f"{PLANTED} here", "kept")
    at(world, 8)
    create(world)
    assert PLANTED.encode() in everything(tmp_path / "store")
    before = sorted((tmp_path / "store").rglob("manifest.json"))
    erase(world, gone)
    assert PLANTED.encode() not in everything(tmp_path)
    assert b"kept" in everything(tmp_path / "store")
    after = sorted((tmp_path / "store").rglob("manifest.json"))
    assert len(after) == len(before)
    assert after != before
    (report,) = archives(world).verify()
    assert (report["exit"], report["erased"], report["verdict"]) == (3, 1, "verified, parts erased")
    assert world.client("owner").get(f"/v1/events/{kept}").json()["message"] == "kept"
    assert world.installation.rooms(world.tenant).custody.unfinished() == []


def test_what_was_lost_is_put_back_and_what_was_erased_is_not(world: World, tmp_path: Path) -> None:
    lost, gone, large = send(world, "lost", f"{PLANTED} gone", "x" * 100_000)
    at(world, 8)
    create(world)
    old = tmp_path / "old"
    shutil.copytree(tmp_path / "store", old)
    erase(world, gone)
    shutil.rmtree(tmp_path / "store")
    shutil.copytree(old, tmp_path / "store")  # an archive of before the erasure: it still has what was erased
    ledger = world.installation.ledger
    entries = {
        name: ledger.entry(world.tenant, one) for name, one in (("lost", lost), ("large", large), ("gone", gone))
    }
    db = world.installation.db
    with db.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER ledger_payloads_erase")
        connection.exec_driver_sql("DELETE FROM ledger_payloads WHERE seq = ?", (entries["lost"].seq,))
    assert entries["large"].blob is not None
    world.installation.blobs.remove(entries["large"].blob)
    run = world.installation.upkeep.runner.run
    assert not run(world.tenant, "verify-full", threading.Event())["ok"]
    report = archives(world).restore(BY)
    assert (report["restored"], report["erased"], report["altered"], report["foreign"]) == (2, 1, 0, 0)
    assert run(world.tenant, "verify-full", threading.Event())["ok"]
    assert world.client("owner").get(f"/v1/events/{lost}").json()["message"] == "lost"
    assert PLANTED not in world.client("owner").get(f"/v1/events/{gone}").text
    assert PLANTED.encode() not in everything(tmp_path / "data")
    assert archives(world).restore(BY)["restored"] == 0


def test_an_archive_that_was_altered_puts_nothing_back(world: World, tmp_path: Path) -> None:
    send(world, "one")
    at(world, 8)
    create(world)
    (file,) = (tmp_path / "store").rglob("entries.ndjson.gz")
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(b"a.b", b"a.c")))
    with pytest.raises(Exception, match="nothing of it was put back"):
        archives(world).restore(BY)


@pytest.mark.parametrize("ends_after", [0, 5, 9])
def test_a_crash_in_the_middle_leaves_nothing_half_done(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends_after: int
) -> None:
    gone, _ = send(world, f"{PLANTED} x", "y")
    at(world, 8)
    if ends_after % 2:  # over an archive that is there
        create(world)
    before = archives(world).all()
    real, puts = Store.put, [0]

    def dying(store: Store, name: str, source: Path) -> None:
        if puts[0] == ends_after:
            raise StorageError("the process ended here")
        puts[0] += 1
        real(store, name, source)

    monkeypatch.setattr(Store, "put", dying)
    made = archives(world)
    act = (lambda: made.forget([(0, 100)])) if ends_after % 2 else (lambda: made.create(BY))
    with pytest.raises(StorageError):
        act()
    monkeypatch.undo()
    assert archives(world).all() == before
    assert all(one["exit"] == 0 for one in archives(world).verify())
    create(world)
    archives(world)._maker().sweep()
    named = {path.parent.name for path in (tmp_path / "store").rglob("manifest.json")}
    assert len(named) == len(archives(world).all()) == 1
    erase(world, gone)
    assert PLANTED.encode() not in everything(tmp_path / "store")


def test_an_erasure_is_not_over_while_the_store_of_archives_is_away(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gone,) = send(world, PLANTED)
    at(world, 8)
    create(world)
    custody = world.installation.rooms(world.tenant).custody

    def away(*_: Any) -> None:
        raise StorageError("the store of archives cannot take an object")

    monkeypatch.setattr(Store, "put", away)
    world.client("owner").post("/v1/erasures", json={"ids": [gone], "reason": "privacy"})
    assert len(custody.unfinished()) == 1
    monkeypatch.undo()
    custody.resume()
    assert custody.unfinished() == []
    assert PLANTED.encode() not in everything(tmp_path / "store")


def before_the_pointer(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Do something once, when all files of an archive are in the store and its pointer is not."""
    real = Store.put
    done: list[str] = []

    def put(store: Store, name: str, source: Path) -> None:
        if name.endswith("verify_archive.py") and not done:
            done.append(name)
            real(store, name, source)
            act()
        else:
            real(store, name, source)

    monkeypatch.setattr(Store, "put", put)


def test_what_is_worked_in_is_private_and_does_not_outlive_a_start(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(world, PLANTED)
    at(world, 8)
    system = tmp_path / "system"
    system.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(system))
    place = tmp_path / "data" / "spool"
    seen: list[Path] = []

    def look() -> None:
        seen.extend(place.iterdir())
        assert PLANTED.encode() in everything(seen[0])
        assert (place.stat().st_mode & 0o777, seen[0].stat().st_mode & 0o777) == (0o700, 0o700)
        assert PLANTED.encode() not in everything(system)
        shutil.copytree(seen[0], place / "left")  # as a process that is killed here leaves it

    before_the_pointer(monkeypatch, look)
    create(world)
    assert seen
    assert [path.name for path in place.iterdir()] == ["left"]
    spool.Spool(place).finish()
    spool.clear(place)
    assert list(place.iterdir()) == []


def another_node(world: World) -> Archives:
    """The archives of the same log in the same store, as another server has them."""
    here = world.installation
    made = Archives(here.settings, here.ledger, here.db, here.rooms(world.tenant))
    made.clock = archives(world).clock
    return made


def test_what_another_node_erases_while_an_archive_is_made_is_not_in_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, _ = send(world, f"{PLANTED} here", "kept")
    at(world, 8)
    other, custody = another_node(world), world.installation.rooms(world.tenant).custody
    custody.copies = other.forget
    monkeypatch.setattr(archives_module, "PATIENCE", 0.0)

    def erased() -> None:
        world.client("owner").post("/v1/erasures", json={"ids": [gone], "reason": "privacy"})
        assert len(custody.unfinished()) == 1  # the other's archive may hold it: it is not over

    before_the_pointer(monkeypatch, erased)
    assert [one["erased"] for one in create(world)] == [1]
    assert PLANTED.encode() not in everything(tmp_path / "store")
    assert b"kept" in everything(tmp_path / "store")
    assert [one["exit"] for one in archives(world).verify()] == [3]
    custody.resume()
    assert custody.unfinished() == []


def test_two_nodes_do_not_make_archives_at_once_and_one_that_lost_its_turn_names_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(world, "one", "two")
    at(world, 8)
    other = another_node(world)
    made: list[dict[str, Any]] = []

    def asked() -> None:
        with pytest.raises(BusyError, match="lease"):
            other.create(BY)

    def taken() -> None:
        asked()
        with world.installation.db.write(world.tenant) as connection:  # as if this process had slept through it
            connection.exec_driver_sql("UPDATE jobs SET lease_until = 0 WHERE name = ?", (LEASE,))
        made.extend(other.create(BY)["created"])

    before_the_pointer(monkeypatch, taken)
    with pytest.raises(LostTurnError):
        create(world)
    assert [one["week"] for one in archives(world).all()] == [one["week"] for one in made] != []
    assert [one["exit"] for one in archives(world).verify()] == [0]
    assert create(world) == []


def test_a_job_that_another_has_taken_over_names_no_archive_and_writes_no_word(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(world, "one")
    at(world, 8)
    run = world.installation.upkeep.runner.run

    def taken() -> None:
        with world.installation.db.write(world.tenant) as connection:
            connection.exec_driver_sql("UPDATE jobs SET fence = fence + 1 WHERE name = 'archive'")

    before_the_pointer(monkeypatch, taken)
    with pytest.raises(LostTurnError):
        run(world.tenant, "archive", threading.Event())
    assert archives(world).all() == []
    assert not world.acts("archive.created")
    with world.installation.db.write(world.tenant) as connection:
        connection.exec_driver_sql("UPDATE jobs SET lease_until = 0 WHERE name = 'archive'")
    assert run(world.tenant, "archive", threading.Event())["archives"] == 1  # the control
    assert len(world.acts("archive.created")) == 1


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An archive with an erased record, and the key it is sealed with."""
    folder = tmp_path_factory.mktemp("kit")
    with world_in(folder / "data", archive_url=f"file://{folder / 'store'}") as world:
        gone, *_ = send(world, "gone", "one", "two", "three")
        erase(world, gone)
        at(world, 8)
        create(world)
        (folder / "kit").mkdir()
        archives(world).fetch(archives(world).all()[0]["week"], folder / "kit")
        return folder / "kit", keys(world)[0]


def changed(kit: Path, target: Path, name: str, data: bytes, *, resealed: bool = True) -> Path:
    """A copy with another file, and a manifest that lists it as it is."""
    shutil.copytree(kit, target)
    (target / name).write_bytes(data)
    if resealed and name not in {"manifest.json", "seal"}:
        manifest = json.loads((target / "manifest.json").read_bytes())
        manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        (target / "manifest.json").write_bytes(json.dumps(manifest).encode())
    return target


def test_the_untouched_archive_verifies_with_its_erasure_proved(kit: tuple[Path, str]) -> None:
    folder, key = kit
    report = verify(folder, [key])
    assert (report["exit"], report["erased"]) == (3, 1)
    assert verify(folder, [])["exit"] == 2


def test_every_file_is_held_to_the_manifest_and_the_manifest_to_the_seal(kit: tuple[Path, str], tmp_path: Path) -> None:
    folder, key = kit
    for path in sorted(folder.iterdir()):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        report = verify(changed(folder, tmp_path / path.name, path.name, bytes(data), resealed=False), [key])
        assert report["exit"] in {1, 4}, (path.name, report)
    (tmp_path / "more").mkdir()
    shutil.copytree(folder, tmp_path / "more" / "kit")
    (tmp_path / "more" / "kit" / "extra.txt").write_text("x")
    assert "files and manifest differ" in verify(tmp_path / "more" / "kit", [key])["reason"]
    (tmp_path / "more" / "kit" / "extra.txt").unlink()
    (tmp_path / "more" / "kit" / "events.parquet").unlink()
    assert verify(tmp_path / "more" / "kit", [key])["exit"] == 1
    assert verify(tmp_path / "nothing", [key])["exit"] == 4


def test_another_s_seal_is_not_the_trusted_one(kit: tuple[Path, str], tmp_path: Path) -> None:
    folder, key = kit
    origin = json.loads((folder / "manifest.json").read_bytes())["origin"]
    private = Ed25519PrivateKey.generate()
    forger = NoteSigner(VerifierKey(origin, private.public_key().public_bytes_raw()), private.sign)
    text = (folder / "seal").read_text().partition("\n\n")[0] + "\n"
    forged = changed(folder, tmp_path / "forged", "seal", sign_note(text, [forger]), resealed=False)
    report = verify(forged, [key])
    assert report["exit"] == 1
    assert report["reason"]


def lines_of(kit: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress((kit / "entries.ndjson.gz").read_bytes()).splitlines()]


def test_a_verifier_that_is_given_a_whole_seal_still_sees_what_the_entries_are(
    kit: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has the log's key can seal other files: what the log's tree says of the entries they cannot change."""
    folder, key = kit
    monkeypatch.setattr(verify_archive, "check_seal", lambda *_: True)
    entries, proof = lines_of(folder), json.loads((folder / "proof.json").read_bytes())
    evidence = [place for place, one in enumerate(entries) if '"kind":"evidence"' in one["leaf"] and "payload" in one]
    erased = next(place for place, one in enumerate(entries) if "payload" not in one)

    def with_entries(name: str, made: list[dict[str, Any]]) -> dict[str, Any]:
        data = gzip.compress(b"".join(json.dumps(one).encode() + b"\n" for one in made))
        return verify(changed(folder, tmp_path / name, "entries.ndjson.gz", data), [key])

    def without(place: int, *names: str) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in one.items() if name not in names} if at == place else one
            for at, one in enumerate(entries)
        ]

    assert with_entries("control", entries)["exit"] == 3
    place = evidence[0]
    cases = {
        "payload": [*entries[:place], entries[place] | {"payload": entries[evidence[1]]["payload"]},
                    *entries[place + 1 :]],
        "leaf": [*entries[:place], entries[place] | {"leaf": entries[place]["leaf"].replace('"v":1', '"v":2')},
                 *entries[place + 1 :]],
        "dropped": entries[:place] + entries[place + 1 :],
        "tail": entries[:-1],
        "swapped": [*entries[:place], entries[place + 1], entries[place], *entries[place + 2 :]],
        "missing": without(place, "payload", "salt"),
        "back": [*entries[:erased], entries[erased] | {"payload": "", "salt": "00" * 32}, *entries[erased + 1 :]],
    }  # fmt: skip
    for name, made in cases.items():
        report = with_entries(name, made)
        assert report["exit"] == 1, name
        assert report["reason"], name
    for name, value in (
        ("erasures", []),
        ("consistency", [*proof["consistency"], "A" * 43 + "="]),
        ("frontier", ["00" * 32]),
    ):
        data = json.dumps(proof | {name: value}).encode()
        assert verify(changed(folder, tmp_path / f"proof-{name}", "proof.json", data), [key])["exit"] == 1, name


def test_the_page_shows_evidence_as_text_and_says_what_it_left_out() -> None:
    viewer = Viewer("a <log>")
    event = {"id": "E", "received_at": "2026-01-01T00:00:00Z", "message": "</script><img src=x onerror=alert(1)>"}
    viewer.add(json.dumps(event).encode() + b"\n")
    page = viewer.text()
    assert "</script><img" not in page
    assert "\\u003c/script>" in page
    assert page.count("a &lt;log&gt;") == 2
    assert "default-src 'none'" in page
    many = Viewer("x")
    many.add((json.dumps({"id": "E", "received_at": ""}).encode() + b"\n") * (MOST_EVENTS + 1))
    assert f'"seen":{MOST_EVENTS + 1}' in many.text()
    assert many.text().count('["E"') == MOST_EVENTS


def test_the_verifier_needs_nothing_of_ours() -> None:
    assert b"import vestige" not in verifier()
    assert b"from vestige" not in verifier()


def test_without_a_store_nothing_is_made_and_it_is_said(tmp_path: Path) -> None:
    with world_in(tmp_path / "data") as world:
        assert world.client("owner").get("/v1/archives").json() == {"configured": False, "archives": []}
        with pytest.raises(ConflictError, match="no store of archives"):
            create(world)
