"""Two servers on one PostgreSQL: a job is one's at a time; when its runner is killed, the other does it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
from sqlalchemy import update

from support.prepared import Prepared
from support.program import environment
from vestige.app import ImportOptions, Installation, Settings
from vestige.app.installation import only_writer
from vestige.db import Database
from vestige.index import place_of
from vestige.jobs.models import LostTurnError
from vestige.jobs.store import JOBS, claim
from vestige.ledger import Draft, Kind
from vestige.model.errors import BusyError
from vestige.model.instant import NANOS
from vestige.model.principal import Principal

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.postgres import Postgres

SECONDS = 120
TENANT = "01KAP00000000000000000TENA"
INDEX = "clickhouse://nobody@127.0.0.1/vestige"
LEASE = f"index-writer-{place_of(INDEX)}"


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


@contextlib.contextmanager
def node(data: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    process = Prepared(
        [sys.executable, "-m", "vestige", "up", "--port", "0", "--data", str(data)],
        stdout=-1,
        stderr=-1,
        env=environment(**env),
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith(b"listening on"), line + process.communicate()[1]
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_job_goes_on_with_the_other_node_when_its_runner_is_killed(postgres: Postgres, tmp_path: Path) -> None:
    name = postgres.create()
    url = postgres.url(name)
    env = {
        "VESTIGE_DATABASE_URL": url,
        "VESTIGE_SIGNER_DIR": str(tmp_path / "signer"),
        "VESTIGE_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
        "VESTIGE_JOB_LEASE_SECONDS": "2",
        "VESTIGE_VERIFY_SECONDS": "1",
        "VESTIGE_VERIFY_FULL_SECONDS": "0",
        "VESTIGE_VERIFY_INDEX_SECONDS": "0",
        "VESTIGE_RETENTION_SECONDS": "0",
    }
    with Database.open(url) as db:
        db.migrate()
    with psycopg.connect(postgres.url(name), autocommit=True) as watching, contextlib.ExitStack() as stack:

        def row() -> dict[str, Any]:
            with watching.cursor(row_factory=psycopg.rows.dict_row) as cursor:
                return cursor.execute("SELECT * FROM jobs WHERE name = 'verify'").fetchone() or {}

        nodes = {}
        for place in ("a", "b"):
            process = stack.enter_context(node(tmp_path / place, **env))
            nodes[str(process.pid)] = process
        until(lambda: row().get("ok_at", 0) > 0)
        lock = stack.enter_context(psycopg.connect(postgres.url(name)))
        lock.execute("LOCK TABLE ledger_payloads IN ACCESS EXCLUSIVE MODE")
        stuck = until(lambda: (found := row())["state"] == "running" and found)
        time.sleep(3)  # longer than the lease: whoever lives keeps it
        still = row()
        assert (still["fence"], still["owner"], still["state"]) == (stuck["fence"], stuck["owner"], "running")
        assert still["lease_until"] > stuck["lease_until"]
        killed = stuck["owner"].split(":")[1]
        nodes[killed].send_signal(signal.SIGKILL)
        nodes[killed].wait(30)
        after = until(lambda: (found := row())["owner"] != stuck["owner"] and found)
        assert after["fence"] > stuck["fence"]
        lock.rollback()
        done = until(lambda: (found := row())["state"] == "done" and found["ok_at"] > stuck["ok_at"] and found)
        assert done["owner"].split(":")[1] == next(pid for pid in nodes if pid != killed)
        assert json.loads(done["result"])["ok"]
        assert done["failures"] == 0


def test_what_one_node_erases_or_purges_goes_from_the_index_of_the_other(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.url(postgres.create())
    with Database.open(url) as db:
        db.migrate()
    key, signer = base64.b64encode(os.urandom(32)).decode(), tmp_path / "signer"
    env = {"DATABASE_URL": url, "SIGNER_DIR": str(signer), "KEY_ENCRYPTION_KEY": key}
    settings = Settings(data=tmp_path / "a", database_url=url, signer_dir=signer, key_encryption_key=key)
    file = tmp_path / "app.jsonl"
    file.write_text(
        "".join(
            f'{{"event_type":"data.read","occurred_at":"2026-04-11T10:0{number}:00Z","actor":"planted-{number}"}}\n'
            for number in range(4)
        )
    )
    # One index engine a process: the other node is a process of its own.
    transport = httpx.HTTPTransport(uds=str(tmp_path / "b" / "vestige.sock"))
    with (
        Installation.open(settings) as installation,
        node(tmp_path / "b", **{f"VESTIGE_{name}": value for name, value in env.items()}),
        httpx.Client(transport=transport, base_url="http://b", timeout=60) as other,
    ):
        rooms = installation.rooms_of_slug(None)
        rooms.intake.import_paths(
            [file], ImportOptions(Principal("local:0")), progress=lambda _: None, stop=threading.Event()
        )

        def known(number: int) -> list[dict[str, Any]]:
            answer = other.get("/v1/search", params={"q": f"actor:planted-{number}"})
            assert answer.status_code == 200, answer.text
            found: list[dict[str, Any]] = answer.json()["events"]
            return found

        (first,), (second,) = until(lambda: known(1)), until(lambda: known(2))
        position = installation.ledger.entry(rooms.tenant.id, second["id"].partition(".")[0]).position
        rooms.custody.erase([first["id"]], Principal("ann"), reason="privacy", progress=lambda *_: None)
        until(lambda: not known(1))
        assert known(2)
        rooms.custody.purge([(position, position + 1)], [], Principal("ann"), {}, lambda *_: None)
        until(lambda: not known(2))
        assert known(3)


def test_an_index_that_two_servers_reach_is_written_by_one(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.url(postgres.create())
    shared = Settings(data=tmp_path, index_url=INDEX, job_lease_seconds=1)
    with Database.open(url) as db:
        db.migrate()
        with only_writer(shared, db, TENANT) as may_write:
            may_write()
            with pytest.raises(BusyError, match="another server writes this index"), only_writer(shared, db, TENANT):
                pytest.fail("two servers write one index")
            same = Settings(data=tmp_path, index_url=INDEX.replace("nobody", "other:secret"), job_lease_seconds=1)
            with pytest.raises(BusyError), only_writer(same, db, TENANT):
                pytest.fail("another name to sign in by is no other index")
            other = Settings(data=tmp_path, index_url=f"{INDEX}2", job_lease_seconds=1)
            for free in (Settings(data=tmp_path), other):
                with only_writer(free, db, TENANT) as own:
                    own()  # an index in process, or another database, is nobody else's
            may_write()
            # Stopped for longer than its lease, it has lost it: the next may write, and it may not.
            with db.write(TENANT) as connection:
                connection.execute(update(JOBS).where(JOBS.c.name == LEASE).values(lease_until=0))
                assert claim(connection, TENANT, LEASE, "another", 60 * NANOS)
            until(lambda: _is_lost(may_write))
        with db.write(TENANT) as connection:
            connection.execute(update(JOBS).where(JOBS.c.name == LEASE).values(lease_until=0))
        with only_writer(shared, db, TENANT) as may_write:
            may_write()


def _is_lost(may_write: Callable[[], None]) -> bool:
    try:
        may_write()
    except LostTurnError:
        return True
    return False


def test_a_server_that_lost_its_index_writes_no_block(tmp_path: Path) -> None:
    def over() -> None:
        raise LostTurnError("another has it")

    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.settle()
        before = rooms.projector.watermark
        rooms.projector._may_write = over
        installation.ledger.transact(rooms.tenant.id, lambda _: [Draft(Kind.AUDIT, b'{"act":"test","by":"test"}')])
        assert rooms.projector.wait(before + 1, 20) > 0
        assert isinstance(rooms.projector.error, LostTurnError)
        assert "projection" in installation.failing()
        rooms.projector._may_write = lambda: None
        until(lambda: rooms.projector.watermark > before)
