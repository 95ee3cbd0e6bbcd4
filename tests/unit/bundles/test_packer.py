from __future__ import annotations

import csv
import io
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

import vestige
from support.bundles import CHOSEN, answers, golden, golden_selection, pack, pack_golden, standalone, unzipped
from support.golden import SOURCE, START, build, erase
from support.homes import SERVER, TENANT, Chance, Clock, Home, sqlite_home
from vestige.bundles import Annotation, Packer, Selection, Trust, keys_of_text, layout, zipping
from vestige.ledger import Draft, EvidenceBatch, Kind, act_entry
from vestige.model.errors import ConflictError, IntegrityError, UsageError
from vestige.model.principal import Principal
from vestige.proof import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bundles import Answer, Files
    from vestige.ledger import Ledger

BY = Principal("ann@example.org", "", "", "", "")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    place = sqlite_home(tmp_path)
    yield place
    place.close()


def small_log(home: Home, count: int = 5) -> Ledger:
    """A key at 0, evidence from 1 on."""
    ledger = home.ledger(clock=Clock(START, 1_000_000), entropy=Chance("packer"))
    ledger.create_log(TENANT, SERVER)
    payloads = [b"record %d" % n for n in range(count)]
    batch = ledger.prepare(EvidenceBatch("SRC", "ACQ", "text/plain", payloads, list(range(count)), list(range(count))))
    ledger.transact(TENANT, lambda _: [batch])
    return ledger


def verified(ledger: Ledger, data: bytes) -> Answer:
    """What both verifiers say under the log's keys."""
    keys = "\n".join(key.vkey for key in ledger.keys(TENANT))
    one, two = answers(unzipped(data), Trust(keys_of_text(keys)), standalone().Trust(keys.split("\n"), None))
    assert one == two
    return one


def control(files: Files, epoch: int = 0) -> list[int]:
    """The seqs of a bundle's own entries."""
    found: list[int] = []
    for line in files[f"data/{epoch}/control.txt"].decode().splitlines():
        first, last = map(int, line.split())
        found += range(first, last + 1)
    return found


