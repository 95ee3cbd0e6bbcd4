from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import QueryError
from vestige.model.instant import NANOS, parse_rfc3339
from vestige.query.ast import (
    Addresses,
    All,
    And,
    Between,
    Compare,
    Exists,
    Glob,
    HasKey,
    InLedger,
    Like,
    Node,
    Not,
    Op,
    Or,
    Phrase,
    Said,
    Word,
)
from vestige.query.fields import FIELDS
from vestige.query.language import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, parse

DAY = parse_rfc3339("2026-11-22")[0]
A, B, C = Word("a"), Word("b"), Word("c")


def occurred(low: float | None, high: float | None) -> Between:
    """From and until so many seconds after the day began."""
    ends = [None if end is None else DAY + round(end * 10) * (NANOS // 10) for end in (low, high)]
    return Between(FIELDS["occurred_at"], *ends)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", All()),
        ("  \t\n", All()),
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b c", Or((A, And((B, C))))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("-a", Not(A)),
        ("NOT a b", And((Not(A), B))),
        ("NOT (a OR -b)", Not(Or((A, Not(B))))),
        ("a and b or c", Or((And((A, B)), C))),
        ("a && b || c", Or((And((A, B)), C))),
        ("and or not", Or((Word("and"), Word("not")))),
        ("a or", And((A, Word("or")))),
        ("not found", And((Word("not"), Word("found")))),
        ("not actor:b", Not(Compare(FIELDS["actor"], Op.IS, "b"))),
        ("not severity >= high", Not(Between(FIELDS["severity"], 3, None))),
        ("not (a b)", Not(And((A, B)))),
        ("!a", Not(A)),
        ("+a -b", And((A, Not(B)))),
        ("+0000", Word("+0000")),
        ("C:\\Windows\\x.exe", Word("C:\\Windows\\x.exe")),
        ("https://a.example/b?c=d", Word("https://a.example/b?c=d")),
        ("uid=0", Word("uid=0")),
        ('"two words"', Phrase("two words")),
        (r'"a \"quote\" and \\ back\slash"', Phrase('a "quote" and \\ back\\slash')),
        ("fail*", Glob(("fail", ""))),
        ('"fail*"', Phrase("fail*")),
        ("2001:db8::1", Word("2001:db8::1")),
        ("fe80::1", Word("fe80::1")),
        ("12:30", Word("12:30")),
        ("a-b", Word("a-b")),
        ("actor: alice", Compare(FIELDS["actor"], Op.IS, "alice")),
        ("actor : alice", Compare(FIELDS["actor"], Op.IS, "alice")),
        ("actor:(a b)", Or((Compare(FIELDS["actor"], Op.IS, "a"), Compare(FIELDS["actor"], Op.IS, "b")))),
        ("actor:(a, b)", Or((Compare(FIELDS["actor"], Op.IS, "a"), Compare(FIELDS["actor"], Op.IS, "b")))),
        ("actor in (a, b)", Or((Compare(FIELDS["actor"], Op.IS, "a"), Compare(FIELDS["actor"], Op.IS, "b")))),
        ("actor:in (a or b)", Or((Compare(FIELDS["actor"], Op.IS, "a"), Compare(FIELDS["actor"], Op.IS, "b")))),
        ("actor:(a* and not ab)", And((Like(FIELDS["actor"], ("a", "")), Not(Compare(FIELDS["actor"], Op.IS, "ab"))))),
        ("message:(not a)", And((Said("not"), Said("a")))),
        ("source.ip:10.0.0.1", Compare(FIELDS["network.src_ip"], Op.IS, "10.0.0.1")),
        ("ip:10.0.0.2..10.0.0.4", Addresses(FIELDS["ip"], "10.0.0.2", "10.0.0.4")),
        ("ip:[10.0.0.9 TO *]", Addresses(FIELDS["ip"], "10.0.0.9", "255.255.255.255")),
        ("port:[1 TO 1024]", Between(FIELDS["port"], 1, 1025)),
        ("port:{1 TO *]", Between(FIELDS["port"], 2, None)),
        ("port:20..25", Between(FIELDS["port"], 20, 26)),
        ("port:[* TO *]", Exists(FIELDS["port"])),
        ("port > 1024", Between(FIELDS["port"], 1025, None)),
        ("severity:(>=high or low)", Or((Between(FIELDS["severity"], 3, None), Between(FIELDS["severity"], 1, 2)))),
        ("exists:session", Exists(FIELDS["session"])),
        ("_exists_:session", Exists(FIELDS["session"])),
        ("time:2026-11-22", occurred(0.0, 86_400.0)),
        ("time:>2026-11-22", occurred(86_400.0, None)),
        ("@timestamp <= 2026-11-22", occurred(None, 86_400.0)),
        ("time:2026-11-22T01:00:00.5+01:00", occurred(0.5, 0.6)),
        ("time:2026-11-22T01:00", occurred(3600.0, 3660.0)),
        ("time:[2026-11-22 TO 2026-11]", occurred(0.0, 9 * 86_400.0)),
        ("time:{2026-11-21 TO 2026-11-23}", occurred(0.0, 86_400.0)),
        ("time:2026-11-22T01", occurred(3600.0, 7200.0)),
        ("time:2026-11-22T01+01:00", occurred(0.0, 3600.0)),
        ("time:>2026-11-22T01Z", occurred(7200.0, None)),
        ("time:2026-11-22 01:00", occurred(3600.0, 3660.0)),
        ("time:2026-11-22  01:00:00.5Z", occurred(3600.5, 3600.6)),
        ("time >= 2026-11-22 01:00 a", And((occurred(3600.0, None), A))),
        ("time:(2026-11-22 01:00, 2026-11-22 02:00)", Or((occurred(3600.0, 3660.0), occurred(7200.0, 7260.0)))),
        ("time:2026-11-22 01:00..2026-11-22 02:00", occurred(3600.0, 7260.0)),
        ("time:[2026-11-22 01:00 TO 2026-11-22 02:00}", occurred(3600.0, 7200.0)),
        ('time:"2026-11-22" 01:00', And((occurred(0.0, 86_400.0), Word("01:00")))),
        ("time:2026-11-22 01", And((occurred(0.0, 86_400.0), Word("01")))),
        ("*:*", All()),
        ("(*:*) -a", And((All(), Not(A)))),
        ("port:65535", Between(FIELDS["port"], 65535, 65536)),
        ("seq:99999", Between(FIELDS["seq"], 99999, 100000)),
        ("port:[80 TO 80]", Between(FIELDS["port"], 80, 81)),
        ("actor IN (a)", Compare(FIELDS["actor"], Op.IS, "a")),
        ("actor:IN (a)", Compare(FIELDS["actor"], Op.IS, "a")),
        ("actor not in (a)", Not(Compare(FIELDS["actor"], Op.IS, "a"))),
        ("actor NOT IN (a) b", And((Not(Compare(FIELDS["actor"], Op.IS, "a")), B))),
        ("not actor in (a)", Not(Compare(FIELDS["actor"], Op.IS, "a"))),
        ("actor in a", And((Word("actor"), Word("in"), A))),
        ("a in b, c", And((A, Word("in"), Word("b,"), C))),
        ('"actor=a"', Phrase("actor=a")),
        ("host", Word("host")),
        ("x==y", Word("x==y")),
        ("actor:a=b", Compare(FIELDS["actor"], Op.IS, "a=b")),
        ("actor:a,b", Compare(FIELDS["actor"], Op.IS, "a,b")),
        ('actor:"a,"', Compare(FIELDS["actor"], Op.IS, "a,")),
        ("actor:(a,)", Compare(FIELDS["actor"], Op.IS, "a")),
        ("message:a, b", And((Said("a,"), B))),
        ("a\u00a0actor:b\u00a0", And((A, Compare(FIELDS["actor"], Op.IS, "b")))),
        ('"\u201ca"', Phrase("\u201ca")),
        ("object:/etc/", Compare(FIELDS["object"], Op.IS, "/etc/")),
        ("object:/home/.*/", Like(FIELDS["object"], ("/home/.", "/"))),
        ("object:https://a/?b=c", Compare(FIELDS["object"], Op.IS, "https://a/?b=c")),
        ("actor:what?", Compare(FIELDS["actor"], Op.IS, "what?")),
        ('actor:"a?b"', Compare(FIELDS["actor"], Op.IS, "a?b")),
        ("PROGRA~1", Word("PROGRA~1")),
        ("progra~1", Word("progra~1")),
        ("main.c~", Word("main.c~")),
        ("object:a^2", Compare(FIELDS["object"], Op.IS, "a^2")),
        ("time:*", Exists(FIELDS["occurred_at"])),
        ("actor:alice", Compare(FIELDS["actor"], Op.IS, "alice")),
        ('actor:"al ice"', Compare(FIELDS["actor"], Op.IS, "al ice")),
        ('actor:"al*"', Compare(FIELDS["actor"], Op.IS, "al*")),
        ("type:auth.*", Like(FIELDS["type"], ("auth.", ""))),
        ("session:*", Exists(FIELDS["session"])),
        ("severity:>=high", Between(FIELDS["severity"], 3, None)),
        ("severity:<2", Between(FIELDS["severity"], None, 2)),
        ("severity:Low", Between(FIELDS["severity"], 1, 2)),
        ("severity:error", Between(FIELDS["severity"], 3, 4)),
        ("severity:>=Warning", Between(FIELDS["severity"], 2, None)),
        ("severity:[notice TO crit]", Between(FIELDS["severity"], 0, 5)),
        ("outcome:Failure", Compare(FIELDS["outcome"], Op.IS, "Failure")),
        ("outcome:fail*", Like(FIELDS["outcome"], ("fail", ""))),
        ("category:own", Compare(FIELDS["category"], Op.IS, "own")),
        ("parser:evtx", Or((Compare(FIELDS["parser"], Op.IS, "evtx"), Like(FIELDS["parser"], ("evtx/", ""))))),
        ("parser:evtx/2", Compare(FIELDS["parser"], Op.IS, "evtx/2")),
        ("parser:ev*", Like(FIELDS["parser"], ("ev", ""))),
        ("network.dst_port:<=1024", Between(FIELDS["network.dst_port"], None, 1025)),
        ("ip:10.1.2.3/8", Compare(FIELDS["ip"], Op.IS, "10.0.0.0/8")),
        ("ip:2001:DB8::1", Compare(FIELDS["ip"], Op.IS, "2001:db8::1")),
        ("object:arn:aws:s3:::b", Compare(FIELDS["object"], Op.IS, "arn:aws:s3:::b")),
        ("key:identity=Alice", HasKey("identity", "alice")),
        ('key:custom="a b"', HasKey("custom", "a b")),
        ("in:ledger", InLedger()),
        ('message:"two words"', Phrase("two words")),
        ("message:one", Said("one")),
    ],
)
def test_what_a_query_means(text: str, tree: Node) -> None:
    assert parse(text) == tree


