from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import InputError, UsageError
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Context, Sample, batches
from vestige.sources.contract import MAX_RECORD, Format
from vestige.sources.mapping import compile_mapping, load_mapping, try_mapping
from vestige.sources.mapping.patterns import bounded

if TYPE_CHECKING:
    from pathlib import Path

LINES = r"""
name = "shop"
[records]
split = "lines"
[take]
regex = '(?P<time>\S+) (?P<user>\S+) (?P<text>.*)'
[time]
field = "time"
[fields]
actor.id = "user"
message = "text"
"""
STARTS = LINES.replace('split = "lines"', "split = \"starts\"\nstart = '\\d{4}-'")
JSON = """
name = "shop_json"
[records]
split = "json"
has = ["ev.act"]
[time]
field = "ev.at[0]"
formats = ["epoch_ms"]
[fields]
event_type = { field = "ev.act", table = { in = "auth.login" }, default = "event.generic" }
network.src_ip = "ip.addr"
network.dst_port = "port"
tags = "labels"
[keys]
session = ["sid", "ev.sid"]
"""
CSV = """
name = "shop_csv"
[records]
split = "csv"
delimiter = ";"
[time]
field = "when"
formats = ["%d.%m.%Y %H:%M"]
[fields]
event_type = { value = "data.read" }
actor.id = "who"
"""


def read(form: Format, data: bytes, **more: Any) -> list[Any]:
    detection = form.detect(Sample("x", data, complete=True))
    context = Context(received_at=1_764_000_000_000_000_000, **more)
    if detection is not None:
        context = detection.apply(context)
    payloads = [r.payload for batch, _ in batches(form, io.BytesIO(data), context) for r in batch]
    return form.parse(payloads, context)


def test_lines() -> None:
    form = compile_mapping(LINES.encode())
    assert isinstance(form, Format)
    good, bad, empty = read(form, b"2026-01-01T00:00:00Z ann said so\nx\n  \n")
    assert good == Event(
        "log.line", occurred_at=1767225600 * 10**9, time_text="2026-01-01T00:00:00Z", time_quality="exact",
        actor_id="ann", message="said so",
        attributes='{"time":"2026-01-01T00:00:00Z","user":"ann","text":"said so"}',
    )  # fmt: skip
    assert bad == Unparsed("no match for the mapping's expression")
    assert empty == Skipped("an empty line")


def test_records_of_several_lines() -> None:
    form = compile_mapping(STARTS.encode())
    data = b"tail\n2026-01-01T00:00:00Z ann boom\n at x\n\tat y\n2026-01-01T00:00:01Z bob z\n"
    orphan, first, second = read(form, data)
    assert isinstance(orphan, Unparsed)
    assert (first.message, second.message) == ("boom\n at x\n\tat y", "z")


