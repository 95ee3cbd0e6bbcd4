"""Lines of several formats in one member: JSON and syslog through one pipe, an application that prints beside its log.

Recognised only beside a format that claims the member: where some of the sample's lines are not that format's, and
another format claims just those lines, up to four of them. Each must cut the sample into the very lines it has, so
tables and documents of several lines never take part. Every line is read by the first of them that can read it.

The context's ``extra`` states, per format, what it found out at recognition (``mixed.<name>``, JSON) and, in
``mixed``, the formats in order with their versions: ``json/1 syslog/3``.
"""

from __future__ import annotations

import io
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.model.errors import InputError
from vestige.model.event import Unparsed
from vestige.sources.contract import MAX_RECORD, Context, Detection, Sample, batches
from vestige.sources.reading.records import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Format

MOST = 4
"""Formats of one member."""
LEAST_SHARE = 0.02
"""The share of lines another format must read."""
LOOK = 400
"""Lines of a sample that are looked at, from all over it."""
_GOLDEN = (5**0.5 - 1) / 2
SUREST = 0.5
"""How sure a further format must be of its lines."""
_ASSUMED = frozenset({"year", "zone"})
_RECEIVED = 1_767_225_600_000_000_000
"""Any receipt will do to see whether a line can be read."""


class MixedFormat:
    """See the module. It is given what knows the other formats, as it is itself one of them."""

    name = "mixed"
    version = "1"
    media_type = "text/plain"
    rendered = False
    source_name: str | None = None

    def __init__(
        self, formats: Callable[[], Mapping[str, Format]], recognise: Callable[[Sample], Detection | None]
    ) -> None:
        self._formats = formats
        self._recognise = recognise

    def detect(self, sample: Sample) -> Detection | None:
        """Only where it is asked by itself; among others :func:`mixture` speaks for it."""
        return self._recognise(sample)

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Line by line."""
        del context
        return split_lines(stream, start=start, number=number)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """Each line by the first format that can read it; what none can has the first one's reason."""
        named = context.hint("mixed").split()
        if not named:
            return [_unread_alone(payload) for payload in payloads]
        readings: list[Reading] = []
        for label in named:
            form = self._formats().get(label.partition("/")[0])
            if form is None:
                continue
            own = _own(context, form.name)
            if not readings:
                readings = form.parse(payloads, own)
                continue
            left = [place for place, reading in enumerate(readings) if isinstance(reading, Unparsed)]
            for place, reading in zip(left, form.parse([payloads[place] for place in left], own), strict=True):
                if not isinstance(reading, Unparsed):
                    readings[place] = reading
        return readings or [Unparsed(f"no format of {context.hint('mixed')} is here")] * len(payloads)


def _unread_alone(payload: bytes) -> Unparsed:
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    return Unparsed("nothing says which formats are mixed here")


def mixture(
    sample: Sample, first: tuple[Format, Detection] | None, claim: Callable[[Sample], tuple[Format, Detection] | None]
) -> Detection | None:
    """What a member is a mixture of, if it is one.

    Args:
        sample: of the member.
        first: the surest claim on all of it, if there is one.
        claim: the surest claim on a sample.

    Returns:
        The claim of :class:`MixedFormat`, or none where one format reads what can be read.
    """
    lines = _spread(sample.lines())
    if len(lines) < 2 or b"\0" in sample.head[:1024] or (first is not None and not _cuts_lines(*first, lines)):
        return None
    left = lines if first is None else _unread(*first, lines)
    found = [] if first is None else [(*first, len(lines) - len(left))]
    while len(left) > LEAST_SHARE * len(lines) and len(found) < MOST:
        further = _further(sample.name, left, [form for form, *_ in found], claim)
        if further is None:
            break
        rest = _unread(*further, left)
        if len(left) - len(rest) < LEAST_SHARE * len(lines):
            break
        found.append((*further, len(left) - len(rest)))
        left = rest
    if len(found) < 2:
        return None
    assumptions = {name: value for _, one, _ in found for name, value in one.extra if name in _ASSUMED}
    extra = {
        "mixed": " ".join(f"{form.name}/{form.version}" for form, *_ in found),
        **{f"mixed.{form.name}": orjson.dumps(dict(one.extra)).decode() for form, one, _ in found},
        **assumptions,
    }
    said = ", ".join(f"{count} of {len(lines)} lines are {form.name}" for form, _, count in found)
    return Detection(min(one.confidence for _, one, _ in found), said, extra=tuple(extra.items()))


def _spread(lines: Sequence[bytes]) -> Sequence[bytes]:
    """At most :data:`LOOK` lines, one from each of as many equal stretches.

    Its place in the stretch differs from one to the next, or lines that take turns could be all of one kind.
    """
    if len(lines) <= LOOK:
        return lines
    return [lines[int((at + at * _GOLDEN % 1) * len(lines) / LOOK)] for at in range(LOOK)]


def _further(
    name: str,
    left: Sequence[bytes],
    found: Sequence[Format],
    claim: Callable[[Sample], tuple[Format, Detection] | None],
) -> tuple[Format, Detection] | None:
    """A format of lines that no other has read: of all of them, or of those that begin alike, the most first."""
    alike: dict[bytes, list[bytes]] = {}
    for line in left:
        start = line[:1]
        alike.setdefault(b"0" if start.isdigit() else b"a" if start.isalpha() else start, []).append(line)
    groups = sorted(alike.values(), key=len, reverse=True)[:MOST]
    for lines in [left, *groups] if len(groups) > 1 else groups:
        other = claim(Sample(name, b"\n".join(lines) + b"\n", complete=True))
        if other is not None and other[1].confidence >= SUREST and other[0] not in found and _cuts_lines(*other, lines):
            return other
    return None


def _cuts_lines(form: Format, detection: Detection, lines: Sequence[bytes]) -> bool:
    """Whether the format takes lines for records as they are."""
    if form.rendered or detection.header:
        return False
    body = b"\n".join(lines) + b"\n"
    context = detection.apply(Context(received_at=_RECEIVED))
    try:
        payloads = [record.payload for batch, _ in batches(form, io.BytesIO(body), context) for record in batch]
    except InputError:
        return False
    return payloads == list(lines)


def _unread(form: Format, detection: Detection, lines: Sequence[bytes]) -> list[bytes]:
    readings = form.parse(lines, detection.apply(Context(received_at=_RECEIVED)))
    return [line for line, reading in zip(lines, readings, strict=True) if isinstance(reading, Unparsed)]


def _own(context: Context, name: str) -> Context:
    return _with_extra(context, context.hint(f"mixed.{name}"))


@lru_cache(64)
def _with_extra(context: Context, extra: str) -> Context:
    """The context as if the format had recognised the member by itself."""
    return replace(context, extra=tuple(orjson.loads(extra).items()) if extra else ())
