"""What a single record that arrived by itself is: recognised by its content, as the member it might stand in would be.

A member is recognised once, a record that arrives each time, so what was found out is remembered by the record's
shape (:func:`_shape`): asking every format takes a hundred times as long as reading the record. A format that can tell
its own record by a look is asked again; where it says no, everybody is.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from vestige.sources.contract import SAMPLE_BYTES, Detection, Sample
from vestige.sources.detect import detect
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.registry import formats
from vestige.sources.telemetry.carried import SOURCETYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.sources.contract import Format

ANY = "json"
"""What an object is read as that no format knows."""
REMEMBERED = 10_000
ASKED = 100
"""Shapes of one request that every format is asked about; whatever else it holds is held against what these were."""
SURE = 0.5
"""Below this a few lines are too little to go by."""
HINTED = 0.3
"""Above this a format is taken that the sender's own name for its data speaks for."""
_TELLING = frozenset(("type", "kind", "event_type", "logType", "log_type", "schema", "category"))
"""Fields whose values may tell formats apart where their names do not."""
_TELLING_LENGTH = 40
_known: dict[object, str] = {}


class Objects:
    """Recognises the objects of one request."""

    def __init__(self) -> None:
        self._left = ASKED
        self._met: dict[str, JsonRecords] = {}

    def form_of(self, payload: bytes, record: Mapping[str, object]) -> str:
        """The name of the format an object is of; :data:`ANY` if none knows it.

        Args:
            payload: its exact bytes.
            record: what they say.
        """
        shape = _shape(record)
        name = _known.get(shape)
        if name is not None and (name == ANY or self._is(name, record)):
            return name
        if self._left <= 0:
            return next((form.name for form in self._met.values() if form.mine(record)), ANY)
        self._left -= 1
        choice = detect(Sample("", payload, complete=True), _object_forms())
        name = ANY if choice.format is None else choice.format.name
        if len(_known) >= REMEMBERED:
            _known.clear()
        _known[shape] = name
        self._is(name, record)
        return name

    def _is(self, name: str, record: Mapping[str, object]) -> bool:
        form = formats()[name]
        if not isinstance(form, JsonRecords):
            return True
        self._met[name] = form
        return form.mine(record)


def _shape(record: Mapping[str, object]) -> tuple[object, ...]:
    """The names of an object and of the objects in it, with what kind of value each has."""
    return tuple(
        [
            (name, *value)
            if type(value) is dict
            else (name, value)
            if name in _TELLING and type(value) is str and len(value) <= _TELLING_LENGTH
            else (name, type(value))
            for name, value in record.items()
        ]
    )


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
