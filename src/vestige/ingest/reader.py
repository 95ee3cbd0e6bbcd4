"""Beside an import: reads what was just appended into events, and counts what became of each record.

One thread reads, or gives to a crew to read (:mod:`vestige.ingest.crew`); another hands on what was read, in order.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Self

from vestige.ingest.crew import Crew
from vestige.ingest.projector import Chunk
from vestige.ingest.report import MAX_FAILURES

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

    from vestige.ingest.contexts import Contexts
    from vestige.ingest.crew import Read
    from vestige.ingest.projector import Projector
    from vestige.ingest.reading import Tally
    from vestige.ingest.report import ImportReport
    from vestige.ingest.runs import Run

WAITING = 4
"""Batches that may wait to be read, and that may wait to be handed on: the reader is faster than the ledger, or the
import would only fill memory."""
EVENT_BYTES = 1500
"""What an event costs in memory beside its payload, roughly: bounds what is handed to the projector."""


class _Job(NamedTuple):
    run: Run
    label: str
    offsets: list[int]


class RecordReader:
    """Reads runs in order. Use as a context manager; :meth:`settle` fills in the report at the end."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector
        self.crew = Crew(projector.digest_token)
        self._jobs: queue.Queue[_Job | None] = queue.Queue(WAITING)
        self._begun: queue.Queue[tuple[_Job, Contexts, Future[Read]] | None] = queue.Queue(WAITING)
        self._done: list[tuple[str, list[tuple[int, str, str]], Tally]] = []
        self._error: BaseException | None = None
        self._threads = [
            threading.Thread(target=act, name=name, daemon=True)
            for act, name in ((self._read, "reader"), (self._hand_on, "handing-on"))
        ]
        self._expected = 0
        self._room = MAX_FAILURES
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._settled(self._expected)
        if self._error is not None and error is None:
            raise self._error

    def expect(self) -> None:
        """Say that a batch is about to be appended; :meth:`submit` or :meth:`nothing` follows."""
        with self._lock:
            self._expected += 1
        self._projector.expect()

    def nothing(self) -> None:
        """The expected batch turned out to hold nothing new."""
        self._settled(1)

    def _settled(self, batches: int) -> None:
        with self._lock:
            self._expected -= batches
        self._projector.expect(-batches)

    def submit(self, run: Run, label: str, offsets: list[int]) -> None:
        """Give a run to read; waits while too many wait already."""
        if self._error is not None:
            raise self._error
        self._jobs.put(_Job(run, label, offsets))

    def settle(self, report: ImportReport, into: dict[str, Counter[str]] | None = None) -> None:
        """Count everything read into the report. Call it after the context was left.

        Args:
            report: what is counted into.
            into: where to add up, per label, what the times rest on; by default the report says so at once.
        """
        qualities: dict[str, Counter[str]] = {} if into is None else into
        for label, failures, tally in self._done:
            qualities.setdefault(label, Counter()).update(tally.qualities)
            report.parsed += tally.parsed
            report.unparsed += tally.unparsed
            report.skipped += tally.skipped
            report.events += tally.events
            report.count(tally.form, tally.events, tally.generic)
            for offset, reason, record in failures:
                report.fail(label, offset, reason, record)
            report.failures_total += tally.unparsed - len(failures)
        for label, counts in qualities.items() if into is None else ():
            report.assume(label, counts)
        self._done.clear()

    def _read(self) -> None:
        with self.crew:
            while (job := self._jobs.get()) is not None:
                if self._error is not None:
                    continue
                try:
                    contexts = self._projector.contexts  # others, once a source's settings changed meanwhile
                    contexts.catch_up(job.run.seqs[-1] + 1)
                    self._begun.put((job, contexts, self.crew.submit(job.run, contexts)))
                except BaseException as error:  # noqa: BLE001 - handed to the importing thread
                    self._error = error
            self._begun.put(None)
            self._threads[1].join()

    def _hand_on(self) -> None:
        while (begun := self._begun.get()) is not None:
            if self._error is not None:
                continue
            try:
                job, contexts, future = begun
                columns, tally = self.crew.result(job.run, contexts, future)
                size = job.run.size + EVENT_BYTES * len(columns.seqs)
                ids, offsets = job.run.ids, job.offsets
                failures = [(offsets[index], reason, ids[index]) for index, reason in tally.failures[: self._room]]
                self._room -= len(failures)
                self._done.append((job.label, failures, tally._replace(failures=[])))
                self._projector.offer(Chunk(job.run.seqs[0], job.run.seqs[-1] + 1, columns, size))
                self._settled(1)
            except BaseException as error:  # noqa: BLE001 - as above
                self._error = error
