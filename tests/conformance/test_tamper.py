"""The tamper set: whoever can write to the database alters it, and `ledger verify` says that and where.

Each alteration is made with raw SQL, past every trigger (on SQLite they are dropped, on PostgreSQL a superuser switches
them off), to a log that verified a moment before; and each ends on the same log untouched, which must still pass. The
expected answer is a seq where stored hashes disagree, or an interval (last good size, first bad size] where only
checkpoints do. Run with ``-s`` for the table.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from support.golden import erase
from support.homes import SERVER, TENANT, Home, blob_names
from vestige.ledger import Draft, EvidenceBatch, Kind
from vestige.ledger.keys import SigningKey
from vestige.proof import EMPTY_STATE, Checkpoint, canonical, extend, sign_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.homes import Raw
    from vestige.ledger import Ledger, VerifyReport

SIZES = (1, 101, 301, 602)
"""Where the log has checkpoints; 602 is its size."""


@dataclass
class Scene:
    """A log to be tampered with."""

    home: Home
    ledger: Ledger
    raw: Raw

    def one(self, sql: str, *parameters: Any) -> Any:
        return self.raw.execute(sql, parameters).fetchall()[0][0]

    def place(self, seq: int) -> str:
        return f"seq = {seq}" if self.home.driver == "postgresql" else f"pos = {(1 << 40) + seq}"

    def leaf(self, seq: int) -> dict[str, Any]:
        return dict(json.loads(bytes(self.one(f"SELECT leaf FROM ledger_entries WHERE {self.place(seq)}"))))

    def put_leaf(self, seq: int, data: bytes, *, rehash: bool = False) -> None:
        self.raw.execute(f"UPDATE ledger_entries SET leaf = ? WHERE {self.place(seq)}", (data,))
        if rehash:
            digest = sha256(b"\x00" + data).digest()
            self.raw.execute(f"UPDATE ledger_entries SET leaf_hash = ? WHERE {self.place(seq)}", (digest,))

    def regrow(self) -> None:
        """Make tiles and head fit the entries again: everything that can be done without the key."""
        rows = self.raw.execute("SELECT leaf_hash FROM ledger_entries ORDER BY seq").fetchall()
        tiles, state = extend(EMPTY_STATE, [bytes(row[0]) for row in rows])
        self.raw.execute("DELETE FROM ledger_tiles")
        for tile in tiles:
            values = (tile.level, tile.index, tile.data)
            self.raw.execute("INSERT INTO ledger_tiles (log, level, idx, hashes) VALUES (1, ?, ?, ?)", values)
        last = self.one("SELECT max(id) FROM ledger_entries")
        self.raw.execute(
            "UPDATE ledger_head SET size = ?, root = ?, frontier = ?, edge = ?, last_id = ?",
            (state.size, state.root(), state.frontier.to_bytes(), b"".join(state.partials[1:]), last),
        )

    def replace_payload(self, seq: int, payload: bytes) -> None:
        """Another payload, with a leaf that commits to it and hashes right."""
        fields = self.leaf(seq)
        salt = bytes(self.one(f"SELECT salt FROM ledger_payloads WHERE {self.place(seq)}"))
        fields["c"] = sha256(b"vestige/payload/v1\n" + salt + sha256(payload).digest()).hexdigest()
        fields["len"] = len(payload)
        self.raw.execute(f"UPDATE ledger_payloads SET payload = ? WHERE {self.place(seq)}", (payload,))
        self.put_leaf(seq, canonical(fields), rehash=True)

    def resign(self, key: SigningKey, keep: Callable[[int], bool] = lambda _: True) -> None:
        """Every checkpoint anew, with roots that fit, signed by another key."""
        hashes = [bytes(r[0]) for r in self.raw.execute("SELECT leaf_hash FROM ledger_entries ORDER BY seq").fetchall()]
        for size in filter(keep, SIZES):
            root = extend(EMPTY_STATE, hashes[:size])[1].root()
            note = sign_checkpoint(Checkpoint(self.ledger.log(TENANT).origin, size, root), [key.note_signer()])
            self.raw.execute(
                "UPDATE ledger_checkpoints SET root = ?, note = ? WHERE size = ?", (root, note.decode(), size)
            )


def build(home: Home) -> Ledger:
    ledger = home.ledger()
    ledger.create_log(TENANT, SERVER)
    ledger.checkpoint(TENANT)
    for size in (100, 200, 300):
        payloads = [b"Nov 22 16:00:%02d db sshd: user%d" % (i % 60, i) for i in range(size)]
        batch = ledger.prepare(
            EvidenceBatch("SRC", "ACQ", "text/plain", payloads, [i * 30 for i in range(size)], list(range(size)))
        )
        ledger.transact(TENANT, lambda _, batch=batch: [batch])  # type: ignore[misc]
        if size != 300:
            ledger.checkpoint(TENANT)
    ledger.transact(TENANT, lambda _: [Draft(Kind.AUDIT, b'{"act":"last"}')])
    ledger.checkpoint(TENANT)
    return ledger


def edit_author(scene: Scene) -> None:
    fields = scene.leaf(42)
    fields["src"] = "MALLORY"
    scene.put_leaf(42, canonical(fields))


def edit_author_and_hash(scene: Scene) -> None:
    fields = scene.leaf(42)
    fields["src"] = "MALLORY"
    scene.put_leaf(42, canonical(fields), rehash=True)
    scene.raw.execute(f"UPDATE ledger_entries SET src = 'MALLORY' WHERE {scene.place(42)}")


def edit_one_payload_byte(scene: Scene) -> None:
    payload = bytearray(scene.one(f"SELECT payload FROM ledger_payloads WHERE {scene.place(250)}"))
    payload[3] ^= 1
    scene.raw.execute(f"UPDATE ledger_payloads SET payload = ? WHERE {scene.place(250)}", (bytes(payload),))


def edit_salt(scene: Scene) -> None:
    scene.raw.execute(f"UPDATE ledger_payloads SET salt = ? WHERE {scene.place(7)}", (b"\x00" * 32,))


def delete_payload(scene: Scene) -> None:
    scene.raw.execute(f"DELETE FROM ledger_payloads WHERE {scene.place(33)}")


def delete_middle_entry(scene: Scene) -> None:
    scene.raw.execute(f"DELETE FROM ledger_entries WHERE {scene.place(300)}")
    scene.raw.execute(f"DELETE FROM ledger_payloads WHERE {scene.place(300)}")


def delete_middle_entry_and_close_ranks(scene: Scene) -> None:
    delete_middle_entry(scene)
    column = "seq" if scene.home.driver == "postgresql" else "pos"
    for table in ("ledger_entries", "ledger_payloads"):
        for seq in range(301, 602):
            scene.raw.execute(f"UPDATE {table} SET {column} = {column} - 1 WHERE {scene.place(seq)}")
    scene.regrow()


def delete_tail(scene: Scene) -> None:
    for table in ("ledger_entries", "ledger_payloads"):
        scene.raw.execute(f"DELETE FROM {table} WHERE seq >= 590")


def delete_tail_and_regrow(scene: Scene) -> None:
    delete_tail(scene)
    scene.regrow()


def delete_tail_and_its_checkpoints(scene: Scene) -> None:
    delete_tail_and_regrow(scene)
    scene.raw.execute("DELETE FROM ledger_checkpoints WHERE size > 590")


def swap_two(scene: Scene) -> None:
    column = "seq" if scene.home.driver == "postgresql" else "pos"
    low, high = 150, 160
    base = 0 if scene.home.driver == "postgresql" else 1 << 40
    for table in ("ledger_entries", "ledger_payloads"):
        for source, target in ((low, 900), (high, low), (900, high)):
            scene.raw.execute(f"UPDATE {table} SET {column} = {base + target} WHERE {column} = {base + source}")


def swap_two_payloads(scene: Scene) -> None:
    rows = {
        seq: [scene.one(f"SELECT {name} FROM ledger_payloads WHERE {scene.place(seq)}") for name in ("salt", "payload")]
        for seq in (20, 21)
    }
    for seq, other in ((20, 21), (21, 20)):
        scene.raw.execute(
            f"UPDATE ledger_payloads SET salt = ?, payload = ? WHERE {scene.place(seq)}", tuple(map(bytes, rows[other]))
        )


def rewrite_without_the_key(scene: Scene) -> None:
    scene.replace_payload(150, b"nothing happened here")
    scene.regrow()


def rewrite_beyond_the_last_full_tile(scene: Scene) -> None:
    scene.replace_payload(590, b"nothing happened here")
    scene.regrow()


def rewrite_and_drop_later_checkpoints(scene: Scene) -> None:
    rewrite_without_the_key(scene)
    scene.raw.execute("DELETE FROM ledger_checkpoints WHERE size > 101")


def drop_every_checkpoint(scene: Scene) -> None:
    scene.raw.execute("DELETE FROM ledger_checkpoints")


def erase_what_is_never_erased(scene: Scene) -> None:
    """The range stands behind an entry and in the table, and takes the log's first key with it."""
    seq = erase(scene.ledger, Kind.ERASURE, [(1, 3)]).first_seq
    fields = {"ranges": [[0, 3]]}
    scene.replace_payload(seq, canonical(fields))
    scene.regrow()
    scene.raw.execute("UPDATE ledger_erasures SET lo = 0")
    scene.raw.execute(f"DELETE FROM ledger_payloads WHERE {scene.place(0)}")


