"""How each acquisition is read: the ``acquisition`` and ``normalisation`` entries of a log, held ready.

An event is a pure function of (payload, receipt time, context, parser, version, parameters), and all of these but the
payload stand in normalisation entries, of which there are three kinds:

* of an *acquisition* (``refs`` names it), made before its first record: parser, version and context. Of several of one
  acquisition the latest wins;
* of a *source* (``src`` alone): what a person says of it afterwards (:mod:`vestige.ingest.source_settings`);
* of a *mapping* (neither): the text of an own format, so that a rebuild anywhere reads by the same mapping. An
  acquisition or a source names it by its SHA-256, in a later entry.

What cannot be used on this machine reads nothing, and says why of every record (:mod:`vestige.ingest.unusable`).
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.ingest import store
from vestige.ingest.source_settings import SourceSettings, read_change, split_kind
from vestige.ingest.unusable import Unusable
from vestige.ledger import Kind
from vestige.ledger.remarks import REMARKS, Remarks
from vestige.model.errors import IntegrityError, NotFoundError, UsageError, VestigeError
from vestige.model.instant import parse_rfc3339, to_text
from vestige.proof.canonical import Encodable, canonical
from vestige.sources import Context, format_named, zone_named
from vestige.sources.mapping import MAPPING, MappedFormat, compile_mapping

if TYPE_CHECKING:
    from vestige.db import Database
    from vestige.ledger import Ledger, StoredEntry
    from vestige.sources import Format

RULING: Final = frozenset({Kind.REDACTION, Kind.ERASURE, Kind.PURGE})
"""Remarks after which rows of earlier records are computed again, on every server that has some."""


class KeyRule(NamedTuple):
    """A declared key: which field, of which kind, and what stands before its values."""

    path: str
    kind: str
    label: str = ""


class Reader(NamedTuple):
    """What reads the records of one acquisition."""

    format: Format
    context: Context
    parser: str
    """Name and version, as rows of the index carry them."""
    clock_offset: int = 0
    """Nanoseconds to add to every time."""
    keys: tuple[KeyRule, ...] = ()

    @property
    def corrects(self) -> bool:
        """Whether anything said of the source changes what the format reads."""
        return bool(self.clock_offset or self.keys)


class Own(NamedTuple):
    """What an acquisition's own entry says, where it stands, and of which source it is."""

    position: int
    source: str
    format: Format
    context: Context


def format_label(form: Format) -> str:
    """What names a format in a setting: its name, or of a mapping its digest."""
    return MAPPING + form.digest if isinstance(form, MappedFormat) else form.name


def normalisation_payload(form: Format, context: Context) -> bytes:
    """The payload of a ``normalisation`` entry: parser, version, and every parameter that decides a reading."""
    body: dict[str, Encodable] = {
        "parser": form.name,
        "received_at": to_text(context.received_at),
        "version": form.version,
        "zone": context.zone,
        "zone_given": context.zone_given,
    }
    if isinstance(form, MappedFormat):
        body["mapping"] = form.digest
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


def mapping_payload(form: MappedFormat, text: str) -> bytes:
    """The payload of the entry that keeps an own format's mapping, whole."""
    return canonical({"mapping": text, "name": form.name, "sha256": form.digest})


