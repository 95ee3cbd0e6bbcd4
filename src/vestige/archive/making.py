"""Making an archive: a stretch of the log as files, put into the store, and then named by the week's pointer.

The pointer is one object and is put last. Until then nobody sees what lies under the new name; afterwards what it
named before goes. A process that ends anywhere in between leaves objects that no pointer names, and the next
:meth:`Maker.sweep` removes them.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.archive.offline import verifier
from vestige.archive.viewer import Viewer
from vestige.archive.weeks import Week, week_of
from vestige.ledger.history import erased_ranges
from vestige.ledger.models import Kind
from vestige.model.errors import ConflictError, NotFoundError, StorageError
from vestige.model.instant import now, to_micro_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from vestige.archive.stores import Store
    from vestige.ledger import Ledger, StoredEntry
    from vestige.ledger.models import LogInfo

FORMAT: Final = "vestige-archive/1"
SEALED: Final = "archive"
PAGE: Final = 1000
PAGE_BYTES: Final = 16 << 20
README: Final = """An archive of a log of Vestige: everything taken in during one ISO week, by time of receipt in UTC.

  python3 verify_archive.py --key 'THE KEY' .    needs Python 3.10 and the package cryptography, and no network
  timeline.html                                   opens in any browser, offline
  entries.ndjson.gz                               every entry: leaf, salt, and the payload's exact bytes in base64
  events.ndjson.gz, events.parquet                the same records as they were read
  proof.json                                      what leads from the entries to the checkpoint the log signed

THE KEY is the log's verifier key. Ask somebody you trust for it, and do not take it from here.
Take verify_archive.py from a Vestige you trust, or compare the two.
"""


class Span(NamedTuple):
    """A week's stretch of a log: seqs ``lo`` up to ``hi``."""

    week: Week
    lo: int
    hi: int


class Tree(NamedTuple):
    """What a log's archives are proved in."""

    size: int
    note: str
    """The signed checkpoint; of a closed log, of the epoch after it."""
    more: dict[str, Any]
    """What else the proof has."""


class Pointer(NamedTuple):
    """What names a week's archive in the store."""

    epoch: int
    week: str
    lo: int
    hi: int
    revision: str
    manifest_sha256: str
    made: str
    entries: int
    records: int
    erased: int

    def to_json(self) -> dict[str, Any]:
        """As it lies in the store."""
        return self._asdict()

    @classmethod
    def parse(cls, data: bytes) -> Pointer:
        """The inverse.

        Raises:
            StorageError: it is none.
        """
        try:
            found = cls(**json.loads(data))
        except (ValueError, TypeError) as error:
            raise StorageError("no pointer of an archive", got=str(error)[:100]) from None
        return found


