from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.engine import block, entry_id, fresh_log, made_up, opened
from support.matching import in_scope, matches
from support.recompute import read_events
from vestige.index import EventRow
from vestige.model.errors import QueryError
from vestige.query import Reader, Scope, parse
from vestige.query.compile import compile_query
from vestige.query.fields import FIELDS
from vestige.query.language import MAX_TERMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index
    from vestige.query import Filter


class World:
    """Two logs of made-up events: queries run on one, and must never show the other."""

    def __init__(self, index: Index) -> None:
        self.log, self.other = fresh_log(), fresh_log()
        index.write(block(self.log, 0, made_up(11, 0, 700), hi=700))
        index.write(block(self.other, 0, made_up(12, 0, 300), hi=300))
        self.rows = list(read_events(index, self.log))
        self.reader = Reader(index)

    def found(self, text: str) -> list[tuple[int, int]]:
        chosen = self.reader.filter(text, Scope(self.log))
        if chosen.empty:
            return []
        whole = self._ask(chosen.where, chosen)
        assert sorted({row for way in chosen.ways for row in self._ask(way.where, chosen)}) == whole
        return whole

    def _ask(self, where: str, chosen: Filter) -> list[tuple[int, int]]:
        sql = f"SELECT seq, sub, log FROM {self.reader.database}.events WHERE {where} ORDER BY seq, sub"
        rows = self.reader.query(sql, chosen.params).rows
        assert {log for *_, log in rows} <= {self.log}
        return [(seq, sub) for seq, sub, _ in rows]

    def expected(self, text: str) -> list[tuple[int, int]]:
        node = parse(text)
        return [(row.seq, row.sub) for row in self.rows if in_scope(node, row) and matches(node, row)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("world")) as index:
        yield World(index)


QUERIES = [
    "",
    "failed",
    "FAILED",
    "fail",
    "fail*",
    "*ass*wor*",
    '"ailed pass"',
    '"failed password for"',
    '"50%"',
    "50%",
    "a_b",
    "a*b",
    "über",
    "日本",
    "10.0.0.1",
    "2001:db8::1",
    "alice",
    "BOB",
    "carol.o'neil",
    "dave%_\\x",
    "web-1",
    "WEB-1 OR failed",
    "alice failed",
    "alice web-1 -password",
    "NOT alice",
    "actor:alice OR session:s8",
    "attributes.user.mfa:t*",
    "attributes.user.name:BOB",
    "actor:ALICE",
    'actor.name:"carol.o\'neil"',
    'actor:"dave%_\\\\x"',
    "actor:dave%_*",
    "actor:*:user/*",
    "actor.id:arn:aws:iam::1:user/bob",
    "actor:Ünal",
    "actor:ünal",
    "subject:carol",
    "user:carol",
    "user:bob",
    "object:repo",
    "object:s3://bucket/key_%1",
    "object:s3://*_%1",
    "host:DB-1.example.org",
    "host:web*",
    "device:DEV-1",
    "device.hostname:web-1",
    "ip:10.0.0.2",
    "ip:10.0.0.0/8",
    "ip:10.0.0.0/9",
    "ip:10.0.0.0/24",
    "ip:192.168.0.0/16",
    "ip:10.0.0.1/32",
    "ip:0.0.0.0/0",
    "ip:2001:db8::/32",
    "ip:10.0.*",
    "network.dst_ip:10.0.0.2",
    "network.src_ip:10.0.0.2",
    "-ip:*",
    "*:* -failed",
    "parser:TEST failed",
    "-parser:tes failed",
    "parser:(other, test/1) -failed",
    "severity:error",
    "severity:>=warning -severity:critical",
    "*:* or failed",
    "user not in (alice, bob)",
    "port:443",
    "port:[1 TO 443]",
    "port:{22 TO 443}",
    "port:22..80 or port:8443",
    "actor in (alice, bob)",
    "actor:(alice or *bob) and not outcome:failure",
    "ip:[10.0.0.1 TO 10.0.0.6]",
    "ip:[* TO 10.0.0.1]",
    "ip:[:: TO *]",
    "ip:[10.0.0.2 TO *] -ip:10.0.0.2",
    "network.dst_ip:[2001:db8:: TO 2001:db8::ffff]",
    "time:*",
    "-time:*",
    "time:>=2026",
    "time:<2026-02-01T00:00:00Z",
    "observed_at:*",
    "received_at > 1999",
    "source.ip:10.0.0.2",
    "port:>=443",
    "port:<100",
    "network.src_port:>22",
    "network.protocol:TCP",
    "source:linux.auth",
    'source:"it\'s \\\\ odd"',
    "source:linux*",
    "type:auth.*",
    "type:record.unparsed",
    "category:auth",
    "category:vestige",
    "category:vestige in:ledger",
    "in:ledger",
    "in:ledger audit",
    'in:ledger actor:"local:1000"',
    "action:putobject",
    "severity:high",
    "severity:>=high",
    "severity:>2 OR severity:<=0",
    "outcome:failure",
    "outcome:*",
    "session:s7",
    "session:S7",
    "session:own-session",
    "session:own-session in:ledger",
    "session:nowhere",
    "trace:0af7651916cd43dd8448eb211c80319c",
    "trace:*",
    "tag:VIP",
    "tag:e*",
    "tag:*",
    "time_quality:assumed_zone",
    "status:skipped",
    "status:unparsed",
    "status:*",
    "type:record.skipped",
    "-type:record.skipped",
    "type:record.skipped OR failed",
    "key:identity=ALICE",
    "key:ip=10.0.0.1",
    "key:ip=172.16.0.3",
    "key:commit=c0ffee07",
    "key:token=digest-1",
    "key:host=web-1",
    "key:session=s7",
    "key:device=dev-1",
    "key:custom=nothing",
    "attributes.eventName:PutObject",
    "attributes.eventName:Put*",
    "attributes.n:3",
    "attributes.n:>=8",
    "attributes.n:<0.5",
    "attributes.ratio:0.5",
    "attributes.user.mfa:true",
    "attributes.user.name:bob",
    "attributes.user:*",
    "attributes.missing:*",
    "attributes.list:[1,2]",
    "seq:<10",
    "seq:>=690",
    "message:failed",
    'message:"failed pass"',
    f"id:{entry_id(17)}",
    "failed -password",
    "NOT (failed OR password)",
    "(actor:alice OR actor:bob) severity:>=medium -host:web-1",
    "session:s7 key:commit=c0ffee07 OR session:s8",
    "session:s7 session:s8",
    "actor:alice ip:10.0.0.1 outcome:failure",
]


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_finds_what_plain_python_finds(world: World, text: str) -> None:
    assert world.found(text) == world.expected(text)


