"""Taking declared events into the ledger, each held to the envelope and to the contract of its kind.

An event is appended as the exact bytes that came. The one exception: an event without a ``trace_id``, in a request that
states one in a header, is appended with that put in as its first field, because HTTP has torn the two apart.

A producer's ``event_id`` stands for one event: the same bytes again are a duplicate, other bytes a conflict, and both
are answered with the first. Without one, an ``Idempotency-Key`` does the same for a whole request.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.declared.envelope import Fault, faults_of
from vestige.ingest.arrivals import Stream
from vestige.model.errors import InputError, TooLargeError
from vestige.model.nesting import DEEPEST, too_deep
from vestige.sources import repeats_a_key, split_json
from vestige.sources.general.declared_timeline import NAME as FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vestige.declared.kinds import Kinds
    from vestige.ingest.arrivals import Arrivals, Taken
    from vestige.ledger import Ledger
    from vestige.model.principal import Principal

CHANNEL: Final = "/timeline/events"
_DOMAIN: Final = b"timeline/event_id"
_REQUEST: Final = b"timeline/request"
_ALONE: Final = b"timeline/alone"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What became of one event."""

    status: str
    """``accepted``, ``duplicate``, ``conflict`` or ``refused``."""
    event_id: str = ""
    id: str = ""
    seq: int = -1
    epoch: int = 0
    leaf_hash: str = ""
    reason: str = ""
    errors: tuple[Fault, ...] = ()
    warnings: tuple[Mapping[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The wire form, without what is empty."""
        body: dict[str, Any] = {"status": self.status}
        if self.id:
            body |= {"event_id": self.event_id, "id": self.id, "seq": self.seq, "leaf_hash": self.leaf_hash}
        if self.epoch:
            body["epoch"] = self.epoch
        if self.reason:
            body["reason"] = self.reason
        if self.errors:
            body["errors"] = [fault.to_json() for fault in self.errors]
        if self.warnings:
            body["warnings"] = [dict(one) for one in self.warnings]
        return body


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may hold."""

    events: int
    bytes_of_one: int


class _Good(NamedTuple):
    """An event that is to be appended."""

    number: int
    """Its place in the request."""
    payload: bytes
    identity: str
    """The id its producer gave it; empty if none."""
    key: tuple[bytes, ...]
    """By what it is known again; empty if by nothing."""
    warnings: tuple[Mapping[str, str], ...]


class Taking:
    """Takes declared events into one tenant's log. Safe to call from many threads.

    Args:
        arrivals: by which they are appended.
        ledger: for looking whether an id is an entry's.
        tenant: the tenant's id.
        slug: the tenant's name.
        kinds: the contracts.
        bounds: of one request.
        lint: what an event's personal data are warned of by; none: it is not looked for.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        ledger: Ledger,
        tenant: str,
        slug: str,
        kinds: Kinds,
        bounds: Bounds,
        lint: Callable[[Mapping[str, object]], tuple[Mapping[str, str], ...]] | None = None,
    ) -> None:
        self._arrivals = arrivals
        self._ledger = ledger
        self._tenant = tenant
        self._names = frozenset({tenant, slug})
        self._kinds = kinds
        self._bounds = bounds
        self._lint = lint

    def submit(
        self, body: bytes, *, source: str, by: Principal, trace: str = "", idempotency_key: str = ""
    ) -> list[Acknowledged]:
        """Append the events of one request: a JSON object, a list of them, or one a line.

        Returns:
            One answer per event, in order, after the commit that made it permanent.

        Raises:
            InputError: the body holds no record at all.
            TooLargeError: more events than a request may hold.
        """
        payloads = self._cut(body)
        answers: list[Acknowledged | None] = []
        good: list[_Good] = []
        self._kinds.catch_up()
        checked = [self._checked(payload) for payload in payloads]
        identities = [_identity(event) for event, _ in checked]
        entries = self._ledger.known(self._tenant, set(filter(None, identities)))
        for number, (payload, (event, refused), identity) in enumerate(zip(payloads, checked, identities, strict=True)):
            if identity in entries:
                answers.append(_refused(Fault("event_id", "an id of your own", "the id of an entry of this ledger")))
                continue
            answers.append(refused)
            if event is None:
                continue
            key: tuple[bytes, ...] = ()
            if identity:
                key = (_DOMAIN, identity.encode())
            elif idempotency_key:
                # Of one source: two producers who count their requests alike are not one.
                key = (_REQUEST, source.encode(), idempotency_key.encode("utf-8", "replace"), str(number).encode())
            warnings = self._lint(event) if self._lint is not None else ()
            good.append(_Good(number, _with_trace(payload, event, trace), identity, key, warnings))
        for one, taken in zip(good, self._append(good, source, by), strict=True):
            answers[one.number] = _acknowledged(taken, one.identity, one.warnings)
        return [answer for answer in answers if answer is not None]

    def _cut(self, body: bytes) -> list[bytes]:
        payloads: list[bytes] = []
        for batch in split_json(io.BytesIO(body)):
            payloads += [record.payload for record in batch]
            if len(payloads) > self._bounds.events:
                raise TooLargeError(
                    "too many events in one request",
                    expected=f"at most {self._bounds.events}",
                    hint="send them in several requests",
                )
        if not payloads:
            raise InputError(
                "the body holds no event",
                expected="a JSON object, a list of objects, or one object a line",
                got=f"{len(body)} bytes",
            )
        return payloads

    def _checked(self, payload: bytes) -> tuple[dict[str, Any] | None, Acknowledged | None]:
        if len(payload) > self._bounds.bytes_of_one:
            return None, _refused(Fault("", f"at most {self._bounds.bytes_of_one} bytes", f"{len(payload)} bytes"))
        try:
            event: Any = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return None, _refused(Fault("", "valid JSON", str(error)[:100]))
        if not isinstance(event, dict):
            return None, _refused(Fault("", "a JSON object", type(event).__name__))
        if too_deep(payload.decode("utf-8", "replace")):
            return None, _refused(Fault("", f"at most {DEEPEST} levels of objects and lists", "more"))
        if repeats_a_key(payload, event):
            return None, _refused(Fault("", "each name once in an object", "a name that stands twice"))
        faults = faults_of(event, self._names)
        named = {fault.field for fault in faults}
        faults += [one for one in self._kinds.faults_of(event) if one.field not in named and (one.field or not faults)]
        return (event, None) if not faults else (None, _refused(*faults))

    def _append(self, good: Sequence[_Good], source: str, by: Principal) -> list[Taken]:
        """Append in one transaction, so that entries stand in the order of the request."""
        if not good:
            return []
        # Where some are keyed, each of the others gets a key that nothing will ever repeat.
        keyed = any(one.key for one in good)
        return self._arrivals.append(
            Stream(source, CHANNEL, by, FORMAT),
            [one.payload for one in good],
            offsets=[0] * len(good),
            numbers=[one.number for one in good],
            keys=[one.key or (_ALONE, secrets.token_bytes(16)) for one in good] if keyed else None,
            any_source=True,
        )


def _identity(event: Mapping[str, object] | None) -> str:
    """The id an event's producer gave it, in capitals; empty if none, or if the event is refused."""
    return "" if event is None else str(event.get("event_id") or "").upper()


def _with_trace(payload: bytes, event: Mapping[str, object], trace: str) -> bytes:
    if not trace or event.get("trace_id"):
        return payload
    if "trace_id" in event:
        return payload  # it says null, and a name may stand only once
    return b'{"trace_id":' + orjson.dumps(trace) + b"," + payload.lstrip()[1:]


def _acknowledged(taken: Taken, identity: str, warnings: tuple[Mapping[str, str], ...]) -> Acknowledged:
    conflict = taken.status == "conflict"
    return Acknowledged(
        status=str(taken.status),
        event_id=identity or taken.id,
        id=taken.id,
        seq=taken.seq,
        epoch=taken.epoch,
        leaf_hash=taken.leaf_hash.hex(),
        reason="the event_id, or the idempotency key, came before with other content" if conflict else "",
        warnings=warnings,
    )


def _refused(*faults: Fault) -> Acknowledged:
    first = faults[0]
    reason = f"expected {first.expected}, got {first.got}"
    return Acknowledged("refused", reason=f"{first.field}: {reason}" if first.field else reason, errors=faults)
