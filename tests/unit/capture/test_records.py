"""Records are ready for the ledger: without secrets, within their bounds, and honest about what is not in them."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.capturing import SECRET
from vestige.capture import records
from vestige.capture.contents import content
from vestige.ingest.declaration import fault_of
from vestige.model.errors import InputError

if TYPE_CHECKING:
    from vestige.secrets import Redactor

AT = 1_795_741_267_608_977_613
OID = "1" * 40


def test_what_an_agent_said_stays_as_it_said_it_and_gets_its_time(redactor: Redactor) -> None:
    payload = {"hook_event_name": "Stop", "n": 2**70, "x": {"y": [None, 1.5, "ä\ud800"]}}
    said = json.loads(records.said(payload, {"id": "i"}, AT, redactor))
    assert said == {"timestamp": "2026-11-27T01:01:07.608977613Z", **payload, "vestige_capture": {"id": "i"}}
    stated = json.loads(records.said(payload | {"timestamp": "2026-01-01T00:00:00Z"}, {}, AT, redactor))
    assert stated["timestamp"] == "2026-01-01T00:00:00Z"


def test_what_an_agent_says_of_capture_does_not_count(redactor: Redactor) -> None:
    said = json.loads(records.said({"vestige_capture": {"id": "forged"}}, {"id": "i"}, AT, redactor))
    assert said["vestige_capture"] == {"id": "i"}


def test_secrets_go_and_the_record_says_which_kind_of_them(redactor: Redactor) -> None:
    payload = {"tool_input": {"command": f"curl -H 'Authorization: Bearer {SECRET}' x"}, SECRET: 1}
    line = records.said(payload, {"snapshot": {"files": {f"{SECRET}.py": None}}}, AT, redactor)
    assert SECRET.encode() not in line
    told = json.loads(line)["vestige_capture"]["redacted"]
    assert {one["rule"] for one in told} == {"github-token"}
    assert sum(one["count"] for one in told) == 3


def test_long_texts_are_cut_and_said_to_be(redactor: Redactor) -> None:
    payload = {"a": "x " * records.MOST, "short": "s", "list": [{"b": "y " * records.MOST}]}
    line = records.said(payload, {}, AT, redactor)
    assert len(line) < records.MOST
    said = json.loads(line)
    assert said["short"] == "s"
    assert said["a"].endswith(f"[cut: {2 * records.MOST} characters]")
    assert said["vestige_capture"]["cut"] == ["/a", "/list/0/b"]
    whole = records.said({"a": "x " * (records.MOST // 2 - 200)}, {}, AT, redactor)
    assert "cut" not in json.loads(whole)["vestige_capture"]


@pytest.mark.parametrize("given", [b"", b"[]", b"3", b"{", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_object_is_refused(given: bytes) -> None:
    with pytest.raises(InputError):
        records.parsed(given)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_input_is_an_object_or_refused(given: bytes) -> None:
    with contextlib.suppress(InputError):
        assert isinstance(records.parsed(given), dict)


def test_of_what_was_too_long_it_is_known_which_event_it_was() -> None:
    head = b'{"session_id":"s-1","hook_event_name" : "PostToolUse","tool_name":"Bash","tool_use_id":"toolu_1","x":"'
    assert records.names_in(head) == {
        "session_id": "s-1", "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_use_id": "toolu_1"
    }  # fmt: skip
    assert records.names_in(b"nothing") == {}


def fits(event: bytes) -> dict[str, Any]:
    """An event that the server takes."""
    found: dict[str, Any] = json.loads(event)
    assert fault_of(found, event) is None
    assert len(event) <= 1 << 20
    return found


def test_a_text_is_an_event_that_the_server_takes(redactor: Redactor) -> None:
    one = content(f"a\n{SECRET}\n".encode(), redactor, b"k" * 32)
    (event,) = records.texts({f"dir/{SECRET}\n.py": one}, "s", "host/a/b", AT, redactor)
    said = fits(event)
    assert SECRET not in event.decode()
    assert (said["event_type"], said["session"]) == ("agent.snapshot", {"id": "s"})
    assert said["vestige_capture"]["ref"] == one.ref
    assert set(said["vestige_capture"]["changed_lines"]) == {"2"}


def test_the_longest_text_is_an_event_that_the_server_takes(redactor: Redactor) -> None:
    one = content(b'"\\\t' * 80_000, redactor, b"k" * 32)
    (event,) = records.texts({"a": one}, "", "r", AT, redactor)
    fits(event)


@pytest.mark.parametrize(
    ("hook", "words", "given", "kind"),
    [
        ("post-commit", [], b"", "code.committed"),
        ("post-rewrite", ["rebase"], b"2" * 40 + b" " + b"3" * 40 + b"\n", "code.rewritten"),
        ("post-checkout", ["4" * 40, OID, "1"], b"", "code.checked_out"),
        ("post-merge", ["0"], b"", "code.checked_out"),
        ("pre-push", ["origin", f"https://ann:{SECRET}@host/x"], b"refs/heads/a 1 refs/heads/a 0\n", "code.push_begun"),
    ],
)
def test_what_git_did_is_an_event_that_the_server_takes(
    redactor: Redactor, hook: str, words: list[str], given: bytes, kind: str
) -> None:
    (event,) = records.happened(
        hook, words, given, [OID, "5" * 40, "6" * 40], {"repository": "host/a/b", "at": AT}, redactor
    )
    said = fits(event)
    assert said["event_type"] == kind
    assert OID in said["keys"]["commit"]
    assert SECRET not in event.decode()
    assert said["vestige_capture"]["parents"] == ["6" * 40]
    if given:
        assert said["vestige_capture"]["lines"] == [line.split() for line in given.decode().splitlines()]


def test_a_long_rebase_is_several_events_and_none_is_lost(redactor: Redactor) -> None:
    pairs = [f"{number:040x} {number + 1:040x}" for number in range(5001)]
    events = records.happened(
        "post-rewrite", ["rebase"], "\n".join(pairs).encode(), [OID, OID], {"repository": "r", "at": AT}, redactor
    )
    told = [" ".join(line) for event in events for line in fits(event)["vestige_capture"]["lines"]]
    assert (len(events), told) == (3, pairs)


def test_a_gap_is_an_event_that_the_server_takes() -> None:
    said = fits(records.gap("the spool was full", AT, "r", records=3))
    assert (said["event_type"], said["vestige_capture"]["records"]) == ("agent.capture_gap", 3)
