"""The verifier's fast road: a block of rows as columns, and runs of evidence checked as one text.

For a run of evidence of one member and one commit, what the leaves must be follows from the rows beside them: the
commitment from salt and payload, length from the payload, id and seq from the row, everything else from the run's first
leaf, which was read strictly. Only the record's number and offset are taken from the leaves themselves, as canonical
integers, and so are a sender's number and epoch. The leaves so written are joined and compared with those stored: equal
bytes are canonical, complete, and in place. There is no verdict but equality, so a mistake here can cost time, never a
finding.
"""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import repeat
from operator import lt
from typing import TYPE_CHECKING

from vestige.ledger.leaves import Template, commitments
from vestige.ledger.models import Kind
from vestige.ledger.strict import read_leaf
from vestige.model.errors import VestigeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    EntryTuple = tuple[int, str, str, str, bytes, bytes]
    PayloadTuple = tuple[int, bytes, bytes | None, str | None]

_SHORT = 4
"""Below this many entries a run is not worth its first step."""

_EVIDENCE = Kind.EVIDENCE.value
_PLACE = re.compile(r',"n":(0|[1-9][0-9]{0,14}),"off":(0|[1-9][0-9]{0,14}),"refs":\[\],"seq":')
_NUMBERED = re.compile(
    r',"n":(0|[1-9][0-9]{0,14}),"off":(0|[1-9][0-9]{0,14}),"refs":\[\],("sep":"([0-9A-Za-z]+)",|)"seq":'
    r'[^\n]*?(,"sseq":(0|[1-9][0-9]{0,14})|),"v":1\}(?:\n|\Z)'
)
"""As before, of a run in which senders number records: some may bear no number, none an epoch without one."""
_IDS = re.compile(r"[0-9A-HJKMNP-TV-Z]*")
_ID_LENGTHS = {26}


class Block:
    """Consecutive rows, column by column."""

    def __init__(self, rows: Sequence[EntryTuple]) -> None:
        self.seqs, self.ids, self._kinds, self._sources, self.leaves, self.stored = zip(*rows, strict=True)
        self._salts: tuple[bytes, ...] = ()
        self._payloads: tuple[bytes | None, ...] = ()
        self._blobs: tuple[str | None, ...] = ()
        self.senders: dict[tuple[str, str], list[int]] = {}
        """Of the runs found good: by source and epoch, the numbers that senders gave their records."""
        self._odd: list[int] = []
        """The places whose payloads lie in blobs: they end a run."""

    def join(self, held: Sequence[PayloadTuple]) -> bool:
        """Take the payloads; False if they are not those of exactly these entries."""
        if len(held) != len(self.seqs):
            return False
        seqs, self._salts, self._payloads, self._blobs = zip(*held, strict=True)
        if self._blobs.count(None) != len(held):
            self._odd = [place for place, blob in enumerate(self._blobs) if blob is not None]
        return seqs == self.seqs

    def run(self, start: int, origin: str) -> int:
        """The end of the good run of evidence that begins at a place; ``start`` itself if there is none."""
        if self._kinds[start] != _EVIDENCE:
            return start
        try:
            fields = read_leaf(self.leaves[start])
            template = Template(
                source=str(fields.get("src", "")),
                acquisition=str(fields.get("acq", "")),
                media_type=str(fields["mt"]),
                origin=origin,
                at=str(fields["at"]),
            )
        except VestigeError:
            return start
        end = self._reach(start, template.head.encode())
        source = str(fields.get("src", ""))
        equal = self._equal_numbered if "sseq" in fields else self._equal
        # Halved until it fits: one odd row then costs its run a few looks, not one from each of the rows before it.
        while end - start >= _SHORT:
            if equal(template, source, start, end):
                return end
            end = start + (end - start) // 2
        return start

    def _reach(self, start: int, head: bytes) -> int:
        """How far leaves begin alike, up to a payload in a blob. In widening steps: many short runs stay cheap."""
        last = next((place for place in self._odd if place >= start), len(self.leaves))
        if last == start:
            return start
        end, step = start + 1, _SHORT
        while end < last:
            part = self.leaves[end : min(end + step, last)]
            alike = list(map(bytes.startswith, part, repeat(head)))
            if not all(alike):
                return end + alike.index(False)
            end += len(part)
            step *= 4
        return end

    def _equal(self, template: Template, source: str, start: int, end: int) -> bool:
        """Whether the run's rows are what they must be."""
        text = self._text(source, start, end)
        places = _PLACE.findall(text)
        if not text or len(places) != end - start:
            return False
        numbers, offsets = zip(*places, strict=True)
        opened, lengths = self._opened(start, end)
        expected = template.texts(opened, self.ids[start:end], lengths, numbers, offsets, self.seqs[start:end])
        return "\n".join(expected) == text

    def _equal_numbered(self, template: Template, source: str, start: int, end: int) -> bool:
        """The same of a run whose records their senders number; the numbers are then in ``senders``."""
        text = self._text(source, start, end)
        places = _NUMBERED.findall(text)
        if not text or len(places) != end - start:
            return False
        numbers, offsets, seps, epochs, sseqs, told = zip(*places, strict=True)
        if any(sep and not sseq for sep, sseq in zip(seps, sseqs, strict=True)):
            return False
        opened, lengths = self._opened(start, end)
        seqs, ids = self.seqs[start:end], self.ids[start:end]
        if "\n".join(template.numbered(opened, ids, lengths, numbers, offsets, seqs, seps, sseqs)) != text:
            return False
        for epoch, number in zip(epochs, told, strict=True):
            if number:
                self.senders.setdefault((source, epoch), []).append(int(number))
        return True

    def _text(self, source: str, start: int, end: int) -> str:
        """The run's leaves, a line each; nothing if the rows beside them cannot be right."""
        count = end - start
        ids = self.ids[start:end]
        if (
            self._kinds[start:end].count(_EVIDENCE) != count
            or self._sources[start:end].count(source) != count
            or self._blobs[start:end].count(None) != count
            or None in self._payloads[start:end]
            or not all(map(lt, ids, ids[1:]))
            or set(map(len, ids)) != _ID_LENGTHS
            or ids[-1][0] > "7"
            or not _IDS.fullmatch("".join(ids))
        ):
            return ""
        try:
            return b"\n".join(self.leaves[start:end]).decode()
        except UnicodeDecodeError:
            return ""

    def _opened(self, start: int, end: int) -> tuple[list[str], list[int]]:
        """What the payloads are committed to by, and their lengths."""
        payloads = [payload for payload in self._payloads[start:end] if payload is not None]
        hashed = sha256
        opened = commitments(self._salts[start:end], [hashed(payload).digest() for payload in payloads])
        return opened, list(map(len, payloads))
