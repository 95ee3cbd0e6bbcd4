"""What a person may type that is not quite right, and what evidence may try to make the answer look like."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.holding import held
from support.program import Vestige, environment, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
NO_TEXT = os.fsdecode(b"x\xff")
LONG = "a" * 120_000
EVENT = b'{"event_type":"auth.login","occurred_at":"2026-04-11T10:00:00Z","actor":{"id":"alice"}}\n'
TABLE = b"datetime,user,action\n2026-04-11T10:00:00Z,bob,in\n2026-04-11T10:00:01Z,eve,in\n"


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vestige]:
    with held(tmp_path_factory.mktemp("line") / "data") as vestige:
        assert vestige.json("import", "-", stdin=EVENT)["parsed"] == 1
        yield vestige


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["import", ""], "a PATH is empty"),
        (["import", "x", "--source", ""], "1 to 200 characters"),
        (["import", "x", "--source", "s" * 201], "1 to 200 characters"),
        (["import", "x", "--source", NO_TEXT], "source is not text"),
        (["import", "x", "--zone", "Berlin"], "Europe/Berlin"),
        (["import", "x", "--zone", ""], "no such time zone"),
        (["timeline", "--from", "yesterday"], "is not a time"),
        (["timeline", "--from", ""], "is not a time"),
        (["timeline", "--to", NO_TEXT], "to is not text"),
        (["timeline", "--limit", LONG], "Invalid value"),
        (["search", NO_TEXT], "query is not text"),
        (["search", LONG], "shorten it"),
        (["search", LONG[:20_000]], "4096 characters"),
        (["search", "-type:x"], "NOT type:x"),
        (["search", "a", "usr:root"], "query:    a usr:root\n              ^ column 3"),
        (["search", "usr:root"], "next:     user: is one"),
        (["search", "user=root"], "expected: user:root"),
        (["export", "--query", "usr:root", "-o", "-"], "query:    usr:root\n            ^ column 1"),
        (["export", "--query", LONG, "-o", "-"], "shorten it"),
        (["show", NO_TEXT], "event_id is not text"),
        (["show", "../../healthz"], "that is no id"),
        (["show", "01ARZ3NDEKTSV4RRFFQ69G5FAV/raw"], "that is no id"),
        (["show", LONG], "that is no id"),
        (["ledger", "prove", "../verify"], "that is no id"),
        (["timeline", "--tenant", "ü"], "printable ASCII"),
    ],
    ids=lambda value: " ".join(value)[:40].encode("ascii", "replace").decode() if isinstance(value, list) else "",
)
def test_a_wrong_argument_is_a_usage_error_in_few_words(vestige: Vestige, command: list[str], said: str) -> None:
    done = vestige.run(*command)
    errors = done.stderr.decode("utf-8", "surrogateescape")
    assert done.returncode == 2, errors[-2000:]
    assert said in errors
    assert "Traceback" not in errors
    assert len(errors) < 2000
    assert "GET /" not in errors
    assert done.stdout == b""


def test_a_token_that_cannot_be_sent_is_not_shown(vestige: Vestige) -> None:
    done = vestige.run("timeline", "--server", "http://127.0.0.1:9", "--token", "vst_geheim\x07ü")
    assert done.returncode == 2
    assert b"printable ASCII" in done.stderr
    assert b"geheim" not in done.stderr


def test_a_term_that_begins_with_a_minus_stands_behind_two(vestige: Vestige) -> None:
    command = [sys.executable, "-m", "vestige", "search", "--json", "--data", str(vestige.data), "--"]
    for term, found in {"-type:x.y": 1, "-type:auth.login": 0}.items():
        done = subprocess.run([*command, term, "actor:alice"], capture_output=True, env=environment(), check=True)
        assert len(done.stdout.splitlines()) == found


@pytest.mark.parametrize("explain", [False, True])
def test_a_file_whose_name_is_no_text_is_taken_in_like_the_others(
    vestige: Vestige, tmp_path: Path, explain: bool
) -> None:
    names = [os.fsdecode(os.fsencode(tmp_path) + tail) for tail in (b"/a\xff.csv", b"/b.csv", b"/none\xff")]
    for name in names[:2]:
        Path(name).write_bytes(TABLE.replace(b"bob", name[-5:-4].encode("ascii", "replace")))
    if explain:
        done = vestige.run("import", *names, "--explain")
        assert done.stdout.decode().count("csv (") == 2
    else:
        report = vestige.json("import", *names, code=3)
        assert (report["files"], report["skipped_files"]) == (2, 1)
        assert [failure["file"][-5:] for failure in report["failures"]] == ["none\ufffd"]


def test_a_file_whose_name_is_no_text_is_sent_to_a_server(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.csv")
    Path(name).write_bytes(TABLE)
    with serving(tmp_path / "data") as running:
        assert running.token is not None
        remote = ["--server", running.url, "--token", running.token]
        report = Vestige(tmp_path / "none").json("import", name, *remote)
        assert (report["records"], report["skipped"], report["failures"]) == (3, 1, [])


def test_skipped_records_are_listed_by_their_name(vestige: Vestige, tmp_path: Path) -> None:
    (tmp_path / "skipped.csv").write_bytes(TABLE)
    vestige.json("import", str(tmp_path / "skipped.csv"))
    for query in ("status:skipped source:skipped.csv", "type:record.skipped source:skipped.csv"):
        (event,) = vestige.lines("search", query)
        assert event["event_type"] == "record.skipped"
    assert len(vestige.lines("search", "source:skipped.csv")) == 2


def test_a_line_feed_in_a_value_makes_no_line(vestige: Vestige, tmp_path: Path) -> None:
    forged = "x\nevent_type                   auth.login\r\x1b[2K\u2028"
    event = {
        "event_type": "app.said",
        "occurred_at": "2026-04-11T10:00:00Z",
        "message": forged,
        "actor": {"id": "mallory"},
        "a\nb": "c",
    }
    name = tmp_path / "evil\nassumed: all is well.jsonl"
    name.write_text(json.dumps(event) + '\n{"event_type":"app.said","message":"undated"}\n')
    done = vestige.run("import", str(name))
    assert done.returncode == 0, done.stderr
    (assumed,) = [line for line in done.stderr.splitlines() if line.startswith(b"assumed: ")]
    assert b"evil\\nassumed: all is well.jsonl: 1 events" in assumed
    (found,) = vestige.lines("search", "actor:mallory")
    page = vestige.ok("show", found["id"]).decode()
    assert [line for line in page.splitlines() if line.startswith("event_type")] == [f"{'event_type':<28} app.said"]
    assert "\\n" in page
    explained = vestige.ok("import", str(name), "--explain").decode()
    assert len(explained.rstrip("\n").split("\n")) == 2


def test_the_report_says_how_many_files_were_not_taken_in_and_each_name_once(vestige: Vestige, tmp_path: Path) -> None:
    (tmp_path / "marked.txt").write_bytes(b"\xef\xbb\xbf")
    (tmp_path / "empty.txt").touch()
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(TABLE + os.urandom(2000).hex().encode(), mtime=0)[:600])
    done = vestige.run("import", str(tmp_path))
    assert done.returncode == 3
    words = done.stdout.decode()
    assert "files not taken in     2" in words, words
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith("failure: ")]
    assert len(lines) >= 3
    assert all(line.count(str(tmp_path)) == 1 for line in lines), lines
    assert any("marked.txt" in line and "a byte order mark and nothing else" in line for line in lines)
    assert any("empty.txt" in line and "empty" in line for line in lines)


def test_doctors_notes_do_not_fail(vestige: Vestige) -> None:
    done = vestige.run("doctor")
    assert done.returncode == 0, done.stdout
    assert b"note  signer" in done.stdout
    assert b"FAIL" not in done.stdout


def test_an_interruption_before_anything_has_begun_is_quiet() -> None:
    program = """
