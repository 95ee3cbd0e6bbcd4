"""Whether bytes could be an agent's session: asked before they are appended."""

from __future__ import annotations

import json

import pytest

from support.samples import SAMPLES
from support.samples.agents import SAMPLES as AGENTS
from vestige.sources import format_named
from vestige.sources.agents import FORMATS, AgentRecords
from vestige.sources.agents.shape import is_agent_shape

PI = b'{"type":"message","id":"1","message":{"role":"user","content":"x"}}\n'
WINDSURF = b'{"status":"done","type":"user_input","user_input":{"user_response":"x"}}\n'


@pytest.mark.parametrize("member", [*(one for members in AGENTS.values() for one in members), PI, WINDSURF])
def test_sessions_have_it(member: bytes) -> None:
    assert is_agent_shape(member)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - set(AGENTS)))
def test_no_other_formats_sample_has_it(name: str) -> None:
    assert not any(is_agent_shape(member) for member in SAMPLES[name])


def test_one_line_among_others_is_enough() -> None:
    other = b'{"time":"2026-01-01T00:00:00Z","message":"x"}\n'
    assert is_agent_shape(other * 5 + AGENTS["codex"][0] + other * 5)
    assert not is_agent_shape(other * 10)


def test_a_version_nobody_knows_has_it() -> None:
    line = {"schema": 9, "sessionId": "s", "uuid": "u", "type": "turn", "body": {"x": "y"}}
    assert is_agent_shape(json.dumps(line).encode())
    assert is_agent_shape(json.dumps({"v": 7, "message": {"role": "assistant", "parts": ["x"]}}).encode())


@pytest.mark.parametrize("name", sorted(AGENTS))
def test_one_whose_first_object_is_longer_than_the_sample_has_it(name: str) -> None:
    first = json.loads(AGENTS[name][0].partition(b"\n")[0]) if name != "opencode" else {"info": {"role": "user"}}
    long = json.dumps({**first, "zz": "x" * 200_000, "role": "user"}).encode()
    first_kb = json.dumps({"role": "user", **first, "zz": "x" * 200_000}).encode()
    assert is_agent_shape(first_kb[:65536])
    assert is_agent_shape(long)


def test_text_and_nothing_are_no_session() -> None:
    for data in (b"", b"\0\1", b'the "role": "user" of a text\n', b"<134>1 2026-01-01T00:00:00Z h p - - - x\n", b"[]"):
        assert not is_agent_shape(data)


def test_the_formats_are_known_by_their_class() -> None:
    assert all(isinstance(format_named(form.name), AgentRecords) for form in FORMATS)
    assert not isinstance(format_named("okta"), AgentRecords)
