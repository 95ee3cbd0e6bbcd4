"""The command line called within the test's own process: the same road, without starting a program each time."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vestige.api import Server
from vestige.app.datadir import DataDirLock
from vestige.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.world import World


@dataclass(frozen=True)
class Inside:
    """Commands on one data directory."""

    data: Path

    def run(self, *arguments: str) -> tuple[int, bytes, str]:
        """Exit code, standard output, standard error."""
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*arguments, "--data", str(self.data)])
        written = out.buffer
        assert isinstance(written, io.BytesIO)
        return code, written.getvalue(), err.getvalue()

    def ok(self, *arguments: str, code: int = 0) -> bytes:
        """Standard output of a command that must end with this code."""
        done, out, err = self.run(*arguments)
        assert done == code, (arguments, done, out[-2000:], err[-4000:])
        return out

    def json(self, *arguments: str, code: int = 0) -> Any:
        """The one JSON object a command prints."""
        return json.loads(self.ok(*arguments, "--json", code=code))

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON lines a command prints."""
        return [json.loads(line) for line in self.ok(*arguments, "--json").splitlines()]


@contextlib.contextmanager
def inside(world: World) -> Iterator[Inside]:
    """Commands on a world's data directory, which it holds meanwhile as `vestige up` does."""
    lock = DataDirLock(world.socket.parent)
    assert lock.acquire("up")
    server = Server(world.api, world.installation.settings, lock.socket)
    server.start()
    try:
        yield Inside(lock.directory)
    finally:
        server.stop()
        lock.release()
