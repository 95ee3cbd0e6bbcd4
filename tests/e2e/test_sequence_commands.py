"""The commands of sequences, as a person uses them: own patterns, switching, scanning, and what is kept."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.inside import Inside
from support.program import Running, serving
from vestige.correlate.pattern_file import read_pattern
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.correlate.patterns import Pattern

OWN = """\
name: export-after-login
version: {version}
title: An export after a sign-in
severity: medium
tags: [own]
by: identity
within: 1h
steps:
  - name: sign-in
    where: type:auth.login
  - name: export
    where: type:data.export
"""


def events(*rows: tuple[str, str, str]) -> bytes:
    lines = [{"event_type": kind, "occurred_at": f"2026-04-11T{at}Z", "actor": who} for at, kind, who in rows]
    return "\n".join(map(json.dumps, lines)).encode()


@pytest.fixture
def vestige(tmp_path: Path) -> Inside:
    vestige = Inside(tmp_path / "data")
    (tmp_path / "events.jsonl").write_bytes(
        events(
            ("10:00:00", "auth.login", "ann"),
            ("10:10:00", "data.export", "Ann"),
            ("12:00:00", "auth.login", "bob"),
            ("12:00:01", "data.export", "ann"),
            ("15:00:00", "logging.disabled", "eve"),
        )
    )
    vestige.ok("import", str(tmp_path / "events.jsonl"))
    return vestige


def client_of(running: Running) -> httpx.Client:
    return httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {running.token}"}, timeout=60)


def apply(vestige: Inside, folder: Path, text: str) -> Any:
    path = folder / "own.yaml"
    path.write_text(text)
    return vestige.json("sequences", "apply", str(path))


def test_an_own_pattern_is_applied_scanned_for_and_kept_once(vestige: Inside, tmp_path: Path) -> None:
    first = apply(vestige, tmp_path, OWN.format(version=1))
    assert (first["name"], first["version"], first["origin"], first["enabled"]) == (
        "export-after-login", "1", "own", True,
    )  # fmt: skip
    assert first["new"]
    assert not apply(vestige, tmp_path, OWN.format(version=1))["new"]
    (found,) = vestige.lines("sequences", "scan", "--pattern", "export-after-login")
    assert found.keys() >= {
        "pattern", "version", "new", "started_at", "ended_at", "keys", "evidence", "severity",
    }  # fmt: skip
    assert (found["started_at"], found["ended_at"]) == ("2026-04-11T10:00:00Z", "2026-04-11T10:10:00Z")
    assert (found["new"], found["severity"], found["keys"]) == (True, "medium", [{"kind": "identity", "value": "ann"}])
    types = [vestige.json("show", one)["event_type"] for one in found["evidence"]]
    assert types == ["auth.login", "data.export"]
    size = vestige.json("ledger", "verify")["size"]
    (again,) = vestige.lines("sequences", "scan", "--pattern", "export-after-login")
    assert again == found | {"new": False}
    assert vestige.json("ledger", "verify")["size"] == size
    (kept,) = vestige.lines("detections")
    assert (kept["id"], kept["evidence"], kept["started_at"]) == (found["id"], found["evidence"], found["started_at"])
    # Another version is another detector: the same events are found by it anew, and the old finding stands.
    assert apply(vestige, tmp_path, OWN.format(version=2))["new"]
    (second,) = vestige.lines("sequences", "scan", "--pattern", "export-after-login")
    assert (second["new"], second["version"]) == (True, "2")
    assert [one["version"] for one in vestige.lines("detections", "--pattern", "export-after-login")] == ["2", "1"]
    assert len(vestige.lines("detections", "--limit", "1")) == 1
    assert vestige.lines("detections", "--pattern", "nothing") == []


def test_what_is_enabled_is_scanned_for_when_nothing_is_named(vestige: Inside, tmp_path: Path) -> None:
    apply(vestige, tmp_path, OWN.format(version=1))
    listed = {one["name"]: one for one in vestige.lines("sequences", "list")}
    assert listed["log-tampering"]["enabled"]
    off = OWN.format(version=1).replace("export-after-login", "seldom-looked-for")
    assert not apply(vestige, tmp_path, f"{off}enabled: false\n")["enabled"]
    assert all(len(one["digest"]) == 64 for one in listed.values())
    assert not vestige.json("sequences", "disable", "log-tampering")["enabled"]
    assert [one["pattern"] for one in vestige.lines("sequences", "scan")] == ["export-after-login"]
    # Named, it is looked for all the same.
    assert len(vestige.lines("sequences", "scan", "--pattern", "log-tampering")) == 1
    assert vestige.json("sequences", "enable", "log-tampering")["enabled"]
    assert {one["pattern"] for one in vestige.lines("sequences", "scan")} == {"export-after-login", "log-tampering"}
    # A pattern of a built-in one's name stands in its place, and what was said of the name holds for it.
    vestige.json("sequences", "disable", "log-tampering")
    own = apply(vestige, tmp_path, OWN.format(version=9).replace("export-after-login", "log-tampering"))
    assert (own["origin"], own["version"], own["enabled"]) == ("own", "9", False)


def test_a_dry_run_shows_what_would_be_found_and_keeps_nothing(vestige: Inside) -> None:
    size = vestige.json("ledger", "verify")["size"]
    (found,) = vestige.lines("sequences", "scan", "--dry-run")
    assert (found["pattern"], found["new"], "id" in found) == ("log-tampering", None, False)
    _, _, said = vestige.run("sequences", "scan", "--dry-run")
    assert "1 found; nothing was kept" in said
    assert (vestige.lines("detections"), vestige.json("ledger", "verify")["size"]) == ([], size)


def test_a_span_is_scanned(vestige: Inside) -> None:
    scan = ("sequences", "scan", "--pattern", "log-tampering")
    assert len(vestige.lines(*scan, "--start", "2026-04-11T15:00", "--end", "2026-04-11T15:01")) == 1
    assert vestige.lines(*scan, "--start", "2026-04-11T15:01") == []
    assert vestige.lines(*scan, "--to", "2026-04-11T15:00") == []


def test_a_person_reads_one_line_for_each(vestige: Inside) -> None:
    _, out, said = vestige.run("sequences", "scan")
    (line,) = out.decode().splitlines()
    assert line.startswith("2026-04-11T15:00:00Z to 2026-04-11T15:00:00Z  high  log-tampering  new")
    assert "1 found, 1 of them new" in said
    (kept,) = vestige.ok("detections").decode().splitlines()
    assert "log-tampering" in kept
    vestige.json("sequences", "disable", "mfa-fatigue")
    assert any(
        line.startswith("off     mfa-fatigue ") for line in vestige.ok("sequences", "list").decode().splitlines()
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sequences", "scan", "--pattern", "no such"), "there is no such pattern"),
        (("sequences", "enable", "../x"), "that is no name of a pattern"),
        (("sequences", "disable", "no-such"), "there is no such pattern"),
        (("sequences", "scan", "--start", "soon"), "start"),
        (("sequences", "scan", "--start", "2026-04-12", "--end", "2026-04-11"), "the span is empty"),
        (("sequences", "apply", "/no/such/file"), "the pattern cannot be read"),
        (("detections", "--limit", "0"), "not in the range"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(vestige: Inside, arguments: tuple[str, ...], said: str) -> None:
    code, _, told = vestige.run(*arguments)
    assert code in {1, 2}
    assert said in told


def test_a_pattern_that_is_none_is_refused_with_its_place_and_nothing_is_kept(vestige: Inside, tmp_path: Path) -> None:
    size = vestige.json("ledger", "verify")["size"]
    path = tmp_path / "bad.yaml"
    for text, said in (
        (OWN.format(version=1).replace("type:data.export", "typo:data.export"), "line 12, column 12"),
        (OWN.format(version=1) + "#" * (64 << 10), "the pattern is too long"),
    ):
        path.write_text(text)
        code, _, told = vestige.run("sequences", "apply", str(path))
        assert (code, said in told) == (2, True)
    path.write_bytes(b"\xff")
    assert "not UTF-8" in vestige.run("sequences", "apply", str(path))[2]
    assert vestige.json("ledger", "verify")["size"] == size


def settled(client: httpx.Client) -> None:
    """Wait until the index has everything: what is scanned is what it has."""
    for _ in range(200):
        if "index_lag" not in client.get("/v1/timeline/count").json():
            return
        time.sleep(0.3)
    raise AssertionError("the index never caught up")


def try_out(client: httpx.Client) -> None:
    """A pattern is tried out before it is kept, and then finds what it showed."""
    rows = events(("10:00:00", "auth.login", "ann"), ("10:10:00", "data.export", "ann"))
    client.post("/v1/ingest/events", content=rows)
    settled(client)
    before = client.get("/v1/detections").json()["detections"]
    text = OWN.format(version=1)

    def scan(**body: Any) -> list[dict[str, Any]]:
        answer = client.post("/v1/sequences/scan", json=body)
        return [json.loads(line) for line in answer.text.splitlines()]

    _, found, report = scan(pattern=text, dry_run=True)
    tried = found["detection"]
    assert (tried["pattern"], tried["events"], tried["new"], tried["grown"]) == (
        "export-after-login",
        2,
        None,
        False,
    )
    assert report["report"] | {"new": 0, "detections": 1} == report["report"]
    _, report = scan(pattern=text, dry_run=True, end="2026-04-11T10:10:00Z")
    assert report["report"]["detections"] == 0
    # Nothing was kept: neither the pattern nor what it found.
    assert client.get("/v1/sequences/export-after-login").status_code == 404
    assert client.get("/v1/detections").json()["detections"] == before
    # Applied, it has the same text, and a scan of it by name keeps what the trial showed, unless that is one too.
    client.post("/v1/sequences", json={"pattern": text})
    shown = client.get("/v1/sequences/export-after-login").json()
    assert (shown["text"], shown["origin"]) == (text, "own")
    _, dry, _ = scan(patterns=["export-after-login"], dry_run=True)
    assert dry["detection"] == tried
    assert client.get("/v1/detections").json()["detections"] == before
    _, kept, _ = scan(patterns=["export-after-login"])
    assert kept["detection"] | {"new": None} == tried | {"id": kept["detection"]["id"]}
    built_in = client.get("/v1/sequences/log-tampering").json()
    assert (built_in["origin"], built_in["text"].splitlines()[0]) == ("built-in", "name: log-tampering")


def test_over_http(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running, client_of(running) as client:
        client.post("/v1/ingest/events", content=events(("10:00:00", "logging.disabled", "eve")))
        settled(client)
        answer = client.post("/v1/sequences/scan", json={"patterns": ["log-tampering"]})
        progress, *found, report = map(json.loads, answer.text.splitlines())
        assert progress == {"progress": {"done": 0, "of": 1, "pattern": "log-tampering"}}
        assert [one["detection"]["pattern"] for one in found] == ["log-tampering"]
        assert report == {"report": {"detections": 1, "new": 1, "grown": 0, "cuts": 0, "failures": 0}}
        listed = client.get("/v1/detections", params={"limit": 1}).json()["detections"]
        assert [one["evidence"] for one in listed] == [found[0]["detection"]["evidence"]]
        for path, body, status in (
            ("/v1/sequences/scan", {"patterns": ["x"]}, 404),
            ("/v1/sequences/scan", {"patterns": ["x" * 65]}, 422),
            ("/v1/sequences/scan", {"pattern": OWN.format(version=1)}, 422),
            (
                "/v1/sequences/scan",
                {"pattern": OWN.format(version=1), "patterns": ["log-tampering"], "dry_run": True},
                422,
            ),
            ("/v1/sequences/scan", {"pattern": "log-tampering", "dry_run": True}, 422),
            ("/v1/sequences/scan", {"pattern": "#" * ((64 << 10) + 1), "dry_run": True}, 422),
            ("/v1/sequences", {"pattern": "- a"}, 422),
            ("/v1/sequences", {"pattern": "#" * ((64 << 10) + 1)}, 422),
            ("/v1/sequences/none/enable", None, 404),
        ):
            assert client.post(path, json=body).status_code == status, path
        assert client.get("/v1/detections", params={"limit": 1001}).status_code == 422
        assert httpx.get(f"{running.url}/v1/sequences").status_code == 401
        try_out(client)


def reading(reads: range) -> str:
    """Reads of secrets by one account, one each minute, as lines."""
    lines = [
        {"event_type": "secret.read", "occurred_at": f"2026-04-12T{10 + n // 60}:{n % 60:02}:00Z", "actor": "eve",
         "object": f"secret{n}"}
        for n in reads
    ]  # fmt: skip
    return "\n".join(map(json.dumps, lines))


def sweep(folder: Path, name: str, reads: range) -> str:
    """A file of them."""
    path = folder / name
    path.write_text(reading(reads))
    return str(path)


SWEEP = ("sequences", "scan", "--pattern", "secret-sweep")


def test_a_long_act_is_told_once_however_it_is_scanned(vestige: Inside, tmp_path: Path) -> None:
    vestige.ok("import", sweep(tmp_path, "a.jsonl", range(20, 70)))
    (found,) = vestige.lines(*SWEEP)
    assert (found["new"], found["grown"], found["events"], found["times"]) == (True, False, 50, 10)
    assert (found["started_at"], found["ended_at"]) == ("2026-04-12T10:20:00Z", "2026-04-12T11:09:00Z")
    assert len(found["evidence"]) == 50
    size = vestige.json("ledger", "verify")["size"]
    for span in ((), ("--start", "2026-04-12T10:40"), ("--start", "2026-04-12T10:30", "--end", "2026-04-12T10:50")):
        (again,) = vestige.lines(*SWEEP, *span)
        assert (again["id"], again["new"], again["grown"]) == (found["id"], False, False)
    assert vestige.json("ledger", "verify")["size"] == size
    (kept,) = vestige.lines("detections", "--pattern", "secret-sweep")
    assert {name: kept[name] for name in ("id", "events", "times", "evidence", "started_at", "ended_at")} == {
        name: found[name] for name in ("id", "events", "times", "evidence", "started_at", "ended_at")
    }


def test_an_act_that_goes_on_stays_the_finding_it_was(vestige: Inside, tmp_path: Path) -> None:
    vestige.ok("import", sweep(tmp_path, "a.jsonl", range(20, 25)))
    (first,) = vestige.lines(*SWEEP)
    vestige.ok("import", sweep(tmp_path, "b.jsonl", range(25, 250)))
    _, out, said = vestige.run(*SWEEP)
    assert "1 found, 0 of them new, 1 went on" in said
    assert f"went on identity=eve  {first['evidence'][0]}" in out.decode()
    assert "and 224 more" in out.decode()
    (grown,) = vestige.lines("detections", "--pattern", "secret-sweep")
    assert (grown["id"], grown["events"], grown["times"], grown["started_at"]) == (
        first["id"], 230, 46, first["started_at"],
    )  # fmt: skip
    # The onset is listed and the latest; of the rest there is the count.
    assert len(grown["evidence"]) == 200
    assert grown["evidence"][:5] == first["evidence"]
    assert grown["ended_at"] == "2026-04-12T14:09:00Z"
    size = vestige.json("ledger", "verify")["size"]
    (again,) = vestige.lines(*SWEEP, "--start", "2026-04-12T14:00")
    assert (again["id"], again["new"], again["grown"]) == (first["id"], False, False)
    assert vestige.json("ledger", "verify")["size"] == size


def test_late_events_move_an_act_or_join_two_and_nothing_is_told_twice(vestige: Inside, tmp_path: Path) -> None:
    vestige.ok("import", sweep(tmp_path, "a.jsonl", range(20, 25)), sweep(tmp_path, "b.jsonl", range(40, 45)))
    first, second = vestige.lines(*SWEEP)
    assert first["new"]
    assert second["new"]
    # Two reads before the first, and what lies between the two.
    vestige.ok("import", sweep(tmp_path, "c.jsonl", range(18, 20)), sweep(tmp_path, "d.jsonl", range(25, 40)))
    (whole,) = vestige.lines(*SWEEP)
    assert (whole["id"], whole["new"], whole["grown"], whole["events"]) == (first["id"], False, True, 25)
    assert whole["started_at"] == "2026-04-12T10:18:00Z"
    (kept,) = vestige.lines("detections", "--pattern", "secret-sweep")
    assert (kept["id"], kept["events"], kept["started_at"]) == (first["id"], 25, "2026-04-12T10:18:00Z")
    size = vestige.json("ledger", "verify")["size"]
    (again,) = vestige.lines(*SWEEP)
    assert (again["id"], again["new"], again["grown"]) == (first["id"], False, False)
    assert vestige.json("ledger", "verify")["size"] == size
    # Another act, hours later, is another finding.
    vestige.ok("import", sweep(tmp_path, "e.jsonl", range(200, 205)))
    assert [one["new"] for one in vestige.lines(*SWEEP)] == [False, True]
    assert len(vestige.lines("detections", "--pattern", "secret-sweep")) == 2


def test_a_pattern_that_cannot_be_read_any_more_is_told_and_the_others_are_looked_for(
    vestige: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(vestige, tmp_path, OWN.format(version=1))
    assert [one["pattern"] for one in vestige.lines("sequences", "scan")] == ["export-after-login", "log-tampering"]

    def later(data: bytes, where: str) -> Pattern:
        if b"export-after-login" in data:
            raise UsageError(f"{where}, line 9, column 5: a step has no such field", expected="where", got="when")
        return read_pattern(data, where)

    monkeypatch.setattr("vestige.app.sequences.read_pattern", later)
    told = vestige.ok("sequences", "list", "--json", code=3).splitlines()
    listed = {one["name"]: one for one in map(json.loads, told)}
    assert "line 9, column 5: a step has no such field" in listed["export-after-login"]["unreadable"]
    assert listed["export-after-login"]["enabled"]
    assert "unreadable" not in listed["log-tampering"]
    code, out, said = vestige.run("sequences", "scan")
    assert code == 3
    assert "log-tampering" in out.decode()
    assert "1 found" in said
    assert "not looked for: export-after-login: the recorded pattern, line 9" in said
    assert vestige.run("sequences", "scan", "--pattern", "log-tampering")[0] == 0
    # Off, it is in nobody's way.
    vestige.json("sequences", "disable", "export-after-login")
    assert vestige.run("sequences", "scan")[0] == 0


def test_what_arrives_is_scanned_by_itself_where_that_is_asked_for(tmp_path: Path) -> None:
    asked = {"VESTIGE_SCAN_SECONDS": "1"}
    for folder, env, wanted in (("on", asked, ["log-tampering", "mfa-fatigue"]), ("off", {}, [])):
        with serving(tmp_path / folder, **env) as running, client_of(running) as client:
            late = [(f"10:0{minute}:00", "auth.mfa", "ann", "failure") for minute in range(3)]
            for rows in (
                [("11:00:00", "logging.disabled", "eve", ""), ("10:05:00", "auth.mfa", "ann", "success")],
                late,  # the first steps come when the last is long there
            ):
                lines = [
                    {"event_type": kind, "occurred_at": f"2026-04-11T{at}Z", "actor": who, "outcome": outcome}
                    for at, kind, who, outcome in rows
                ]
                client.post("/v1/ingest/events", content="\n".join(map(json.dumps, lines)).encode())
                time.sleep(2)
            found: list[str] = []
            until = time.monotonic() + (60 if wanted else 3)
            while sorted(found) != wanted and time.monotonic() < until:
                time.sleep(0.5)
                found = [one["pattern"] for one in client.get("/v1/detections").json()["detections"]]
            assert sorted(found) == wanted
            state = client.get("/v1/sequences").json().get("on_arrival")
            assert (state is not None) == bool(wanted)
            assert state is None or "error" not in state


def test_an_act_that_goes_on_while_it_arrives_is_told_once(tmp_path: Path) -> None:
    with serving(tmp_path / "data", VESTIGE_SCAN_SECONDS="1") as running, client_of(running) as client:

        def kept(events: int) -> list[dict[str, Any]]:
            """The findings, once one has so many events."""
            until = time.monotonic() + 60
            found: list[dict[str, Any]] = []
            while [one["events"] for one in found] != [events] and time.monotonic() < until:
                time.sleep(0.3)
                found = client.get("/v1/detections").json()["detections"]
            return found

        for lo, hi in ((0, 5), (5, 10), (10, 20)):
            client.post("/v1/ingest/events", content=reading(range(lo, hi)).encode())
            (one,) = kept(hi)
            assert (one["events"], one["times"]) == (hi, hi // 5)
        # A second source tells of the same: other events are chosen, and it is the same act.
        client.post("/v1/ingest/events", content=reading(range(21)).encode())
        (again,) = kept(25)
        assert (again["id"], again["events"], again["times"]) == (one["id"], 25, 5)
        body = {"patterns": ["secret-sweep"], "start": "2026-04-12T10:12:00Z"}
        for _ in range(100):
            scan = client.post("/v1/sequences/scan", json=body)
            *found, report = map(json.loads, scan.text.splitlines())
            if "report" in report:
                break
            time.sleep(0.3)  # the scan on arrival goes through the other patterns
        assert [line["detection"]["id"] for line in found if "detection" in line] == [one["id"]]
        assert report == {"report": {"detections": 1, "new": 0, "grown": 0, "cuts": 0, "failures": 0}}
