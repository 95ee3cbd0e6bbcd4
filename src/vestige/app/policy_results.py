"""Decisions to be looked through, and what came of policies over time: figures, each of which finds its decisions.

Every figure here is a count of decisions, or of results within them, that :meth:`PolicyResults.page` lists when it is
asked with the same words. An entry is opened once; what it comes to is kept, of the newest ones.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.app.policy_book import UNDECIDED
from vestige.app.policy_decisions import summary_of
from vestige.app.session_sums import day_of
from vestige.model.errors import InputError, NotFoundError
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.app.policy_book import PolicyBook

ENDS: Final = ("passed", "warned", "blocked", "undecided")
"""What a decision comes to."""
RESULTS: Final = ("pass", "fail", "indeterminate", "waived")
MOST: Final = 5_000
"""Decisions that are counted: the newest ones."""
MOST_OPENED: Final = 1_000
"""Decisions that one page looks through; the next goes on there."""
STEPS: Final = {"day": 1, "week": 7}


class _Told(NamedTuple):
    """What an entry comes to."""

    summary: dict[str, Any]
    at: int
    end: str
    results: dict[str, Counter[str]]
    """By policy, how many results of each kind."""


class AskedDecisions(NamedTuple):
    """Which decisions are meant; what is empty or ``None`` does not matter."""

    repository: str = ""
    policy: str = ""
    """It said something of the push."""
    result: str = ""
    """With a policy: that it said this of a commit or of the push; without, that any did."""
    end: str = ""
    start: int | None = None
    until: int | None = None

    def fits(self, told: _Told) -> bool:
        """Whether a decision is meant."""
        if (self.start is not None and told.at < self.start) or (self.until is not None and told.at >= self.until):
            return False
        if self.end and told.end != self.end:
            return False
        if self.policy:
            found = told.results.get(self.policy)
            return found is not None and (not self.result or found[self.result] > 0)
        return not self.result or any(found[self.result] for found in told.results.values())


@dataclass(slots=True)
class _Sum:
    decisions: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)

    def add(self, end: str, results: Counter[str]) -> None:
        self.decisions += 1
        self.ends[end] += 1
        self.results.update(results)

    def to_json(self) -> dict[str, Any]:
        ends, results = {one: self.ends[one] for one in ENDS}, {one: self.results[one] for one in RESULTS}
        return {"decisions": self.decisions, "ends": ends, "results": results}


class PolicyResults:
    """What came of the policies of one tenant. Safe to share between threads."""

    def __init__(self, book: PolicyBook) -> None:
        self._book = book
        self._lock = threading.Lock()
        self._known: dict[int, _Told] = {}

    def page(self, asked: AskedDecisions, limit: int, cursor: str = "") -> dict[str, Any]:
        """Decisions that are meant, the newest first, and ``next_cursor`` where there may be more.

        Raises:
            InputError: the cursor is none of ours.
        """
        if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 20):
            raise InputError("the cursor is not one of this list", expected="`next_cursor` of a page", got=cursor[:40],
                             field="cursor")  # fmt: skip
        found: list[dict[str, Any]] = []
        for looked, position in enumerate(self._newest(asked, int(cursor) if cursor else None)):
            if len(found) == limit or looked == MOST_OPENED:
                return {"decisions": found, "next_cursor": str(position + 1)}
            told = self._told(position)
            if told is not None and asked.fits(told):
                found.append(told.summary)
        return {"decisions": found}

    def sums(self, asked: AskedDecisions, by: str) -> dict[str, Any]:
        """How many decisions ended how, in all, by day or week, and by policy; ``left_out``: older, not counted."""
        total, time, policies = _Sum(), dict[str, _Sum](), dict[str, _Sum]()
        newest = list(self._newest(asked, None))
        for position in newest[:MOST]:
            told = self._told(position)
            if told is None or not asked.fits(told):
                continue
            # Of one policy only what it said is counted.
            named = {asked.policy: told.results[asked.policy]} if asked.policy else told.results
            all_of_it = sum(named.values(), Counter[str]())
            total.add(told.end, all_of_it)
            time.setdefault(day_of(told.at, STEPS[by]), _Sum()).add(told.end, all_of_it)
            for name, results in named.items():
                policies.setdefault(name, _Sum()).add(told.end, results)
        return {
            "by": by,
            "total": total.to_json(),
            "rows": [{by: name} | one.to_json() for name, one in sorted(time.items())],
            "policies": [{"policy": name} | one.to_json() for name, one in sorted(policies.items())],
            "left_out": len(newest[MOST:]),
        }

    def _newest(self, asked: AskedDecisions, before: int | None) -> Iterator[int]:
        """The positions of decisions about a repository from one back."""
        about = f"repository:{asked.repository}" if asked.repository else ""
        for position, named in reversed(self._book.recorded()):
            if (before is None or position < before) and (not about or named == about):
                yield position

    def _told(self, position: int) -> _Told | None:
        """What a decision comes to; ``None`` if it was erased."""
        with self._lock:
            known = self._known.get(position)
        if known is not None and self._book.stands(position):
            return known
        try:
            entry, body = self._book.read(position)
        except NotFoundError:
            with self._lock:
                self._known.pop(position, None)
            return None
        summary = summary_of(entry, body)
        results: dict[str, Counter[str]] = {}
        for one in body["detail"]["outcome"]["results"] if body["act"] != UNDECIDED else ():
            results.setdefault(one["policy"], Counter())[one["result"]] += 1
        end = "undecided" if "reason" in summary else (
            "blocked" if summary["blocked"] else "passed" if summary["passed"] else "warned"
        )  # fmt: skip
        told = _Told(summary | {"end": end}, parse_rfc3339(str(orjson.loads(entry.leaf)["at"]))[0], end, results)
        with self._lock:
            self._known[position] = told
            while len(self._known) > MOST:
                self._known.pop(min(self._known))
        return told
