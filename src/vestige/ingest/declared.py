"""Declared events: what services say of themselves over HTTP, answered record by record.

Each event is appended as the exact bytes that came (:mod:`vestige.ingest.arrivals`). A record that cannot be an event
(no object, no type, a time that is none: :mod:`vestige.ingest.declaration`) is refused with the reason and not
appended: unlike a file, the sender is there to be told. Under an ``Idempotency-Key`` a repeated request is answered
with the original ids.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from vestige.ingest.arrivals import Arrivals, Stream
from vestige.ingest.declaration import fault_of
from vestige.model.errors import InputError, TooLargeError
from vestige.model.nesting import TOO_DEEP, too_deep
from vestige.sources import DECLARED, split_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.model.principal import Principal

FORMAT = "json"
CHANNEL = "/v1/ingest/events"


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

    def __init__(self, arrivals: Arrivals, *, most_events: int, largest_event: int) -> None:
        self._arrivals = arrivals
        self._most = most_events
        self._largest = largest_event

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
        for batch in split_json(io.BytesIO(body)):
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
        taken = self._arrivals.append(
            Stream(source, CHANNEL, by, FORMAT, extra=((DECLARED, "yes"),)),
            payloads,
            offsets=offsets,
            numbers=numbers,
            keys=[(key.encode("utf-8", "replace"), str(number).encode()) for number in numbers] if key else None,
        )
        return [
            Answer(
                status=one.status,
                id=one.id,
                seq=one.seq,
                epoch=one.epoch,
                leaf_hash=one.leaf_hash.hex(),
                reason="the idempotency key was used before with other content" if one.status == "conflict" else "",
            )
            for one in taken
        ]

    def _refusal(self, payload: bytes) -> Answer | None:
        if len(payload) > self._largest:
            return _refused(f"an event may have {self._largest} bytes, this one has {len(payload)}")
        try:
            event: Any = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return _refused(f"not valid JSON: {error}")
        if not isinstance(event, dict):
            return _refused(f"expected a JSON object, got {type(event).__name__}")
        if too_deep(payload.decode("utf-8", "replace")):
            return _refused(f"the event is {TOO_DEEP}")
        fault = fault_of(event, payload)
        return None if fault is None else _refused(fault.reason, fault.field)


def _refused(reason: str, field: str = "") -> Answer:
    return Answer("refused", reason=reason, field=field)
