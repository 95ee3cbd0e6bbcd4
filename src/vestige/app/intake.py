"""What comes into one tenant's ledger, wired: declared events, what receivers hear, files, and what they vouch for."""

from __future__ import annotations

import contextlib
import secrets
import threading
from typing import TYPE_CHECKING, Any

from vestige.app.uploads import FOLDER, Uploads, bounds
from vestige.ingest.arrivals import Arrivals
from vestige.ingest.claims import Claims
from vestige.ingest.declared import Declared
from vestige.ingest.importer import Importer, ImportOptions
from vestige.ingest.native.cloudtrail import public_keys
from vestige.ingest.native.verification import DIGESTS, LOGS, SourceChecks
from vestige.ledger import Status
from vestige.model.errors import BusyError, NotFoundError, SettingsError
from vestige.receivers.follow import Follower
from vestige.sources import Limits, formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from vestige.app.figures import Figures
    from vestige.ingest.arrivals import Arrived, Stream, Taken
    from vestige.ingest.declared import Answer
    from vestige.ingest.intake import Stores
    from vestige.ingest.projector import Projector
    from vestige.ingest.report import ImportReport
    from vestige.model.principal import Principal
    from vestige.settings import Settings


class Intake:
    """Takes in for one tenant; every method returns when what it took is committed.

    Args:
        stores: where it goes.
        projector: brings it into the index.
        settings: bounds, and the keys of sources that vouch for their records.
        behind: what an answer says of an index that lags so many entries.
        figures: count what is taken in.
        span: entered while a part of it is done, which it is told the name of.
    """

    def __init__(
        self,
        stores: Stores,
        projector: Projector,
        settings: Settings,
        behind: Callable[[int], Mapping[str, Any]],
        figures: Figures,
        span: Callable[..., AbstractContextManager[None]],
    ) -> None:
        self._stores = stores
        self._projector = projector
        self._settings = settings
        self._behind = behind
        self._figures = figures
        self._span = span
        self.arrivals = Arrivals(stores.ledger, stores.tenant, stores.redaction)
        self.checks = SourceChecks(stores.ledger, stores.tenant)
        self._declared = Declared(
            self.arrivals,
            most_events=settings.limit_events_per_request,
            largest_event=settings.limit_event_bytes,
        )
        self._importing = threading.Lock()
        self._claims = Claims()
        self.uploads = Uploads(settings.data / FOLDER / stores.tenant, **bounds(settings))
        self.following: dict[str, threading.Event] = {}
        """Who follows files, by a name of this process; the event asks them to stop."""

    def close(self) -> None:
        """Stop following files, and looking after uploads."""
        self.uploads.close()
        for stop in list(self.following.values()):
            stop.set()

    def declare(self, body: bytes, *, source: str, by: Principal, idempotency_key: str) -> list[Answer]:
        """Append declared events."""
        answers = self._declared.submit(body, source=source, by=by, idempotency_key=idempotency_key)
        self._count("declared", sum(one.status == Status.ACCEPTED for one in answers), len(body))
        self._projector.nudge()
        return answers

    def receive(
        self,
        stream: Stream,
        payloads: Sequence[bytes],
        *,
        offsets: Sequence[int],
        numbers: Sequence[int],
        keys: Sequence[Sequence[bytes]] | None = None,
    ) -> list[Taken]:
        """Append records that came by another system's protocol; returns after the commit, one answer per record."""
        taken = self.arrivals.append(stream, payloads, offsets=offsets, numbers=numbers, keys=keys)
        new = sum(one.status is Status.ACCEPTED for one in taken)
        self._count("received", new, sum(map(len, payloads)))
        self._projector.nudge()
        return taken

    def receive_all(self, arrived: Sequence[Arrived]) -> None:
        """Append what listeners took in, all of it in one transaction."""
        self.arrivals.append_all(arrived)
        for one in arrived:
            self._count("syslog", len(one.payloads), sum(map(len, one.payloads)))
        self._projector.nudge()

    def _count(self, way: str, records: int, size: int) -> None:
        self._figures.taken_records.add(way, count=records)
        self._figures.taken_bytes.add(way, count=size)

    def _count_files(self, way: str, report: ImportReport) -> None:
        self._count(way, report.parsed + report.unparsed, report.bytes)
        for name, count in report.formats.items():
            # Of formats a tenant may name as many as it likes.
            self._figures.taken_files.add(name if name in formats() else "own", count=count)

    def wanted(self, options: ImportOptions) -> None:
        """Refuse what an import names and nobody knows.

        Raises:
            UsageError: no such format, mapping or zone.
        """
        contexts = self._projector.contexts
        contexts.catch_up(self._head())
        options.wanted(contexts.format)

    def import_paths(
        self,
        paths: Sequence[Path],
        options: ImportOptions,
        *,
        progress: Callable[[dict[str, object]], None],
        stop: threading.Event,
    ) -> ImportReport:
        """Import files and folders of this machine; returns when all of it is in the index, or that cannot be written.

        Raises:
            BusyError: an import of this tenant is under way: two at once would only slow each other down.
        """
        with self._alone():
            importer = Importer(
                self._stores, self._projector, self._limits(), options, stop, progress, self._claims,
                self._settings.limit_import_processes,
            )  # fmt: skip
            with self._span("import.take"):
                report = importer.run(paths)
            self._count_files("files", report)
            if {DIGESTS, LOGS} & set(report.formats):
                for told in self.checks.verify(public_keys(self._own_keys()), options.by).contradictions:
                    report.fail("", 0, told)
            with self._span("import.index"):
                report.index = dict(self._behind(self._projector.wait(self._head(), None)))
            return report

    def follow_paths(
        self,
        paths: Sequence[Path],
        options: ImportOptions,
        *,
        progress: Callable[[dict[str, object]], None],
        stop: threading.Event,
    ) -> ImportReport:
        """Follow files, patterns and folders of this machine until asked to stop; then the account of it."""

        def importer() -> Importer:
            return Importer(self._stores, self._projector, self._limits(), options, stop, claims=self._claims)

        name = secrets.token_hex(8)
        self.following[name] = stop
        progress({"following": name})
        try:
            follower = Follower(
                self._stores,
                self._projector,
                options,
                importer,
                claims=self._claims,
                most=self._settings.limit_followed_files,
                stop=stop,
                tell=progress,
            )
            report = follower.run(paths)
            self._count_files("followed", report)
            self._projector.wait(self._head(), None)
            return report
        finally:
            del self.following[name]

    def stop_following(self, name: str) -> None:
        """Ask a follower to stop; it answers where it was begun.

        Raises:
            NotFoundError: nobody of that name follows anything.
        """
        stop = self.following.get(name)
        if stop is None:
            raise NotFoundError(f"nobody called {name[:40]!r} follows files here", hint="it may have stopped already")
        stop.set()

    def verify_sources(self, pems: Sequence[bytes], by: Principal) -> dict[str, Any]:
        """Hold what was taken in against what its sources vouch for: CloudTrail's digests.

        Args:
            pems: public keys beside those of the settings.
            by: in whose name findings are recorded.

        Raises:
            UsageError: something given as a key is none.
            BusyError: an import is under way.
        """
        keys = public_keys([*self._own_keys(), *pems])
        with self._alone():
            report = self.checks.verify(keys, by)
        self._projector.nudge()
        return report.to_json()

    def explain_paths(self, paths: Sequence[Path], options: ImportOptions) -> list[dict[str, object]]:
        """What each file would be read as."""
        importer = Importer(self._stores, self._projector, self._limits(), options, threading.Event())
        return list(importer.explain(paths))

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is imported meanwhile, and followers find out anew what is there.

        Raises:
            BusyError: an import is under way.
        """
        with self._alone(), self._claims.everything():
            yield

    def _own_keys(self) -> list[bytes]:
        path = self._settings.cloudtrail_keys
        if path is None:
            return []
        try:
            return [path.read_bytes()]
        except OSError as error:
            raise SettingsError(
                "the file of CloudTrail keys cannot be read", got=error.strerror or "", hint=f"see {path}"
            ) from None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One import at a time.

        Raises:
            BusyError: another is under way.
        """
        if not self._importing.acquire(blocking=False):
            raise BusyError("an import is under way", hint="wait for it to end, or end it, then try again")
        try:
            yield
        finally:
            self._importing.release()

    def _head(self) -> int:
        return self._stores.ledger.head(self._stores.tenant)

    def _limits(self) -> Limits:
        settings = self._settings
        return Limits(
            max_ratio=settings.limit_ratio,
            max_member=settings.limit_member_bytes,
            max_total=settings.limit_import_bytes,
            max_members=settings.limit_members,
            besides=frozenset(_identities(settings.data, settings.signer)),
        )


def _identities(*folders: Path) -> Iterator[tuple[int, int]]:
    """What the file system knows folders by; of those that are there."""
    for folder in folders:
        if folder.is_dir():
            status = folder.stat()
            yield status.st_dev, status.st_ino
