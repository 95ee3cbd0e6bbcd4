"""Custody of one tenant's evidence: holds, and erasure that is over only when nothing of it is left.

An erasure goes through these steps, and each is known from the ledger, so that a start after a crash goes on with it:

1. what is asked for is found, holds that ended are released, the others looked for among it;
2. the ``erasure`` entry, and with it payloads and salts go in one transaction;
3. the index is computed again without them, its old parts are waited for, and the tables of cases are made again;
4. blobs go: payloads that lay in one, and the acquired files the records were read from, each whole;
5. the database's write-ahead log is cut, and the ``erasure_done`` entry says that it is over.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.custody import Criteria, Holds, Matching
from vestige.ledger import Draft, Kind, act_entry
from vestige.ledger.history import erased_ranges
from vestige.ledger.ranges import RangeSet, ranges_of, without
from vestige.model.errors import (
    BusyError,
    ConflictError,
    InputError,
    TooLargeError,
    UnlookedError,
    UsageError,
)
from vestige.model.principal import Principal
from vestige.proof.canonical import canonical
from vestige.query import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from vestige.app.cases import Picked
    from vestige.app.installation import Installation
    from vestige.cases import Cases
    from vestige.ingest.intake import Stores
    from vestige.ingest.projector import Projector
    from vestige.ledger import Erased, Ledger, StoredEntry, Taking
    from vestige.ledger.register import Erasure
    from vestige.proof.canonical import Encodable

MOST_IDS: Final = 10_000
PAGE: Final = 10_000
TRIES: Final = 5
"""How often holds are looked for again when one was set meanwhile."""
PARTS_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 10.0
ERASED: Final = "evidence.erased"
PURGED: Final = "evidence.purged"
RETENTION: Final = "retention"
REPLAYED: Final = "evidence.erased_again"
ERASABLE_ACTS: Final = frozenset(
    {"case.created", "case.changed", "case.item_added", "case.item_changed", "case.evidence_added"}
)
"""Acts that hold what a person wrote, and so may be erased; all others say who did what, and stay. What an
amendment says of a record goes with the record."""
ERASURES: Final = (Kind.ERASURE, Kind.PURGE)
EXPORTED: Final = frozenset(
    {"backup.begun", "evidence.exported", "evidence.revealed", "bundle.created", "case.exported", "case.reported"}
)
SELF: Final = Principal("vestige")


class Custody:
    """Holds and erasures of one tenant."""

    def __init__(
        self, installation: Installation, stores: Stores, projector: Projector, cases: Cases, picked: Picked
    ) -> None:
        self._db = installation.db
        self._index = installation.index
        self._stores = stores
        self._ledger = installation.ledger
        self._tenant = stores.tenant
        self._projector = projector
        self._erasing = threading.Lock()
        self._stop = threading.Event()
        self._resuming: threading.Thread | None = None
        self._starting = threading.Lock()
        self._computed: set[str] = set()
        self.copies: Callable[[Sequence[tuple[int, int]]], list[dict[str, str]]] = lambda _: []
        """Makes the copies anew that we keep elsewhere of these seqs, without them; told what cannot be removed yet."""
        self.failure = ""
        """Why an erasure could not be gone on with when that was last tried."""
        self.holds = Holds(
            installation.ledger,
            stores.tenant,
            Matching(Reader(installation.index, picked), stores.log),
            self._redacted,
        )
        self._cases = cases
        self._picked = picked

    def _redacted(self, lo: int, hi: int) -> Sequence[int]:
        """The positions in a range whose records are redacted, as the index was last made to know."""
        return self._projector.contexts.remarks.redacted(lo, hi)

    def hold(self, said: Mapping[str, object], by: Principal) -> dict[str, Any]:
        """Set a hold, as somebody said it. Raises as :meth:`vestige.custody.Holds.set` does."""
        criteria = Criteria.of(said)
        words = {name: str(said.get(name) or "") for name in ("reason", "because", "expires")}
        hold = self.holds.set(criteria, by, indexed=self._indexed(), **words)
        self._projector.nudge()
        return self.shown(hold.id)

    def shown(self, identity: str) -> dict[str, Any]:
        """A hold, with how many entries it protects by now."""
        hold = self.holds.one(identity)
        history = self._ledger.erasures.holding(self._tenant)
        count = history.held(identity) if identity in history.holds else 0
        return hold.to_json() | {"entries": count}

    def release(
        self, identity: str, by: Principal, reason: str, agreed: Mapping[str, Encodable] | None = None
    ) -> dict[str, Any]:
        """Release a hold. Raises as :meth:`vestige.custody.Holds.release` does."""
        released = self.holds.release(identity, by, reason=reason, agreed=agreed)
        self._projector.nudge()
        return released.to_json()

    def check(self, ids: Sequence[str], reason: str) -> None:
        """Refuse an erasure that cannot be, before anything is done. Raises as :meth:`erase` does."""
        self.holds.check_reason(reason)
        positions = [entry.position for entry in self._wanted(ids)]
        self.holds.expire(SELF)
        self.holds.permit(ranges_of({*positions, *self._amending(set(positions))}), self._indexed())

    def erase(
        self,
        ids: Sequence[str],
        by: Principal,
        *,
        reason: str,
        because: str = "",
        agreed: Mapping[str, Encodable] | None = None,
        progress: Callable[[int, int], None],
        fenced: Callable[[Connection], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Erase the records of these ids, for good, from everything this installation keeps.

        Args:
            ids: of entries or events; of an event its whole record goes.
            by: who asks.
            reason: a code, which is never erased: ``privacy``.
            because: more of it in words.
            agreed: what the act says of the proposal it carries out, if it does.
            progress: told how many entries of how many the index has again.
            fenced: as for :meth:`purge`.

        Returns:
            The entry, how many records went, the acquired files dropped with them, and who exported since the first of
            them came in: what they took away is not ours to erase.

        Raises:
            NotFoundError: an id is of no entry.
            UsageError: an entry is of a kind that is never erased, or of a closed epoch.
            HeldError: a hold protects one of them.
            ConflictError: all of them were erased already.
            BusyError: another erasure, or a rebuild of the index, is under way; nothing was erased.
        """
        self.holds.check_reason(reason)
        entries = self._wanted(ids)
        made: list[Erased] = []
        if not self._erasing.acquire(blocking=False):
            raise BusyError("an erasure is under way", hint="wait for it to end, then try again")
        try:
            self.holds.expire(SELF)
            files = self._files(entries)
            positions = [entry.position for entry in entries]

            def said(found: Taking) -> tuple[dict[str, Encodable], list[Draft]]:
                detail: dict[str, Encodable] = {
                    "because": because, "entries": found.entries, "reason": reason, **(agreed or {})
                }  # fmt: skip
                return {"files": list(files), "reason": reason}, [act_entry(ERASED, by, detail)]

            def append() -> None:
                made[:] = [self._erase_ranges(ranges_of(positions), said, Kind.ERASURE, fenced=fenced)]

            self._indexed()
            self._projector.reread(append, progress)
            self._computed.add(made[0].entry)
            self._finish(made[0].entry, made[0].taken.blobs, files, made[0].taken.keys)
        finally:
            self._erasing.release()
            if not self._stop.is_set():
                self.resume_soon()
        first = min(str(orjson.loads(entry.leaf)["at"]) for entry in entries)
        return {
            "entry": made[0].entry,
            "records": made[0].taken.entries - self._acts_in(made[0].taken, ranges_of(positions)),
            "files_dropped": len(files),
            "exported_since": list(self._exported(first)),
        }

    def purge(
        self,
        ranges: Sequence[tuple[int, int]],
        acquisitions: Collection[str],
        by: Principal,
        policy: Mapping[str, Encodable],
        progress: Callable[[int, int], None],
        agreed: Mapping[str, Encodable] | None = None,
        fenced: Callable[[Connection], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Erase what retention no longer asks for, but what a hold protects, by a ``purge`` entry.

        Args:
            ranges: of positions in the current epoch's log, rising.
            acquisitions: ids of those the records came in by.
            by: in whose name.
            policy: what was decided, for the act's entry.
            progress: told how many entries of how many the index has again.
            agreed: what the act says of the proposal it carries out, if it does.
            fenced: called within the transaction that takes them; raises where the job is another process's by then.

        Returns:
            The entry, how many records went, how many are kept by holds, the acquired files dropped.

        Raises:
            ConflictError: holds protect all of it, or it is gone already.
            BusyError: another erasure, or a rebuild of the index, is under way; nothing was purged.
        """
        made: list[Erased] = []
        if not self._erasing.acquire(blocking=False):
            raise BusyError("an erasure is under way", hint="wait for it to end, then try again")
        try:
            self.holds.expire(SELF)
            files: list[str] = []

            def look() -> None:
                held = set(self._files_of(self._held_acquisitions()))
                files[:] = [name for name in self._files_of(set(acquisitions)) if name not in held]

            def said(found: Taking) -> tuple[dict[str, Encodable], list[Draft]]:
                detail: dict[str, Encodable] = {"entries": found.entries, "policy": dict(policy), **(agreed or {})}
                return {"files": list(files), "reason": RETENTION}, [act_entry(PURGED, by, detail)]

            def append() -> None:
                made[:] = [self._erase_ranges(ranges, said, Kind.PURGE, look, fenced)]

            self._indexed()
            self._projector.reread(append, progress)
            self._computed.add(made[0].entry)
            self._finish(made[0].entry, made[0].taken.blobs, files, made[0].taken.keys)
        finally:
            self._erasing.release()
            if not self._stop.is_set():
                self.resume_soon()
        purged = made[0].taken.entries - self._acts_in(made[0].taken, ranges)
        return {"entry": made[0].entry, "purged": purged, "files_dropped": len(files)}

    def unfinished(self) -> list[StoredEntry]:
        """Erasures that are not over."""
        return unfinished(self._ledger, self._tenant)

    def resume_soon(self) -> None:
        """Go on with erasures that are not over, beside everything else, until they are."""
        with self._starting:
            if self._resuming is None and self.unfinished():
                self._resuming = threading.Thread(target=self._resume, name="erasures", daemon=True)
                self._resuming.start()

    def _resume(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self.resume()
                except Exception as error:  # noqa: BLE001 - whatever stops it is told by doctor, and it is tried again
                    self.failure = str(error)
                    self._stop.wait(RETRY_SECONDS)
                else:
                    return
        finally:
            with self._starting:
                self._resuming = None

    def resume(self) -> int:
        """Go on with erasures that are not over; how many there were."""
        with self._erasing:
            waiting = self.unfinished()
            if {entry.id for entry in waiting} - self._computed:
                self._projector.rebuild(lambda _done, _of: None, self._stop)
                self._computed |= {entry.id for entry in waiting}
            for entry in waiting:
                self._ledger.erasures.remember(self._tenant, entry.id)
                body = orjson.loads(self._ledger.opened(entry))
                self._finish(entry.id, body.get("blobs", []), body.get("files", []), body.get("keys", []))
            self.failure = ""
            return len(waiting)

    def replay(self) -> int:
        """Erase again what a backup that was put back has brought back; how many erasures there were.

        Called before anything is served. Holds that forbid it were set or released otherwise when it was erased: they
        are released, and set again behind it, in the transaction of the erasure: no crash leaves them released.
        """
        undone = self._ledger.erasures.undone(self._tenant)
        for made, ranges in undone:
            self._replay(made, ranges)
        return len(undone)

    def _replay(self, made: Erasure, ranges: Sequence[tuple[int, int]]) -> None:
        detail: dict[str, Encodable] = {"reason": made.reason, "replays": made.entry}
        done: list[Erased] = []

        def said(_: Taking) -> tuple[dict[str, Encodable], list[Draft]]:
            fields: dict[str, Encodable] = {"files": list(made.files), "reason": made.reason, "replays": made.entry}
            return fields, [act_entry(REPLAYED, SELF, detail)]

        def append() -> None:
            for left in reversed(range(TRIES)):
                around = self.holds.around(SELF, reason="erasure_replayed")
                try:
                    done[:] = [self._ledger.erasures.erase(self._tenant, ranges, said, around=around)]
                except UnlookedError:
                    if not left:
                        raise
                else:
                    return

        self._projector.reread(append, lambda _done, _of: None)
        (erased,) = done
        self._computed.add(erased.entry)
        self._finish(erased.entry, [*made.blobs, *erased.taken.blobs], made.files, [*made.keys, *erased.taken.keys])

    def close(self) -> None:
        """Stop going on with erasures; the next start does."""
        self._stop.set()
        resuming = self._resuming
        if resuming is not None:
            resuming.join()

    def _amending(self, records: set[int] | RangeSet) -> list[int]:
        """The acts that amend records at these positions: what they say of them is erased with them."""
        contexts = self._projector.contexts
        contexts.catch_up(self._ledger.head(self._tenant))
        return contexts.remarks.acts(records)

    def _acts_in(self, taken: Taking, ranges: Sequence[tuple[int, int]]) -> int:
        """How many of the entries taken are acts that amend records at these positions, and no records."""
        base, found = self._ledger.log(self._tenant).base, _set_of(taken.ranges)
        return sum(act - base in found for act in self._amending(_set_of(ranges)))

    def _erase_ranges(
        self,
        ranges: Sequence[tuple[int, int]],
        said: Callable[[Taking], tuple[dict[str, Encodable], list[Draft]]],
        kind: Kind,
        looked: Callable[[], None] = lambda: None,
        fenced: Callable[[Connection], None] = lambda _: None,
    ) -> Erased:
        """The entry and the deletion. Holds are looked for before, and again if one was set meanwhile; then ``looked``.

        What amendments say of a record goes with it. A purge passes over what holds protect, and over what amends
        that; an erasure that meets one is refused.
        """
        log = self._ledger.log(self._tenant)
        acts = ranges_of(self._amending(_set_of(ranges)))
        wanted = [*ranges, *acts]
        for _ in range(TRIES):
            # Also where it was looked for before: what a hold is about may have grown since.
            self.holds.evaluate(wanted, self._projector.watermark)
            taken = _seqs(wanted, log.base)
            if kind is Kind.PURGE:
                history, taken = self._ledger.erasures.holding(self._tenant), _seqs(ranges, log.base)
                for hold in history.holds:
                    taken = without(taken, history.scope(hold))
                gone = _set_of((lo + log.base, hi + log.base) for lo, hi in taken)
                also = _seqs(ranges_of(self._amending(gone)), log.base)
                for hold in history.holds:
                    also = without(also, history.scope(hold))
                taken = _set_of([*taken, *also]).within(0, 1 << 62)
                if not taken:
                    raise ConflictError("holds protect all of what would be purged", got="`vestige hold list`")
            looked()
            try:
                return self._ledger.erasures.erase(self._tenant, taken, said, kind, fenced=fenced)
            except UnlookedError as error:
                moved = error
        raise moved

    def _wanted(self, ids: Sequence[str]) -> list[StoredEntry]:
        if not ids or len(ids) > MOST_IDS:
            raise (TooLargeError if ids else InputError)(
                "that is no number of records to erase",
                expected=f"1 to {MOST_IDS:,} ids",
                got=f"{len(ids):,}",
                field="ids",
            )
        log = self._ledger.log(self._tenant)
        found = {}
        for one in ids:
            entry = self._ledger.entry(self._tenant, one.partition(".")[0])
            if entry.kind not in {Kind.EVIDENCE, Kind.AUDIT}:
                raise UsageError(f"an entry of kind {entry.kind} is never erased", expected="evidence", got=one)
            if entry.position < log.base:
                raise UsageError("the record is of a closed epoch of the log", expected=f"epoch {log.epoch}", got=one)
            if entry.kind is Kind.AUDIT and self._act(entry) not in ERASABLE_ACTS:
                raise UsageError(
                    "who did what is never erased",
                    expected="a record of evidence, or what somebody wrote in a case",
                    got=one,
                )
            found[entry.position] = entry
        return [found[position] for position in sorted(found)]

    def _act(self, entry: StoredEntry) -> str:
        said = orjson.loads(self._ledger.opened(entry)) if entry.salt is not None else {}
        return str(said.get("act", "")) if isinstance(said, dict) else ""

    def _files(self, entries: Sequence[StoredEntry]) -> list[str]:
        return self._files_of({str(orjson.loads(entry.leaf).get("acq", "")) for entry in entries} - {""})

    def _held_acquisitions(self) -> set[str]:
        """By which acquisitions the records came in that a hold protects, as was last looked for."""
        log, history = self._ledger.log(self._tenant), self._ledger.erasures.holding(self._tenant)
        held = RangeSet()
        for hold in history.holds:
            for lo, hi in history.scope(hold).within(0, 1 << 62):
                held.add(lo, hi)
        found: set[str] = set()
        for lo, hi in held.within(0, 1 << 62):
            for at in range(lo + log.base, hi + log.base, PAGE):
                leaves = self._ledger.leaves(self._tenant, at, min(at + PAGE, hi + log.base))
                found |= {str(orjson.loads(leaf).get("acq", "")) for leaf in leaves}
        return found - {""}

    def _files_of(self, wanted: set[str]) -> list[str]:
        """The blobs of acquired files that may have the records: those they were read from, and of the same log.

        A log that was acquired again, grown or within an archive, is linked by ``continues``: whatever is of one chain
        goes, since which of its files hold the bytes depends on how each was kept.
        """
        blobs: dict[str, str] = {}
        linked: dict[str, set[str]] = {}
        for entry in self._ledger.entries_of(self._tenant, [Kind.ACQUISITION]):
            body = orjson.loads(self._ledger.opened(entry))
            if isinstance(body.get("blob"), dict):
                blobs[entry.id] = str(body["blob"]["name"])
            before = str(body.get("continues", ""))
            if before:
                linked.setdefault(entry.id, set()).add(before)
                linked.setdefault(before, set()).add(entry.id)
        waiting = list(wanted)
        while waiting:
            more = linked.get(waiting.pop(), set()) - wanted
            wanted |= more
            waiting += more
        return sorted({blobs[one] for one in wanted if one in blobs})

    def _finish(self, entry: str, blobs: Sequence[str], files: Sequence[str], keys: Sequence[Sequence[int]]) -> None:
        # Keys first: with them goes what a copy of the database still holds.
        self._ledger.sealing.keys.destroy(number for lo, hi in keys for number in range(lo, hi))
        for name in (*blobs, *files):
            self._ledger.blobs.remove(name)
        # What somebody said in a case may be what went: its tables are made again of what is left.
        self._cases.rebuild()
        self._picked.forget()
        self._await_parts()
        said = self._ledger.entry(self._tenant, entry)
        stay = self.copies(erased_ranges(self._ledger.opened(said), said.seq))
        self._db.forget()
        body: dict[str, Encodable] = {"erasure": entry}
        if stay:
            body["locked"] = [dict(one) for one in stay]
        draft = Draft(Kind.ERASURE_DONE, canonical(body), refs=(entry,))
        self._ledger.transact(self._tenant, lambda _: [draft])
        self._projector.nudge()

    def _await_parts(self) -> None:
        """Wait until the engine has removed what is replaced by now; what is replaced later held nothing of it.

        Raises:
            BusyError: it has not in a minute; the erasure is gone on with.
        """
        deadline = time.monotonic() + PARTS_SECONDS
        waited_for = self._index.replaced_parts()
        while waited_for & self._index.replaced_parts():
            if time.monotonic() > deadline:
                raise BusyError(
                    "the index has not let go of what was erased yet",
                    hint="the erasure is gone on with by itself; `vestige doctor` says when it is over",
                )
            time.sleep(0.2)

    def _indexed(self) -> int:
        """Wait for the index; how far it has got.

        Raises:
            BusyError: it cannot be brought up to the ledger, so what it says of times and keys may be old.
        """
        lag = self._projector.wait(self._ledger.head(self._tenant), None)
        if lag:
            raise BusyError(
                "the index is not up with the ledger, so holds cannot be looked for",
                got=f"{lag} entries behind: {self._projector.error or 'it is being computed again'}",
                hint="try again; `vestige doctor` says more",
            )
        return self._projector.watermark

    def _exported(self, since: str) -> Iterator[dict[str, Any]]:
        """Who took copies of many events away since a time."""
        for entry in self._ledger.entries_of(self._tenant, [Kind.AUDIT]):
            at = str(orjson.loads(entry.leaf)["at"])
            if at >= since and entry.salt is not None:
                act = orjson.loads(self._ledger.opened(entry))
                if isinstance(act, dict) and act.get("act") in EXPORTED:
                    yield {"id": entry.id, "at": at, "by": act.get("by", "")}


def _seqs(ranges: Sequence[tuple[int, int]], base: int) -> list[tuple[int, int]]:
    """Ranges of positions as rising ones of seqs."""
    return _set_of((lo - base, hi - base) for lo, hi in ranges).within(0, 1 << 62)


def _set_of(ranges: Iterable[tuple[int, int]]) -> RangeSet:
    found = RangeSet()
    for lo, hi in ranges:
        found.add(lo, hi)
    return found


def unfinished(ledger: Ledger, tenant: str) -> list[StoredEntry]:
    """A tenant's erasures that are not over: a process ended between their entry and their last step."""
    found = {entry.id: entry for entry in ledger.entries_of(tenant, ERASURES)}
    for entry in ledger.entries_of(tenant, [Kind.ERASURE_DONE]) if found else ():
        found.pop(str(orjson.loads(entry.payload or b"{}").get("erasure")), None)
    return list(found.values())
