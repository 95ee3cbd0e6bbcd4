"""Requests in protobuf with their texts changed: everything else of them stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from vestige.sources.telemetry.otlp_proto import rewritten

TEXT = st.text(max_size=12)


def made(rows: list[tuple[str, str]], body: str = "b") -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=5, trace_id=b"\1" * 16)
    record.body.string_value = body
    for key, value in rows:
        record.attributes.add(key=key).value.string_value = value
    return request


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5), TEXT)
def test_what_is_not_changed_stays_to_the_byte(rows: list[tuple[str, str]], body: str) -> None:
    data = made(rows, body).SerializeToString()
    assert rewritten(data, lambda _, text: text) == data


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5), TEXT)
def test_each_text_is_changed_beside_its_name_and_no_name_is(rows: list[tuple[str, str]], body: str) -> None:
    data = rewritten(made(rows, body).SerializeToString(), lambda key, text: f"{key}={text}!")
    assert data == made([(key, f"{key}={text}!") for key, text in rows], f"={body}!").SerializeToString()


@given(st.binary(max_size=40))
def test_what_is_no_request_stays_as_it_is(data: bytes) -> None:
    assert rewritten(data, lambda _, text: text) == data
