"""Seals of agents' sessions: what was in the ledger of a session at a time, said by an entry of kind ``seal``.

A seal names the session and all its entries so far: how many, the first and the last, their positions as ranges, and
SHA-256 over ``vestige/session-seal/v1``, a line feed, and their leaf hashes in order; and what they came to: tokens,
cost with the price table, coverage. A later one of a session names the earlier in ``refs``. Nothing in it is free text.

A seal is checked by working that out again from the ledger. Where entries were erased or redacted since, what they said
is gone, but not their leaves: digest and count are checked all the same.

Prices may become known, or be agreed on, later than a seal. What it then comes to is said beside it, by an entry of
kind ``amendment`` that names the seal, and the amendment before, in ``refs``, and has both sums with their price
tables. The seal stays as it is.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from decimal import Decimal
from itertools import compress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.app.sessions import Then, together
from vestige.ledger import Draft, Kind, Status, act_entry
from vestige.model.errors import NotFoundError, ProofError
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from vestige.agents.figures import Figures
    from vestige.app.sessions import Sessions, Whole
    from vestige.ledger import Ledger, StoredEntry, Transaction
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable

DOMAIN: Final = b"vestige/session-seal/v1\n"
_CHUNK: Final = 5_000
"""Entries that are read together."""
_A_PART: Final = 200
"""Seals of one transaction, and those whose entries are read together."""
_LEAF: Final = b"\x00"
_CHECKED: Final = ("entries", "first", "last", "digest")
AMENDED: Final = "seal.amended"
_AMENDS: Final = "session_seal"
_REASON: Final = "prices"


class Amendment(NamedTuple):
    """What a seal came to by other prices, as its entry states it."""

    id: str
    body: dict[str, Any]
    refs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As answers have it: ``before`` and ``after``, each with its price tables; no sum where there was none."""
        return {"id": self.id} | {name: self.body.get(name, {}) for name in ("before", "after")}


class Seal(NamedTuple):
    """A seal as its entry states it."""

    id: str
    position: int
    body: dict[str, Any]
    refs: tuple[str, ...]
    amendments: tuple[Amendment, ...] = ()

    @property
    def sum(self) -> dict[str, str]:
        """What it comes to, as it was said last: ``cost_usd``, if it has one, and ``prices``."""
        said = self.amendments[-1].body.get("after", {}) if self.amendments else self.body
        return {name: str(said[name]) for name in ("cost_usd", "prices") if name in said}

    @property
    def session(self) -> str:
        """Whose it is."""
        return str(self.body.get("session", ""))

    @property
    def until(self) -> int:
        """The position behind its last entry."""
        ranges = self.body.get("ranges") or [[0, 0]]
        return int(ranges[-1][1])

    def to_json(self) -> dict[str, Any]:
        """As answers have it."""
        names = ("session", "entries", "first", "last", "digest", "tokens", "cost_usd", "prices", "coverage")
        told = {name: self.body[name] for name in names if name in self.body}
        if self.amendments:
            told["amendments"] = [one.to_json() for one in self.amendments]
        return {"id": self.id} | told | ({"earlier": self.refs[0]} if self.refs else {})


def seals_in(
    ledger: Ledger, tenant: str, lo: int, hi: int, kinds: Sequence[Kind] = (Kind.SEAL,)
) -> Iterator[tuple[StoredEntry, dict[str, Any]]]:
    """The entries of kind ``seal``, or of these, in a range of positions, and what each says."""
    for entry in ledger.entries_of(tenant, list(kinds), lo, hi):
        try:
            body = orjson.loads(ledger.opened(entry))
        except (ProofError, NotFoundError, orjson.JSONDecodeError):
            continue  # the verification of the ledger names it; nobody's seal can be read from it
        if isinstance(body, dict):
            yield entry, body