def resign_checkpoints_with_a_fresh_key(scene: Scene) -> None:
    rewrite_without_the_key(scene)
    scene.resign(SigningKey(scene.ledger.log(TENANT).origin, b"\x07" * 32), lambda size: size > 101)


def resign_everything_with_a_fresh_key(scene: Scene) -> None:
    key = SigningKey(scene.ledger.log(TENANT).origin, b"\x07" * 32)
    scene.replace_payload(0, canonical({"from_size": 0, "vkey": str(key.verifier)}))
    scene.regrow()
    scene.resign(key)
    scene.raw.execute("UPDATE ledger_keys SET name = ? WHERE purpose = 'sign'", (str(key.verifier),))


def alter_row_id(scene: Scene) -> None:
    scene.raw.execute(f"UPDATE ledger_entries SET id = '01KAP0000000000000000FAKED' WHERE {scene.place(9)}")


def alter_row_kind(scene: Scene) -> None:
    scene.raw.execute(f"UPDATE ledger_entries SET kind = 'audit' WHERE {scene.place(55)}")


def alter_row_source(scene: Scene) -> None:
    scene.raw.execute(f"UPDATE ledger_entries SET src = 'OTHER' WHERE {scene.place(56)}")


def alter_stored_hash(scene: Scene) -> None:
    scene.raw.execute(f"UPDATE ledger_entries SET leaf_hash = ? WHERE {scene.place(77)}", (b"\x01" * 32,))


