"""Exporting as a person does: whole files, all events, and the way back in."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from support.holding import held
from support.program import Vestige

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS = 6000  # more than one page


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vestige]:
    folder = tmp_path_factory.mktemp("export")
    lines = [
        b'{"event_type":"auth.login_failed","occurred_at":"2026-04-11T10:%02d:%02d.%09dZ","outcome":"failure",'
        b'"actor":{"id":"user%d"},"message":"no %d"}' % (n // 60 % 60, n % 60, n, n % 7, n)
        for n in range(EVENTS)
    ]
    lines.append(b'{"event_type":"auth.login","message":"whenever"}')
    (folder / "events.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    with held(folder / "data") as vestige:
        assert vestige.json("import", str(folder / "events.jsonl"))["parsed"] == EVENTS + 1
        yield vestige


def test_everything_is_exported_and_comes_back_with_its_times(vestige: Vestige, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    told = vestige.json("export", "--format", "timesketch", "-o", str(out))
    rows = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert told["events"] == len(rows) == EVENTS + 1
    assert told["bytes"] == out.stat().st_size
    again = Vestige(tmp_path / "again")
    assert again.json("import", str(out))["formats"] == {"timesketch": 1}
    first, second = vestige.lines("search", "message:*"), again.lines("search", "message:*")
    assert [e.get("occurred_at") for e in second] == [e.get("occurred_at") for e in first]


def test_beside_a_file_stands_how_it_was_made(vestige: Vestige, tmp_path: Path) -> None:
    out, example = tmp_path / "out.csv", vestige.lines("search", "actor:user3", "--limit", "1")[0]
    vestige.ok("source", "set", "events.jsonl", "--clock-offset", "-4m", "--evidence", example["id"])
    told = vestige.json("export", "--query", "actor:user3", "--from", "2026-04-11T10:30:00Z", "-o", str(out))
    assert told["header"] == f"{out}.header.json"
    header = json.loads((tmp_path / "out.csv.header.json").read_bytes())
    assert header["query"] == "actor:user3"
    assert (header["from"], header["to"]) == ("2026-04-11T10:30:00Z", None)
    assert header["events"] == told["events"] == len(out.read_bytes().splitlines()) - 1
    assert header["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert header["times"].startswith("UTC")
    (source,) = header["sources"]
    assert source == {"name": "events.jsonl", "settings": {"clock_offset": "-240s", "evidence": [example["id"]]}}
    assert header["checkpoint"].splitlines()[1].isdigit()
    vestige.ok("source", "set", "events.jsonl", "--unset", "clock_offset")
    # Nothing said of a source, no bounds: the header says that too.
    vestige.ok("export", "-o", str(out))
    header = json.loads((tmp_path / "out.csv.header.json").read_bytes())
    assert header["sources"] == []
    assert (header["query"], header["from"], header["events"]) == ("", None, EVENTS + 1)


def test_a_query_and_bounds_choose_and_standard_output_is_a_file(vestige: Vestige) -> None:
    rows = vestige.ok(
        "export", "--query", "actor:user3", "--from", "2026-04-11T10:30:00Z", "--format", "ecs", "-o", "-"
    ).splitlines()
    found = vestige.lines("search", "actor:user3", "--from", "2026-04-11T10:30:00Z")
    assert len(rows) == len(found) > 100
    assert {json.loads(row)["user"]["id"] for row in rows} == {"user3"}


def test_what_cannot_be_written_or_asked_is_said_and_leaves_nothing(vestige: Vestige, tmp_path: Path) -> None:
    wrong = vestige.run("export", "--query", "actor:", "-o", str(tmp_path / "x"))
    assert (wrong.returncode, b"actor:value" in wrong.stderr) == (2, True)
    nowhere = vestige.run("export", "-o", str(tmp_path / "no" / "x"))
    assert (nowhere.returncode, b"cannot be written" in nowhere.stderr) == (1, True)
    assert vestige.run("export", "--format", "xml", "-o", "-").returncode == 2
    assert list(tmp_path.iterdir()) == []
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused = vestige.run("export", "-o", str(pipe))
    assert (refused.returncode, b"no file" in refused.stderr) == (2, True)
    assert pipe.is_fifo()
    # A link is followed, and what is written is its owner's alone.
    (tmp_path / "link").symlink_to(tmp_path / "whole")
    vestige.ok("export", "--query", "actor:user3", "-o", str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "whole").stat().st_mode & 0o777 == 0o600
