from __future__ import annotations

import base64
import gzip
import io
import json
import struct
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from evtx import PyEvtxParser

from support.made_evtx import CHUNK, EPOCH, FIRST, HEADER, Element, event, file_of, record_offsets
from support.samples.windows import CLEARED, LOGON
from vestige.model.errors import FormatError, InputError
from vestige.model.event import Event, Reading, Record, Skipped, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Sample, detect
from vestige.sources.windows.chunks import CHUNK_MAGIC
from vestige.sources.windows.evtx import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

TIME = "2026-01-02T03:04:05.123456700Z"
AT = parse_rfc3339(TIME)[0]
CONTEXT = Context(received_at=0)


def split(data: bytes, start: int = 0, number: int = 0) -> list[Record]:
    return [record for batch in FORMAT.split(io.BytesIO(data), start=start, number=number) for record in batch]


def read(records: list[Record]) -> list[Reading]:
    return FORMAT.parse([record.payload for record in records], CONTEXT)


def only(data: bytes) -> Event:
    (found,) = read(split(data))
    assert isinstance(found, Event)
    return found


def many(count: int, first: int = 0) -> list[Element]:
    return [event(4624, LOGON | {"TargetUserName": f"user{first + index}"}) for index in range(count)]


def names(readings: list[Reading]) -> list[str]:
    return [item.actor_name if isinstance(item, Event) else item.reason for item in readings]  # type: ignore[union-attr]


def test_a_record_is_rendered_with_its_place_and_read_field_by_field() -> None:
    ticks = EPOCH + AT // 100
    (record,) = split(file_of([[event(4624, LOGON)]], written=ticks + 3))
    assert (record.offset, record.number) == (HEADER + FIRST, 0)
    payload = json.loads(record.payload)
    assert payload["evtx"] == {"chunk": 0, "offset": 4608, "record": 1, "written": "2026-01-02T03:04:05.1234570Z"}
    system = payload["Event"]["System"]
    assert system["EventID"] == {"#attributes": {"Qualifiers": "0"}, "#text": "4624"}
    assert system["TimeCreated"] == {"#attributes": {"SystemTime": TIME}}
    assert payload["Event"]["EventData"] == LOGON
    assert read([record]) == [
        Event(
            event_type="auth.login",
            occurred_at=AT,
            time_text=TIME,
            time_quality="exact",
            observed_at=AT + 300,
            action="Microsoft-Windows-Security-Auditing 4624",
            outcome="success",
            actor_id="S-1-5-21-1-2-3-1104",
            actor_name="CORP\\alice",
            actor_type="user",
            src_ip="192.0.2.7",
            src_port=50112,
            host="DC01.corp.example",
            session="dc01.corp.example:0xabc1",
            trace_id="0f62a835-f0da-0000-3043-fe916e3ed601",
            message="logon by CORP\\alice on DC01.corp.example from 192.0.2.7; remote interactive logon (type 10)",
            attributes=record.payload.decode(),
            keys=(
                ("custom", "dc01.corp.example/Security/1"),
                ("identity", "S-1-5-18"),
                ("identity", "CORP\\DC01$"),
                ("host", "WS7"),
            ),
        )
    ]


def test_a_failed_logon_says_why_and_is_never_told_as_success() -> None:
    found = only(file_of([[event(4625, LOGON | {"SubStatus": "0xc000006a"}, keywords="0x8010000000000000")]]))
    assert (found.event_type, found.outcome) == ("auth.login_failed", "failure")
    assert found.message.endswith("; remote interactive logon (type 10), wrong password (0xc000006a)")


def test_what_is_in_user_data_is_found_too() -> None:
    found = only(file_of([[event(1102, provider="Microsoft-Windows-Eventlog", user_data=CLEARED)]]))
    assert (found.event_type, found.actor_name) == ("logging.disabled", "CORP\\mallory")
    assert found.message == "audit log cleared by CORP\\mallory on DC01.corp.example"


def test_the_file_is_recognised_by_its_content_alone() -> None:
    data = file_of([many(1)])
    assert detect(Sample("x.txt", data, complete=True)).why.startswith("evtx: begins with ElfFile")
    beheaded = detect(Sample("x", b"\0" * 8 + data[8:], complete=True))
    assert beheaded.format is FORMAT
    assert detect(Sample("x.evtx", b"\0" * len(data), complete=True)).format is None


