"""Access logs: every shape of line, what a status means, and lines that lie."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support.one import attributes, claim, event_of, read_one
from support.oracles.members import read_bytes, take
from vestige.model.event import Event, Unparsed
from vestige.sources.web.web_access import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

WHEN = "[26/Dec/2016:16:16:28 +0200]"
AT = 1_482_761_788_000_000_000


def test_a_combined_line_word_for_word() -> None:
    event = event_of(
        FORMAT, f'192.0.2.7 - frank {WHEN} "GET /a/b.html?x=1&y HTTP/1.1" 200 45 "http://ref/" "agent/1 (x)"'
    )
    assert event == Event(
        "service.request",
        occurred_at=AT,
        time_text="26/Dec/2016:16:16:28 +0200",
        time_quality="exact",
        action="GET",
        outcome="success",
        actor_id="frank",
        actor_type="user",
        object_id="/a/b.html",
        object_type="url",
        src_ip="192.0.2.7",
        protocol="http",
        message="frank from 192.0.2.7: GET /a/b.html?x=1&y answered 200",
        attributes=event.attributes,
    )
    assert attributes(event) == {
        "client": "192.0.2.7",
        "time": "26/Dec/2016:16:16:28 +0200",
        "method": "GET",
        "url": "/a/b.html?x=1&y",
        "path": "/a/b.html",
        "query": "x=1&y",
        "http_version": "1.1",
        "status": 200,
        "bytes": 45,
        "referrer": "http://ref/",
        "user_agent": "agent/1 (x)",
        "user": "frank",
    }


@pytest.mark.parametrize(
    ("user", "status", "kind", "outcome", "severity"),
    [
        ("-", "204", "service.request", "success", 0),
        ("-", "304", "service.request", "success", 0),
        ("-", "404", "service.request", "failure", 1),
        ("-", "401", "service.request", "failure", 1),
        ("eve", "401", "auth.login_failed", "failure", 1),
        ("eve", "407", "auth.login_failed", "failure", 1),
        ("-", "403", "access.denied", "failure", 1),
        ("-", "500", "service.request", "failure", 2),
        ("-", "000", "service.request", "", 0),
        ("-", "-", "service.request", "", 0),
    ],
)
def test_what_a_status_means(user: str, status: str, kind: str, outcome: str, severity: int) -> None:
    event = event_of(FORMAT, f'192.0.2.7 - {user} {WHEN} "GET / HTTP/1.1" {status} -')
    assert (event.event_type, event.outcome, event.severity) == (kind, outcome, severity)


@pytest.mark.parametrize(
    ("front", "src_ip", "host", "port", "more"),
    [
        ("2001:DB8::0:1 - -", "2001:db8::1", "", 0, {}),
        ("shop.example:8443 192.0.2.7 - -", "192.0.2.7", "shop.example", 8443, {"vhost": "shop.example:8443"}),
        ("shop.example 192.0.2.7 - -", "192.0.2.7", "shop.example", 0, {"vhost": "shop.example"}),
        ("10.0.0.2, 10.0.0.1, 8.8.8.8 - -", "8.8.8.8", "", 0, {"clients": ["10.0.0.2", "10.0.0.1", "8.8.8.8"]}),
        ('"10.1.2.3, 9.9.9.9" 10.2.1.185 - -', "9.9.9.9", "", 0, {"clients": ["10.1.2.3", "9.9.9.9", "10.2.1.185"]}),
        ("10.0.0.2, 10.0.0.1 - -", "10.0.0.2", "", 0, {"client": "10.0.0.2"}),
        ("host-7.example - -", "", "", 0, {"client": "host-7.example"}),
        ("unix: - -", "", "", 0, {"client": "unix:"}),
        ("192.0.2.7 ident Jane Doe", "192.0.2.7", "", 0, {}),
    ],
)
def test_what_stands_in_front(front: str, src_ip: str, host: str, port: int, more: dict[str, object]) -> None:
    event = event_of(FORMAT, f'{front} {WHEN} "GET / HTTP/1.1" 200 45')
    assert (event.src_ip, event.host, event.dst_port) == (src_ip, host, port)
    assert attributes(event).items() >= more.items()


def test_further_clients_and_names_become_keys() -> None:
    chain = event_of(FORMAT, f'10.0.0.2, 8.8.8.8 - - {WHEN} "GET / HTTP/1.1" 200 45')
    assert chain.keys == (("ip", "10.0.0.2"),)
    named = event_of(FORMAT, f'host-7.example - - {WHEN} "GET / HTTP/1.1" 200 45')
    assert named.keys == (("host", "host-7.example"),)


@pytest.mark.parametrize(
    ("line", "method", "url", "path", "said"),
    [
        ("GET /a b HTTP/1.0", "GET", "/a b", "/a b", "GET /a b"),
        ("GET /a", "GET", "/a", "/a", "GET /a"),
        ("GET http://h:80/p?q HTTP/1.1", "GET", "http://h:80/p?q", "/p", "GET http://h:80/p?q"),
        ("CONNECT h:443 HTTP/1.1", "CONNECT", "h:443", "h:443", "CONNECT h:443"),
        (r"GET /\"x\" HTTP/1.1", "GET", r"/\"x\"", r"/\"x\"", r"GET /\"x\""),
        ("-", "", "", "", "no request"),
        ("", "", "", "", "no request"),
        (r"\x16\x03", "", "", "", r'request "\x16\x03"'),
    ],
)
def test_request_lines(line: str, method: str, url: str, path: str, said: str) -> None:
    event = event_of(FORMAT, f'192.0.2.7 - - {WHEN} "{line}" 400 45 "-" "-"')
    found = attributes(event)
    assert (event.action, found.get("url", ""), event.object_id) == (method, url, path)
    assert event.message == f"192.0.2.7: {said} answered 400"
    assert found.get("request") == (None if method or line in {"-", ""} else line)


def test_a_request_cannot_forge_what_follows_it() -> None:
    event = event_of(FORMAT, f'192.0.2.7 - - {WHEN} "GET /\\" 200 5 \\"x HTTP/1.1" 404 45 "-" "a\\" \\"b"')
    assert (event.outcome, attributes(event)["status"]) == ("failure", 404)
    assert attributes(event)["user_agent"] == r"a\" \"b"


def test_quotes_of_servers_that_do_not_escape_them() -> None:
    event = event_of(FORMAT, f'192.0.2.7 - - {WHEN} "GET /x?<a>("t")</a> HTTP/1.0" 404 1164')
    assert attributes(event)["url"] == '/x?<a>("t")</a>'
    assert attributes(event)["status"] == 404


def test_what_a_log_format_puts_behind() -> None:
    line = f'192.0.2.7 - - {WHEN} "GET / HTTP/1.1" 200 45 "-" "curl"'
    assert attributes(event_of(FORMAT, f"{line} 0.003"))["duration"] == "0.003"
    assert attributes(event_of(FORMAT, f'{line} "-" 17 "x y"'))["extras"] == ["-", "17", "x y"]
    assert "extras" not in attributes(event_of(FORMAT, f'{line} "-"'))
    ingress = event_of(FORMAT, f"{line} 89 0.001 [web-80] [] 10.0.0.5:80, 10.0.0.6:80 0, 59 0.1, 0.2 502, 200 529a")
    assert ingress.trace_id == "529a"
    assert (
        attributes(ingress).items()
        >= {
            "request_length": 89,
            "duration": "0.001",
            "proxy_upstream_name": "web-80",
            "upstream_addr": "10.0.0.5:80, 10.0.0.6:80",
            "upstream_status": "502, 200",
            "req_id": "529a",
        }.items()
    )


def test_times() -> None:
    line = '192.0.2.7 - - [{}] "GET / HTTP/1.1" 200 45'
    assert event_of(FORMAT, line.format("26/Dec/2016:16:16:28.5 +0200")).occurred_at == AT + 500_000_000
    local = event_of(FORMAT, line.format("26/Dec/2016:16:16:28"), zone="Europe/Athens")
    assert (local.occurred_at, local.time_quality) == (AT, "assumed_zone")
    leap = event_of(FORMAT, line.format("31/Dec/2016:23:59:60 +0000"))
    assert leap.occurred_at == 1_483_228_800_000_000_000
    wrong = event_of(FORMAT, line.format("99/Dec/2016:16:16:28 +0200"))
    assert (wrong.occurred_at, wrong.time_quality, wrong.tags) == (None, "missing", ("time:unreadable",))
    found = claim(FORMAT, line.format("26/Dec/2016:16:16:28"))
    assert found is not None
    assert found.extra == (("zone", "none"),)


@pytest.mark.parametrize(
    "text", ["hello", f"{WHEN}", f'192.0.2.7 - - {WHEN} "GET / HTTP/1.1"', '1 2 3 [x] "GET /" 200 5']
)
def test_other_lines_are_not_read(text: str) -> None:
    assert isinstance(read_one(FORMAT, text), Unparsed)
    assert claim(FORMAT, text) is None


def test_a_line_cut_off_keeps_what_was_read() -> None:
    event = event_of(FORMAT, f'192.0.2.7 - - {WHEN} "GET / HTTP/1.1" 200 45 "-" "Mozilla/5.0 (comp')
    assert attributes(event)["status"] == 200
    assert attributes(event)["extras"] == ["-", '"Mozilla/5.0', "(comp"]


@pytest.mark.parametrize(
    "tail",
    ['\\"' * 400_000, '" 200 5 ' * 120_000, "200 5 " + '"a ' * 300_000, '200 5 "-" "-" 1 2 [a] ' + ", : " * 200_000],
)
def test_hostile_lines_are_quick(tail: str) -> None:
    begun = time.process_time()
    read_one(FORMAT, f'192.0.2.7 - - {WHEN} "GET / HTTP/1.1" {tail}')
    assert time.process_time() - begun < 5


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "count"), [("web-access/apache_logs.gz", 10_000), ("plaso-test-data/apache_access.log", 15)]
)
def test_every_line_of_real_logs_is_read(name: str, count: int, corpus: Path) -> None:
    taken = take(read_bytes(corpus / name))
    assert taken.form == "web_access"
    events = taken.events
    assert len(events) == len(taken.readings) == count
    assert all(event.src_ip and event.time_quality == "exact" and event.action for event in events)


def test_a_length_no_machine_has_is_kept_as_text() -> None:
    line = (
        f'192.0.2.7 - - {WHEN} "GET / HTTP/1.1" 200 5 "-" "curl" {"9" * 23} 0.001 [up-80] [] 192.0.2.9:80 5 0.1 200 a'
    )
    assert "9" * 23 in attributes(event_of(FORMAT, line))["extras"]
