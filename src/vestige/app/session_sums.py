"""Sums over sessions, told apart by what one asks for; each sum says which sessions, and which entries, are behind it.

A session is taken apart into *shares*: one for each thing that was done, one for each answer that took tokens. A share
that states a time is summed where that lies, one that states none where its session does. Only answers know their own
model; what was done goes to the model its session used most. How long a session took and how far it is covered are its
own: in a sum of a part of it, they are those of the whole.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache, partial
from statistics import median
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.agents.prices import Cost, named, price_of
from vestige.agents.savings import Savings, savings_of
from vestige.agents.software import programs_in
from vestige.agents.tokens import Tokens
from vestige.app.session_answers import cost_json, digits, tokens_json
from vestige.model.instant import NANOS, parse_bound, to_text
from vestige.sources.agents.tools import server_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vestige.agents.prices import Book
    from vestige.agents.session import Step
    from vestige.agents.tokens import Answer
    from vestige.app.sessions import Whole
    from vestige.sources.agents import Usage

OF_CALLS: Final = ("tool", "server", "program")
"""What calls are told apart by: nobody knows which of them took which tokens. A call may run several programs."""
SUMS_BY: Final = ("agent", "author", "model", "repository", "day", "week", "witnesses", *OF_CALLS)
_STEPS: Final = {"day": 1, "week": 7}
MOST_ROWS: Final = 1_000
"""Rows of one table; those with the most done and answered are told."""
MOST_NAMED: Final = 30
"""Sessions that a sum names, the one seen last first; and calls."""
_LONGEST_QUERY: Final = 3_000
_DAY: Final = 24 * 3600 * NANOS
_DAY_TEXT: Final = 10
_MONDAY: Final = 3
"""Days from the Monday of the week of 1970-01-01 to that day."""
_COUNTED: Final = ("prompts", "tool_calls", "edits", "commands", "denials", "errors")
_CALLS: Final = ("tool_calls", "edits", "commands", "denials", "errors")


class Asking(NamedTuple):
    """What is summed. ``start`` and ``end`` are nanoseconds; empty: all."""

    tables: tuple[tuple[str, ...], ...]
    """What each table is told apart by, of :data:`SUMS_BY`."""
    start: int | None = None
    end: int | None = None
    model: str = ""
    author: str = ""


class _Facts(NamedTuple):
    """What sums need of a session as a whole."""

    session: str
    length: int | None
    witnesses: tuple[str, ...]
    complete: bool
    calls: int
    by_all: int
    by: Mapping[str, int]
    holes: int


class _Share(NamedTuple):
    when: int
    model: str
    counts: Mapping[str, int] = {}
    step: Step | None = None
    answer: Answer | None = None
    cost: Decimal | None = None
    reason: str = ""
    saved: Savings | None = None
    table: str = ""


def summed(found: Iterable[Whole], asked: Asking) -> dict[str, Any]:
    """Tables of sums over sessions; the first one's ``by`` and ``rows``, and the others in ``tables``."""
    tables: list[dict[tuple[str, ...], _Sum]] = [{} for _ in asked.tables]
    whole = _Sum()
    for one in found:
        if asked.author and one.session.author.lower() != asked.author.lower():
            continue
        covered = one.coverage
        facts = _Facts(one.session.session, one.session.length, covered.witnesses, covered.complete, covered.calls,
                       covered.by_all, covered.by, covered.found)  # fmt: skip
        same = _same(one)
        for share in _shares(one):
            if not _wanted(share, asked):
                continue
            whole.add(facts, share)
            values = dict(same)
            for by, sums in zip(asked.tables, tables, strict=True):
                for keys in _keys(share, by, values):
                    if keys not in sums:
                        sums[keys] = _Sum()
                    sums[keys].add(facts, share)
    first, *others = (_table(by, sums) for by, sums in zip(asked.tables, tables, strict=True))
    answer = first | {"total": whole.to_json(), "prices": named(whole.tables)}
    return answer | ({"tables": others} if others else {})


def _same(one: Whole) -> dict[str, tuple[str, ...]]:
    """What all shares of a session are told apart by alike."""
    session = one.session
    return {
        "agent": (session.agent,), "author": (session.author,), "repository": (session.repository,),
        "witnesses": (" and ".join(one.coverage.witnesses),),
    }  # fmt: skip


