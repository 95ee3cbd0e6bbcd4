"""Which format a member is of: every format is asked, the surest answer wins, and every answer is kept to show.

The name never decides: a wrong file ending does not matter. Among equal answers the first in the registry's order
wins. Lines of several formats in one member are a format of their own (:mod:`vestige.sources.mixed`). Nobody's
claim, and an empty member, are results with a reason, not errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vestige.sources.mixed import mixture
from vestige.sources.registry import MIXED, formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vestige.sources.contract import Detection, Format, Sample

CERTAIN = 0.99
"""At this a claim rests on bytes that only the format begins with."""
_MAGIC = 64
"""Bytes that such a beginning lies in; no text has a NUL there."""
LEAST_CONFIDENCE = 0.2
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
    asked = [form for form in (formats().values() if among is None else among) if form is not MIXED]
    claims = _claims(sample, asked)
    shown = tuple((form.name, detection) for form, detection in claims)
    first = claims[0] if claims and claims[0][1].confidence >= LEAST_CONFIDENCE else None
    mixed = mixture(sample, first, lambda lines: next(iter(_claims(lines, asked)), None))
    if mixed is not None:
        return Choice(MIXED, mixed, f"mixed: {mixed.why}", shown)
    if first is None:
        return Choice(None, None, _nobody(sample), shown)
    form, detection = first
    return Choice(form, detection, f"{form.name}: {detection.why}", shown)


def _claims(sample: Sample, asked: Sequence[Format]) -> list[tuple[Format, Detection]]:
    """Every format's claim, surest first; of one that knows its own by what no text begins with, that alone."""
    if b"\0" in sample.head[:_MAGIC]:
        for form in asked:
            detection = form.detect(sample) if form.rendered else None
            if detection is not None and detection.confidence >= CERTAIN:
                return [(form, detection)]
    found = [(form, detection) for form in asked if (detection := form.detect(sample)) is not None]
    return sorted([one for one in found if one[1].confidence > 0], key=lambda claim: -claim[1].confidence)


def _nobody(sample: Sample) -> str:
    if sample.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "no format recognises it: it looks like UTF-16; convert it to UTF-8 and import that"
    if b"\0" in sample.head[:1024]:
        return "no format recognises it: it looks binary"
    return "no format recognises it"
