"""One tenant's sessions of coding agents: lists, one of them with all it did, and sums. Views of what is in the ledger.

Every figure is worked out from events when it is asked for, and every line of an answer names the events it is from.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import orjson

from vestige.agents.coverage import Coverage, reconcile
from vestige.agents.figures import Figures, figures_of, shared
from vestige.agents.prices import NO_LISTS
from vestige.agents.session import Session, build
from vestige.agents.store import MOST_TOLD, Placed, SessionStore, Wanted
from vestige.agents.told import TRANSCRIPT
from vestige.app.session_answers import rendered, summary
from vestige.app.session_sums import SUMS_BY, Asking, summed
from vestige.correlate import cursors
from vestige.model.errors import NotFoundError, UsageError
from vestige.model.instant import NANOS, to_text
from vestige.query import Reader, Scope
from vestige.sources.agents import usage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from vestige.agents.prices import Book
    from vestige.agents.told import Told
    from vestige.app.seals import Seal
    from vestige.query import Index

_T = TypeVar("_T")

MOST_PAGE: Final = 200
BATCH: Final = 25
"""Sessions whose events are read together."""
MOST_SUMMED: Final = 10_000
"""Sessions of one span that are summed up."""
MOST_TABLES: Final = 12
"""Tables of sums of one request."""
THEN: Final = 250
"""Sessions as they were that are read together."""
_TOGETHER: Final = 20_000
"""Events of sessions that are summed up that are read together: each reading goes through all there are."""
_AROUND: Final = 600 * NANOS
"""So long after a session something that capture missed of it may be told."""


class Then(NamedTuple):
    """A session as it was."""

    session: str
    positions: set[int]
    """Its entries at that time."""
    until: int
    """What stands from this position on was not there yet."""


class Asked(NamedTuple):
    """Which sessions are asked for. Empty: any."""

    repository: str = ""
    agent: str = ""
    actor: str = ""
    model: str = ""
    start: int | None = None
    end: int | None = None

    def wanted(self) -> Wanted:
        """As terms of the query language.

        Raises:
            UsageError: a value cannot be asked for.
        """
        terms = []
        for name, value in (("repository", self.repository), ("agent", self.agent), ("actor", self.actor),
                            ("model", self.model)):  # fmt: skip
            if not value:
                continue
            if '"' in value or "\\" in value or not value.isprintable():
                raise UsageError(f"no {name} is called that", expected="its name, without quotes and backslashes",
                                 got=value[:80], field=name)  # fmt: skip
            terms.append(_TERMS[name].format(value))
        return Wanted(tuple(terms), self.start, self.end)


_TERMS: Final = {
    "repository": '(key:custom="repository:{0}" OR source:"agent:{0}")',
    "agent": 'actor.id:"{0}"',
    "actor": '(actor:"{0}" OR key:identity="{0}")',
    "model": 'object:"{0}" object.type:model',
}


class Whole(NamedTuple):
    """A session, and what it comes to."""

    place: Placed
    session: Session
    figures: Figures
    coverage: Coverage
    positions: tuple[int, ...]
    """Where its entries stand in the log, in order."""


class Sessions:
    """Sessions of one log, as somebody may see them. Safe to share between threads."""

    def __init__(
        self, index: Index, log: int, own: str = "", case: Callable[[str], str] | None = None, *, audit: bool = True
    ) -> None:
        self._store = SessionStore(Reader(index, case), Scope(log, own, audit=audit))
        self._log = log
        self._own = own
        self.sealed: Callable[[str], Seal | None] = lambda _: None
        """A session's last seal; set by whoever keeps seals."""
        self.book: Callable[[], Book] = lambda: NO_LISTS
        """The price lists in force; set by whoever keeps them."""

    def listed(self, asked: Asked, limit: int, cursor: str | None) -> dict[str, Any]:
        """A page of sessions, those seen last first.

        Raises:
            UsageError: a filter, the limit or the cursor is none.
        """
        if not 0 < limit <= MOST_PAGE:
            raise UsageError(
                "a page has too many sessions", expected=f"1 to {MOST_PAGE}", got=str(limit), field="limit"
            )
        shape = ("sessions", self._log, self._own, asked)
        beyond = None if cursor is None else tuple(cursors.decode(cursor, (int, str), *shape))
        places = self._store.listed(asked.wanted(), beyond, limit + 1)
        answer: dict[str, Any] = {
            "sessions": [self._with_seal(summary(one), one) for one in self._read(places[:limit])]
        }
        if len(places) > limit:
            last = places[limit - 1]
            answer["next_cursor"] = cursors.encode((last.last, last.session), *shape)
        return answer

    def one(self, session: str) -> Whole:
        """One session.

        Raises:
            NotFoundError: no event of an agent names it.
        """
        if not session or '"' in session or "\\" in session or not session.isprintable():
            raise _unknown(session)
        places = self._store.listed(Wanted((f'session:"{session}"',)), None, 1)
        if not places:
            raise _unknown(session)
        return next(self._read(places))

    def show(self, session: str) -> dict[str, Any]:
        """One session with its turns.

        Raises:
            NotFoundError: no event of an agent names it.
        """
        whole = self.one(session)
        seal = self.sealed(session)
        return self._with_seal(rendered(whole, 0 if seal is None else seal.until), whole)

    def _with_seal(self, answer: dict[str, Any], whole: Whole) -> dict[str, Any]:
        """The same with how much of it is sealed: ``all``, ``part`` or ``none`` of its entries, and by which seal."""
        seal = self.sealed(whole.session.session)
        if seal is None:
            return answer | {"sealed": "none"}
        ends = "all" if whole.positions[-1] < seal.until else "part"
        return answer | {"sealed": ends, "seal": seal.to_json()}

    def stats(self, asked: Asked, by: Sequence[Sequence[str]], author: str = "") -> dict[str, Any]:
        """Sums over sessions in tables.

        Args:
            asked: which sessions; of a model, its answers alone.
            by: what each table is told apart by.
            author: whose sessions; empty: anybody's.

        Raises:
            UsageError: they cannot be told apart by that, or there are too many.
        """
        unknown = [name for names in by for name in names if name not in SUMS_BY]
        if unknown or not by or not all(by) or len(by) > MOST_TABLES:
            raise UsageError(
                "sessions cannot be summed by that", expected=f"{', '.join(SUMS_BY)}, in at most {MOST_TABLES} tables",
                got="; ".join(", ".join(names) for names in by)[:80], field="by",
            )  # fmt: skip
        wanted = asked.wanted()
        if author:
            wanted = wanted._replace(terms=(*wanted.terms, *Asked(actor=author).wanted().terms))
        places = self._store.listed(wanted, None, MOST_SUMMED + 1)
        if len(places) > MOST_SUMMED:
            raise UsageError(
                "these are too many sessions to sum up at once", expected=f"at most {MOST_SUMMED}",
                got="more", field="start",
                hint=f"name a repository or an agent, or ask from {to_text(places[MOST_SUMMED].last + 1)} on",
            )  # fmt: skip
        tables = tuple(tuple(dict.fromkeys(names)) for names in by)
        found = self._read(places, _TOGETHER)
        return summed(found, Asking(tables, asked.start, asked.end, asked.model, author))

    def ids(self, asked: Asked) -> set[str]:
        """The ids of the sessions that are asked for."""
        return {place.session for place in self._store.listed(asked.wanted(), None, None)}

    def named(self, sessions: Sequence[str]) -> list[Whole]:
        """Those of some sessions that there are."""
        asked = [name for name in sessions if name and name.isprintable() and not set(name) & set('"\\')]
        if not asked:
            return []
        term = " OR ".join(f'session:"{name}"' for name in asked)
        return list(self._read(self._store.listed(Wanted((f"({term})",)), None, None)))

    def places(self) -> list[Placed]:
        """All sessions, newest first: what seals are held against."""
        return self._store.listed(Wanted(), None, None)

    def some(self, places: Sequence[Placed]) -> Iterator[Whole]:
        """Some of them, whole."""
        return self._read(places, _TOGETHER)

    def figures_then(self, asked: Iterable[Then]) -> Iterator[Figures | None]:
        """The figures of sessions as they were, in the order they are asked for.

        None for one of whose entries some cannot be read any more.
        """
        for part in together(asked, lambda one: len(one.positions), THEN, _TOGETHER):
            told = self._store.told({one.session for one in part})
            mine = [[event for event in told[one.session] if event.seq in one.positions] for one in part]
            names, parents = shared([event for events in mine for event in events])
            others = _Others(self._store.usages((), names, parents))
            for one, events in zip(part, mine, strict=True):
                if {event.seq for event in events} != one.positions:
                    yield None
                else:
                    yield figures_of({one.session: events}, partial(others.beside, one.until), self.book())[one.session]

    def _read(self, places: Sequence[Placed], events: int = 0) -> Iterator[Whole]:
        """Sessions whole, some at a time: :data:`BATCH`, or more as long as they have no more events than that."""
        book = self.book()
        for part in _parts(places, events):
            told = self._store.told([place.session for place in part])
            figures = figures_of(told, self._store.usages, book)
            built = {place: build(place.session, told[place.session], MOST_TOLD) for place in part}
            unread = self._store.unread(
                {name for one in built.values() for name in one.acquisitions.get(TRANSCRIPT, ())}
            )
            gaps = self._gaps(built)
            for place, session in built.items():
                covered = reconcile(session, gaps[place], unread)
                positions = tuple(sorted({one.seq for one in told[place.session]}))
                yield Whole(place, session, figures[place.session], covered, positions)

    def _gaps(self, built: Mapping[Placed, Session]) -> dict[Placed, list[Told]]:
        """What capture said it could not take, of each session's repository while it ran."""
        names = {session.repository for session in built.values() if session.repository}
        spans = {place: (place.first - _AROUND, place.last + _AROUND) for place in built}
        found = self._store.gaps(names, min(a for a, _ in spans.values()), max(b for _, b in spans.values()))
        return {
            place: [gap for gap in found if spans[place][0] <= _stated(gap, "last_at")
                    and _stated(gap, "first_at") <= spans[place][1]
                    and session.repository in {gap.key("repository:"), gap.key("")}]
            for place, session in built.items()
        }  # fmt: skip