def _wanted(share: _Share, asked: Asking) -> bool:
    if (asked.start is not None and share.when < asked.start) or (asked.end is not None and share.when >= asked.end):
        return False
    return not asked.model or share.model.lower() == asked.model.lower()


def _table(by: Sequence[str], sums: Mapping[tuple[str, ...], _Sum]) -> dict[str, Any]:
    kept = sorted(sums, key=lambda keys: (-sums[keys].weight, keys))[:MOST_ROWS]
    bare = not set(by).isdisjoint(OF_CALLS)
    rows = []
    for keys in sorted(kept):
        keyed = dict(zip(by, keys, strict=True))
        rows.append(keyed | _span(keyed) | sums[keys].to_json(of_calls=bare) | sums[keys].behind(keyed))
    left = len(sums) - len(kept)
    return {"by": list(by), "rows": rows} | ({"left_out": left} if left else {})


class _Sum:
    """A sum over shares of sessions."""

    def __init__(self) -> None:
        self._of: dict[str, _Facts] = {}
        self._counts = dict.fromkeys(_COUNTED, 0)
        self._tokens = [0] * len(Tokens._fields)
        self._cost = Decimal(0)
        self._unpriced: dict[tuple[str, str], None] = {}
        self._saved = Savings()
        self._unsaved = False
        self.tables: set[str] = set()
        self._evidence: list[str] = []

    @property
    def weight(self) -> int:
        """By which it is kept where there are too many."""
        return sum(self._counts.values()) + self._tokens[-1]

    def add(self, one: _Facts, share: _Share) -> None:
        self._of[one.session] = one
        for name, count in share.counts.items():
            self._counts[name] += count
        if share.step is not None and share.step.kind == "agent.call" and len(self._evidence) < MOST_NAMED:
            self._evidence += next(iter(share.step.told.values()), ())[:1]
        if share.answer is None:
            return
        for place, count in enumerate((*share.answer.usage[3:], 1)):
            self._tokens[place] += count
        self.tables.add(share.table)
        if share.cost is None:
            self._unpriced[share.answer.usage.model, share.reason] = None
        else:
            self._cost += share.cost
        if share.saved is None:
            self._unsaved = True
        else:
            self._saved = self._saved.plus(share.saved)

    def to_json(self, *, of_calls: bool = False) -> dict[str, Any]:
        names = _CALLS if of_calls else _COUNTED
        told: dict[str, Any] = {"sessions": len(self._of)} | {name: self._counts[name] for name in names}
        if of_calls:
            return told
        tokens = Tokens(*self._tokens)
        cost = Cost(None if self._unpriced else self._cost, self._cost, named(self.tables), tuple(self._unpriced))
        return told | {
            "tokens": tokens_json(tokens), "cost": cost_json(cost, tokens), "cache": self._cache(),
            "length": self._length(), "coverage": self._coverage(),
        }  # fmt: skip

    def _cache(self) -> dict[str, Any]:
        """What caching saved: nothing is said where an answer that used a cache has no price."""
        told = {"gross": self._saved.gross, "extra": self._saved.extra, "net": self._saved.net}
        known = not self._unsaved and self._tokens[-1]
        return {f"{name}_usd": digits(amount) if known else None for name, amount in told.items()}

    def _length(self) -> dict[str, Any]:
        """Seconds that sessions took, of those in which anything states a time."""
        seconds = [one.length / NANOS for one in self._of.values() if one.length is not None]
        return {
            "sessions": len(seconds), "seconds": round(sum(seconds), 3),
            "median": round(median(seconds), 3) if seconds else None,
            "longest": round(max(seconds), 3) if seconds else None,
        }  # fmt: skip

    def _coverage(self) -> dict[str, Any]:
        """How far witnesses tell the same: calls of sessions that several told, and of these those that all told."""
        found = list(self._of.values())
        several = [one for one in found if len(one.witnesses) > 1]
        compared, by_all = sum(one.calls for one in several), sum(one.by_all for one in several)
        by: dict[str, int] = {}
        for one in found:
            for witness, calls in one.by.items():
                by[witness] = by.get(witness, 0) + calls
        return {
            "complete": sum(one.complete for one in found), "several": len(several),
            "one": sum(len(one.witnesses) == 1 for one in found),
            "calls": sum(one.calls for one in found), "compared": compared, "by_all": by_all,
            "share": round(by_all / compared, 4) if compared else None,
            "by": dict(sorted(by.items())), "holes": sum(one.holes for one in found),
        }  # fmt: skip

    def behind(self, keyed: Mapping[str, str]) -> dict[str, Any]:
        """Which sessions are behind it, those seen last first, and the query that finds their entries."""
        ids = list(self._of)[:MOST_NAMED]
        told: dict[str, Any] = {"session_ids": ids, "query": _query(keyed, ids)}
        return told | ({"evidence": self._evidence} if not set(keyed).isdisjoint(OF_CALLS) else {})


