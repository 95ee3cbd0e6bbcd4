"""Coding agents that send OpenTelemetry, by its own SDK: spans of the GenAI conventions, and agents' own logs."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai

from support.receiving import events, raw

if TYPE_CHECKING:
    import httpx

    from support.program import Running

AT = 1_772_355_600_000_000_000  # 2026-03-01
SONNET = "claude-sonnet-4-5-20250929"
CACHE_READ, CACHE_WRITTEN = "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens"
SECRET = "ghp_" + "a7Bq2Zr9Lx4Wm1Kt8Yv3Nc6Pd5Hs0Jf2Gu7E"


def session(client: httpx.Client, name: str) -> dict[str, Any]:
    while "index_lag" in (found := client.get(f"/v1/agents/sessions/{name}").raise_for_status().json()):
        time.sleep(0.1)
    told: dict[str, Any] = found
    return told


def send_spans(server: Running, service: str, *spans: tuple[str, dict[str, Any]]) -> None:
    exporter = OTLPSpanExporter(server.url + "/v1/traces", headers={"Authorization": f"Bearer {server.token}"})
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for number, (name, attributes) in enumerate(spans):
        start = AT + number * 10**9
        provider.get_tracer("agent").start_span(name, start_time=start, attributes=attributes).end(start + 10**8)
    provider.shutdown()


def send_logs(server: Running, service: str, *records: dict[str, Any]) -> None:
    exporter = OTLPLogExporter(server.url + "/v1/logs", headers={"Authorization": f"Bearer {server.token}"})
    provider = LoggerProvider(resource=Resource.create({"service.name": service}))
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    for number, attributes in enumerate(records):
        provider.get_logger(service).emit(
            LogRecord(timestamp=AT + number * 10**9, body=attributes["event.name"], attributes=attributes)
        )
    provider.shutdown()


def test_spans_of_the_conventions_are_a_session_with_its_tokens_by_cache(server: Running, client: httpx.Client) -> None:
    conversation = {gen_ai.GEN_AI_CONVERSATION_ID: "otel-spans", gen_ai.GEN_AI_AGENT_NAME: "own-agent"}
    send_spans(
        server,
        "own-agent",
        (
            f"chat {SONNET}",
            conversation | {
                gen_ai.GEN_AI_OPERATION_NAME: "chat", gen_ai.GEN_AI_RESPONSE_MODEL: SONNET,
                gen_ai.GEN_AI_RESPONSE_ID: "msg_1",
                # By the conventions the input has all that was cached in it.
                gen_ai.GEN_AI_USAGE_INPUT_TOKENS: 5210, gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS: 100,
                CACHE_READ: 5000, CACHE_WRITTEN: 200,
            },
        ),
        (
            "execute_tool Bash",
            conversation | {gen_ai.GEN_AI_OPERATION_NAME: "execute_tool", gen_ai.GEN_AI_TOOL_NAME: "Bash",
                            gen_ai.GEN_AI_TOOL_CALL_ID: "toolu_otel"},
        ),
    )  # fmt: skip
    found = session(client, "otel-spans")
    tokens = {name: count for name, count in found["tokens"].items() if count}
    assert tokens == {"input": 10, "output": 100, "cache_read": 5000, "cache_write_5m": 200, "answers": 1}
    assert (Decimal(found["cost"]["usd"]), found["tokens_of"]) == (Decimal("0.00378"), "telemetry")
    calls = [item for turn in found["turns"] for item in turn["items"] if item["type"] == "agent.call"]
    assert [(call["tool"], call["tool_use_id"], call["outcome"]) for call in calls] == [
        ("Bash", "toolu_otel", "success")
    ]
    assert found["agent"] == "own-agent"


def test_an_answer_told_by_a_log_and_by_a_span_counts_once(server: Running, client: httpx.Client) -> None:
    usage = {"input_tokens": "10", "output_tokens": "100", "cache_read_tokens": "5000", "cache_creation_tokens": "200"}
    send_logs(
        server, "claude-code",
        {"event.name": "claude_code.api_request", "session.id": "otel-both", "request_id": "req_1", "model": SONNET}
        | usage,
    )  # fmt: skip
    send_spans(
        server, "claude-code",
        ("claude_code.llm_request", {"session.id": "otel-both", gen_ai.GEN_AI_OPERATION_NAME: "chat",
                                     gen_ai.GEN_AI_RESPONSE_MODEL: SONNET, gen_ai.GEN_AI_USAGE_INPUT_TOKENS: 10,
                                     gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS: 100}),
    )  # fmt: skip
    found = session(client, "otel-both")
    assert (found["tokens"]["answers"], found["tokens"]["output"], found["tokens"]["input"]) == (1, 100, 10)


CODEX = (
    {"event.name": "codex.user_prompt", "prompt": "list it"},
    {"event.name": "codex.tool_decision", "tool_name": "shell", "call_id": "call_1", "decision": "approved"},
    {"event.name": "codex.tool_result", "tool_name": "shell", "call_id": "call_1", "success": "true"},
    {"event.name": "codex.tool_decision", "tool_name": "shell", "call_id": "call_2", "decision": "denied"},
    {"event.name": "codex.sse_event", "event.kind": "response.completed", "model": "gpt-5-codex",
     "input_token_count": "1000", "cached_token_count": "600", "output_token_count": "80",
     "reasoning_token_count": "50"},
)  # fmt: skip
GEMINI = (
    {"event.name": "gemini_cli.user_prompt", "prompt": "list it"},
    {"event.name": "gemini_cli.tool_call", "function_name": "run_shell_command", "success": True, "decision": "accept"},
    {"event.name": "gemini_cli.tool_call", "function_name": "write_file", "success": False, "decision": "reject"},
    {"event.name": "gemini_cli.api_response", "model": "gemini-2.5-pro", "input_token_count": 1000,
     "cached_content_token_count": 600, "output_token_count": 80, "thoughts_token_count": 50},
)  # fmt: skip


@pytest.mark.parametrize(
    ("agent", "name", "records", "tokens"),
    [
        ("codex", "conversation.id", CODEX, {"input": 400, "cache_read": 600, "output": 80, "reasoning": 50}),
        # Of Gemini's output its thoughts are no part.
        ("gemini-cli", "session.id", GEMINI, {"input": 400, "cache_read": 600, "output": 130, "reasoning": 50}),
    ],
)
def test_what_other_agents_send_is_a_session_too(
    server: Running, client: httpx.Client, agent: str, name: str, records: tuple[dict[str, Any], ...],
    tokens: dict[str, int],
) -> None:  # fmt: skip
    send_logs(server, agent, *({name: f"otel-{agent}", **record} for record in records))
    found = session(client, f"otel-{agent}")
    assert (found["agent"], found["prompts"], found["denials"]) == (agent, 1, 1)
    assert {part: count for part, count in found["tokens"].items() if count} == tokens | {"answers": 1}
    assert found["tool_calls"] == 2
    assert found["coverage"]["share"] is None


def test_a_secret_in_telemetry_is_taken_out_and_the_rest_stays(server: Running, client: httpx.Client) -> None:
    send_logs(
        server,
        "claude-code",
        {"event.name": "claude_code.user_prompt", "session.id": "otel-secret", "prompt": f"use {SECRET} please"},
    )
    (found,) = events(client, "session:otel-secret type:agent.prompt")
    kept = raw(client, found["id"])
    assert SECRET.encode() not in kept
    assert b"[redacted:github-token:" in kept
    assert found["message"].startswith("use [redacted:github-token:")
    # What has no secret is kept as it came, to the byte: telemetry of others is not even looked at.
    send_logs(server, "shop", {"event.name": "shop.order", "note": f"not an agent's {SECRET}"})
    (other,) = events(client, "shop.order")
    assert SECRET.encode() in raw(client, other["id"])
