"""Two servers on one PostgreSQL: a job is one's at a time; when its runner is killed, the other does it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg

from support.prepared import Prepared
from support.program import environment
from vestige.db import Database

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.postgres import Postgres

SECONDS = 120


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
