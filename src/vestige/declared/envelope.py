"""What every event of the declared timeline must be, field by field; its kind may ask for more.

Each thing wrong is told, not only the first: whoever mends an event mends it once. The fields are those of
:mod:`vestige.sources.general.declared_timeline`; others are kept and mean nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.model.ids import is_ulid
from vestige.model.instant import parse_rfc3339
from vestige.model.vocabulary import RESERVED, is_reserved
from vestige.sources import bare_digest, ids_in, kind_of, outcome_of, severity_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME_LENGTH: Final = 200
TEXT_LENGTH: Final = 8192
MOST_REFS: Final = 100
MOST_DIGESTS: Final = 100
MOST_FAULTS: Final = 20
REDACTION, ACK = "redaction_notice", "ack"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_SHOWN: Final = 60


class Fault(NamedTuple):
    """One thing wrong with one field."""

    field: str
    expected: str
    got: str

    def to_json(self) -> dict[str, str]:
        """As an answer tells it."""
        return self._asdict()


def shown(value: object) -> str:
    """A value as an answer shows it: short, and never raw."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def faults_of(event: Mapping[str, object], tenants: frozenset[str]) -> list[Fault]:
    """Everything wrong with an event, in the order of its fields; at most :data:`MOST_FAULTS`.

    Args:
        event: the object.
        tenants: the names that the tenant it is for goes by.
    """
    found = []
    for fault in _faults(event, tenants):
        found.append(fault)
        if len(found) == MOST_FAULTS:
            break
    return found


def _faults(event: Mapping[str, object], tenants: frozenset[str]) -> Iterator[Fault]:
    identity = event.get("event_id")
    if identity is not None and not (isinstance(identity, str) and is_ulid(identity.upper())):
        yield Fault("event_id", "a ULID of 26 characters, or no such field", shown(identity))
    tenant = event.get("tenant")
    if tenant is not None and not (isinstance(tenant, str) and tenant in tenants):
        yield Fault("tenant", "the tenant of the credential and the header, or no such field", shown(tenant))
    yield from _time(event.get("timestamp"))
    yield from _name("category", event.get("category"), required=True)
    yield from _name("kind", event.get("kind"), required=False)
    severity, outcome = event.get("severity"), event.get("outcome")
    if severity is not None and not severity_known(severity):
        yield Fault("severity", "info, low, medium, high or critical", shown(severity))
    if outcome is not None and not outcome_of(outcome):
        yield Fault("outcome", "success, failure or unknown", shown(outcome))
    for name in ("subject", "actor"):
        yield from _party(name, event.get(name))
    for name in ("trace_id", "message"):
        yield from _text(name, event.get(name), TEXT_LENGTH)
    yield from _tags(event.get("tags"))
    yield from _digests(event.get("digests"))
    details = event.get("details")
    if not isinstance(details, dict):
        yield Fault("details", "an object", shown(details))
    yield from _references(event)


def _time(value: object) -> Iterator[Fault]:
    if not isinstance(value, str) or _RFC3339.fullmatch(value) is None:
        yield Fault("timestamp", "RFC 3339 with an offset, such as 2025-11-01T00:00:00Z", shown(value))
        return
    try:
        parse_rfc3339(value)
    except ValueError as error:
        yield Fault("timestamp", f"RFC 3339 such as 2025-11-01T00:00:00Z ({error})", shown(value))


def _name(field: str, value: object, *, required: bool) -> Iterator[Fault]:
    if value is None and not required:
        return
    if not isinstance(value, str) or not value.strip() or len(value) > NAME_LENGTH or not value.isprintable():
        yield Fault(field, f"a name of 1 to {NAME_LENGTH} printable characters", shown(value))
    elif is_reserved(value.strip().lower()):
        own = " and ".join(RESERVED)
        yield Fault(field, f"another name: {own} are this installation's own", shown(value))


def _text(field: str, value: object, most: int) -> Iterator[Fault]:
    if value is None:
        return
    if not isinstance(value, str) or len(value) > most or _CONTROL.search(value) is not None:
        yield Fault(field, f"a text of at most {most} characters without control characters", shown(value))


def _party(field: str, value: object) -> Iterator[Fault]:
    if isinstance(value, dict):
        for part in ("id", "name", "type"):
            yield from _text(f"{field}.{part}", value.get(part), TEXT_LENGTH)
    else:
        yield from _text(field, value, TEXT_LENGTH)


def _tags(value: object) -> Iterator[Fault]:
    if value is None:
        return
    if not isinstance(value, list):
        yield Fault("tags", "a list of texts", shown(value))
        return
    for place, tag in enumerate(value):
        if not isinstance(tag, str) or len(tag) > NAME_LENGTH or _CONTROL.search(tag) is not None:
            yield Fault(f"tags.{place}", f"a text of at most {NAME_LENGTH} characters", shown(tag))


def _digests(value: object) -> Iterator[Fault]:
    if value is None:
        return
    named: list[tuple[object, object]] | None = None
    if isinstance(value, dict):
        named = list(value.items())
    elif isinstance(value, list):
        named = list(enumerate(value))
    if named is None or len(named) > MOST_DIGESTS:
        expected = f"at most {MOST_DIGESTS} digests: a list of algorithm:hex, or an object of hex by algorithm"
        yield Fault("digests", expected, shown(value))
        return
    for name, one in named:
        if not bare_digest(one):
            yield Fault(
                f"digests.{name}"[:NAME_LENGTH], "32 to 128 hex digits, the algorithm before a colon", shown(one)
            )


def _references(event: Mapping[str, object]) -> Iterator[Fault]:
    details = event.get("details")
    for name in ("supersedes", "refs"):
        for prefix, place in (("", event), ("details.", details if isinstance(details, dict) else {})):
            given = place.get(name)
            if prefix and name == "refs" and kind_of(event) != ACK:
                continue  # the word is a producer's own in details of any other kind
            listed = given if isinstance(given, list) else [] if given is None else [given]
            if len(listed) > MOST_REFS:
                yield Fault(f"{prefix}{name}", f"at most {MOST_REFS} ids", f"a list of {len(listed)}")
                continue
            for one in listed:
                if not isinstance(one, str) or not is_ulid(one.upper()):
                    yield Fault(f"{prefix}{name}", "the event_id (a ULID) of an earlier event", shown(one))
    for kind, name in ((REDACTION, "supersedes"), (ACK, "refs")):
        if kind_of(event) == kind and not ids_in(event, name):
            yield Fault(
                name, f"the event_id of what it is about: a {kind} must state it, here or in details", "nothing"
            )
