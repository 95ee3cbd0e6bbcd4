"""``vestige detect`` as a person uses it: findings, what is kept of them, and what is said of rules that are no use."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.program import Vestige, serving

if TYPE_CHECKING:
    from pathlib import Path

RULE = """title: A test of whoami
id: 11111111-2222-3333-4444-555555555555
name: whoami
level: high
date: 2024-01-02
modified: 2025-03-04
tags: [attack.t1033, attack.discovery]
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\whoami.exe'}
  condition: selection
"""
BURST = """title: Three of them
id: 11111111-2222-3333-4444-666666666666
level: critical
correlation: {type: event_count, rules: [whoami], group-by: [User], timespan: 1m, condition: {gte: 3}, generate: true}
"""


def process(minute: int, image: str, user: str = "ann") -> dict[str, Any]:
    return {
        "EventTime": f"2026-04-11T10:{minute // 60:02}:{minute % 60:02}Z",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "SourceName": "Microsoft-Windows-Sysmon",
        "EventID": 1,
        "Hostname": "ws1",
        "Image": image,
        "User": user,
    }


@pytest.fixture
def vestige(tmp_path: Path) -> Vestige:
    rules = tmp_path / "rules" / "deep"
    rules.mkdir(parents=True)
    (rules / "whoami.yml").write_text(RULE)
    vestige = Vestige(tmp_path / "data")
    events = [process(n, "C:\\Windows\\WHOAMI.exe") for n in range(3)] + [process(9, "C:\\x.exe")]
    vestige.ok("import", "-", stdin="\n".join(map(json.dumps, events)).encode())
    return vestige


def test_findings_are_told_and_kept_once(vestige: Vestige, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    (rules / "burst.yaml").write_text(BURST)
    before = vestige.json("ledger", "verify")["size"]
    dry = vestige.lines("detect", "--rules", str(rules), "--dry-run")
    assert [one["new"] for one in dry] == [None] * 4
    assert vestige.json("ledger", "verify")["size"] == before
    found = vestige.lines("detect", "--rules", str(rules))
    assert [one["new"] for one in found] == [True] * 4
    (burst,) = [one for one in found if one["severity"] == "critical"]
    single = [one for one in found if one["severity"] == "high"]
    assert burst["evidence"] == [one["evidence"][0] for one in single]
    assert (burst["keys"], burst["title"]) == ([{"kind": "custom", "value": "User=ann"}], "Three of them")
    assert (burst["started_at"], burst["ended_at"]) == ("2026-04-11T10:00:00Z", "2026-04-11T10:00:02Z")
    assert single[0] | {"evidence": [], "new": None} == {
        "pattern": "11111111-2222-3333-4444-555555555555",
        "version": "2025-03-04",
        "new": None,
        "started_at": "2026-04-11T10:00:00Z",
        "ended_at": "2026-04-11T10:00:00Z",
        "keys": [],
        "evidence": [],
        "severity": "high",
        "title": "A test of whoami",
        "tags": ["attack.t1033", "attack.discovery"],
        "digest": hashlib.sha256(RULE.encode()).hexdigest(),
    }
    (event,) = vestige.lines("search", f"id:{single[0]['evidence'][0]}")
    assert event["attributes"]["Image"] == "C:\\Windows\\WHOAMI.exe"
    after = vestige.json("ledger", "verify")
    assert after["size"] == before + 4
    again = vestige.lines("detect", "--rules", str(rules))
    assert [one | {"new": True} for one in again] == found
    assert [one["new"] for one in again] == [False] * 4
    assert vestige.json("ledger", "verify")["size"] == after["size"]


def test_a_person_reads_findings_the_account_and_every_rule_that_is_no_use(vestige: Vestige, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    (rules / "broken.yml").write_text("title: [")
    (rules / "mac.yml").write_text(
        RULE.replace("windows, category: process_creation", "macos, category: file_event").replace("5555", "7777")
    )
    (rules / "large.yml").write_text("#" * ((1 << 20) + 1))
    (rules / "edge.yml").write_text("#" * (1 << 20))
    (rules / "latin.yml").write_bytes(b"title: \xe4")
    (rules / "notes.txt").write_text("no rule")
    done = vestige.run("detect", "--rules", str(rules))
    assert done.returncode == 3
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 3
    assert all("* high" in line and "A test of whoami" in line for line in lines)
    said = done.stderr.decode()
    assert "1 rules: 3 findings (3 high); 3 new in the ledger" in said
    assert "ATT&CK: T1033 3" in said
    for part in (
        "log source macos/file_event: mac.yml",
        "larger than 1048576 bytes: large.yml",
        "holds no rule: edge.yml",
        "no UTF-8: latin.yml",
        "broken.yml",
    ):
        assert part in said
    assert "notes.txt" not in said


def test_a_person_sees_the_first_five_of_a_rule_and_how_many_more_there_are(vestige: Vestige, tmp_path: Path) -> None:
    more = [process(100 + n, "C:\\whoami.exe") for n in range(4)]
    vestige.ok("import", "-", stdin="\n".join(map(json.dumps, more)).encode())
    done = vestige.run("detect", "--rules", str(tmp_path / "rules"))
    assert len(done.stdout.splitlines()) == 5
    assert "and 2 more of A test of whoami; --json lists all" in done.stderr.decode()
    assert len(vestige.lines("detect", "--rules", str(tmp_path / "rules" / "deep" / "whoami.yml"))) == 7


def test_query_and_time_narrow_it(vestige: Vestige, tmp_path: Path) -> None:
    def count(*options: str) -> int:
        return len(vestige.lines("detect", "--rules", str(tmp_path / "rules"), "--dry-run", *options))

    assert count("--from", "2026-04-11T10:00:01Z") == 2
    assert count("--start", "2026-04-11T10:00:01Z", "--end", "2026-04-11T10:00:02Z") == 1
    assert count("--query", "host:ws1") == 3
    assert count("--query", "host:nowhere") == 0


@pytest.mark.parametrize(
    "options", [("--rules", "nowhere"), ("--rules", "empty"), ("--rules", "rules", "--query", "(")]
)
def test_what_is_asked_wrongly_is_refused(vestige: Vestige, tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "empty").mkdir()
    arguments = [str(tmp_path / one) if one in {"nowhere", "empty", "rules"} else one for one in options]
    done = vestige.run("detect", *arguments)
    assert done.returncode == 2, done.stderr


def test_a_request_is_bounded_in_files_and_bytes(vestige: Vestige) -> None:
    rule = {"name": "a.yml", "text": RULE}
    limits = {"VESTIGE_LIMIT_RULES": "2", "VESTIGE_LIMIT_RULES_BYTES": "2000"}
    with serving(vestige.data, **limits) as server, httpx.Client(base_url=server.url) as client:
        head = {"Authorization": f"Bearer {server.token}"}

        def status(body: dict[str, Any]) -> int:
            return client.post("/v1/detect", json=body, headers=head).status_code

        assert status({"rules": [rule, rule]}) == 200
        assert status({"rules": [rule, rule, rule]}) == 413
        padded = len(json.dumps({"rules": [rule], "query": ""}))
        assert status({"rules": [rule], "query": " " * (1900 - padded)}) == 200
        assert status({"rules": [rule], "query": " " * (2100 - padded)}) == 413
        assert status({"rules": [rule], "more": 1}) == 422
        assert status({"rules": [{"name": "a"}]}) == 422
        assert status({"rules": [rule], "start": "yesterday"}) == 422
        answer = client.post("/v1/detect", json={"rules": [rule, rule], "dry_run": True}, headers=head)
        *_, last = map(json.loads, answer.text.splitlines())
        (refused,) = last["report"]["refused"]
        assert "another rule has its id" in refused["reason"]
        assert client.post("/v1/detect", json={"rules": [rule]}).status_code == 401
