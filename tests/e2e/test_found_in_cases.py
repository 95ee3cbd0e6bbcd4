"""What people stumbled over in cases, views, holds and bundles: each told in words, beside what is accepted."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from support.inside import Inside
from support.program import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = [
    {
        "event_type": "auth.login",
        "occurred_at": "2026-04-11T10:00:00Z",
        "actor": "ann",
        "network": {"src_ip": "192.0.2.7"},
    },
    {"event_type": "data.export", "occurred_at": "2026-04-11T11:00:00Z", "actor": "ann"},
    {"event_type": "data.read", "occurred_at": "2027-04-11T11:30:00Z", "actor": "ben"},
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Inside, str, str]]:
    """Commands, the server they ask, and its owner's token."""
    folder = tmp_path_factory.mktemp("found")
    file = folder / "app.jsonl"
    file.write_text("\n".join(map(json.dumps, LINES)))
    vestige = Inside(folder / "data")
    with serving(folder / "data") as running:
        vestige.ok("import", str(file))
        assert running.token is not None
        yield vestige, running.url, running.token


@pytest.fixture(scope="module")
def vestige(served: tuple[Inside, str, str]) -> Inside:
    return served[0]


def test_two_of_a_name_are_told_apart(vestige: Inside) -> None:
    ids = [vestige.json("case", "new", "twice")["id"] for _ in range(2)]
    code, _, err = vestige.run("case", "show", "twice")
    assert code == 1
    assert all(re.search(rf"{one} \(open, made 20\S+ by local:", err) for one in ids)
    code, _, err = vestige.run("search", "case:twice")
    assert code == 2
    assert all(one in err for one in ids)
    assert vestige.json("case", "show", ids[1])["id"] == ids[1]

    keys = [vestige.json("key", "new", "ci", "--scope", "read")["id"] for _ in range(2)]
    code, _, err = vestige.run("key", "revoke", "ci")
    assert code == 1
    assert all(one in err for one in keys)
    vestige.ok("key", "revoke", keys[0])
    code, _, err = vestige.run("key", "revoke", "ci")
    assert f"{keys[0]} (revoked" in err
    assert f"{keys[1]} (active" in err
    assert "there is no such key" in vestige.run("key", "revoke", "nobody")[2]


def test_names_that_cannot_stand_in_a_path_are_refused_when_they_are_made(vestige: Inside) -> None:
    for command in (("view", "save", "a/b"), ("case", "new", "a/b"), ("view", "save", "..")):
        code, _, err = vestige.run(*command)
        assert code == 2
        assert 'a name without "/"' in err
    vestige.ok("view", "save", "a-b", "--query", "actor:ann")
    assert vestige.json("view", "show", "a-b")["q"] == "actor:ann"
    assert vestige.run("view", "show", "c/d")[0] == 1
    code, _, err = vestige.run("case", "show", "c/d")
    assert code == 2
    assert "the id of the case" in err


def test_a_stretch_of_time_that_ends_before_it_begins_is_refused(vestige: Inside) -> None:
    case = vestige.json("case", "new", "turned")["id"]
    turned = ("--from", "2026-05", "--to", "2026-04")
    for command in (
        ("search", "actor:ann"), ("timeline",), ("case", "timeline", case),
        ("case", "pin", case, "--query", "actor:ann"),
        ("hold", "set", "--reason", "litigation"), ("view", "save", "v"),
    ):  # fmt: skip
        code, _, err = vestige.run(*command, *turned)
        assert code in {1, 2}, command
        assert re.search("ends before it begins|ends after it starts", err), err
        assert vestige.run(*command, "--from", "2026-04", "--to", "2026-05")[0] == 0, command


def test_a_year_is_a_bound_as_it_is_in_queries(vestige: Inside) -> None:
    assert [one["actor"]["id"] for one in vestige.lines("search", "data.read OR actor:*", "--from", "2027")] == ["ben"]
    assert len(vestige.lines("search", "actor:*", "--to", "2027-01")) == 2


def test_evidence_speaks_one_way(vestige: Inside) -> None:
    case = vestige.json("case", "new", "ways")["id"]
    thought = vestige.json("case", "hypothesis", case, "it was ann")["id"]
    event = vestige.lines("search", "type:auth.login")[0]["id"]
    code, _, err = vestige.run("case", "evidence", case, thought, event, "--for", "--against")
    assert code == 2
    assert "--for and --against" in err
    assert vestige.run("case", "evidence", case, thought, event)[0] == 2
    assert vestige.json("case", "evidence", case, thought, event, "--against")["evidence"][0]["side"] == "against"
    gone = vestige.json("case", "evidence", case, thought, event, "--remove")
    assert gone.get("evidence", []) == []


