"""Holds: evidence that may not be erased, whoever asks, until whoever may releases it.

A hold protects entries, not a predicate (ledger.md section 6). When it is set, and again before every erasure, what it
is about is looked for among the candidates, and what matched is written down: a ``hold_scope`` entry with the ranges
and how far was looked. What once matched stays held until the ``release``. The eraser refuses what is in a scope, and
what lies beyond how far a hold was looked for, so that a hold set between look and erasure makes it look again.

Times count both ways: a stretch of time holds what occurred in it, by the corrected clock, and what was received in it,
so that what has no time, could not be read, or was redacted is held with the rest of its day.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.custody.criteria import ALL, ENTITY, QUERY, Criteria
from vestige.ledger import Draft, Kind, act_entry
from vestige.ledger.ranges import RangeSet, ranges_of
from vestige.model.errors import BusyError, InputError, NotFoundError, QueryError, UnlookedError, VestigeError
from vestige.model.instant import now, parse_bound, to_text
from vestige.model.principal import Principal
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vestige.custody.store import Matching
    from vestige.ledger import Ledger, StoredEntry
    from vestige.ledger.history import History
    from vestige.proof.canonical import Encodable

SET: Final = "hold.set"
RELEASED: Final = "hold.released"
EXPIRED: Final = "expired"
EPOCH: Final = "with its epoch"
CODE: Final = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
MOST: Final = 1000
"""Holds in force at a time: each is looked for before every erasure."""
_PAGE: Final = 20_000
"""Ranges of one scope entry."""


class Hold(NamedTuple):
    """A hold, in force or released. Times are as the ledger has them: RFC 3339."""

    id: str
    position: int
    since: str
    by: str
    reason: str
    because: str
    criteria: Criteria | None
    """``None`` where they are lost: then everything is held."""
    expires: str
    released: str = ""
    """When; empty while it is in force."""

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself; its ``release`` entry follows before the next erasure."""
        return bool(self.expires) and parse_bound(self.expires, field="expires") <= now()

    @property
    def in_force(self) -> bool:
        """Whether it protects what it is about."""
        return not self.released and not self.ended

    def to_json(self) -> dict[str, Any]:
        """As it is shown; ``criteria_lost`` where they are, so that it holds everything."""
        shown = {
            "id": self.id,
            "in_force": self.in_force,
            "since": self.since,
            "by": self.by,
            "reason": self.reason,
            "because": self.because,
            "criteria": {"everything": "yes"} if self.criteria is None else self.criteria.to_json(),
            "expires": self.expires,
            "released": self.released,
        }
        lost = {"criteria_lost": True} if self.criteria is None else {}
        return {name: value for name, value in shown.items() if value != ""} | lost