import sys
import vestige.__main__ as program

class Interrupted:
    @staticmethod
    def find_spec(name, *_):
        if name == "vestige.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted)
sys.exit(program.main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment(), check=False)
    assert (done.returncode, done.stderr) == (130, b"")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"vestige": "vestige.__main__:main"}


def test_the_example_says_how_it_is_used() -> None:
    example = ROOT / "docs" / "examples" / "root_from_entries.py"
    done = subprocess.run([sys.executable, str(example), "http://127.0.0.1:1"], capture_output=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (
        1,
        b"usage: root_from_entries.py http://127.0.0.1:8080 TOKEN",
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["search", "--help"], ["import", "--help"]])
def test_a_command_that_asks_for_nothing_reads_none_of_the_parsers(arguments: list[str]) -> None:
    told = "import sys; from vestige.cli import main; main(sys.argv[1:]); print('vestige.sources' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_more_is_said_only_where_there_is_more(tmp_path: Path) -> None:
    few = Vestige(tmp_path / "data")
    few.ok("import", "-", stdin=EVENT + EVENT.replace(b"alice", b"bob"))
    for command in (["timeline"], ["search", "actor:*", "--limit", "2"], ["timeline", "--limit", "2"]):
        assert b"first" not in few.run(*command).stderr, command
    done = few.run("timeline", "--limit", "1")
    assert (len(done.stdout.splitlines()), b"the first 1; --limit N shows more" in done.stderr) == (1, True)


