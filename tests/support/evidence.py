"""What the ledger of a data directory holds, read past every server: the last word on what arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.access import Access
from vestige.db import Database
from vestige.ingest import store
from vestige.ledger import DirectoryBlobs, KeyEncryptionKey, Ledger

if TYPE_CHECKING:
    from pathlib import Path


class Evidence(NamedTuple):
    """One record."""

    source: str
    acquisition: str
    offset: int
    number: int
    payload: bytes


def evidence(data: Path) -> list[Evidence]:
    """Every record of the default tenant, in the order of the log."""
    found = []
    with Database.open(f"sqlite:///{data / 'vestige.sqlite'}") as db:
        kek = KeyEncryptionKey.from_file(data / "signer" / "kek")
        ledger = Ledger.open(db, DirectoryBlobs(data / "blobs"), data / "signer", kek)
        tenant = Access(db, ledger).tenant().id
        with db.read() as connection:
            names = store.source_names(connection, ledger.log(tenant).first)
        for entry in ledger.read(tenant, 0, ledger.head(tenant)):
            leaf = orjson.loads(entry.leaf)
            if leaf["kind"] != "evidence":
                continue
            payload = entry.payload if entry.payload is not None else ledger.payload(tenant, entry.position)
            found.append(Evidence(names[leaf["src"]], leaf["acq"], leaf.get("off", 0), leaf.get("n", 0), payload))
    return found