class Holds:
    """The holds of one tenant.

    ``redacted`` tells the positions in a range whose records are redacted: the index no longer knows what they say, so
    a hold that is about what records say protects every one of them.
    """

    def __init__(
        self,
        ledger: Ledger,
        tenant: str,
        matching: Matching,
        redacted: Callable[[int, int], Sequence[int]] = lambda _lo, _hi: (),
    ) -> None:
        self._ledger = ledger
        self._redacted = redacted
        self._tenant = tenant
        self._matching = matching
        self._known: tuple[int, list[Hold]] = (-1, [])

    def all(self) -> list[Hold]:
        """Every hold, the newest first. One of a closed epoch is released: what goes on was set again behind it."""
        head = self._ledger.head(self._tenant)
        if self._known[0] == head:
            return self._known[1]
        base = self._ledger.log(self._tenant).base
        released: dict[str, str] = {}
        found = []
        for entry in self._ledger.entries_of(self._tenant, [Kind.HOLD, Kind.RELEASE], hi=head):
            if entry.kind is Kind.RELEASE:
                released[str(_body(entry).get("hold"))] = _at(entry)
            else:
                found.append(self._hold(entry))
                if entry.position < base:
                    released.setdefault(entry.id, EPOCH)
        holds = [hold._replace(released=released.get(hold.id, "")) for hold in reversed(found)]
        self._known = head, holds
        return holds

    def one(self, identity: str) -> Hold:
        """A hold by its id.

        Raises:
            NotFoundError: there is none.
        """
        found = next((hold for hold in self.all() if hold.id == identity), None)
        if found is None:
            raise NotFoundError(
                "there is no such hold", expected="an id that `vestige hold list` shows", got=identity[:40]
            )
        return found

    def set(
        self, criteria: Criteria, by: Principal, *, reason: str, because: str = "", expires: str = "", indexed: int
    ) -> Hold:
        """Set a hold, and write down what it protects of all there is.

        Args:
            criteria: what it is about.
            by: who sets it.
            reason: a code, which is never erased: ``litigation``.
            because: more of it in words.
            expires: when it ends by itself; empty for never.
            indexed: up to which position the index has the log.

        Raises:
            InputError: no code, or an end that is no time or has passed.
            BusyError: there are too many holds.
        """
        self.check_reason(reason)
        if expires:
            end = parse_bound(expires, field="expires")
            if end <= now():
                raise InputError(
                    "the hold would have ended already", expected="a time to come", got=expires, field="expires"
                )
            expires = to_text(end)
        if sum(hold.in_force for hold in self.all()) >= MOST:
            raise BusyError(f"{MOST} holds are in force", hint="release one that is no longer needed")
        drafts = _setting(criteria, by, reason, because, expires)
        committed = self._ledger.transact(self._tenant, lambda _: drafts)
        hold = self.one(committed.items[0].ids[0])
        self._evaluate([hold], [], indexed)
        return hold

    def set_again(self) -> list[Draft]:
        """The entries that set every hold in force once more: what a new epoch of the log begins with."""
        return [draft for hold in reversed(self.all()) if hold.in_force for draft in _again(hold)]

    def around(self, by: Principal, *, reason: str) -> Callable[[Sequence[str]], tuple[list[Draft], list[Draft]]]:
        """The entries that release holds before an erasure, and set those that have not ended again behind it.

        What is answered raises :class:`UnlookedError` where one was set since.
        """
        known = {hold.id: hold for hold in self.all()}

        def made(ids: Sequence[str]) -> tuple[list[Draft], list[Draft]]:
            if not known.keys() >= set(ids):
                raise UnlookedError(
                    "a hold was set meanwhile; nothing was erased", got="an unknown one", hint="try again"
                )
            before = [draft for one in ids for draft in _releasing(one, by, reason)]
            return before, [draft for one in ids if known[one].in_force for draft in _again(known[one])]

        return made

    def release(
        self, identity: str, by: Principal, *, reason: str, agreed: Mapping[str, Encodable] | None = None
    ) -> Hold:
        """Release a hold, with a reason; ``agreed`` is what the act says of the proposal it carries out.

        Raises:
            NotFoundError: there is no such hold in force.
            InputError: the reason is no code.
        """
        self.check_reason(reason)
        self.one(identity)

        def act(history: History) -> list[Draft]:
            if identity not in history.holds:
                raise NotFoundError("the hold was released already", expected="one in force", got=identity)
            return _releasing(identity, by, reason, agreed)

        self._ledger.erasures.decide(self._tenant, act)
        return self.one(identity)

    def expire(self, by: Principal) -> list[str]:
        """Release what has ended by itself; the ids."""
        ended = [hold.id for hold in self.all() if not hold.released and hold.ended]

        def act(history: History) -> list[Draft]:
            return [draft for one in ended if one in history.holds for draft in _releasing(one, by, EXPIRED)]

        if ended:
            self._ledger.erasures.decide(self._tenant, act)
        return ended

    def evaluate(self, ranges: Sequence[tuple[int, int]], indexed: int) -> None:
        """Look for what each hold in force is about among candidates, and in all it was not looked for yet.

        Args:
            ranges: of positions.
            indexed: up to which position the index has the log.

        Raises:
            BusyError: the index has not got as far as the candidates.
        """
        top = max((hi for _, hi in ranges), default=0)
        if indexed < top:
            raise BusyError("the index has not got as far as what is to be erased", hint="try again in a moment")
        self._evaluate([hold for hold in self.all() if not hold.released], ranges, indexed)

    def protecting(self, ranges: Sequence[tuple[int, int]]) -> dict[str, RangeSet]:
        """What of these positions each hold in force protects: what it once matched, and what it meets by now.

        Nothing is written down by it; an erasure looks for itself (:meth:`evaluate`).
        """
        base = self._ledger.log(self._tenant).base
        history = self._ledger.erasures.holding(self._tenant)
        found: dict[str, RangeSet] = {}
        for hold in self.all():
            if not hold.in_force or hold.id not in history.holds:
                continue
            kept = RangeSet()
            scope = history.scope(hold.id)
            for lo, hi in ranges:
                for a, b in scope.within(lo - base, hi - base):
                    kept.add(a + base, b + base)
                for a, b in self._matched(hold, lo, hi):
                    kept.add(a, b)
            found[hold.id] = kept
        return found

    def permit(self, ranges: Sequence[tuple[int, int]], indexed: int) -> None:
        """Refuse an erasure of these positions that a hold forbids, before anything is begun.

        Raises:
            HeldError: a hold protects one of the entries.
            ConflictError: nothing of it is left.
            BusyError: the index has not got that far.
        """
        self.evaluate(ranges, indexed)
        base = self._ledger.log(self._tenant).base
        self._ledger.erasures.permit(self._tenant, [(lo - base, hi - base) for lo, hi in ranges])

    def over(self, position: int) -> list[Hold]:
        """The holds that protect an entry: those it is in the scope of, and those it meets by now."""
        log, seq = self._ledger.log(self._tenant).locate(position)
        in_force = [hold for hold in self.all() if hold.in_force]
        if not in_force or log.epoch != self._ledger.log(self._tenant).epoch:
            return []
        scoped = set(self._ledger.erasures.holding(self._tenant).holding(seq))
        return [hold for hold in in_force if hold.id in scoped or any(self._matched(hold, position, position + 1))]

    @staticmethod
    def check_reason(reason: str) -> None:
        """Refuse a reason that is no code.

        Raises:
            InputError: it is none.
        """
        if not CODE.fullmatch(reason):
            raise InputError(
                "a reason is a code, since it is never erased",
                expected="a small letter, then up to 39 of a-z 0-9 _ . -",
                got=reason[:60],
                field="reason",
            )

    def _evaluate(self, holds: Sequence[Hold], ranges: Sequence[tuple[int, int]], indexed: int) -> None:
        base = self._ledger.log(self._tenant).base
        history = self._ledger.erasures.holding(self._tenant)
        made: list[tuple[str, Draft]] = []
        for hold in holds:
            if hold.id not in history.holds:
                continue  # released meanwhile
            looked = [*ranges, (base + max(history.evaluated_to(hold.id), 0), indexed)]
            found = [
                (begin - base, end - base)
                for lo, hi in looked
                if max(lo, base) < hi
                for begin, end in self._matched(hold, max(lo, base), hi)
            ]
            pages = [found[at : at + _PAGE] for at in range(0, len(found), _PAGE)] or [[]]
            made += [(hold.id, _scope(hold.id, page, indexed - base)) for page in pages]

        def act(now_held: History) -> list[Draft]:
            return [draft for hold, draft in made if hold in now_held.holds]

        if made:
            self._ledger.erasures.decide(self._tenant, act)

    def _matched(self, hold: Hold, lo: int, hi: int) -> Iterator[tuple[int, int]]:
        if hold.criteria is None:
            yield lo, hi
            return
        try:
            yield from self._matching.ranges(hold.criteria, lo, hi)
        except QueryError:
            yield lo, hi
        if hold.criteria.kind in {QUERY, ENTITY}:
            yield from ranges_of(self._redacted(lo, hi))

    def _hold(self, entry: StoredEntry) -> Hold:
        body = _body(entry)
        said = self._said(entry.position + 1)
        criteria = None
        with suppress(VestigeError):
            criteria = Criteria.of(said.get("detail", {}).get("criteria", {}))
        if criteria is not None and criteria.digest != body.get("criteria_sha256"):
            criteria = None
        detail = said.get("detail", {})
        return Hold(
            entry.id,
            entry.position,
            _at(entry),
            str(said.get("by", "")),
            str(body.get("reason", "")),
            str(detail.get("because", "")),
            criteria,
            str(body.get("expires", "")),
        )

    def _said(self, position: int) -> dict[str, Any]:
        """What the act behind a hold's entry says; nothing where it was erased."""
        for entry in self._ledger.read(self._tenant, position, position + 1):
            if entry.kind is Kind.AUDIT and entry.salt is not None:
                said = orjson.loads(self._ledger.opened(entry))
                if isinstance(said, dict) and said.get("act") == SET:
                    return said
        return {}