def read_context(body: dict[str, Any]) -> Context:
    """The context of an acquisition's ``normalisation`` payload."""
    before = body.get("year_before")
    return Context(
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


def _unreadable(fault: str) -> Unusable:
    return Unusable("none", "0", f"the normalisation entry cannot be read: {fault}")


def _missing(name: str, version: str, fault: str) -> Unusable:
    return Unusable(name, version, f"not read: {fault}; `vestige index rebuild` reads it once it is there")


class Contexts:
    """The readers of one tenant's log, by acquisition, and its source names; caught up with the ledger on demand."""

    def __init__(self, ledger: Ledger, db: Database, tenant: str) -> None:
        self._ledger = ledger
        self._db = db
        self._tenant = tenant
        self._log = ledger.log(tenant).first
        self._own: dict[str, Own] = {}
        self._settings: dict[str, SourceSettings] = {}
        self._mappings: dict[str, MappedFormat] = {}
        self._readers: dict[str, tuple[int, Reader]] = {}
        self._lock = threading.Lock()
        self._sources: dict[str, str] = {}
        self._seen = 0
        self.remarks = Remarks(ledger, tenant)
        """What later entries say of single records; caught up with the rest."""
        self.ruled = 0
        """Every statement about a source, redaction and erasure known here stands below this position."""

    def catch_up(self, head: int) -> None:
        """Take in every normalisation entry below ``head``, and every remark."""
        if head <= self._seen:
            return
        with self._lock:
            for entry in self._ledger.entries_of(self._tenant, [Kind.NORMALISATION, *REMARKS], self._seen, head):
                if entry.kind is Kind.NORMALISATION:
                    self._take(entry)
                    continue
                self.remarks.take(entry)
                if entry.kind in RULING:
                    self.ruled = entry.position + 1  # rows of earlier records say what they no longer may
            self._seen = max(head, self._seen)

    def _take(self, entry: StoredEntry) -> None:
        leaf = orjson.loads(entry.leaf)
        source = leaf.get("src", "")
        try:
            body = orjson.loads(self._ledger.opened(entry))
        except (IntegrityError, NotFoundError) as error:
            self._state(leaf, Own(entry.position, source, _unreadable(error.message), Context(received_at=0)))
            return
        if leaf["refs"]:
            self._state(leaf, self._read(entry.position, source, body))
        elif source:
            self._settings[source] = self.settings(source).after(read_change(body), entry.position)
            self.ruled = entry.position + 1
        else:
            self._mappings[body["sha256"]] = compile_mapping(body["mapping"].encode(), "a recorded mapping")

    def _state(self, leaf: dict[str, Any], own: Own) -> None:
        for acquisition in leaf["refs"][:1]:
            self._own[acquisition] = own
            self._readers.pop(acquisition, None)

    def _read(self, position: int, source: str, body: dict[str, Any]) -> Own:
        """What an acquisition's own entry says; a format that is not to be had here reads nothing."""
        try:
            context, name = read_context(body), str(body["parser"])
        except (KeyError, TypeError, ValueError) as error:
            return Own(position, source, _unreadable(str(error)), Context(received_at=0))
        form = self._usable(MAPPING + body["mapping"] if "mapping" in body else name, str(body.get("version", "")))
        return Own(position, source, form, context)

    def _usable(self, label: str, version: str) -> Format:
        """The format of a label, or what reads nothing in its place."""
        try:
            return self.format(label)
        except VestigeError as error:
            return _missing(label, version, f"{error.message}: {error.got or label}")

    def format(self, label: str) -> Format:
        """The format a label names: a format's name, or ``mapping:<sha256>`` of a recorded mapping.

        Raises:
            UsageError: there is none.
        """
        if not label.startswith(MAPPING):
            return format_named(label)
        form = self._mappings.get(label[len(MAPPING) :])
        if form is None:
            raise UsageError(
                "no such mapping is recorded", expected=f"{MAPPING}<sha256> of a recorded mapping", got=label[:80],
                hint="`vestige import --format FILE.toml` records it", field="format",
            )  # fmt: skip
        return form

    def settings(self, source: str) -> SourceSettings:
        """What is said of a source given by id."""
        return self._settings.get(source, SourceSettings())

    def acquisitions(self) -> dict[str, list[str]]:
        """Per source id, the acquisitions whose reading is stated."""
        found: dict[str, list[str]] = {}
        for acquisition, own in list(self._own.items()):
            found.setdefault(own.source, []).append(acquisition)
        return found

    def own(self, acquisition: str) -> Own:
        """What an acquisition's own entry says, whatever was said of its source; nothing is read if there is none."""
        own = self._own.get(acquisition)
        if own is not None:
            return own
        reason = f"no normalisation entry speaks of acquisition {acquisition or 'of no name'}"
        return Own(0, "", Unusable("none", "0", reason), Context(received_at=0))

    def reader(self, acquisition: str) -> Reader:
        """What reads the records of an acquisition: nothing, with the reason, if that is not stated or to be had."""
        ruled = self.ruled
        known = self._readers.get(acquisition)
        if known is None or known[0] != ruled:
            known = self._readers[acquisition] = (ruled, self.ruled_by(self.own(acquisition)))
        return known[1]

    def ruled_by(self, own: Own) -> Reader:
        """How an acquisition is read, its source's settings applied to what its own entry says."""
        settings = self.settings(own.source)
        form, context = own.format, own.context
        if settings.since("format") > own.position:
            form = self._usable(settings.get("format"), "")
        zone, year, order = settings.get("zone"), settings.get("year"), settings.get("date_order")
        # What a person named for this acquisition, later than what was said of the source, stands.
        if zone is not None and not (context.zone_given and own.position > settings.since("zone")):
            context = replace(context, zone=zone, zone_given=True)
        if year is not None and not (context.year is not None and own.position > settings.since("year")):
            context = replace(context, year=year)
        if order is not None:
            extra = dict(context.extra) | {"date_order": order}
            context = replace(context, extra=tuple(sorted(extra.items())))
        try:
            zone_named(context.zone)
        except VestigeError as error:
            form = _missing(form.name, form.version, f"{error.message}: {error.got}")
        offset = settings.get("clock_offset")
        keys = tuple(KeyRule(path, *split_kind(kind)) for path, kind in settings.keys.items())
        return Reader(form, context, f"{form.name}/{form.version}", 0 if offset is None else offset.ns, keys)

    def source_name(self, source: str) -> str:
        """The name of a source id; the id itself if the name table has lost it."""
        if source not in self._sources:
            with self._db.read() as connection:
                self._sources = store.source_names(connection, self._log)
        return self._sources.get(source, source)
