"""An older backup is put back, as an operator does it, on the command line and over HTTP."""

from __future__ import annotations

import json
import shutil
import sqlite3
from typing import TYPE_CHECKING

import httpx
import pytest

from support.program import Vestige, serving

if TYPE_CHECKING:
    from pathlib import Path


def log_file(path: Path, word: str, count: int) -> str:
    path.write_text("".join(f'{{"event_type":"auth.login","message":"{word} {i}"}}\n' for i in range(count)))
    return str(path)


def put_back(data: Path, backup: Path) -> None:
    """The documented steps: the database as it was, and nothing of the newer one beside it; the signer untouched."""
    for suffix in ("", "-wal", "-shm"):
        (data / f"vestige.sqlite{suffix}").unlink(missing_ok=True)
    for file in backup.glob("vestige.sqlite*"):
        shutil.copy(file, data / file.name)


@pytest.fixture
def restored(tmp_path: Path) -> Vestige:
    vestige = Vestige(tmp_path / "data")
    assert vestige.json("import", log_file(tmp_path / "a.ndjson", "alpha", 40))["parsed"] == 40
    shutil.copytree(vestige.data, tmp_path / "backup")
    assert vestige.json("import", log_file(tmp_path / "b.ndjson", "beta", 60))["parsed"] == 60
    assert len(vestige.lines("search", "beta")) == 60
    put_back(vestige.data, tmp_path / "backup")
    return vestige


def test_an_operator_puts_an_older_backup_back(restored: Vestige, tmp_path: Path) -> None:
    vestige = restored
    refused = vestige.run("ledger", "checkpoint")
    assert refused.returncode == 4
    assert b"has shrunk" in refused.stderr
    assert b"vestige ledger new-epoch" in refused.stderr
    assert vestige.json("ledger", "verify", code=4)["ok"] is False
    assert vestige.lines("search", "beta") == []

    done = vestige.run("ledger", "new-epoch")
    assert done.returncode == 0, done.stderr
    told = done.stdout.decode()
    assert "goes on as" in told
    assert "were signed and are not in the database" in told
    again = vestige.run("ledger", "new-epoch")
    assert again.returncode == 1
    assert b"not needed" in again.stderr

    first = vestige.json("import", str(tmp_path / "a.ndjson"))
    assert (first["parsed"], first["duplicates"]) == (0, 40)
    second = vestige.json("import", str(tmp_path / "b.ndjson"))
    assert (second["parsed"], second["duplicates"]) == (60, 0)
    alpha, beta = vestige.lines("search", "alpha"), vestige.lines("search", "beta")
    assert (len(alpha), len(beta)) == (40, 60)
    assert {event["epoch"] for event in beta} == {1}
    assert not any("epoch" in event for event in alpha)
    for event in (alpha[0], beta[0]):
        assert event["message"] in vestige.ok("show", event["id"], "--raw").decode()
        assert (
            vestige.json("show", event["id"])["provenance"]["log"]
            in vestige.ok("show", event["id"], "--proof").decode()
        )
    report = vestige.json("ledger", "verify")
    assert report["ok"] is True
    assert "KNOWN LOSS" in {check["name"]: check["detail"] for check in report["checks"]}["signer"]
    assert vestige.json("index", "rebuild")["equal"] is True
    keys = vestige.lines("ledger", "keys")
    assert [(key["epoch"], key["origin"][-2:]) for key in keys] == [(0, "/0"), (1, "/1")]


