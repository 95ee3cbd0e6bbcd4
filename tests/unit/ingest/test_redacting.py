"""Sessions of agents come in without their secrets: nothing of one is anywhere in the data directory."""

from __future__ import annotations

import gzip
import json
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.folders import files_of
from support.world import World, world_in
from vestige.app import ImportOptions
from vestige.ingest.redacting import LONGEST, Redaction
from vestige.model.errors import RedactionError
from vestige.model.principal import Principal
from vestige.secrets import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.ingest.report import ImportReport

AWS = "AKIA" + "Q3EGHTJ5WZ7XVUN2"
GITHUB = "ghp_" + "r8Kd02LmZq7WvXc4Tn1Ys6BhJp9EfGu3AoIe"
SECRETS = (AWS, GITHUB)


def line(number: int, text: str, **more: object) -> bytes:
    record = {
        "type": "user", "uuid": f"00000000-0000-4000-8000-{number:012}", "parentUuid": None, "sessionId": "s-1",
        "timestamp": f"2026-04-11T10:00:{number:02}.000Z", "cwd": "/w/app", "version": "9.9.9", "isSidechain": False,
        "userType": "external", "message": {"role": "user", "content": text},
    }  # fmt: skip
    return json.dumps(record | more).encode() + b"\n"


SESSION = line(1, "what is wrong?") + line(2, f"the key is {AWS}, try it") + line(3, f"or token={GITHUB} instead")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("redacting")) as made:
        yield made


def take(world: World, *paths: Path) -> ImportReport:
    rooms = world.installation.rooms(world.tenant)
    return rooms.intake.import_paths(
        list(paths), ImportOptions(Principal("test")), progress=lambda _: None, stop=threading.Event()
    )


def acquisition(world: World, name: str) -> dict[str, Any]:
    """The last acquisition of a file that is called so."""
    ledger = world.installation.ledger
    found: dict[str, Any] = {}
    for entry in ledger.read(world.tenant, 0, world.head):
        if entry.kind == "acquisition":
            body = json.loads(ledger.opened(entry))
            found = body if Path(body["name"].partition("!")[0]).name == name else found
    return found


def found_in_data(world: World, *secrets: str) -> list[str]:
    found = []
    world.installation.rooms(world.tenant).settle()
    for path, data in files_of(world.installation.settings.data):
        whole = data + (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else b"")
        found += [f"{path}: {one}" for one in secrets if one.encode() in whole]
    tables = world.installation.index.query("SELECT name FROM system.tables WHERE database = 'vestige'").rows
    for (table,) in tables:
        rows = world.installation.index.query(f"SELECT * FROM vestige.{table}").rows
        found += [f"{table}: {one}" for one in secrets if one in str(rows)]
    return found


def test_a_session_is_kept_without_its_secrets_and_says_what_was_taken_out(world: World, tmp_path: Path) -> None:
    file = tmp_path / "session.jsonl"
    file.write_bytes(SESSION)
    report = take(world, file)
    assert (report.records, report.parsed, report.redacted) == (3, 3, 2)
    assert any("2 taken out" in one for one in report.assumptions)
    body = acquisition(world, "session.jsonl")
    assert "blob" not in body
    removed = {one["rule"]: one["digest"] for one in body["redacted"]["removed"]}
    assert len(removed) == 2
    assert body["redacted"]["size"] == len(SESSION) != body["size"]
    found = world.client("owner").get("/v1/search", params={"q": "key"}).json()["events"]
    (event,) = [one for one in found if "try it" in str(one)]
    assert any(f"[redacted:{rule}:{digest}]" in str(event) for rule, digest in removed.items())
    assert found_in_data(world, *SECRETS) == []


def test_the_same_again_adds_nothing_and_a_grown_one_its_tail(world: World, tmp_path: Path) -> None:
    file = tmp_path / "grows.jsonl"
    file.write_bytes(SESSION.replace(b"s-1", b"s-2"))
    assert take(world, file).records == 3
    again = take(world, file)
    assert (again.records, again.duplicates) == (3, 3)
    file.write_bytes(file.read_bytes() + line(4, f"once more {AWS}", sessionId="s-2"))
    grown = take(world, file)
    assert (grown.records, grown.duplicates, grown.parsed) == (4, 3, 1)
    assert found_in_data(world, *SECRETS) == []


