"""A process killed between a second person's word and the act: the next start says what became of the proposal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support.inside import Inside
from support.program import environment
from vestige.app import Installation, Settings
from vestige.custody.rule_store import Rule
from vestige.custody.two_persons import ERASE, FAILED
from vestige.ledger import Kind
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.app import Rooms

ANN = Principal("ann@example.org")
RECORD = b'{"event_type":"data.read","occurred_at":"2026-04-11T10:00:00Z","message":"to be forgotten"}\n'
KILLED = """
import os, signal, sys
from vestige.app.custody import Custody
from vestige.cli import main
setattr(Custody, sys.argv[1], lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(("killed_in", "state"), [("erase", "failed"), ("_finish", "done")])
def test_what_was_approved_when_the_server_was_killed_is_told(tmp_path: Path, killed_in: str, state: str) -> None:
    """Before the erasure nothing is done and it has failed; after its entry it is done and gone on with."""
    data = tmp_path / "data"
    (tmp_path / "one.jsonl").write_bytes(RECORD)
    Inside(data).ok("import", str(tmp_path / "one.jsonl"))
    settings = Settings(data=data, job_lease_seconds=1)
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.settle()
        event = rooms.timeline.page().events[0]["id"]
        rooms.agreeing.two_persons.change(Rule(two_persons=True), ANN)
        made = rooms.agreeing.propose(ERASE, {"ids": [event], "reason": "privacy"}, ANN, ())
    command = [sys.executable, "-c", KILLED, killed_in, "proposal", "approve", made.id, "--data", str(data)]
    done = subprocess.run(command, env=environment(VESTIGE_JOB_LEASE_SECONDS="1"), capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    # While a lease could still run, whoever approved it might be alive.
    with Installation.open(replace(settings, job_lease_seconds=600)) as installation:
        assert installation.rooms_of_slug(None).agreeing.two_persons.one(made.id).state == "approved"
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        deadline = time.monotonic() + 60
        while rooms.agreeing.two_persons.one(made.id).state == "approved" and time.monotonic() < deadline:
            time.sleep(0.1)
        assert rooms.agreeing.two_persons.one(made.id).state == state
        assert failures(rooms) == (["the server ended before it was carried out; nothing was done"] if state == "failed"
                                   else [])  # fmt: skip
        while rooms.custody.unfinished() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert rooms.custody.unfinished() == []
        assert (rooms.event(event).get("status") == "erased") is (state == "done")


def failures(rooms: Rooms) -> list[str]:
    ledger, tenant = rooms._ledger, rooms.tenant.id
    acts = [json.loads(ledger.opened(entry)) for entry in ledger.entries_of(tenant, [Kind.AUDIT])]
    return [act["detail"]["reason"] for act in acts if act["act"] == FAILED]
