"""Reports of one tenant's cases: facts gathered, held against the ledger, set out, and recorded before they leave."""

from __future__ import annotations

import threading
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import vestige
from vestige.app import report_facts as facts
from vestige.app.report_events import Told
from vestige.model.errors import BusyError, InputError, UsageError
from vestige.model.instant import now, to_text
from vestige.reports import Hand, Report
from vestige.sources import zone_named

if TYPE_CHECKING:
    from vestige.app.rooms import Rooms
    from vestige.cases import Case, Item
    from vestige.ingest.intake import Stores
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable

REPORT_SHAPES: Final = {
    "html": "text/html; charset=utf-8", "pdf": "application/pdf", "markdown": "text/markdown; charset=utf-8",
}  # fmt: skip
LISTED: Final = 500
"""Events a report lists unless more are asked for."""
MOST_LISTED: Final = {"html": 5000, "markdown": 5000, "pdf": 1000}
"""By shape: pages are laid out in memory."""
SAID: Final = 1000
"""Items of each kind that a report has."""
SAID_LENGTH: Final = 2_000_000
"""Characters of the items of a kind."""
_ONE = threading.Lock()
"""Held by the one report that is being laid out on pages."""


class Made(NamedTuple):
    """A report that was made and recorded."""

    data: bytes
    media_type: str
    sha256: str
    listed: int
    of: int


class Reporting:
    """Makes reports of one tenant's cases."""

    def __init__(self, rooms: Rooms, stores: Stores) -> None:
        self._rooms = rooms
        self._ledger = stores.ledger
        self._tenant = stores.tenant

    def make(self, wanted: str, by: Principal, shape: str, most: int | None = None, zone: str = "") -> Made:
        """A report of a case as it is; that it was made is an entry with its digest, committed when this returns.

        Args:
            wanted: the case's id, or a name that no other has.
            by: who asks for it.
            shape: ``html``, ``pdf`` or ``markdown``.
            most: how many events are listed; ``None``: :data:`LISTED`.
            zone: an IANA name, whose clock stands beside UTC; empty: none.

        Raises:
            UsageError: there is no such shape or zone, or more events are asked for than it can list.
            NotFoundError: there is no such case.
            BusyError: the index lags and would leave something out; or another report is being laid out on pages.
            SettingsError: this machine cannot lay out pages; what is missing.
        """
        if shape not in REPORT_SHAPES:
            raise UsageError(
                "there is no such format", expected=", ".join(REPORT_SHAPES), got=shape[:40], field="format"
            )
        most = LISTED if most is None else most
        if not 1 <= most <= MOST_LISTED[shape]:
            raise UsageError(
                f"a report as {shape} cannot list so many events", expected=f"1 to {MOST_LISTED[shape]:,}",
                got=str(most),
                hint="a bundle of the case has all of them: `vestige bundle create --case ID`", field="events",
            )  # fmt: skip
        zone = zone_of(zone)
        case = self._rooms.cases.cases.one(wanted)
        busy = self._rooms.not_yet(self._rooms.settle())
        if busy is not None:
            raise busy
        report = self.report(case, by, most, zone)
        data = written(report, shape)
        digest = sha256(data).hexdigest()
        said: dict[str, Encodable] = {
            "format": shape,
            "sha256": digest,
            "bytes": len(data),
            "listed": len(report.events),
            "of": report.pins,
            **({"zone": zone} if zone else {}),
        }
        self._rooms.cases.cases.reported(case.id, by, said)
        return Made(data, REPORT_SHAPES[shape], digest, len(report.events), report.pins)

    def report(self, case: Case, by: Principal, most: int, zone: str = "") -> Report:
        """The facts of a report of a case."""
        rooms, ledger, tenant = self._rooms, self._ledger, self._tenant
        findings = facts.findings(rooms)
        resting = frozenset(event for one in findings for event in one["evidence"])
        found = facts.gather(ledger, tenant, rooms.cases, case, resting)
        trees = facts.checkpoints(ledger, tenant, found)
        told = Told(ledger, tenant, rooms.timeline, trees, rooms.remarking.refuse_hidden)
        items, left_out = self._items(case.id)
        drawn, first, last = facts.picture(rooms.timeline, case)
        acts = facts.activity(ledger, tenant, rooms.cases.cases, case.id)
        rules = facts.rules_of(findings, found.resting)
        return Report(
            case=case.id,
            name=case.name,
            status=case.status,
            owner=case.owner,
            members=case.members,
            tags=case.tags,
            created_by=case.created_by,
            created_at=to_text(case.created_at),
            tenant=rooms.tenant.slug,
            description=Hand(case.description, case.changed_by, to_text(case.changed_at)),
            made_by=by.name,
            made_at=to_text(now()),
            pins=case.pins,
            states=dict(sorted(found.states.items())),
            faults=found.faults,
            first=first,
            last=last,
            picture=drawn,
            clocks=facts.clocks(rooms, case),
            checkpoints=trees,
            events=told.listed(islice(rooms.cases.lines(case), most)),
            hypotheses=told.hypotheses(items["hypothesis"]),
            notes=told.notes(items["note"]),
            tasks=told.tasks(items["task"]),
            named=told.named([*items["entity"], *items["indicator"]]),
            left_out=left_out,
            custody=facts.custody(ledger, tenant, found, trees),
            activity=acts.listing,
            zone=zone,
            vouched=facts.vouched(ledger, tenant, found, trees),
            method=facts.method(rooms.timeline, f"vestige {vestige.__version__}", case, rules, acts),
        )

    def _items(self, case: str) -> tuple[dict[str, list[Item]], dict[str, int]]:
        """What is said in a case, by kind: the first of each, as much as a report holds; and how many are left out."""
        counts = self._rooms.cases.cases.kinds(case)
        items: dict[str, list[Item]] = {}
        for kind in ("hypothesis", "note", "task", "entity", "indicator"):
            items[kind] = []
            length = 0
            for item in islice(self._rooms.cases.saying.each(case, kind), SAID):
                length += sum(len(value) for value in item.body.values() if isinstance(value, str))
                if length > SAID_LENGTH:
                    break
                items[kind].append(item)
        left = {kind: counts.get(kind, 0) - len(held) for kind, held in items.items()}
        return items, {kind: number for kind, number in left.items() if number > 0}