def add_unknown_field(scene: Scene) -> None:
    scene.put_leaf(60, canonical({**scene.leaf(60), "note": "x"}), rehash=True)
    scene.regrow()


def respell_leaf(scene: Scene) -> None:
    leaf = bytes(scene.one(f"SELECT leaf FROM ledger_entries WHERE {scene.place(61)}"))
    scene.put_leaf(61, leaf.replace(b'"n":60', b'"n":60.0'), rehash=True)
    scene.regrow()


def space_in_leaf(scene: Scene) -> None:
    leaf = bytes(scene.one(f"SELECT leaf FROM ledger_entries WHERE {scene.place(62)}"))
    scene.put_leaf(62, leaf.replace(b'"refs":[]', b'"refs":[ ]'), rehash=True)
    scene.regrow()


def duplicate_key_in_leaf(scene: Scene) -> None:
    leaf = bytes(scene.one(f"SELECT leaf FROM ledger_entries WHERE {scene.place(63)}"))
    scene.put_leaf(63, leaf.replace(b'"kind":"evidence"', b'"kind":"audit","kind":"evidence"'), rehash=True)
    scene.regrow()


def splice_from_another_log(scene: Scene) -> None:
    scene.put_leaf(64, canonical({**scene.leaf(64), "log": f"{SERVER}/t/{TENANT}/1"}), rehash=True)
    scene.regrow()