class _Others:
    """What any session told of some answers, and of what forks took over, read at once for many of them."""

    def __init__(self, told: Sequence[Told]) -> None:
        self._of_answer: dict[str, list[Told]] = {}
        self._of_session: dict[str, list[Told]] = {}
        for one in told:
            self._of_session.setdefault(one.event.session, []).append(one)
            usage = usage_of(one.event)
            if usage is not None and usage.message_id:
                self._of_answer.setdefault(usage.message_id, []).append(one)

    def beside(
        self, until: int, sessions: Collection[str], messages: Collection[str], parents: Collection[str]
    ) -> list[Told]:
        """As the store's ``usages`` answers, of what was there before a position."""
        found = {
            (one.seq, one.sub): one
            for known, names in ((self._of_answer, messages), (self._of_session, parents))
            for name in names
            for one in known.get(name, ())
            if one.seq < until and one.event.session not in sessions
        }
        return [found[place] for place in sorted(found)]


def together(asked: Iterable[_T], weight: Callable[[_T], int], most: int, heaviest: int) -> Iterator[list[_T]]:
    """What is read together: at most so many, and so many entries unless one has more.

    Args:
        asked: any number.
        weight: how many entries one has.
        most: of one part.
        heaviest: entries of one part.
    """
    part: list[_T] = []
    held = 0
    for one in asked:
        size = weight(one)
        if part and (len(part) >= most or held + size > heaviest):
            yield part
            part, held = [], 0
        part.append(one)
        held += size
    if part:
        yield part


def _parts(places: Sequence[Placed], events: int) -> Iterator[list[Placed]]:
    part: list[Placed] = []
    held = 0
    for place in places:
        if len(part) >= BATCH and held + place.events > events:
            yield part
            part, held = [], 0
        part.append(place)
        held += place.events
    if part:
        yield part


def _stated(gap: Told, name: str) -> int:
    """From or until when something is missing, as the gap says; else when it was told."""
    about = orjson.loads(gap.event.attributes).get("vestige_capture", {})
    stated = about.get(name) if isinstance(about, dict) else None
    return stated if isinstance(stated, int) else gap.at or 0


def _unknown(session: str) -> NotFoundError:
    return NotFoundError(f"no session {session[:80]!r}", hint="`vestige agent sessions` shows those that were taken in")
