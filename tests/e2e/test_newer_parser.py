"""A rebuild with another version of a parser says what it changed, by field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from vestige.cli import main
from vestige.sources.general import json_lines
from vestige.sources.general.json_lines import JsonFormat

if TYPE_CHECKING:
    from pathlib import Path

LINES = "".join(
    json.dumps({"event_type": "auth.login", "occurred_at": f"2026-04-11T10:00:{n:02}Z", "outcome": "success", "n": n})
    + "\n"
    for n in range(20)
)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("VESTIGE_SERVER", "VESTIGE_TOKEN", "VESTIGE_INDEX_URL", "VESTIGE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "file.jsonl").write_text(LINES)

    def call(*arguments: str) -> str:
        assert main([*arguments, "--data", str(tmp_path / "data")]) == 0
        return capsys.readouterr().out

    call("import", str(tmp_path / "file.jsonl"))
    return call


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 2 reads the outcome of every odd record as a text that would steer a terminal."""
    real = json_lines._read

    def read(payload: bytes, clock: Any) -> Any:
        event: Any = real(payload, clock)
        return event._replace(outcome="\x1b[31mdenied") if json.loads(payload)["n"] % 2 else event

    monkeypatch.setattr(json_lines, "_read", read)
    monkeypatch.setattr(json_lines, "read_declared", lambda _: None)
    monkeypatch.setattr(JsonFormat, "version", "2")


def test_the_same_version_changes_nothing(run: Any) -> None:
    report = json.loads(run("index", "rebuild", "--json"))
    assert (report["equal"], report["differences"]) == (True, None)
    assert "every row as before" in run("index", "rebuild")


def test_a_newer_version_is_told_by_field(run: Any, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("newer")
    report = json.loads(run("index", "rebuild", "--json"))
    found = report["differences"]
    assert report["equal"] is False
    assert (found["changed"], found["added"], found["removed"], found["doubled"]) == (20, 0, 0, 0)
    assert {name: change["rows"] for name, change in found["fields"].items()} == {"parser": 20, "outcome": 10}
    examples = found["fields"]["outcome"]["examples"]
    assert [(one["before"], one["after"]) for one in examples] == [("success", "\x1b[31mdenied")] * 3
    event = json.loads(run("show", examples[0]["id"], "--json"))
    assert (event["attributes"]["n"], event["outcome"]) == (1, "\x1b[31mdenied")
    assert json.loads(run("index", "rebuild", "--json"))["differences"] is None


def test_a_person_reads_it_without_being_steered(run: Any, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("newer")
    said = run("index", "rebuild")
    assert "events: 20 changed, 0 added, 0 removed" in said
    assert "outcome                  10 rows" in said
    assert "'success' -> '\\x1b[31mdenied'" in said
    assert "'json/1' -> 'json/2'" in said
    assert "\x1b" not in said