class Maker:
    """Archives of one tenant's log in one store: of the current one, or of an epoch that was closed.

    A closed log is archived to its end: what no checkpoint of its own covers is covered by the ``restore`` entry that
    begins the next epoch, so each of its archives carries that, proved in the next log.

    Args:
        ledger: where the entries lie.
        tenant: whose.
        store: where archives go.
        export: gives the events of positions from one up to another in an export format's bytes.
        folder: makes an empty folder to work in, which is private and goes with the block, or with the next start.
        clock: nanoseconds since 1970.
        held: raises where another process makes archives of this log by now.
        epoch: of which log; ``None``: the current one.
    """

    def __init__(
        self,
        ledger: Ledger,
        tenant: str,
        store: Store,
        export: Callable[[str, int, int], Iterable[bytes]],
        folder: Callable[[], AbstractContextManager[str]],
        clock: Callable[[], int] = now,
        held: Callable[[], None] = lambda: None,
        epoch: int | None = None,
    ) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._store = store
        self._export = export
        self._scratch = folder
        self._clock = clock
        self._held = held
        self._epoch = epoch

    @property
    def _log(self) -> LogInfo:
        return self._ledger.log(self._tenant, self._epoch)

    @property
    def _next(self) -> LogInfo | None:
        """The log of the epoch after this one; ``None``: this is the current one."""
        here = self._log.epoch
        return next((one for one in self._ledger.log(self._tenant).epochs if one.epoch == here + 1), None)

    @property
    def _size(self) -> int:
        following = self._next
        return (self._ledger.head(self._tenant) if following is None else following.base) - self._log.base

    @property
    def _folder(self) -> str:
        return f"{self._tenant}/{self._log.epoch}"

    def pointers(self) -> list[Pointer]:
        """The archives of the log, the oldest first."""
        names = [name for name in self._store.names(self._folder) if self._is_pointer(name)]
        return sorted((Pointer.parse(self._store.read(name)) for name in names), key=lambda one: one.lo)

    def _is_pointer(self, name: str) -> bool:
        return name.startswith(f"{self._folder}/") and name.endswith(".json") and name.count("/") == 2

    def wanted(self) -> Iterator[Span]:
        """The weeks that are over and have entries and no archive, the oldest first.

        A week ends with the first entry received after it; where the clock was set back, an entry belongs to the week
        in which it stands in the log, so that no two stretches bear the name of one week.
        """
        made = self.pointers()
        lo, size = (made[-1].hi if made else 0), self._size
        at = to_micro_text(self._clock())
        last = Week.parse(made[-1].week) if made else None
        while lo < size:
            week = week_of(self._at(lo))
            if last is not None and week <= last:
                week = last.following()
            if week.end > at:
                return
            hi = self._first_after(week.end, lo + 1, size)
            yield Span(week, lo, hi)
            last, lo = week, hi

    def _at(self, seq: int) -> str:
        base = self._log.base
        return str(orjson.loads(self._ledger.leaves(self._tenant, base + seq, base + seq + 1)[0])["at"])

    def _first_after(self, end: str, lo: int, hi: int) -> int:
        """The first seq of ``[lo, hi)`` received at ``end`` or later; ``hi`` if there is none."""
        while lo < hi:
            middle = (lo + hi) // 2
            if self._at(middle) < end:
                lo = middle + 1
            else:
                hi = middle
        return lo

    def make(self, span: Span, progress: Callable[[int, int], None] = lambda *_: None) -> Pointer:
        """Make a week's archive, in place of the one there may be; again, if something was erased meanwhile.

        Whoever erases looks for pointers behind the erasure's entry, and this looks for entries behind the pointer: so
        one of the two finds the other, on whichever node it is.

        Returns:
            Its pointer. What of the one before is locked stays, as :meth:`sweep` tells.

        Raises:
            StorageError: the store failed; what there was is as it was.
            IntegrityError: an entry was altered; which.
            ConflictError: something was erased meanwhile: make it again.
        """
        while True:
            seen = self._ledger.head(self._tenant)
            pointer = self._made(span, progress)
            self._remove_others(span.week, pointer.revision)
            if not self._erased_since(seen, span):
                return pointer

    def _erased_since(self, position: int, span: Span) -> bool:
        if self._next is not None:
            return False  # of a closed log nothing is erased any more, and these are ranges of the current one
        entries = self._ledger.entries_of(self._tenant, [Kind.ERASURE, Kind.PURGE], position)
        ranges = [one for entry in entries for one in erased_ranges(self._ledger.opened(entry), entry.seq)]
        return any(lo < span.hi and hi > span.lo for lo, hi in ranges)

    def _made(self, span: Span, progress: Callable[[int, int], None]) -> Pointer:
        revision = secrets.token_hex(8)
        place = f"{self._folder}/{span.week}/{revision}"
        with self._scratch() as made:
            folder = Path(made)
            pointer = self.fill(folder, span, revision, progress)
            for path in sorted(folder.iterdir()):
                self._store.put(f"{place}/{path.name}", path)
            final = folder / "pointer"
            final.write_bytes(orjson.dumps(pointer.to_json()))
            self._held()
            self._store.put(f"{self._folder}/{span.week}.json", final)
        self._held()
        return pointer

    def sweep(self) -> dict[str, str]:
        """Remove what no pointer names, in all versions; by week until when something of it stays."""
        named = {one.week: one.revision for one in self.pointers()}
        stay: dict[str, str] = {}
        for name in self._store.remains(self._folder):
            parts = name.split("/")
            if len(parts) == 5 and named.get(parts[2]) != parts[3]:  # tenant, epoch, week, revision, file
                stay[parts[2]] = max(self._store.remove(name), stay.get(parts[2], ""))
        return {week: until for week, until in sorted(stay.items()) if until}

    def fetch(self, pointer: Pointer, folder: Path) -> None:
        """Copy an archive's files into an empty folder.

        Raises:
            NotFoundError: its files are not there.
        """
        place = f"{self._folder}/{pointer.week}/{pointer.revision}"
        names = list(self._store.names(place))
        if not names:
            raise NotFoundError("the archive's files are gone from the store", got=pointer.week)
        for name in names:
            self._store.get(name, folder / name.rpartition("/")[2])

    def _remove_others(self, week: Week, revision: str) -> None:
        for name in self._store.names(f"{self._folder}/{week}"):
            if name.split("/")[3:4] != [revision] and not self._is_pointer(name):
                self._store.remove(name)

    def fill(
        self, folder: Path, span: Span, revision: str, progress: Callable[[int, int], None] = lambda *_: None
    ) -> Pointer:
        """Write an archive's files into an empty folder. Raises as :meth:`make` does."""
        log = self._log
        tree = self._signed()
        absent, counts = self._entries(folder / "entries.ndjson.gz", span, progress)
        proof = self._proof(span, tree, absent)
        (folder / "proof.json").write_bytes(orjson.dumps(proof))
        viewer = Viewer(f"{log.origin}, {span.week}")
        with gzip.GzipFile(folder / "events.ndjson.gz", "wb", mtime=0) as file:
            for chunk in self._export("ndjson", log.base + span.lo, log.base + span.hi):
                file.write(chunk)
                viewer.add(chunk)
        with (folder / "events.parquet").open("wb") as parquet:
            parquet.writelines(self._export("parquet", log.base + span.lo, log.base + span.hi))
        (folder / "timeline.html").write_text(viewer.text(), encoding="utf-8")
        (folder / "verify_archive.py").write_bytes(verifier())
        (folder / "README.txt").write_text(README, encoding="utf-8")
        made = to_micro_text(self._clock())
        sealed_by = {} if self._next is None else {"sealed_by": self._ledger.log(self._tenant).origin}
        manifest = {
            "format": FORMAT, "origin": log.origin, "week": str(span.week), "from": span.lo, "to": span.hi,
            "made": made, **counts, **sealed_by,
            "files": {path.name: _described(path) for path in sorted(folder.iterdir())},
        }  # fmt: skip
        data = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        (folder / "manifest.json").write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        seal = self._ledger.attest(self._tenant, [f"{SEALED} {digest}", f"week {span.week}", f"made {made}"])
        (folder / "seal").write_bytes(seal)
        return Pointer(log.epoch, str(span.week), span.lo, span.hi, revision, digest, made, **counts)

    def _entries(
        self, path: Path, span: Span, progress: Callable[[int, int], None]
    ) -> tuple[list[int], dict[str, int]]:
        """Write every entry with what opens it; the seqs of those whose payloads are gone, and counts."""
        base = self._log.base
        absent: list[int] = []
        records, seq = 0, span.lo
        with gzip.GzipFile(path, "wb", mtime=0) as file:
            while seq < span.hi:
                page = self._ledger.read(self._tenant, base + seq, base + min(seq + PAGE, span.hi), PAGE_BYTES)
                for entry in page:
                    line = {"leaf": entry.leaf.decode()}
                    records += entry.kind is Kind.EVIDENCE
                    if entry.salt is None:
                        absent.append(entry.seq)
                    else:
                        payload = self._ledger.opened(entry)
                        line |= {"payload": base64.b64encode(payload).decode(), "salt": entry.salt.hex()}
                    file.write(orjson.dumps(line) + b"\n")
                seq += len(page)
                progress(seq - span.lo, span.hi - span.lo)
        return absent, {"entries": span.hi - span.lo, "records": records, "erased": len(absent)}

    def _signed(self) -> Tree:
        """The tree that an archive is proved in, and what signs for it.

        Raises:
            NotFoundError: no checkpoint covers the entry that begins the next epoch: it is signed, and this is tried
                again.
        """
        following = self._next
        if following is None:
            checkpoint = self._ledger.checkpoint(self._tenant)
            return Tree(checkpoint.size, checkpoint.note, {})
        last = self._ledger.log(self._tenant).epoch == following.epoch
        signed = self._ledger.checkpoint(self._tenant) if last else None
        signed = signed or self._ledger.latest_checkpoint(self._tenant, following.epoch)
        if signed is None:
            raise NotFoundError(
                f"nobody signed for the end of epoch {self._log.epoch}", expected=f"a checkpoint of {following.origin}",
                got="none", hint="its weeks cannot be archived; keep a copy of the database",
            )  # fmt: skip
        (entry,) = self._ledger.entries_of(self._tenant, [Kind.RESTORE], following.base, following.base + 1)
        path = self._ledger.inclusion(self._tenant, entry.seq, signed.size, following.epoch)
        restore = self._opened(entry) | {"path": _coded(path)}
        return Tree(self._size, signed.note, {"restore": restore})

    def _proof(self, span: Span, tree: Tree, absent: list[int]) -> dict[str, Any]:
        epochs = {self._log.epoch} if self._next is None else {self._log.epoch, self._log.epoch + 1}
        # Whoever seals is of the current epoch.
        epochs.add(self._ledger.log(self._tenant).epoch)
        # The path of the last leaf of a tree is what that tree was before it: the frontier, from its right end.
        before = self._ledger.inclusion(self._tenant, span.lo, span.lo + 1, self._epoch)[::-1] if span.lo else []
        return {
            "checkpoint": tree.note,
            "consistency": _coded(self._ledger.consistency(self._tenant, span.hi, tree.size, self._epoch)),
            "erasures": self._erasures(tree.size, absent),
            "frontier": [node.hex() for node in before],
            "keys": [key.vkey for key in self._ledger.keys(self._tenant) if key.epoch in epochs],
            **tree.more,
        }

    def _erasures(self, size: int, absent: list[int]) -> list[dict[str, Any]]:
        """The entries by which what is gone went, each with its proof."""
        base, left, found = self._log.base, set(absent), []
        kinds = [Kind.ERASURE, Kind.PURGE]
        for entry in self._ledger.entries_of(self._tenant, kinds, base, base + self._size) if absent else ():
            payload = self._ledger.opened(entry)
            here = {seq for seq in left if any(lo <= seq < hi for lo, hi in erased_ranges(payload, entry.seq))}
            if not here:
                continue
            left -= here
            if entry.seq >= size:
                raise ConflictError("something was erased while the archive was made", hint="make it again")
            path = self._ledger.inclusion(self._tenant, entry.seq, size, self._epoch)
            found.append(self._opened(entry) | {"path": _coded(path)})
        return found

    def _opened(self, entry: StoredEntry) -> dict[str, Any]:
        """An entry of ours with what opens it."""
        payload = base64.b64encode(self._ledger.opened(entry)).decode()
        return {"leaf": entry.leaf.decode(), "payload": payload, "salt": (entry.salt or b"").hex()}


def _coded(nodes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(node).decode() for node in nodes]


def _described(path: Path) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return {"sha256": digest.hexdigest(), "size": size}
