"""Events their producers declare: JSON lines in the shape that says itself what happened.

::

    {"event_type","occurred_at","severity","outcome","actor":{"id","name","type"},"subject":{...},
     "network":{"src_ip"},"device":{"hostname"},"session","trace_id","message", ...the producer's own fields}

``occurred_at`` is RFC 3339 in UTC with milliseconds. A menu says which events a source's background is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vestige.demo.cast import HOSTS, OFFICE, SERVICES
from vestige.demo.chance import pick, stream, table, text
from vestige.demo.clock import HOUR, MILLI, MILLIS, rfc3339_millis, rfc3339_minute
from vestige.demo.template import rendered, template
from vestige.demo.writing import Entry, Writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from vestige.demo.cast import Cast, Person

_VARIANTS = 256
Field = str | int
Variant = tuple[bytes, bool, bytes]
"""A message, whether it leaves a place for the actor's name, and the producer's own fields."""


class Dish(NamedTuple):
    """One kind of background event.

    ``message`` may name ``{actor}`` (once), ``{service}``, ``{path}`` and ``{number}``; ``extra`` names
    the producer's own fields that come with it: ``service``, ``commit``, ``path``, any other name bearing the number.
    """

    weight: int
    event_type: str
    severity: str
    outcome: str
    message: str
    extra: str = "service duration_ms"


class Declared:
    """A source of declared events.

    ``device`` says which device its background events name: ``hostname``, the machine that reports, or ``id``, the
    actor's own.
    """

    def __init__(
        self,
        cast: Cast,
        source: str,
        menu: Sequence[Dish],
        *,
        time_field: str = "occurred_at",
        device: str = "hostname",
    ) -> None:
        self.source = source
        self._device_field = device
        self._time_field = time_field
        self._planted = stream(cast.seed, source, "planted")
        rng = stream(cast.seed, source, "pool")
        self._people = [
            (
                rendered(actor_of(person)),
                person.name.encode(),
                rendered(ip),
                rendered(person.device),
                text(rng, 10).encode(),
            )
            for person in cast.people
            for ip in (OFFICE, person.home)
        ]
        self._hosts = [rendered(name) for name, _ in HOSTS]
        self._kinds = table(
            [(self._kind(rng, cast, dish), dish.weight) for dish in menu],
            256,
        )

    def _kind(self, rng: Random, cast: Cast, dish: Dish) -> tuple[bytes, tuple[Variant, ...]]:
        body = template(
            {
                "event_type": dish.event_type,
                self._time_field: "@time@",
                "severity": dish.severity,
                **({"outcome": dish.outcome} if dish.outcome else {}),
                "actor": "@actor@",
                "network": {"src_ip": "@ip@"},
                "device": {self._device_field: "@device@"},
                "session": "@session@",
                "trace_id": "@trace@",
                "message": "@message@",
                "tail": "@tail@",
            },
            *("time", "actor", "ip", "device", "session", "trace", "message", "tail"),
        )
        # The producer's own fields stand at the top, beside the others: the hole takes its own name along.
        body = body.replace(b'"tail":%b', b"%b")
        return body, tuple(_variant(rng, cast, dish) for _ in range(_VARIANTS))

    def event(
        self,
        event_type: str,
        message: str,
        *,
        by: Person | str,
        outcome: str = "success",
        severity: str = "info",
        subject: str = "",
        ip: str = "",
        host: str = "",
        device: str = "",
        session: str = "",
        trace: str = "",
        **own: Field,
    ) -> Writing:
        """One event; ``by`` is a person or the name of a service, ``own`` are fields of the producer's own."""
        actor = service_of(by) if isinstance(by, str) else actor_of(by)
        trace = trace or text(self._planted, 32)
        machine = {name: value for name, value in (("id", device), ("hostname", host)) if value}
        found = (
            ("identity", actor["id"]),
            ("ip", ip),
            ("host", host),
            ("device", device),
            ("session", session),
            ("commit", str(own.get("commit", ""))),
            ("trace", trace),
        )

        def write(at: int) -> Entry:
            document: dict[str, object] = {
                "event_type": event_type,
                self._time_field: rfc3339_millis(at),
                "severity": severity,
                **({"outcome": outcome} if outcome else {}),
                "actor": actor,
                **({"subject": {"id": subject, "name": subject, "type": "resource"}} if subject else {}),
                **({"network": {"src_ip": ip}} if ip else {}),
                **({"device": machine} if machine else {}),
                **({"session": session} if session else {}),
                "trace_id": trace,
                "message": message,
                **own,
            }
            keys = tuple((kind, value) for kind, value in found if value)
            return Entry(rendered(document), at // MILLI * MILLI, event_type, outcome, actor["id"], keys)

        return Writing(self.source, write)

    def minute(self, start: int, offsets: list[int], draws: tuple[int, ...], first: int) -> list[bytes]:
        """See :class:`vestige.demo.writing.Shape`."""
        prefix = b'"' + rfc3339_minute(start)
        kinds, people, hosts, crowd = self._kinds, self._people, self._hosts, len(self._people)
        owned = self._device_field == "id"
        hour = b'-%x"' % (start // HOUR)
        out = []
        for number, (offset, draw) in enumerate(zip(offsets, draws, strict=True), first):
            body, variants = kinds[draw & 255]
            actor, name, ip, device, session = people[(draw >> 8 & 0xFFFFF) % crowd]
            told, named, tail = variants[draw >> 28 & 255]
            out.append(
                body
                % (
                    prefix + MILLIS[offset] + b'"',
                    actor,
                    ip,
                    device if owned else hosts[draw >> 36 & 15],
                    b'"s-' + session + hour,
                    b'"%016x%016x"' % (draw, number),
                    told % name if named else told,
                    tail,
                )
            )
        return out


def actor_of(person: Person) -> dict[str, str]:
    """A person as declared events name one."""
    return {"id": person.email, "name": person.name, "type": "user"}


def service_of(name: str) -> dict[str, str]:
    """A program as declared events name one."""
    return {"id": name, "name": name, "type": "service"}


def _variant(rng: Random, cast: Cast, dish: Dish) -> Variant:
    given: dict[str, Field] = {
        "actor": "@actor@",
        "service": pick(rng, SERVICES),
        "commit": pick(rng, cast.commits),
        "path": f"services/{pick(rng, SERVICES)}/handler_{rng.getrandbits(4)}.py",
        "number": 10 + rng.getrandbits(11),
    }
    tail = rendered({name: given.get(name, given["number"]) for name in dish.extra.split()})[1:-1]
    told = rendered(dish.message.format_map(given))
    named = b"@actor@" in told
    return (told.replace(b"%", b"%%").replace(b"@actor@", b"%b") if named else told), named, tail
