"""What coding agents send by OpenTelemetry, as ``agent.*`` events: a witness beside their transcripts and hooks.

Read by the names of events, with what each states of session, call, model and tokens::

    claude_code.*   session.id; user_prompt prompt; tool_decision, tool_result tool_name, tool_use_id, success,
                    decision; api_request model, request_id, input_tokens, output_tokens, cache_read_tokens,
                    cache_creation_tokens; api_error error
    codex.*         conversation.id; user_prompt prompt; tool_decision, tool_result tool_name, call_id, success,
                    decision; sse_event input_token_count (with cached_token_count), output_token_count (with
                    reasoning_token_count)
    gemini_cli.*    session.id; user_prompt prompt; tool_call function_name, success, decision; api_response model,
                    input_token_count (with cached_content_token_count), output_token_count, thoughts_token_count
    gen_ai.*        spans: gen_ai.conversation.id, gen_ai.operation.name (execute_tool, or what asks a model),
                    gen_ai.tool.name, gen_ai.tool.call.id, gen_ai.request.model, gen_ai.usage.input_tokens, …

A call is told with its end. Tokens are told once more than a transcript tells them; whose count is decided where
sessions are put together (:mod:`vestige.agents.figures`): never both. Metrics are measurements and stay so.

References: code.claude.com/docs, "Monitoring"; github.com/openai/codex, ``codex-rs/otel``; github.com/google-gemini/
gemini-cli, "Observability with OpenTelemetry"; OpenTelemetry, "Semantic conventions for generative AI".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vestige.sources.agents.claude_content import SEMANTICS as CLAUDE
from vestige.sources.agents.codex import SEMANTICS as CODEX
from vestige.sources.agents.events import Scene, Semantics, count_of
from vestige.sources.agents.gemini import SEMANTICS as GEMINI
from vestige.sources.agents.tools import Call
from vestige.sources.reading.timefield import Stamp
from vestige.sources.telemetry.otlp_values import first, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.model.event import Event
    from vestige.sources.agents.events import Usage

    Part = Mapping[str, object]

_AGENTS: Final = {"claude_code": "claude-code", "codex": "codex", "gemini_cli": "gemini-cli"}
_MEANT: Final = {"claude-code": CLAUDE, "codex": CODEX, "gemini-cli": GEMINI}
_CONVENTION: Final = Semantics(input_has_cached=True, output_has_reasoning=True, counts="message")
"""Of the semantic conventions, whoever keeps to them."""
SPAN: Final = "span:"
"""How the id of an answer begins that a span tells: the same may be told by a log record, under another id."""
_SESSIONS: Final = ("session.id", "conversation.id", "gen_ai.conversation.id")
_CALLS: Final = ("tool_use_id", "call_id", "gen_ai.tool.call.id")
_TOOLS: Final = ("tool_name", "function_name", "gen_ai.tool.name")
_NO: Final = frozenset({"reject", "rejected", "deny", "denied", "abort"})
_ENDS: Final = frozenset({"tool_result", "tool_call", "execute_tool"})
_ANSWERS: Final = frozenset({"api_request", "sse_event", "api_response", "chat", "generate_content", "text_completion"})
_FIGURES: Final = {
    "taken_in": ("input_tokens", "input_token_count", "gen_ai.usage.input_tokens"),
    "put_out": ("output_tokens", "output_token_count", "gen_ai.usage.output_tokens"),
    "reasoning": ("reasoning_token_count", "thoughts_token_count", "gen_ai.usage.reasoning.output_tokens"),
    "cache_read": ("cache_read_tokens", "cached_token_count", "cached_content_token_count",
                   "gen_ai.usage.cache_read.input_tokens"),
    "cache_write_5m": ("cache_creation_tokens", "gen_ai.usage.cache_creation.input_tokens"),
}  # fmt: skip
_ANSWER_IDS: Final = ("request_id", "response_id", "gen_ai.response.id")


def agent_events(event: Event, names: Sequence[str], fields: Part, service: str, span: str = "") -> list[Event]:
    """The events of an item that a coding agent sent; none if no agent did, or it names no session.

    Args:
        event: the item as any other is read.
        names: what it calls itself, the most telling first.
        fields: its attributes.
        service: who sent it.
        span: its id, if it is a span.
    """
    agent, act = _whose(names, fields, service)
    session = first(fields, *_SESSIONS)
    if not agent or not session:
        return []
    scene = Scene(
        agent,
        Stamp(event.occurred_at, event.time_text, event.time_quality, event.tags[0] if event.tags else ""),
        session,
        first(fields, "model", "gen_ai.response.model", "gen_ai.request.model"),
        first(fields, "agent.id", "agent_id"),
        event.keys,
    )
    told, *more = _told(scene, act, fields, event, span)
    return [
        one._replace(trace_id=event.trace_id, host=event.host, observed_at=event.observed_at)
        for one in (told._replace(attributes=event.attributes), *more)
    ]


def _whose(names: Sequence[str], fields: Part, service: str) -> tuple[str, str]:
    """The agent that sent an item, and what the item is of."""
    for name in names:
        lead, mark, act = name.partition(".")
        if mark and lead in _AGENTS:
            return _AGENTS[lead], act
    operation = first(fields, "gen_ai.operation.name")
    known = next((agent for lead, agent in _AGENTS.items() if service.replace("-", "_").startswith(lead)), "")
    if operation:
        return known or first(fields, "gen_ai.agent.name") or service, operation
    return known, next(filter(None, names), "")


def _told(scene: Scene, act: str, fields: Part, event: Event, span: str) -> list[Event]:
    if act == "user_prompt":
        said = first(fields, "prompt") or "a prompt that is not told"
        return [scene.tell("agent.prompt", said, action=act, person=True)]
    if act == "api_error":
        said = first(fields, "error", "error.message", "error_message") or "the model failed"
        return [scene.tell("agent.error", said, action=act, outcome="failure", severity=2)]
    if act == "tool_decision" or act in _ENDS:
        return _of_call(scene, act, fields, event)
    status = scene.tell("agent.status", " ".join(filter(None, (act, scene.model))), action=act)
    usage = _usage(scene, fields, span) if act in _ANSWERS else None
    return [status] if usage is None else [status, scene.used(usage)]


def _of_call(scene: Scene, act: str, fields: Part, event: Event) -> list[Event]:
    """A call, or what came of it. A decision that names no call is told as a status: which call it was, nobody knows."""
    call = Call(first(fields, *_TOOLS), None, first(fields, *_CALLS))
    if first(fields, "decision").lower() in _NO:
        return call.denied_events(scene, first(fields, "source", "decision_source"))
    if act == "tool_decision":
        return [call.use_event(scene) if call.use else scene.tell("agent.status", f"may use {call.tool}", action=act)]
    failed = str(fields.get("success")).lower() == "false" or event.outcome == "failure"
    return [call.result_event(scene, "failure" if failed else "success", first(fields, "error", "error.message"))]


def _usage(scene: Scene, fields: Part, span: str) -> Usage | None:
    """The tokens an answer took, if it states any."""
    figures = {name: count_of(whole(first(fields, *names))) for name, names in _FIGURES.items()}
    if not (figures["taken_in"] or figures["put_out"]):
        return None
    meant = _MEANT.get(scene.agent, _CONVENTION)._replace(counts="message")
    named = first(fields, *_ANSWER_IDS)
    lead = SPAN if span else "telemetry:"
    return meant.usage(f"{lead}{named or span}" if named or span else "", scene.model, **figures)