@given(
    st.lists(st.sampled_from([b"2026-a b c", b" more", b"", b"other", b"\r", b"2026-"]), max_size=9), st.integers(1, 9)
)
def test_records_of_several_lines_are_exact_and_resume(lines: list[bytes], size: int) -> None:
    form = compile_mapping(STARTS.encode())
    data = b"\n".join(lines)
    whole = [r for batch in form.split(io.BytesIO(data)) for r in batch]
    for index, record in enumerate(whole):
        assert data[record.offset : record.offset + len(record.payload)] == record.payload
        assert record.number == index
        start = record.offset + len(record.payload)
        again = form.split(io.BytesIO(data[start:]), start=start, number=index + 1)
        assert [r for batch in again for r in batch] == whole[index + 1 :]
    covered = sum(len(record.payload) for record in whole)
    assert len(data) - covered == data.count(b"\n") + lines.count(b"\r") - b"".join(r.payload for r in whole).count(
        b"\n"
    )

    class Drip(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(min(size, wanted) if wanted and wanted > 0 else size)

    assert [r for batch in form.split(Drip(data)) for r in batch] == whole


def test_a_stream_that_breaks_gives_what_was_readable_first() -> None:
    class Broken(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            found = super().read(wanted)
            if not found:
                raise InputError("torn")
            return found

    batches = compile_mapping(STARTS.encode()).split(Broken(b"2026-a b c\n more"))
    assert [record.payload for record in next(batches)] == [b"2026-a b c\n more"]
    with pytest.raises(InputError):
        next(batches)


def test_json_paths_tables_and_keys() -> None:
    form = compile_mapping(JSON.encode())
    record = {"ev": {"act": "in", "at": [1767225600123], "sid": "s2"}, "ip.addr": "10.0.0.9", "port": 22,
              "labels": ["a"],
              "sid": "s1"}  # fmt: skip
    data = orjson.dumps([record, {"ev": {"act": "out", "at": "x"}}, {"ev": 5}])
    assert form.detect(Sample("x", data, complete=True)) is not None
    first, second, third = read(form, data)
    assert (first.event_type, first.occurred_at, first.src_ip) == ("auth.login", 1767225600123 * 10**6, "10.0.0.9")
    assert (first.dst_port, first.tags, first.keys) == (22, ("a",), (("session", "s1"), ("session", "s2")))
    assert orjson.loads(first.attributes) == record
    assert (second.event_type, second.time_quality, third.event_type) == ("event.generic", "missing", "event.generic")
    assert form.detect(Sample("x", b'{"a":1}\n', complete=True)) is None


def test_tables_with_and_without_a_header() -> None:
    form = compile_mapping(CSV.encode())
    header, good, short = read(form, b"who;when\nann;01.02.2026 10:30\nbob\n", zone="Europe/Berlin", zone_given=True)
    assert header == Skipped("the column names")
    assert (to_text(good.occurred_at), good.time_quality) == ("2026-02-01T09:30:00Z", "assumed_zone")
    assert (good.event_type, good.actor_id) == ("data.read", "ann")
    assert short == Unparsed("expected 2 cells as in the header, got 1")
    bare = compile_mapping(CSV.replace("delimiter", 'columns = ["who", "when"]\ndelimiter').encode())
    (found,) = read(bare, b"ann;01.02.2026 10:30\n")
    assert found.actor_id == "ann"


def test_a_zone_given_for_the_import_goes_before_the_mappings() -> None:
    form = compile_mapping(CSV.replace("[fields]", 'zone = "Asia/Tokyo"\n[fields]').encode())
    data = b"who;when\nann;01.02.2026 10:30\n"
    assert to_text(read(form, data)[1].occurred_at) == "2026-02-01T01:30:00Z"
    assert to_text(read(form, data, zone="UTC", zone_given=True)[1].occurred_at) == "2026-02-01T10:30:00Z"
    detection = form.detect(Sample("x", data, complete=True))
    assert detection is not None
    assert detection.extra == ()


@pytest.mark.parametrize(
    ("form", "text", "when", "quality"),
    [
        ("%d/%b/%Y:%H:%M:%S %z", "22/Nov/2026:16:00:00 -0530", "2026-11-22T21:30:00Z", "exact"),
        ("%m/%d/%y %I:%M:%S %p", "02/03/26 12:05:06 am", "2026-02-03T00:05:06Z", "assumed_zone"),
        ("%Y%m%d%H%M%S%f", "20260203040506123456789", "2026-02-03T04:05:06.123456789Z", "assumed_zone"),
        ("%b %d %H:%M:%S", "Nov  3 04:05:06", "2025-11-03T04:05:06Z", "assumed_year"),
        ("epoch_s", "1767225600.000000001", "2026-01-01T00:00:00.000000001Z", "exact"),
        ("epoch_us", "1767225600000001", "2026-01-01T00:00:00.000001Z", "exact"),
        ("iso", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "exact"),
    ],
)
def test_ways_of_writing_times(form: str, text: str, when: str, quality: str) -> None:
    mapping = CSV.replace("%d.%m.%Y %H:%M", form)
    found = read(compile_mapping(mapping.encode()), f"who;when\nann;{text}\n".encode())[1]
    assert (to_text(found.occurred_at), found.time_quality, found.time_text) == (when, quality, text)


@pytest.mark.parametrize(
    "text", ["31.02.2026 10:30", "01.13.2026 10:30", "01.02.1601 00:00", "yesterday", "", "٠١.02.2026 10:30"]
)
def test_times_that_fit_no_way_are_undated(text: str) -> None:
    found = read(compile_mapping(CSV.encode()), f"who;when\nann;{text}\n".encode())[1]
    assert (found.occurred_at, found.time_quality, found.time_text) == (None, "missing", text)
    assert bool(found.tags) == bool(text)


def test_the_digest_is_part_of_the_version(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text(LINES)
    form = load_mapping(path)
    assert form.version == compile_mapping(LINES.encode()).version
    assert form.version != compile_mapping(LINES.encode() + b"\n").version
    with pytest.raises(UsageError, match="cannot be read"):
        load_mapping(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        (('name = "shop"', 'name = "Shop!"'), "name", "2 to 40 of a-z"),
        (('name = "shop"', ""), "name", "text in quotes"),
        (('split = "lines"', 'split = "line"'), "records.split", "one of lines, starts, json, csv"),
        (("[records]", "[record]"), "record", "did you mean records?"),
        (('split = "lines"', 'split = "lines"\nstart = "x"'), "records.start", "only with"),
        (('split = "lines"', 'split = "starts"'), "records.start", "text in quotes"),
        (('split = "lines"', "split = \"starts\"\nstart = '\\N{BULLET}'"), "records.start", "works on bytes"),
        (("(?P<text>.*)", "(?P<text>.*"), "take.regex", "bounded regular expression"),
        (("(?P<text>.*)", "(?P<text>(\\w+)+)"), "take.regex", "bounded regular expression"),
        (("(?P<text>.*)", "(?P=user)"), "take.regex", "bounded regular expression"),
        (('actor.id = "user"', 'actor.id = "usr"'), "fields.actor.id", "did you mean user?"),
        (('actor.id = "user"', 'actor.ids = "user"'), "fields.actor.ids", "did you mean actor.id?"),
        (('actor.id = "user"', "actor.id = 5"), "fields.actor.id", "a field's name"),
        (
            ('actor.id = "user"', 'event_type = { value = "auth.logon" }'),
            "fields.event_type",
            "did you mean auth.login?",
        ),
        (
            ('actor.id = "user"', 'outcome = { field = "user", table = { a = "ok" } }'),
            "fields.outcome",
            "one of success",
        ),
        (('actor.id = "user"', 'severity = { value = "urgent" }'), "fields.severity", "one of info"),
        (('actor.id = "user"', 'host = { template = "x" }'), "fields.host", "a template with fields"),
        (('actor.id = "user"', 'host = { field = "user", default = "x" }'), "fields.host", "a table with the default"),
        (('actor.id = "user"', 'host = { fields = "user" }'), "fields.host.fields", "did you mean field?"),
        (('field = "time"', 'field = "time"\nformats = ["%Q"]'), "time.formats", "ways of writing a time"),
        (('field = "time"', 'field = "time"\nformats = ["%Y-%m"]'), "time.formats", "ways of writing a time"),
        (('field = "time"', 'field = "time"\nzone = "Mars/Base"'), "time.zone", "an IANA name"),
        (('field = "time"', 'field = "time"\nfile = "/etc/passwd"'), "time.file", "one of field, formats, zone"),
        (("[fields]", "[keys]\nuser = 'user'\n[fields]"), "keys.user", "one of identity"),
        (("[fields]", "confidence = 2\n[fields]"), "time.confidence", "one of"),
    ],
)
def test_errors_say_where_expected_and_got(change: tuple[str, str], field: str, expected: str) -> None:
    assert change[0] in LINES
    text = LINES.replace(*change)
    with pytest.raises(UsageError) as caught:
        compile_mapping(text.encode(), "m.toml")
    assert (caught.value.field, expected in caught.value.expected) == (field, True), caught.value.explain()
    assert caught.value.got


def test_errors_name_the_line() -> None:
    with pytest.raises(UsageError) as caught:
        compile_mapping(LINES.replace('"user"', '"usr"').encode(), "m.toml")
    assert caught.value.message == "m.toml, line 10: fields.actor.id cannot be used"
    with pytest.raises(UsageError) as caught:
        compile_mapping(b"name = 'x'\n[records\n", "m.toml")
    assert "line 2" in caught.value.got
    with pytest.raises(UsageError, match="too long"):
        compile_mapping(b"#" * 300_000)


@pytest.mark.parametrize(
    "text",
    [
        r"(a+)+",
        r"(ab|c)*d",
        r"(?:\w+ )*",
        r"(a?)*",
        r"(.)\1",
        r"(?P<x>a)(?(x)b|c)",
        r".*a.*b.*c",
        r".*x.*y\d+",
        "a?" * 20 + "a" * 20,
        "(",
        "a{2,1}",
    ],
)
def test_expressions_without_a_bound_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"bound|expression|overlap"):
        bounded(text)


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        (r"(\S+) (\S+) \[([^\]]+)\] \"([^\"]*)\" (\d+) (.*)", 1 << 20),
        (r"(\S+) (\S+)", 1 << 20),
        (r"a*a*b", 8 << 10),
        (r"(.*?)\] (\S+) (.*)", 8 << 10),
        (r"a?[ab]c(?: (.*))?", 1 << 19),
        (r"(?:\.\d++)*x", 1 << 20),
        (r"(\d{4})-(\d\d)? (.*?) - (.*)", 1 << 20),
        (r"(.*?) - (.*?) = (.*)", 8 << 10),
        (r".*+.*+.*+x", 1 << 20),
        (r"(?i)[a-z]+\d", 1 << 20),
    ],
)
def test_expressions_get_the_length_they_can_bear(text: str, longest: int) -> None:
    assert bounded(text).longest == longest


