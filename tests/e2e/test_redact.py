"""Redaction, amendment and revealing as people use them: what is hidden is found by nobody, and no record changes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from support.inside import Inside

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "marmalade-7f3a9c"  # noqa: S105 - a planted name
RECORD = {
    "event_type": "data.export",
    "occurred_at": "2026-04-11T10:07:00Z",
    "actor": SECRET,
    "message": f"{SECRET.upper()} took a copy",
    "session": "s-7",
    "owner": {"mail": f"{SECRET}@example.org"},
}
OTHER = {"event_type": "data.read", "occurred_at": "2026-04-11T10:08:00Z", "actor": "ann", "message": "read one"}
SHAPES = ("ndjson", "csv", "timesketch", "ecs", "ocsf", "l2tcsv", "parquet")


class Commands(Inside):
    """The command line within this process."""

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON lines a command prints."""
        return [json.loads(line) for line in self.ok(*arguments, "--json").splitlines()]

    def takes(self, *lines: str, code: int = 0) -> None:
        """Take records in."""
        file = self.data.parent / "records.jsonl"
        file.write_text("".join(f"{line}\n" for line in lines))
        self.ok("import", str(file), code=code)

    def refuses(self, said: str, *arguments: str) -> None:
        """A command that must end with 1 and say why."""
        code, _, error = self.run(*arguments)
        assert (code, said in error) == (1, True), error


def tables_with(vestige: Commands, text: str) -> list[str]:
    """The answers of every view that have a text."""
    views = (
        ("search", text), ("search", f"in:ledger {text}"), ("search", f"actor:{text}"), ("search", f'message:"{text}"'),
        ("entity", "list"), ("timeline", "list"), ("timeline", "density", "--by", "actor"), ("audit",),
    )  # fmt: skip
    return [" ".join(view) for view in views if text.encode() in vestige.run(*view, "--json")[1].lower()]


