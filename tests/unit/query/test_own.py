"""What a query of somebody who sees only their own agents may be answered from, whichever way in is taken."""

from __future__ import annotations

import re

import pytest

from vestige.query.compile import Key, Scope, candidates, compile_query
from vestige.query.language import parse

OWN = (
    " AND (startsWith(event_type, 'agent.') OR event_type = 'vestige.seal')"
    " AND lowerUTF8(actor_id) = lowerUTF8({own:String})"
)
QUERIES = [
    "",
    "bob",
    "actor:bob",
    "key:ip=203.0.113.1",
    "bob OR actor:ann",
    "NOT bob",
    "in:ledger",
    "a b",
    "ip:203.0.113.0/24",
]


@pytest.mark.parametrize("often", [0, 1, 10, 1_000_000])
@pytest.mark.parametrize("text", QUERIES)
def test_every_way_in_holds_the_scope(text: str, often: int) -> None:
    node = parse(text)
    frequency: dict[Key, int] = dict.fromkeys(candidates(node), often)
    condition = compile_query(node, Scope(7, "ann@example.org"), frequency, "db")
    assert condition.where.startswith("log = {log:UInt32}" + OWN)
    assert condition.params["own"] == "ann@example.org"
    assert not condition.whole
    for way in condition.ways:
        assert way.where.startswith("log = {log:UInt32}" + OWN)
        assert way.rest.startswith("log = {log:UInt32}" + OWN)
        assert not way.exact


@pytest.mark.parametrize("text", QUERIES)
def test_who_sees_everything_is_asked_nothing_of_it(text: str) -> None:
    node = parse(text)
    condition = compile_query(node, Scope(7), dict.fromkeys(candidates(node), 1), "db")
    assert "own" not in condition.params
    assert not re.search("agent|seal", condition.where)
