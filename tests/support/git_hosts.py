"""Servers that repositories are fetched from, on this machine: Git's own behind HTTP and HTTPS, and one of SSH."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import asyncssh

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

BASE = "/v1/code/repositories"
PATIENCE = 60
"""Seconds those that are being served may take to end."""


def mirrored(client: httpx.Client, name: str, url: str, **also: str) -> str:
    """Have a repository mirrored by URL; its id."""
    answer = client.post(BASE, json={"name": name, "url": url, **also})
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["id"])


class _Server(ThreadingHTTPServer):
    def shutdown_request(self, request: Any) -> None:
        if isinstance(request, ssl.SSLSocket):
            with contextlib.suppress(OSError):  # TLS is ended in its own way, or a client takes it for cut off
                request.unwrap()
        super().shutdown_request(request)


class Hub:
    """Git's own server behind HTTP, or HTTPS; a path `/away` leads elsewhere."""

    def __init__(self, root: Path, tls: ssl.SSLContext | None = None) -> None:
        hub = self
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                hub.asked.append(self.path)
                path, _, query = self.path.partition("?")
                if path.startswith("/away"):
                    self.send_response(302)
                    self.send_header("Location", self.path.replace("/away", ""))
                    self.end_headers()
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                done = subprocess.run(
                    ["git", "http-backend"], input=body, capture_output=True, check=False,
                    env={**os.environ, "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                         "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_ADDR": "127.0.0.1",
                         "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                         "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                         "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")},
                )  # fmt: skip
                head, _, rest = done.stdout.partition(b"\r\n\r\n")
                lines = [line.decode().split(": ", 1) for line in head.split(b"\r\n") if line]
                status = next((int(value.split()[0]) for name, value in lines if name == "Status"), 200)
                self.send_response(status)
                for name, value in lines:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(rest)

            do_POST = do_GET  # noqa: N815 - as the library calls it

            def log_message(self, *_: object) -> None:
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Serve nobody any more."""
        self.server.shutdown()
        self.server.server_close()


async def _pump(reading: Any, writing: Any) -> None:
    while data := await reading.read(1 << 16):
        writing.write(data)
        await writing.drain()


class SshHost:
    """A server of SSH that lets one key run ``git-upload-pack``, and nothing else.

    Args:
        root: where the repositories are.
        known: the public key that is let in, as authorized_keys(5) has it.
        port: 0: any that is free.
    """

    def __init__(self, root: Path, known: str, port: int = 0) -> None:
        self._root = root
        self._known = known
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._own = asyncssh.generate_private_key("ssh-ed25519")
        self._listening = asyncio.run_coroutine_threadsafe(self._listen(port), self._loop).result()
        self.port = self._listening.get_port()
        self.fingerprint = f"ssh-ed25519 {self._own.get_fingerprint()}"

    async def _listen(self, port: int) -> Any:
        return await asyncssh.listen(
            "127.0.0.1", port, server_host_keys=[self._own], process_factory=self._serve, encoding=None,
            authorized_client_keys=asyncssh.import_authorized_keys(self._known),
        )  # fmt: skip

    async def _serve(self, asked: Any) -> None:
        program, path = shlex.split(asked.command)
        assert program == "git-upload-pack"
        pipe = asyncio.subprocess.PIPE
        git = await asyncio.create_subprocess_exec(
            "git", "upload-pack", str(self._root / path.lstrip("/")), stdin=pipe, stdout=pipe
        )
        asking = asyncio.create_task(_pump(asked.stdin, git.stdin))
        await _pump(git.stdout, asked.stdout)
        asking.cancel()
        asked.exit(await git.wait())

    async def _end(self) -> None:
        self._listening.close()
        await self._listening.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), PATIENCE)

    def close(self) -> None:
        """Serve nobody any more."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
