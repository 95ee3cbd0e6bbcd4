"""What a format is: the words a source, the ingest spine and a third party's parser share.

A format turns bytes into records and records into readings, in two steps that never meet:

* ``split`` cuts a decompressed stream into :class:`~vestige.model.event.Record` s, exact bytes with exact offsets,
  in bounded memory. Bytes between two payloads are separators and mean nothing by themselves: a line feed, the
  commas and brackets around the elements of a JSON document, empty lines, a byte order mark at offset 0.
* ``parse`` is a pure function of (payload, context): the same two give the same reading for ever. It never raises
  on any bytes; what it cannot read it answers with :class:`~vestige.model.event.Unparsed` and the reason.

Resuming. ``start`` is 0, the end of a record already taken (``offset + len(payload)``), or a record's first byte, to
take it again; the stream handed to ``split`` stands at that byte, and ``number`` is the number of the next record.

Rendered formats (``rendered``: binary ones). Payloads are faithful renderings of records in JSON, no slices of the
file. ``split`` always gets the stream from its first byte and leaves out the records whose ``offset`` is below
``start``; ``offset`` is where a record stands in the file, each record's its own, in rising order; and ``start`` is 0,
``offset + 1`` of a record already taken, or a record's ``offset``, to take it again. The rendering is deterministic,
and bytes that cannot be read become records too, whose payloads say what they are and what is wrong with them.

Lines. A file that grows is followed line by line where its format's ``media_type`` is text or JSON, it is not
``rendered`` and no JSON document; any other is taken whole again when it has grown, from where its last known record
begins (:mod:`vestige.sources.growing`). So bytes that a line feed may not cut need a media type that says so.

Numbered formats (:class:`Numbered`: those whose sender counts its records, EVTX). A file of theirs may be rewritten as
it grows, so that no earlier one is its beginning; what makes a record the one it is, wherever it stands, tells whether
it was taken in before.

The bound. A record of up to :data:`MAX_RECORD` bytes is one record. A longer one is cut into consecutive pieces
without a separator between them, *each of them longer than the bound* (and at most about twice as long), so that
a payload tells by its length alone that it is a piece: ``parse`` answers ``Unparsed`` for it, and nobody can forge
a record by writing a line so long that its tail looks like one.

Turning. A table may change its columns midway (a ``#Fields`` line of IIS or Zeek after a restart). Its ``split`` then
yields a :class:`Turn` before the first batch that is read by the new columns, so that every record stays a pure
function of its payload and the context it is under; ``split`` compares with the context it was given, or turned to.

Damage. Where the stream raises an :class:`~vestige.model.errors.InputError`, ``split`` first yields every record
that could be read, the torn last one included, and then lets the error through.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, runtime_checkable

from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from vestige.model.event import Reading, Record

SAMPLE_BYTES = 64 * 1024
"""How much of a member a format may look at to recognise it."""

MAX_RECORD = 256 * 1024 * 1024
"""The longest payload that is one record."""

BATCH_RECORDS = 10_000
BATCH_BYTES = 8 * 1024 * 1024
"""A batch of records ends at whichever comes first; one record may be larger than a whole batch."""


DAY = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a parser may know beyond the payload. Recorded with the acquisition, so a rebuild reads the same."""

    received_at: int
    """When the member was taken in, nanoseconds."""
    header: tuple[str, ...] = ()
    """Column names of a table."""
    delimiter: str = ","
    year: int | None = None
    """The year a person gave for stamps without one."""
    year_before: int | None = None
    """Without ``year``: a stamp gets the latest year that does not put it after this instant plus one day."""
    year_at_receipt: bool = False
    """Of a stream without an end: ``year_before`` is each record's own receipt (:meth:`at`)."""
    zone: str = "UTC"
    """IANA name or ``+hh:mm``, applied where a stamp states no offset."""
    zone_given: bool = False
    """Whether a person named the zone (else it is the default)."""
    extra: tuple[tuple[str, str], ...] = ()
    """What else the format found out when it recognised the member (see each format); names are unique."""

    def at(self, received: int) -> Context:
        """The context of a record received at this instant: rounded to the day's end, so that a day shares one."""
        if not self.year_at_receipt:
            return self
        return replace(self, year_before=received - received % DAY + DAY)

    def hint(self, name: str) -> str:
        """The value of one ``extra`` entry, or an empty string."""
        for key, value in self.extra:
            if key == name:
                return value
        return ""


