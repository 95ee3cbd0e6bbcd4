"""Duels over a bundle: each alteration is found and located by both verifiers, beside the same bundle untouched.

The table of ``docs/duels.md`` is what this run finds; if the page says otherwise it is written anew, and the test fails
so that somebody looks. What it says of the two predecessors rests on reading their code, not on running it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.bundles import answers, by_product, by_standalone, pack, standalone, unzipped
from support.duels import DUELS, RECORDS, VICTIM, Duel, Scene, log, packer, scene
from support.homes import TENANT, Home
from vestige.bundles import Selection, Trust, keys_of_text
from vestige.ledger import Draft, EvidenceBatch, Kind
from vestige.model.errors import IntegrityError
from vestige.proof import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).resolve().parents[2] / "docs" / "duels.md"
HEAD = """# Duels: a bundle altered in every way we know

Written by the test run (`tests/conformance/test_duels.py`), which fails when the page no longer tells what it
finds. Each alteration is made to a bundle that verifies, by somebody without the log's key; `vestige bundle verify`
and the bundle's own `verify.py` must both find it, say the same, and say where. The bundle untouched passes beside
each. `found by` is the check, `where` the first fault of that check.

What StreamTrace and TraceVault would have made of the same act was read from their code and not measured; an empty
cell: they have nothing the act could be done to, or it was not looked at.

| act | what is altered | found by | where | StreamTrace | TraceVault |
|---|---|---|---|---|---|
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return scene(tmp_path_factory.mktemp("duels"))


def found(made: Scene, duel: Duel) -> dict[str, object]:
    """The fault a duel must have, as the product tells it."""
    files = duel.make(made)
    trust, other = Trust(keys_of_text(made.key)), standalone().Trust([made.key], None)
    one, two = answers(files, trust, other)
    assert one == two
    assert one.exit == 1
    for faults in (by_product(files, trust).to_json()["faults"], by_standalone(files, other).json()["faults"]):
        place = {(fault["check"], fault.get("file"), fault.get("seq")) for fault in faults}
        assert (duel.check, duel.file, duel.seq) in place, faults
    told = [fault.to_json() for fault in by_product(files, trust).faults if fault.check == duel.check]
    return next(fault for fault in told if fault.get("file") == duel.file)


@pytest.mark.parametrize("duel", DUELS, ids=[duel.name for duel in DUELS])
def test_it_is_found_and_located_by_both(made: Scene, duel: Duel) -> None:
    trust, other = Trust(keys_of_text(made.key)), standalone().Trust([made.key], None)
    control = answers(made.files, trust, other)
    assert control[0] == control[1]
    assert (control[0].exit, control[0].records) == (0, (len(RECORDS), 0, 0, 0))
    fault = found(made, duel)
    assert fault["message"]
    assert answers(made.files, trust, other) == control


def test_without_a_key_what_was_made_anew_is_said_to_be_of_unknown_origin(made: Scene) -> None:
    """Everything fits together, so only somebody else's word tells; and that is what it says, never that it is good."""
    duel = next(duel for duel in DUELS if duel.name == "all made anew with a fresh key")
    one, two = answers(duel.make(made), Trust(), standalone().Trust([], None))
    assert one == two
    assert (one.exit, one.failed) == (2, frozenset())
    assert answers(made.files, Trust(), standalone().Trust([], None))[0].exit == 2


def alter_payload(home: Home) -> None:
    place = f"seq = {VICTIM}" if home.driver == "postgresql" else f"pos = {(1 << 40) + VICTIM}"
    with home.raw() as raw:
        raw.execute(f"UPDATE ledger_payloads SET payload = ? WHERE {place}", (b"altered",))


def alter_leaf(home: Home) -> None:
    place = f"seq = {VICTIM}" if home.driver == "postgresql" else f"pos = {(1 << 40) + VICTIM}"
    with home.raw() as raw:
        leaf = bytes(raw.execute(f"SELECT leaf FROM ledger_entries WHERE {place}").fetchall()[0][0])
        raw.execute(f"UPDATE ledger_entries SET leaf = ? WHERE {place}", (leaf.replace(b'"SRC"', b'"SRD"'),))