def _query(keyed: Mapping[str, str], ids: Sequence[str]) -> str:
    narrow = [form.format(_quoted(keyed[name])) for name, form in _TERMS.items() if keyed.get(name)]
    narrow += [f"action:mcp__{keyed['server']}__*"] if keyed.get("server", "").replace("-", "_").isidentifier() else []
    terms: list[str] = []
    for one in ids:
        terms.append(_quoted(one))
        if sum(map(len, terms)) > _LONGEST_QUERY:
            terms.pop()
            break
    return " ".join((*narrow, f"session:({' '.join(terms)})" if terms else "category:agent"))


_TERMS: Final = {
    "model": "type:agent.usage object:{0}", "tool": "type:agent.* action:{0}", "program": "type:agent.command",
}  # fmt: skip


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _span(keyed: Mapping[str, str]) -> dict[str, str]:
    """From when to when the rows of a day or a week are."""
    for name, days in _STEPS.items():
        if name in keyed:
            start = f"{keyed[name]}T00:00:00Z"
            return {"start": start, "end": to_text(parse_bound(start, field=name) + days * _DAY)}
    return {}


# -- a session's shares -----------------------------------------------------------------------------------------


def _shares(one: Whole) -> Iterator[_Share]:
    """All that was done in a session, and all answers that took tokens."""
    book = one.figures.book
    usual = one.session.models[0] if one.session.models else ""
    for step in one.session.steps:
        yield _Share(one.place.last if step.at is None else step.at, usual, _of_step(step), step)
    for answer in one.figures.answers:
        when = one.place.last if answer.at is None else answer.at
        price = price_of(answer.usage, answer.at, book, answer.agent)
        saved = savings_of(answer.usage, partial(_amount, answer, book))
        yield _Share(when, answer.usage.model, {}, None, answer, price.amount, price.reason, saved, price.table)


def _amount(answer: Answer, book: Book, usage: Usage) -> Decimal | None:
    return price_of(usage, answer.at, book, answer.agent).amount


def _of_step(step: Step) -> dict[str, int]:
    if step.kind == "agent.prompt":
        return {"prompts": 1}
    if step.kind == "agent.error":
        return {"errors": 1}
    if step.kind != "agent.call":
        return {}
    return {
        "tool_calls": 1,
        "edits": sum(edit.outcome == "success" for edit in step.edits.values()),
        "commands": int(bool(step.command)),
        "denials": int(step.denied),
        "errors": int(step.outcome == "failure" and not step.denied),
    }


def _keys(share: _Share, by: Sequence[str], known: dict[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """In which rows of a table a share is: one, none, or several where a call ran several programs."""
    found: list[tuple[str, ...]] = [()]
    for name in by:
        if name not in known:
            known[name] = _values(name, share)
        found = [(*keys, value) for keys in found for value in known[name]]
    return found


def _values(name: str, share: _Share) -> tuple[str, ...]:
    if name == "model":
        return (share.model,)
    return (day_of(share.when, _STEPS[name]),) if name in _STEPS else _of_call(name, share.step)


def _of_call(name: str, call: Step | None) -> tuple[str, ...]:
    if call is None or call.kind != "agent.call":
        return ()
    if name == "program":
        return programs_in(call.command)
    found = call.tool if name == "tool" else server_of(call.tool)
    return (found,) if found or name == "tool" else ()


def day_of(when: int, days: int) -> str:
    """The day of an instant; of seven ``days``, the Monday of its week."""
    day = when // _DAY
    return _named(day if days == 1 else (day + _MONDAY) // days * days - _MONDAY)


@lru_cache(maxsize=4096)
def _named(day: int) -> str:
    return to_text(day * _DAY)[:_DAY_TEXT]
