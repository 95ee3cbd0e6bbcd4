"""The commands, as a person types them: a backup of a server at work, and the machine it comes back on."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

from support.program import Vestige, serving

if TYPE_CHECKING:
    from pathlib import Path


def test_a_backup_of_a_server_at_work_comes_back(tmp_path: Path) -> None:
    vestige, kept = Vestige(tmp_path / "data"), tmp_path / "kept"
    (tmp_path / "a.ndjson").write_text('{"event_type":"auth.login","message":"alpha"}\n' * 3)
    vestige.ok("import", str(tmp_path / "a.ndjson"))
    with serving(vestige.data):
        done = vestige.run("backup", str(kept))
        assert done.returncode == 0, done.stderr
        assert str(kept) in done.stdout.decode()
        assert b"signer's directory is not in it" in done.stderr
    manifest = json.loads((kept / "manifest.json").read_bytes())
    assert manifest["sha256"] in done.stdout.decode()

    elsewhere = vestige.run("restore", str(kept), "--server", "http://127.0.0.1:9", "--token", "x")
    assert elsewhere.returncode == 2
    full = vestige.run("restore", str(kept))
    assert full.returncode == 1
    assert b"is not empty" in full.stderr
    assert vestige.json("ledger", "verify")["ok"] is True, "what was there is what it was"

    again = Vestige(tmp_path / "again")
    assert again.run("restore", str(kept)).returncode == 2, "the signer's directory is not there"
    assert list(again.data.iterdir()) == [], "no lock is left that would make it an installation"
    shutil.copytree(vestige.data / "signer", again.data / "signer")
    assert again.run("restore", str(tmp_path)).returncode == 1
    put = again.run("restore", str(kept))
    assert put.returncode == 0, put.stderr
    told = put.stdout.decode()
    assert manifest["sha256"] in told
    assert "goes on as" in told
    assert "verified" in told
    acts = again.lines("audit", "--action", "backup.*")
    assert [(act["action"], act["actor"]) for act in acts] == [
        ("backup.restored", f"local:{os.getuid()}"),
        ("backup.begun", f"local:{os.getuid()}"),
    ]
    assert len(again.lines("search", "alpha")) == 3
