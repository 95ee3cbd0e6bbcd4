"""From the entries of cases to their tables: the one way rows come about, whether an act is new or read again.

An act is an ``audit`` entry whose payload has ``act`` ``case.…``, ``by``, and a ``detail`` that names its ``case``.
Applied in the order of the ledger, acts make the tables out of nothing (:func:`rebuild`), equal to what was there. An
entry whose payload was erased tells nothing any more, so what only it said is not in the rebuilt tables. What a later
entry says still is: any subset of the acts, in their order, makes tables. A case or an item that is named, but whose
beginning was erased, stands there with what is left of it, made by nobody (:data:`~vestige.cases.models.NOBODY`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.cases import store
from vestige.cases.models import NOBODY
from vestige.ledger import Kind
from vestige.model.ids import decode_ulid
from vestige.model.instant import parse_rfc3339
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

    from vestige.ledger import Ledger, StoredEntry, Transaction

PREFIX: Final = "case."
CREATED, CHANGED, EXPORTED = "case.created", "case.changed", "case.exported"
REPORTED = "case.reported"
PINNED, PIN_CHANGED, UNPINNED, SELECTED = "case.pinned", "case.pin_changed", "case.unpinned", "case.selected"
ITEM_ADDED, ITEM_CHANGED, ITEM_REMOVED = "case.item_added", "case.item_changed", "case.item_removed"
EVIDENCE_ADDED, EVIDENCE_REMOVED = "case.evidence_added", "case.evidence_removed"
ERASED: Final = "erased"
"""Stands where a text must stand and was erased."""
_RANDOM_BITS: Final = 80
"""Of a ULID, below its milliseconds."""
_MILLI: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Act:
    """What an entry says was done to a case."""

    name: str
    by: str
    at: int
    """The entry's receipt time."""
    position: int
    """The entry's."""
    detail: dict[str, Any]

    @property
    def case(self) -> str:
        """The case's id."""
        return str(self.detail["case"])


def sub_of(event: str) -> int:
    """Which of its entry's events an id names."""
    return int(event.partition(".")[2] or 0)


def apply(connection: Connection, tenant: str, act: Act) -> None:
    """Take one act into the tables."""
    if act.name != CREATED and not store.has_case(connection, tenant, act.case):
        _unmade(connection, tenant, act)
    store.add_act(connection, tenant, act.case, act.position)
    take = _TAKES.get(act.name)
    if take is not None:
        take(connection, tenant, act)


def act_of(entry: StoredEntry, payload: bytes) -> Act | None:
    """What an audit entry says of a case; ``None``: nothing."""
    if b'"act":"case.' not in payload:
        return None
    body = orjson.loads(payload)
    if not body["act"].startswith(PREFIX):
        return None
    at = parse_rfc3339(orjson.loads(entry.leaf)["at"])[0]
    return Act(body["act"], body["by"], at, entry.position, body["detail"])


def rebuild(transaction: Transaction, tenant: str, ledger: Ledger) -> int:
    """Make a tenant's rows again from its ledger alone; how many acts there were.

    Acts are read as the transaction sees them: those of earlier callers of its group, who will be told that they are
    durable, are among them.

    Raises:
        IntegrityError: an entry's payload is not what its leaf commits to.
    """
    connection = transaction.connection
    store.clear(connection, tenant)
    number = 0
    for entry in transaction.controls([Kind.AUDIT]):
        if entry.salt is None:
            continue
        act = act_of(entry, ledger.opened(entry))
        if act is not None:
            apply(connection, tenant, act)
            number += 1
    return number


def _created(connection: Connection, tenant: str, act: Act) -> None:
    detail = act.detail
    store.add_case(
        connection,
        tenant,
        {
            "id": detail["case"],
            **{name: detail[name] for name in ("name", "description", "status", "owner")},
            **{name: _json(detail[name]) for name in ("members", "tags")},
            "claimed": detail.get("claimed", ""),
            **_authored(act, "created"),
            "revision": 1,
        },
    )


def _unmade(connection: Connection, tenant: str, act: Act) -> None:
    """A case whose making was erased: its id tells when it was, and stands for its name until an act names it."""
    texts = {"name": act.case, "description": "", "status": "open", "owner": "", "claimed": ""}
    values = {"id": act.case, **texts, "members": "[]", "tags": "[]", "revision": 1}
    store.add_case(connection, tenant, values | _begun(act.case, "created") | _changed_by(act))


def _changed(connection: Connection, tenant: str, act: Act) -> None:
    after = {name: _json(value) if isinstance(value, list) else value for name, value in act.detail["after"].items()}
    store.set_case(connection, tenant, act.case, after | _changed_by(act))


def _pinned(connection: Connection, tenant: str, act: Act) -> None:
    rows = [
        {
            "position": position,
            "sub": sub_of(event),
            "event": event,
            "leaf_hash": bytes.fromhex(leaf_hash),
            "entry": act.position,
            "annotation": act.detail.get("annotation", ""),
            "pinned": int(bool(act.detail.get("marked", False))),
            **_authored(act, "added"),
        }
        for event, position, leaf_hash in act.detail["pins"]
    ]
    store.add_pins(connection, tenant, act.case, rows, act.position)


