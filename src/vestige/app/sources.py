"""A tenant's sources: what each holds, how it is read, how its clock stands, and changing what is said of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import orjson

from vestige.ingest import store
from vestige.ingest.contexts import format_label, mapping_payload
from vestige.ingest.source_settings import Change, SourceSettings, checked
from vestige.ledger import Draft, Kind, act_entry
from vestige.model.errors import NotFoundError, UsageError
from vestige.model.event import KeyKind
from vestige.model.instant import NANOS, to_text
from vestige.model.offset import offset_text
from vestige.model.vocabulary import category_of
from vestige.query import EventRow
from vestige.sources import formats
from vestige.sources.mapping import compile_mapping, try_mapping
from vestige.timeline.coverage import SHOWN
from vestige.timeline.render import render
from vestige.timeline.skew import CLOCK, ZONE, Skew, evidence, suspect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vestige.ingest.intake import Stores
    from vestige.ingest.projector import Projector, Rebuilt
    from vestige.ledger import Transaction
    from vestige.model.event import Event
    from vestige.model.principal import Principal
    from vestige.timeline import Timeline
    from vestige.timeline.sources import SourceCounts

MILLI = 1_000_000
KNOWN = 12
"""Names of sources an error lists."""


class Sources:
    """The sources of one tenant."""

    def __init__(self, stores: Stores, projector: Projector, timeline: Timeline) -> None:
        self._stores = stores
        self._projector = projector
        self._timeline = timeline

    def all(self) -> list[dict[str, Any]]:
        """Every source, by name."""
        counts = self._timeline.sources()
        acquisitions = self._acquisitions()
        return [
            self._one(source, name, counts, acquisitions)
            for source, name in sorted(self._names().items(), key=lambda item: (item[1], item[0]))
        ]

    def one(self, wanted: str) -> dict[str, Any]:
        """One source, by id or name.

        Raises:
            NotFoundError: there is none.
        """
        source, name = self._find(wanted)
        return self._one(source, name, self._timeline.sources(), self._acquisitions())

    def say(self, wanted: str, change: Change, by: Principal, progress: Callable[[int, int], None]) -> dict[str, Any]:
        """Say something of a source, and compute the index again by it.

        Returns:
            The source as it is now, its settings before and after, and what changed in the events; ``changed`` is
            ``None`` where all of it held already and nothing was written.

        Raises:
            NotFoundError: there is no such source, or no such event of evidence.
            UsageError, InputError: what is said cannot be.
            BusyError: the index is being rebuilt; nothing was said.
        """
        source, name = self._find(wanted)
        before = self._settings(source)
        change = checked(change, before)
        if "format" in change.put:
            change = Change({**change.put, "format": format_label(self._projector.contexts.format(
                change.put["format"]))}, change.unset)  # fmt: skip
        if "clock_offset" in change.put:
            for event in change.put["clock_offset"].evidence:
                self._stores.ledger.entry(self._stores.tenant, event.partition(".")[0])
        answer: dict[str, Any] = {"from": before.to_json(), "to": before.to_json(), "entry": None, "changed": None}
        if not change.put and not change.unset:
            return {"source": self.one(source)} | answer
        self._projector.wait(self._head(), None)
        made: list[str] = []
        drafts = [
            Draft(Kind.NORMALISATION, change.payload(by.name), source=source),
            act_entry("source.set", by, {"before": _body(before), "said": _said(change), "source": source}),
        ]

        def append() -> None:
            def act(_: Transaction) -> list[Draft]:
                return drafts

            committed = self._stores.ledger.transact(self._stores.tenant, act)
            made[:] = [one.ids[0] for one in committed.items]

        rebuilt = self._projector.reread(append, progress)
        answer |= {"to": self._settings(source).to_json(), "entry": made[0], "changed": _changed(rebuilt, len(made))}
        return {"source": self.one(source) | {"name": name}} | answer

    def record_mapping(self, text: str, by: Principal) -> dict[str, Any]:
        """Keep the text of an own format in the ledger, once, so that records can be read by it.

        Raises:
            UsageError: it is no mapping, or takes a built-in format's name.
        """
        form = compile_mapping(text.encode("utf-8", "surrogatepass"), "the mapping")
        if form.name in formats():
            raise UsageError(
                "the mapping has the name of a built-in format", expected="a name of its own", got=form.name
            )
        self._projector.contexts.catch_up(self._head())
        label = format_label(form)
        answer: dict[str, Any] = {"format": label, "name": form.name, "sha256": form.digest, "new": False}
        try:
            self._projector.contexts.format(label)
        except UsageError:
            drafts = [
                Draft(Kind.NORMALISATION, mapping_payload(form, text)),
                act_entry("mapping.record", by, {"name": form.name, "sha256": form.digest}),
            ]

            def act(_: Transaction) -> list[Draft]:
                return drafts

            self._stores.ledger.transact(self._stores.tenant, act)
            self._projector.nudge()
            self._projector.contexts.catch_up(self._head())
            answer["new"] = True
        return answer

    def coverage(self, wanted: str, start: int | None, end: int | None, join: int) -> list[dict[str, Any]]:
        """For which stretches of time there is evidence of each source, or of one, with the acquisitions it rests on.

        Raises:
            NotFoundError: there is no such source.
            UsageError: ``join`` is out of bounds.
        """
        name, query = "", ""
        if wanted:
            name = self._find(wanted)[1]
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            query = f'source:"{quoted}"'
        found = self._timeline.coverage(query, start, end, join=join)
        return [
            {
                "source": source,
                "events": sum(band.events for band in bands),
                "bands": [
                    {
                        "first": to_text(band.first),
                        "last": to_text(band.last),
                        "events": band.events,
                        "acquisitions": len(band.acquisitions),
                        "terms": [f"acquisition:{one}" for one in band.acquisitions[:SHOWN]],
                    }
                    for band in bands
                ],
            }
            for source, bands in sorted(found.items())
            if source == name or not wanted
        ]

    def skew(self) -> list[dict[str, Any]]:
        """How the clocks of every two sources stand that saw something together, and what would mend it."""
        found, ids = self._timeline.skew()
        counts = self._timeline.sources()
        return [self._skew(one, found, counts, ids) for one in found]

    def _skew(
        self, skew: Skew, found: list[Skew], counts: Mapping[str, SourceCounts], ids: Mapping[Any, str]
    ) -> dict[str, Any]:
        pairs = evidence(skew, ids)
        body: dict[str, Any] = {
            "a": skew.a,
            "b": skew.b,
            "verdict": skew.verdict,
            "offset": offset_text(skew.offset),
            "offset_ns": skew.offset,
            "deviation_ns": skew.deviation,
            "pairs": skew.pairs,
            "kinds": list(skew.kinds),
            "share": round(skew.share, 4),
            "evidence": pairs,
        }
        if skew.verdict not in {ZONE, CLOCK}:
            return body
        name, why = suspect(skew, found, counts)
        wrong = name or skew.a
        other = skew.b if wrong == skew.a else skew.a
        body |= {"suspect": name, "why": why} if name else {}
        shown = [event for pair in pairs for event in (pair["a"], pair["b"])]
        for key, one in (("", wrong), ("otherwise", other)):
            away = skew.offset if one == skew.a else -skew.offset
            says, command = self._mend(one, away, skew, counts.get(one), shown)
            body |= {"otherwise": command} if key else {"says": says, "mend": command}
        return body

    def _mend(self, name: str, away: int, skew: Skew, counts: SourceCounts | None, shown: list[str]) -> tuple[str, str]:
        """What the times of a source look like if it is the one that is wrong, and the command that would mend it."""
        settings = self._settings(self._find(name)[0])
        words = ["vestige", "source", "set", name]
        zone = skew.zone
        if zone is not None:
            ahead = abs(zone) if away > 0 else -abs(zone)
            looks = _zone(ahead)
            if counts is not None and counts.assumed and settings.get("zone") in {None, "UTC"}:
                return f"stamps of {name} are read as UTC but look like UTC{looks}", shlex.join(
                    [*words, "--zone", looks]
                )
            says = f"stamps of {name} state their zone but look like UTC{looks}"
            away = ahead
        else:
            says = f"the clock of {name} is {offset_text(abs(away))[1:]} {'fast' if away > 0 else 'slow'}"
            away = round(away / MILLI) * MILLI if skew.deviation < NANOS else round(away / NANOS) * NANOS
        present = settings.get("clock_offset")
        offset = (0 if present is None else present.ns) - away
        words.append(f"--clock-offset={offset_text(offset)}")
        return says, shlex.join([*words, *(word for one in shown for word in ("--evidence", one))])

    def _one(
        self,
        source: str,
        name: str,
        counts: Mapping[str, SourceCounts],
        acquisitions: Mapping[str, list[str]],
    ) -> dict[str, Any]:
        body = {"id": source, "name": name, "acquisitions": len(acquisitions.get(source, ()))}
        found = counts.get(name)
        return body | (found.to_json() if found else {}) | {"settings": self._settings(source).to_json()}

    def _find(self, wanted: str) -> tuple[str, str]:
        names = self._names()
        if wanted in names:
            return wanted, names[wanted]
        for source, name in names.items():
            if name == wanted:
                return source, name
        known = sorted(names.values())
        listed = ", ".join(known[:KNOWN]) + (" …" if len(known) > KNOWN else "")
        raise NotFoundError(
            "there is no such source", expected=listed or "a source that something came from", got=wanted[:80],
            hint="`vestige source list` shows them all", field="source",
        )  # fmt: skip

    def _names(self) -> dict[str, str]:
        with self._stores.db.read() as connection:
            return store.source_names(connection, self._stores.log)

    def _acquisitions(self) -> dict[str, list[str]]:
        self._projector.contexts.catch_up(self._head())
        return self._projector.contexts.acquisitions()

    def _settings(self, source: str) -> SourceSettings:
        self._projector.contexts.catch_up(self._head())
        return self._projector.contexts.settings(source)

    def _head(self) -> int:
        return self._stores.ledger.head(self._stores.tenant)


def try_sample(mapping: bytes, sample: bytes, where: str = "the mapping") -> dict[str, Any]:
    """What a mapping makes of a sample; nothing is kept.

    Raises:
        UsageError: it is no mapping, with the place.
    """
    trial = try_mapping(compile_mapping(mapping, where), sample)
    return {
        "confidence": round(trial.confidence, 2),
        "why": trial.why,
        "rival": trial.rival,
        "records": trial.records,
        "events": trial.events,
        "skipped": trial.skipped,
        "unparsed": trial.unparsed,
        "undated": trial.undated,
        "types": dict(trial.kinds),
        "time_quality": dict(trial.qualities),
        "failures": [{"record": number, "reason": reason, "text": text} for number, reason, text in trial.failures],
        "first": [_shown(event) for event in trial.first],
        "unfilled": list(trial.unfilled),
    }


def _changed(rebuilt: Rebuilt, own: int) -> dict[str, Any]:
    """What a statement changed in the events; the entries that make it are new rows themselves and do not count."""
    found = rebuilt.differences
    if found is None:
        return {"events": 0, "added": 0, "removed": 0, "fields": {}}
    fields: dict[str, Any] = {}
    for name, one in found.fields.items():
        examples = [example._asdict() for example in one.examples]
        if name == "clock_offset":
            examples = [
                example | {side: offset_text(int(example[side])) for side in ("before", "after")}
                for example in examples
            ]
        fields[name] = {"rows": one.rows, "examples": examples}
    return {"events": found.changed, "added": found.added - own, "removed": found.removed, "fields": fields}


def _shown(event: Event) -> dict[str, Any]:
    """An event as it would stand on the timeline, without what the ledger adds."""
    keys = tuple((kind, "(kept as a keyed digest)" if kind == KeyKind.TOKEN else text) for kind, text in event.keys)
    row = EventRow(0, 0, "", 0, "", "", "parsed", category_of(event.event_type), event._replace(keys=keys))
    shown = render(row, {})
    del shown["received_at"]
    return shown


def _body(settings: SourceSettings) -> dict[str, Any]:
    return _said(Change({name: one.value for name, one in settings.stated.items()}))


def _said(change: Change) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(change.payload(""))
    del body["by"]
    return body


def _zone(ahead: int) -> str:
    minutes = abs(ahead) // (60 * NANOS)
    return f"{'-' if ahead < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