def delete_payload(home: Home) -> None:
    place = f"seq = {VICTIM}" if home.driver == "postgresql" else f"pos = {(1 << 40) + VICTIM}"
    with home.raw() as raw:
        raw.execute(f"DELETE FROM ledger_payloads WHERE {place}")


BEFORE = [
    (alter_payload, "row altered before bundling", "a record's bytes in the database", "was altered"),
    (alter_leaf, "leaf altered before bundling", "a leaf in the database", "is not the one that was signed"),
    (delete_payload, "row deleted before bundling", "a record's bytes gone from the database", "is missing"),
]


@pytest.mark.parametrize(("alter", "name", "what", "words"), BEFORE, ids=[one[1] for one in BEFORE])
def test_a_row_altered_before_bundling_is_refused(
    home: Home, alter: Callable[[Home], None], name: str, what: str, words: str
) -> None:
    """No bundle is made of it, and what is said names the entry."""
    del name, what
    ledger = log(home)
    assert packer(ledger).survey.present == len(RECORDS)
    alter(home)
    with pytest.raises(IntegrityError, match=f"entry {VICTIM} of .* {words}"):
        packer(ledger)


def test_a_key_rotated_midway_changes_no_bundle(home: Home) -> None:
    """One made before verifies after, one made after has both keys; an old key is enough to trust either."""
    ledger = log(home)
    before, old = pack(ledger, Selection(RECORDS, {}, {})), ledger.keys(TENANT)[0].vkey
    ledger.rotate(TENANT)
    ledger.checkpoint(TENANT)
    after, new = pack(ledger, Selection(RECORDS, {}, {})), ledger.keys(TENANT)[1].vkey
    for data, key, code in ((before, old, 0), (after, old, 0), (after, new, 0), (before, new, 1)):
        one, two = answers(unzipped(data), Trust(keys_of_text(key)), standalone().Trust([key], None))
        assert one == two
        assert one.exit == code
    assert (
        answers(unzipped(before), Trust(keys_of_text(f"{old}\n{new}")), standalone().Trust([old, new], None))[0].exit
        == 0
    )


def test_a_bundle_made_while_others_append_is_whole(home: Home) -> None:
    ledger = log(home)
    made = packer(ledger)
    pieces = []
    for number, piece in enumerate(made.stream()):
        pieces.append(piece)
        if number % 5 == 0:
            more = ledger.prepare(EvidenceBatch("SRC", "ACQ", "text/plain", [b"more"], [0], [number]))
            ledger.transact(TENANT, lambda _, more=more: [more, Draft(Kind.AUDIT, canonical({"act": "x"}))])  # type: ignore[misc]
            ledger.checkpoint(TENANT)
    key = ledger.keys(TENANT)[0].vkey
    one, two = answers(unzipped(b"".join(pieces)), Trust(keys_of_text(key)), standalone().Trust([key], None))
    assert one == two
    assert (one.exit, one.records) == (0, (len(RECORDS), 0, 0, 0))


def test_the_page_tells_what_was_found(made: Scene) -> None:
    rows = []
    for duel in DUELS:
        fault = found(made, duel)
        where = ", ".join(str(fault[name]) for name in ("file", "seq") if name in fault).replace("data/0/", "")
        rows.append((duel.name, duel.what, fault["check"], where, duel.streamtrace, duel.tracevault))
    for alter, name, what, words in BEFORE:
        missed = "missed" if alter is alter_payload else ""
        rows.append((name, what, "no bundle is made", f"entry {VICTIM} … {words}", missed, ""))
    text = HEAD + "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if text != before:
        PAGE.write_text(text, encoding="utf-8")
    assert text == before, "docs/duels.md was written anew"
