"""Saved views: a query with its window and how it is shown, under a name and a link that stay.

Each saving is an ``audit`` entry (``view.save``), each removal another (``view.delete``); what holds is the last one of
a view's id. So a view has a history with who changed what, and nothing of it lies outside the ledger.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from vestige.ledger import act_entry
from vestige.model.errors import ConflictError, NotFoundError, UsageError
from vestige.model.ids import new_ulid
from vestige.model.instant import now, parse_bound, to_text
from vestige.model.offset import relative_to
from vestige.query import parse
from vestige.sources import zone_named
from vestige.timeline import Window, lane_field, stack_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.ingest.intake import Stores
    from vestige.ledger import Draft, Transaction
    from vestige.model.principal import Principal
    from vestige.timeline import Timeline

SAVE: Final = "view.save"
DELETE: Final = "view.delete"
MOST: Final = 1000
"""Views of a tenant."""
NAME_LENGTH: Final = 200
_ENDS: Final = ("start", "end")


@dataclass(frozen=True, slots=True)
class View:
    """What is kept of one. Empty text is what nobody said."""

    name: str
    q: str = ""
    start: str = ""
    """An instant, or relative to when the view is opened: ``now-24h``."""
    end: str = ""
    order: str = "desc"
    lane: str = ""
    fold: str = ""
    zone: str = ""
    """The zone times are shown in."""

    def check(self) -> None:
        """Refuse what could not be opened.

        Raises:
            UsageError: a field is not what it should be.
        """
        if not self.name.strip() or len(self.name) > NAME_LENGTH:
            raise UsageError("a view needs a name", expected=f"1 to {NAME_LENGTH} characters", field="name")
        if "/" in self.name or self.name in {".", ".."}:
            raise UsageError(
                "a view's name cannot stand in a path",
                expected='a name without "/", and neither "." nor ".."',
                got=self.name[:80],
                hint="write it with another sign, such as a hyphen",
                field="name",
            )
        start, end = (
            None if text is None else parse_bound(text, field="time") for text in map(self.bounds().get, _ENDS)
        )
        if start is not None and end is not None and start > end:
            raise UsageError(
                "the window ends before it begins", expected=f"after {self.start}", got=self.end, field="end"
            )
        if self.order not in {"asc", "desc"}:
            raise UsageError("that is no order", expected="asc or desc", got=self.order[:20], field="order")
        parse(self.q)
        if self.lane:
            lane_field(self.lane)
        if self.fold:
            stack_fields([name.strip() for name in self.fold.split(",")])
        if self.zone:
            zone_named(self.zone)

    def bounds(self) -> dict[str, str]:
        """The window as it is now, as instants; what nobody said is left out.

        Raises:
            UsageError: a bound is none.
        """
        at = now()
        found = {}
        for name in ("start", "end"):
            text = getattr(self, name)
            if text:
                relative = relative_to(text, at)
                found[name] = to_text(parse_bound(text, field=name) if relative is None else relative)
        return found


_FIELDS: Final = tuple(one.name for one in fields(View))


class Views:
    """The saved views of one tenant."""

    def __init__(self, stores: Stores, timeline: Timeline, settle: Callable[[], int]) -> None:
        self._stores = stores
        self._timeline = timeline
        self._settle = settle

    def all(self) -> list[dict[str, Any]]:
        """Every view, by name."""
        return sorted(self._known().values(), key=lambda view: (view["name"].casefold(), view["id"]))

    def one(self, wanted: str) -> dict[str, Any]:
        """A view by id or name, with its window as it is now.

        Raises:
            NotFoundError: there is none.
        """
        found = self._find(wanted)
        return found | {"now": View(**{name: found[name] for name in _FIELDS}).bounds()}

    def save(self, view: View, by: Principal, wanted: str = "") -> dict[str, Any]:
        """Keep a new view, or another state of one that is there.

        Raises:
            UsageError: it could not be opened, or there are too many.
            NotFoundError: the one to change is not there.
            ConflictError: another one has the name.
        """
        view.check()
        known = self._known()
        identity = self._find(wanted)["id"] if wanted else new_ulid(now() // 1_000_000)
        if any(one["name"] == view.name and one["id"] != identity for one in known.values()):
            raise ConflictError(
                "another view has that name", got=view.name[:80], hint="change that one, or name it anew"
            )
        if identity not in known and len(known) >= MOST:
            raise UsageError("there are too many views", expected=f"at most {MOST}", hint="delete some")
        saved = {"id": identity} | asdict(view)
        self._append(act_entry(SAVE, by, saved))
        # It is kept by now. An index that is still behind knows nothing of it, or what it was before.
        found = self._known().get(identity, {})
        known_already = all(found.get(name) == value for name, value in saved.items())
        return (found if known_already else saved) | {"now": view.bounds()}

    def delete(self, wanted: str, by: Principal) -> None:
        """Let a view be no more; what it was stays in the ledger.

        Raises:
            NotFoundError: there is none.
        """
        found = self._find(wanted)
        self._append(act_entry(DELETE, by, {"id": found["id"], "name": found["name"]}))

    def _append(self, entry: Draft) -> None:
        def act(_: Transaction) -> list[Draft]:
            return [entry]

        self._stores.ledger.transact(self._stores.tenant, act)

    def _find(self, wanted: str) -> dict[str, Any]:
        known = self._known()
        found = known.get(wanted.upper()) or next((one for one in known.values() if one["name"] == wanted), None)
        if found is None:
            raise NotFoundError("there is no such view", got=wanted[:80], hint="`vestige view list` shows them all")
        return found

    def _known(self) -> dict[str, dict[str, Any]]:
        self._settle()
        query = f'in:ledger type:vestige.audit (action:"{SAVE}" OR action:"{DELETE}")'
        known: dict[str, dict[str, Any]] = {}
        cursor = None
        while True:
            page = self._timeline.page(query, Window(descending=False), limit=5000, cursor=cursor)
            for event in page.events:
                detail = event["attributes"].get("detail", {})
                if event["action"] == SAVE:
                    said = {"saved_at": event["occurred_at"], "by": event["attributes"]["by"], "entry": event["id"]}
                    known[detail["id"]] = detail | said
                else:
                    known.pop(detail.get("id", ""), None)
            cursor = page.next_cursor
            if cursor is None:
                return known