@pytest.mark.parametrize(("name", "reads"), [("Event\x04ata", True), ('Event"ata', False), ("Event\\ata", False)])
def test_names_that_are_no_text_leave_the_rendering_json(name: str, reads: bool) -> None:
    data = file_of([[event(4624, LOGON)]]).replace("EventData".encode("utf-16-le"), name.encode("utf-16-le"))
    (record,) = split(data)
    payload = json.loads(record.payload)
    assert ("Event" in payload, "damage" in payload["evtx"]) == (reads, not reads)
    (reading,) = read([record])
    assert isinstance(reading, Event if reads else Unparsed)


def test_a_file_of_no_records_is_fine() -> None:
    assert split(file_of([])) == []
    assert split(file_of([[]])) == []
    assert split(file_of([[]]) + bytes(3 * CHUNK)) == []


def test_reading_resumes_at_any_record_with_the_stream_from_its_first_byte() -> None:
    data = file_of([many(3), many(2, 3)])
    whole = split(data)
    assert [record.offset for record in whole] == record_offsets(data)
    assert [record.number for record in whole] == [0, 1, 2, 3, 4]
    for index, record in enumerate(whole):
        assert split(data, record.offset + 1, index + 1) == whole[index + 1 :]
        assert split(data, record.offset, index) == whole[index:]


def test_reads_of_any_size_give_the_same(drip: Any) -> None:
    data = file_of([many(3), many(2, 3)])
    for sizes in ([1000], [4095, 3], [70000]):
        assert [r for batch in FORMAT.split(drip(data, sizes)) for r in batch] == split(data)


def cut_out(data: bytes, at: int, size: int) -> bytes:
    return data[:at] + data[at + size :]


def zeroed(data: bytes, at: int, size: int) -> bytes:
    return data[:at] + bytes(size) + data[at + size :]


def test_a_destroyed_record_is_kept_as_bytes_and_harms_no_other() -> None:
    data = file_of([many(4)])
    offsets = record_offsets(data)
    size = offsets[2] - offsets[1]
    records = split(zeroed(data, offsets[1], size))
    assert [record.offset for record in records] == offsets
    assert names(read(records)) == [
        "CORP\\user0",
        f"chunk 0, byte {offsets[1]}: no record begins here: b'\\x00\\x00\\x00\\x00'",
        "CORP\\user2",
        "CORP\\user3",
    ]
    assert json.loads(records[1].payload)["zeros"] == size
    assert read(records)[2].tags == ("evtx:checksum",)  # type: ignore[union-attr]


def test_a_record_that_cannot_be_rendered_is_kept_as_bytes() -> None:
    data = file_of([many(3)])
    at = record_offsets(data)[1]
    broken = data[: at + 28] + b"\xee" * 40 + data[at + 68 :]
    records = split(broken)
    readings = read(records)
    assert [type(item) for item in readings] == [Event, Unparsed, Event]
    assert f"chunk 0, byte {at}: a record that cannot be rendered: " in readings[1].reason  # type: ignore[union-attr]
    payload = json.loads(records[1].payload)
    assert base64.b64decode(payload["base64"]) == broken[at : at + payload["evtx"]["size"]]


def test_a_wrong_size_does_not_swallow_the_records_behind_it() -> None:
    data = bytearray(file_of([many(4)]))
    at = record_offsets(bytes(data))[1]
    struct.pack_into("<I", data, at + 4, 3 * struct.unpack_from("<I", data, at + 4)[0])
    readings = read(split(bytes(data)))
    assert names(readings) == ["CORP\\user0", "CORP\\user1", "CORP\\user2", "CORP\\user3"]
    assert readings[1].tags == ("evtx:checksum", "evtx:torn")  # type: ignore[union-attr]


def test_a_chunk_in_use_that_is_all_zeros_is_missed_and_one_that_is_not_is_free_space() -> None:
    data = file_of([many(1), many(1, 1), many(1, 2)])
    readings = read(split(zeroed(data, HEADER + CHUNK, CHUNK) + bytes(CHUNK)))
    assert names(readings) == [
        "CORP\\user0",
        f"chunk 1, byte {HEADER + CHUNK}: all bytes of a chunk in use are zero",
        "CORP\\user2",
    ]


def test_a_chunk_without_its_header_is_searched_for_records() -> None:
    data = file_of([many(2), many(2, 2)])
    readings = read(split(zeroed(data, HEADER + CHUNK, 128)))
    assert names(readings) == [
        "CORP\\user0",
        "CORP\\user1",
        f"chunk 1, byte {HEADER + CHUNK}: a chunk begins with {bytes(8)!r}, not {CHUNK_MAGIC!r}",
        "CORP\\user2",
        "CORP\\user3",
    ]


