"""Records that arrive over a network: appended under one acquisition per stream, answered record by record.

A *stream* is what one sender says over one channel: its acquisition entry is made when it is first heard of in this
process, and the normalisation entry beside it says how its records are read. Since a stream goes on for months, stamps
without a year are read by each record's own receipt, not by the stream's beginning (``year_at_receipt``).

Nothing is acknowledged before the commit. Under keys (an ``Idempotency-Key``, a CloudEvents id) a repeated record is
answered with its original.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vestige.ingest.acquire import Acquired, begin, normalisation, stream_payload
from vestige.ledger import EvidenceBatch
from vestige.model.instant import now
from vestige.sources import Context, format_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.ingest.redacting import Redaction
    from vestige.ledger import Draft, Ledger, PreparedBatch, Status, Transaction
    from vestige.model.principal import Principal

STREAMS = 1000
"""Streams kept open at once; the one used longest ago is begun anew when it is needed again."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What one sender says over one channel, and how it is read."""

    source: str
    channel: str
    """Where it is heard: ``/v1/ingest/events``, ``syslog/tcp``."""
    by: Principal
    form: str
    """The format's name."""
    zone: str = "UTC"
    zone_given: bool = False
    header: tuple[str, ...] = ()
    delimiter: str = ","
    extra: tuple[tuple[str, str], ...] = ()

    def context(self) -> Context:
        """How its records are read."""
        return Context(
            received_at=now(),
            header=self.header,
            delimiter=self.delimiter,
            zone=self.zone,
            zone_given=self.zone_given,
            year_at_receipt=True,
            extra=self.extra,
        )


class Arrived(NamedTuple):
    """Records of one stream, in order: the exact bytes of each, and where it stood and which it was in its channel."""

    stream: Stream
    payloads: list[bytes]
    offsets: list[int]
    numbers: list[int]


class Taken(NamedTuple):
    """What became of one record; a duplicate is answered with its original."""

    status: Status
    id: str
    seq: int
    epoch: int
    leaf_hash: bytes


class Arrivals:
    """Takes streams' records into one tenant's log. Safe to call from many threads."""

    def __init__(self, ledger: Ledger, tenant: str, redaction: Redaction) -> None:
        self._redaction = redaction
        self._ledger = ledger
        self._tenant = tenant
        self._lock = threading.Lock()
        self._open: OrderedDict[Stream, Acquired] = OrderedDict()

    def append(
        self,
        stream: Stream,
        payloads: Sequence[bytes],
        *,
        offsets: Sequence[int],
        numbers: Sequence[int],
        keys: Sequence[Sequence[bytes]] | None = None,
        any_source: bool = False,
    ) -> list[Taken]:
        """Append records and wait for the commit; one answer per record, in order.

        Args:
            stream: whose they are.
            payloads: the exact bytes of each.
            offsets: of each, in its request or connection.
            numbers: of each, likewise.
            keys: per record, the parts that identify it to its sender; none: no deduplication.
            any_source: the keys identify a record whichever source it came from.
        """
        acquired = self._acquired(stream)
        dedup = None
        if keys is not None:
            source = () if any_source else (acquired.source.encode(),)
            dedup = [self._ledger.dedup_key(self._tenant, *source, *parts) for parts in keys]
        prepared = self._ledger.prepare(
            EvidenceBatch(
                source=acquired.source,
                acquisition=acquired.acquisition,
                media_type=format_named(stream.form).media_type,
                payloads=self._redaction.payloads(payloads, stream.form),
                offsets=list(offsets),
                numbers=list(numbers),
                dedup=dedup,
            ),
            self._tenant,
        )

        def act(_: Transaction) -> list[PreparedBatch]:
            return [prepared]

        done = self._ledger.transact(self._tenant, act).items[0]
        log = self._ledger.log(self._tenant)
        answers = []
        for status, identity, position, leaf_hash in zip(
            done.statuses, done.ids, done.positions, done.leaf_hashes, strict=True
        ):
            epoch, seq = log.locate(position)
            answers.append(Taken(status, identity, seq, epoch.epoch, leaf_hash))
        return answers

    def append_all(self, arrived: Sequence[Arrived]) -> None:
        """Append records of several streams in one transaction, and wait for the commit: all of them, or none."""
        prepared = []
        for one in arrived:
            acquired = self._acquired(one.stream)
            media_type = format_named(one.stream.form).media_type
            batch = EvidenceBatch(
                acquired.source,
                acquired.acquisition,
                media_type,
                self._redaction.payloads(one.payloads, one.stream.form),
                one.offsets,
                one.numbers,
            )
            prepared.append(self._ledger.prepare(batch, self._tenant))

        def act(_: Transaction) -> list[PreparedBatch]:
            return prepared

        self._ledger.transact(self._tenant, act)

    def forget(self) -> None:
        """Begin every stream anew: after a restore the entries that opened them may be lost."""
        with self._lock:
            self._open.clear()

    def _acquired(self, stream: Stream) -> Acquired:
        with self._lock:
            acquired = self._open.get(stream)
            if acquired is None:
                payload = stream_payload(stream.channel, stream.by)
                acquired = begin(self._ledger, self._tenant, stream.source, payload)
                entry = normalisation(acquired, format_named(stream.form), stream.context())

                def act(_: Transaction) -> list[Draft]:
                    return [entry]

                self._ledger.transact(self._tenant, act)
                self._open[stream] = acquired
                if len(self._open) > STREAMS:
                    self._open.popitem(last=False)
            self._open.move_to_end(stream)
            return acquired
