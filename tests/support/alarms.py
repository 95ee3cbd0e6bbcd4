"""A real HTTP server that takes alarms, on this machine: for tests of what is sent and how."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Alarms:
    """What came, and how the next requests are answered (200 once ``answers`` is used up)."""

    url: str = ""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@contextlib.contextmanager
def listening_for_alarms() -> Iterator[Alarms]:
    """A server on a free port of the loopback address."""
    alarms = Alarms()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            alarms.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(alarms.answers.pop(0) if alarms.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    alarms.url = f"http://127.0.0.1:{server.server_address[1]}/alarms"
    try:
        yield alarms
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