def test_lost_bytes_lose_the_chunk_they_shift_at_most() -> None:
    data = file_of([many(2), many(2, 2), many(2, 4)])
    readings = read(split(cut_out(data, HEADER + CHUNK + 60_000, 100)))
    assert names(readings)[:4] == [f"CORP\\user{index}" for index in range(4)]
    assert names(readings)[-2:] == ["CORP\\user4", "CORP\\user5"]


def test_a_damaged_file_header_is_named_and_everything_else_read() -> None:
    readings = read(split(zeroed(file_of([many(1)]), 0, 8)))
    assert [type(item) for item in readings] == [Unparsed, Event]
    assert "the file header begins with b'\\x00" in readings[0].reason  # type: ignore[union-attr]


def test_a_truncated_file_gives_what_is_there_and_says_what_is_not() -> None:
    data = file_of([many(3), many(3, 3)])
    at = record_offsets(data)[4]
    readings = read(split(data[: at + 100]))
    assert names(readings)[:4] == [f"CORP\\user{index}" for index in range(4)]
    assert len(readings) == 5
    assert "of which 100 are there" in readings[4].reason  # type: ignore[union-attr]
    at_border = read(split(data[:at]))
    assert f"chunk 1, byte {at - 1}: the file ends " in at_border[4].reason  # type: ignore[union-attr]
    missing = read(split(data[: HEADER + CHUNK]))
    assert names(missing)[3:] == [f"chunk 1, byte {HEADER + CHUNK}: the file ends after 1 chunks, its header counts 2"]
    assert "inside its header" in read(split(data[:100]))[0].reason  # type: ignore[union-attr]


def test_a_failing_stream_gives_first_what_was_read(drip: Any, payloads_until_error: Any) -> None:
    data = file_of([many(2), many(2, 2)])
    at = record_offsets(data)[3]
    payloads, error = payloads_until_error(FORMAT.split(drip(data[:at], [5000], FormatError("torn"))))
    assert isinstance(error, InputError)
    assert names(FORMAT.parse(payloads, CONTEXT))[:3] == ["CORP\\user0", "CORP\\user1", "CORP\\user2"]
    assert len(payloads) == 4


def test_records_the_header_does_not_know_of_yet_are_read() -> None:
    """A log in use: its chunk's header is written later than its records."""
    data = bytearray(file_of([many(3)]))
    offsets = record_offsets(bytes(data))
    struct.pack_into("<I", data, HEADER + 48, offsets[1] - HEADER)
    assert names(read(split(bytes(data)))) == ["CORP\\user0", "CORP\\user1", "CORP\\user2"]


def test_a_record_of_another_chunk_is_marked() -> None:
    data = bytearray(file_of([many(2)]))
    struct.pack_into("<Q", data, record_offsets(bytes(data))[1] + 8, 77)
    readings = read(split(bytes(data)))
    assert readings[1].tags == ("evtx:checksum", "evtx:stray")  # type: ignore[union-attr]


def test_a_circle_in_a_chunks_tables_does_not_hold_up_the_reading() -> None:
    data = bytearray(file_of([many(1)]))
    struct.pack_into("<II", data, HEADER + 384, 600, 600)
    struct.pack_into("<I", data, HEADER + 600, 600)
    assert len(split(bytes(data))) == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", "not JSON"),
        (b"[]", "a JSON array"),
        (b"{}", "no rendered Windows event"),
        (b'{"evtx":5,"Event":7}', "no rendered Windows event"),
        (b'{"evtx":{},"Event":{"System":{"EventID":[1]}}}', "no rendered Windows event"),
        (b'{"evtx":{"damage":"d","offset":null}}', "byte : d"),
        (b'{"evtx":{"torn":true},"Event":{"System":{"EventID":0}}}', "a torn record"),
    ],
)
def test_what_is_no_rendering_says_so(payload: bytes, reason: str) -> None:
    (found,) = FORMAT.parse([payload], CONTEXT)
    assert isinstance(found, Unparsed)
    assert reason in found.reason


