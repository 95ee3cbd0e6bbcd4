"""Processes that read records into rows beside the one that appends them, so that an import uses every core.

What a run is read into is a pure function of the run and of how its acquisition is read
(:mod:`vestige.ingest.contexts`), so another process can do it: it gets both, opens no store, and gives rows by column.
Tokens are digested here, since the key for that leaves the ledger for nobody.
Reading never decides what is kept: the records are committed before. A process that dies, or a reader that cannot be
sent, costs speed and nothing else: the run is then read here.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import pickle
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, Self

from vestige.index import by_column, with_keys
from vestige.ingest.interpreter import tune
from vestige.ingest.reading import Columns, Tally, add_run
from vestige.model.event import KeyKind
from vestige.sources import Columnar, format_named, formats

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from types import TracebackType

    from vestige.ingest.contexts import Contexts, Reader
    from vestige.ingest.runs import Run
    from vestige.sources import Format

WORTH_BYTES = 16 << 20
"""Bytes of files from which on a crew is worth its start, a second and 110 MiB for each process."""


class Read(NamedTuple):
    """What became of a run."""

    columns: Columns
    tally: Tally


class Crew:
    """As many processes as are wanted, started by the first run they are given. Use as a context manager.

    Args:
        digest_token: the keyed digest that a token is known by.
    """

    def __init__(self, digest_token: Callable[[str], str]) -> None:
        self.processes = 0
        """How many: none reads every run here, when it is given. Set it before the first."""
        self._digest_token = digest_token
        self._askers: ThreadPoolExecutor | None = None
        """A thread for each process: it hands over a run and waits for what it is read into."""
        self._own = threading.local()
        self._started: list[_Process] = []
        self._sent: tuple[Reader | None, bytes] = None, b""
        """A reader and how it is sent, which is empty where it cannot be. Contexts give another where what is said of
        its source has changed."""
        self._apart = ""
        """The acquisition of which the last run that was read here was not read by column."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._askers is not None:
            self._askers.shutdown(wait=True, cancel_futures=True)
        for process in self._started:
            process.end()

    def submit(self, run: Run, contexts: Contexts) -> Future[Read]:
        """Begin to read a run, whose acquisition the contexts know.

        Returns:
            What becomes of it, for :meth:`result`.
        """
        reader, source = contexts.reader(run.acquisition), contexts.source_name(run.source)
        # What is read by column costs no more than to send it there and back: so the first run shows, read here.
        here = isinstance(reader.format, Columnar) and not reader.corrects and self._apart != run.acquisition
        sent = self._as_sent(reader) if self.processes and not here else b""
        if sent:
            if self._askers is None:
                self._askers = ThreadPoolExecutor(self.processes, "asker")
            return self._askers.submit(self._ask, run, source, sent)
        return _done(lambda: self._read_here(run, contexts))

    def result(self, run: Run, contexts: Contexts, begun: Future[Read]) -> Read:
        """What became of a run that was begun with these contexts.

        Whatever went wrong in another process, or in starting it, the run is read here, where a fault of the format
        itself shows again.
        """
        try:
            read = begun.result()
        except Exception:  # noqa: BLE001 - see above
            self.processes = 0  # who ended one of them, for want of memory say, would end the next
            return self._read_here(run, contexts)
        parts = read.columns.parts
        for place, part in enumerate(parts):
            if not isinstance(part, list):
                parts[place] = with_keys(part, KeyKind.TOKEN, self._digest_token)
        return read

    def _ask(self, run: Run, source: str, sent: bytes) -> Read:
        process = getattr(self._own, "process", None)
        if process is None:
            process = self._own.process = _Process()
            self._started.append(process)
        return process.read(run, source, sent)

    def _read_here(self, run: Run, contexts: Contexts) -> Read:
        columns = Columns()
        tally = add_run(columns, run, contexts, self._digest_token)
        if any(isinstance(part, list) for part in columns.parts):
            self._apart = run.acquisition
        return Read(columns, tally)

    def _as_sent(self, reader: Reader) -> bytes:
        if self._sent[0] is not reader:
            try:
                self._sent = reader, packed(reader)
            except Exception:  # noqa: BLE001 - a format of somebody else's may hold, and raise, anything
                self._sent = reader, b""
        return self._sent[1]


