"""Cases by the command line, as a newcomer makes one: pinned, spoken in, asked for, copied, checked; of two tenants."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from support.holding import held
from support.program import Vestige, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = [
    {"event_type": "auth.login", "occurred_at": "2026-04-11T10:00:00Z", "actor": "ann", "session": "s1"},
    {"event_type": "data.export", "occurred_at": "2026-04-11T11:00:00Z", "actor": "ann", "message": "=cmd()"},
    {"event_type": "data.read", "occurred_at": "2026-04-11T11:30:00Z", "actor": "ben"},
    {"event_type": "data.read", "actor": "ann", "message": "at no time"},
]


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vestige]:
    with held(tmp_path_factory.mktemp("cases") / "data") as made:
        made.ok("import", "-", stdin="\n".join(map(json.dumps, LINES)).encode())
        yield made


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Vestige]:
    with serving(tmp_path / "data"):
        yield Vestige(tmp_path / "data")


def test_a_case_from_its_beginning_to_its_copy(vestige: Vestige, tmp_path: Path) -> None:
    made = vestige.json("case", "new", "The breach", "--tag", "b", "--tag", "a", "--member", "ben")
    assert made["owner"] == made["created_by"]
    assert made["created_by"].startswith("local:")
    login = vestige.lines("search", "type:auth.login")[0]["id"]

    told = vestige.json("case", "pin", "The breach", "--query", "actor:ann", "--annotation", "hers")
    assert (told["matched"], told["pinned"], told["already"]) == (3, 3, 0)
    again = vestige.json("case", "pin", "The breach", "--query", "*:*", "--from", "2026-04-11T11:30:00Z")
    assert (again["matched"], again["pinned"]) == (1, 1)
    assert vestige.json("case", "pin", made["id"], login)["already"] == 1
    assert vestige.ok("case", "pin", "The breach", login, "--mark") == b""
    vestige.ok("case", "unpin", "The breach", again_id := vestige.lines("search", "actor:ben")[0]["id"])
    assert again_id not in {one["event_id"] for one in vestige.lines("case", "events", "The breach")}

    found = vestige.lines("search", 'case:"The breach" -type:data.export')
    assert [one["event_type"] for one in found] == ["auth.login", "data.read"]
    assert [one["event_type"] for one in vestige.lines("case", "timeline", "The breach")] == [
        "auth.login",
        "data.export",
    ]
    assert len(vestige.lines("case", "timeline", "The breach", "--undated")) == 1

    thought = vestige.json("case", "hypothesis", "The breach", "it was ann")["id"]
    vestige.ok("case", "evidence", "The breach", thought, login, "--for", "--comment", "she came first")
    decided = vestige.json("case", "hypothesis", "The breach", "--edit", thought, "--verdict", "supported")
    assert (decided["verdict"], decided["title"], decided["revision"]) == ("supported", "it was ann", 3)
    shown = vestige.json("case", "item", "The breach", thought)
    assert [(one["integrity"], one["event"]["event_type"]) for one in shown["live"]] == [("intact", "auth.login")]
    vestige.ok("case", "note", "The breach", "--file", "-", stdin=f"see [[event:{login}]]".encode())
    vestige.ok("case", "task", "The breach", "ask ann", "--assignee", "ben")
    vestige.ok("case", "indicator", "The breach", "ipv4", "192.0.2.1")
    vestige.ok("case", "entity", "The breach", "identity", "ann")

    state = vestige.json("case", "show", "The breach")
    assert state["items"] == {"entity": 1, "hypothesis": 1, "indicator": 1, "note": 1, "task": 1}
    assert state["integrity"] == {"checked": 3, "of": 3, "intact": 3}
    assert vestige.json("case", "check", "The breach") == {"case": made["id"], "ok": True, "checked": 5, "intact": 5}

    table = vestige.ok("case", "export", "The breach", "--format", "csv", "-o", "-").decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["event_type"], row["annotation"], row["integrity"]) for row in rows] == [
        ("auth.login", "hers", "intact"),
        ("data.export", "hers", "intact"),
        ("data.read", "hers", "intact"),
    ]
    assert (rows[0]["pinned"], rows[1]["message"]) == ("true", "'=cmd()")
    vestige.ok("case", "export", "The breach", "-o", str(tmp_path / "c.md"))
    page = (tmp_path / "c.md").read_text()
    assert "## Hypothesis: it was ann\n\n- verdict: supported" in page
    assert "see `2026-04-11T10:00:00Z` `auth.login` `ann`" in page
    stix = json.loads(vestige.ok("case", "export", "The breach", "--format", "stix", "-o", "-"))
    assert [one["type"] for one in stix["objects"]] == ["identity", "indicator", "user-account", "grouping"]
    whole = json.loads(vestige.ok("case", "export", "The breach", "--format", "json", "-o", "-"))
    assert [one["pin"]["event_id"] == one["event"]["id"] for one in whole["events"]] == [True] * 3

    acts = vestige.lines("case", "activity", "The breach")
    assert {act["by"] for act in acts} == {made["created_by"]}
    assert [act["act"] for act in acts[-3:]] == ["case.selected", "case.pinned", "case.created"]
    assert sum(act["act"] == "case.exported" for act in acts) == 4
    assert vestige.json("ledger", "verify")["ok"]


def test_a_person_is_told_what_is_wrong_and_what_to_do(vestige: Vestige) -> None:
    vestige.ok("case", "new", "shut")
    vestige.ok("case", "close", "shut")
    event = vestige.lines("search", "type:auth.login")[0]["id"]
    for arguments, code, said in (
        (["case", "pin", "shut", event], 1, "the case is closed"),
        (["case", "pin", "shut"], 2, "ids of events, or --query Q"),
        (["case", "pin", "shut", "x"], 2, "that is no id"),
        (["case", "show", "none"], 1, "`vestige case list` shows them all"),
        (["case", "note", "shut"], 2, "a note needs a text"),
        (["case", "indicator", "shut", "ipv4", "x"], 2, "that is no ipv4"),
        (["case", "evidence", "shut", event, event], 2, "--for, --against or --remove"),
        (["case", "item", "shut", event], 1, "no such item"),
        (["search", "actor:ann case:none"], 2, "^ column 16"),
    ):
        done = vestige.run(*arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert said in done.stderr.decode(), arguments
    listed = vestige.ok("case", "list", "--status", "closed").decode()
    assert listed.rstrip().endswith("shut")


def test_another_tenant_has_cases_of_its_own(vestige: Vestige) -> None:
    vestige.ok("case", "new", "ours")
    vestige.ok("tenant", "new", "other")
    done = vestige.run("case", "show", "ours", "--tenant", "other")
    assert done.returncode == 1
    assert b"there is no such case" in done.stderr
    assert vestige.lines("case", "list", "--tenant", "other") == []
    event = vestige.lines("search", "type:auth.login")[0]["id"]
    vestige.ok("case", "new", "ours", "--tenant", "other")
    done = vestige.run("case", "pin", "ours", event, "--tenant", "other")
    assert b"there is no such entry" in done.stderr
    vestige.ok("case", "pin", "ours", event)
    assert vestige.lines("search", "case:ours", "--tenant", "other") == []
    assert len(vestige.lines("search", "case:ours")) == 1


def test_what_was_altered_is_shown_and_ends_with_4(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    vestige.ok("import", "-", stdin="\n".join(map(json.dumps, LINES)).encode())
    vestige.ok("case", "new", "one")
    vestige.ok("case", "pin", "one", "--query", "*:*")
    assert vestige.json("case", "check", "one")["intact"] == 4
    victim, control = (vestige.lines("search", f"type:{kind}")[0]["id"] for kind in ("auth.login", "data.export"))
    with sqlite3.connect(tmp_path / "data" / "vestige.sqlite") as raw:
        raw.execute("UPDATE case_pins SET leaf_hash = ? WHERE event = ?", (b"x" * 32, victim))
    raw.close()
    found = vestige.json("case", "check", "one", code=4)
    assert (found["ok"], found["intact"], found["altered"]) == (False, 3, 1)
    assert [one["event_id"] for one in found["altered_events"]] == [victim]
    done = vestige.run("case", "show", "one")
    assert done.returncode == 4
    assert victim in done.stdout.decode()
    assert control not in done.stdout.decode()


def test_a_hold_over_a_case_protects_what_is_pinned_in_it_later_too(other: Vestige) -> None:
    vestige = other
    vestige.ok("import", "-", stdin="\n".join(map(json.dumps, LINES)).encode())
    first, later, free = (
        vestige.lines("search", query)[0]["id"] for query in ("type:auth.login", "type:data.export", "actor:ben")
    )
    case = vestige.json("case", "new", "one")["id"]
    vestige.ok("case", "pin", case, first)
    vestige.ok("hold", "set", "--query", f"case:{case}", "--reason", "litigation")
    vestige.ok("case", "pin", case, later)
    for protected in (first, later):
        done = vestige.run("erase", protected, "--reason", "privacy", "--yes")
        assert done.returncode == 1
        assert b"hold" in done.stderr
    vestige.ok("erase", free, "--reason", "privacy", "--yes")
    assert vestige.json("case", "check", case)["intact"] == 2


def test_what_was_erased_is_in_no_table_of_a_case(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    vestige.ok("import", "-", stdin="\n".join(map(json.dumps, LINES)).encode())
    event = vestige.lines("search", "type:auth.login")[0]["id"]
    vestige.ok("case", "new", "one")
    vestige.ok("case", "pin", "one", event)
    vestige.ok("case", "note", "one", "plantedsecret41 is what he said")
    kept = vestige.json("case", "note", "one", "no secret")["id"]
    entry = next(act["id"] for act in vestige.lines("case", "activity", "one") if "planted" in json.dumps(act))
    database = tmp_path / "data" / "vestige.sqlite"
    assert b"plantedsecret41" in database.read_bytes()
    vestige.ok("erase", entry, event, "--reason", "privacy", "--yes")
    assert b"plantedsecret41" not in database.read_bytes()
    assert [one["id"] for one in vestige.lines("case", "items", "one")] == [kept]
    assert entry not in {act["id"] for act in vestige.lines("case", "activity", "one")}
    # The pin stays, and says what became of its event.
    assert vestige.json("case", "check", "one") == {
        "case": vestige.json("case", "show", "one")["id"], "ok": True, "checked": 1, "erased": 1,
    }  # fmt: skip
    table = vestige.ok("case", "export", "one", "--format", "csv", "-o", "-").decode()
    assert [row["integrity"] for row in csv.DictReader(io.StringIO(table))] == ["erased"]