def test_fields_of_the_wrong_kind_stay_empty() -> None:
    payload = orjson.dumps(
        {
            "evtx": {"written": 5},
            "Event": {
                "System": {
                    "EventID": 4624, "Provider": [], "Keywords": {}, "TimeCreated": 7, "Computer": [], "Level": {},
                    "Security": "x", "Correlation": 1, "Task": "t", "Channel": None,
                },
                "EventData": {"IpAddress": {"a": 1}, "IpPort": -5, "TargetUserName": [[]], "LogonType": {}},
            },
        }
    )  # fmt: skip
    (found,) = FORMAT.parse([payload], CONTEXT)
    assert isinstance(found, Event)
    assert (found.host, found.src_ip, found.src_port, found.actor_id, found.occurred_at) == ("", "", 0, "", None)


COUNTS = {
    "security": 2261, "system": 1881, "new-user-security": 4, "Security_short_selected": 7,
    "MSExchange_Management_wec": 1, "security_bad_string_cache": 2261, "Application_no_crc32": 17,
}  # fmt: skip


def member(corpus: Path, name: str) -> bytes:
    return gzip.decompress((corpus / "windows-evtx" / f"{name}.evtx.gz").read_bytes())


def parsed_by_library(data: bytes) -> list[tuple[int, Any]]:
    """What the parser gives of a file by itself, past the records it fails on."""
    rows: list[tuple[int, Any]] = []
    iterator = PyEvtxParser(io.BytesIO(data), number_of_threads=1).records_json()
    while True:
        try:
            row: Any = next(iterator)
        except StopIteration:
            return rows
        except RuntimeError:
            continue
        rows.append((row["event_record_id"], json.loads(row["data"])))


def rendered(records: list[Record]) -> list[tuple[int, Any]]:
    """The rendered records as the parser has them: without our facts and the seventh digit of the time."""
    rows: list[tuple[int, Any]] = []
    for record in records:
        payload = json.loads(record.payload)
        facts = payload.pop("evtx")
        if "damage" in facts:
            continue
        created = (payload["Event"]["System"].get("TimeCreated") or {}).get("#attributes", {})
        if len(created.get("SystemTime", "")) == len("2026-01-02T03:04:05.1234567Z"):
            created["SystemTime"] = created["SystemTime"][:-2] + "Z"
        rows.append((facts["record"], payload))
    return rows


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_real_files_give_every_record(corpus: Path, name: str, count: int) -> None:
    data = member(corpus, name)
    records = split(data)
    assert len(records) == count
    assert rendered(records) == parsed_by_library(data)
    readings = read(records)
    assert all(isinstance(item, Event) and item.time_quality == "exact" for item in readings)
    kinds = Counter(item.event_type for item in readings if isinstance(item, Event))
    assert not [kind for kind in kinds if VOCABULARY[kind].generic]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "until_first_fault", "library", "events", "unparsed"),
    [
        ("sample_with_a_bad_chunk_magic", 14, 270, 300, 101),
        ("2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS%4Operational", 95, 1910, 1951, 26),
    ],
)
def test_damaged_files_give_all_the_parser_gives_and_more(
    corpus: Path, name: str, until_first_fault: int, library: int, events: int, unparsed: int
) -> None:
    data = member(corpus, name)
    records = split(data)
    readings = read(records)
    kinds = Counter(type(item) for item in readings)
    assert (kinds[Event], kinds[Unparsed], kinds[Skipped]) == (events, unparsed, 0)
    ours, theirs = rendered(records), parsed_by_library(data)
    assert len(theirs) == library
    assert ours[:until_first_fault] == theirs[:until_first_fault]
    assert not [row for row in theirs if row not in ours]
    assert all(
        item.reason.startswith("chunk ") or "torn" in item.reason for item in readings if isinstance(item, Unparsed)
    )


@pytest.mark.corpus
def test_checksums_that_are_wrong_are_told_where_the_file_keeps_them(corpus: Path) -> None:
    tagged = {
        name: sum("evtx:checksum" in item.tags for item in read(split(member(corpus, name))) if isinstance(item, Event))
        for name in ("security", "security_bad_string_cache", "Application_no_crc32")
    }
    assert tagged == {"security": 0, "security_bad_string_cache": 91, "Application_no_crc32": 0}