def test_an_attribute_is_reached_by_its_path() -> None:
    node = parse("attributes.user.mfa:true")
    assert isinstance(node, Compare)
    assert (node.field.path, node.value) == (("user", "mfa"), "true")


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("a (b", 3, "not closed"),
        ("a b)", 4, "not opened"),
        ("()", 2, "term is missing"),
        ("a OR", 5, "term is missing"),
        ("AND a", 1, "term is missing"),
        ("NOT", 4, "term is missing"),
        ("a - b", 3, "nothing follows the minus"),
        ('x "open', 3, "quote is not closed"),
        ('""', 1, "quotes are empty"),
        ("usr:alice", 1, "no field"),
        ("a arn:aws:s3", 3, "no field"),
        ("actor:", 7, "no value"),
        ("actor:)", 7, "no value"),
        ("actor:(", 8, "term is missing"),
        ("actor:(a", 7, "not closed"),
        ("actor:[a TO b]", 7, "no order"),
        ("actor in (a", 10, "not closed"),
        ("port:[1 TO x]", 12, "a number"),
        ("ip:[10.0.0.9 TO 10.0.0.1]", 5, "empty"),
        ("ip:[10.0.0.9 TO ::1]", 5, "empty"),
        ("ip:[* TO *]", 5, "without ends"),
        ("ip:{10.0.0.1 TO 10.0.0.2}", 5, "includes its ends"),
        ("ip:10.0.0.1..x", 14, "not an IP"),
        ("time:yesterday", 6, "is a time"),
        ("time:2026-13", 6, "is a time"),
        ("time:2026-11-22T25:00", 6, "is a time"),
        ("exists:nothing", 8, "no field"),
        ("actor:>alice", 7, "no order"),
        ("severity:urgent", 10, "no such value"),
        ("outcome:failed", 9, "no such value"),
        ("outcome:(success, ok)", 19, "no such value"),
        ("severity:>hi*", 11, "no shape"),
        ("port:http", 6, "a number"),
        ("ip:300.1.1.1", 4, "not an IP"),
        ("ip:10.0.0.0/33", 4, "not an IP"),
        ("time_quality:sure", 14, "no such value"),
        ("key:alice", 5, "kind and value"),
        ("key:person=alice", 5, "kind and value"),
        ("key:ip=", 5, "empty"),
        ("in:space", 1, "one place"),
        ("-in:ledger", 2, "cannot be negated"),
        ("attributes.:x", 1, "empty part"),
        ("attributes.n:>x", 15, "only numbers"),
        ("*", 1, "lone"),
        ("a **", 3, "lone"),
        ("a user=root", 7, "not by ="),
        ("user==root", 5, "not by =="),
        ("user!=root", 5, "not by !="),
        ('user="ro ot"', 5, "not by ="),
        ("user.name=a:b", 10, "not by ="),
        ("attributes.a.b=c", 15, "not by ="),
        ("time=2026", 5, "not by ="),
        ("user in root, admin", 6, "parentheses"),
        ("user IN root", 6, "parentheses"),
        ("user not in root, admin", 6, "parentheses"),
        ("user in [root]", 6, "parentheses"),
        ("user:root, type:auth.login", 10, "comma"),
        ("user:root , a", 11, "comma"),
        ('user:"root", a', 12, "comma"),
        ("user:(root), a", 12, "comma"),
        ("port:[1 TO 2], a", 14, "comma"),
        ("time:2026-11-22 01:00, a", 22, "comma"),
        ("key:ip=10.0.0.1, a", 16, "comma"),
        ("a \u201cb c\u201d", 3, "typographic"),
        ("user:\u201eb\u201c", 6, "typographic"),
        ("user\uff1aroot", 5, "full-width"),
        ("a ro\u200bot", 5, "not seen"),
        ("port:[1024 TO 1]", 7, "empty"),
        ("port:1024..1", 6, "empty"),
        ("port:{1 TO 2}", 7, "empty"),
        ("severity:[high TO low]", 11, "empty"),
        ("attributes.n:[2 TO 1.5]", 15, "empty"),
        ("time:[2026-11-23 TO 2026-11-22]", 7, "empty"),
        ("time:[2026-11-22 02:00 TO 2026-11-22 01:00]", 7, "empty"),
        ("time:2026-11-22 25:00", 6, "is a time"),
        ("time:2026-11-22T24", 6, "is a time"),
        ("port:65536", 6, "no such port"),
        ("port:[1 TO 99999]", 12, "no such port"),
        ("user:/ro.*/", 6, "regular expression"),
        ("message:/a|b/", 9, "regular expression"),
        ("user:(a, /[ab]x/)", 10, "regular expression"),
        ("user:ro?t", 8, "one letter"),
        ("root~2", 5, "distance"),
        ("user:root~0.8", 10, "distance"),
        ('"a b"~3', 6, "distance"),
        ("user:root^2", 10, "weight"),
        ('"a b"^2', 6, "weight"),
        ("a\ud800", 2, "not text"),
    ],
)
def test_a_fault_is_named_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(QueryError, match=words) as caught:
        parse(text)
    assert caught.value.column == column


