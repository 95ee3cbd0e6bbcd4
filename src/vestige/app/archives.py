"""The archives of one tenant: made for each week that is over, verified, fetched, and what was lost put back from them.

An erasure makes the archives anew that held what went, before it is over: :meth:`Archives.forget`. What a store keeps
locked beyond that is named in the ``erasure_done`` entry, since nobody can delete it before its time.
"""

from __future__ import annotations

import base64
import gzip
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.app import spool
from vestige.archive import Maker, Span, Week, open_store, told, verify
from vestige.jobs import alone
from vestige.ledger import act_entry
from vestige.ledger.putting_back import Copy
from vestige.model.errors import BusyError, ConflictError, IntegrityError, NotFoundError, UsageError, VestigeError
from vestige.model.instant import NANOS, now, to_micro_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from vestige.app.rooms import Rooms
    from vestige.archive import Pointer
    from vestige.db import Database
    from vestige.jobs import Turn
    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable
    from vestige.settings import Settings

CREATED: Final = "archive.created"
RESTORED: Final = "archive.restored"
LEASE: Final = "archives"
"""What only one process of all nodes does at a time: make archives, and remove what no pointer names."""
PATIENCE: Final = 60.0
"""Seconds an erasure waits for archives under way; after that it is not over yet, and is gone on with."""
_PAGE: Final = 1000
_HOUR: Final = 3600
_STORE: Final = (
    "see VESTIGE_ARCHIVE_URL and the store itself; until it answers, nothing is archived and no erasure is over"
)
_DUE: Final = "`vestige archive create` makes them now; `vestige job list` says why the job did not"