@pytest.mark.corpus
def test_a_time_keeps_its_seventh_digit(corpus: Path) -> None:
    first, *_ = read(split(member(corpus, "security")))
    assert isinstance(first, Event)
    assert first.time_text == "2016-07-08T18:12:51.6816408Z"
    assert first.occurred_at == parse_rfc3339("2016-07-08T18:12:51.6816408Z")[0]
    assert (first.event_type, first.host) == ("host.started", "37L4247F27-25")


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "snapshot", "number"),
    [
        ("security", "event_json_sample", 1),
        ("system", "event_json_sample_with_event_data_with_attributes_and_text", 1),
        ("MSExchange_Management_wec", "event_json_with_multiple_data_elements-2", 1),
    ],
)
def test_single_records_are_as_expected(corpus: Path, name: str, snapshot: str, number: int) -> None:
    folder = corpus / "windows-evtx" / "expected-records"
    text = (folder / f"test_record_samples__{snapshot}.snap").read_text(encoding="utf-8").split("---\n", 2)[2]
    expected = json.loads(text)
    found = [payload for record, payload in rendered(split(member(corpus, name))) if record == number]
    assert found == [expected]


@pytest.mark.corpus
def test_one_account_made_is_told_as_such(corpus: Path) -> None:
    readings = read(split(member(corpus, "new-user-security")))
    kinds = [item.event_type for item in readings if isinstance(item, Event)]
    assert kinds.count("access.granted") == 3
    (made,) = (item for item in readings if isinstance(item, Event) and item.event_type == "account.created")
    assert (made.subject_name, made.actor_name) == ("IE8Win7\\IEUser", "WORKGROUP\\WIN-QALA5Q3KJ43$")
    assert made.outcome == "success"


def test_a_file_cut_behind_a_chunk_s_header_tells_both_losses_at_places_of_their_own() -> None:
    data = bytearray(file_of([[event(4624, LOGON)]]))
    data[42:44] = (2).to_bytes(2, "little")
    cut = bytes(data[: 4096 + 512])
    records = split(cut)
    assert [record.offset for record in records] == [4096 + 511, 4096 + 512]
    assert all(isinstance(reading, Unparsed) for reading in read(records))


def test_a_record_is_known_again_by_what_it_says_and_not_by_where_it_stands() -> None:
    one, other = (event(4624, LOGON, record=number) for number in (7, 8))
    data = file_of([[one], [other]])
    first, second = FORMAT.identify([record.payload for record in split(data)])
    assert first is not None
    assert second is not None
    assert (first.sender, first.number, second.number) == (b"dc01.corp.example\0Security", 7, 8)
    assert b"offset" not in first.content
    swapped = data[:HEADER] + data[HEADER + CHUNK :] + data[HEADER : HEADER + CHUNK]
    assert FORMAT.identify([record.payload for record in split(swapped)]) == [second, first]
    doubted = bytearray(data)
    struct.pack_into("<I", doubted, HEADER + 52, 1)
    (checked, _) = [record.payload for record in split(bytes(doubted))]
    assert b'"checksum"' in checked
    assert FORMAT.identify([checked]) == [first]


def test_other_bytes_under_the_same_number_are_another_record() -> None:
    def identity(written: int = EPOCH, **changes: Any) -> Any:
        (record,) = split(file_of([[event(4624, LOGON, record=7, **changes)]], written=written))
        return FORMAT.identify([record.payload])[0]

    known = identity()
    assert identity() == known
    assert identity(channel="System").sender != known.sender
    for changed in (identity(time="2026-01-02T03:04:05.123456800Z"), identity(EPOCH + 1), identity(keywords="0x0")):
        assert (changed.sender, changed.number) == (known.sender, known.number)
        assert changed.content != known.content


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b'{"evtx":{"chunk":0,"offset":4608,"size":9,"damage":"no record begins here"},"base64":"AA=="}',
        b'{"evtx":{"chunk":0,"offset":4608,"size":9,"damage":"a {\\"record\\":1},"},"base64":"AA=="}',
    ],
)
def test_damage_is_told_of_each_file(payload: bytes) -> None:
    assert FORMAT.identify([payload]) == [None]


@pytest.mark.parametrize(
    "system",
    [
        b"null", b"[]", b'"System"', b"{}", b'{"EventRecordID":[]}', b'{"EventRecordID":1,"Channel":"b"}', b"{",
        b'{"EventRecordID":-1,"Computer":"a","Channel":"b"}',
        b'{"EventRecordID":9007199254740992,"Computer":"a","Channel":"b"}',
    ],
)  # fmt: skip
def test_a_record_without_a_usable_number_is_known_by_its_content_alone(system: bytes) -> None:
    payload = b'{"evtx":{"chunk":0,"offset":4608,"record":1,"filetime":9},"Event":{"System":%s}}' % system
    (found,) = FORMAT.identify([payload])
    assert found is not None
    assert found.number is None
