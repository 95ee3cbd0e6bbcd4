"""Holds and erasures as people use them: what is held stays, what is erased is found nowhere, and all of it proves."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from support.folders import files_of
from support.holding import held
from support.homes import copy_sqlite, replace_sqlite
from support.program import Vestige
from vestige.app import ImportOptions, Installation, Settings
from vestige.app.custody import Custody
from vestige.ingest.projector import Projector
from vestige.ledger import Kind
from vestige.ledger.register import Erasure, Register
from vestige.model.errors import HeldError, SignerError, StorageError
from vestige.model.instant import now, to_text
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = b"planted-7f3a9c-marmalade"


def lines(count: int, secret_at: int = -1, name: str = "ann") -> bytes:
    """Records, one of which says something that nobody may keep."""
    made = []
    for number in range(count):
        record = {
            "event_type": "data.read",
            "occurred_at": f"2026-04-11T10:{number:02}:00Z",
            "actor": name,
            "message": f"read number {number}",
        }
        if number == secret_at:
            record |= {"message": f"card {SECRET.decode()}", "session": SECRET.decode(), "actor": SECRET.decode()}
        made.append(json.dumps(record).encode() + b"\n")
    return b"".join(made)


def found_in(folder: Path) -> list[str]:
    """Every file below a folder that has the planted bytes."""
    return [str(path.relative_to(folder)) for path, data in files_of(folder) if SECRET in data]


def in_tables(data: Path) -> list[str]:
    """Every table of the index that has the planted bytes in a row, decompressed."""
    found = []
    with Installation.open(Settings(data=data)) as installation:
        installation.rooms_of_slug(None).settle()
        index = installation.index
        names = index.query("SELECT name FROM system.tables WHERE database = {d:String}", {"d": index.database}).rows
        for (name,) in names:
            sql = f"SELECT count() FROM {index.database}.{name} WHERE position(toString(tuple(*)), {{s:String}}) > 0"
            if index.query(sql, {"s": SECRET.decode()}).rows[0][0]:
                found.append(name)
    return found


@pytest.fixture
def vestige(tmp_path: Path) -> Vestige:
    return Vestige(tmp_path / "data")


@pytest.fixture
def holding(tmp_path: Path) -> Iterator[Vestige]:
    with held(tmp_path / "data") as found:
        yield found


def test_what_is_erased_is_found_nowhere_and_the_log_still_proves(vestige: Vestige, tmp_path: Path) -> None:
    file = tmp_path / "app.jsonl"
    file.write_bytes(lines(20, secret_at=7))
    vestige.ok("import", str(file))
    (event,) = vestige.lines("search", f"session:{SECRET.decode()}")
    vestige.ok("export", "--format", "csv", "--output", str(tmp_path / "taken.csv"))
    assert found_in(tmp_path / "data"), "the planted bytes are found while they are there"
    assert in_tables(tmp_path / "data")
    declined = vestige.run("erase", event["id"], "--reason", "privacy", stdin=b"n\n")
    assert (declined.returncode, b"nothing was erased" in declined.stderr) == (1, True)
    report = vestige.json("erase", event["id"], "--reason", "privacy", "--because", "asked for", "--yes")
    assert (report["records"], report["files_dropped"]) == (1, 1)
    assert [export["by"] for export in report["exported_since"]]
    assert found_in(tmp_path / "data") == []
    assert vestige.lines("search", f"session:{SECRET.decode()}") == []
    assert len(vestige.lines("search", "actor:ann")) == 19
    shown = vestige.json("show", event["id"])
    assert "erased" in json.dumps(shown)
    assert b"1 ranges erased, each by an entry" in vestige.ok("ledger", "verify")
    vestige.ok("doctor")
    vestige.ok("index", "rebuild")
    assert in_tables(tmp_path / "data") == []
    again = vestige.run("erase", event["id"], "--reason", "privacy", "--yes")
    assert again.returncode == 1
    assert "nothing of that is left" in again.stderr.decode()


def test_a_hold_keeps_what_matches_now_and_later_until_it_is_released(holding: Vestige) -> None:
    vestige = holding
    vestige.ok("import", "-", stdin=lines(5))
    hold = vestige.json("hold", "set", "--query", "actor:ann", "--reason", "litigation", "--because", "case 7")
    assert (hold["entries"], hold["criteria"], hold["in_force"]) == (5, {"q": "actor:ann"}, True)
    vestige.ok("import", "-", "--source", "later", stdin=lines(3))
    vestige.ok("import", "-", "--source", "other", stdin=lines(2, name="bob"))
    for event in vestige.lines("search", "actor:ann"):
        refused = vestige.run("erase", event["id"], "--reason", "privacy", "--yes")
        assert refused.returncode == 1
        assert hold["id"] in refused.stderr.decode()
        assert vestige.json("show", event["id"])["holds"][0]["id"] == hold["id"]
    assert vestige.json("hold", "list")["id"] == hold["id"]
    (bob, _) = vestige.lines("search", "actor:bob")
    assert "holds" not in vestige.json("show", bob["id"])
    assert vestige.json("erase", bob["id"], "--reason", "privacy", "--yes")["records"] == 1
    released = vestige.json("hold", "release", hold["id"], "--reason", "case_closed")
    assert not released["in_force"]
    (ann, *_) = vestige.lines("search", "actor:ann")
    assert vestige.json("erase", ann["id"], "--reason", "privacy", "--yes")["records"] == 1
    vestige.ok("ledger", "verify")
    acts = [entry["action"] for entry in vestige.lines("audit")]
    assert {"hold.set", "hold.released", "evidence.erased"} <= set(acts)


def test_time_entity_and_everything_hold_too(holding: Vestige) -> None:
    vestige = holding
    vestige.ok("import", "-", stdin=lines(6) + b"not a record at all\n", code=3)
    for arguments, entries in (
        (["--from", "2026-04-11T10:01:00Z", "--to", "2026-04-11T10:03:00Z"], 2),
        (["--entity", "identity:ANN"], 6),
    ):
        hold = vestige.json("hold", "set", *arguments, "--reason", "litigation")
        assert hold["entries"] == entries
        vestige.ok("hold", "release", hold["id"], "--reason", "done")
    today = vestige.json("hold", "set", "--from", "2026-01-01", "--to", "2100-01-01", "--reason", "litigation")
    # What was received in the stretch is held with it, also what has no time or could not be read.
    assert today["entries"] >= 7
    everything = vestige.json("hold", "set", "--everything", "--reason", "litigation", "--expires", "2100-01-01")
    assert everything["entries"] >= 7
    assert everything["expires"] == "2100-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["hold", "set", "--reason", "litigation"], "a hold is about one thing"),
        (["hold", "set", "--query", "a", "--everything", "--reason", "litigation"], "a hold is about one thing"),
        (["hold", "set", "--query", "(", "--reason", "litigation"], "column"),
        (["hold", "set", "--query", "a", "--reason", "Because Of Ann"], "a reason is a code"),
        (["hold", "set", "--entity", "nobody", "--reason", "x"], "that is no entity"),
        (["hold", "set", "--from", "2026-01-01", "--reason", "x"], "two ends"),
        (["hold", "set", "--query", "a", "--reason", "x", "--expires", "2001-01-01"], "ended already"),
        (["hold", "release", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x"], "no such hold"),
        (["erase", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x", "--yes"], "no such entry"),
        (["erase", "x", "--reason", "x", "--yes"], "no such entry"),
    ],
)
def test_what_cannot_be_is_refused_in_words(vestige: Vestige, arguments: list[str], said: str) -> None:
    vestige.ok("import", "-", stdin=lines(1))
    done = vestige.run(*arguments)
    assert done.returncode in {1, 2}
    assert said in re.sub(r"\s+", " ", done.stderr.decode())


@pytest.mark.parametrize("step", [(Projector, "_rebuild"), (Custody, "_finish")])
def test_an_erasure_that_was_cut_short_is_gone_on_with_by_the_next_start(
    vestige: Vestige, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: tuple[type, str]
) -> None:
    """The process ends after the transaction, before the index is computed again; or after it, before blobs go."""

    def killed(*_: object, **__: object) -> None:
        if threading.current_thread() is threading.main_thread():
            sys.exit("killed here")
        raise StorageError("the process is gone")  # the projector, which would go on by itself, comes no further either

    vestige.ok("import", "-", stdin=lines(9, secret_at=3))
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.settle()
        (event,) = rooms.timeline.page(f"session:{SECRET.decode()}").events
        rooms.custody.close()
        monkeypatch.setattr(*step, killed)
        with pytest.raises(SystemExit):
            rooms.custody.erase([event["id"]], Principal("ann"), reason="privacy", progress=lambda _done, _of: None)
        assert len(rooms.custody.unfinished()) == 1
        assert "erasures" in {check["name"] for check in installation.doctor(rooms)}
    assert found_in(tmp_path / "data")
    monkeypatch.undo()
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        deadline = time.monotonic() + 90
        while rooms.custody.unfinished() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert rooms.custody.unfinished() == []
        assert len(list(installation.ledger.entries_of(rooms.tenant.id, [Kind.ERASURE_DONE]))) == 1
        assert "erasures" not in {check["name"] for check in installation.doctor(rooms)}
    assert found_in(tmp_path / "data") == []
    vestige.ok("ledger", "verify")


def test_going_on_with_an_erasure_is_tried_again_whatever_stops_it(
    vestige: Vestige, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vestige.ok("import", "-", stdin=lines(9, secret_at=3))
    monkeypatch.setattr("vestige.app.custody.RETRY_SECONDS", 0.05)
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.settle()
        (event,) = rooms.timeline.page(f"session:{SECRET.decode()}").events
        failures = [RuntimeError("the disk is on fire"), OSError("still"), RuntimeError("and again")]
        remove = installation.blobs.remove

        def failing(name: str) -> None:
            if failures:
                raise failures.pop()
            remove(name)

        monkeypatch.setattr(installation.blobs, "remove", failing)
        with pytest.raises(RuntimeError, match="and again"):
            rooms.custody.erase([event["id"]], Principal("ann"), reason="privacy", progress=lambda _done, _of: None)
        deadline = time.monotonic() + 60
        while rooms.custody.unfinished() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert rooms.custody.unfinished() == []
        assert not failures
    assert found_in(tmp_path / "data") == []


def test_what_a_hold_comes_to_be_about_between_asking_and_erasing_is_held(vestige: Vestige, tmp_path: Path) -> None:
    vestige.ok("import", "-", stdin=lines(3))
    vestige.ok("case", "new", "seven")
    vestige.ok("hold", "set", "--query", "case:seven", "--reason", "litigation")
    (event, *_) = vestige.lines("search", "actor:ann")
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        custody = installation.rooms_of_slug(None).custody
        custody.check([event["id"]], "privacy")
    vestige.ok("case", "pin", "seven", event["id"])
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        custody = installation.rooms_of_slug(None).custody
        with pytest.raises(HeldError):
            custody.erase([event["id"]], Principal("ann"), reason="privacy", progress=lambda _done, _of: None)
    assert "erased" not in vestige.json("show", event["id"]).get("message", "")


def test_no_kept_file_of_the_same_log_has_it_still(vestige: Vestige, tmp_path: Path) -> None:
    """The log was acquired again, grown and within an archive, which is kept whole."""
    file = tmp_path / "app.jsonl"
    file.write_bytes(lines(20, secret_at=7))
    vestige.ok("import", str(file))
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        archive.writestr("app.jsonl", lines(25, secret_at=7))
    vestige.ok("import", str(tmp_path / "logs.zip"))
    (event,) = vestige.lines("search", f"session:{SECRET.decode()}")
    report = vestige.json("erase", event["id"], "--reason", "privacy", "--yes")
    assert (report["records"], report["files_dropped"]) == (1, 2)
    assert found_in(tmp_path / "data") == []
    assert len(vestige.lines("search", "actor:ann")) == 24
    vestige.ok("ledger", "verify")


def test_who_erased_or_held_is_never_erased(vestige: Vestige) -> None:
    vestige.ok("import", "-", stdin=lines(2))
    hold = vestige.json("hold", "set", "--query", "nobody", "--reason", "litigation")
    vestige.ok("hold", "release", hold["id"], "--reason", "done")
    (event, _) = vestige.lines("search", "actor:ann")
    vestige.ok("erase", event["id"], "--reason", "privacy", "--yes")
    vestige.ok("export", "--format", "csv", "--output", str(vestige.data.parent / "taken.csv"))
    vestige.ok("case", "new", "seven")
    vestige.ok("case", "pin", "seven", event["id"])
    kept = [act for act in vestige.lines("audit") if act["action"] not in {"import.run", "case.created"}]
    assert {act["action"] for act in kept} >= {
        *("hold.set", "hold.released", "evidence.erased", "evidence.exported", "case.pinned"),
    }
    for act in kept:
        done = vestige.run("erase", act["id"], "--reason", "privacy", "--yes")
        assert done.returncode in {1, 2}
        assert "never erased" in done.stderr.decode()


def test_a_hold_that_has_ended_by_itself_protects_no_more(vestige: Vestige, tmp_path: Path) -> None:
    vestige.ok("import", "-", stdin=lines(3))
    soon = to_text(now() + 4 * 10**9)
    hold = vestige.json("hold", "set", "--query", "actor:ann", "--reason", "litigation", "--expires", soon)
    (event, *_) = vestige.lines("search", "actor:ann")
    time.sleep(5)
    assert not vestige.json("hold", "list")["in_force"]
    assert vestige.json("erase", event["id"], "--reason", "privacy", "--yes")["records"] == 1
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        (release,) = installation.ledger.entries_of(rooms.tenant.id, [Kind.RELEASE])
        assert json.loads(installation.ledger.opened(release)) == {"hold": hold["id"], "reason": "expired"}


def test_an_erasure_that_is_replayed_and_cut_short_leaves_the_holds_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, by = Settings(data=tmp_path / "data"), Principal("ann")
    database, backup = tmp_path / "data" / "vestige.sqlite", tmp_path / "backup.sqlite"
    file = tmp_path / "app.jsonl"
    file.write_bytes(lines(3))
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.intake.import_paths([file], ImportOptions(by), progress=lambda _: None, stop=threading.Event())
        event = rooms.timeline.page("actor:ann").events[0]["id"]
        hold = rooms.custody.hold({"q": "actor:ann", "reason": "litigation", "because": "case 7"}, by)
        copy_sqlite(database, backup)
        rooms.custody.release(hold["id"], by, "case_closed")
        rooms.custody.erase([event], by, reason="privacy", progress=lambda _done, _of: None)
    replace_sqlite(tmp_path / "data", backup)

    def torn(*_: object) -> None:
        raise OSError("the power went")

    with monkeypatch.context() as patched, suppress(SignerError):
        patched.setattr("vestige.ledger.tables.insert_erasures", torn)
        with pytest.raises(OSError, match="the power went"), Installation.open(settings) as installation:
            installation.rooms_of_slug(None)
    done: list[Any] = []
    # What was put back is another log than was signed, which closing says.
    with suppress(SignerError), Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        done += [one for one in rooms.custody.holds.all() if one.in_force]
        rooms.settle()
        held = rooms.timeline.page("actor:ann").events
        with pytest.raises(HeldError):
            rooms.custody.erase([held[0]["id"]], by, reason="privacy", progress=lambda _done, _of: None)
        assert installation.ledger.entry(rooms.tenant.id, event.partition(".")[0]).salt is None
        assert installation.ledger.erasures.holding(rooms.tenant.id).hold_faults == []
        done.append(len(held))
    assert [(one.because, one.reason) for one in done[:-1]] == [("case 7", "litigation")]
    assert done[-1] == 2


def test_a_purge_that_the_register_cannot_take_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by, file = Principal("ann"), tmp_path / "app.jsonl"
    file.write_bytes(lines(3))
    monkeypatch.setattr("vestige.app.custody.RETRY_SECONDS", 0.05)
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.intake.import_paths([file], ImportOptions(by), progress=lambda _: None, stop=threading.Event())
        event = rooms.timeline.page("actor:ann").events[0]["id"]
        position = installation.ledger.entry(rooms.tenant.id, event.partition(".")[0]).position
        failures, note = [StorageError("the disk is full")], Register.note

        def failing(self: Register, made: Erasure) -> None:
            if failures:
                raise failures.pop()
            note(self, made)

        monkeypatch.setattr(Register, "note", failing)
        with pytest.raises(StorageError, match="the disk is full"):
            rooms.custody.purge([(position, position + 1)], [], by, {}, lambda _done, _of: None)
        deadline = time.monotonic() + 30
        while rooms.custody.unfinished() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert rooms.custody.unfinished() == []