class Archives:
    """Archives of one tenant's log. Opened when first used: a store that is away hinders nothing else."""

    def __init__(self, settings: Settings, ledger: Ledger, db: Database, rooms: Rooms) -> None:
        self._settings = settings
        self._ledger = ledger
        self._db = db
        self._rooms = rooms
        self._tenant = rooms.tenant.id
        self.clock: Callable[[], int] = now

    @property
    def configured(self) -> bool:
        """Whether there is a store to put archives into."""
        return bool(self._settings.archive_url)

    def all(self) -> list[dict[str, Any]]:
        """The archives of the logs of all epochs, the oldest first.

        Raises:
            ConflictError: no store is set.
            StorageError: it does not answer.
        """
        return [self._shown(pointer) for maker in self._makers() for pointer in maker.pointers()]

    def create(
        self,
        by: Principal,
        progress: Callable[[int, int], None] = lambda *_: None,
        check: Callable[[], None] = lambda: None,
        hold: Callable[[Connection], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Archive every week that is over and has no archive, of closed epochs too.

        Args:
            by: in whose name.
            progress: told entries of the week's.
            check: called between weeks; may raise to give up.
            hold: called within each transaction that says what was made; raises where the job is another process's.

        Raises:
            ConflictError: no store is set.
            BusyError: archives are being made, or the index lags: what is archived must be all there is.
        """
        with self._alone() as turn:
            if self._rooms.settle():
                raise BusyError("the index is not up with the ledger", hint="try again in a moment")
            holds = turn.hold, hold
            made, there = [], 0
            for maker in self._makers(*holds):
                maker.sweep()
                for span in list(maker.wanted()):
                    check()
                    pointer = maker.make(span, progress)
                    self._say(CREATED, by, pointer, holds)
                    made.append(self._shown(pointer))
                there += len(maker.pointers())
            return {"created": made, "archives": there}

    def forget(self, ranges: Sequence[tuple[int, int]]) -> list[dict[str, str]]:
        """Make those archives anew that held entries of these seqs; what stays locked of the old ones.

        Raises:
            StorageError: the store failed; the erasure is not over then.
            BusyError: archives are being made, here or by another node; it is not over then either.
        """
        if not self.configured:
            return []
        with self._alone(PATIENCE) as turn:
            maker = self._maker(turn.hold)
            others = set()
            for pointer in maker.pointers():
                if any(lo < pointer.hi and hi > pointer.lo for lo, hi in ranges):
                    maker.make(Span(Week.parse(pointer.week), pointer.lo, pointer.hi))
                else:
                    others.add(pointer.week)
            # Also what stays of an earlier erasure: it may hold what goes now.
            return [{"until": until, "week": week} for week, until in maker.sweep().items() if week not in others]

    def standing(self) -> list[dict[str, Any]]:
        """How archives stand, for an operator: checks with their findings; none where no store is set."""
        if not self.configured:
            return []
        try:
            makers = self._makers()
            made = [pointer for maker in makers for pointer in maker.pointers()]
            due = sorted({span.week for maker in makers for span in maker.wanted()})
        except VestigeError as error:
            return [{"name": "archives", "ok": False, "detail": f"{error}", "hint": error.hint or _STORE}]
        last = f"{len(made)} there are, the last of {made[-1].week}" if made else "there are none yet"
        # A week becomes due when it ends, and is made at the job's next turn; what waits for longer is not made.
        since = to_micro_text(max(self.clock() - 2 * max(self._settings.archive_seconds, _HOUR) * NANOS, 0))
        late = [week for week in due if week.end < since]
        said = f"{last}; {f'due: {told(due)}' if due else 'none is due'}"
        found: dict[str, Any] = {"name": "archives", "ok": not late, "detail": said}
        return [found | ({"hint": _DUE} if late else {})]

    def find(self, week: str) -> dict[str, Any]:
        """The archive of a week. Raises as :meth:`fetch` does."""
        return self._shown(self._one(week)[1])

    def verify(self, week: str = "") -> list[dict[str, Any]]:
        """Verify the archive of a week, or all, under the log's own keys; the report of each.

        Raises:
            NotFoundError: there is none of that week.
        """
        reports = []
        for maker, pointer in [self._one(week)] if week else self._every():
            with self._fetched(maker, pointer) as folder:
                reports.append(self._report(pointer, folder))
        return reports

    def fetch(self, week: str, folder: Path) -> dict[str, Any]:
        """Copy a week's archive into an empty folder, and verify the copy.

        Raises:
            NotFoundError: there is none of that week; which there are.
        """
        maker, pointer = self._one(week)
        maker.fetch(pointer, folder)
        return self._report(pointer, folder)

    def restore(
        self, by: Principal, week: str = "", progress: Callable[[int, int], None] = lambda *_: None
    ) -> dict[str, Any]:
        """Put lost payloads of the current log back from its archives, and none that an erasure covers.

        Raises:
            NotFoundError: there is no archive of that week.
            UsageError: it is of a closed epoch.
            IntegrityError: an archive is not what was sealed; nothing of it was used.
        """
        current = self._ledger.log(self._tenant).epoch
        wanted = [self._one(week)] if week else [one for one in self._every() if one[1].epoch == current]
        if week and wanted[0][1].epoch != current:
            raise UsageError(
                "nothing is put back into a closed epoch of the log", expected=f"a week of epoch {current}", got=week,
                hint="`vestige archive fetch` gives what the archive has", field="week",
            )  # fmt: skip
        counts: Counter[str] = Counter()
        for done, (maker, pointer) in enumerate(wanted, 1):
            with self._fetched(maker, pointer) as folder:
                report = self._report(pointer, folder)
                if report["exit"] not in {0, 3}:
                    raise IntegrityError(
                        f"the archive of {pointer.week} is not what was sealed; nothing of it was put back",
                        expected="verified", got=report["reason"] or report["verdict"],
                    )  # fmt: skip
                for page in _pages(folder / "entries.ndjson.gz"):
                    counts += self._ledger.erasures.put_back(self._tenant, page)
            progress(done, len(wanted))
        if counts["restored"]:
            weeks: list[Encodable] = [one.week for _, one in wanted]
            detail: dict[str, Encodable] = {"archives": weeks, "restored": counts["restored"]}
            self._ledger.transact(self._tenant, lambda _: [act_entry(RESTORED, by, detail)])
            self._rooms.rebuild_index(lambda *_: None, threading.Event())
        names = ("restored", "present", "erased", "altered", "keyless", "foreign")
        return {"archives": len(wanted)} | {name: counts[name] for name in names}

    def _report(self, pointer: Pointer, folder: Path) -> dict[str, Any]:
        keys = [key.vkey for key in self._ledger.keys(self._tenant)]
        report = verify(folder, keys)
        digest = report.get("manifest_sha256")
        if report["exit"] in {0, 3} and digest != pointer.manifest_sha256:
            report |= {"verdict": "failed", "exit": 1, "reason": "the week's pointer names another manifest"}
        return {"week": pointer.week, "name": self._name(pointer)} | report

    @contextmanager
    def _fetched(self, maker: Maker, pointer: Pointer) -> Iterator[Path]:
        with self._folder() as made:
            maker.fetch(pointer, Path(made))
            yield Path(made)

    def _name(self, pointer: Pointer) -> str:
        """What an archive is asked for by: its week, and of a closed epoch's log the epoch's number behind a dot."""
        closed = pointer.epoch != self._ledger.log(self._tenant).epoch
        return f"{pointer.week}.{pointer.epoch}" if closed else pointer.week

    def _shown(self, pointer: Pointer) -> dict[str, Any]:
        return {"week": pointer.week, "name": self._name(pointer), "epoch": pointer.epoch, "from": pointer.lo,
                "to": pointer.hi, "entries": pointer.entries, "records": pointer.records, "erased": pointer.erased,
                "made": pointer.made, "manifest_sha256": pointer.manifest_sha256}  # fmt: skip

    def _makers(self, *holds: Callable[[Connection], None]) -> list[Maker]:
        """One for the log of each epoch, the oldest first, the current one last."""
        current = self._ledger.log(self._tenant)
        closed = [self._maker(*holds, epoch=log.epoch) for log in current.epochs if log.epoch != current.epoch]
        return [*closed, self._maker(*holds)]

    def _every(self) -> list[tuple[Maker, Pointer]]:
        return [(maker, pointer) for maker in self._makers() for pointer in maker.pointers()]

    def _one(self, wanted: str) -> tuple[Maker, Pointer]:
        """The archive of a week: ``2026-W47`` of the newest log that has one, ``2026-W47.0`` of an epoch's.

        Raises:
            NotFoundError: there is none; which there are.
        """
        text, dot, epoch = wanted.partition(".")
        week, every = str(Week.parse(text)), self._every()
        for maker, pointer in reversed(every):
            if pointer.week == week and epoch in ({str(pointer.epoch)} if dot else {""}):
                return maker, pointer
        known = sorted({Week.parse(pointer.week) for _, pointer in every if not dot or epoch == str(pointer.epoch)})
        raise NotFoundError(
            f"there is no archive of {wanted}", expected=told(known), got=wanted,
            hint="a week is archived once it is over, by itself or by `vestige archive create`", field="week",
        )  # fmt: skip

    def _maker(self, *holds: Callable[[Connection], None], epoch: int | None = None) -> Maker:
        if not self.configured:
            raise ConflictError(
                "no store of archives is set", expected="VESTIGE_ARCHIVE_URL", got="none",
                hint="set it to file:///path or s3://bucket/prefix, on another disk or machine",
            )  # fmt: skip
        store = open_store(self._settings.archive_url, self._settings.archive_lock_days)
        return Maker(
            self._ledger, self._tenant, store, self._export, self._folder, self.clock, self._held(holds), epoch
        )

    def _export(self, shape: str, lo: int, hi: int) -> Iterator[bytes]:
        return self._rooms.timeline.export(shape, f"seq:>={lo} seq:<{hi}")

    def _folder(self) -> AbstractContextManager[str]:
        return spool.folder(self._settings.data / "spool")

    def _held(self, holds: Sequence[Callable[[Connection], None]]) -> Callable[[], None]:
        """What refuses to go on once the lease is another's, by the database's word and not by this process's."""

        def check() -> None:
            with self._db.write(self._tenant) as connection:
                for hold in holds:
                    hold(connection)

        return check

    def _alone(self, patience: float = 0.0) -> AbstractContextManager[Turn]:
        return alone(self._db, self._tenant, LEASE, self._settings.job_lease_seconds, patience=patience)

    def _say(self, act: str, by: Principal, pointer: Pointer, holds: Sequence[Callable[[Connection], None]]) -> None:
        detail: dict[str, Encodable] = {"entries": pointer.entries, "from": pointer.lo, "to": pointer.hi}
        detail |= {"manifest_sha256": pointer.manifest_sha256, "week": pointer.week}
        detail |= {"epoch": pointer.epoch} if pointer.epoch != self._ledger.log(self._tenant).epoch else {}

        def say(tx: Transaction) -> list[Draft]:
            for hold in holds:
                hold(tx.connection)
            return [act_entry(act, by, detail, f"archive:{pointer.week}")]

        self._ledger.transact(self._tenant, say)
        self._rooms.projector.nudge()


def _pages(path: Path) -> Iterator[list[Copy]]:
    """The copies of payloads that an archive has; it was verified before."""
    page: list[Copy] = []
    with gzip.open(path, "rb") as file:
        for line in file:
            said = orjson.loads(line)
            if "payload" not in said:
                continue
            leaf = said["leaf"].encode()
            salt, payload = bytes.fromhex(said["salt"]), base64.b64decode(said["payload"])
            page.append(Copy(orjson.loads(leaf)["seq"], leaf, salt, payload))
            if len(page) >= _PAGE:
                yield page
                page = []
    yield page