def replay_an_id(scene: Scene) -> None:
    earlier = scene.leaf(64)["id"]
    scene.put_leaf(65, canonical({**scene.leaf(65), "id": earlier}), rehash=True)
    scene.raw.execute(f"UPDATE ledger_entries SET id = ? WHERE {scene.place(65)}", (earlier,))
    scene.regrow()


def add_an_entry(scene: Scene) -> None:
    columns = "id, kind, src, leaf, leaf_hash"
    key, value = ("log, seq", "1, 602") if scene.home.driver == "postgresql" else ("pos", str((1 << 40) + 602))
    source = columns.replace("id,", "'7ZZZZZZZZZZZZZZZZZZZZZZZZZ',")
    scene.raw.execute(
        f"INSERT INTO ledger_entries ({key}, {columns}) SELECT {value}, {source}"
        f" FROM ledger_entries WHERE {scene.place(601)}"
    )


def alter_tile(scene: Scene) -> None:
    data = bytearray(scene.one("SELECT hashes FROM ledger_tiles WHERE level = 0 AND idx = 1"))
    data[32 * 5] ^= 1
    scene.raw.execute("UPDATE ledger_tiles SET hashes = ? WHERE level = 0 AND idx = 1", (bytes(data),))


def drop_tile(scene: Scene) -> None:
    scene.raw.execute("DELETE FROM ledger_tiles WHERE level = 0 AND idx = 1")


def add_tile(scene: Scene) -> None:
    scene.raw.execute("INSERT INTO ledger_tiles (log, level, idx, hashes) VALUES (1, 5, 0, ?)", (b"\x00" * 8192,))


def alter_head(scene: Scene) -> None:
    scene.raw.execute("UPDATE ledger_head SET root = ?", (b"\x02" * 32,))


def shrink_head(scene: Scene) -> None:
    scene.raw.execute("UPDATE ledger_head SET size = 400")


def alter_checkpoint_row(scene: Scene) -> None:
    scene.raw.execute("UPDATE ledger_checkpoints SET root = ? WHERE size = 301", (b"\x03" * 32,))


def alter_checkpoint_note(scene: Scene) -> None:
    note = str(scene.one("SELECT note FROM ledger_checkpoints WHERE size = 301"))
    scene.raw.execute("UPDATE ledger_checkpoints SET note = ? WHERE size = 301", (note[:-6] + "AAA=\n",))


def alter_key_row(scene: Scene) -> None:
    key = SigningKey(scene.ledger.log(TENANT).origin, b"\x08" * 32)
    scene.raw.execute("UPDATE ledger_keys SET name = ? WHERE purpose = 'sign'", (str(key.verifier),))


def permit_an_erasure_nobody_ordered(scene: Scene) -> None:
    scene.raw.execute("INSERT INTO ledger_erasures (log, lo, hi, by_seq) VALUES (1, 30, 40, 601)")
    scene.raw.execute("DELETE FROM ledger_payloads WHERE seq >= 30 AND seq < 40")


def lose_the_signers_state(scene: Scene) -> None:
    (scene.home.signer / f"{TENANT}-0.json").unlink()


def lie_about_the_size(scene: Scene) -> None:
    scene.raw.execute("UPDATE ledger_head SET size = 1000000000000")