@pytest.mark.parametrize(
    "text",
    [
        r"(?P<a>.*?) - (?P<b>\S+)x(?P<c>.*)",
        r"(?P<a>\w+)\d(?P<b>.*)",
        r"(?P<a>a*a*)b",
        r"(?P<a>.*?) - (?P<b>.*?) = (?P<c>.*)",
        r"(?P<a>a?a?a?a?)a*b",
    ],
)
def test_what_is_accepted_is_quick_on_any_text(text: str) -> None:
    pattern, longest = bounded(text)
    began = time.process_time()
    for piece in (" - ", "a", "a1", " = ", " ", "- = "):
        assert pattern.fullmatch((piece * longest)[:longest] + "\n") is None or "." in text
    assert time.process_time() - began < 20


def test_a_record_longer_than_its_expression_can_bear_is_unparsed() -> None:
    text = LINES.replace(r"(?P<time>\S+) (?P<user>\S+) (?P<text>.*)", "(?P<time>.*?) - (?P<user>.*?) = (?P<text>.*)")
    form = compile_mapping(text.encode())
    short, long = read(form, b"a - b = c\n" + b"a - b = " + b"c" * 9000 + b"\n")
    assert short.actor_id == "b"
    assert long == Unparsed("longer than the 8192 characters this mapping's expression is used on")


