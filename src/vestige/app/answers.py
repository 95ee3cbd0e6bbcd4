"""What several ask for at once is answered once, and the answer holds for as long as the index says the same.

A reader is promised that everything which was in the ledger when it asked is in what it is told (ledger.md section 3).
So an answer that was begun when the index had come to entry ``n`` is good for whoever asked when the ledger was no
further than that, and for nobody else. Of those who ask for the same thing one makes the answer; the others wait for
it, and take it if it is fresh enough for them. Under a steady stream of writes a question is thus worked out once for
each step of the index, however many ask it; while nothing comes, once.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from vestige.model.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST: Final = 1_000
"""Answers that are kept."""
MOST_BYTES: Final = 32 << 20
"""Bytes of all that are kept; the one asked for longest ago goes first."""
LARGEST: Final = 1 << 20
"""Bytes of one that is kept."""
UNTAGGED: Final = "proof"
"""The field the tag does not cover: it grows with the ledger though what it proves stays the same."""


class Reply(NamedTuple):
    """A JSON object, or other bytes, as it is sent, and the ``ETag`` of what it says.

    The tag is over the answer itself, so acts of our own that show nowhere in it do not change it.
    """

    body: bytes
    tag: str

    def had(self, known: str) -> bool:
        """Whether the asker has it already, by the tags that ``If-None-Match`` states."""
        return not {self.tag, "*"}.isdisjoint(one.strip().removeprefix("W/") for one in known.split(","))

    def beside(self, lag: Mapping[str, object]) -> Reply:
        """The same with what is to be said of an index that lags; unchanged if it does not."""
        if not lag:
            return self
        return made_of(orjson.loads(self.body) | dict(lag))


class State(NamedTuple):
    """What the index held when an answer was begun."""

    generation: int
    """Of the log's rows: another one was computed anew."""
    passed: int
    """Entries of the log that were in it."""


_TRIES: Final = 3
"""How often an answer is made whose statements may have read the index of before and of after."""


class _Kept(NamedTuple):
    state: State
    answer: Reply


@dataclass(slots=True)
class _Turn:
    """Whose turn it is to make one answer, and how many want it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class Answers:
    """The answers of one tenant. Safe to share between threads."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._generation = -1
        self._turns: dict[str, _Turn] = {}

    def get(self, name: str, needs: int, make: Callable[[], Mapping[str, object] | bytes]) -> Reply:
        """The answer to a question.

        Args:
            name: the question: everything that shapes its answer but the state of the index.
            needs: how many entries must be in it: as many as the ledger had when it was asked.
            make: works it out from what the index holds now.

        Raises:
            BusyError: the index was computed anew each time the answer was made.
            Exception: what ``make`` raises; nothing is kept of that, and the next to want it tries again.
        """
        found = self._fresh(name, needs)
        if found is not None:
            return found
        with self._turn(name):
            found = self._fresh(name, needs)
            if found is not None:
                return found
            for _ in range(_TRIES):
                begun = self._state()
                answer = made_of(make())
                if self._state().generation == begun.generation:
                    self._keep(name, _Kept(begun, answer))
                    return answer
            raise BusyError("the index was computed anew while it was read", hint="ask again")

    def _fresh(self, name: str, needs: int) -> Reply | None:
        generation = self._state().generation
        with self._lock:
            if generation != self._generation:
                # What was computed otherwise is neither told nor held: it may say what was erased since.
                self._kept.clear()
                self._generation, self._bytes = generation, 0
            kept = self._kept.get(name)
            if kept is None or kept.state.passed < needs:
                return None
            self._kept.move_to_end(name)
            return kept.answer

    def _keep(self, name: str, kept: _Kept) -> None:
        with self._lock:
            before = self._kept.pop(name, None)
            self._bytes -= len(before.answer.body) if before is not None else 0
            if len(kept.answer.body) > LARGEST or kept.state.generation != self._generation:
                return
            self._kept[name] = kept
            self._bytes += len(kept.answer.body)
            while len(self._kept) > MOST or self._bytes > MOST_BYTES:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= len(gone.answer.body)

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        with self._lock:
            turn = self._turns.setdefault(name, _Turn())
            turn.users += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.users -= 1
                if not turn.users:
                    del self._turns[name]


def made_of(fields: Mapping[str, object] | bytes) -> Reply:
    """The answer that says these fields, or is these bytes."""
    if isinstance(fields, bytes):
        return Reply(fields, _tag(fields))
    shown = {name: value for name, value in fields.items() if name != UNTAGGED}
    return Reply(orjson.dumps(fields), _tag(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)))


def _tag(said: bytes) -> str:
    return f'"{hashlib.sha256(said).hexdigest()[:32]}"'
