"""HAProxy and Traefik."""

from __future__ import annotations

import pytest

from support.one import attributes, claim, event_of, read_one
from vestige.model.event import Unparsed
from vestige.sources.web.haproxy import FORMAT as HAPROXY
from vestige.sources.web.traefik import FORMAT as TRAEFIK
from vestige.sources.web.traefik_json import FORMAT as TRAEFIK_JSON

HEADER = "Jan  1 10:00:01 lb haproxy[7]: "
BEGUN = "192.0.2.7:55 [01/Jan/2026:10:00:00.001]"
AT = 1_767_261_600_001_000_000


def test_an_http_line() -> None:
    line = (
        f'{HEADER}{BEGUN} in~ out/web1 0/1/2/3/+6 200 +45 a=b - ---- 1/1/0/0/+2 0/0 {{h|x}} {{y}} "GET /x?y HTTP/1.1"'
    )
    event = event_of(HAPROXY, line)
    assert (event.event_type, event.outcome, event.action, event.host) == ("service.request", "success", "GET", "lb")
    assert (event.occurred_at, event.time_quality) == (AT, "assumed_zone")
    assert (event.src_ip, event.src_port, event.object_id) == ("192.0.2.7", 55, "/x")
    assert attributes(event) == {
        "timestamp": "Jan  1 10:00:01",
        "hostname": "lb",
        "app_name": "haproxy",
        "pid": 7,
        "client": "192.0.2.7",
        "accept_date": "01/Jan/2026:10:00:00.001",
        "frontend": "in~",
        "backend": "out",
        "server": "web1",
        "timers": "0/1/2/3/+6",
        "duration": "+6",
        "bytes": 45,
        "status": 200,
        "termination_state": "----",
        "connections": "1/1/0/0/+2",
        "queues": "0/0",
        "captured_request_cookie": "a=b",
        "captured_request_headers": ["h", "x"],
        "captured_response_headers": ["y"],
        "method": "GET",
        "url": "/x?y",
        "path": "/x",
        "query": "y",
        "http_version": "1.1",
    }
    assert event_of(HAPROXY, line.removeprefix(HEADER)).occurred_at == AT


@pytest.mark.parametrize(
    ("said", "kind", "outcome"),
    [
        (f'{BEGUN} in in/<NOSRV> -1/-1/-1/-1/0 400 45 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"', "service.request", "failure"),
        (
            f'{BEGUN} in in/<NOSRV> -1/-1/-1/-1/0 403 45 - - PR-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
            "access.denied",
            "failure",
        ),
        (f'{BEGUN} in in/<NOSRV> -1/-1/-1/-1/0 -1 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>"', "service.request", ""),
        (f"{BEGUN} in out/web1 0/1/3 45 -- 1/1/0/0/0 0/0", "network.connection", "success"),
        (f"{BEGUN} in out/<NOSRV> -1/-1/1 212 SC 1/1/0/0/0 0/0", "network.connection", "failure"),
        (f"{BEGUN} in out/web1 0/1/3 45 cD 1/1/0/0/0 0/0", "network.connection", "unknown"),
        (f"{BEGUN} in/1: SSL handshake failure", "network.connection", "failure"),
        ("Connect from 192.0.2.7:55 to 192.0.2.1:80 (in/HTTP)", "network.connection", ""),
        ("Server out/web1 is DOWN, reason: Layer4 timeout.", "service.error", "failure"),
        ("Server out/web1 is UP, reason: Layer4 check passed.", "service.status", ""),
        ("Proxy in started.", "service.started", ""),
        ("Stopping frontend in in 0 ms.", "service.stopped", ""),
        ("something else", "service.status", ""),
    ],
)
def test_what_haproxy_says(said: str, kind: str, outcome: str) -> None:
    event = event_of(HAPROXY, HEADER + said)
    assert (event.event_type, event.outcome) == (kind, outcome)


def test_the_time_of_a_line_without_its_own_is_the_headers() -> None:
    event = event_of(HAPROXY, f"{HEADER}Connect from 192.0.2.7:55 to 192.0.2.1:80 (in/HTTP)")
    assert (event.time_text, event.time_quality) == ("Jan  1 10:00:01", "assumed_year")
    assert (event.dst_ip, event.dst_port) == ("192.0.2.1", 80)
    iso = event_of(HAPROXY, f"2026-01-01T10:00:01Z lb haproxy[7]: {BEGUN} in out/web1 0/1/3 45 -- 1/1/0/0/0 0/0")
    assert (iso.occurred_at, iso.observed_at) == (AT, AT + 999_000_000)


def test_other_lines_are_not_haproxys() -> None:
    assert isinstance(read_one(HAPROXY, "Jan  1 10:00:01 lb sshd[7]: x"), Unparsed)
    assert claim(HAPROXY, "Jan  1 10:00:01 lb sshd[7]: x\n") is None


def test_traefik() -> None:
    line = (
        '192.0.2.7 - bob [01/Jan/2026:10:00:00 +0000] "GET /x HTTP/1.1" 502 5 - "a" 7 "web@file" "http://10.0.0.2" 2ms'
    )
    event = event_of(TRAEFIK, line)
    assert (event.event_type, event.outcome, event.actor_id) == ("service.request", "failure", "bob")
    more = {"request_count": 7, "frontend_name": "web@file", "backend_url": "http://10.0.0.2", "duration": "2ms"}
    assert attributes(event).items() >= more.items()
    assert "extras" not in attributes(event)
    assert isinstance(read_one(TRAEFIK, "x 7 - - 2ms"), Unparsed)


def test_traefik_json() -> None:
    event = event_of(
        TRAEFIK_JSON,
        '{"ClientHost":"192.0.2.7","ClientPort":"55","ClientUsername":"bob","DownstreamStatus":401,"RequestMethod":"GET",'
        '"RequestPath":"/x?y","RequestProtocol":"HTTP/1.1","RequestHost":"h","StartUTC":"2026-01-01T10:00:00.001Z",'
        '"time":"2026-01-01T10:00:01Z"}',
    )
    assert (event.event_type, event.outcome, event.actor_id) == ("auth.login_failed", "failure", "bob")
    assert (event.occurred_at, event.observed_at) == (AT, AT + 999_000_000)
    assert (event.src_ip, event.src_port, event.object_id, event.host) == ("192.0.2.7", 55, "/x", "h")
    odd = event_of(TRAEFIK_JSON, '{"DownstreamStatus":{},"RequestMethod":[],"ClientHost":7,"ClientPort":"x"}')
    assert (odd.occurred_at, odd.outcome, odd.src_ip, odd.src_port) == (None, "", "", 0)
