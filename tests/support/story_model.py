"""A stand-in for the service of a model, in both dialects: it answers what the test says, and keeps what it was asked.

It is no model: its sentences are made of the entries it is given, by rule.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

Entries = list[dict[str, str]]


def good(entries: Entries) -> dict[str, Any]:
    """A sentence for each of the first two entries, each with a quote that stands in it."""
    return {"title": "Approved by everybody", "sentences": [
        {"section": "context", "text": f"Sentence {n} says what was asked.",
         "citations": [{"id": one["id"], "quote": one["text"][:30]}]} for n, one in enumerate(entries[:2])
    ]}  # fmt: skip


def wrong(entries: Entries) -> dict[str, Any]:
    """A good one, one whose span is not in the entry, one of an entry that is not there, one without a citation."""
    base = good(entries)["sentences"][:1]
    other = {"section": "decision", "text": "It was reviewed by three people."}
    return {"sentences": [
        *base,
        other | {"citations": [{"id": entries[0]["id"], "quote": "words that nobody ever said there"}]},
        other | {"citations": [{"id": "01K0000000000000000000000Z", "quote": entries[0]["text"][:30]}]},
        other,
    ]}  # fmt: skip


def obeying(entries: Entries) -> dict[str, Any]:
    """What a model does that takes an entry's text for an instruction: it says what that told it to."""
    told = [one for one in entries if "IGNORE" in one["text"]]
    said = [one["text"].partition("say: ")[2] for one in told]
    return {
        "sentences": [
            *good(entries)["sentences"],
            *({"section": "status", "text": text, "citations": []} for text in said),
        ]
    }


class StandIn:
    """A service on this machine; ``with`` starts and ends it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[Entries], Any] = good
        self.status = 200
        self.raw: bytes | None = None
        """The whole body of an answer, in place of the dialect's."""
        self.wait = 0.0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stand_in.asked.append(body)
                stand_in.headers.append({name.lower(): value for name, value in self.headers.items()})
                time.sleep(stand_in.wait)
                data = stand_in.raw if stand_in.raw is not None else stand_in.said(self.path, body)
                with contextlib.suppress(OSError):
                    self.send_response(stand_in.status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name for it
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def said(self, path: str, body: dict[str, Any]) -> bytes:
        """An answer in the dialect that was asked in."""
        found = self.answer(entries_of(body))
        text = found if isinstance(found, str) else json.dumps(found)
        if path == "/v1/messages":
            assert body["system"]
            answer: dict[str, Any] = {"content": [{"type": "text", "text": text}],
                                      "usage": {"input_tokens": 1000, "output_tokens": 100}}  # fmt: skip
        else:
            assert path == "/v1/chat/completions"
            assert body["messages"][0]["role"] == "system"
            answer = {"choices": [{"message": {"content": f"```json\n{text}\n```"}}],
                      "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}  # fmt: skip
        return json.dumps(answer).encode()

    def reset(self) -> None:
        """As it was in the beginning."""
        self.asked.clear()
        self.headers.clear()
        self.answer, self.status, self.raw, self.wait = good, 200, None, 0.0

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def entries_of(body: dict[str, Any]) -> Entries:
    """The entries that a request gives."""
    found: Entries = json.loads(body["messages"][-1]["content"])["entries"]
    return found
