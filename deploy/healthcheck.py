"""Whether the server of a data directory lives: ``GET /healthz`` through the directory's own socket.

The socket is there whatever port the server has, and whether or not it speaks TLS, for which a check from within would
have no name to compare; and it has a count of connections of its own, so a full network does not make a server look
dead. ``/healthz`` and not ``/readyz``: a server whose index is being mended still takes evidence, and is not to be
ended for it. Standard library alone: it runs every few seconds.

Exit status 0: it lives. 1: it does not, and the reason is said.
"""

from __future__ import annotations

import os
import socket
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

SECONDS = 4.0


class SocketConnection(HTTPConnection):
    """A connection through a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        """As of an address, of a path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self._path))


def fault(path: Path) -> str:
    """Why the server at this socket does not live; empty if it does."""
    connection = SocketConnection(path)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"{path}: {error}"
    finally:
        connection.close()
    return "" if status == 200 else f"{path}: /healthz answers {status}, expected 200"


def main() -> int:
    """The exit status."""
    said = fault(Path(os.environ.get("VESTIGE_DATA", "vestige-data")) / "vestige.sock")
    if said:
        sys.stderr.write(f"{said}\n")
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
