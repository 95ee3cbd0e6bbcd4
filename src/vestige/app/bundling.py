"""Bundles of a tenant's records: which entries a query means, and whose acts their making and their sealing are."""

from __future__ import annotations

import time
from array import array
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from vestige.bundles import Annotation, Packer, Selection
from vestige.bundles.layout import ranges_text
from vestige.cases import Saying
from vestige.ingest import store
from vestige.model.errors import BusyError, NotFoundError
from vestige.model.instant import to_text
from vestige.query import Reader, Scope
from vestige.timeline.place_store import Places, Span, itself

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vestige.cases import Cases
    from vestige.ingest.intake import Stores
    from vestige.proof.canonical import Encodable
    from vestige.query import Index
    from vestige.timeline.place_store import Numbering

CREATED: Final = "bundle.created"
SEALED: Final = "bundle.sealed"
_PAGE: Final = 5000
PATIENCE: Final = 30.0
"""Seconds for the index to come to every entry: a bundle is worth a wait, and a list is not."""


class Bundles:
    """Makes bundles for one tenant."""

    def __init__(
        self,
        stores: Stores,
        index: Index,
        settle: Callable[[], int],
        cases: Cases,
        picked: Callable[[str], str],
        numbering: Numbering = itself,
        *,
        audit: bool = True,
    ) -> None:
        self._stores = stores
        self._index = index
        self._cases = cases
        self._saying = Saying(stores.db, stores.ledger, cases)
        self._picked = picked
        self._numbering = numbering
        self._settle = settle
        self._scope = Scope(stores.log, audit=audit)

    def pack(self, query: str, start: int | None, end: int | None, as_of: int | None) -> Packer:
        """A bundle of all records with an event that matches; without bounds, of those that state no time, too.

        Args:
            query: the filter language.
            start: nanoseconds; ``None``: from the first on.
            end: nanoseconds, not included; ``None``: up to the last.
            as_of: the size of the log as of which; ``None``: as it is.

        Raises:
            QueryError: the text is no query.
            BusyError: the index lags, and would leave something out without a word.
            NotFoundError: nothing matches.
            UsageError: no checkpoint has that size.
            ConflictError: a bundle of these cannot be proved; why.
            IntegrityError: an entry was altered; which.
        """
        self._catch_up()
        positions = self._positions(query, start, end)
        if not positions:
            raise NotFoundError("no event matches, so there is nothing to put into a bundle", got=query[:80])
        said: dict[str, Encodable] = {"query": query}
        said |= {name: to_text(at) for name, at in (("from", start), ("to", end)) if at is not None}
        return self.pack_positions(positions, said, as_of)

    def pack_acts(self, positions: Sequence[int], said: dict[str, Encodable]) -> Packer:
        """A bundle of acts of our own, by their positions, rising; shown as the index has them."""
        self._catch_up()
        return self.pack_positions(positions, said)

    def _catch_up(self) -> None:
        lag = self._settle()
        deadline = time.monotonic() + PATIENCE
        while lag and time.monotonic() < deadline:
            lag = self._settle()
        if lag:
            raise BusyError(
                "the index has not come to every entry yet, and a bundle must leave out nothing",
                got=f"{lag} entries behind", hint="try again; `vestige doctor` says why it lags",
            )  # fmt: skip

    def pack_case(self, wanted: str) -> Packer:
        """A bundle of what is pinned in a case, with every act by which the case came about, and what people noted.

        It is as of now: what was pinned and noted at an earlier size is not kept beside the acts that say so.

        Args:
            wanted: the case's id, or a name that no other has.

        Raises:
            NotFoundError: there is no such case, or nothing is pinned in it.
            ConflictError: several have the name; or a bundle of these cannot be proved, and why.
            IntegrityError: an entry was altered; which.
        """
        case, places, _ = self._cases.places(wanted)
        positions = array("Q", sorted(set(places)))
        if not positions:
            raise NotFoundError(
                "nothing is pinned in the case, so there is nothing to put into a bundle", got=case.id,
                hint="`vestige case pin` pins events",
            )  # fmt: skip
        acts = array("Q")
        while page := self._cases.acts(case.id, _PAGE, acts[-1] if acts else None):
            acts.extend(page)
        said: dict[str, Encodable] = {"case": case.id, "name": case.name}
        return self.pack_positions(positions, said, None, acts[::-1], [*self._notes(case.id)])

    def _notes(self, case: str) -> Iterator[Annotation]:
        """What was noted at pins, then the notes of a case, each at the entry that last said so."""
        for pins in self._cases.every_pin(case):
            for pin in pins:
                if pin.annotation:
                    record = pin.event.partition(".")[0]
                    yield Annotation(record, pin.changed_by, to_text(pin.changed_at), pin.annotation)
        for note in self._saying.each(case, "note"):
            (entry,) = self._stores.ledger.read(self._stores.tenant, note.entry, note.entry + 1)
            yield Annotation(entry.id, note.changed_by, to_text(note.changed_at), note.body["text"])

    def pack_positions(
        self,
        positions: Sequence[int],
        said: dict[str, Encodable],
        as_of: int | None = None,
        also: Sequence[int] = (),
        annotations: Sequence[Annotation] = (),
    ) -> Packer:
        """A bundle of records that somebody else has chosen.

        Args:
            positions: theirs, rising, each once.
            said: how they were chosen.
            as_of: as above.
            also: positions of entries of ours that belong to it besides, rising.
            annotations: what people noted.
        """
        with self._stores.db.read() as connection:
            names = store.source_names(connection, self._stores.log)
        selection = Selection(positions, said, names, also, annotations, self._shown)
        return Packer(self._stores.ledger, self._stores.tenant, selection, as_of)

    def _shown(self, position: int) -> list[dict[str, Any]]:
        """The events of a record as every view shows them."""
        places = Places(Reader(self._index, self._picked), self._stores.log, self._numbering)
        return [places.render(row) for row in places.rows(places.places_of([position]))]

    def _positions(self, query: str, start: int | None, end: int | None) -> array[int]:
        """The positions of the records that match, rising, each once: eight bytes for each."""
        reader = Reader(self._index, self._picked)
        found = reader.filter(query, self._scope)
        places = Places(reader, self._stores.log)
        out = array("Q")
        for undated in (False, True) if start is None and end is None else (False,):
            beyond = None
            while not found.empty:
                page = places.places(
                    found, Span(start, end), undated=undated, descending=False, beyond=beyond, limit=_PAGE
                )
                out.extend(place.seq for place in page)
                if len(page) < _PAGE:
                    break
                beyond = page[-1]
        rising = array("Q")
        for position in sorted(out):
            if not rising or rising[-1] != position:
                rising.append(position)
        return rising


def stream(
    packer: Packer, said: dict[str, Encodable], record: Callable[[str, dict[str, Encodable]], object]
) -> Iterator[bytes]:
    """Record that a bundle leaves, then give its bytes; that it was sealed is recorded before the statement is signed.

    Args:
        packer: the bundle.
        said: what was asked for.
        record: appends the entry of an act.
    """
    record(CREATED, said | {"records": packer.survey.records, "selection": digest(packer), "size": packer.size})

    def sealed(tag_manifest: str) -> None:
        record(SEALED, {"records": packer.survey.records, "size": packer.size, "tagmanifest_sha256": tag_manifest})

    return packer.stream(sealed)


def digest(packer: Packer) -> str:
    """SHA-256 of which entries are in a bundle: its files of ranges, one after the other."""
    found = sha256()
    for part in packer.survey.parts:
        for line in ranges_text(part.records):
            found.update(line)
    return found.hexdigest()