def test_a_hold_ends_after_a_span_as_a_key_does(vestige: Inside) -> None:
    held = vestige.json("hold", "set", "--query", "actor:ann", "--reason", "litigation", "--expires", "5d")
    ends = datetime.fromisoformat(held["expires"])
    assert timedelta(days=4, hours=23) < ends - datetime.now(UTC) <= timedelta(days=5)
    stated = vestige.json("hold", "set", "--query", "actor:ben", "--reason", "litigation", "--expires", "2031")
    assert stated["expires"].startswith("2031-01-01")
    code, _, err = vestige.run("hold", "set", "--query", "actor:ann", "--reason", "litigation", "--expires", "5 days")
    assert code == 2
    assert "expires is not a time" in err
    for one in (held, stated):
        vestige.ok("hold", "release", one["id"], "--reason", "case_closed")


@pytest.mark.parametrize(
    "command",
    [
        ("view", "save", "faulty", "--query"),
        ("case", "pin", "turned", "--query"),
        ("hold", "set", "--reason", "litigation", "--query"),
    ],
)
def test_a_faulty_query_is_pointed_at(vestige: Inside, command: tuple[str, ...]) -> None:
    code, _, err = vestige.run(*command, "actor:ann severity:>=loud")
    assert code == 2
    shown, caret = (line for line in err.splitlines() if "query:" in line or "^" in line)
    assert shown[caret.index("^") :] == "loud"


def test_an_entity_is_named_with_either_sign(vestige: Inside) -> None:
    for name in ("ip=192.0.2.7", "ip:192.0.2.7", "192.0.2.7"):
        assert vestige.json("entity", "show", name)["value"] == "192.0.2.7"
        if name != "192.0.2.7":
            held = vestige.json("hold", "set", "--entity", name, "--reason", "litigation")
            assert held["criteria"] == {"entity": "ip:192.0.2.7"}
            vestige.ok("hold", "release", held["id"], "--reason", "case_closed")
    assert vestige.run("entity", "show", "ip;192.0.2.7")[0] == 1


def test_a_body_that_is_no_json_is_told_where(served: tuple[Inside, str, str]) -> None:
    _, url, token = served
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = httpx.post(f"{url}/v1/cases", content=b'{"name": "x",, }', headers=headers)
    body = answer.json()
    assert answer.status_code == 422
    assert (body["code"], body["title"], body["expected"]) == ("input", "the body is not JSON", "one JSON value")
    assert "at character 13" in body["got"]
    assert "None" not in answer.text
    assert "None" not in httpx.get(f"{url}/v1/correlate/chain", headers=headers).text
    assert httpx.post(f"{url}/v1/cases", content=b'{"name": "x"}', headers=headers).status_code == 201


def test_a_bundle_is_not_taken_in_as_evidence_and_a_failed_one_counts_nothing(vestige: Inside, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    vestige.ok("bundle", "create", "--query", "actor:ann", "-o", str(file))
    key = vestige.lines("ledger", "keys")[-1]["vkey"]
    assert b"VERIFIED: 2 present" in vestige.ok("bundle", "verify", "--key", key, str(file))
    before = len(vestige.lines("search", "*:*"))
    with zipfile.ZipFile(file) as packed:
        packed.extractall(tmp_path / "unpacked")
    for path in (file, tmp_path / "unpacked"):
        report = vestige.json("import", str(path), code=3)
        assert [
            ("evidence bundle" in one["reason"], "bundle verify" in one["reason"]) for one in report["failures"]
        ] == [(True, True)]
        assert report["records"] == 0
    assert len(vestige.lines("search", "*:*")) == before
    raw = next((tmp_path / "unpacked/vestige-bundle/data/0/raw").iterdir())
    raw.write_bytes(raw.read_bytes() + b" ")
    code, out, _ = vestige.run("bundle", "verify", "--key", key, str(tmp_path / "unpacked/vestige-bundle"))
    assert code == 1
    assert b"FAILED: nothing of it is proven" in out
    assert b"present" not in out.splitlines()[-1]
    assert (
        vestige.json("import", str(tmp_path / "unpacked/vestige-bundle/data/0/raw"), "--source", "theirs")["records"]
        == 2
    )
