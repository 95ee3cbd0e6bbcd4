"""Tokens counted once: by message, by what totals grew, subagents included."""

from __future__ import annotations

import json

from support.agent_events import events_in, events_of
from support.samples.agents import CODEX, answered, claude, copilot, counted, rollout
from vestige.agents import Tokens, answers, by_model
from vestige.sources.agents import SEMANTICS

TEXT = {"type": "text", "text": "x"}


def line(number: int, message_id: str, **fields: object) -> dict[str, object]:
    usage = {"input_tokens": 10, "output_tokens": 100, "cache_read_input_tokens": 5000,
             "cache_creation_input_tokens": 200}  # fmt: skip
    return claude("assistant", number, message=answered(message_id, TEXT, **usage), **fields)


def sums(*records: object, form: str = "claude_code") -> dict[tuple[str, str, str], Tokens]:
    return by_model(answers(events_of(form, *records)))


def test_three_lines_of_one_message_count_once() -> None:
    assert sums(line(1, "m"), line(2, "m"), line(3, "m")) == {
        ("5f0c", "", "claude-opus-5"): Tokens(10, 100, 0, 5000, 200, 0, 0, 1)
    }


def test_the_telling_that_is_complete_counts_wherever_it_stands() -> None:
    def told(out: int) -> dict[str, object]:
        return claude("assistant", out, message=answered("m", TEXT, output_tokens=out))

    for order in ((3, 90, 90), (90, 3, 90), (90, 90, 3)):
        (found,) = sums(*map(told, order)).values()
        assert (found.output, found.answers) == (90, 1)


def test_a_message_without_an_id_counts_by_its_line_and_without_both_each_time() -> None:
    bare = {**answered("", TEXT)}
    del bare["id"]
    one = claude("assistant", 1, message=bare)
    assert [found.answers for found in sums(one, one).values()] == [1]
    nameless = {name: value for name, value in one.items() if name != "uuid"}
    assert [found.answers for found in sums(nameless, nameless).values()] == [2]


def test_subagents_count_apart_and_a_replayed_answer_is_its_parents() -> None:
    own, sub = line(1, "m"), line(2, "n", agentId="a1", isSidechain=True)
    assert {key: found.answers for key, found in sums(own, sub).items()} == {
        ("5f0c", "", "claude-opus-5"): 1, ("5f0c", "a1", "claude-opus-5"): 1,
    }  # fmt: skip
    replay = line(3, "m", agentId="a1", isSidechain=True, requestId="req_other")
    for order in ((own, replay), (replay, own)):
        assert list(sums(*order)) == [("5f0c", "", "claude-opus-5")]


def test_a_session_that_goes_on_from_another_does_not_count_its_answers_again() -> None:
    copied = {**line(1, "m"), "sessionId": "later"}
    assert [found.answers for found in sums(line(1, "m"), copied).values()] == [1]


def test_totals_count_by_what_they_grew() -> None:
    records = (*CODEX[:2], counted(100, 60, 10), counted(100, 60, 10), counted(150, 80, 12))
    events = events_in(b"".join(map(_line, records)))
    (found,) = by_model(answers(events)).items()
    assert found == (("c0de-1", "", "gpt-5"), Tokens(70, 12, 1, 80, 0, 0, 0, 2))


def _line(record: object) -> bytes:
    return json.dumps(record).encode() + b"\n"


def test_a_total_that_shrank_began_anew() -> None:
    found = answers(events_of("codex", counted(100, 60, 10), counted(30, 0, 5)))
    assert sum(one.usage.input_tokens + one.usage.cache_read_tokens for one in found) == 130


def test_the_model_is_the_one_last_set() -> None:
    def turn(model: str) -> dict[str, object]:
        return rollout("turn_context", {"model": model})

    found = answers(events_of("codex", turn("a"), counted(10, 0, 1), turn("b"), counted(15, 0, 2)))
    assert [(one.usage.model, one.usage.input_tokens) for one in found] == [("a", 10), ("b", 5)]


def test_a_fork_repeats_its_parents_totals_and_they_count_once() -> None:
    parent = (rollout("session_meta", {"id": "p"}), counted(100, 0, 10), counted(200, 0, 20))
    fork = (rollout("session_meta", {"id": "f", "forked_from_id": "p"}), *parent[1:], counted(250, 0, 25))
    events = [*events_in(b"".join(map(_line, parent))), *events_in(b"".join(map(_line, fork)))]
    found = by_model(answers(events))
    assert {key[0]: (one.input, one.output) for key, one in found.items()} == {"p": (200, 20), "f": (50, 5)}


def test_copilot_keeps_a_total_for_each_model() -> None:
    def ended(**models: int) -> dict[str, object]:
        metrics = {name: {"usage": {"inputTokens": count, "outputTokens": 1}} for name, count in models.items()}
        return copilot("session.shutdown", {"modelMetrics": metrics})

    found = sums(ended(a=10, b=20), ended(a=15, b=20), form="copilot")
    assert {key[2]: one.input for key, one in found.items()} == {"a": 15, "b": 20}


def test_every_agent_with_figures_declares_what_they_mean() -> None:
    assert {name: (one.input_has_cached, one.output_has_reasoning, one.counts) for name, one in SEMANTICS.items()} == {
        "claude-code": (False, True, "message"),
        "codex": (True, True, "total"),
        "copilot-cli": (True, True, "total"),
        "gemini-cli": (True, False, "message"),
        "opencode": (False, False, "message"),
    }
