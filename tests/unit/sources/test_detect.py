from __future__ import annotations

import json
from typing import Any, cast

import pytest

from vestige.sources import Detection, Format, Sample, detect, formats

TRAIL = {"eventVersion": "1.08", "eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "userIdentity": {}}
DECLARED = {"event_type": "auth.login", "occurred_at": "2026-01-01T00:00:00Z", "actor": {"id": "a"}}
SKETCH = {"message": "m", "datetime": "2026-01-01T00:00:00Z", "timestamp_desc": "d"}


def lines(*objects: Any) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


KNOWN = [
    (lines(TRAIL, TRAIL), "cloudtrail", "lines", ""),
    (json.dumps({"Records": [TRAIL]}), "cloudtrail", "document", "Records"),
    (json.dumps({"Records": [TRAIL] * 3}, indent=2), "cloudtrail", "document", "Records"),
    (json.dumps([TRAIL], indent=4), "cloudtrail", "document", ""),
    (json.dumps({"Records": [{**TRAIL, "x": "y" * 70_000}]}), "cloudtrail", "document", "Records"),
    (lines({"EventName": "x", "CloudTrailEvent": "{}"}), "cloudtrail", "lines", ""),
    (lines(DECLARED), "json", "lines", ""),
    (json.dumps(DECLARED, indent=1), "json", "document", ""),
    (json.dumps({"@odata.context": "c", "value": [{"a": 1}], "@odata.nextLink": "n"}), "json", "document", "value"),
    (json.dumps({"time": "2026-01-01T00:00:00Z", "items": [{"a": 1}]}), "json", "lines", ""),
    (lines({"a": 1}) + "{torn\n" + lines({"a": 2}), "json", "lines", ""),
    ('{"a": "' + "x" * 70_000, "json", "lines", ""),
    (lines(SKETCH), "timesketch", "lines", ""),
    ("message,datetime,timestamp_desc\nm,2026-01-01T00:00:00Z,d\n", "timesketch", "", ""),
    ("name;when;ip\na;2026-01-01;1.2.3.4\nb;2026-01-02;1.2.3.5\n", "csv", "", ""),
    ("<34>1 2026-01-01T00:00:00Z host app - - - hello\n", "syslog", "", ""),
    ("Jan  1 00:00:00 host sshd[1]: hello\n", "syslog", "", ""),
]


@pytest.mark.parametrize(
    ("text", "name", "layout", "wrapper"), KNOWN, ids=[f"{row[1]} {row[0][:24]!r}" for row in KNOWN]
)
@pytest.mark.parametrize("ending", ["log", "csv", "exe"])
def test_content_decides_and_not_the_name(text: str, name: str, layout: str, wrapper: str, ending: str) -> None:
    data = text.encode()
    choice = detect(Sample(f"wrong.{ending}", data[:65536], complete=len(data) <= 65536))
    assert choice.format is not None
    assert choice.detection is not None
    assert choice.format.name == name, choice.claims
    extra = dict(choice.detection.extra)
    assert (extra.get("layout", ""), extra.get("wrapper", "")) == (layout, wrapper)
    assert choice.why.startswith(f"{name}: ")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_changes_nothing(mark: bytes) -> None:
    for text, name, _, _ in KNOWN:
        data = mark + text.encode()[:60_000]
        choice = detect(Sample("f", data, complete=len(text) <= 60_000))
        assert choice.format is not None
        assert choice.format.name == name


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "byte order mark and nothing else"),
        (b"\x7fELF\0\0\0", "binary"),
        (b"prose without any form,\nonly words\nand more\n", "no format"),
        (b"[1, 2, 3]", "no format"),
        (b'"text"', "no format"),
    ],
)
def test_a_file_nobody_claims_is_a_result_with_a_reason(data: bytes, why: str) -> None:
    choice = detect(Sample("f.json", data, complete=True))
    assert (choice.format, choice.detection) == (None, None)
    assert why in choice.why


def test_what_a_time_leaves_out_is_found_at_detection() -> None:
    def extra(data: bytes) -> dict[str, str]:
        detection = detect(Sample("f", data, complete=True)).detection
        assert detection is not None
        return dict(detection.extra)

    assert extra(b"Jan  1 00:00:00 h p[1]: m\n") == {"year": "none", "zone": "none"}
    assert extra(b"2026-01-01T00:00:00 h p[1]: m\n") == {"zone": "none"}
    assert extra(b"2026-01-01T00:00:00Z h p[1]: m\n") == {}
    assert extra(b'{"time":"2026-01-01T00:00:00","a":1}\n') == {"layout": "lines", "zone": "none"}
    assert extra(b"time,a\n2026-01-01 00:00:00,1\n") == {"zone": "none"}
    assert extra(b"time,a\n2026-01-01T00:00:00Z,1\n") == {}


def test_of_equal_claims_the_first_wins_and_weak_ones_do_not() -> None:
    class Claims:
        def __init__(self, name: str, confidence: float) -> None:
            self.name, self._confidence = name, confidence

        def detect(self, _sample: Sample) -> Detection:
            return Detection(self._confidence, "because")

    def claims(*given: tuple[str, float]) -> list[Format]:
        return [cast("Format", Claims(name, confidence)) for name, confidence in given]

    sample = Sample("f", b"x", complete=True)
    chosen = detect(sample, claims(("a", 0.4), ("b", 0.7), ("c", 0.7), ("d", 0.0)))
    assert chosen.format is not None
    assert chosen.format.name == "b"
    assert [name for name, _ in chosen.claims] == ["b", "c", "a"]
    assert detect(sample, claims(("a", 0.1))).format is None


def test_every_built_in_format_is_asked() -> None:
    asked = []

    def watch(form: Any) -> Any:
        class Watched:
            name = form.name

            def detect(self, sample: Sample) -> Detection | None:
                asked.append(form.name)
                return cast("Detection | None", form.detect(sample))

        return Watched()

    detect(Sample("f", b"x", complete=True), [watch(form) for form in formats().values()])
    assert sorted(asked) == sorted(formats())