def test_a_version_nobody_knows_is_searched_all_the_same(world: World, tmp_path: Path) -> None:
    file = tmp_path / "new.jsonl"
    record = {"v": 99, "kind": "turn", "message": {"role": "assistant", "content": [{"t": f"use {GITHUB}"}]}}
    file.write_bytes(json.dumps(record).encode() + b"\n")
    assert take(world, file).redacted == 1
    assert found_in_data(world, *SECRETS) == []


def test_an_archive_with_a_session_in_it_is_not_kept_and_another_is(world: World, tmp_path: Path) -> None:
    log = "".join(f'{{"time": "2026-04-11T10:00:0{n}Z", "event_type": "a.b", "n": {n}}}\n' for n in range(3)).encode()
    for name, members in (("with.zip", {"a.jsonl": log, "b.jsonl": SESSION}), ("plain.zip", {"c.jsonl": log + log})):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member, data in members.items():
                archive.writestr(member, data)
    report = take(world, tmp_path / "with.zip", tmp_path / "plain.zip")
    assert report.records == 12
    assert "blob" not in acquisition(world, "with.zip")
    assert acquisition(world, "with.zip")["unkept"]
    assert acquisition(world, "plain.zip")["blob"]["size"] > 0
    assert found_in_data(world, *SECRETS) == []


def test_what_arrives_over_http_is_searched_too(world: World) -> None:
    hook = {"hook_event_name": "UserPromptSubmit", "session_id": "s-3", "cwd": "/w", "prompt": f"use {GITHUB} now"}
    for path, body in (("/v1/ingest/raw", json.dumps(hook)), ("/v1/ingest/events", json.dumps({
        "event_type": "agent.prompt", "message": f"key {AWS}", "attributes": {"role": "user", "content": AWS}})),
    ):  # fmt: skip
        answer = world.client("owner").post(
            path, content=body, headers={"Content-Type": "application/json", "X-Source-Id": "hooks"}
        )
        assert answer.status_code in {200, 201, 202}, answer.text
    assert found_in_data(world, *SECRETS) == []


def test_damage_in_the_middle_is_told_and_what_was_before_is_searched(world: World, tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(line(n % 60, f"{n} {AWS}", sessionId="s-4", n=n) for n in range(3000)))
    file = tmp_path / "cut.jsonl.gz"
    file.write_bytes(whole[: len(whole) // 2])
    report = take(world, file)
    assert report.failures_total >= 1
    assert report.redacted > 100
    assert "blob" not in acquisition(world, "cut.jsonl.gz")
    assert found_in_data(world, *SECRETS) == []


def test_a_line_too_long_to_be_searched_is_left_out_and_says_so(world: World, tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    file.write_bytes(
        line(1, "before", sessionId="s-5") + line(2, AWS + "x" * LONGEST) + line(3, "after", sessionId="s-5")
    )
    report = take(world, file)
    assert (report.records, report.parsed, report.unparsed) == (3, 2, 1)
    assert found_in_data(world, *SECRETS) == []


def test_where_the_rules_let_a_secret_through_no_session_is_taken_in_but_logs_are(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = load_rules()
    lacking = [rule for rule in rules if not rule.id.startswith("github")]
    monkeypatch.setattr("vestige.app.redacting.load_rules", lambda _: lacking)
    redactions = type(world.installation.redactions)("")
    rooms = world.installation.rooms(world.tenant)
    broken: Redaction = redactions.of(lambda *_: b"k" * 32)
    stores = rooms.intake._stores
    monkeypatch.setattr(rooms.intake, "_stores", stores._replace(redaction=broken))
    file, log = tmp_path / "s.jsonl", tmp_path / "l.log"
    file.write_bytes(line(1, "plain", sessionId="s-6"))
    log.write_bytes(b"2026-04-11T10:00:00Z one: a line\n")
    with pytest.raises(RedactionError):
        take(world, file)
    assert take(world, log).records == 1


def test_the_tenants_key_makes_the_marker() -> None:
    rules = load_rules()
    marks = {
        key: b"".join(one for one, _ in Redaction(lambda: rules, lambda *_, key=key: key * 32).lines([SESSION]))
        for key in (b"a", b"b")
    }
    assert marks[b"a"] != marks[b"b"]
    assert all(one.count(b"[redacted:") == 2 for one in marks.values())
