"""Packing: from a survey to the bytes of a zip, file by file (the life of a bundle: :mod:`vestige.bundles`)."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

import vestige
from vestige.bundles import layout
from vestige.bundles.offline import verifier
from vestige.bundles.people import Custody, Page, readme
from vestige.bundles.survey import check_opening, entries, survey
from vestige.bundles.vouched import vouched
from vestige.bundles.zipping import Written, ZipStream
from vestige.ledger import Kind
from vestige.model.errors import ConflictError
from vestige.model.instant import now, to_text
from vestige.proof import TlogProof, canonical, format_tlog_proof
from vestige.proof.note import encode_base64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from vestige.bundles.survey import Part, Selection
    from vestige.ledger import Ledger, PublishedCheckpoint, StoredEntry
    from vestige.proof.canonical import Encodable

_CHUNK: Final = 1 << 16
_RENDERING: Final = (
    "A rendering by whoever made this bundle, without what was redacted. The record itself is withheld; its leaf, "
    "whose proof stands beside, commits to the whole of it."
)


class Packer:
    """One bundle. What is wrong is raised here, before the first byte; then :meth:`stream` it, once.

    Args:
        ledger: where the records lie.
        tenant: whose.
        selection: which.
        as_of: the size of the log as of which; ``None``: as it is, under a checkpoint signed now.

    Raises:
        UsageError: no checkpoint has that size.
        ConflictError: a bundle of this cannot be proved; why.
        IntegrityError: an entry was altered; which.
    """

    def __init__(self, ledger: Ledger, tenant: str, selection: Selection, as_of: int | None = None) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._selection = selection
        self.survey = survey(ledger, tenant, selection, as_of)
        for part in self.survey.parts:
            part.vouched = vouched(ledger, tenant, part)
            part.checkpoint = part.vouched.cosigned(part.checkpoint)
        self.size = self.survey.parts[-1].checkpoint.size
        """The size of the current log that the bundle is as of."""
        self.digest = ""
        """SHA-256 of the tag manifest, in hex, once that is packed: what the statement is about."""

    def stream(
        self, sealed: Callable[[str], object] = lambda _: None, clock: Callable[[], int] = now
    ) -> Iterator[bytes]:
        """The zip.

        Args:
            sealed: called with the tag manifest's digest before the statement over it is signed.
            clock: nanoseconds since 1970, for the statement's time.
        """
        with _Bag() as bag:
            for part in self.survey.parts:
                yield from self._records(bag, part)
            for part in self.survey.parts:
                yield from self._log(bag, part)
            yield from bag.put("data/annotations.ndjson", self._annotations())
            yield from bag.put("data/custody.csv", bag.custody.text())
            yield from bag.put("data/page.html", bag.page.text(self.survey, self._selection))
            yield bag.whole("data/parsers.json", canonical(bag.custody.parsers()))
            yield bag.whole(layout.ABOUT, canonical(self._about()))
            yield bag.tag("README.txt", readme(self.survey))
            info = f"Bag-Software-Agent: {_made_by()}\nPayload-Oxum: {bag.bytes}.{bag.files}\n"
            yield bag.tag("bag-info.txt", info.encode())
            yield bag.tag("bagit.txt", layout.BAGIT)
            yield from bag.manifest()
            yield bag.tag("verify.py", verifier())
            data, self.digest = bag.tag_manifest()
            yield data
            sealed(self.digest)
            if self._ledger.keys(self._tenant)[-1].from_size > self.size:
                raise ConflictError("the log's key was changed while the bundle was packed", hint="make it again")
            lines = [f"bundle {self.digest}", f"made {to_text(clock())}"]
            yield bag.bare(layout.STATEMENT, self._ledger.attest(self._tenant, lines))
            yield from bag.end()

    # -- records ------------------------------------------------------------------------------------------------

    def _records(self, bag: _Bag, part: Part) -> Iterator[bytes]:
        epoch = part.log.epoch
        for entry in entries(self._ledger, self._tenant, part.log, part.records):
            if entry.salt is None and entry.seq not in part.erased:
                raise ConflictError(f"entry {entry.seq} was erased while the bundle was packed", hint="make it again")
            withheld = "" if entry.salt is None else part.withheld.get(entry.seq, "")
            shown = entry.salt is not None and not withheld
            if shown:
                name = layout.raw(epoch, entry.seq)
                if entry.blob is None:
                    yield bag.whole(name, entry.payload or b"")
                else:
                    yield from bag.put(name, self._ledger.chunks(entry))
                check_opening(part.log.origin, entry, bag.last.digest, bag.last.size)
            events = [dict(event) for event in self._selection.shown(entry.position)] if withheld else []
            if events:
                yield bag.whole(layout.redacted(epoch, entry.seq), _rendering(events, withheld))
            yield bag.whole(layout.proof(epoch, entry.seq), self._proof(part, entry, withheld))
            if bag.page.wants():
                start = self._ledger.beginning(entry, bag.page.excerpt) if shown else b""
                bag.page.add(epoch, entry, start, self._selection.sources)

    def _proof(self, part: Part, entry: StoredEntry, withheld: str = "") -> bytes:
        """The C2SP tlog-proof of an entry; its extra line carries the leaf, and the salt of a payload that is shown."""
        extra: dict[str, Encodable] = {"leaf": entry.leaf.decode()}
        if withheld:
            extra["withheld"] = withheld
        elif entry.salt is not None:
            extra["salt"] = entry.salt.hex()
        path = tuple(part.paths.inclusion(entry.seq))
        return format_tlog_proof(TlogProof(entry.seq, path, part.checkpoint.note.encode(), canonical(extra)))

    # -- what is ours -------------------------------------------------------------------------------------------

    def _log(self, bag: _Bag, part: Part) -> Iterator[bytes]:
        at = f"data/{part.log.epoch}"
        for entry in entries(self._ledger, self._tenant, part.log, part.control):
            payload = None if entry.salt is None else self._ledger.opened(entry)
            if entry.seq not in part.chosen:
                if payload is not None:
                    yield bag.whole(layout.control(part.log.epoch, entry.seq), payload)
                yield bag.whole(layout.proof(part.log.epoch, entry.seq), self._proof(part, entry))
            bag.custody.add(part.log.epoch, entry, payload)
        yield from bag.put(f"{at}/records.txt", layout.ranges_text(part.records))
        yield from bag.put(f"{at}/control.txt", layout.ranges_text(part.control))
        keys = [key for key in self._ledger.keys(self._tenant) if key.epoch == part.log.epoch]
        known = [key for key in keys if key.from_size <= part.checkpoint.size]
        yield bag.whole(f"{at}/keys", "".join(f"{key.vkey}\n" for key in known).encode())
        yield bag.whole(f"{at}/checkpoint", part.checkpoint.note.encode())
        earlier = self._earlier(part)
        for one in earlier:
            yield bag.whole(f"{at}/checkpoints/{one.size}", one.note.encode())
        for old, new in pairwise([*earlier, part.checkpoint]):
            yield bag.whole(f"{at}/consistency/{old.size}-{new.size}", self._consistency(part, old, new))
        for size, (note, stamps) in sorted(part.vouched.stamps.items()):
            yield bag.whole(layout.stamped(part.log.epoch, size), note)
            for number, data in enumerate(stamps):
                yield bag.whole(layout.stamp(part.log.epoch, size, number), data)
        for size, (proof, stamps) in sorted(part.vouched.above.items()):
            yield bag.whole(layout.above(part.log.epoch, size), proof)
            for number, data in enumerate(stamps):
                yield bag.whole(layout.stamp_above(part.log.epoch, size, number), data)

    def _earlier(self, part: Part) -> list[PublishedCheckpoint]:
        """Checkpoints below the bundle's own that tell something: the first that held a record, a key, an erasure.

        And those that others vouch for.
        """
        sizes = set(part.vouched.stamps) | set(part.vouched.above)
        if part.records:
            sizes |= {part.records[0][0] + 1, part.records[-1][1]}
        for entry in entries(self._ledger, self._tenant, part.log, part.control):
            if entry.kind in {Kind.KEY, Kind.ERASURE, Kind.PURGE, Kind.REDACTION}:
                sizes.add(entry.seq + 1)
        found = (self._ledger.checkpoint_covering(self._tenant, size, part.log.epoch) for size in sizes)
        bad = part.vouched.bad
        earlier = {
            one.size: one
            for one in found
            if one is not None and one.size < part.checkpoint.size and not any(lo < one.size < hi for lo, hi in bad)
        }
        return [part.vouched.cosigned(earlier[size]) for size in sorted(earlier)]

    def _consistency(self, part: Part, old: PublishedCheckpoint, new: PublishedCheckpoint) -> bytes:
        """The proof that one checkpoint extends another, as a witness is sent it (c2sp.org/tlog-witness)."""
        path = self._ledger.consistency(self._tenant, old.size, new.size, part.log.epoch)
        lines = [f"old {old.size}", *map(encode_base64, path)]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + new.note.encode()

    # -- about it -----------------------------------------------------------------------------------------------

    def _annotations(self) -> Iterator[bytes]:
        for one in self._selection.annotations:
            yield canonical(one._asdict()) + b"\n"

    def _about(self) -> dict[str, Encodable]:
        return {
            "format": layout.FORMAT,
            "logs": [
                {
                    "epoch": part.log.epoch,
                    "origin": part.log.origin,
                    "root": part.checkpoint.root.hex(),
                    "size": part.checkpoint.size,
                }
                for part in self.survey.parts
            ],
            "made_by": _made_by(),
            "records": {
                "erased": self.survey.erased,
                "present": self.survey.present,
                "withheld": self.survey.withheld,
            },
            "selection": dict(self._selection.said),
            "sources": dict(self._selection.sources),
        }


class _Bag:
    """The bag as it grows: the zip, its manifests, and what is written about the records for people."""

    def __init__(self) -> None:
        self._zip = ZipStream(layout.FOLDER)
        self._manifest = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the bag
        self._tags: dict[str, bytes] = {}
        self.custody = Custody()
        self.page = Page()
        self.bytes = 0
        self.files = 0
        self.last = Written(b"", 0)
        """What became of the last file under ``data/``."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()
        self._manifest.close()
        self.custody.close()

    def whole(self, name: str, data: bytes) -> bytes:
        """A file under ``data/`` that is at hand whole."""
        packed, written = self._zip.small(name, data)
        self._list(name, written)
        return packed

    def put(self, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """A file under ``data/`` of any length."""
        for piece in self._zip.large(name, chunks):
            if isinstance(piece, Written):
                self._list(name, piece)
            else:
                yield piece

    def tag(self, name: str, data: bytes) -> bytes:
        """A tag file."""
        packed, written = self._zip.small(name, data)
        self._tags[name] = written.digest
        return packed

    def bare(self, name: str, data: bytes) -> bytes:
        """A file that no manifest lists."""
        return self._zip.small(name, data)[0]

    def manifest(self) -> Iterator[bytes]:
        """The manifest of all that was put under ``data/``."""
        for piece in self._zip.large(layout.MANIFEST, self._lines()):
            if isinstance(piece, Written):
                self._tags[layout.MANIFEST] = piece.digest
            else:
                yield piece

    def tag_manifest(self) -> tuple[bytes, str]:
        """The tag manifest's bytes in the zip, and its digest."""
        text = "".join(f"{self._tags[name].hex()}  {name}\n" for name in layout.TAG_FILES)
        packed, written = self._zip.small(layout.TAG_MANIFEST, text.encode())
        return packed, written.digest.hex()

    def end(self) -> Iterator[bytes]:
        """The zip's directory."""
        return self._zip.end()

    def _list(self, name: str, written: Written) -> None:
        self._manifest.write(f"{written.digest.hex()}  {name}\n".encode())
        self.bytes += written.size
        self.files += 1
        self.last = written

    def _lines(self) -> Iterator[bytes]:
        self._manifest.seek(0)
        while chunk := self._manifest.read(_CHUNK):
            yield chunk


def _rendering(events: Sequence[Mapping[str, Any]], withheld: str) -> bytes:
    """What every view shows of a record that is withheld. No leaf commits to it, and it says so."""
    said = {"events": events, "redaction": withheld, "statement": _RENDERING}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"


def _made_by() -> str:
    return f"vestige {vestige.__version__}"
