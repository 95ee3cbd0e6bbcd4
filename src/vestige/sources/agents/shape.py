"""Whether bytes have the shape of an agent's session: asked before they are appended, as secrets may be among them.

Wider than what the formats claim: one such object in the sample is enough, of any version, also of agents that have no
format here (Pi, Windsurf, Droid, Continue), as talk has one shape everywhere: a ``role`` with ``content``. To take a
log for a session costs a search for secrets; to take a session for a log would keep one for ever.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestige.sources.agents import FORMATS
from vestige.sources.contract import SAMPLE_BYTES, Sample
from vestige.sources.reading.fields import mapping, text_of
from vestige.sources.reading.json_shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    Part = Mapping[str, object]

_ROLES = frozenset({"user", "assistant", "system", "developer", "tool", "toolResult", "model", "human", "ai"})
_HOOK = ("hook_event_name", "hookEventName")
_STEPS = frozenset({"planner_response", "user_input", "code_action", "run_command", "tool_uses", "toolUseResult"})
_HOLDERS = ("message", "payload", "data", "info")
_TELEMETRY = re.compile(rb"\b(?:claude_code|codex|gemini_cli|gen_ai)\.")
"""In what an agent sends by OpenTelemetry: prompts, commands and answers are among its attributes."""
_IN_TEXT = re.compile(
    rb'"role"\s*:\s*"(?:user|assistant|system|developer|tool|toolResult|model|human|ai)"|"hook_?[eE]vent_?[nN]ame"\s*:'
    rb'|"(?:toolUseResult|tool_use_id|toolCalls|parentUuid|transcript_path|projectHash|responderUsername|selectedModel)"\s*:'
)


def is_agent_shape(head: bytes) -> bool:
    """Whether a member that begins so could be a session of a coding agent, whatever its version.

    Args:
        head: its first bytes, decompressed; no more than the sample is looked at.
    """
    sample = Sample("", head[:SAMPLE_BYTES], complete=len(head) < SAMPLE_BYTES)
    shape = shape_of(sample)
    if shape is not None and shape.objects:
        return any(is_agent_record(record) for record in shape.objects) or is_agent_telemetry(sample.body())
    # What is seen in part only (a first line longer than the sample, a large document) is told by names in it.
    body = sample.body().lstrip()
    if body[:1] not in {b"{", b"["}:
        return False
    return is_agent_text(body)


def is_agent_text(text: bytes) -> bool:
    """Whether one record, or any of several together, could be of a session, by the names in it: no parsing."""
    return _IN_TEXT.search(text) is not None or is_agent_telemetry(text) or any(form.begins(text) for form in FORMATS)


def is_agent_telemetry(text: bytes) -> bool:
    """Whether bytes, of JSON or of protobuf, could be what an agent sends by OpenTelemetry."""
    return _TELEMETRY.search(text) is not None


def is_agent_record(record: Part) -> bool:
    """Whether one object could stand in a session of a coding agent."""
    return _talks(record) or any(form.mine(record) for form in FORMATS)


def _talks(record: Part) -> bool:
    return any(_is_talk(part) for part in (record, *(mapping(record.get(name)) for name in _HOLDERS)))


def _is_talk(part: Part) -> bool:
    if any(name in part for name in _HOOK) or not _STEPS.isdisjoint(part):
        return True
    return text_of(part.get("role")) in _ROLES and ("content" in part or "parts" in part)
