"""Jobs, integrity, retention and archives from the command line: what is said, and with which exit code."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from support.inside import Inside
from vestige.app import archives, retention
from vestige.model.instant import NANOS, now

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400 * NANOS


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Inside:
    made = tmp_path_factory.mktemp("upkeep")
    lines = [{"timestamp": f"2026-04-09T12:00:{n:02}Z", "message": f"line {n}", "user": "ann"} for n in range(20)]
    (made / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    inside = Inside(made / "data")
    inside.ok("import", str(made / "events.jsonl"), "--source", "web")
    (made / "data" / "vestige.toml").write_text(f'archive_url = "file://{made / "store"}"\n')
    return inside


def test_verifications_say_what_they_found_and_exit_by_it(vestige: Inside) -> None:
    assert b"verify-index   waiting" in vestige.ok("job", "list")
    assert vestige.ok("integrity", "show").startswith(b"unknown")
    said = vestige.ok("integrity", "check", "--full", "--index").decode().splitlines()
    assert [line.partition(",")[0] for line in said] == ["verify-full: good", "verify-index: good"]
    assert vestige.ok("integrity", "show").startswith(b"good")
    assert vestige.json("job", "run", "verify")["ok"]
    assert [one["name"] for one in vestige.lines("job", "list")] == [
        "verify", "verify-full", "verify-index", "retention", "fetch", "archive", "seal", "anchor",
    ]  # fmt: skip
    assert vestige.run("job", "run", "nothing")[0] == 1
    database = sqlite3.connect(vestige.data / "vestige.sqlite", isolation_level=None)
    (trigger,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'ledger_payloads_no_update'").fetchone()
    database.execute("DROP TRIGGER ledger_payloads_no_update")
    (seq,) = database.execute(
        "SELECT min(seq) FROM ledger_payloads WHERE CAST(payload AS TEXT) LIKE '%line 7%'"
    ).fetchone()
    for old, new, code, word in (("line 7", "line 8", 4, "failed"), ("line 8", "line 7", 0, "good")):
        sql = "UPDATE ledger_payloads SET payload = CAST(replace(CAST(payload AS TEXT), ?, ?) AS BLOB) WHERE seq = ?"
        database.execute(sql, (old, new, seq))
        said = vestige.ok("integrity", "check", "--full", code=code).decode().splitlines()
        assert (f"first bad entry: {seq}" in said[0]) == (code == 4)
        assert vestige.ok("integrity", "show", code=code).decode().startswith(word)
    database.execute(trigger)
    database.close()


def test_retention_is_shown_changed_and_told_before_it_is_done(
    vestige: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vestige.ok("retention", "show").startswith(b"kept for 400 days from receipt; mode none")
    assert vestige.json("retention", "set", "--mode", "pci_dss", "--source", "web=450")["sources"] == [
        {"days": 450, "name": "web"}
    ]
    code, _, err = vestige.run("retention", "show")
    assert (code, "asks for a write-once copy, and there is none" in err) == (0, True)
    assert vestige.run("retention", "set", "--days", "364")[0] == 1
    assert vestige.run("retention", "set")[0] == 2
    assert vestige.run("retention", "set", "--source", "web")[0] == 2
    assert vestige.ok("retention", "run", "--dry-run").startswith(b"0 records are past retention")
    plain = retention.Retention.__init__

    def late(self: Any, *given: Any) -> None:
        plain(self, *given)
        self._clock = lambda: now() + 500 * DAY

    monkeypatch.setattr(retention.Retention, "__init__", late)
    told = vestige.ok("retention", "run", "--dry-run").decode()
    assert "20 records are past retention" in told
    assert "20 would be purged; nothing was" in told
    assert vestige.json("retention", "run", "--dry-run")["would_purge"] == 20


def test_archives_are_made_listed_fetched_and_verified_alone(
    vestige: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = vestige.run("archive", "list")
    assert (code, out, "no week that is over" in err) == (0, b"", True)
    plain = archives.Archives.__init__

    def late(self: Any, *given: Any) -> None:
        plain(self, *given)
        self.clock = lambda: now() + 8 * DAY

    monkeypatch.setattr(archives.Archives, "__init__", late)
    (made,) = vestige.json("archive", "create")["created"]
    assert vestige.json("archive", "run")["created"] == []
    week = made["week"]
    assert vestige.ok("archive", "list").decode().startswith(week)
    assert b"verified" in vestige.ok("archive", "verify", week)
    kit = tmp_path / "kit"
    assert b"verified" in vestige.ok("archive", "fetch", week, str(kit))
    assert vestige.run("archive", "fetch", week, str(kit))[0] == 2
    key = vestige.lines("ledger", "keys")[-1]["vkey"]
    alone = Inside(tmp_path / "nothing")
    assert alone.json("archive", "verify", str(kit), "--key", key)["records"] == 20
    assert alone.json("archive", "verify", str(kit), code=2)["exit"] == 2
    (kit / "README.txt").write_text("other")
    assert "README.txt was altered" in alone.json("archive", "verify", str(kit), "--key", key, code=1)["reason"]
    assert vestige.run("archive", "verify", week, "--key", key)[0] == 2
    assert vestige.json("archive", "restore")["present"] > 20
    assert vestige.run("archive", "verify", "2020-W01")[0] == 1