def test_a_redacted_field_is_found_nowhere_and_the_record_is_as_it_was(  # noqa: PLR0915 - one story
    vestige: Commands, tmp_path: Path
) -> None:
    records = [json.dumps(RECORD), json.dumps(OTHER), f"no json {SECRET}"]
    vestige.takes(*records, code=3)
    (event,) = [one for one in vestige.lines("search", f"actor:{SECRET}") if "actor" in one]
    raw, proof = vestige.ok("show", event["id"], "--raw"), vestige.ok("show", event["id"], "--proof")
    assert tables_with(vestige, SECRET)
    made = vestige.json("redact", event["id"], "--field", "actor.id", "--reason", "privacy", "--because", "an order")
    assert made["records"] == 1
    shown = vestige.json("show", event["id"])
    (redaction,) = shown["redacted"]
    assert (redaction["entry"], redaction["reason"], redaction["fields"]) == (
        made["entries"][0],
        "privacy",
        ["actor.id"],
    )
    assert redaction["by"]
    assert shown["session"] == "s-7"
    assert SECRET not in json.dumps(shown).lower()
    # The line that could not be read says it, too: it is another record.
    (unparsed,) = vestige.lines("search", "type:record.unparsed")
    vestige.ok("redact", unparsed["id"], "--reason", "privacy")
    assert vestige.json("show", unparsed["id"])["event_type"] == "record.redacted"
    assert tables_with(vestige, SECRET) == []
    vestige.ok("case", "new", "copies")
    vestige.ok("case", "pin", "copies", event["id"])
    vestige.ok("case", "report", "copies", "-o", str(tmp_path / "report.html"))
    report = (tmp_path / "report.html").read_text()
    assert event["id"] in report
    assert SECRET not in report.lower()
    assert sha256(raw).hexdigest() not in report
    for shape in SHAPES:
        vestige.ok("export", "--format", shape, "-o", str(tmp_path / shape))
        text = (tmp_path / shape).read_bytes()
        assert SECRET.encode() not in text.lower(), shape
        assert shape == "parquet" or redaction["entry"].encode() in text, shape
    for option in ("--raw", "--opening"):
        vestige.refuses("the record is redacted", "show", event["id"], option)
    assert vestige.ok("show", event["id"], "--proof").split(b"\n\n")[0][:30] == proof.split(b"\n\n")[0][:30]
    assert vestige.ok("reveal", event["id"], "--reason", "review", "--because", "asked by the court") == raw
    assert {"evidence.redacted", "evidence.revealed"} <= {one["action"] for one in vestige.lines("audit")}
    vestige.ok("ledger", "verify")

    bundle = tmp_path / "x.zip"
    vestige.ok("bundle", "create", "--query", "session:s-7 OR actor:ann", "-o", str(bundle))
    key = vestige.lines("ledger", "keys")[-1]["vkey"]
    report = vestige.json("bundle", "verify", "--key", key, str(bundle), code=3)
    assert report["records"] == {"present": 1, "withheld": 1, "erased": 0, "missing": 0}
    with zipfile.ZipFile(bundle) as file:
        file.extractall(tmp_path / "bag")
        said = b"".join(file.read(name) for name in file.namelist())
        (name,) = [name for name in file.namelist() if "/redacted/" in name]
        rendering = json.loads(file.read(name))
    assert SECRET.encode() not in said.lower()
    assert rendering["events"][0]["redacted"][0]["entry"] == redaction["entry"]
    assert "rendering" in rendering["statement"]
    folder = tmp_path / "bag" / "vestige-bundle"
    alone = [sys.executable, "verify.py", "--key", key, "."]
    assert subprocess.run(alone, cwd=folder, capture_output=True, check=False).returncode == 3
    # A rendering that was altered is as little accepted as anything else that is listed.
    path = tmp_path / "bag" / name
    path.write_bytes(path.read_bytes().replace(b"s-7", b"s-8"))
    assert subprocess.run(alone, cwd=folder, capture_output=True, check=False).returncode == 1
    vestige.json("bundle", "verify", "--key", key, str(folder), code=1)

    lifted = vestige.json("redact", redaction["entry"], "--lift", "--reason", "mistake")
    assert lifted["records"] == 1
    assert "redacted" not in vestige.json("show", event["id"])
    assert [one["id"] for one in vestige.lines("search", f"actor:{SECRET}")] == [event["id"]]
    assert vestige.ok("show", event["id"], "--raw") == raw
    vestige.refuses("no such redaction in force", "redact", redaction["entry"], "--lift", "--reason", "mistake")
    vestige.ok("bundle", "create", "--query", "session:s-7", "-o", str(tmp_path / "y.zip"))
    assert vestige.json("bundle", "verify", "--key", key, str(tmp_path / "y.zip"))["records"]["present"] == 1
    vestige.ok("index", "rebuild")
    assert [one["id"] for one in vestige.lines("search", f"actor:{SECRET}")] == [event["id"]]


