"""What CloudTrail vouches for, from the import of digests and logs to the provenance of an event."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.cloudtrail import Chain, log_file, new_key, pem
from support.inside import Inside
from support.program import Vestige

if TYPE_CHECKING:
    from pathlib import Path

KEY = new_key()


@pytest.fixture
def vestige(tmp_path: Path) -> Inside:
    return Inside(tmp_path / "data")


@pytest.fixture
def key(tmp_path: Path) -> str:
    file = tmp_path / "key.pem"
    file.write_bytes(pem(KEY))
    return str(file)


def chain() -> Chain:
    made = Chain(KEY)
    for hour in (1, 2, 3):
        made.hour(hour)
    return made


def provenance(vestige: Inside | Vestige, query: str) -> dict[str, Any]:
    (event,) = vestige.lines("search", query)
    found: dict[str, Any] = json.loads(vestige.ok("show", event["id"], "--json"))["provenance"]
    return found


def test_logs_and_digests_taken_in_apart_bear_each_other_out(vestige: Inside, key: str, tmp_path: Path) -> None:
    folder = chain().write(tmp_path / "case") / "AWSLogs" / "1"
    vestige.json("import", str(folder / "CloudTrail"))
    assert "source_verified" not in provenance(vestige, "object:user1")
    vestige.json("import", str(folder / "CloudTrail-Digest"))
    found = provenance(vestige, "object:user1")["source_verified"]
    assert (found["signature"], found["object"][-21:]) == ("no key", "1_CloudTrail_01.json.gz"[-21:])
    digest = json.loads(vestige.ok("show", found["digest"], "--json"))
    assert digest["object"]["id"].endswith("1_Digest_01.json.gz")
    report = vestige.json("verify-source", "--cloudtrail-key", key)
    assert (report["ok"], report["verified"], report["altered"], report["missing"]) == (True, 3, 0, 0)
    assert [one["signature"] for one in report["digests"]] == ["valid", "valid", "unknown"]
    assert provenance(vestige, "object:user1")["source_verified"]["signature"] == "valid"
    assert provenance(vestige, f"id:{digest['id']}")["source_verified"]["chain"] == "first"
    again = vestige.json("verify-source", "--cloudtrail-key", key)
    without = vestige.json("verify-source")
    assert (again["recorded"], without["recorded"]) == (0, 0)
    assert provenance(vestige, "object:user1")["source_verified"]["signature"] == "valid"
    assert vestige.json("ledger", "verify")["ok"]
    assert vestige.json("index", "rebuild")["equal"]


def test_an_altered_log_is_told_at_import_and_on_its_events(vestige: Inside, key: str, tmp_path: Path) -> None:
    made = chain()
    folder = made.write(tmp_path / "case")
    name = next(iter(made.logs))
    (folder / name).write_bytes(gzip.compress(log_file(1, "mallory")))
    (folder / list(made.logs)[2]).unlink()
    report = vestige.json("import", str(folder), code=3)
    assert [failure["reason"][:47] for failure in report["failures"]] == [
        "CloudTrail's digest states another content of A",
    ]  # fmt: skip
    found = provenance(vestige, "object:mallory")
    assert found["source_contradicted"]["object"] == name
    assert "source_verified" not in found
    checked = vestige.json("verify-source", "--cloudtrail-key", key, code=4)
    assert (checked["ok"], checked["verified"], checked["altered"], checked["missing"]) == (False, 1, 1, 1)
    assert vestige.json("import", str(folder))["failures"] == [], "what was told once is not told again"


def test_a_chain_that_is_broken_and_a_key_that_is_not_its_own(vestige: Inside, tmp_path: Path) -> None:
    made = chain()
    names = list(made.digests)
    body = json.loads(made.digests[names[1]])
    made.digests[names[1]] = json.dumps(body | {"newestEventTime": "2026-01-02T02:59:00Z"}).encode()
    wrong = tmp_path / "wrong.pem"
    wrong.write_bytes(pem(new_key()))
    report = vestige.json("import", str(made.write(tmp_path / "case")), code=3)
    assert [failure["reason"].partition(": ")[2] for failure in report["failures"]] == [
        "chain broken, signature unknown"
    ]
    checked = vestige.json("verify-source", "--cloudtrail-key", str(wrong), code=4)
    assert [(one["chain"], one["signature"]) for one in checked["digests"]] == [
        ("first", "invalid"), ("intact", "invalid"), ("broken", "unknown"),
    ]  # fmt: skip
    said = vestige.ok("verify-source", code=4).decode()
    assert "1_Digest_03.json.gz: chain broken" in said
    assert said.endswith("3 verified, 0 altered, 0 missing log files\n")


def test_a_missing_log_is_no_contradiction(vestige: Inside, tmp_path: Path) -> None:
    made = chain()
    folder = made.write(tmp_path / "case")
    (folder / next(iter(made.logs))).unlink()
    vestige.json("import", str(folder))
    assert vestige.json("verify-source", code=3)["missing"] == 1


def test_the_key_of_the_settings_is_used_at_import(key: str, tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    folder = chain().write(tmp_path / "case")
    done = vestige.run("import", str(folder), "--json", VESTIGE_CLOUDTRAIL_KEYS=key)
    assert done.returncode == 0, done.stderr
    assert provenance(vestige, "object:user2")["source_verified"]["signature"] == "valid"
    bad = vestige.run("verify-source", VESTIGE_CLOUDTRAIL_KEYS=str(tmp_path / "nothing"))
    assert b"CloudTrail keys cannot be read" in bad.stderr
    assert vestige.run("verify-source", "--cloudtrail-key", str(tmp_path / "nothing")).returncode == 2


def test_what_is_said_of_a_source_stands_in_the_way_of_no_check(vestige: Inside, key: str, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("Mar 27 13:06:56 host app[7]: one\n")
    vestige.json("import", str(tmp_path / "a.log"))
    vestige.ok("source", "set", "a.log", "--year", "2025")
    assert vestige.json("verify-source")["digests"] == []
    folder = chain().write(tmp_path / "case")
    assert vestige.json("import", str(folder))["failures"] == []
    assert vestige.json("verify-source", "--cloudtrail-key", key)["verified"] == 3