def test_bounds_hold_and_what_lies_within_them_parses() -> None:
    parse("x" * MAX_LENGTH)
    with pytest.raises(QueryError, match="too long"):
        parse("x" * (MAX_LENGTH + 1))
    parse(" ".join("x" * MAX_TERMS))
    with pytest.raises(QueryError, match="too many"):
        parse(" ".join("x" * (MAX_TERMS + 1)))
    parse("(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH)
    with pytest.raises(QueryError, match="deep"):
        parse("(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1))
    with pytest.raises(QueryError, match="deep"):
        parse("-" * 1000 + "x")


FRAGMENTS = st.sampled_from(
    [
        "a",
        "AND",
        "OR",
        "NOT",
        "-",
        "(",
        ")",
        '"',
        "*",
        ":",
        ">=",
        "actor:",
        "in:ledger",
        "key:ip=",
        "\\",
        " ",
        "ip:1.2.3.4/8",
        "and",
        "or",
        "not",
        "in (",
        "port:[1 TO",
        "]",
        "*}",
        "time >=",
        "now-3d",
        "exists:",
        "..",
        ",",
    ]
)


@given(
    st.one_of(st.text(max_size=60), st.lists(FRAGMENTS, max_size=14).map(" ".join), st.lists(FRAGMENTS).map("".join))
)
def test_parsing_raises_nothing_but_its_own_error(text: str) -> None:
    try:
        parse(text)
    except QueryError as error:
        assert 1 <= error.column <= len(text) + 1  # noqa: PT017 - most texts raise nothing
