"""What is said of a source changes how all it sent is read, without touching a record; and can be taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.inside import Inside
from support.program import serving

if TYPE_CHECKING:
    from pathlib import Path

SYSLOG = """\
Mar  1 10:00:00 gate sshd[7]: Accepted password for ann from 10.0.0.1 port 50001 ssh2
Mar  1 10:00:05 gate shop: order o-17 shipped
"""
ORDERS = [
    {"event_type": "data.written", "occurred_at": "2026-03-01T09:00:00Z", "order": {"id": "o-17"}, "secret": "hunter2"},
    {"event_type": "event.generic", "occurred_at": "2026-03-01T09:00:01Z", "order": {"id": "o-18"}, "n": [1, 2]},
    {"event_type": "event.generic", "note": "no time at all", "order": {"id": "x" * 2000}},
]
SHIPPED = [{"event_type": "data.read", "occurred_at": "2026-03-01T09:05:00Z", "orderId": "o-17", "ip": "::FFFF:1"}]
MAPPING = r"""
name = "shop"
[records]
split = "lines"
[take]
regex = '(?P<time>\w+ +\d+ \S+) (?P<host>\S+) (?P<app>\w+)(?:\[\d+\])?: (?P<text>.*)'
[time]
field = "time"
formats = ["%b %d %H:%M:%S"]
[fields]
event_type = { field = "app", table = { shop = "data.written" }, default = "log.line" }
host = "host"
message = "text"
"""


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def vestige(tmp_path: Path) -> Inside:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "gate.log").write_text(SYSLOG)
    (logs / "orders.jsonl").write_text(lines(ORDERS))
    (logs / "shipped.jsonl").write_text(lines(SHIPPED))
    (tmp_path / "shop.toml").write_text(MAPPING)
    made = Inside(tmp_path / "data")
    made.ok("import", str(logs), "--year", "2026")
    return made


def times(vestige: Inside, source: str) -> list[str | None]:
    return [one.get("occurred_at") for one in vestige.lines("search", f"source:{source}", "--order", "asc")]


def rebuilt_equal(vestige: Inside) -> bool:
    return bool(vestige.json("index", "rebuild")["equal"])


def test_zone_and_year_are_changed_afterwards_and_taken_back(vestige: Inside) -> None:
    before = times(vestige, "gate.log")
    raw = vestige.lines("search", "source:gate.log", "--order", "asc")[0]["id"]
    record = vestige.ok("show", raw, "--raw")
    report = vestige.json("source", "set", "gate.log", "--zone", "Europe/Berlin", "--year", "2025")
    assert (report["from"], report["to"]) == ({}, {"zone": "Europe/Berlin", "year": 2025})
    assert (report["changed"]["events"], report["changed"]["added"], report["changed"]["removed"]) == (2, 0, 0)
    example = report["changed"]["fields"]["occurred_at"]["examples"][0]
    assert (example["before"], example["after"]) == ("2026-03-01T10:00:00Z", "2025-03-01T09:00:00Z")
    assert times(vestige, "gate.log") == ["2025-03-01T09:00:00Z", "2025-03-01T09:00:05Z"]
    assert vestige.ok("show", raw, "--raw") == record
    acts = vestige.lines("search", "in:ledger", "type:vestige.audit", "action:source.set")
    assert acts[0]["attributes"]["detail"]["said"] == {"year": 2025, "zone": "Europe/Berlin"}
    assert acts[0]["actor"]["id"].startswith("local:")
    assert rebuilt_equal(vestige)
    again = vestige.json("source", "set", "gate.log", "--zone", "Europe/Berlin")
    assert (again["changed"], again["entry"]) == (None, None)
    vestige.ok("source", "set", "gate.log", "--unset", "zone", "--unset", "year")
    assert times(vestige, "gate.log") == before
    assert vestige.json("ledger", "verify")["ok"] is True


def test_later_acquisitions_follow_the_source_unless_they_say_otherwise(vestige: Inside, tmp_path: Path) -> None:
    vestige.ok("source", "set", "gate.log", "--zone", "+02:00")
    (tmp_path / "more.log").write_text(SYSLOG.replace("Mar  1", "Mar  2"))
    (tmp_path / "other.log").write_text(SYSLOG.replace("Mar  1", "Mar  3"))
    report = vestige.json("import", str(tmp_path / "more.log"), "--source", "gate.log", "--year", "2026")
    assert report["assumptions"][0].endswith("read as 2026, zone +02:00")
    given = ("--source", "gate.log", "--year", "2026", "--zone", "+05:00")
    vestige.ok("import", str(tmp_path / "other.log"), *given)
    days = ["2026-03-01T08:00:00Z", "2026-03-02T08:00:00Z", "2026-03-03T05:00:00Z"]
    assert times(vestige, "gate.log")[::2] == days
    assert rebuilt_equal(vestige)
    # What is said last holds, of all of it.
    vestige.ok("source", "set", "gate.log", "--zone", "UTC")
    assert times(vestige, "gate.log")[::2] == ["2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z"]


def test_a_clock_offset_is_in_every_shape_and_leaves_the_text(vestige: Inside) -> None:
    shown = vestige.lines("search", "source:shipped.jsonl")[0]
    report = vestige.json("source", "set", "orders.jsonl", "--clock-offset", "+5m", "--evidence", shown["id"])
    assert report["to"] == {"clock_offset": "+300s", "evidence": [shown["id"]]}
    assert report["changed"]["fields"]["clock_offset"]["examples"][0]["after"] == "+300s"
    found = vestige.lines("search", "source:orders.jsonl", "--order", "asc")
    assert [one.get("occurred_at") for one in found] == ["2026-03-01T09:05:00Z", "2026-03-01T09:05:01Z", None]
    assert [one.get("clock_offset") for one in found] == ["+300s", "+300s", None]
    assert found[0]["time_text"] == "2026-03-01T09:00:00Z"
    for shape in ("ndjson", "csv", "timesketch", "ecs", "ocsf", "l2tcsv"):
        out = vestige.ok("export", "--query", "source:orders.jsonl", "--format", shape, "-o", "-")
        assert b"+300s" in out, shape
    assert len(vestige.lines("timeline", "--undated")) == 1
    assert rebuilt_equal(vestige)


def test_declared_keys_lead_from_source_to_source(vestige: Inside) -> None:
    vestige.ok(
        "source", "set", "orders.jsonl", "--key", "order.id=custom:order", "--key", "secret=token", "--key", "n=hash"
    )
    vestige.ok("source", "set", "shipped.jsonl", "--key", "orderId=custom:order", "--key", "ip=ip")
    found = vestige.lines("search", "key:custom=order:o-17", "--order", "asc")
    assert [one["source"] for one in found] == ["orders.jsonl", "shipped.jsonl"]
    first = {key["kind"]: key["value"] for key in found[0]["keys"]}
    assert len(first["token"]) == 32
    assert "hunter2" not in first["token"]
    assert len(vestige.lines("search", "key:hash=2")) == 1
    assert vestige.lines("search", f"key:custom=order:{'x' * 600}") == []
    assert vestige.json("source", "show", "orders.jsonl")["settings"]["keys"] == {
        "n": "hash",
        "order.id": "custom:order",
        "secret": "token",
    }
    assert rebuilt_equal(vestige)
    vestige.ok("source", "set", "orders.jsonl", "--unset", "keys.order.id")
    assert [one["source"] for one in vestige.lines("search", "key:custom=order:o-17")] == ["shipped.jsonl"]


def test_a_mapping_is_tried_used_and_kept_in_the_ledger(vestige: Inside, tmp_path: Path) -> None:
    mapping, sample = str(tmp_path / "shop.toml"), str(tmp_path / "logs" / "gate.log")
    trial = vestige.json("source", "test", mapping, sample)
    assert (trial["records"], trial["events"], trial["unparsed"]) == (2, 2, 0)
    assert trial["types"] == {"log.line": 1, "data.written": 1}
    assert trial["rival"] in {"", "syslog"}
    assert "session" in trial["unfilled"]
    assert b"never filled: " in vestige.ok("source", "test", mapping, sample)
    (tmp_path / "new.log").write_text(SYSLOG.replace("Mar  1", "Mar  4"))
    report = vestige.json("import", str(tmp_path / "new.log"), "--format", mapping, "--source", "new", "--year", "2026")
    assert report["formats"] == {"shop": 1}
    # The mapping's file is needed no more: a rebuild reads by what the ledger keeps.
    (tmp_path / "shop.toml").write_text(MAPPING.replace("data.written", "data.deleted"))
    assert rebuilt_equal(vestige)
    kinds = [one["event_type"] for one in vestige.lines("search", "source:new", "--order", "asc")]
    assert kinds == ["log.line", "data.written"]
    # And an earlier acquisition can be read by another mapping afterwards.
    (tmp_path / "shop.toml").write_text(MAPPING)
    told = vestige.json("source", "set", "gate.log", "--format", mapping)
    assert told["to"]["format"].startswith("mapping:")
    assert told["changed"]["fields"]["parser"]["rows"] == 2
    assert vestige.lines("search", "source:gate.log", "type:data.written")[0]["parser"].startswith("shop/1+")
    assert rebuilt_equal(vestige)


def test_generic_events_are_counted_and_told(vestige: Inside, tmp_path: Path) -> None:
    (tmp_path / "plain.jsonl").write_text(lines([{"note": n} for n in range(3)] + [{"event_type": "auth.login"}]))
    assert "generic: 3 of 4 json events (75.0%)" in vestige.run("import", str(tmp_path / "plain.jsonl"))[2]
    (tmp_path / "more.jsonl").write_text(lines([{"note": "one more"}]))
    report = vestige.json("import", str(tmp_path / "more.jsonl"))
    assert report["generic"] == {"json": {"events": 1, "of": 1, "share": 1.0}}
    listed = {one["name"]: one for one in vestige.lines("source", "list")}
    assert listed["plain.jsonl"]["generic"] == {"events": 3, "share": 0.75}
    assert listed["gate.log"]["formats"]["syslog"] == {"events": 2, "generic": 1, "share": 0.5}
    assert listed["gate.log"]["time_quality"] == {"exact": 0, "assumed_zone": 0, "assumed_year": 2, "missing": 0}
    assert (listed["orders.jsonl"]["acquisitions"], listed["orders.jsonl"]["time_quality"]["missing"]) == (1, 1)


REFUSED = [
    (("nowhere", "--zone", "UTC"), "there is no such source"),
    (("gate.log", "--zone", "Mars/Olympus"), "no such time zone"),
    (("gate.log", "--key", "a=colour"), "there is no such kind of key"),
    (("gate.log", "--key", "colour"), "that declares no key"),
    (("gate.log", "--clock-offset", "+5m"), "a clock offset needs what it rests on"),
    (("gate.log", "--clock-offset", "five", "--because", "x"), "that is no clock offset"),
    (("gate.log", "--clock-offset", "+5m", "--evidence", "01KAP00000000000000000TENA"), "01KAP00000000000000000TENA"),
    (("gate.log", "--unset", "colour"), "there is no such setting of a source"),
    (("gate.log", "--format", "nonsense"), "no such source format"),
    (("gate.log",), "nothing is to be set"),
]


def test_what_cannot_be_is_refused_and_nothing_written(vestige: Inside) -> None:
    for arguments, said in REFUSED:
        code, out, err = vestige.run("source", "set", *arguments)
        assert (code in {1, 2}, out) == (True, b""), arguments
        assert said in err, (arguments, err)
    assert vestige.lines("search", "in:ledger", "action:source.set") == []


def test_the_http_interface_says_the_same(vestige: Inside) -> None:
    with serving(vestige.data) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            listed = client.get("/v1/sources").json()["sources"]
            assert [one["name"] for one in listed] == ["gate.log", "orders.jsonl", "shipped.jsonl"]
            answer = client.post(f"/v1/sources/{listed[0]['id']}", json={"zone": "+02:00"})
            report = json.loads(answer.text.splitlines()[-1])["report"]
            assert (report["changed"]["events"], report["source"]["settings"]) == (2, {"zone": "+02:00"})
            event = client.get("/v1/search", params={"q": "source:gate.log", "order": "asc"}).json()["events"][0]
            assert event["occurred_at"] == "2026-03-01T08:00:00Z"
            acts = client.get("/v1/search", params={"q": "in:ledger action:source.set"}).json()["events"]
            assert acts[0]["actor"]["id"] == "owner"
            assert client.get("/v1/sources/skew").json() == {"pairs": []}
            assert client.get("/v1/sources/nowhere").status_code == 404
            refused = client.post("/v1/sources/gate.log", json={"zone": "+02:00", "colour": "red"})
            assert (refused.status_code, refused.json()["code"]) == (422, "input")
            refused = client.post("/v1/sources/gate.log", json={"evidence": ["x"]})
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "clock_offset")
            refused = client.post("/v1/sources/mappings", json={"mapping": MAPPING.replace('"shop"', '"syslog"', 1)})
            assert refused.status_code == 422
            kept = client.post("/v1/sources/mappings", json={"mapping": MAPPING}).json()
            again = client.post("/v1/sources/mappings", json={"mapping": MAPPING}).json()
            assert (kept["new"], again["new"], kept["format"] == again["format"]) == (True, False, True)
            trial = client.post("/v1/sources/test", json={"mapping": MAPPING, "sample": "TWFy"}).json()
            assert trial["unparsed"] == 1


def test_coverage_tells_silence_from_what_nobody_took_in(tmp_path: Path) -> None:
    vestige = Inside(tmp_path / "data")
    for number, times in enumerate((("10:00:00", "10:30:00"), ("10:30:40",), ("14:00:00", "14:00:01"))):
        log = tmp_path / f"gate.log.{number}"
        log.write_text("".join(f"Mar  1 {at} gate shop: order o-{number} shipped\n" for at in times))
        vestige.ok("import", str(log), "--year", "2026", "--source", "gate")
    (found,) = vestige.lines("source", "coverage")
    day = "2026-03-01T"
    assert [(band["first"], band["last"], band["events"], band["acquisitions"]) for band in found["bands"]] == [
        (f"{day}10:00:00Z", f"{day}10:30:40Z", 3, 2), (f"{day}14:00:00Z", f"{day}14:00:01Z", 2, 1),
    ]  # fmt: skip
    for band in found["bands"]:
        assert len(vestige.lines("search", " OR ".join(band["terms"]))) == band["events"]
    assert len(vestige.lines("source", "coverage", "gate", "--join", "0")[0]["bands"]) == 3
    drawn = vestige.ok("source", "coverage", "gate").decode().splitlines()
    line = drawn[0].partition("|")[2].rpartition("|")
    assert set(line[0]) == {"█", "░", " "}
    assert "5 in 2 bands" in line[2]
    vestige.ok("source", "coverage", "nowhere", code=1)
    vestige.ok("source", "coverage", "--join", "5x", code=2)