def plant_an_entry_far_away(scene: Scene) -> None:
    far = 10**11
    key, value = ("log, seq", f"1, {far}") if scene.home.driver == "postgresql" else ("pos", str((1 << 40) + far))
    scene.raw.execute(
        f"INSERT INTO ledger_entries ({key}, id, kind, src, leaf, leaf_hash)"
        f" SELECT {value}, 'x', kind, src, leaf, leaf_hash FROM ledger_entries WHERE {scene.place(601)}"
    )


def plant_a_payload(scene: Scene) -> None:
    key, value = ("log, seq", "1, 700") if scene.home.driver == "postgresql" else ("pos", str((1 << 40) + 700))
    scene.raw.execute(
        f"INSERT INTO ledger_payloads ({key}, salt, payload) SELECT {value}, salt, payload"
        f" FROM ledger_payloads WHERE {scene.place(5)}"
    )


Where = int | tuple[int, int]

SET: list[tuple[Callable[[Scene], None], Where, str]] = [
    (edit_author, 42, "leaf_hashes"),
    (edit_author_and_hash, 42, "tiles"),
    (edit_one_payload_byte, 250, "payloads"),
    (edit_salt, 7, "payloads"),
    (delete_payload, 33, "payloads"),
    (delete_middle_entry, 300, "entries"),
    (delete_middle_entry_and_close_ranks, 300, "leaves"),
    (delete_tail, 590, "entries"),
    (delete_tail_and_regrow, (301, 602), "checkpoints"),
    (delete_tail_and_its_checkpoints, (301, 602), "signer"),
    (swap_two, 150, "leaves"),
    (swap_two_payloads, 20, "payloads"),
    (rewrite_without_the_key, (101, 301), "checkpoints"),
    (rewrite_beyond_the_last_full_tile, (301, 602), "checkpoints"),
    (rewrite_and_drop_later_checkpoints, (101, 301), "signer"),
    (drop_every_checkpoint, (0, 301), "checkpoints"),
    (erase_what_is_never_erased, 0, "erasures"),
    (resign_checkpoints_with_a_fresh_key, (101, 301), "signatures"),
    (resign_everything_with_a_fresh_key, (0, 602), "signer"),
    (alter_row_id, 9, "rows"),
    (alter_row_kind, 55, "rows"),
    (alter_row_source, 56, "rows"),
    (alter_stored_hash, 77, "leaf_hashes"),
    (add_unknown_field, 60, "leaves"),
    (respell_leaf, 61, "leaves"),
    (space_in_leaf, 62, "leaves"),
    (duplicate_key_in_leaf, 63, "leaves"),
    (splice_from_another_log, 64, "leaves"),
    (replay_an_id, 65, "leaves"),
    (add_an_entry, 602, "leaves"),
    (alter_tile, 261, "tiles"),
    (drop_tile, 256, "tiles"),
    (add_tile, 602, "tiles"),
    (alter_head, (301, 602), "head"),
    (shrink_head, 400, "head"),
    (alter_checkpoint_row, (101, 301), "checkpoints"),
    (alter_checkpoint_note, (101, 301), "signatures"),
    (alter_key_row, (0, 602), "keys"),
    (permit_an_erasure_nobody_ordered, 30, "payloads"),
    (lose_the_signers_state, (301, 602), "signer"),
    (plant_a_payload, 602, "payloads"),
    (plant_an_entry_far_away, 602, "entries"),
    (lie_about_the_size, 602, "entries"),
]


@pytest.fixture
def scene_parts(home: Home) -> tuple[Home, Ledger]:
    return home, build(home)


