"""What a single record that arrived by itself is: recognised by its content, as the member it might stand in would be.

What an object is depends on the object alone, never on what came before it or who sent that. Asking every format
takes longer than reading the record, so it is remembered by an object's names which formats need to be asked again:
those that looked at a value. One that told by the names alone, and said no, says no to every object of these names.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.sources.cloud.m365 import UnifiedAuditLog
from vestige.sources.contract import SAMPLE_BYTES, Detection, Sample
from vestige.sources.detect import detect
from vestige.sources.general.json_lines import JsonFormat, is_declared
from vestige.sources.reading.either import RowRecords
from vestige.sources.reading.json_shape import WRAPPERS
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.registry import formats
from vestige.sources.telemetry.carried import SOURCETYPES
from vestige.sources.windows.windows_json import WindowsJson

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView

    from vestige.sources.contract import Format

ANY = "json"
"""What an object is read as that no format knows."""
REMEMBERED = 10_000
"""Sets of names; each takes a digest and a few numbers."""
MOST_NAMES = 300
"""Of an object with more, nothing is remembered: reading it takes longer than asking everybody."""
SURE = 0.5
"""Below this a few lines are too little to go by."""
HINTED = 0.3
"""Above this a format is taken that the sender's own name for its data speaks for."""
_DECLARED, _PLAIN = 0.9, 0.5
"""How sure JSON itself is of a declared event, and of any object."""
_known: dict[bytes, tuple[int, ...]] = {}
"""By the digest of an object's names, in order: the places, in :func:`_askers`, of those to ask."""


class _Asker(NamedTuple):
    """A format that tells from one object whether it is its own."""

    name: str
    confidence: float
    mine: Callable[[Mapping[str, object]], bool]


def form_of_object(payload: bytes, record: Mapping[str, object]) -> str:
    """The name of the format an object is of; :data:`ANY` if none knows it.

    Args:
        payload: its exact bytes.
        record: what they say.
    """
    if any(type(record[name]) is list for name in WRAPPERS & record.keys()):
        choice = detect(Sample("", payload, complete=True), _object_forms())
        return ANY if choice.format is None else choice.format.name
    name, sure = _known_to(record)
    for form in _strangers():
        claim = form.detect(Sample("", payload, complete=True))
        if claim is not None and claim.confidence > sure:
            name, sure = form.name, claim.confidence
    return name


def _known_to(record: Mapping[str, object]) -> tuple[str, float]:
    """The surest format that knows an object, and how sure it is."""
    askers = _askers()
    places: tuple[int, ...] | range = range(len(askers))
    if len(record) <= MOST_NAMES:
        names = blake2b(orjson.dumps(list(record)), digest_size=16).digest()
        known = _known.get(names)
        places = _remember(names, record) if known is None else known
    for place in places:
        asker = askers[place]
        if asker.mine(record):
            return asker.name, asker.confidence
    return ANY, _PLAIN


def _remember(names: bytes, record: Mapping[str, object]) -> tuple[int, ...]:
    watched = _Watched(record)
    places = []
    for place, asker in enumerate(_askers()):
        watched.looked_at = False
        if asker.mine(watched) or watched.looked_at:
            places.append(place)
    if len(_known) >= REMEMBERED:
        _known.clear()
    _known[names] = tuple(places)
    return _known[names]


class _Watched(dict[str, object]):
    """An object that notices whether any of its values is looked at; its names may be."""

    looked_at = False

    def __iter__(self) -> Iterator[str]:
        """Names. That this stands here makes copying go by :meth:`__getitem__`."""
        return super().__iter__()

    def __getitem__(self, name: str, /) -> object:
        self.looked_at = True
        return super().__getitem__(name)

    def get(self, name: str, default: object = None, /) -> object:
        """A name that is not there has no value to look at."""
        if name not in self:
            return default
        self.looked_at = True
        return super().get(name, default)

    def items(self) -> ItemsView[str, object]:  # type: ignore[override]
        """Names and values."""
        self.looked_at = True
        return super().items()

    def values(self) -> ValuesView[object]:  # type: ignore[override]
        """Values."""
        self.looked_at = True
        return super().values()


@cache
def _askers() -> tuple[_Asker, ...]:
    """The formats of objects by how sure they are, then in the registry's order; none less sure than JSON itself."""
    found = [asker for form in _object_forms() if (asker := _asker(form)) is not None and asker.confidence > _PLAIN]
    return tuple(sorted(found, key=lambda asker: -asker.confidence))


@cache
def _strangers() -> tuple[Format, ...]:
    """Formats of others that claim a member in a way of their own."""
    return tuple(form for form in _object_forms() if _asker(form) is None)


def _asker(form: Format) -> _Asker | None:
    if isinstance(form, JsonRecords) and type(form).detect in {JsonRecords.detect, WindowsJson.detect}:
        return _Asker(form.name, form.confidence, form.mine)
    if isinstance(form, UnifiedAuditLog):
        return _Asker(form.name, form.objects.confidence, form.objects.mine)
    if isinstance(form, RowRecords):
        mine = form.mine
        return _Asker(form.name, form.confidence, lambda record: mine(record.keys()))
    return _Asker(form.name, _DECLARED, is_declared) if isinstance(form, JsonFormat) else None


@cache
def _object_forms() -> tuple[Format, ...]:
    return tuple(form for form in formats().values() if form.media_type == "application/json" and not form.rendered)


@cache
def _text_forms() -> tuple[Format, ...]:
    """Formats of text. A table's rows need the names in its first one, which what arrives by itself does not have."""
    return tuple(form for form in formats().values() if not form.rendered and form.media_type != "text/csv")


class Text(NamedTuple):
    """How a request's text is read."""

    form: Format
    detection: Detection


def form_of_text(text: bytes, sourcetype: str = "") -> Text | None:
    """The format that lines are of, or other text of several records; none if no format is sure of it.

    Args:
        text: all of it.
        sourcetype: what Splunk's senders call it, which decides where the content does not.
    """
    sample = Sample("", text[:SAMPLE_BYTES], complete=len(text) <= SAMPLE_BYTES)
    for form in _hinted(sourcetype):
        detection = form.detect(sample)
        if detection is not None and detection.confidence >= HINTED and not detection.header:
            return Text(form, detection)
    choice = detect(sample, _text_forms())
    if choice.format is None or choice.detection is None or choice.detection.confidence < SURE:
        return None
    return None if choice.detection.header else Text(choice.format, choice.detection)


def _hinted(sourcetype: str) -> Iterator[Format]:
    name = SOURCETYPES.get(sourcetype, sourcetype)
    form = formats().get(name)
    if form is not None and not form.rendered:
        yield form
