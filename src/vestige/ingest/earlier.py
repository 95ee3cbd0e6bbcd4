"""What the ledger has of a member already: the earlier member it goes on from, and the longer one it is a copy of.

Progress within a member (:class:`~vestige.ingest.store.MemberRow`) is counted in the places of its records, and a
rendered format's places mean other things than a text's. So only a member that was taken in by a format of the same
kind is gone on from; one of the other kind is left as it is, and the whole is taken in anew under a key of its own.

A member that is shorter than one which begins alike may be a copy from before that one grew. It is, if every record
of it, cut as that one was, stands in the ledger at its place with its very bytes; of the last one, which may be cut
off, its beginning. The bytes decide: what was erased or altered there cannot tell, and the report says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.ingest.unusable import Unusable
from vestige.ledger import Kind
from vestige.model.errors import InputError, IntegrityError, NotFoundError
from vestige.sources import batches

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from vestige.ingest.contexts import Contexts
    from vestige.ingest.intake import Stores
    from vestige.ingest.store import MemberRow
    from vestige.ingest.survey import Survey
    from vestige.ledger import StoredEntry
    from vestige.model.event import Record
    from vestige.sources import Context, Format, Member

FIRST_PAGE = 32
"""Entries read first: what only begins alike differs soon."""
PAGE = 1000
PAGE_BYTES = 8 << 20
MOST_COMPARED = 16
"""Longer members that one member is compared with. A log that grew leaves one for each time it was taken in."""


class Copied(NamedTuple):
    """The member that another is a shorter copy of, and how many records the copy has."""

    row: MemberRow
    records: int


class Undecided(NamedTuple):
    """Why it cannot be told whether a member is a shorter copy of one that begins alike."""

    why: str


class Earlier:
    """Looks up what is there of a member, in one tenant's log."""

    def __init__(self, stores: Stores, contexts: Contexts, stop: threading.Event) -> None:
        self._stores = stores
        self._contexts = contexts
        self._stop = stop

    def of_kind(self, facts: Survey, form: Format) -> Survey:
        """The survey with what a format of this kind may go on from, and a key that none of the other kind has."""
        self._contexts.catch_up(self._stores.ledger.head(self._stores.tenant))
        known = next((known for known in facts.found if self._is_of_kind(known.row, form)), None)
        longer = [row for row in facts.longer if self._is_of_kind(row, form)]
        key = facts.key
        if known is not None and known.row.key in facts.keys:
            key = known.row.key
        elif any(found.row.key in facts.keys for found in facts.found):
            key = facts.keys[1 if form.rendered else 2]
        return facts._replace(known=known, longer=longer, key=key)

    def _is_of_kind(self, row: MemberRow, form: Format) -> bool:
        own = self._contexts.own(row.acquisition).format
        # Of a format that is not to be had here, only the place it came to tells: that of a rendering's last record
        # ends one behind its beginning.
        rendered = row.end == row.last + 1 if isinstance(own, Unusable) else own.rendered
        return rendered == form.rendered

    def copied(self, member: Member, facts: Survey, form: Format) -> Copied | Undecided | None:
        """Whether a member is a shorter copy of one that was taken in.

        Args:
            member: what is to be taken in.
            facts: its survey, of the format's kind (:meth:`of_kind`).
            form: the format it would be read by.
        """
        if form.rendered or (facts.known is not None and facts.known.row.key == facts.key):
            return None
        undecided = None
        for row in facts.longer[:MOST_COMPARED]:
            found = self._compare(member, row)
            if isinstance(found, Copied):
                return found
            undecided = undecided or found
        if len(facts.longer) > MOST_COMPARED:
            undecided = undecided or Undecided(f"only {MOST_COMPARED} of {len(facts.longer)} were compared")
        return undecided

    def _compare(self, member: Member, row: MemberRow) -> Copied | Undecided | None:
        """Whether all records of a member stand in the ledger as those of this one."""
        try:
            chain = self._chain(row.acquisition)
            own = self._contexts.own(next(iter(chain)))
            if isinstance(own.format, Unusable):
                return Undecided("what reads it is not to be had here")
            count = self._count(_cut(member, own.format, own.context), self._kept(chain))
        except (IntegrityError, NotFoundError) as error:
            return Undecided(error.message)
        return Copied(row, count) if count else None

    def _count(self, records: Iterator[Record], kept: Iterator[tuple[int, StoredEntry]]) -> int:
        """How many records there are, if all are among those kept; else 0."""
        count, entry = 0, next(kept, None)
        record = next(records, None)
        while record is not None and not self._stop.is_set():
            following = next(records, None)
            while entry is not None and entry[0] < record.offset:
                entry = next(kept, None)
            same = False
            # A record that was cut off when its file was taken in stands there again, whole, at the same place.
            while not same and entry is not None and entry[0] == record.offset:
                payload = self._stores.ledger.opened(entry[1])
                same = payload == record.payload or (following is None and payload.startswith(record.payload))
                if not same:
                    entry = next(kept, None)
            if not same:
                return 0
            count += 1
            record = following
        return 0 if record is not None else count

    def _chain(self, acquisition: str) -> dict[str, int]:
        """The acquisitions a member was taken in by, and their positions, the first one first."""
        ledger, tenant = self._stores.ledger, self._stores.tenant
        chain: dict[str, int] = {}
        while acquisition and acquisition not in chain:
            entry = ledger.entry(tenant, acquisition)
            chain[acquisition] = entry.position
            acquisition = orjson.loads(ledger.opened(entry)).get("continues", "")
        return dict(reversed(chain.items()))

    def _kept(self, chain: dict[str, int]) -> Iterator[tuple[int, StoredEntry]]:
        """The records of these acquisitions and their offsets, in the order in which they were taken in."""
        ledger, tenant = self._stores.ledger, self._stores.tenant
        at, head, many = min(chain.values()), ledger.head(tenant), FIRST_PAGE
        while at < head and not self._stop.is_set():
            page = ledger.read(tenant, at, min(at + many, head), PAGE_BYTES)
            if not page:
                return
            for entry in page:
                if entry.kind is Kind.EVIDENCE:
                    leaf = orjson.loads(entry.leaf)
                    if leaf.get("acq") in chain and "off" in leaf:
                        yield leaf["off"], entry
            at, many = page[-1].position + 1, min(PAGE, many * 4)


def _cut(member: Member, form: Format, context: Context) -> Iterator[Record]:
    """A member's records; where it cannot be read on, those before."""
    try:
        with member.open() as stream:
            for records, _ in batches(form, stream, context):
                yield from records
    except InputError:
        return
