"""One who sets a hold and one who erases or purges, at once, each paused between statements: nothing held goes.

Each schedule has a record of its own and two connections to the real database, used by a thread each. Before every
statement and every commit of either, chance says how long it waits, so that the two meet at every place there is. What
came of it is read from the log afterwards, by other code than decides it.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from support.homes import SERVER, Home
from vestige.custody import Criteria, Holds
from vestige.ledger import Draft, EvidenceBatch, Kind, Ledger, Taking
from vestige.model.errors import HeldError, UnlookedError
from vestige.model.ids import new_ulid
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from vestige.custody import Matching
    from vestige.db import Database
    from vestige.proof.canonical import Encodable

BY = Principal("ann@example.org")
TOGETHER = 20
"""Schedules of one log: what is said of holds is replayed with each, so a long log would make them slow."""
TRIES = 5
LATEST = {"sqlite": 0.02, "postgresql": 0.05}
"""By how many seconds a hold may begin after the erasure: so that each comes first about as often."""


class Pauses:
    """Waits before each statement of a connection, for as long as chance has it."""

    def __init__(self, db: Database, seed: str) -> None:
        self._chance = random.Random(seed)
        for name in ("before_cursor_execute", "commit"):
            sa.event.listen(db._engine, name, self._wait)

    def _wait(self, *_: object, **__: object) -> None:
        if self._chance.random() < 0.15:
            time.sleep(self._chance.random() / 500)


class Numbers:
    """Stands for the index: a hold's query is the seqs it is about, ``lo-hi``."""

    def ranges(self, criteria: Criteria, lo: int, hi: int) -> Iterator[tuple[int, int]]:
        begin, end = map(int, criteria.query.split("-"))
        if max(begin, lo) < min(end, hi):
            yield max(begin, lo), min(end, hi)


class Log:
    """A log of so many records, as two who each have a connection see it."""

    def __init__(self, ledgers: Sequence[Ledger], records: int) -> None:
        self.tenant = new_ulid(time.time_ns() // 1_000_000)
        self.ledgers = ledgers
        self.end = records + 1
        ledgers[0].create_log(self.tenant, SERVER)
        numbers = list(range(records))
        batch = EvidenceBatch("SRC", "ACQ", "text/plain", [b"%d" % n for n in numbers], numbers, numbers)
        prepared = ledgers[0].prepare(batch)
        ledgers[0].transact(self.tenant, lambda _: [prepared])
        self.holds = [Holds(ledger, self.tenant, cast("Matching", Numbers())) for ledger in ledgers]

    def hold(self, seq: int, chance: random.Random) -> None:
        """Set a hold over a record; sometimes release it, and set it again."""
        for last in (True,) if chance.random() < 0.7 else (False, True):
            about = Criteria("query", query=f"{seq}-{seq + 1}")
            made = self.holds[0].set(about, BY, reason="litigation", indexed=self.end)
            if not last:
                self.holds[0].release(made.id, BY, reason="done")

    def erase(self, seq: int, kind: Kind) -> str:
        """Erase a record as custody does: holds are looked for before, and again where one was set meanwhile."""

        def said(_: Taking) -> tuple[dict[str, Encodable], list[Draft]]:
            return {"reason": "privacy"}, []

        for _ in range(TRIES):
            self.holds[1].evaluate([(seq, seq + 1)], self.end)
            try:
                self.ledgers[1].erasures.erase(self.tenant, [(seq, seq + 1)], said, kind)
            except UnlookedError:
                continue
            except HeldError:
                return "refused"
            return "erased"
        return "given up"

    def wrong(self) -> list[str]:
        """Erasures that took what a hold protected, or was not looked for against."""
        scopes: dict[str, set[int]] = {}
        reach: dict[str, int] = {}
        found = []
        for entry in self.ledgers[0].read(self.tenant, self.end, self.ledgers[0].head(self.tenant)):
            body: dict[str, Any] = json.loads(self.ledgers[0].payload(self.tenant, entry.position))
            seqs = {seq for lo, hi in body.get("ranges", []) for seq in range(lo, hi)}
            if entry.kind is Kind.HOLD:
                scopes[entry.id], reach[entry.id] = set(), 0
            elif entry.kind is Kind.HOLD_SCOPE:
                scopes[body["hold"]] |= seqs
                reach[body["hold"]] = max(reach[body["hold"]], body["evaluated_to"])
            elif entry.kind is Kind.RELEASE:
                del scopes[body["hold"]], reach[body["hold"]]
            elif entry.kind in {Kind.ERASURE, Kind.PURGE}:
                found += [f"{entry.seq} against {one}" for one, held in scopes.items() if held & seqs]
                found += [f"{entry.seq} beyond {one}" for one, to in reach.items() if to <= max(seqs)]
        return found


def together(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Run two at once; whatever one raises is raised."""
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
        except BaseException as error:  # noqa: BLE001 - told where it is waited for
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def ran(home: Home, schedules: int, seed: int) -> tuple[Counter[str], list[str]]:
    """What became of so many schedules, and what was taken though it was held."""
    databases = [home.db(), home.db()]
    ledgers = [home.ledger(db) for db in databases]
    for number, db in enumerate(databases):
        Pauses(db, f"{seed} {number}")
    chance = random.Random(seed)
    outcomes: Counter[str] = Counter()
    wrong = []
    for begin in range(0, schedules, TOGETHER):
        log = Log(ledgers, min(TOGETHER, schedules - begin))
        for seq in range(1, log.end):
            kind = chance.choice((Kind.ERASURE, Kind.PURGE))
            delays = [chance.random() * most for most in (LATEST[home.driver], 0.005)]

            def hold(seq: int = seq, log: Log = log, delay: float = delays[0]) -> None:
                time.sleep(delay)
                log.hold(seq, chance)

            def erase(seq: int = seq, log: Log = log, delay: float = delays[1], kind: Kind = kind) -> None:
                time.sleep(delay)
                outcomes[log.erase(seq, kind)] += 1

            together(hold, erase)
        found = log.wrong()
        wrong += found
        report = ledgers[0].verify(log.tenant)
        # Verification replays it as well, and is to come to the same.
        assert report.ok is not bool(found), report.reason
    return outcomes, wrong


def test_no_schedule_of_a_hold_and_an_erasure_takes_what_is_held(home: Home, pytestconfig: pytest.Config) -> None:
    schedules = int(pytestconfig.getoption("--hold-schedules"))
    outcomes, wrong = ran(home, schedules, 20261126)
    print(f"\n{home.driver}: {schedules} schedules, {dict(sorted(outcomes.items()))}")
    assert wrong == []
    assert sum(outcomes.values()) == schedules
    assert outcomes["refused"] > schedules // 50
    assert outcomes["erased"] > schedules // 50


def test_without_the_check_under_the_lock_the_schedules_tell(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vestige.ledger.erasing._permit", lambda _history, _found: None)
    _, wrong = ran(home, 20, 7)
    assert wrong