def _pin_changed(connection: Connection, tenant: str, act: Act) -> None:
    after = {name: int(value) if name == "pinned" else value for name, value in act.detail["after"].items()}
    place = (act.detail["position"], sub_of(act.detail["event"]))
    store.set_pin(connection, tenant, act.case, place, after | _changed_by(act))


def _unpinned(connection: Connection, tenant: str, act: Act) -> None:
    where = [(position, sub_of(event)) for event, position in act.detail["pins"]]
    store.remove_pins(connection, tenant, act.case, where, act.position)


def _item_added(connection: Connection, tenant: str, act: Act) -> None:
    detail = act.detail
    body = detail["body"] | ({"events": _events(detail["events"])} if "events" in detail else {})
    values = {"id": detail["item"], "kind": detail["kind"], "body": _json(body), "entry": act.position}
    store.add_item(connection, tenant, act.case, values | _authored(act, "added"))


def _item_changed(connection: Connection, tenant: str, act: Act) -> None:
    detail = act.detail
    before = store.item(connection, tenant, act.case, detail["item"])
    body = detail["body"] | ({"events": _events(detail["events"])} if "events" in detail else {})
    if before is None:
        _begin(connection, tenant, act, detail["kind"], body)
        return
    kept = {name: before.body[name] for name in ("evidence",) if name in before.body}
    _say(connection, tenant, act, body | kept)


def _item_removed(connection: Connection, tenant: str, act: Act) -> None:
    store.remove_item(connection, tenant, act.case, act.detail["item"])


def _evidence_added(connection: Connection, tenant: str, act: Act) -> None:
    detail = act.detail
    before = store.item(connection, tenant, act.case, detail["item"])
    (event,) = _events([detail["event"]])
    said = event | {"side": detail["side"], "by": act.by, "entry": act.position}
    said |= {"comment": detail["comment"]} if detail.get("comment") else {}
    if before is None:
        # Only a hypothesis has evidence; what it supposes was erased.
        _begin(connection, tenant, act, "hypothesis", {"title": ERASED, "verdict": "open", "evidence": [said]})
        return
    others = [one for one in before.body.get("evidence", []) if one["event_id"] != event["event_id"]]
    _say(connection, tenant, act, before.body | {"evidence": [*others, said]})


def _evidence_removed(connection: Connection, tenant: str, act: Act) -> None:
    before = store.item(connection, tenant, act.case, act.detail["item"])
    if before is None:
        return  # whatever is left of it, this is not
    others = [one for one in before.body.get("evidence", []) if one["event_id"] != act.detail["event"]]
    _say(connection, tenant, act, before.body | {"evidence": others})


def _begin(connection: Connection, tenant: str, act: Act, kind: str, body: dict[str, Any]) -> None:
    """An item whose beginning was erased, as a later act says it."""
    identity = act.detail["item"]
    values = {"id": identity, "kind": kind, "body": _json(body), "entry": act.position}
    store.add_item(connection, tenant, act.case, values | _begun(identity, "added") | _changed_by(act))


def _say(connection: Connection, tenant: str, act: Act, body: dict[str, Any]) -> None:
    values = {"body": _json(body), "entry": act.position} | _changed_by(act)
    store.set_item(connection, tenant, act.case, act.detail["item"], values)


def _events(pins: Iterable[tuple[str, int, str]]) -> list[dict[str, Any]]:
    return [{"event_id": event, "position": position, "leaf_hash": leaf} for event, position, leaf in pins]


def began(identity: str) -> int:
    """When an id was made, to the millisecond: in nanoseconds."""
    return (decode_ulid(identity) >> _RANDOM_BITS) * _MILLI


def _begun(identity: str, verb: str) -> dict[str, Any]:
    """Who began what has this id is erased; when is in the id."""
    return {f"{verb}_by": NOBODY, f"{verb}_at": began(identity)}


def _authored(act: Act, verb: str) -> dict[str, Any]:
    return {f"{verb}_by": act.by, f"{verb}_at": act.at} | _changed_by(act)


def _changed_by(act: Act) -> dict[str, Any]:
    return {"changed_by": act.by, "changed_at": act.at}


def _json(value: Any) -> str:  # noqa: ANN401 - whatever canonical JSON holds
    return canonical(value).decode()


_TAKES: Final[dict[str, Callable[[Connection, str, Act], None]]] = {
    CREATED: _created,
    CHANGED: _changed,
    PINNED: _pinned,
    PIN_CHANGED: _pin_changed,
    UNPINNED: _unpinned,
    ITEM_ADDED: _item_added,
    ITEM_CHANGED: _item_changed,
    ITEM_REMOVED: _item_removed,
    EVIDENCE_ADDED: _evidence_added,
    EVIDENCE_REMOVED: _evidence_removed,
}
"""The acts that change a table beside the list of acts; ``case.selected`` and ``case.exported`` do not."""