def test_the_golden_bundle_is_made_again_byte_for_byte(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is evidence, and the words about it; the program beside it may have grown better since."""
    monkeypatch.setattr(vestige, "__version__", "0.1.0")
    made, kept = unzipped(pack_golden(home)), golden()
    grows = {"README.txt", "verify.py", layout.TAG_MANIFEST, layout.STATEMENT}
    assert {name: data for name, data in made.items() if name not in grows} == {
        name: data for name, data in kept.items() if name not in grows
    }
    assert made.keys() == kept.keys()


def test_as_of_the_same_size_only_the_statement_differs(home: Home) -> None:
    ledger = build(home)
    selection = Selection(CHOSEN, {"query": "x"}, {SOURCE: "auth.log"})
    first = pack(ledger, selection)
    ledger.transact(TENANT, lambda _: [Draft(Kind.AUDIT, canonical({"act": "later"}))])
    ledger.checkpoint(TENANT)
    again = unzipped(pack(ledger, selection, as_of=20, start=START + 1))
    before = unzipped(first)
    assert {name for name in again if again[name] != before[name]} == {layout.STATEMENT}
    now = unzipped(pack(ledger, selection))
    assert now["data/0/checkpoint"] != before["data/0/checkpoint"]
    for data in (first, pack(ledger, selection, as_of=20), pack(ledger, selection)):
        assert verified(ledger, data).exit == 3


@pytest.mark.parametrize("size", [2, 21, 10**15])
def test_a_size_that_was_not_published_is_refused(home: Home, size: int) -> None:
    ledger = build(home)
    with pytest.raises(UsageError, match="no checkpoint of that size"):
        Packer(ledger, TENANT, golden_selection(), size)
    assert Packer(ledger, TENANT, Selection([3], {}, {}), 13).survey.records == 1


def test_a_size_before_the_key_in_force_is_refused(home: Home) -> None:
    ledger = build(home)
    ledger.rotate(TENANT)
    ledger.checkpoint(TENANT)
    with pytest.raises(ConflictError, match="key has been changed"):
        Packer(ledger, TENANT, golden_selection(), 20)
    assert verified(ledger, pack(ledger, golden_selection())).exit == 3


def test_a_key_that_is_changed_meanwhile_ends_the_packing(home: Home) -> None:
    ledger = small_log(home)
    packer = Packer(ledger, TENANT, Selection([1], {}, {}))
    ledger.rotate(TENANT)
    with pytest.raises(ConflictError, match="while the bundle was packed"):
        b"".join(packer.stream())
    assert verified(ledger, pack(ledger, Selection([1], {}, {}))).exit == 0


def test_what_changes_meanwhile_ends_the_packing(home: Home) -> None:
    """Between the survey and the bytes, a payload is erased, and another altered."""
    ledger = small_log(home)
    packer = Packer(ledger, TENANT, Selection(range(1, 6), {}, {}))
    erase(ledger, Kind.ERASURE, [(5, 6)])
    with pytest.raises(ConflictError, match="entry 5 was erased while"):
        b"".join(packer.stream())
    packer = Packer(ledger, TENANT, Selection(range(1, 6), {}, {}))
    with home.raw() as raw:
        raw.execute("UPDATE ledger_payloads SET payload = ? WHERE pos = ?", (b"record X", (1 << 40) + 2))
    with pytest.raises(IntegrityError, match=r"payload of entry 2 .* was altered"):
        b"".join(packer.stream())


def test_what_was_erased_since_is_not_packed_as_of_before(home: Home) -> None:
    ledger = small_log(home)
    size = ledger.checkpoint(TENANT).size
    erase(ledger, Kind.ERASURE, [(2, 3)])
    with pytest.raises(ConflictError, match=r"entry 2 .* was erased, by an entry no checkpoint"):
        Packer(ledger, TENANT, Selection(range(1, 6), {}, {}), size)
    answer = verified(ledger, pack(ledger, Selection(range(1, 6), {}, {})))
    assert (answer.exit, answer.records) == (3, (4, 0, 1, 0))


def test_what_was_redacted_since_is_not_packed_as_of_before(home: Home) -> None:
    ledger = small_log(home)
    before = ledger.checkpoint(TENANT).size
    redaction = Draft(Kind.REDACTION, canonical({"code": "privacy"}), refs=(ledger.read(TENANT, 2, 3)[0].id,))
    ledger.transact(TENANT, lambda _: [redaction])
    with pytest.raises(ConflictError, match=r"entry 2 .* was redacted since"):
        pack(ledger, Selection([2, 3], {}, {}), before)
    assert verified(ledger, pack(ledger, Selection([3], {}, {}), before)).exit == 0
    answer = verified(ledger, pack(ledger, Selection([2, 3], {}, {})))
    assert (answer.exit, answer.records) == (3, (1, 1, 0, 0))


def test_an_erasure_under_a_hold_makes_a_bundle_fail(home: Home) -> None:
    ledger = small_log(home)
    hold = ledger.transact(TENANT, lambda _: [Draft(Kind.HOLD, canonical({"case": "C"}))]).items[0].ids[0]
    said = canonical({"evaluated_to": 6, "hold": hold, "ranges": [[2, 4]]})
    ledger.transact(TENANT, lambda _: [Draft(Kind.HOLD_SCOPE, said, refs=(hold,))])
    assert verified(ledger, pack(ledger, Selection(range(1, 6), {}, {}))).exit == 0
    erase(ledger, Kind.ERASURE, [(3, 4)])
    answer = verified(ledger, pack(ledger, Selection(range(1, 6), {}, {})))
    assert (answer.exit, answer.failed) == (1, frozenset({"holds"}))


def test_others_matters_stay_out(home: Home) -> None:
    """Holds, erasures, acquisitions and acts about other records tell nothing here."""
    ledger = small_log(home, 9)

    def add(*drafts: Draft) -> list[str]:
        return ledger.transact(TENANT, lambda _: drafts).items[0].ids

    ids = [entry.id for entry in ledger.read(TENANT, 0, 10)]
    for lo, name in ((1, "mine"), (7, "theirs")):
        reason = add(Draft(Kind.AUDIT, canonical({"act": "hold.reason", "text": name})))[0]
        hold = add(Draft(Kind.HOLD, canonical({"case": name}), refs=(reason,)))[0]
        add(
            Draft(
                Kind.HOLD_SCOPE, canonical({"evaluated_to": 10, "hold": hold, "ranges": [[lo, lo + 1]]}), refs=(hold,)
            )
        )
        add(Draft(Kind.RELEASE, canonical({"hold": hold}), refs=(hold,)))
        add(Draft(Kind.REDACTION, canonical({"code": name}), refs=(ids[lo + 1],)))
        add(Draft(Kind.AMENDMENT, canonical({"text": name}), refs=(ids[lo],)))
        add(act_entry("evidence.revealed", BY, {"note": name}, f"event:{ids[lo]}.1"))
        add(act_entry("evidence.exported", BY, {"query": name}))
        erased = erase(ledger, Kind.ERASURE, [(lo, lo + 1)], code=name)
        add(Draft(Kind.ERASURE_DONE, canonical({"code": name}), refs=(erased.ids[0],)))
    files = unzipped(pack(ledger, Selection([1, 2, 3], {}, {})))
    own = b"".join(data for name, data in files.items() if name.startswith("data/0/control/"))
    assert own.count(b"mine") == 7
    assert b"theirs" not in b"".join(files.values())
    rows = list(csv.DictReader(io.StringIO(files["data/custody.csv"].decode())))
    assert [row["what"] for row in rows] == [
        "signing key", "hold.reason", "hold set", "hold evaluated", "hold released", "redacted", "corrected",
        "evidence.revealed", "erased", "erasure carried out",
    ]  # fmt: skip
    assert [row["by"] for row in rows if row["what"] == "evidence.revealed"] == ["ann@example.org"]
    assert verified(ledger, pack(ledger, Selection([1, 2, 3], {}, {}))).records == (1, 1, 1, 0)


def test_how_records_are_read_goes_along(home: Home) -> None:
    ledger = small_log(home)

    def add(*drafts: Draft) -> list[str]:
        return ledger.transact(TENANT, lambda _: drafts).items[0].ids

    digest = "ab" * 32
    (mapping,) = add(Draft(Kind.NORMALISATION, canonical({"mapping": "name = x", "sha256": digest})))
    add(Draft(Kind.NORMALISATION, canonical({"mapping": "name = y", "sha256": "cd" * 32})))
    (taken,) = add(Draft(Kind.ACQUISITION, canonical({"by": "=ann", "name": "a.log"}), source="SRC2"))
    add(Draft(Kind.ACQUISITION, canonical({"by": "bob", "name": "b.log"}), source="SRC3"))
    how = {"mapping": digest, "parser": "own", "version": "2"}
    add(Draft(Kind.NORMALISATION, canonical(how), source="SRC2", refs=(taken,)))
    add(Draft(Kind.NORMALISATION, canonical({"zone": "Europe/Berlin"}), source="SRC2"))
    add(Draft(Kind.NORMALISATION, canonical({"zone": "Asia/Tokyo"}), source="SRC3"))
    batch = ledger.prepare(EvidenceBatch("SRC2", taken, "text/plain", [b"x" * 100_000], [0], [0]))
    position = ledger.transact(TENANT, lambda _: [batch]).items[0].positions[0]
    files = unzipped(pack(ledger, Selection([position], {}, {"SRC2": "a <b>"})))
    own = b"".join(data for name, data in files.items() if name.startswith("data/0/control/"))
    assert all(word in own for word in (b"name = x", b"a.log", b"Berlin"))
    assert not any(word in own for word in (b"name = y", b"b.log", b"Tokyo"))
    assert files[layout.raw(0, position)] == b"x" * 100_000
    assert json.loads(files["data/parsers.json"]) == {taken: {"parser": "own", "version": "2"}}
    assert b"'=ann" in files["data/custody.csv"]
    page = files["data/page.html"]
    assert b"a &lt;b&gt;" in page
    assert b"x" * 400 in page
    assert b"x" * 401 not in page
    assert mapping


def test_a_case_brings_its_own_entries_and_notes(home: Home) -> None:
    ledger = small_log(home)
    (act,) = (
        ledger.transact(TENANT, lambda _: [Draft(Kind.AUDIT, canonical({"act": "case.opened"}))]).items[0].positions
    )
    entry = ledger.read(TENANT, 2, 3)[0].id
    note = Annotation(entry, "ann@example.org", "2026-11-22T16:00:00Z", "look <here>\n\u20ac")
    selection = Selection([2], {"case": "01KAP"}, {}, also=[act], annotations=[note])
    files = unzipped(pack(ledger, selection))
    assert json.loads(files["data/annotations.ndjson"]) == note._asdict()
    assert control(files) == [0, act]
    assert json.loads(files[layout.ABOUT])["selection"] == {"case": "01KAP"}
    assert verified(ledger, pack(ledger, selection)).exit == 0


def test_entries_of_ours_can_be_records(home: Home) -> None:
    """A query over the ledger's own acts: key and act are records, and the key is replayed as ever."""
    ledger = small_log(home)
    ledger.transact(TENANT, lambda _: [Draft(Kind.AUDIT, canonical({"act": "x"}))])
    data = pack(ledger, Selection([0, 6], {}, {}))
    answer = verified(ledger, data)
    assert (answer.exit, answer.records) == (0, (2, 0, 0, 0))
    files = unzipped(data)
    assert layout.raw(0, 0) in files
    assert layout.control(0, 0) not in files
    assert control(files) == [0]


def test_epochs_are_logs_of_one_bundle(home: Home) -> None:
    """Records of a closed log stand beside those of the one it goes on as."""
    ledger = small_log(home)
    ledger.checkpoint(TENANT)
    home.snapshot()
    ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"lost")])
    ledger.checkpoint(TENANT)
    ledger.close()
    home.put_back()
    ledger = home.ledger(clock=Clock(START + 10**12, 1_000_000), entropy=Chance("later"))
    ledger.new_epoch(TENANT)
    ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"new")])
    ledger.checkpoint(TENANT)
    base = ledger.log(TENANT).base
    data = pack(ledger, Selection([1, 3, base + 2], {}, {}))
    answer = verified(ledger, data)
    assert (answer.exit, answer.failed, answer.records) == (0, frozenset(), (3, 0, 0, 0))
    files = unzipped(data)
    assert (control(files), control(files, 1)) == ([0], [0, 1])
    about: dict[str, Any] = json.loads(files[layout.ABOUT])
    assert [log["epoch"] for log in about["logs"]] == [0, 1]
    only = unzipped(pack(ledger, Selection([base + 2], {}, {})))
    assert not [name for name in only if name.startswith("data/0/")]
    # What belongs to it besides is taken out of a closed log, too.
    also = pack(ledger, Selection([base + 2], {}, {}, also=[0]))
    assert verified(ledger, also).exit == 0
    assert layout.proof(0, 0) in unzipped(also)
    # A redaction of a later log is none that proofs of the record's own lead to.
    redaction = Draft(Kind.REDACTION, canonical({"code": "privacy"}), refs=(ledger.read(TENANT, 1, 2)[0].id,))
    ledger.transact(TENANT, lambda _: [redaction])
    with pytest.raises(ConflictError, match=r"entry 1 .* was redacted since"):
        pack(ledger, Selection([1, 3], {}, {}))
    assert verified(ledger, pack(ledger, Selection([3], {}, {}))).exit == 0


def test_what_no_checkpoint_of_a_closed_log_covers_is_refused(home: Home) -> None:
    ledger = small_log(home)
    ledger.checkpoint(TENANT)
    ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"never signed")])
    (home.signer / f"{TENANT}-0.json").unlink()
    ledger.new_epoch(TENANT)
    ledger.checkpoint(TENANT)
    with pytest.raises(ConflictError, match="no checkpoint of the closed log"):
        Packer(ledger, TENANT, Selection([1, 6], {}, {}))
    assert Packer(ledger, TENANT, Selection([1, 5], {}, {})).survey.records == 2


def test_memory_does_not_grow_with_the_records(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipping, "_KEPT", 1 << 16)  # what waits for the end waits on disk from the beginning
    ledger = small_log(home, 6_000)

    def peak(count: int) -> int:
        tracemalloc.start()
        packer = Packer(ledger, TENANT, Selection(range(1, count + 1), {}, {}))
        size = sum(map(len, packer.stream()))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert size > count * 1000
        return most

    few, many = peak(3_000), peak(6_000)
    assert many < few + (1 << 18)