class _Process:
    """One process of the crew.

    A pipe and a process each, and no pool of the standard library's: of a pool whose process is killed while a run is
    written to it, CPython before 3.12 was seen to wait for ever. Here either end learns of the other's death, since
    each holds its own end of the pipe alone.

    Raises:
        OSError: it cannot be started, for want of memory or of processes.
    """

    def __init__(self) -> None:
        # Spawned, not forked: this process has threads, and the index's engine, which a copy must not touch.
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs,), name="reading", daemon=True)
        try:
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()

    def read(self, run: Run, source: str, sent: bytes) -> Read:
        """What a run is read into.

        Raises:
            EOFError, OSError: the process has ended.
            RuntimeError: it could not read the run.
        """
        self._pipe.send((run, source, sent))
        read: Read | None = self._pipe.recv()
        if read is None:
            raise RuntimeError("the run could not be read in another process")
        return read

    def end(self) -> None:
        """End it, once it reads nothing."""
        self._pipe.close()
        self._process.join()


def crew_size(most: int, size: int) -> int:
    """How many processes read beside an import: one fewer than there are cores, where that is worth their start.

    Args:
        most: as many as may be.
        size: bytes of the files.
    """
    return min(most, cores() - 1) if size >= WORTH_BYTES else 0


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def _done(act: Callable[[], Read]) -> Future[Read]:
    future: Future[Read] = Future()
    try:
        future.set_result(act())
    except Exception as error:  # noqa: BLE001 - told where the result is asked for, as a process's would be
        future.set_exception(error)
    return future


class _Packing(pickle.Pickler):
    """Writes a format that both processes have by its name."""

    def persistent_id(self, thing: object) -> str | None:
        name = getattr(thing, "name", None)
        return name if isinstance(name, str) and formats().get(name) is thing else None


class _Unpacking(pickle.Unpickler):
    """The inverse."""

    def persistent_load(self, name: str) -> Format:
        return format_named(name)


def packed(reader: Reader) -> bytes:
    """What reads an acquisition, as another process is told it.

    Raises:
        PicklingError, TypeError, AttributeError: it cannot be told.
    """
    out = io.BytesIO()
    _Packing(out, pickle.HIGHEST_PROTOCOL).dump(reader)
    return out.getvalue()


def unpacked(data: bytes) -> Reader:
    """The inverse, of what this process or the one that spawned it packed."""
    reader: Reader = _Unpacking(io.BytesIO(data)).load()
    return reader


# -- within a process of the crew ---------------------------------------------------------------------------------

_readers: dict[bytes, Reader] = {}


class _Given:
    """What :func:`add_run` asks of contexts, of one acquisition."""

    def __init__(self, reader: Reader, source: str) -> None:
        self._reader, self._source = reader, source

    def reader(self, _: str) -> Reader:
        return self._reader

    def source_name(self, _: str) -> str:
        return self._source


def _serve(pipe: Connection) -> None:
    """Read what comes through the pipe until its other end is closed, be it by that process's death.

    The terminal's signals are for that process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tune()
    with contextlib.suppress(EOFError, OSError):
        while True:
            run, source, sent = pipe.recv()
            try:
                read = _read(run, source, sent)
            except Exception:  # noqa: BLE001 - it is read where it came from, and the fault shows there
                read = None
            pipe.send(read)


def _read(run: Run, source: str, sent: bytes) -> Read:
    reader = _readers.get(sent)
    if reader is None:
        _readers.clear()
        reader = _readers[sent] = unpacked(sent)
    columns = Columns()
    tally = add_run(columns, run, _Given(reader, source), _as_it_is)
    columns.parts = [by_column(part) for part in columns.parts if len(part)]
    return Read(columns, tally)


def _as_it_is(text: str) -> str:
    return text
