"""Reports of a case by the command line and over HTTP: whole, recorded, and checked with what stands in them."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from support.inside import Inside
from support.program import Vestige, serving
from vestige.proof import verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = [
    {"event_type": "auth.login", "occurred_at": "2026-04-11T10:00:00Z", "actor": "ann", "message": "<b>in</b>"},
    {"event_type": "data.export", "occurred_at": "2026-04-11T11:00:00Z", "actor": "ann", "message": "out"},
    {"event_type": "data.read", "occurred_at": "2026-04-12T11:30:00Z", "actor": "ben"},
    {"event_type": "data.read", "actor": "ann", "message": "at no time"},
]


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """The real program serves; commands are called within this process and ask it."""
    folder = tmp_path_factory.mktemp("report")
    made = Inside(folder / "data")
    with serving(folder / "data"):
        _fill(made, folder)
        yield made


def _fill(made: Inside, folder: Path) -> None:
    file = folder / "app.jsonl"
    file.write_text("\n".join(map(json.dumps, LINES)))
    made.ok("import", str(file))
    made.ok("case", "new", "The breach", "--description", "**what** we know ![x](http://e.example/x.png)")
    made.ok("case", "pin", "The breach", "--query", "actor:ann", "--annotation", "hers")
    login = made.lines("search", "type:auth.login")[0]["id"]
    thought = made.json("case", "hypothesis", "The breach", "it was ann")["id"]
    made.ok("case", "evidence", "The breach", thought, login, "--for", "--comment", "she came first")
    made.ok("case", "hypothesis", "The breach", "--edit", thought, "--verdict", "supported", "--reason", "she said so")
    made.ok("case", "note", "The breach", f"see [[event:{login}]]", "--title", "What she said")
    made.ok("source", "set", "app.jsonl", "--clock-offset=-4m", "--because", "ntp_log")


def rows_of(page: str, title: str) -> list[list[str]]:
    """The cells of the first table behind a heading, as they are written."""
    table = page.split(f">{title}</h", 1)[1].split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    cells = [re.findall(r"<td>(.*?)</td>", row) for row in table.split("</tr>") if row.strip()]
    return [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in cells]


def test_what_a_report_states_is_checked_with_the_report_and_a_bundle(vestige: Inside, tmp_path: Path) -> None:
    told = vestige.json("case", "report", "The breach", "-o", str(tmp_path / "r.html"))
    content = (tmp_path / "r.html").read_bytes()
    assert told["format"] == "html"
    assert (told["events"], told["of"]) == (3, 3)
    assert told["sha256"] == sha256(content).hexdigest()
    act = vestige.lines("case", "activity", "The breach")[0]
    assert act["act"] == "case.reported"
    assert act["detail"] == {
        "format": "html", "sha256": told["sha256"], "bytes": len(content), "listed": 3, "of": 3,
    }  # fmt: skip

    page = content.decode()
    note = re.search(r"<pre>(.*?)</pre>", page.split("The signed checkpoint", 1)[1], re.DOTALL)
    assert note is not None
    size, root = int(note[1].splitlines()[1]), note[1].splitlines()[2]
    nodes = dict(re.findall(r"(\d+) ([0-9a-f]{64})", page.split("Hashes of the proofs", 1)[1]))
    records = rows_of(page, "Records")
    assert len(records) == 3
    vestige.ok("bundle", "create", "--case", "The breach", "-o", str(tmp_path / "b.zip"))
    with zipfile.ZipFile(tmp_path / "b.zip") as bundle:
        listed = bundle.read("vestige-bundle/data/0/records.txt")
        for _, seq, event, record, leaf, proof, state, by in records:
            path = [bytes.fromhex(nodes[number]) for number in proof.split()]
            verify_inclusion(bytes.fromhex(leaf), int(seq), size, path, bytes.fromhex(found(page, "root")))
            assert sha256(bundle.read(f"vestige-bundle/data/0/raw/{seq}.bin")).hexdigest() == record
            assert sha256(vestige.ok("show", event, "--raw")).hexdigest() == record
            assert state == "intact"
            assert by.startswith("local:")
        custody = bundle.read("vestige-bundle/data/custody.csv").decode()
    assert sha256(listed).hexdigest() in page
    assert base64.b64decode(root).hex() == found(page, "root")
    for _, seq, what, _, _ in rows_of(page, "Custody log"):
        assert re.search(rf",0,{seq},[0-9A-Z]{{26}},{what},", custody), what
    assert [row[2] for row in rows_of(page, "Activity in the case")][:3] == ["created", "pinned", "selected"]


def found(page: str, name: str) -> str:
    """The digest beside a name."""
    match = re.search(rf"<dt>{re.escape(name)}</dt><dd><code>(.*?)</code>", page)
    assert match is not None
    return match[1]


def test_times_say_what_was_done_to_them_and_conclusions_whose_they_are(vestige: Inside) -> None:
    page = vestige.ok("case", "report", "The breach", "-o", "-").decode()
    assert rows_of(page, "Timeline")[0] == ["app.jsonl", "3", "UTC, where a time states none", "-240s", "ntp_log"]
    assert "<time>2026-04-11T09:56:00Z</time> <small>clock corrected by -240s</small>" in page
    assert "1 events state no time" in page
    assert "&lt;b&gt;in&lt;/b&gt;" in page
    assert "<img" not in page
    assert '<span class="hand">she came first</span>' in page
    assert "reason for the verdict, written by local:" in page
    (parser,) = rows_of(page, "Method")
    assert re.fullmatch(r"[a-z_]+[ /]\d+", parser[0]), parser
    assert parser[1] == "3"
    assert "actor:ann" in page


def test_a_zone_is_shown_beside_utc_and_stands_in_the_entry(vestige: Inside, tmp_path: Path) -> None:
    for ending in ("html", "md"):
        vestige.ok("case", "report", "The breach", "--zone", "Europe/Berlin", "-o", str(tmp_path / f"z.{ending}"))
        text = re.sub(r"<[^>]+>", "", (tmp_path / f"z.{ending}").read_text())
        assert re.search(
            r"2026-04-11T09:56:00Z \(?2026-04-11 11:56:00 \\?\+02:00, clock corrected by \\?-240s", text
        ), text
    assert vestige.lines("case", "activity", "The breach")[0]["detail"]["zone"] == "Europe/Berlin"
    code, _, err = vestige.run("case", "report", "The breach", "--zone", "+02:00", "-o", str(tmp_path / "z.html"))
    assert (code, "an IANA name such as Europe/Berlin" in err) == (1, True)
    assert "Nobody else has been shown" in text


def test_the_format_goes_by_the_ending_and_a_contradiction_is_refused(vestige: Inside, tmp_path: Path) -> None:
    for name, start in (("a.md", b"# The breach\n"), ("a.HTML", b"<!doctype html>"), ("a", b"<!doctype html>")):
        vestige.ok("case", "report", "The breach", "-o", str(tmp_path / name))
        assert (tmp_path / name).read_bytes().startswith(start)
    vestige.ok("case", "report", "The breach", "--format", "markdown", "-o", str(tmp_path / "b.txt"))
    assert (tmp_path / "b.txt").read_bytes().startswith(b"# The breach")
    for group, name, shape in (("report", "c.pdf", "html"), ("export", "c.csv", "json")):
        code, _, err = vestige.run("case", group, "The breach", "--format", shape, "-o", str(tmp_path / name))
        assert code == 2
        assert "contradict" in err
        assert not (tmp_path / name).exists()
    vestige.ok("case", "export", "The breach", "-o", str(tmp_path / "c.csv"))
    assert (tmp_path / "c.csv").read_bytes().startswith(b"event_type,")
    vestige.ok("case", "export", "The breach", "-o", str(tmp_path / "c.json"))
    assert json.loads((tmp_path / "c.json").read_bytes())["case"]["name"] == "The breach"
    vestige.ok("case", "export", "The breach", "--format", "stix", "-o", str(tmp_path / "d.json"))
    assert json.loads((tmp_path / "d.json").read_bytes())["type"] == "bundle"


def test_fewer_events_than_there_are_is_told(vestige: Inside, tmp_path: Path) -> None:
    code, _, err = vestige.run("case", "report", "The breach", "--events", "2", "-o", str(tmp_path / "r.html"))
    assert code == 0
    assert "it lists the first 2 of 3 events" in err
    page = (tmp_path / "r.html").read_text()
    assert "1 are NOT listed" in page
    assert len(rows_of(page, "Records")) == 2
    code, _, err = vestige.run("case", "report", "The breach", "--events", "1001", "-o", str(tmp_path / "r.pdf"))
    assert code == 2
    assert "1 to 1,000" in err


def test_a_report_made_again_differs_in_its_time_its_checkpoint_and_the_report_before(vestige: Inside) -> None:
    first, second = (vestige.ok("case", "report", "The breach", "-o", "-").decode().splitlines() for _ in range(2))
    differing = [line for line in set(first) ^ set(second) if "sha256: " not in line]
    told = (
        r"dcterms.created|Case report, made|size of the tree|</dl>|[0-9a-f]{64}|^[A-Za-z0-9+/=]{44}$|^— |^\d+$|reported"
    )
    assert [line for line in differing if not re.search(told, line)] == []


def test_a_report_of_a_case_with_nothing_in_it_says_so(vestige: Inside) -> None:
    vestige.ok("case", "new", "empty")
    page = vestige.ok("case", "report", "empty", "-o", "-").decode()
    assert "Nothing is pinned in this case." in page
    assert "No query was pinned" in page


def test_what_was_altered_is_told_and_keeps_no_report_from_being_made(vestige: Inside) -> None:
    victim = vestige.lines("case", "events", "The breach")[1]["event_id"]
    whole = vestige.ok("case", "report", "The breach", "-o", "-").decode()
    assert "NOT everything is as it was" not in whole
    change = "UPDATE case_pins SET leaf_hash = ? WHERE event = ?"
    with sqlite3.connect(vestige.data / "vestige.sqlite") as raw:
        (before,) = raw.execute("SELECT leaf_hash FROM case_pins WHERE event = ?", (victim,)).fetchone()
        raw.execute(change, (b"x" * 32, victim))
        raw.commit()
        page = vestige.ok("case", "report", "The breach", "-o", "-").decode()
        raw.execute(change, (before, victim))
    raw.close()
    assert "NOT everything is as it was" in page
    assert rows_of(page, "Summary")[0][:2] == [victim, "altered"]


def test_pages_by_the_real_program(vestige: Inside, tmp_path: Path) -> None:
    program = Vestige(vestige.data)
    done = program.run("case", "report", "The breach", "-o", str(tmp_path / "r.pdf"))
    assert done.returncode == 0, done.stderr
    pages = (tmp_path / "r.pdf").read_bytes()
    assert pages.startswith(b"%PDF-")
    assert sha256(pages).hexdigest().encode() in done.stderr
