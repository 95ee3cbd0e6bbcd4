"""Ten key rotations, 30 % of the payloads erased, a backup put back: proofs made before hold, the erased stay erased.

Every record says something that no other does. In rounds some are taken in, bundles and receipts are made, some are
erased, the key is rotated; in the middle the database and the blobs are copied, as a backup would. At the end these are
put back, the signer's directory stays, and the installation is opened as ever. Then every receipt and bundle that was
made verifies, by the keys as they were, and no byte of what was erased lies in any file of the data directory, in any
row of the index, decompressed, or in any export; on PostgreSQL in no row, and where payloads are sealed in no file of
the server either.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import threading
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from support.folders import files_of
from support.homes import copy_sqlite, replace_sqlite
from support.postgres import Postgres
from vestige.app import SHAPES, ImportOptions, Installation, Settings
from vestige.bundles.trust import Trust, keys_of_text
from vestige.bundles.verifying import verify
from vestige.custody.rule_store import Rule
from vestige.model.errors import ConflictError
from vestige.model.principal import Principal
from vestige.proof import VerifierKey, parse_tlog_proof, verify_tlog_proof

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.app import Rooms

BY = Principal("ann@example.org")
ROUNDS, BACKUP, SHARE = 10, 5, 0.3
LARGE = 66_000
ALL = os.environ.get("VESTIGE_TEST_ERASURE") == "all"
KEYS = 100
"""Destroyed keys that are looked for in every file."""
TOKEN = re.compile(rb"planted-[0-9a-f]{24}")


class Place:
    """An installation, its backup, and what it gave out."""

    def __init__(self, folder: Path, records: int, every: int, *, sealed: bool, server: Postgres | None) -> None:
        """``every``: in how many rounds one erases."""
        self.every = every
        self.data, self.kept = folder / "data", folder / "kept"
        self.kept.mkdir()
        self.server = server
        self.database = "" if server is None else server.create()
        self.sealed = sealed
        self.records = records
        self.chance = random.Random(f"{records} {sealed}")
        self.living: dict[str, bytes] = {}
        """What each record says that no other does, by its id."""
        self.erased: set[bytes] = set()
        self.receipts: list[tuple[bytes, bytes, list[str]]] = []
        self.bundles: list[tuple[Path, str]] = []
        self.keys: list[bytes] = []

    @property
    def settings(self) -> Settings:
        """Where it lies now."""
        return Settings(data=self.data, database_url="" if self.server is None else self.server.url(self.database))

    def go_on(self, rounds: range) -> None:
        """Open it and go through some rounds."""
        with Installation.open(self.settings) as installation:
            rooms = installation.rooms_of_slug(None)
            if self.sealed and rounds[0] == 0:
                rooms.agreeing.two_persons.change(Rule(sealed=True), BY)
            for number in rounds:
                self._round(rooms, number)

    def _round(self, rooms: Rooms, number: int) -> None:
        self._take_in(rooms, number)
        vkeys = [key["vkey"] for key in rooms.ledger.keys()]  # noqa: SIM118 - a method of its own
        for identity in self.chance.sample(sorted(self.living), min(8, len(self.living))):
            entry, _ = rooms.entry(identity)
            self.receipts.append((rooms.ledger.receipt(identity).encode(), entry.leaf, vkeys))
        if number in {1, BACKUP, ROUNDS - 1}:
            path = self.kept / f"{number}.zip"
            path.write_bytes(b"".join(rooms.bundles.pack(f"session:round-{number}", None, None, None).stream()))
            self.bundles.append((path, vkeys[-1]))
        rooms.rotate_key(BY, None)
        if (number + 1) % self.every:
            return
        due = round(SHARE * self.records * (number + 1) / ROUNDS) - len(self.erased)
        gone = self.chance.sample(sorted(self.living), due)
        store = self.data / "signer" / "sealing" / "keys"
        keys = store.read_bytes() if self.sealed else b""
        report = rooms.custody.erase(gone, by=BY, reason="privacy", progress=lambda _done, _of: None)
        said = json.loads(rooms.raw(report["entry"]).payload)
        for lo, hi in said.get("keys", []):
            self.keys += [keys[at * 32 : at * 32 + 32] for at in range(lo, hi)]
        self.erased |= {self.living.pop(one) for one in gone}

    def _take_in(self, rooms: Rooms, number: int) -> None:
        lines = []
        for at in range(self.records // ROUNDS):
            token = f"planted-{self.chance.getrandbits(96):024x}"
            body = {"event_type": "data.read", "occurred_at": "2026-04-11T10:00:00Z", "actor": token,
                    "message": f"read {token}", "session": f"round-{number}"}  # fmt: skip
            lines.append(json.dumps(body | ({"pad": "x" * LARGE + token} if at % 20 == 3 else {})).encode() + b"\n")
        file = self.kept / f"round-{number}.jsonl"
        file.write_bytes(b"".join(lines))
        report = rooms.intake.import_paths([file], ImportOptions(BY), progress=lambda _: None, stop=threading.Event())
        file.unlink()
        assert report.parsed == len(lines)
        self.living |= {one["id"]: one["actor"]["id"].encode() for one in events(rooms, f"session:round-{number}")}

    def back_up(self) -> None:
        """Copy what a backup has: database and blobs; neither the index nor the signer's directory."""
        shutil.copytree(self.data / "blobs", self.kept / "blobs")
        if self.server is None:
            copy_sqlite(self.data / "vestige.sqlite", self.kept / "old.sqlite")
        else:
            self.old = self.server.create()
            self.server.run(f"DROP DATABASE {self.old}")
            self.server.run(f"CREATE DATABASE {self.old} TEMPLATE {self.database}")

    def put_back(self) -> None:
        """Put the backup back, over what is there."""
        shutil.copytree(self.kept / "blobs", self.data / "blobs", dirs_exist_ok=True)
        if self.server is None:
            replace_sqlite(self.data, self.kept / "old.sqlite")
        else:
            self.server.drop(self.database)
            self.database = self.old

    def in_files(self, *folders: Path) -> list[str]:
        """Files that have a byte of what was erased, or a key it lay under."""
        found = []
        for path, data in files_of(*folders):
            if self.erased.intersection(TOKEN.findall(data)) or any(key in data for key in self.keys[:KEYS]):
                found.append(str(path))
        return found

    def in_rows(self) -> list[str]:
        """Tables of PostgreSQL that have it in a row."""
        if self.server is None:
            return []
        found = []
        with self.server.connect(self.database) as native:
            for (name,) in native.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
                rows = native.execute(f"SELECT t::text FROM {name} t".encode()).fetchall()
                text = "\n".join(str(row[0]) for row in rows).encode()
                found += [str(name)] if self._hex(text) or self.erased.intersection(TOKEN.findall(text)) else []
        return found

    def _hex(self, text: bytes) -> bool:
        return any(token.hex().encode() in text for token in self.erased)

    def in_index(self, installation: Installation) -> list[str]:
        """Tables of the index that have it in a row."""
        index, found = installation.index, []
        names = index.query("SELECT name FROM system.tables WHERE database = {d:String}", {"d": index.database}).rows
        for (name,) in names:
            said = "DISTINCT arrayJoin(extractAll(toString(tuple(*)), 'planted-[0-9a-f]+'))"
            sql = f"SELECT {said} FROM {index.database}.{name}"
            found += [name] if self.erased & {row[0].encode() for row in index.query(sql, {}).rows} else []
        return found

    def in_exports(self, rooms: Rooms) -> list[str]:
        """Shapes of an export of everything, and a bundle of it, that have it."""
        found = []
        for name in SHAPES:
            path = self.kept / f"export.{name}"
            path.write_bytes(b"".join(rooms.timeline.export(name, "*:* OR in:ledger")))
            data = (
                path.read_bytes()
                if name != "parquet"
                else json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
            )
            assert TOKEN.search(data), name
            found += [name] if self.erased.intersection(TOKEN.findall(data)) else []
        # What was erased again is proved by the closed log's last entries, which no checkpoint covers: it says so.
        with pytest.raises(ConflictError, match="by an entry no checkpoint of the bundle covers"):
            rooms.bundles.pack("*:*", None, None, None)
        data = b"".join(rooms.bundles.pack("*:* NOT type:record.erased", None, None, None).stream())
        assert TOKEN.search(data)
        return [*found, *(["bundle"] if self.erased.intersection(TOKEN.findall(data)) else [])]