@pytest.mark.parametrize(("tamper", "where", "check"), SET, ids=[item[0].__name__ for item in SET])
def test_it_is_found_and_located(
    scene_parts: tuple[Home, Ledger], tamper: Callable[[Scene], None], where: Where, check: str
) -> None:
    home, ledger = scene_parts
    control = ledger.verify(TENANT)
    assert control.ok, control
    with home.raw() as raw:
        tamper(Scene(home, ledger, raw))
    report = ledger.verify(TENANT)
    print(f"{home.driver:10} {tamper.__name__:40} {_where(report):18} {report.reason}")
    assert not report.ok
    assert report.reason
    failed = [item.name for item in report.checks if not item.ok]
    assert check in failed
    if isinstance(where, int):
        assert (report.first_bad_seq, report.interval) == (where, None)
    else:
        assert (report.first_bad_seq, report.interval) == (None, where)


def _where(report: VerifyReport) -> str:
    return f"seq {report.first_bad_seq}" if report.interval is None else f"size {report.interval}"


def test_an_old_database_is_put_back(home: Home) -> None:
    """The signer's state is intact, so it is found; were that put back too, only a witness could tell."""
    ledger = home.ledger()
    ledger.create_log(TENANT, SERVER)
    ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"old")] * 10)
    ledger.checkpoint(TENANT)
    signer_then = (home.signer / f"{TENANT}-0.json").read_bytes()
    home.snapshot()
    ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"new")] * 10)
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok
    home.put_back()
    report = home.ledger().verify(TENANT)
    assert (report.ok, report.first_bad_seq, report.interval) == (False, None, (11, 21))
    assert "signer" in report.reason
    (home.signer / f"{TENANT}-0.json").write_bytes(signer_then)
    told = home.ledger().verify(TENANT)
    assert told.ok
    assert "would not be seen" in {check.name: check.detail for check in told.checks}["anchors"]


def test_keys_rotated_midway_do_not_hide_a_rewrite(home: Home) -> None:
    ledger = build(home)
    ledger.rotate(TENANT)
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok
    with home.raw() as raw:
        scene = Scene(home, ledger, raw)
        payload = json.loads(bytes(scene.one(f"SELECT payload FROM ledger_payloads WHERE {scene.place(602)}")))
        payload["new"] = str(SigningKey(ledger.log(TENANT).origin, b"\x09" * 32).verifier)
        scene.replace_payload(602, canonical(payload))
        scene.regrow()
    report = ledger.verify(TENANT)
    assert report.first_bad_seq == 602
    assert "keys" in [check.name for check in report.checks if not check.ok]


def test_an_erasure_is_held_against_what_is_left(home: Home) -> None:
    ledger = build(home)
    with home.raw() as raw:
        scene = Scene(home, ledger, raw)
        salt = bytes(scene.one(f"SELECT salt FROM ledger_payloads WHERE {scene.place(12)}"))
        payload = bytes(scene.one(f"SELECT payload FROM ledger_payloads WHERE {scene.place(12)}"))
    erase(ledger, Kind.ERASURE, [(10, 20)])
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok
    key, value = ("log, seq", "1, 12") if home.driver == "postgresql" else ("pos", str((1 << 40) + 12))
    with home.raw() as raw:
        raw.execute(f"INSERT INTO ledger_payloads ({key}, salt, payload) VALUES ({value}, ?, ?)", (salt, payload))
    report = ledger.verify(TENANT)
    assert report.first_bad_seq == 12
    assert "erasure incomplete" in report.reason


def test_a_missing_or_altered_blob_is_located(home: Home) -> None:
    ledger = build(home)
    ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"x" * 100_000)])
    (name,) = blob_names(home)
    path = home.folder / "blobs" / name[:2] / name
    assert ledger.verify(TENANT).ok
    shutil.copy(path, home.folder / "kept")
    path.write_bytes(b"x" * 99_999 + b"y")
    assert ledger.verify(TENANT).first_bad_seq == 602
    path.unlink()
    report = ledger.verify(TENANT)
    assert (report.first_bad_seq, "is missing" in report.reason) == (602, True)
    shutil.copy(home.folder / "kept", path)
    assert ledger.verify(TENANT).ok