def test_the_first_of_several_expressions_counts() -> None:
    text = LINES.replace("regex = '", "regex = ['(?P<time>\\S+) <(?P<user>\\w+)> (?P<text>.*)', '").replace(
        "(?P<text>.*)'\n", "(?P<text>.*)']\n", 2
    )
    text = text.replace("(?P<text>.*)'], '", "(?P<text>.*)', '")
    form = compile_mapping(text.encode())
    first, second, third = read(form, b"2026-01-01T00:00:00Z <ann> x\n2026-01-01T00:00:00Z bob x\nz\n")
    assert (first.actor_id, second.actor_id) == ("ann", "bob")
    assert third == Unparsed("no match for any of 2 expressions")


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_parsing_answers_any_bytes(payloads: list[bytes]) -> None:
    for text in (LINES, STARTS, JSON, CSV):
        form = compile_mapping(text.encode())
        context = Context(received_at=0, header=("who", "when"))
        readings = form.parse(payloads, context)
        assert len(readings) == len(payloads)
        assert readings == form.parse(payloads, context)


def test_a_piece_of_a_record_above_the_bound_is_never_read() -> None:
    class Long(bytes):
        def __len__(self) -> int:
            return MAX_RECORD + 1

    for text in (LINES, STARTS, JSON, CSV):
        (found,) = compile_mapping(text.encode()).parse([Long(b"2026-01-01T00:00:00Z a b")], Context(received_at=0))
        assert isinstance(found, Unparsed)
        assert "piece" in found.reason


def test_a_trial_says_what_is_to_be_mended() -> None:
    trial = try_mapping(compile_mapping(LINES.encode()), b"2026-01-01T00:00:00Z ann x\nnever bob y\nodd\n")
    assert (trial.records, trial.events, trial.unparsed, trial.skipped, trial.undated) == (3, 2, 1, 0, 1)
    assert trial.failures == ((2, "no match for the mapping's expression", "odd"),)
    assert trial.kinds == (("log.line", 2),)
    assert trial.qualities == (("exact", 1), ("missing", 1))
    assert "actor_id" not in trial.unfilled
    assert "host" in trial.unfilled
    other = try_mapping(compile_mapping(CSV.encode()), b"nothing like it\n")
    assert (other.confidence, other.why) == (0.0, "the sample is not recognised")
    weak = compile_mapping(b"confidence = 0.2\n" + LINES.encode())
    assert try_mapping(weak, b"<34>1 2026-01-01T00:00:00Z host app 1 - - x\n" * 3).rival == "syslog"