class Turn(NamedTuple):
    """What ``split`` yields between batches when the records that follow are to be read by another context."""

    context: Context


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a member, for recognising its format."""

    name: str
    """The member's name; a hint at most, a wrong file ending never decides."""
    head: bytes
    """The first bytes, at most :data:`SAMPLE_BYTES`."""
    complete: bool
    """Whether ``head`` is the whole member."""
    _lines: list[list[bytes]] = field(default_factory=list, init=False, repr=False, compare=False)
    """The lines, once they were asked for: every format asks."""

    def text(self) -> str:
        """The head as text without a byte order mark; bytes that are no UTF-8 are replaced."""
        return self.body().decode("utf-8", "replace")

    def body(self) -> bytes:
        """The head without a UTF-8 byte order mark."""
        return self.head[3:] if self.head.startswith(b"\xef\xbb\xbf") else self.head

    def lines(self) -> Sequence[bytes]:
        """The non-empty lines of the head; a last line cut off by the sample's end is left out if others remain."""
        if not self._lines:
            lines = self.body().split(b"\n")
            if not self.complete and len(lines) > 1:
                lines.pop()
            self._lines.append([bare for line in lines if (bare := line.rstrip(b"\r"))])
        return self._lines[0]


def take_sample(name: str, stream: BinaryIO) -> Sample:
    """The beginning of a member. A stream that fails gives what was readable: the failure shows again on reading.

    No byte more than the sample is taken from the stream.
    """
    parts: list[bytes] = []
    size = 0
    complete = False
    try:
        while size < SAMPLE_BYTES:
            part = stream.read(SAMPLE_BYTES - size)
            if not part:
                complete = True
                break
            parts.append(part)
            size += len(part)
    except InputError:
        complete = True
    return Sample(name, b"".join(parts), complete)


@dataclass(frozen=True, slots=True)
class Detection:
    """One format's claim on a member: how sure, why, and what it learned that parsing needs."""

    confidence: float
    """0 to 1. 0.9 and above: fields only this format has; around 0.5: the shape fits; below 0.3: it could be read."""
    why: str
    header: tuple[str, ...] = ()
    delimiter: str = ","
    extra: tuple[tuple[str, str], ...] = ()

    def apply(self, context: Context) -> Context:
        """The context with what this detection learned."""
        return replace(context, header=self.header, delimiter=self.delimiter, extra=self.extra)


@runtime_checkable
class Format(Protocol):
    """One source format. Built-in ones are listed in ``registry``; others come by the entry-point group."""

    @property
    def name(self) -> str:
        """Short, lower case, stable: ``cloudtrail``."""

    @property
    def version(self) -> str:
        """The parser's version, raised whenever the mapping changes."""

    @property
    def media_type(self) -> str:
        """Of one payload."""

    @property
    def source_name(self) -> str | None:
        """The natural name of a source of this format (``aws.cloudtrail``), or none: the file's stem then."""

    @property
    def rendered(self) -> bool:
        """Whether payloads are renderings of records, not slices of the member (see above); not so for text."""

    def detect(self, sample: Sample) -> Detection | None:
        """Whether a member could be of this format."""

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record] | Turn]:
        """Cut a stream that stands at byte ``start`` of its member into batches of records."""

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per payload, in order. Pure; never raises on any bytes."""


class Identity(NamedTuple):
    """What makes a record the one it is, whichever copy of its log it stands in."""

    sender: bytes
    """Whose numbering it is: of one log, and of no other."""
    number: int | None
    """The record's number there, if it states one that a leaf can hold."""
    content: bytes
    """All the record says, without what tells only of the copy. Records that differ in it are different records."""


@runtime_checkable
class Numbered(Protocol):
    """What a format whose records bear their sender's numbers offers beside :class:`Format`."""

    def identify(self, payloads: Sequence[bytes]) -> list[Identity | None]:
        """The identity of each payload; none for what tells of one file only, such as its damage. Never raises."""


@runtime_checkable
class Columnar(Protocol):
    """What a format offers beside :class:`Format` that can read many records without an object for each."""

    def read_columns(self, payloads: Sequence[bytes], context: Context) -> pa.RecordBatch | None:
        """The very events ``parse`` gives, one a record, as columns named as the fields of an event.

        Only ``observed_at`` may have nulls; a column that holds nothing throughout may be left out, but for
        ``message`` and ``attributes``; ``event_type`` and ``time_quality`` are dictionaries, and ``keys`` are lists of
        structs of kind and value. ``None`` where any record has to be read by itself. Never raises.
        """


def batches(
    form: Format, stream: BinaryIO, context: Context, *, start: int = 0, number: int = 0
) -> Iterator[tuple[list[Record], Context]]:
    """What ``split`` cuts, each batch with the context it is to be read under."""
    for item in form.split(stream, start=start, number=number, context=context):
        if isinstance(item, Turn):
            context = item.context
        else:
            yield item, context
