"""Rules held against real events: files read by our formats, written to an index, and scanned."""

from __future__ import annotations

import io
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.engine import fresh_log, tip_of
from vestige.correlate.sigma import Found, RuleFile, Window, read_rules, scan
from vestige.correlate.sigma import Store as SigmaStore
from vestige.index import Block
from vestige.ingest.interpreter import tuned_interpreter
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.ids import encode_ulid
from vestige.query import Reader, Scope
from vestige.sources import Context, batches, detect, take_sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vestige.index import Index

RECEIVED = 1_764_000_000_000_000_000
_AT_ONCE = 20_000


@dataclass(slots=True)
class Scene:
    """Events of one log, each known by the name of the file it came from."""

    index: Index
    log: int = field(default_factory=fresh_log)
    names: list[str] = field(default_factory=list)
    """Of each entry, by seq."""
    _rows: list[tuple[str, Event]] = field(default_factory=list)

    def add(self, name: str, parser: str, events: Iterable[Event]) -> int:
        """Take events; they are written when enough have come. How many there were."""
        count = 0
        for event in events:
            self._rows.append((parser, event))
            self.names.append(name)
            count += 1
            if len(self._rows) >= _AT_ONCE:
                self.write()
        return count

    def read(self, name: str, data: bytes) -> int:
        """Take the events of a file, by whichever format recognises it; how many, none if no format does."""
        choice = detect(take_sample(name, io.BytesIO(data)))
        if choice.format is None or choice.detection is None:
            return 0
        form = choice.format
        return self.add(name, f"{form.name}/{form.version}", _events(form, data, choice.detection))

    def write(self) -> None:
        """Write what has come."""
        rows, self._rows = self._rows, []
        lo = len(self.names) - len(rows)
        seqs = range(lo, len(self.names))
        if not rows:
            return
        self.index.write(
            Block(
                log=self.log,
                lo=lo,
                hi=len(self.names),
                tip=tip_of(len(self.names)),
                seqs=list(seqs),
                subs=[0] * len(rows),
                ids=[encode_ulid((RECEIVED // 1_000_000) << 80 | seq) for seq in seqs],
                received=[RECEIVED] * len(rows),
                sources=["test"] * len(rows),
                parsers=[parser for parser, _ in rows],
                parts=[[event for _, event in rows]],
                statuses=[0] * len(rows),
            )
        )

    def scan(self, files: Iterable[RuleFile], query: str = "") -> Found:
        """What rules find in the events a query matches."""
        self.write()
        reader = Reader(self.index)
        return scan(SigmaStore(reader), Window(reader.filter(query, Scope(self.log))), read_rules(files))

    def counts(self, found: Found) -> dict[tuple[str, str], int]:
        """How often each rule, by its name, matched events of each file."""
        counts: dict[tuple[str, str], int] = {}
        for one in found.detections:
            key = (one.detector.name, self.names[one.evidence[0].seq])
            counts[key] = counts.get(key, 0) + 1
        return counts


def _events(form: object, data: bytes, detection: object) -> Iterator[Event]:
    context = detection.apply(Context(received_at=RECEIVED, year_before=RECEIVED))  # type: ignore[attr-defined]
    with tuned_interpreter():
        for records, under in batches(form, io.BytesIO(data), context):  # type: ignore[arg-type]
            payloads = [record.payload for record in records]
            for reading in form.parse(payloads, under):  # type: ignore[attr-defined]
                if isinstance(reading, Event):
                    yield reading
                elif not isinstance(reading, Unparsed | Skipped):
                    yield from reading


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """The files in an archive, or the file itself."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith("/") and "__MACOSX" not in name:
                    yield name, archive.read(name)
    elif path.name.endswith(".tar.gz"):
        try:
            with tarfile.open(path) as archive:
                for member in archive:
                    file = archive.extractfile(member)
                    if file is not None:
                        yield member.name, file.read()
        except (tarfile.ReadError, EOFError):
            return  # an archive of the corpus ends early; what came before counts
    else:
        yield path.name, path.read_bytes()


def rule_files(corpus: Path, under: str = "") -> list[RuleFile]:
    """The public rules, below a folder of them."""
    with tarfile.open(corpus / "sigma" / "rules.tar.gz") as archive:
        out = []
        for member in archive:
            if member.name.endswith(".yml") and member.name.removeprefix("./").startswith(under):
                file = archive.extractfile(member)
                assert file is not None
                out.append(RuleFile(member.name.removeprefix("./"), file.read().decode()))
        return out