def test_most_of_the_queries_find_some_and_not_all(world: World) -> None:
    everything = len(world.expected("in:ledger status:*"))
    sizes = [len(world.expected(text)) for text in QUERIES]
    assert sum(0 < size < everything for size in sizes) > len(QUERIES) * 0.85


def test_no_text_of_the_user_stands_in_the_statement() -> None:
    words = "zebra", "yak", "xerus", "walrus", "vole", "unicorn"
    text = 'zebra "yak" xer*us actor:walrus attributes.vole:unicorn'.replace("xer*us", "xerus*")
    condition = compile_query(parse(text), Scope(1), {}, "db")
    assert not [word for word in words if word in condition.where]
    values = str(condition.params)
    assert [word for word in words if word in values] == list(words)


@pytest.mark.parametrize(
    "text", ["", "a", "a OR b", "NOT a", "in:ledger", "in:ledger OR a", "category:vestige", "1 OR 1"]
)
def test_every_condition_is_bound_to_its_log(text: str) -> None:
    condition = compile_query(parse(text), Scope(7), {}, "db")
    assert condition.where.startswith("log = {log:UInt32}")
    assert condition.params["log"] == 7
    # What follows cannot undo it: every further part is joined by AND, and parenthesised if it has an OR.
    depth = 0
    for place, letter in enumerate(condition.where):
        depth += (letter == "(") - (letter == ")")
        assert depth > 0 or not condition.where[place:].startswith(" OR ")


def test_only_the_plain_scope_is_answered_by_rollups(world: World) -> None:
    scope = Scope(world.log)
    assert world.reader.filter("", scope).whole
    assert not any(world.reader.filter(text, scope).whole for text in ("a", "in:ledger", "status:parsed", "NOT a"))


def test_a_key_never_seen_needs_no_asking(world: World) -> None:
    scope = Scope(world.log)
    assert world.reader.filter("session:nowhere failed", scope).empty
    assert not world.reader.filter("session:nowhere OR failed", scope).empty
    assert not world.reader.filter("session:s7", scope).empty


VALUES = st.one_of(
    st.sampled_from(
        ["alice", "10.0.0.1", "web-1", "s7", "vip", "auth.*", "*a*", '"x y"', "'", "\\", "%", "{log:UInt32}", "`"]
    ),
    st.text(
        st.characters(exclude_characters='()" \t\r\n', exclude_categories=("Cs", "Zs", "Cc")), min_size=1, max_size=8
    ),
)
EDGES = VALUES | st.sampled_from(["*", "0", "22", "443", "low", "high", "2026", "now-1d", "10.0.0.1", "10.0.0.9", "::"])
TERMS = st.one_of(
    VALUES,
    st.builds("{}:{}".format, st.sampled_from([*FIELDS, "attributes.n", "attributes.user.name"]), VALUES),
    st.builds(
        "{}:{}{}".format, st.sampled_from(["severity", "port", "attributes.n"]), st.sampled_from([">=", "<"]), VALUES
    ),
    st.builds(
        "{}:[{} TO {}]".format, st.sampled_from(["port", "severity", "time", "ip", "attributes.n"]), EDGES, EDGES
    ),
    st.builds("{}:({} or {})".format, st.sampled_from([*FIELDS]), VALUES, VALUES),
    st.builds("key:{}={}".format, st.sampled_from(["ip", "identity", "token"]), VALUES),
)
TREES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds("({} OR {})".format, inner, inner),
        st.builds("{} {}".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=6,
)


@given(TREES)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_every_query_that_parses_runs_and_stays_in_its_log(world: World, text: str) -> None:
    try:
        parse(text)
    except QueryError:
        return
    assert set(world.found(text)) <= {(row.seq, row.sub) for row in world.rows}


def test_rows_read_as_they_were_written(world: World) -> None:
    assert all(isinstance(row, EventRow) for row in world.rows)
    assert len({row.status for row in world.rows}) == 3


def test_a_term_of_a_query_is_a_term_of_the_statement(world: World) -> None:
    """A range of addresses is not spelled out: the longest query stays a statement the engine takes."""
    text = " OR ".join(["ip:[::1 TO *]"] * MAX_TERMS)
    assert len(compile_query(parse(text), Scope(1), {}, "db").where) < 60_000
    assert world.found(text) == world.expected("ip:[::1 TO *]")