def test_an_import_into_a_database_put_back_fails_loudly_and_its_records_stay(
    restored: Vestige, tmp_path: Path
) -> None:
    """Before the command was run: what is imported is appended, but cannot be signed, and the exit code says so."""
    done = restored.run("import", log_file(tmp_path / "c.ndjson", "gamma", 200), "--json")
    assert done.returncode == 4
    assert b"vestige ledger new-epoch" in done.stderr
    made = restored.json("ledger", "new-epoch")
    assert made["restore"]["signer"] == "differs"
    assert made["restore"]["lost"] == []
    ((lo, hi),) = made["restore"]["unsure"]
    assert 40 < lo < hi == made["restore"]["signed"]["size"]
    assert restored.json("import", str(tmp_path / "c.ndjson"))["duplicates"] == 200
    assert restored.json("import", str(tmp_path / "b.ndjson"))["parsed"] == 60
    assert [len(restored.lines("search", word)) for word in ("alpha", "beta", "gamma")] == [40, 60, 200]
    assert restored.json("ledger", "verify")["ok"] is True


def test_a_lost_signers_memory(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    vestige.json("import", log_file(tmp_path / "a.ndjson", "alpha", 40))
    for file in (vestige.data / "signer").glob("*.json"):
        file.unlink()
    assert vestige.run("ledger", "checkpoint").returncode == 4
    done = vestige.run("ledger", "new-epoch")
    assert done.returncode == 0
    assert b"only whoever kept a later checkpoint can tell" in done.stdout
    assert vestige.json("import", str(tmp_path / "a.ndjson"))["duplicates"] == 40
    assert vestige.json("ledger", "verify")["ok"] is True


def test_old_epochs_are_reachable_over_http(restored: Vestige) -> None:
    with serving(restored.data) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            made = client.post("/v1/ledger/new-epoch").json()
            assert made["origin"].endswith("/1")
            assert client.post("/v1/ledger/new-epoch").status_code == 409
            assert client.post("/v1/ledger/checkpoint").status_code == 200
            tenant = made["origin"].split("/")[-2]
            old, size = made["restore"]["origin"], made["restore"]["size"]
            for path, origin in ((f"{tenant}.0", old), (f"{tenant}.1", made["origin"]), (tenant, made["origin"])):
                note = client.get(f"/v1/ledger/{path}/checkpoint")
                assert note.text.split("\n")[0] == origin
                tile = client.get(f"/v1/ledger/{path}/tile/entries/000.p/2")
                assert json.dumps(origin).encode() in tile.content
            for wrong in (f"{tenant}.2", f"{tenant}.x", f"{tenant}.", f"{tenant}.00", f"{tenant}.-1", "else.0"):
                assert client.get(f"/v1/ledger/{wrong}/checkpoint").status_code == 404, wrong
            proof = client.get("/v1/ledger/inclusion", params={"seq": 3, "epoch": 0}).json()
            covered = client.get(f"/v1/ledger/{tenant}.0/checkpoint").text.split("\n")[1]
            assert (str(proof["size"]), proof["size"] <= size) == (covered, True)
            consistent = client.get("/v1/ledger/consistency", params={"from": 1, "epoch": 0})
            assert str(consistent.json()["to"]) == covered
            assert client.get("/v1/ledger/inclusion", params={"seq": 3, "epoch": 9}).status_code == 404
            keys = httpx.get(f"{server.url}/v1/ledger/{tenant}/keys").json()
            assert [key["origin"] for key in keys] == [old, made["origin"]]
            event = client.post("/v1/ingest/events", json={"event_type": "x.y", "message": "after"}).json()["results"][
                0
            ]
            assert event["epoch"] == 1
            raw = client.get(f"/v1/events/{event['id']}/raw")
            assert (raw.headers["x-vestige-log"], raw.headers["x-vestige-seq"]) == (made["origin"], str(event["seq"]))
            assert len(client.get("/v1/search", params={"q": "alpha", "undated": "true"}).json()["events"]) == 40


def test_the_database_itself_holds_the_closed_log_closed(restored: Vestige) -> None:
    restored.ok("ledger", "new-epoch")
    connection = sqlite3.connect(restored.data / "vestige.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="closed log"):
        connection.execute("UPDATE ledger_head SET size = size + 1 WHERE log = 1")
    connection.close()
