"""Lost payloads are put back on both databases if they are what their leaves commit to, and those erased never."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.homes import SERVER, TENANT, Home, blob_names
from vestige.ledger import Draft, EvidenceBatch, Kind, act_entry
from vestige.ledger.putting_back import Copy
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from vestige.ledger import Ledger, Taking
    from vestige.proof.canonical import Encodable

PAYLOADS = [b'{"n":1}', b'{"n":2}', b"x" * 70_000, b'{"n":4}']


@pytest.fixture
def ledger(home: Home) -> Ledger:
    made = home.ledger()
    made.create_log(TENANT, SERVER)
    batch = EvidenceBatch("01KAP00000000000000000SRCE", "ACQ", "application/json", PAYLOADS, [*range(4)], [*range(4)])
    prepared = made.prepare(batch)
    made.transact(TENANT, lambda _: [prepared])
    return made


def copies(ledger: Ledger) -> list[Copy]:
    entries = ledger.read(TENANT, 1, 5)
    return [Copy(one.seq, one.leaf, one.salt or b"", ledger.opened(one)) for one in entries]


def test_what_is_lost_comes_back_and_nothing_else_changes(home: Home, ledger: Ledger) -> None:
    kept = copies(ledger)
    assert dict(ledger.erasures.put_back(TENANT, kept)) == {"present": 4}
    head = ledger.head(TENANT)
    with home.raw() as raw:
        raw.execute("DELETE FROM ledger_payloads WHERE seq = ?", (1,))
    for name in blob_names(home):
        home.blobs.remove(name)
    assert not ledger.verify(TENANT).ok
    assert dict(ledger.erasures.put_back(TENANT, kept)) == {"present": 2, "restored": 2}
    assert ledger.verify(TENANT).ok
    assert [ledger.payload(TENANT, one) for one in range(1, 5)] == PAYLOADS
    assert ledger.head(TENANT) == head


def test_what_is_lost_with_its_row_and_large_lies_in_a_blob_again(home: Home, ledger: Ledger) -> None:
    kept = copies(ledger)
    with home.raw() as raw:
        raw.execute("DELETE FROM ledger_payloads WHERE seq = ?", (3,))
    assert ledger.erasures.put_back(TENANT, kept)["restored"] == 1
    assert ledger.payload(TENANT, 3) == PAYLOADS[2]
    assert ledger.read(TENANT, 3, 4)[0].blob is not None
    assert ledger.verify(TENANT).ok


def test_what_was_erased_or_is_not_the_entry_s_is_not_put_back(home: Home, ledger: Ledger) -> None:
    kept = copies(ledger)

    def said(_: Taking) -> tuple[dict[str, Encodable], list[Draft]]:
        return {"reason": "privacy"}, [act_entry("evidence.erased", Principal("ann"), {})]

    ledger.erasures.erase(TENANT, [(1, 2)], said)
    with home.raw() as raw:
        raw.execute("DELETE FROM ledger_payloads WHERE seq = ?", (2,))
    other = kept[1]._replace(payload=b'{"n":3}')
    moved = kept[3]._replace(seq=2)
    found = ledger.erasures.put_back(TENANT, [kept[0], other, moved, kept[1]])
    assert dict(found) == {"erased": 1, "foreign": 2, "restored": 1}
    assert ledger.read(TENANT, 1, 2)[0].salt is None
    assert ledger.verify(TENANT).ok


def test_what_was_altered_in_place_stays_as_it_is(home: Home, ledger: Ledger) -> None:
    kept = copies(ledger)
    with home.raw() as raw:
        raw.execute("UPDATE ledger_payloads SET payload = ? WHERE seq = ?", (b"{}", 1))
    assert ledger.erasures.put_back(TENANT, kept)["altered"] == 1
    assert ledger.verify(TENANT).first_bad_seq == 1


def test_a_purge_is_an_erasure_of_its_own_kind(home: Home, ledger: Ledger) -> None:
    del home

    def said(_: Taking) -> tuple[dict[str, Encodable], list[Draft]]:
        return {"reason": "retention"}, []

    made = ledger.erasures.erase(TENANT, [(1, 3)], said, Kind.PURGE)
    assert ledger.entry(TENANT, made.entry).kind is Kind.PURGE
    assert made.taken.entries == 2
    assert ledger.verify(TENANT).ok


@pytest.mark.parametrize("whole", [False, True])
def test_what_lies_under_a_lost_key_is_counted_and_stays(home: Home, *, whole: bool) -> None:
    ledger = home.ledger(asked=lambda *_: True)
    ledger.create_log(TENANT, SERVER)
    batch = EvidenceBatch("01KAP00000000000000000SRCE", "ACQ", "application/json", PAYLOADS, [*range(4)], [*range(4)])
    prepared = ledger.prepare(batch, TENANT)
    ledger.transact(TENANT, lambda _: [prepared])
    kept = copies(ledger)
    if whole:
        home.close()
        (home.signer / "sealing" / "keys").unlink()
        ledger = home.ledger()
    else:
        ledger.sealing.keys.destroy(range(100))
    assert dict(ledger.erasures.put_back(TENANT, kept)) == {"keyless": 4}
    with home.raw() as raw:
        raw.execute("DELETE FROM ledger_payloads WHERE seq = ?", (1,))
    assert dict(ledger.erasures.put_back(TENANT, kept)) == {"keyless": 3, "restored": 1}
    assert ledger.payload(TENANT, 1) == PAYLOADS[0]
