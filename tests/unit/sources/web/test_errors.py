"""Error logs of Apache and nginx."""

from __future__ import annotations

import io

import pytest

from support.one import attributes, claim, event_of, read_one
from vestige.model.event import Unparsed
from vestige.sources.web.apache_error import FORMAT as APACHE
from vestige.sources.web.nginx_error import FORMAT as NGINX

APACHE_TIME = "[Thu Jan 01 10:00:00.000001 2026]"
NGINX_TIME = "2026/01/01 10:00:00"
AT = 1_767_261_600_000_000_000


@pytest.mark.parametrize(
    ("said", "kind", "action", "user", "target"),
    [
        (
            'AH01617: user bob: authentication failure for "/x": Password Mismatch',
            "auth.login_failed",
            "authentication failure",
            "bob",
            "/x",
        ),
        ("AH01618: user eve not found: /x", "auth.login_failed", "user not found", "eve", ""),
        ("AH01630: client denied by server configuration: /srv/x", "access.denied", "client denied", "", "/srv/x"),
        ("AH00128: File does not exist: /srv/x", "service.error", "File does not exist", "", "/srv/x"),
        ("AH09999: something else", "service.error", "AH09999", "", ""),
    ],
)
def test_apache_messages(said: str, kind: str, action: str, user: str, target: str) -> None:
    event = event_of(APACHE, f"{APACHE_TIME} [core:error] [pid 7:tid 8] [client 192.0.2.7:55] {said}")
    assert (event.event_type, event.action, event.actor_id, event.object_id) == (kind, action, user, target)
    assert (event.src_ip, event.src_port, event.severity) == ("192.0.2.7", 55, 3)
    assert (event.occurred_at, event.time_quality) == (AT + 1_000, "assumed_zone")
    assert attributes(event).items() >= {"module": "core", "level": "error", "pid": 7, "tid": 8}.items()
    assert event.outcome == ("" if action == "AH09999" else "failure")


def test_apache_variants() -> None:
    old = event_of(
        APACHE, "[Thu Jan  1 10:00:00 2026] [error] [client ::1] File does not exist: /x, referer: http://r/"
    )
    assert (old.src_ip, old.object_id, attributes(old)["referrer"]) == ("::1", "/x", "http://r/")
    system = event_of(APACHE, f"{APACHE_TIME} [a:warn] [pid 7] (13)Permission denied: [client 192.0.2.7:5] AH00035: x")
    assert (
        attributes(system).items() >= {"os_error": "(13)Permission denied", "code": "AH00035", "message": "x"}.items()
    )
    started = event_of(
        APACHE, f"{APACHE_TIME} [mpm:notice] [pid 7] AH00163: Apache configured -- resuming normal operations"
    )
    assert (started.event_type, started.outcome, started.severity) == ("service.started", "success", 0)
    assert event_of(APACHE, f"{APACHE_TIME} [a:notice] [pid 7] AH00491: caught SIGTERM, shutting down").event_type == (
        "service.stopped"
    )
    assert isinstance(read_one(APACHE, "PHP Warning: x"), Unparsed)
    assert isinstance(read_one(APACHE, "[Thu Jan 01 10:00:00 2026] nothing"), Unparsed)


def test_what_a_program_wrote_belongs_to_the_record_before_it() -> None:
    head = f"{APACHE_TIME} [a:error] [pid 7]"
    text = f"{head} one\nPHP Stack trace:\n\n  2. x\n{head} two\n".encode()
    (batch,) = APACHE.split(io.BytesIO(text))
    assert [record.payload.count(b"\n") for record in batch] == [3, 0]
    found = claim(APACHE, text)
    assert found is not None
    assert found.extra == (("zone", "none"),)


def test_nginx_messages() -> None:
    event = event_of(
        NGINX,
        f'{NGINX_TIME} [error] 7#8: *9 open() "/srv/x" failed (2: No such file or directory), client: 192.0.2.7, '
        'server: _, request: "GET /x?y HTTP/1.1", host: "shop.example:8080", referrer: "http://r/"',
    )
    assert (event.event_type, event.action, event.outcome, event.severity) == ("service.error", "open()", "failure", 3)
    assert (event.src_ip, event.host, event.object_id) == ("192.0.2.7", "shop.example", "/x")
    assert (event.occurred_at, event.time_quality) == (AT, "assumed_zone")
    assert attributes(event) == {
        "time": NGINX_TIME,
        "level": "error",
        "pid": 7,
        "tid": 8,
        "connection": 9,
        "message": 'open() "/srv/x" failed (2: No such file or directory)',
        "client": "192.0.2.7",
        "server": "_",
        "method": "GET",
        "url": "/x?y",
        "path": "/x",
        "query": "y",
        "http_version": "1.1",
        "vhost": "shop.example:8080",
        "referrer": "http://r/",
    }


@pytest.mark.parametrize(
    ("level", "said", "kind", "outcome", "user"),
    [
        (
            "error",
            '*1 user "eve": password mismatch, client: 192.0.2.7, server: _',
            "auth.login_failed",
            "failure",
            "eve",
        ),
        ("error", '*1 user "eve" was not found in "/etc/p", client: 192.0.2.7', "auth.login_failed", "failure", "eve"),
        ("error", "*1 access forbidden by rule, client: 192.0.2.7, server: _", "access.denied", "failure", ""),
        ("warn", "*1 limiting requests, excess: 0.5 by zone, client: 192.0.2.7", "policy.verdict", "failure", ""),
        ("crit", "*1 something odd, client: 192.0.2.7", "service.error", "", ""),
        ("notice", "signal 15 (SIGTERM) received from 1, exiting", "service.stopped", "success", ""),
        ("notice", "start worker processes", "service.started", "success", ""),
        ("notice", "using the epoll event method", "service.status", "", ""),
    ],
)
def test_what_nginx_says(level: str, said: str, kind: str, outcome: str, user: str) -> None:
    event = event_of(NGINX, f"{NGINX_TIME} [{level}] 7#0: {said}")
    assert (event.event_type, event.outcome, event.actor_id) == (kind, outcome, user)


def test_other_lines_are_not_nginx() -> None:
    assert isinstance(read_one(NGINX, "2026/01/01 10:00:00 hello"), Unparsed)
    assert claim(NGINX, "2026/01/01 10:00:00 hello\n") is None
    assert claim(APACHE, "[Thu] [error] x\n") is None
