"""The second thread of an import: reads what was just appended into events, and counts what became of each record."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, NamedTuple, Self

from vestige.ingest.projector import Chunk
from vestige.ingest.reading import Columns, Run, Tally, add_run

if TYPE_CHECKING:
    from types import TracebackType

    from vestige.ingest.projector import Projector
    from vestige.ingest.report import ImportReport

WAITING = 4
"""Batches that may wait to be read: the reader is faster than the ledger, or the import would only fill memory."""
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
        self._jobs: queue.Queue[_Job | None] = queue.Queue(WAITING)
        self._done: list[tuple[_Job, Tally]] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="reader", daemon=True)
        self.events = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._jobs.put(None)
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def submit(self, run: Run, label: str, offsets: list[int]) -> None:
        """Give a run to read; waits while too many wait already."""
        if self._error is not None:
            raise self._error
        self._jobs.put(_Job(run, label, offsets))

    def settle(self, report: ImportReport) -> None:
        """Count everything read into the report. Call it after the context was left."""
        for job, tally in self._done:
            report.parsed += tally.parsed
            report.unparsed += tally.unparsed
            report.skipped += tally.skipped
            report.events += tally.events
            for index, reason in tally.failures:
                report.fail(job.label, job.offsets[index], reason)
        self._done.clear()

    def _work(self) -> None:
        contexts = self._projector.contexts
        while (job := self._jobs.get()) is not None:
            if self._error is not None:
                continue
            try:
                columns = Columns()
                contexts.catch_up(job.run.seqs[-1] + 1)
                tally = add_run(columns, job.run, contexts, self._projector.digest_token)
                self.events += tally.events
                self._done.append((_Job(job.run._replace(payloads=()), job.label, job.offsets if tally.failures else []), tally))
                size = job.run.size + EVENT_BYTES * len(columns.seqs)
                self._projector.offer(Chunk(job.run.seqs[0], job.run.seqs[-1] + 1, columns, size))
            except BaseException as error:  # noqa: BLE001 - handed to the importing thread
                self._error = error