def zone_of(name: str) -> str:
    """The zone whose clock stands beside UTC; empty: none, since UTC stands there anyway.

    Raises:
        InputError: it is no name of a zone; an offset alone is none, for no place keeps one.
    """
    if name in {"", "UTC"}:
        return ""
    try:
        known = isinstance(zone_named(name), ZoneInfo)
    except InputError:
        known = False
    if not known:
        raise InputError(
            "no such time zone", expected="an IANA name such as Europe/Berlin", got=name[:60], field="zone",
            hint="leave it out for UTC alone",
        )  # fmt: skip
    return name


def written(report: Report, shape: str) -> bytes:
    """A report in a shape: the same report gives the same bytes.

    Raises:
        BusyError: pages are wanted, and others are being laid out.
        SettingsError: this machine cannot lay out pages.
    """
    # What reads Markdown and what lays out pages is loaded by those who ask for a report.
    from vestige.reports.document import document  # noqa: PLC0415
    from vestige.reports.html import as_html  # noqa: PLC0415
    from vestige.reports.markdown import as_markdown  # noqa: PLC0415

    blocks = document(report)
    if shape == "markdown":
        return b"".join(as_markdown(blocks))
    pieces = list(as_html(blocks, f"{report.name}: case report", report.made_at))
    if shape == "html":
        return b"".join(pieces)
    from vestige.reports.pdf import as_pdf  # noqa: PLC0415

    if not _ONE.acquire(blocking=False):
        raise BusyError("another report is being laid out on pages", hint="ask again in a minute, or for html")
    try:
        return as_pdf(pieces)
    finally:
        _ONE.release()
