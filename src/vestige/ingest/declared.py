"""Declared events: what services say of themselves over HTTP, answered record by record.

Each event is appended as the exact bytes that came, under an acquisition entry per source and process. A record that
cannot be an event (no object, no type, a time that is none) is refused with the reason and not appended: unlike a file,
the sender is there to be told. Under an ``Idempotency-Key`` a repeated request is answered with the original ids.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from vestige.ingest.acquire import Acquired, begin, normalisation, stream_payload
from vestige.ledger import EvidenceBatch
from vestige.model.errors import InputError, TooLargeError
from vestige.model.instant import now, parse_rfc3339
from vestige.sources import Context, format_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.ledger import Draft, Ledger, PreparedBatch, Transaction
    from vestige.model.principal import Principal

FORMAT = "json"
TYPE_LENGTH = 200
STREAMS = 1000
"""Streams kept open at once; the one opened longest ago is begun anew when it is needed again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one record of a request."""

    status: str
    """``accepted``, ``duplicate``, ``conflict`` or ``refused``."""
    id: str = ""
    seq: int = -1
    epoch: int = 0
    leaf_hash: str = ""
    reason: str = ""
    field: str = ""

    def to_json(self) -> dict[str, object]:
        """The wire form, without what is empty."""
        body: dict[str, object] = {"status": self.status}
        if self.id:
            body |= {"id": self.id, "seq": self.seq, "leaf_hash": self.leaf_hash}
        if self.epoch:
            body["epoch"] = self.epoch
        if self.reason:
            body["reason"] = self.reason
        if self.field:
            body["field"] = self.field
        return body


class Declared:
    """Takes declared events into one tenant's log."""

    def __init__(self, ledger: Ledger, tenant: str, *, most_events: int, largest_event: int) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._most = most_events
        self._largest = largest_event
        self._format = format_named(FORMAT)
        self._lock = threading.Lock()
        self._streams: OrderedDict[tuple[str, str], Acquired] = OrderedDict()

    def submit(self, body: bytes, *, source: str, by: Principal, idempotency_key: str = "") -> list[Answer]:
        """Append the events of one request: a JSON object, an array of them, or one a line.

        Returns:
            One answer per record, in order, after the commit that made it permanent.

        Raises:
            InputError: the body holds no record at all.
            TooLargeError: more records than a request may hold.
        """
        payloads: list[bytes] = []
        offsets: list[int] = []
        for batch in self._format.split(io.BytesIO(body)):
            payloads += [record.payload for record in batch]
            offsets += [record.offset for record in batch]
            if len(payloads) > self._most:
                raise TooLargeError(
                    "too many events in one request",
                    expected=f"at most {self._most}",
                    hint="send them in several requests",
                )
        if not payloads:
            raise InputError(
                "the body holds no event",
                expected="a JSON object, an array of objects, or one object a line",
                got=f"{len(body)} bytes",
            )
        refusals = [self._refusal(payload) for payload in payloads]
        good = [index for index, refusal in enumerate(refusals) if refusal is None]
        answers = self._append(
            [payloads[index] for index in good], [offsets[index] for index in good], good, source, by, idempotency_key
        )
        taken = iter(answers)
        return [next(taken) if refusal is None else refusal for refusal in refusals]

    def _append(
        self,
        payloads: list[bytes],
        offsets: list[int],
        numbers: Sequence[int],
        source: str,
        by: Principal,
        key: str,
    ) -> list[Answer]:
        if not payloads:
            return []
        acquired = self._stream(source, by)
        dedup = None
        if key:
            parts = (acquired.source.encode(), key.encode("utf-8", "replace"))
            dedup = [self._ledger.dedup_key(self._tenant, *parts, str(number).encode()) for number in numbers]
        prepared = self._ledger.prepare(
            EvidenceBatch(
                source=acquired.source,
                acquisition=acquired.acquisition,
                media_type=self._format.media_type,
                payloads=payloads,
                offsets=offsets,
                numbers=list(numbers),
                dedup=dedup,
            )
        )

        def act(_: Transaction) -> list[PreparedBatch]:
            return [prepared]

        done = self._ledger.transact(self._tenant, act).items[0]
        log = self._ledger.log(self._tenant)
        places = [log.locate(position) for position in done.positions]
        return [
            Answer(
                status=done.statuses[index],
                id=done.ids[index],
                seq=places[index][1],
                epoch=places[index][0].epoch,
                leaf_hash=done.leaf_hashes[index].hex(),
                reason="the idempotency key was used before with other content"
                if done.statuses[index] == "conflict"
                else "",
            )
            for index in range(len(payloads))
        ]

    def _stream(self, source: str, by: Principal) -> Acquired:
        with self._lock:
            acquired = self._streams.get((source, by.name))
            if acquired is None:
                acquired = begin(self._ledger, self._tenant, source, stream_payload("/v1/ingest/events", by))
                context = Context(received_at=now())
                entry = normalisation(acquired, self._format, context)

                def act(_: Transaction) -> list[Draft]:
                    return [entry]

                self._ledger.transact(self._tenant, act)
                self._streams[source, by.name] = acquired
                if len(self._streams) > STREAMS:
                    self._streams.popitem(last=False)
            return acquired

    def _refusal(self, payload: bytes) -> Answer | None:
        if len(payload) > self._largest:
            return _refused(f"an event may have {self._largest} bytes, this one has {len(payload)}")
        try:
            event: Any = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return _refused(f"not valid JSON: {error}")
        if not isinstance(event, dict):
            return _refused(f"expected a JSON object, got {type(event).__name__}")
        kind = event.get("event_type")
        if not isinstance(kind, str) or not kind.strip() or len(kind) > TYPE_LENGTH:
            return _refused(f"expected a text of 1 to {TYPE_LENGTH} characters such as auth.login", "event_type")
        stamp = event.get("occurred_at")
        if stamp is not None:
            try:
                parse_rfc3339(stamp) if isinstance(stamp, str) else _not_text(stamp)
            except ValueError as error:
                return _refused(f"expected RFC 3339 such as 2026-11-22T16:00:00Z: {error}", "occurred_at")
        return None


def _not_text(stamp: object) -> None:
    raise ValueError(f"got {type(stamp).__name__}")


def _refused(reason: str, field: str = "") -> Answer:
    return Answer("refused", reason=reason, field=field)