class Seals:
    """The seals of one tenant. Safe to share between threads."""

    def __init__(self, ledger: Ledger, tenant: str, sessions: Sessions) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._sessions = sessions
        self._lock = threading.Lock()
        self._sealing = threading.Lock()
        self._seen = 0
        self._found: dict[str, list[Seal]] = {}
        self._amended: dict[str, list[Amendment]] = {}
        """By the seal's id."""

    def of(self, session: str) -> Seal | None:
        """A session's last seal."""
        with self._lock:
            self._read_on()
            return next(iter(self._amended_of(self._found.get(session, ())[-1:])), None)

    def seal(
        self, by: Principal, session: str = "", hold: Callable[[Transaction], None] | None = None
    ) -> list[dict[str, Any]]:
        """Seal a session, or all, that have events newer than their last seal.

        Args:
            by: who does it.
            session: which; empty: every one.
            hold: called within each transaction before anything is written.

        Raises:
            NotFoundError: there is no such session.
        """
        if session:
            return self._seal([self._sessions.one(session)], by, hold)
        places = self._sessions.places()
        known = self._lasts(one.session for one in places)
        late = [one for one in places if one.newest >= _until(known.get(one.session))]
        return self._seal(self._sessions.some(late), by, hold)

    def seal_these(self, by: Principal, wholes: Sequence[Whole]) -> None:
        """Seal those of some sessions that have gone on since their last seal.

        Args:
            by: who does it.
            wholes: the sessions, as they were just read.
        """
        self._seal(wholes, by, None)

    def _seal(
        self, wholes: Iterable[Whole], by: Principal, hold: Callable[[Transaction], None] | None
    ) -> list[dict[str, Any]]:
        """Seal those that have gone on, :data:`_A_PART` in a transaction; what was sealed, as answers say it.

        A thousand sessions in transactions of their own would be a thousand times that a disk is waited for.
        """
        made: list[dict[str, Any]] = []
        for part in together((one for one in wholes if one.positions), lambda one: len(one.positions), _A_PART, _CHUNK):
            known = self._lasts(one.session.session for one in part)
            late = [one for one in part if one.positions[-1] >= _until(known.get(one.session.session))]
            if late:
                told = self._worked_out(whole.positions for whole in late)
                made += self._say([_body(whole, one, by) for whole, one in zip(late, told, strict=True)], hold)
        return made

    def _say(
        self, bodies: Sequence[dict[str, Encodable]], hold: Callable[[Transaction], None] | None
    ) -> list[dict[str, Any]]:
        """Write seals, each behind the last that its session has by then, but for those that say nothing new.

        What others sealed meanwhile is asked for within the transaction: two who seal at once, in this process or on
        two servers, make a row of it and no fork.
        """
        due: list[tuple[dict[str, Encodable], tuple[str, ...]]] = []

        def drafts(tx: Transaction) -> list[Draft]:
            if hold is not None:
                hold(tx)
            known = self._lasts(str(body["session"]) for body in bodies)
            due.clear()
            for body in bodies:
                last = known.get(str(body["session"]))
                if last is None or last.until < Seal("", 0, dict(body), ()).until:
                    due.append((body, () if last is None else (last.id,)))
            return [Draft(Kind.SEAL, canonical(body), refs=refs) for body, refs in due]

        with self._sealing:
            items = self._ledger.transact(self._tenant, drafts).items
        return [
            Seal(item.ids[0], item.positions[0], dict(body), refs).to_json()
            for item, (body, refs) in zip(items, due, strict=True)
        ]

    def _worked_out(self, asked: Iterable[Sequence[int]]) -> Iterator[dict[str, Encodable]]:
        """What a seal says of its entries, from their leaves alone: of each of some seals, in their order."""
        for part in together(asked, len, _A_PART, _CHUNK):
            leaves = self._leaves(sorted({at for positions in part for at in positions}))
            for positions in part:
                found = [leaves[at] for at in positions if at in leaves]
                digest = hashlib.sha256(DOMAIN)
                for _, leaf in found:
                    digest.update(leaf)
                yield {
                    "entries": len(found), "first": found[0][0] if found else "", "last": found[-1][0] if found else "",
                    "digest": digest.hexdigest(),
                }  # fmt: skip

    def _leaves(self, positions: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        """The id and the leaf hash of entries, by position; the hash of the leaf's bytes, not what is kept beside."""
        return {
            entry.position: (entry.id, hashlib.sha256(_LEAF + entry.leaf).digest())
            for begin in range(0, len(positions), _CHUNK)
            for entry in self._ledger.at(self._tenant, positions[begin : begin + _CHUNK])
        }

    def amend(self, by: Principal, hold: Callable[[Transaction], None] | None = None) -> dict[str, int]:
        """Say beside each seal what it comes to by the prices of now, where that is not what was said last.

        Of a seal whose entries can no longer all be read nothing is said.

        Args:
            by: who lets it be done.
            hold: called within each transaction before anything is written.

        Returns:
            How many were ``amended``, and of how many the figures are ``withheld``.
        """
        amended = withheld = 0
        for seal, told in self._then([seal for seals in self._caught_up().values() for seal in seals]):
            if told is None:
                withheld += 1
                continue
            now = _sum_of(told)
            if _same_sum(now, seal.sum):
                continue
            pair = self._amendment(seal, now, by)

            def say(tx: Transaction, pair: list[Draft] = pair) -> list[Draft]:
                if hold is not None:
                    hold(tx)
                return pair

            made = self._ledger.transact(self._tenant, say).items[0]
            amended += made.statuses[0] is Status.ACCEPTED
        return {"amended": amended, "withheld": withheld}

    def _amendment(self, seal: Seal, now: dict[str, str], by: Principal) -> list[Draft]:
        """The entry and the act behind it, of each of which the ledger takes one, whoever says the same how often."""
        refs = (seal.id, *(one.id for one in seal.amendments[-1:]))
        body: dict[str, Encodable] = {
            "amends": _AMENDS, "session": seal.session, "fields": ["cost_usd", "prices"], "reason": _REASON,
            "before": dict(seal.sum), "after": dict(now),
        }  # fmt: skip
        payload = canonical(body)
        said: dict[str, Encodable] = {"reason": _REASON, "session": seal.session, "set": dict(now)}
        act = act_entry(AMENDED, by, said, f"seal:{seal.id}")
        keys = [self._ledger.dedup_key(self._tenant, what, *(one.encode() for one in refs), payload)
                for what in (b"seal-amendment", b"seal-amendment-act")]  # fmt: skip
        return [Draft(Kind.AMENDMENT, payload, refs=refs, dedup=keys[0]), replace(act, dedup=keys[1])]

    def _then(self, seals: Sequence[Seal]) -> Iterator[tuple[Seal, Figures | None]]:
        """Seals, each with what was told when it was sealed; none if some of it cannot be read any more."""
        readable = [_is_readable(seal) for seal in seals]
        told = self._sessions.figures_then(
            Then(seal.session, set(_positions(seal)), seal.position) for seal in compress(seals, readable)
        )
        for seal, is_readable in zip(seals, readable, strict=True):
            yield seal, next(told) if is_readable else None

    def verify(self) -> dict[str, Any]:
        """Work every seal out again, and name those that differ, each with what it says and what the ledger says."""
        found = self._caught_up()
        pairs = [pair for seals in found.values() for pair in zip([None, *seals], seals, strict=False)]
        differ: list[dict[str, Any]] = []
        withheld = 0
        seals = [seal for _, seal in pairs]
        entries = self._worked_out(_positions(seal) if _is_readable(seal) else [] for seal in seals)
        for (before, seal), (_, told), now in zip(pairs, self._then(seals), entries, strict=True):
            withheld += told is None
            wrong = _wrong(seal, before, told, now)
            if wrong:
                differ.append({"seal": seal.id, "session": seal.session, "differs": wrong})
        return {"ok": not differ, "seals": len(pairs), "figures_withheld": withheld, "differ": differ}

    def _caught_up(self) -> dict[str, list[Seal]]:
        with self._lock:
            self._read_on()
            return {session: self._amended_of(seals) for session, seals in self._found.items()}

    def _lasts(self, sessions: Iterable[str]) -> dict[str, Seal]:
        """The last seal of each of some sessions that has one, without what was amended of it."""
        with self._lock:
            self._read_on()
            return {session: self._found[session][-1] for session in sessions if session in self._found}

    def _amended_of(self, seals: Iterable[Seal]) -> list[Seal]:
        return [one._replace(amendments=tuple(self._amended.get(one.id, ()))) for one in seals]

    def _read_on(self) -> None:
        """Read what has come since; under the lock."""
        head = self._ledger.head(self._tenant)
        for entry, body in seals_in(self._ledger, self._tenant, self._seen, head, (Kind.SEAL, Kind.AMENDMENT)):
            # What comes behind may fail to be read; then the next who asks goes on from here.
            self._seen = entry.position + 1
            if "session" not in body:
                continue
            refs = tuple(orjson.loads(entry.leaf).get("refs", ()))
            if entry.kind is Kind.AMENDMENT:
                if body.get("amends") == _AMENDS and refs:
                    self._amended.setdefault(refs[0], []).append(Amendment(entry.id, body, refs))
            else:
                self._found.setdefault(str(body["session"]), []).append(Seal(entry.id, entry.position, body, refs))
        self._seen = max(self._seen, head)


def _until(last: Seal | None) -> int:
    return 0 if last is None else last.until


def _body(whole: Whole, entries: dict[str, Encodable], by: Principal) -> dict[str, Encodable]:
    covered, told = whole.coverage, whole.figures.tokens
    body: dict[str, Encodable] = {
        "by": by.name,
        "session": whole.session.session,
        **entries,
        "ranges": [list(pair) for pair in _ranges(whole.positions)],
        "tokens": dict(told._asdict()),
        "coverage": {
            "calls": covered.calls, "by_all": covered.by_all, "snapshots": covered.snapshots,
            "witnesses": list(covered.witnesses), "holes": covered.found, "by": dict(covered.by),
        },
    }  # fmt: skip
    return body | _sum_of(whole.figures)


def _sum_of(told: Figures) -> dict[str, str]:
    """What figures come to, as a seal says it: no sum where anything has no price, or nobody told tokens."""
    cost = told.cost
    is_known = told.answers and cost.amount is not None
    return {"prices": cost.table} | ({"cost_usd": f"{cost.amount:f}"} if is_known else {})


def _same_sum(one: dict[str, str], other: dict[str, str]) -> bool:
    texts = one.get("cost_usd"), other.get("cost_usd")
    if texts[0] is None or texts[1] is None:
        return texts[0] == texts[1]
    try:
        return Decimal(texts[0]) == Decimal(texts[1])
    except ArithmeticError:
        return False


def _wrong(seal: Seal, before: Seal | None, told: Figures | None, now: Mapping[str, Encodable]) -> list[dict[str, Any]]:
    """What of a seal is not as the ledger has it.

    Args:
        seal: it.
        before: the session's seal before it.
        told: what its entries come to; none where some of them cannot be read any more.
        now: what it would say of its entries.
    """
    if not _is_readable(seal):
        return [{"field": "ranges", "sealed": "unreadable", "ledger": ""}]
    wrong = [
        {"field": name, "sealed": seal.body.get(name), "ledger": now[name]}
        for name in _CHECKED if seal.body.get(name) != now[name]
    ]  # fmt: skip
    if seal.refs != ((before.id,) if before else ()):
        wrong.append({"field": "refs", "sealed": list(seal.refs), "ledger": [before.id] if before else []})
    wrong += _broken(seal)
    if told is None:
        return wrong
    # By other tables than those at hand a sum cannot be worked out again.
    comes_to = _sum_of(told)
    if comes_to["prices"] == seal.sum.get("prices") and not _same_sum(comes_to, seal.sum):
        wrong.append({"field": "cost_usd", "sealed": seal.sum.get("cost_usd"), "ledger": comes_to.get("cost_usd")})
    tokens = told.tokens._asdict()
    if tokens != seal.body.get("tokens"):
        wrong.append({"field": "tokens", "sealed": seal.body.get("tokens"), "ledger": tokens})
    return wrong


def _broken(seal: Seal) -> list[dict[str, Any]]:
    """Where amendments of a seal do not begin with what was said before, or do not name the one before."""
    wrong: list[dict[str, Any]] = []
    for number, one in enumerate(seal.amendments):
        before = seal._replace(amendments=seal.amendments[:number])
        if one.body.get("before") != before.sum:
            wrong.append({"field": "amendment", "sealed": one.body.get("before"), "ledger": before.sum})
        if one.refs != (seal.id, *(earlier.id for earlier in before.amendments[-1:])):
            wrong.append({"field": "amendment", "sealed": list(one.refs), "ledger": [seal.id]})
    return wrong


def _is_readable(seal: Seal) -> bool:
    """Whether it says which entries it is of."""
    try:
        return all(int(lo) <= int(hi) for lo, hi in seal.body["ranges"])
    except (KeyError, TypeError, ValueError):
        return False


def _positions(seal: Seal) -> list[int]:
    return [at for lo, hi in seal.body["ranges"] for at in range(int(lo), int(hi))]


def _ranges(positions: Sequence[int]) -> list[tuple[int, int]]:
    """Rising numbers as half-open ranges."""
    found: list[tuple[int, int]] = []
    for at in positions:
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found
