"""Asking strings of two logs of one index: what each is answered, and whether it shows anything of the other.

Every string is compiled for one of the logs and counted over both; in the other it must count nothing, and what it
counts in its own is held, for every fiftieth, against the language in plain Python.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from support.engine import block, fresh_log, made_up, opened
from support.fuzz.queries import Queries
from support.matching import in_scope, matches
from support.recompute import read_events
from vestige.model.errors import IndexStoreError, QueryError
from vestige.query import Filter, Reader, Scope, parse

if TYPE_CHECKING:
    from vestige.index import EventRow, Index

AT_ONCE: Final = 30
"""Conditions that stand in one statement."""
HELD: Final = 50
"""Of so many strings one is held against the oracle."""


class Outcome(NamedTuple):
    """What became of the strings: how many were refused, answered and held against the oracle; and every breach."""

    told: Counter[str]
    breaches: list[str]


class Logs:
    """Two logs of made-up events in one index."""

    def __init__(self, index: Index) -> None:
        self.logs = fresh_log(), fresh_log()
        self.rows: dict[int, list[EventRow]] = {}
        for place, log in enumerate(self.logs):
            index.write(block(log, 0, made_up(31 + place, 0, 250), hi=250))
            self.rows[log] = list(read_events(index, log))
        self.reader = Reader(index)

    def run(self, queries: Queries, numbers: range) -> Outcome:
        """Ask the strings of these numbers."""
        outcome = Outcome(Counter(), [])
        waiting: list[tuple[int, str, int, Filter]] = []
        for number in numbers:
            text, log = queries.make(number), self.logs[number % 2]
            try:
                found = self.reader.filter(text, Scope(log), f"q{len(waiting)}_")
            except QueryError as error:
                outcome.told["refused"] += 1
                if not 1 <= (error.column or 0) <= len(text) + 1:
                    outcome.breaches.append(f"{number}: column {error.column} of {text!r}")
                continue
            waiting.append((number, text, log, found))
            if len(waiting) == AT_ONCE:
                self.ask(waiting, outcome)
                waiting.clear()
        if waiting:
            self.ask(waiting, outcome)
        return outcome

    def ask(self, waiting: list[tuple[int, str, int, Filter]], outcome: Outcome) -> None:
        try:
            counts = self._counts(waiting)
        except IndexStoreError as error:
            if len(waiting) == 1:
                outcome.breaches.append(f"{waiting[0][0]}: {waiting[0][1]!r}: {error}")
                return
            for one in waiting:
                self.ask([one], outcome)
            return
        for place, (number, text, log, _) in enumerate(waiting):
            outcome.told["answered"] += 1
            own, others = counts[place][log], sum(n for other, n in counts[place].items() if other != log)
            if others:
                outcome.breaches.append(f"{number}: {text!r} shows {others} events of another log")
            if number % HELD == 0:
                outcome.told["held against the oracle"] += 1
                node = parse(text)
                expected = sum(in_scope(node, row) and matches(node, row) for row in self.rows[log])
                if own != expected:
                    outcome.breaches.append(f"{number}: {text!r} counts {own} where {expected} match")

    def _counts(self, waiting: list[tuple[int, str, int, Filter]]) -> list[dict[int, int]]:
        """How many events of each log each condition finds. Its log's number is bound anew: each has its own."""
        columns: list[str] = []
        params: dict[str, Any] = {}
        for place, (_, _, log, found) in enumerate(waiting):
            own = f"log{place}"
            columns.append(f"countIf({found.where.replace('{log:UInt32}', f'{{{own}:UInt32}}')})")
            params |= {name: value for name, value in found.params.items() if name != "log"} | {own: log}
        rows = self.reader.query(
            f"SELECT log, {', '.join(columns)} FROM {self.reader.database}.events GROUP BY log",
            params,
        ).rows
        return [{row[0]: int(row[1 + place]) for row in rows} for place in range(len(waiting))]


def part(folder: str, seed: int, numbers: range) -> Outcome:
    with opened(Path(folder)) as index:
        return Logs(index).run(Queries(seed), numbers)
