"""Which format a member is of: every format is asked, the surest answer wins, and every answer is kept to show.

The name never decides: a wrong file ending does not matter. Among equal answers the first in the registry's order
wins. Nobody's claim, and an empty member, are results with a reason, not errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vestige.sources.registry import formats

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.sources.contract import Detection, Format, Sample

LEAST = 0.2
"""Below this a claim is too weak to read a member by without being told to."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The outcome of asking."""

    format: Format | None
    detection: Detection | None
    why: str
    """Why this format, or why none."""
    claims: tuple[tuple[str, Detection], ...]
    """Every format that answered, surest first."""


def detect(sample: Sample, among: Iterable[Format] | None = None) -> Choice:
    """The best format for a sample, or none with the reason."""
    if not sample.head.strip(b"\xef\xbb\xbf"):
        why = "it holds a byte order mark and nothing else" if sample.head else "it is empty"
        return Choice(None, None, f"{why}, so there are no records", ())
    claims: list[tuple[Format, Detection]] = []
    for form in among if among is not None else formats().values():
        detection = form.detect(sample)
        if detection is not None and detection.confidence > 0:
            claims.append((form, detection))
    claims.sort(key=lambda claim: -claim[1].confidence)
    shown = tuple((form.name, detection) for form, detection in claims)
    if not claims or claims[0][1].confidence < LEAST:
        return Choice(None, None, _nobody(sample), shown)
    form, detection = claims[0]
    return Choice(form, detection, f"{form.name}: {detection.why}", shown)


def _nobody(sample: Sample) -> str:
    if sample.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "no format recognises it: it looks like UTF-16; convert it to UTF-8 and import that"
    if b"\0" in sample.head[:1024]:
        return "no format recognises it: it looks binary"
    return "no format recognises it"