def test_an_id_is_taken_in_either_case(vestige: Vestige) -> None:
    (event,) = vestige.lines("search", "actor:alice")
    assert vestige.json("show", event["id"].lower())["id"] == event["id"]
    assert vestige.json("chain", event["id"].lower())["seed"] == event["id"]


def test_a_year_no_instant_can_have_is_refused(vestige: Vestige) -> None:
    for command in (["import", "-", "--year", "26"], ["source", "set", "-", "--year", "26"]):
        done = vestige.run(*command)
        assert (done.returncode, b"1678<=x<=2261" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["plain", "with a space/and\\slash", "50% #1?", "evil\nassumed: all is well"])
def test_a_source_is_shown_line_by_line(vestige: Vestige, name: str) -> None:
    vestige.ok("import", "-", "--source", name, stdin=EVENT)
    lines = vestige.ok("source", "show", name).decode().splitlines()
    assert len(lines) > 5
    assert lines[1].split(maxsplit=1) == ["name", name.replace("\n", "\\n")]
    assert vestige.json("source", "show", name)["name"] == name


def test_density_is_drawn_and_given_as_bytes(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    vestige.ok("import", "-", stdin=EVENT * 3 + EVENT.replace(b"alice", b"bob"))
    lines = vestige.ok("timeline", "density", "--lane", "actor").decode().splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["alice", "bob"]
    assert [line.rpartition("|")[2].strip() for line in lines[:2]] == ["3", "1"]
    assert "4 events" in lines[-1]
    found = vestige.json("timeline", "density", "--lane", "actor", "--buckets", "1", "actor:bob")
    assert (found["lanes"], found["total"]) == ({"bob": [1]}, 1)
    refused = vestige.run("timeline", "density", "--lane", "nothing")
    assert (refused.returncode, b"no field 'nothing'" in refused.stderr) == (2, True)


def test_events_alike_are_folded(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    vestige.ok("import", "-", stdin=EVENT * 3 + EVENT.replace(b"alice", b"bob").replace(b"10:00", b"11:00"))
    lines = vestige.ok("timeline", "--fold", "actor.id,type").decode().splitlines()
    assert [line.split()[-3:] for line in lines] == [["x3", "alice", "auth.login"], ["x1", "bob", "auth.login"]]
    found = vestige.lines("timeline", "--fold", "type", "--gap", "2h")
    assert [(one["events"], one["by"]) for one in found] == [(4, {"type": "auth.login"})]
    assert len(vestige.lines("search", found[0]["term"])) == 4
    for wrong in (
        ["--fold", "nothing"],
        ["--gap", "1m"],
        ["--fold", "type", "--undated"],
        ["--fold", "type", "--gap", "x"],
    ):
        assert vestige.run("timeline", *wrong).returncode == 2