def events(rooms: Rooms, query: str) -> Iterator[dict[str, Any]]:
    """All that match."""
    rooms.settle()
    cursor: str | None = None
    while True:
        page = rooms.timeline.page(query, limit=1000, cursor=cursor)
        yield from page.events
        cursor = page.next_cursor
        if cursor is None:
            return


CASES = [("sqlite", False), ("sqlite", True), ("postgresql", False), ("postgresql", True)]


@pytest.fixture
def server(case: tuple[str, bool]) -> Iterator[Postgres | None]:
    """A server of PostgreSQL's, with files of its own to look into; none for SQLite."""
    if case[0] == "sqlite":
        yield None
        return
    made = Postgres.start()
    yield made
    made.stop()


@pytest.mark.parametrize("case", CASES if ALL else CASES[::3], ids=str)
def test_proofs_hold_and_the_erased_stay_erased(
    tmp_path: Path, server: Postgres | None, pytestconfig: pytest.Config, case: tuple[str, bool]
) -> None:
    sealed = case[1]
    every = 1 if ALL else BACKUP
    place = Place(tmp_path, int(pytestconfig.getoption("--forget")), every, sealed=sealed, server=server)
    place.go_on(range(BACKUP))
    place.back_up()
    before = set(place.erased)
    place.go_on(range(BACKUP, ROUNDS))
    assert len(place.erased) == round(SHARE * place.records)
    place.put_back()
    later = place.erased - before
    if not sealed and server is None:
        assert later.intersection(TOKEN.findall((place.data / "vestige.sqlite").read_bytes())), "the backup has them"
    with Installation.open(place.settings) as installation:
        rooms = installation.rooms_of_slug(None)
        assert not installation.ledger.erasures.undone(rooms.tenant.id)
        rooms.new_epoch(BY)
        rooms.settle()
        report = rooms.ledger.verify()
        assert report["ok"], report["reason"]
        assert place.in_index(installation) == []
        assert place.in_exports(rooms) == []
        assert rooms.timeline.count("type:record.erased").undated >= len(before)
    assert place.in_files(place.data) == []
    assert place.in_rows() == []
    if sealed and server is not None:
        # Not even in what PostgreSQL keeps of rows that are gone, nor in its log.
        assert place.in_files(server.folder) == []
    for proof, leaf, vkeys in place.receipts:
        origin = json.loads(leaf)["log"]
        keys = [key for key in map(VerifierKey.parse, vkeys) if key.name == origin]
        verify_tlog_proof(parse_tlog_proof(proof), leaf, keys, origin)
    for path, vkey in place.bundles:
        trust = Trust(keys_of_text(vkey))
        assert verify(path, trust).exit in {0, 3}, path
    print(
        f"{'sqlite' if server is None else 'postgresql'} {'sealed' if sealed else 'clear'}: {place.records} records, "
        f"{ROUNDS} rotations, {len(place.erased)} erased of which {len(later)} after the backup; {len(place.receipts)} "
        f"receipts and {len(place.bundles)} bundles verify; {len(place.keys)} keys destroyed"
    )
