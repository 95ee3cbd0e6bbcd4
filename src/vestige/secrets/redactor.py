"""Taking out what was found, and saying so.

Invariants: bytes that belong to no secret stay; JSON stays JSON; what was redacted once is not changed by redacting it
again; time and memory are bounded by the length of a record and the window of records before it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.model.errors import InputError, SettingsError, TooLargeError
from vestige.secrets.finder import Finder, Hit, strongest
from vestige.secrets.seams import pieces, strings, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vestige.secrets.rules import Rule
    from vestige.secrets.seams import Piece, Texts

LONGEST: Final = 16 << 20
"""Bytes of one record."""
SHORTEST_KEY: Final = 16
WINDOW: Final = 32
"""Records that are held back, for a secret that comes in pieces."""
_BEFORE: Final = 4 << 10
"""Bytes of a string that are looked at again with the one after it; the PEM body of a key of RSA with 4096 bits."""
_TAILS: Final = 1 << 20
"""Characters of all strings together that are kept for the next record."""
_SAME: Final = 16
"""Characters from which a string that is repeated from record to record is an id, and no part of a text."""
_PASSES: Final = 8
_DOMAIN: Final = b"vestige/secret/v1\n"
_JSON: Final = re.compile(rb'[ \t\r\n]*[\[{"]')
_SCALAR: Final = re.compile(rb'[^\s,:\[\]{}"]+')


@dataclass(frozen=True, slots=True)
class Found:
    """One secret of a text."""

    rule: str
    digest: str
    """16 hex digits of HMAC-SHA256 under the tenant's key, over the secret without its white space."""
    count: int
    """How many markers stand for it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was taken out, in the order of rules and digests."""

    found: tuple[Found, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.found)

    def __add__(self, other: Report) -> Report:
        marks: Counter[tuple[str, str]] = Counter()
        for found in (*self.found, *other.found):
            marks[found.rule, found.digest] += found.count
        return _report(marks)


def _report(marks: Counter[tuple[str, str]]) -> Report:
    return Report(tuple(Found(*mark, count) for mark, count in sorted(marks.items())))


_CLEAN: Final = Report()


@dataclass(slots=True)
class _Held:
    """A record that waits for those after it."""

    record: bytes
    json: bool
    hits: list[Hit]
    suspicious: bool = True
    """Whether a keyword is in it."""
    pieces: list[Piece] | None = None

    def all_pieces(self) -> list[Piece]:
        """The strings of a record of JSON."""
        if self.pieces is None:
            self.pieces = list(pieces(self.record)) if self.json else []
        return self.pieces


class _Tails(NamedTuple):
    """How the strings of the records so far end, by path."""

    texts: dict[int, str]
    suspicious: set[int]
    """Where a keyword is in one, so that what comes next may be a secret's rest."""


_NOTHING: Final = _Tails({}, set())


class _Cut(NamedTuple):
    """Bytes to be replaced."""

    hit: Hit
    start: int
    end: int
    bare: bool
    """Whether it is a number or a word of JSON, which a marker can replace only as a string."""


