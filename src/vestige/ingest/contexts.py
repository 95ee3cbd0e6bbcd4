"""How each acquisition is read: the ``acquisition`` and ``normalisation`` entries of a log, held ready.

An event is a pure function of (payload, receipt time, context, parser, version, parameters), and all of these but the
payload stand in the two entries made before the first record of an acquisition. Of several normalisations of one
acquisition the latest wins. What cannot be used on this machine reads nothing, and says why of every record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.ingest import store
from vestige.ingest.unusable import Unusable
from vestige.ledger import Kind
from vestige.model.errors import IntegrityError, NotFoundError, VestigeError
from vestige.model.instant import parse_rfc3339, to_text
from vestige.proof.canonical import Encodable, canonical
from vestige.sources import Context, format_named, zone_named

if TYPE_CHECKING:
    from vestige.db import Database
    from vestige.ledger import Ledger, StoredEntry
    from vestige.sources import Format


class Reader(NamedTuple):
    """What reads the records of one acquisition."""

    format: Format
    context: Context
    parser: str
    """Name and version, as rows of the index carry them."""


def normalisation_payload(form: Format, context: Context) -> bytes:
    """The payload of a ``normalisation`` entry: parser, version, and every parameter that decides a reading."""
    body: dict[str, Encodable] = {
        "parser": form.name,
        "received_at": to_text(context.received_at),
        "version": form.version,
        "zone": context.zone,
        "zone_given": context.zone_given,
    }
    if context.header:
        body["header"] = list(context.header)
        body["delimiter"] = context.delimiter
    if context.year is not None:
        body["year"] = context.year
    if context.year_before is not None:
        body["year_before"] = to_text(context.year_before)
    if context.year_at_receipt:
        body["year_at_receipt"] = True
    if context.extra:
        body["extra"] = dict(context.extra)
    return canonical(body)


def read_normalisation(payload: bytes) -> tuple[str, Context]:
    """Parser name and context of a ``normalisation`` payload."""
    body = orjson.loads(payload)
    before = body.get("year_before")
    return body["parser"], Context(
        received_at=parse_rfc3339(body["received_at"])[0],
        header=tuple(body.get("header", ())),
        delimiter=body.get("delimiter", ","),
        year=body.get("year"),
        year_before=None if before is None else parse_rfc3339(before)[0],
        year_at_receipt=body.get("year_at_receipt", False),
        zone=body["zone"],
        zone_given=body["zone_given"],
        extra=tuple(sorted(body.get("extra", {}).items())),
    )


def reader_of(payload: bytes) -> Reader:
    """What the payload of a ``normalisation`` entry says reads the records; nothing, if that cannot be had here."""
    try:
        name, context = read_normalisation(payload)
        version = str(orjson.loads(payload).get("version", ""))
    except (KeyError, TypeError, ValueError, VestigeError) as error:
        return _unusable("none", "0", f"the normalisation entry cannot be read: {error}")
    try:
        form = format_named(name)
        zone_named(context.zone)
    except VestigeError as error:
        fault = f"{error.message}: {error.got or name}"
        return _unusable(
            name, version, f"not read: {fault}; `vestige index rebuild` reads it once it is there", context
        )
    return Reader(form, context, f"{form.name}/{form.version}")


def _unusable(name: str, version: str, reason: str, context: Context | None = None) -> Reader:
    return Reader(Unusable(name, version, reason), context or Context(received_at=0), f"{name}/{version}")


class Contexts:
    """The readers of one tenant's log, by acquisition, and its source names; caught up with the ledger on demand."""

    def __init__(self, ledger: Ledger, db: Database, tenant: str) -> None:
        self._ledger = ledger
        self._db = db
        self._tenant = tenant
        self._log = ledger.log(tenant).first
        self._readers: dict[str, Reader] = {}
        self._sources: dict[str, str] = {}
        self._seen = 0

    def catch_up(self, head: int) -> None:
        """Take in every normalisation entry below ``head``."""
        if head <= self._seen:
            return
        for entry in self._ledger.entries_of(self._tenant, [Kind.NORMALISATION], self._seen, head):
            self._take(entry)
        self._seen = head

    def _take(self, entry: StoredEntry) -> None:
        leaf = orjson.loads(entry.leaf)
        try:
            reader = reader_of(self._ledger.opened(entry))
        except (IntegrityError, NotFoundError) as error:
            reader = _unusable("none", "0", f"the normalisation entry cannot be read: {error.message}")
        self._readers[leaf["refs"][0]] = reader

    def reader(self, acquisition: str) -> Reader:
        """What reads the records of an acquisition: nothing, with the reason, if that is not stated or to be had."""
        reader = self._readers.get(acquisition)
        if reader is None:
            return _unusable("none", "0", f"no normalisation entry speaks of acquisition {acquisition or 'of no name'}")
        return reader

    def source_name(self, source: str) -> str:
        """The name of a source id; the id itself if the name table has lost it."""
        if source not in self._sources:
            with self._db.read() as connection:
                self._sources = store.source_names(connection, self._log)
        return self._sources.get(source, source)
