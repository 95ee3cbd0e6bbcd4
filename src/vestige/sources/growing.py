"""How a file that grows is taken in: line by line as it is written, or whole again when it has grown.

Line by line needs records that are lines, or rows and blocks of whole lines: a line feed ends every record, and bytes
behind the last one are a line that is still being written. Records cut by a size or a length (``utmp``, OTLP in
protobuf), fields that may hold any byte (the journal's export), renderings and JSON documents have no such place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.reading.json_shape import DOCUMENT

if TYPE_CHECKING:
    from vestige.sources.contract import Context, Detection, Format


def in_lines(form: Format, found: Context | Detection) -> bool:
    """Whether records end at line feeds, so that a growing file may be cut there.

    Derived from what every format states: the media type of its payloads (text or JSON), that they are no renderings,
    and the layout it found. What says anything else is not cut at line feeds.

    Args:
        form: the format.
        found: what it found out about the file.
    """
    kind = form.media_type
    text = kind.startswith("text/") or kind == "application/json" or kind.endswith("+json")
    return text and not form.rendered and ("layout", DOCUMENT) not in found.extra