def _scope(hold: str, ranges: Sequence[tuple[int, int]], evaluated_to: int) -> Draft:
    body: dict[str, Encodable] = {"evaluated_to": evaluated_to, "hold": hold, "ranges": [[lo, hi] for lo, hi in ranges]}
    return Draft(Kind.HOLD_SCOPE, canonical(body), refs=(hold,))


def _setting(criteria: Criteria, by: Principal, reason: str, because: str, expires: str) -> list[Draft]:
    body = {"criteria_sha256": criteria.digest, "kind": criteria.kind, "reason": reason}
    detail: dict[str, Encodable] = {
        "because": because,
        "criteria": dict(criteria.to_json()),
        "expires": expires,
        "reason": reason,
    }
    hold = Draft(Kind.HOLD, canonical(body | ({"expires": expires} if expires else {})))
    return [hold, act_entry(SET, by, detail, "hold")]


def _again(hold: Hold) -> list[Draft]:
    criteria = hold.criteria or Criteria(ALL)
    return _setting(criteria, Principal(hold.by), hold.reason, hold.because, hold.expires)


def _releasing(hold: str, by: Principal, reason: str, agreed: Mapping[str, Encodable] | None = None) -> list[Draft]:
    detail: dict[str, Encodable] = {"after": "released", "before": "in force", "reason": reason, **(agreed or {})}
    release = Draft(Kind.RELEASE, canonical({"hold": hold, "reason": reason}), refs=(hold,))
    return [release, act_entry(RELEASED, by, detail, f"hold:{hold}")]


def _body(entry: StoredEntry) -> dict[str, Any]:
    found = orjson.loads(entry.payload or b"{}")
    return found if isinstance(found, dict) else {}


def _at(entry: StoredEntry) -> str:
    return str(orjson.loads(entry.leaf)["at"])
