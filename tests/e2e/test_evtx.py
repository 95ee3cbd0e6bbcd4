"""A binary format through the real program: imported, imported again, grown, shown, proven, rebuilt."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from support.evtx_copies import earlier, turned
from support.made_evtx import event, file_of, record_offsets
from support.program import Vestige
from support.samples.windows import LOGON

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Vestige:
    return Vestige(tmp_path_factory.mktemp("evtx") / "data")


def logons(count: int) -> bytes:
    events = [event(4624, LOGON | {"TargetUserName": f"user{index}"}) for index in range(count)]
    return file_of([events[: count // 2], events[count // 2 :]])


def test_an_event_log_is_imported_once_and_its_records_shown_proven_and_rebuilt(
    vestige: Vestige, tmp_path: Path
) -> None:
    data = logons(6)
    offsets = record_offsets(data)
    cut = tmp_path / "Security.evtx"
    cut.write_bytes(data[: offsets[4] + 100])
    first = vestige.json("import", str(cut), code=3)
    assert (first["records"], first["parsed"], first["unparsed"]) == (5, 4, 1)
    assert first["formats"] == {"evtx": 1}
    assert [failure["offset"] for failure in first["failures"]] == [offsets[4]]
    assert "chunk 1, byte" in first["failures"][0]["reason"]

    again = vestige.json("import", str(cut))
    assert (again["records"], again["duplicates"], again["parsed"]) == (5, 5, 0)

    cut.write_bytes(data)
    whole = vestige.json("import", str(cut))
    assert (whole["records"], whole["duplicates"], whole["parsed"]) == (6, 4, 2)
    once_more = vestige.json("import", str(cut))
    assert (once_more["records"], once_more["duplicates"]) == (6, 6)

    found = vestige.lines("search", "type:auth.login")
    assert sorted(item["actor"]["name"] for item in found) == [f"CORP\\user{index}" for index in range(6)]
    assert {item["source"] for item in found} == {"windows.eventlog"}
    last = next(item for item in found if item["actor"]["name"] == "CORP\\user5")
    raw = json.loads(vestige.ok("show", last["id"], "--raw"))
    assert raw["evtx"]["offset"] == offsets[5]
    assert raw["Event"]["EventData"]["TargetUserName"] == "user5"
    assert vestige.json("ledger", "verify")["ok"] is True
    rebuilt = vestige.json("index", "rebuild")
    assert rebuilt["equal"] is True


@pytest.mark.corpus
def test_a_real_event_log_is_imported_whole_and_only_once(vestige: Vestige, corpus: Path) -> None:
    path = str(corpus / "windows-evtx" / "security.evtx.gz")
    first = vestige.json("import", path)
    assert (first["records"], first["parsed"], first["duplicates"]) == (2261, 2261, 0)
    again = vestige.json("import", path)
    assert (again["records"], again["duplicates"], again["parsed"]) == (2261, 2261, 0)
    assert vestige.json("ledger", "verify")["ok"] is True


GROWN = [("security.evtx.gz", 2261), ("system.evtx.gz", 1881), ("../plaso-test-data/evtx/System.evtx.gz", 5009)]


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "count"), GROWN)
def test_of_a_log_that_has_grown_only_the_new_records_are_added(
    tmp_path: Path, corpus: Path, name: str, count: int
) -> None:
    data = gzip.decompress((corpus / "windows-evtx" / name).read_bytes())
    vestige = Vestige(tmp_path / "data")
    log = tmp_path / "log.evtx"
    log.write_bytes(earlier(data, 9, 20))
    first = vestige.json("import", str(log))
    had = first["records"]
    assert (first["parsed"], first["duplicates"]) == (had, 0)
    assert 20 < had < count

    log.write_bytes(data)
    grown = vestige.json("import", str(log))
    assert (grown["records"], grown["duplicates"], grown["parsed"]) == (count, had, count - had)
    moved = tmp_path / "exported.evtx"
    moved.write_bytes(turned(data, 4))
    copied = vestige.json("import", str(moved))
    assert (copied["records"], copied["duplicates"], copied["parsed"]) == (count, count, 0)

    verified = vestige.json("ledger", "verify")
    assert verified["ok"] is True
    told = next(check["detail"] for check in verified["checks"] if check["name"] == "sender_gaps")
    assert "numbered senders" in told


def test_two_logs_and_a_cleared_one_are_not_taken_for_each_other(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")

    def taken(name: str, time: str, channel: str) -> tuple[int, int]:
        events = [event(4624, LOGON, time=time, channel=channel, record=index) for index in (1, 2, 3)]
        file = tmp_path / name
        file.write_bytes(file_of([events]))
        report = vestige.json("import", str(file))
        return report["parsed"], report["duplicates"]

    earlier_time, later_time = "2026-01-02T03:04:05.000000000Z", "2026-02-02T03:04:05.000000000Z"
    assert taken("a.evtx", earlier_time, "Security") == (3, 0)
    assert taken("other-log.evtx", earlier_time, "System") == (3, 0)
    assert taken("cleared.evtx", later_time, "Security") == (3, 0)
    assert taken("again.evtx", earlier_time, "Security") == (0, 3)
    shown = vestige.lines("search", "type:auth.login")
    assert len(shown) == 9
