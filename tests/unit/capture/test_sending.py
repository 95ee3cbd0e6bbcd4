"""What waits is sent until it is answered; what a server never takes is put aside, and told."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from vestige.capture.records import OWN
from vestige.capture.sending import Sender
from vestige.capture.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPORT = b'{"progress":{}}\n{"report":{"records":1}}\n'


@dataclass
class Server:
    """Answers as it is told."""

    url: str = ""
    status: int = 200
    body: bytes = REPORT
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.requests.append((self.path, dict(self.headers), body))
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        told.url = f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield told
        running.shutdown()


class Desk:
    """A spool and who sends it."""

    def __init__(self, folder: Path, server: str, token: str = "vst_x") -> None:  # noqa: S107 - no secret
        (folder / "spool").mkdir(exist_ok=True)
        self.spool = Spool(folder / "spool")
        self.refused = folder / "refused"
        about = {"name": "host/a b", "server": server}
        self.sender = Sender(self.spool, self.refused, lambda _: about, lambda *_: token, lambda: None)

    def add(self, stream: str, *records: bytes) -> None:
        self.spool.append("r", stream, [(f"{len(self.spool.ids) + n:032x}", one) for n, one in enumerate(records)])


def results(*statuses: str) -> bytes:
    return json.dumps({"results": [{"status": status, "reason": "why"} for status in statuses]}).encode()


def test_what_agents_said_goes_in_as_a_file_and_what_capture_says_as_events(tmp_path: Path, server: Server) -> None:
    desk = Desk(tmp_path, server.url)
    desk.add("claude_code_hooks", b'{"a":1}', b'{"a":2}')
    desk.sender.flush()
    server.body = results("accepted", "duplicate")
    desk.add(OWN, b'{"b":1}', b'{"b":2}')
    desk.sender.flush()
    (raw, heads, body), (events, own, said) = server.requests
    assert (raw, body) == ("/v1/ingest/raw", b'{"a":1}\n{"a":2}\n')
    assert heads["X-Source-Id"] == "agent%3Ahost%2Fa%2520b"
    assert heads["Authorization"] == "Bearer vst_x"
    assert (events, said) == ("/v1/ingest/events", b'{"b":1}\n{"b":2}\n')
    assert own["X-Source-Id"] == "agent:host/a%20b"
    assert len(own["Idempotency-Key"]) == 26
    assert (desk.spool.size, desk.sender.sent.events, desk.sender.sent.error) == (0, 4, "")


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_what_is_not_taken_now_waits_and_is_sent_again_unchanged(tmp_path: Path, server: Server, status: int) -> None:
    desk = Desk(tmp_path, server.url)
    desk.add(OWN, b'{"b":1}')
    server.status, server.body = status, b'{"title":"not now","code":"x"}'
    desk.sender.flush()
    assert desk.spool.size > 0
    assert str(status) in desk.sender.sent.error
    desk.sender._round()
    assert len(server.requests) == 1  # it waits
    server.status, server.body = 201, results("accepted")
    desk.sender.flush()
    assert desk.spool.size == 0
    first, second = server.requests
    assert first[2] == second[2]
    assert first[1]["Idempotency-Key"] == second[1]["Idempotency-Key"]


@pytest.mark.parametrize("body", [b"", b'{"progress":{}}\n', b'{"problem":{"title":"the disk is full"}}\n', b"<html>"])
def test_an_answer_without_a_report_is_none(tmp_path: Path, server: Server, body: bytes) -> None:
    desk = Desk(tmp_path, server.url)
    desk.add("claude_code_hooks", b"{}")
    server.body = body
    desk.sender.flush()
    assert desk.spool.size > 0
    server.body = REPORT
    desk.sender.flush()
    assert desk.spool.size == 0


@pytest.mark.parametrize(
    ("stream", "status", "body"),
    [
        ("claude_code_hooks", 422, b'{"title":"never"}'),
        (OWN, 413, b'{"title":"never"}'),
        (OWN, 200, results("accepted", "refused")),
        (OWN, 409, results("conflict")),
    ],
)
def test_what_is_never_taken_is_put_aside_whole_and_the_rest_goes_on(
    tmp_path: Path, server: Server, stream: str, status: int, body: bytes
) -> None:
    desk = Desk(tmp_path, server.url)
    desk.add(stream, b'{"n":1}', b'{"n":2}')
    before = [path.read_bytes() for path in tmp_path.glob("spool/r/*.jsonl")]
    server.status, server.body = status, body
    desk.sender.flush()
    assert (desk.spool.size, [path.read_bytes() for path in desk.refused.iterdir()]) == (0, before)
    assert "refused for good" in desk.sender.sent.error
    server.status, server.body = 200, REPORT
    desk.add("claude_code_hooks", b'{"n":3}')
    desk.sender.flush()
    assert (desk.spool.size, desk.sender.sent.events) == (0, 1)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1", "nonsense", "http://[", "ftp://x"])
def test_without_a_server_everything_waits(tmp_path: Path, url: str) -> None:
    desk = Desk(tmp_path, url)
    desk.add(OWN, b"{}")
    desk.sender.flush()
    assert desk.spool.waiting()["r"].events == 1
    assert desk.sender.sent.errors["r"]


def test_without_a_key_everything_waits(tmp_path: Path, server: Server) -> None:
    desk = Desk(tmp_path, server.url, "")
    desk.add(OWN, b"{}")
    desk.sender.flush()
    assert (server.requests, desk.spool.waiting()["r"].events) == ([], 1)


def test_the_wait_grows_and_is_what_the_server_asks_for_at_least(tmp_path: Path, server: Server) -> None:
    desk = Desk(tmp_path, server.url)
    desk.add(OWN, b"{}")
    server.status, server.body, server.headers = 429, b"{}", {"Retry-After": "120"}
    desk.sender._round()
    due, wait = desk.sender._waits["r"]
    assert wait == 2.0

    assert 100 < due - time.monotonic() <= 120
    desk.sender._waits["r"] = (0.0, wait)
    desk.sender._round()
    assert desk.sender._waits["r"][1] == 4.0


def test_the_thread_sends_by_itself_and_ends(tmp_path: Path, server: Server, monkeypatch: Any) -> None:
    monkeypatch.setattr("vestige.capture.sending.LINGER", 0.01)
    desk = Desk(tmp_path, server.url)
    desk.add("claude_code_hooks", b"{}")
    desk.sender.start()
    for _ in range(500):
        if desk.spool.size == 0:
            break
        threading.Event().wait(0.01)
    desk.sender.stop()
    assert desk.spool.size == 0
