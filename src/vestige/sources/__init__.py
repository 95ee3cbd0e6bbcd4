"""Bytes to records to readings: containers, detection, and one file per format.

``walk`` finds members in files, folders and archives; ``detect`` tells a member's format from a sample of it; the
format's ``split`` cuts records as exact bytes, and its ``parse`` reads them, purely. The contract and its invariants
stand in :mod:`vestige.sources.contract`; a new format is one file plus a line in :mod:`vestige.sources.registry`.
"""

from vestige.sources.agents.shape import is_agent_shape, is_agent_telemetry, is_agent_text
from vestige.sources.contract import (
    MAX_RECORD,
    Columnar,
    Context,
    Detection,
    Format,
    Identity,
    Numbered,
    Sample,
    Turn,
    batches,
    take_sample,
)
from vestige.sources.detect import Choice, detect
from vestige.sources.general.declared_timeline import (
    GROUP_TAG,
    bare_digest,
    digests_of,
    ids_in,
    kind_of,
    named_in,
)
from vestige.sources.growing import in_lines
from vestige.sources.members.member import Member, Refused
from vestige.sources.members.streams import Limits
from vestige.sources.members.walk import walk
from vestige.sources.reading.fields import canonical_ip, outcome_of, severity_known
from vestige.sources.reading.json_read import DECLARED, repeats_a_key
from vestige.sources.reading.json_shape import split_json
from vestige.sources.reading.timefield import zone_named
from vestige.sources.registry import format_named, formats

__all__ = [
    "DECLARED",
    "GROUP_TAG",
    "MAX_RECORD",
    "Choice",
    "Columnar",
    "Context",
    "Detection",
    "Format",
    "Identity",
    "Limits",
    "Member",
    "Numbered",
    "Refused",
    "Sample",
    "Turn",
    "bare_digest",
    "batches",
    "canonical_ip",
    "detect",
    "digests_of",
    "format_named",
    "formats",
    "ids_in",
    "in_lines",
    "is_agent_shape",
    "is_agent_telemetry",
    "is_agent_text",
    "kind_of",
    "named_in",
    "outcome_of",
    "repeats_a_key",
    "severity_known",
    "split_json",
    "take_sample",
    "walk",
    "zone_named",
]
