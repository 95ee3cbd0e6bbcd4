"""Members that could be sessions of coding agents are read without their secrets, from the first byte on.

Whatever was typed, read or printed stands in such a session, and a ledger forgets nothing. So nothing behind this
sees the bytes as they are: digests, progress, offsets and records are of what is left. The redaction is a function of
the bytes and the tenant's key, so the same file has the same digest at the next import, and a grown one begins alike.
The file itself is not kept; its acquisition says what was taken out, by rule and keyed digest, and keyed digests of
the bytes as they were, by which whoever has the file and the installation can tell that it is this one.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

import orjson

from vestige.model.errors import InputError
from vestige.secrets import Redactor, Report
from vestige.sources import is_agent_telemetry, is_agent_text
from vestige.sources.members.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vestige.proof.canonical import Encodable
    from vestige.secrets import Rule
    from vestige.sources import Member

PROTOBUF: Final = "otlp_proto"
KEY_USE: Final = b"secrets"
LONGEST: Final = 16 << 20
"""Bytes of a line. What is longer cannot be searched; it is left out, and a line in its place says so."""
READ: Final = 1 << 20


class Taken(NamedTuple):
    """What reading a member once took out of it."""

    report: Report
    size: int
    """Bytes as they were."""
    digest: str
    """Keyed digest of them, in hex."""

    def told(self) -> dict[str, Encodable]:
        """As the acquisition entry says it."""
        removed: list[Encodable] = [
            {"count": one.count, "digest": one.digest, "rule": one.rule} for one in self.report.found
        ]
        return {"keyed_digest": self.digest, "removed": removed, "size": self.size}


class Redaction:
    """Takes secrets out for one tenant.

    Args:
        rules: gives what is looked for; asked when it is first needed.
        keyed: the tenant's keyed digest of (what it is for, text).
    """

    def __init__(self, rules: Callable[[], Sequence[Rule]], keyed: Callable[[bytes, bytes], bytes]) -> None:
        self._rules = rules
        self._keyed = keyed

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor(self._rules(), self._keyed(KEY_USE, b""), longest=LONGEST)

    def of(self, member: Member) -> Redacted:
        """The member as it is read without its secrets."""
        return Redacted(self, member)

    def payloads(self, payloads: Sequence[bytes], form: str = "") -> list[bytes]:
        """Records that arrived by themselves; those that could be of a session without their secrets.

        Args:
            payloads: the records.
            form: the format they are in, where that is known.
        """
        if form == PROTOBUF:
            return [self._request(one) if is_agent_telemetry(one) else one for one in payloads]
        # One look at all of them: hardly ever is there a session among what arrives, and most of it comes in batches.
        if not is_agent_text(b"\n".join(payloads)):
            return list(payloads)
        return [self.payload(payload) if is_agent_text(payload) else payload for payload in payloads]

    def _request(self, payload: bytes) -> bytes:
        """A request in protobuf, each of its texts searched beside the name it has."""
        from vestige.sources.telemetry.otlp_proto import rewritten  # noqa: PLC0415 - of protobuf, which few need

        def text(key: str, value: str) -> str:
            if not key:
                return self._redactor.text(value)[0]
            line = orjson.dumps({key: value.encode("utf-8", "replace").decode()})
            redacted, report = self._redactor.json_line(line)
            found = orjson.loads(redacted) if report else {}
            return str(next(iter(found.values()), value))

        if len(payload) > LONGEST:
            return self.stand_in(len(payload), hashlib.sha256(payload).digest())
        return rewritten(payload, text)

    def payload(self, payload: bytes) -> bytes:
        """A record without secrets, whatever it is."""
        if len(payload) > LONGEST:
            return self.stand_in(len(payload), hashlib.sha256(payload).digest())
        return self._redactor.json_line(payload)[0]

    def lines(self, lines: Iterable[bytes]) -> Iterator[tuple[bytes, Report]]:
        """Lines, their ends with them, without their secrets; one answer for each, in order."""
        ends: deque[bytes] = deque()

        def bodies() -> Iterator[bytes]:
            for line in lines:
                body = line.rstrip(b"\r\n")
                ends.append(line[len(body) :])
                yield body

        for body, report in self._redactor.records(bodies()):
            yield body + ends.popleft(), report

    def stand_in(self, size: int, sha256: bytes) -> bytes:
        """What stands in the place of a line that is too long to be searched."""
        return f"[redacted:{size} bytes are too long to be searched for secrets:{self.digest(sha256)[:16]}]".encode()

    def digest(self, sha256: bytes) -> str:
        """The keyed digest of content by its SHA-256, in hex."""
        return self._keyed(KEY_USE, sha256).hex()


class Redacted:
    """A member that is read without its secrets. ``taken`` is there once a reading has come to the end."""

    def __init__(self, redaction: Redaction, original: Member) -> None:
        self._redaction = redaction
        self._original = original
        self.taken: Taken | None = None
        self.member = replace(original, size=None, opener=self._open)

    def _open(self) -> Stream:
        source = self._original.open()
        pulled = self._pulled(source)
        return Stream(lambda: next(pulled, b""), source.close)

    def _pulled(self, source: BinaryIO) -> Iterator[bytes]:
        """What is left, a few lines at a time; the damage it ended in, if it did, after what was read before that."""
        cutter = _Cutter(source, self._redaction)
        report, ready, size = Report(), [], 0
        for line, found in self._redaction.lines(cutter.lines()):
            if found:
                report += found
            ready.append(line)
            size += len(line)
            if size >= READ:
                yield b"".join(ready)
                ready, size = [], 0
        if ready:
            yield b"".join(ready)
        self.taken = Taken(report, cutter.size, self._redaction.digest(cutter.sha.digest()))
        if cutter.fault is not None:
            raise cutter.fault


class _Cutter:
    """Cuts a stream into lines, their ends with them, and counts and digests it as it was."""

    def __init__(self, source: BinaryIO, redaction: Redaction) -> None:
        self._source = source
        self._redaction = redaction
        self.sha = hashlib.sha256()
        self.size = 0
        self.fault: InputError | None = None

    def lines(self) -> Iterator[bytes]:
        """Every line, the last one also without an end; of one that is too long, what stands for it."""
        rest, skipped = b"", None
        while chunk := self._read():
            parts = chunk.split(b"\n")
            parts[0] = rest + parts[0]
            rest = parts.pop()
            for part in parts:
                yield self._whole(part, skipped) + b"\n"
                skipped = None
            if len(rest) > LONGEST:
                skipped = _Skipped() if skipped is None else skipped
                skipped.add(rest)
                rest = b""
        if rest or skipped is not None:
            yield self._whole(rest, skipped)

    def _whole(self, part: bytes, skipped: _Skipped | None) -> bytes:
        if skipped is None and len(part) <= LONGEST:
            return part
        skipped = _Skipped() if skipped is None else skipped
        skipped.add(part)
        return self._redaction.stand_in(skipped.size, skipped.sha.digest())

    def _read(self) -> bytes:
        try:
            data = self._source.read(READ)
        except InputError as error:
            self.fault = error
            return b""
        except OSError as error:
            self.fault = InputError("the file cannot be read on", got=error.strerror or str(error))
            return b""
        self.sha.update(data)
        self.size += len(data)
        return data


class _Skipped:
    """A line that is not kept: only how long it was, and its digest."""

    def __init__(self) -> None:
        self.size = 0
        self.sha = hashlib.sha256()

    def add(self, data: bytes) -> None:
        """Go on with it."""
        self.size += len(data)
        self.sha.update(data)