def test_an_amendment_stands_beside_and_goes_with_what_it_corrects(vestige: Commands, tmp_path: Path) -> None:
    vestige.takes(json.dumps(OTHER))
    (event,) = vestige.lines("search", "actor:ann")
    made = vestige.json(
        "amend", event["id"], "--set", "actor.id=anne-marie-zz", "--reason", "wrong_name", "--because", "her passport"
    )
    assert made["set"] == {"actor.id": "anne-marie-zz"}
    file = tmp_path / "set.json"
    file.write_text('{"message": "read two"}')
    vestige.ok("amend", event["id"], "--file", str(file), "--reason", "typo")
    shown = vestige.json("show", event["id"])
    assert shown["actor"] == {"id": "ann"}
    assert [(one["set"], one["reason"]) for one in shown["amended"]] == [
        ({"actor.id": "anne-marie-zz"}, "wrong_name"),
        ({"message": "read two"}, "typo"),
    ]
    assert vestige.lines("search", "actor:anne-marie-zz") == []
    assert b"anne-marie-zz" in vestige.ok("audit", "--json")
    for shape in SHAPES[:-1]:
        assert b"anne-marie-zz" in vestige.ok("export", "--format", shape, "-o", "-"), shape
    vestige.ok("bundle", "create", "--query", "actor:ann", "-o", str(tmp_path / "x.zip"))
    with zipfile.ZipFile(tmp_path / "x.zip") as bag:
        assert any(b"anne-marie-zz" in bag.read(name) for name in bag.namelist() if "/control/" in name)
    # What is hidden of the record is hidden of its amendments, in the trail, and in a bundle.
    vestige.ok("redact", event["id"], "--field", "actor", "--reason", "privacy")
    (first, second) = vestige.json("show", event["id"])["amended"]
    assert (first["set"], first["withheld"], second["set"]) == ({}, ["actor.id"], {"message": "read two"})
    assert b"anne-marie-zz" not in vestige.ok("audit", "--json")
    vestige.ok("bundle", "create", "--query", "type:data.read", "-o", str(tmp_path / "y.zip"))
    with zipfile.ZipFile(tmp_path / "y.zip") as bag:
        assert not any(b"anne-marie-zz" in bag.read(name) for name in bag.namelist())
    vestige.ok("erase", event["id"], "--reason", "privacy", "--yes")
    gone = vestige.json("show", event["id"])
    assert (gone["status"], gone["event_type"], gone["erased"]["reason"]) == ("erased", "record.erased", "privacy")
    assert re.fullmatch(r"\S+T\S+Z", gone["erased"]["at"])
    assert gone["erased"]["by"]
    assert [one["set"] for one in gone["amended"]] == [{}, {}]
    rows = vestige.ok("export", "--format", "csv", "-o", "-").decode()
    assert gone["erased"]["entry"] in rows
    vestige.refuses("was erased", "amend", event["id"], "--set", "a=b", "--reason", "late")
    vestige.refuses("nothing left to hide", "redact", event["id"], "--reason", "late")


def test_a_hold_protects_what_the_index_no_longer_knows(vestige: Commands) -> None:
    vestige.takes(json.dumps(RECORD), json.dumps(OTHER))
    (event,) = vestige.lines("search", f"actor:{SECRET}")
    (ann,) = vestige.lines("search", "actor:ann")
    vestige.ok("redact", event["id"], "--field", "actor", "--reason", "privacy")
    hold = vestige.json("hold", "set", "--query", f"actor:{SECRET}", "--reason", "litigation")
    assert hold["entries"] == 1
    vestige.refuses(hold["id"], "erase", event["id"], "--reason", "privacy", "--yes")
    assert vestige.json("erase", ann["id"], "--reason", "privacy", "--yes")["records"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["redact", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x"], "no such entry"),
        (["redact", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "No Code"], "a reason is a code"),
        (["redact", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x", "--field", "severity"], "no such field to redact"),
        (["redact", "A", "B", "--lift", "--reason", "x"], "undoes one redaction"),
        (["redact", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--lift", "--reason", "x"], "no such redaction in force"),
        (["amend", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x", "--set", "novalue"], "--set says a field"),
        (["amend", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x", "--set", "a=b"], "no such entry"),
        (["amend", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x"], "set"),
        (["reveal", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x"], "no such entry"),
        (["reveal", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "No Code"], "a reason is a code"),
    ],
)
def test_what_cannot_be_said_is_refused(empty: Commands, arguments: list[str], said: str) -> None:
    code, _, error = empty.run(*arguments)
    assert code in {1, 2}
    assert said in error


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    made = Commands(tmp_path_factory.mktemp("empty") / "data")
    made.takes(json.dumps(OTHER))
    return made


@pytest.fixture
def vestige(tmp_path: Path) -> Commands:
    return Commands(tmp_path / "data")