class Redactor:
    """Takes secrets out of texts and records.

    Args:
        rules: what is looked for; ``load_rules``.
        key: the tenant's, 16 bytes or more. Whoever has it can tell whether a marker stands for a secret they know.
        longest: bytes of a text or record.

    Raises:
        SettingsError: the key is too short.
    """

    def __init__(self, rules: Sequence[Rule], key: bytes, *, longest: int = LONGEST) -> None:
        if len(key) < SHORTEST_KEY:
            raise SettingsError(
                "the key of the markers is too short", expected=f"{SHORTEST_KEY} bytes or more", got=f"{len(key)}"
            )
        self._finder = Finder(rules)
        self._key = key
        self._longest = longest

    def text(self, text: str) -> tuple[str, Report]:
        """A text without its secrets.

        Raises:
            TooLargeError: it is longer than a record may be.
            InputError: it does not settle (``_settle``).
        """
        data = text.encode("utf-8", "surrogatepass")
        self._bound(data)
        redacted, report = self._settle(_Held(data, json=False, hits=self._finder.find(data)))
        return (redacted.decode("utf-8", "surrogatepass"), report) if report else (text, report)

    def json_line(self, line: bytes) -> tuple[bytes, Report]:
        """One record without its secrets: a document of JSON in any shape, or a line that only should be one.

        Raises:
            TooLargeError: it is longer than a record may be.
            InputError: it does not settle (``_settle``).
        """
        return next(self.records((line,)))

    def records(self, lines: Iterable[bytes]) -> Iterator[tuple[bytes, Report]]:
        """Records as they come, one answer for each, in order; a secret may lie in pieces in several of them.

        The last 32 are held back, and at most as many bytes as a record may have.

        Raises:
            TooLargeError: a record is longer than it may be.
            InputError: a record does not settle (``_settle``).
        """
        window: list[_Held] = []
        tails = _NOTHING
        size = 0
        for line in lines:
            self._bound(line)
            suspicious = self._finder.suspects(line)
            hits = self._finder.find(line) if suspicious else []
            held = _Held(line, json=_JSON.match(line) is not None, hits=hits, suspicious=suspicious)
            tails = self._join(window, held, tails) if held.json else _NOTHING
            window.append(held)
            size += len(line)
            while window and (len(window) > WINDOW or size > self._longest):
                first = window.pop(0)
                size -= len(first.record)
                yield self._settle(first)
        for held in window:
            yield self._settle(held)

    def _bound(self, data: bytes) -> None:
        if len(data) > self._longest:
            raise TooLargeError(
                "the record is too long to be searched for secrets",
                expected=f"at most {self._longest} bytes",
                got=f"{len(data)}",
            )

    def _settle(self, held: _Held) -> tuple[bytes, Report]:
        """Replaces until nothing is found, so that doing it again changes nothing.

        Raises:
            InputError: each replacement makes another find, which only a rule of one's own can do.
        """
        record, hits = held.record, held.hits
        if not hits:
            return record, _CLEAN
        marks: Counter[tuple[str, str]] = Counter()
        for _ in range(_PASSES):
            if not hits:
                return record, _report(marks)
            before, record = record, self._replaced(record, hits, marks, json=held.json)
            if record == before:
                return record, _report(marks)
            again = _Held(record, held.json, self._finder.find(record))
            if held.json:
                self._join((), again, _NOTHING)
            hits = again.hits
        raise InputError(
            "the record does not come to an end of being redacted",
            expected=f"nothing left to be found after {_PASSES} passes",
            got=", ".join(sorted({hit.rule for hit in hits})),
            hint="a rule finds what its own marker leaves: see docs/secrets.md",
        )

    def _replaced(self, record: bytes, hits: list[Hit], marks: Counter[tuple[str, str]], *, json: bool) -> bytes:
        hits = [_whole(record, hit) for hit in hits]
        told = strongest(sorted(hits, key=lambda hit: (hit.start, hit.end, hit.order)))
        cuts = _within_strings(record, told) if json else [_Cut(hit, hit.start, hit.end, bare=False) for hit in told]
        parts: list[bytes] = []
        position = 0
        for cut in cuts:
            mark = cut.hit.rule, self._digest(cut.hit.secret)
            text = f"[redacted:{mark[0]}:{mark[1]}]"
            marks[mark] += 1
            parts += [record[position : cut.start], (f'"{text}"' if cut.bare else text).encode()]
            position = cut.end
        return b"".join([*parts, record[position:]])

    def _digest(self, secret: bytes) -> str:
        return hmac.new(self._key, _DOMAIN + b"".join(secret.split()), hashlib.sha256).hexdigest()[:16]

    def _join(self, before: Sequence[_Held], held: _Held, tails: _Tails) -> _Tails:
        """Adds to the records what is found across strings that belong together.

        Args:
            before: the records that are held back.
            held: the one after them.
            tails: how the strings of the records before it end.

        Returns:
            The tails for the next record.
        """
        texts = values(held.record)
        if texts is None:
            for path in {piece.path for piece in held.all_pieces()}:
                self._across([held], path)
            return _NOTHING
        whole, several = texts.whole, texts.several
        known = tails.texts
        borders, after = self._borders(texts, known)
        suspicious = self._suspicious(borders) if borders else set()
        if held.suspicious:
            suspicious |= self._suspicious({path: _ends(text) for path, text in whole.items()})
        if tails.suspicious:
            suspicious |= tails.suspicious & whole.keys()
        for path in suspicious & borders.keys():
            text = whole[path] if path in several else whole[path][:_BEFORE]
            if self._reaches(known.get(path, ""), text, anywhere=path in several):
                self._across([*before, held], path)
        return _Tails(after, {path for path in suspicious if self._suspects(after[path])})

    def _borders(self, texts: Texts, known: dict[int, str]) -> tuple[dict[int, str], dict[int, str]]:
        """By path, what lies on both sides of where a string begins, and how the strings end with this record."""
        whole, several = texts.whole, texts.several
        border = self._finder.border
        share = min(_BEFORE, _TAILS // (len(whole) or 1)) or 1
        borders: dict[int, str] = {}
        after: dict[int, str] = {}
        for path, text in whole.items():
            tail = known.get(path, "")
            length = len(text)
            if path in several:
                borders[path] = tail[-border:] + text
            elif tail:
                if length >= _SAME and tail.endswith(text):
                    after[path] = tail
                    continue
                borders[path] = tail[-border:] + text[:border]
            after[path] = text[-share:] if length >= share else tail[length - share :] + text
        return borders, after

    def _reaches(self, tail: str, text: str, *, anywhere: bool) -> bool:
        """Whether something is found that lies on both sides of where the text begins, or anywhere."""
        border = len(tail.encode("utf-8", "surrogatepass"))
        hits = self._finder.find((tail + text).encode("utf-8", "surrogatepass"))
        return any(anywhere or hit.first < border < hit.last for hit in hits)

    def _suspicious(self, texts: dict[int, str]) -> set[int]:
        """Which of the texts have to be looked at."""
        if not self._suspects("\0".join(texts.values())):
            return set()
        return {path for path, text in texts.items() if self._suspects(text)}

    def _suspects(self, text: str) -> bool:
        return self._finder.suspects(text.encode("utf-8", "surrogatepass"))

    def _across(self, records: list[_Held], path: int) -> None:
        """Looks at the strings of one path together: those of the last record, and as many as matter before them."""
        parts: list[tuple[int, Piece]] = []
        size = 0
        for number in reversed(range(len(records))):
            own = [(number, piece) for piece in records[number].all_pieces() if piece.path == path]
            parts = own + parts
            size += sum(piece.end - piece.start for _, piece in own) if number < len(records) - 1 else 0
            if not own or size > _BEFORE:
                break
        texts = [records[number].record[piece.start : piece.end] for number, piece in parts]
        borders = [0]
        for text in texts:
            borders.append(borders[-1] + len(text))
        for hit in self._finder.find(b"".join(texts)):
            if borders[bisect_right(borders, hit.first)] >= hit.last:
                continue
            index = bisect_right(borders, hit.start) - 1
            while index < len(parts) and borders[index] < hit.end:
                number, piece = parts[index]
                shift = piece.start - borders[index]
                start, end = max(hit.start, borders[index]) + shift, min(hit.end, borders[index + 1]) + shift
                if start < end:
                    records[number].hits.append(Hit(start, end, hit.order, hit.rule, hit.secret, start, end, hit.run))
                index += 1


def _ends(text: str) -> str:
    """What of a text can belong to one before or after it."""
    return text if len(text) <= 2 * _BEFORE else f"{text[:_BEFORE]}\0{text[-_BEFORE:]}"


def _whole(record: bytes, hit: Hit) -> Hit:
    """The hit with every character of UTF-8 whole."""
    start, end = hit.start, hit.end
    while start and record[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(record) and record[end] & 0xC0 == 0x80:
        end += 1
    return hit if (start, end) == (hit.start, hit.end) else Hit(
        start, end, hit.order, hit.rule, hit.secret, hit.first, hit.last, hit.run
    )  # fmt: skip


def _within_strings(record: bytes, hits: list[Hit]) -> list[_Cut]:
    """What of the hits lies between quotes; of what does not, the numbers and words, which are replaced whole."""
    inside = strings(record)
    ends = [end for _, end in inside]
    cuts: list[_Cut] = []
    for hit in hits:
        index = bisect_left(ends, hit.start)
        position = hit.start
        while position < hit.end:
            start, end = inside[index] if index < len(inside) else (len(record) + 1, len(record) + 1)
            if position < start:
                gap = ends[index - 1] + 1 if index else 0
                scalars = _SCALAR.finditer(record, gap, max(start - 1, gap))
                touched = [one.span() for one in scalars if one.start() < hit.end and one.end() > position]
                cuts += [_Cut(hit, *span, bare=True) for span in touched]
            if max(position, start) < min(hit.end, end):
                cuts.append(_Cut(hit, max(position, start), min(hit.end, end), bare=False))
            position = max(end, position) + 1
            index += 1
    return _once(cuts)


def _once(cuts: list[_Cut]) -> list[_Cut]:
    """Numbers that two hits touch, only once."""
    result: list[_Cut] = []
    for cut in cuts:
        if not result or cut.start >= result[-1].end or not cut.bare:
            result.append(cut)
    return result
