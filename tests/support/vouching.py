"""A small log that others vouch for, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.golden import START
from support.homes import SERVER, TENANT, Chance, Clock
from vestige.ledger import EvidenceBatch
from vestige.proof import VerifierKey

if TYPE_CHECKING:
    from support.homes import Home
    from vestige.ledger import Ledger

OTHER = "01KAP0000000000000000THER0"


def small(home: Home, count: int = 5, seed: str = "vouched", tenant: str = TENANT) -> Ledger:
    """A log with its key at 0 and evidence from 1 on."""
    ledger = home.ledger(clock=Clock(START, 1_000_000), entropy=Chance(seed))
    ledger.create_log(tenant, SERVER)
    add(ledger, count, tenant=tenant)
    return ledger


def add(ledger: Ledger, count: int = 1, text: str = "record", tenant: str = TENANT) -> int:
    """Append evidence; the size of the log after it."""
    payloads = [f"{text} {n}".encode() for n in range(count)]
    batch = ledger.prepare(EvidenceBatch("SRC", "ACQ", "text/plain", payloads, list(range(count)), list(range(count))))
    return ledger.transact(tenant, lambda _: [batch]).size


def key_of(ledger: Ledger, tenant: str = TENANT) -> VerifierKey:
    return VerifierKey.parse(ledger.keys(tenant)[-1].vkey)
